//! Tampering: change an encoding in every small way and see what its reader still accepts.

use std::{
    fmt::Debug,
    panic::{AssertUnwindSafe, catch_unwind},
};

mod bytes;
mod json;

pub use bytes::{ByteTampering, Mutation};
pub use json::{JsonMutation, JsonTampering};

/// What came of the attempts.
#[derive(Clone, Debug)]
pub struct TamperReport<M> {
    /// Changed inputs that were tried.
    pub tried: usize,
    /// Changes that the check accepted.
    pub accepted: Vec<M>,
    /// Changes on which the check panicked.
    pub panicked: Vec<M>,
}

impl<M: Debug> TamperReport<M> {
    /// Asserts that every change was rejected by an error.
    ///
    /// # Panics
    /// When one was accepted or made the check panic, naming the first few of them.
    #[track_caller]
    pub fn assert_all_rejected(&self) {
        self.assert_accepted_only(|_| false);
    }

    /// Asserts that every change was rejected by an error, but for those that `harmless` names.
    ///
    /// # Panics
    /// As [`TamperReport::assert_all_rejected`].
    #[track_caller]
    pub fn assert_accepted_only(&self, harmless: impl Fn(&M) -> bool) {
        const SHOWN: usize = 8;
        assert!(self.tried > 0, "there was nothing to tamper with");
        let accepted: Vec<&M> = self.accepted.iter().filter(|mutation| !harmless(mutation)).collect();
        assert!(
            accepted.is_empty() && self.panicked.is_empty(),
            "of {} changes {} were accepted: {:?}; {} caused a panic: {:?}",
            self.tried,
            accepted.len(),
            &accepted[..accepted.len().min(SHOWN)],
            self.panicked.len(),
            &self.panicked[..self.panicked.len().min(SHOWN)],
        );
    }

    fn attempts(mutations: impl IntoIterator<Item = M>, accepts: impl Fn(&M) -> bool) -> Self {
        let mut report = Self { tried: 0, accepted: Vec::new(), panicked: Vec::new() };
        for mutation in mutations {
            report.tried += 1;
            match catch_unwind(AssertUnwindSafe(|| accepts(&mutation))) {
                Ok(false) => {}
                Ok(true) => report.accepted.push(mutation),
                Err(_) => report.panicked.push(mutation),
            }
        }
        report
    }
}
