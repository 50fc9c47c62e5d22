//! Evidence of a verification.

use std::ops::Deref;

/// A statement that was verified. Only the verifying functions of this crate make one, so a function that takes a
/// `Verified<S>` cannot be called with something nobody checked.
///
/// What exactly was checked, and against which key or root, is written at the function that returned it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "evidence of a verification is there to be used"]
pub struct Verified<S>(S);

impl<S> Verified<S> {
    pub(crate) const fn new(statement: S) -> Self {
        Self(statement)
    }

    /// The statement, without the evidence.
    pub fn into_inner(self) -> S {
        self.0
    }
}

impl<S> Deref for Verified<S> {
    type Target = S;

    fn deref(&self) -> &S {
        &self.0
    }
}
