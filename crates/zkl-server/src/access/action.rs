//! Actions, the decision about them, and the evidence of it.

use thiserror::Error;
use zkl_ledger::{DatasetName, receipt::Predicate};

use super::{Permission, SECURITY, Subject};

/// What is open to everybody. Everything else needs a key or a token that gives it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Access {
    /// Whether everybody may read what is in the log.
    pub public_log: bool,
    /// Whether everybody may have receipts verified.
    pub public_verify: bool,
}

/// Why something was not done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Refused {
    /// Nobody in particular asked, and this is not for everybody.
    #[error("this needs a key or a token")]
    Anonymous,
    /// The key or token does not grant it.
    #[error("no grant gives this")]
    NotGranted,
}

/// Something that can be authorised. Sealed: an operation is added together with the rule for it.
pub trait Action: sealed::Rule {}

impl<A: sealed::Rule> Action for A {}

mod sealed {
    use super::{Access, Subject};

    /// Decides about an action.
    pub trait Rule {
        /// Whether `subject` may.
        fn allows(&self, subject: &Subject, access: Access) -> bool;
    }
}

/// Evidence that a subject may do `action`. Made by [`Access::authorize`] and by nothing else.
#[derive(Debug)]
pub struct Permit<A> {
    action: A,
    subject: Subject,
    access: Access,
}

impl Access {
    /// Decides whether `subject` may do `action`.
    ///
    /// # Errors
    /// [`Refused`], unless something says that it may.
    pub fn authorize<A: Action>(self, subject: &Subject, action: A) -> Result<Permit<A>, Refused> {
        if action.allows(subject, self) {
            return Ok(Permit { action, subject: subject.clone(), access: self });
        }
        let action = std::any::type_name::<A>().rsplit("::").next().unwrap_or_default();
        tracing::warn!(target: SECURITY, event = "refused", by = subject.id(), action, "a subject was refused");
        Err(match subject {
            Subject::Anonymous => Refused::Anonymous,
            Subject::Key(_) | Subject::Token(_) => Refused::NotGranted,
        })
    }
}

impl Access {
    /// Whether [`Access::authorize`] would let `subject`, for pages that do not offer what is refused. It is no evidence.
    pub(crate) fn would_allow<A: Action>(self, subject: &Subject, action: &A) -> bool {
        action.allows(subject, self)
    }
}

impl<A> Permit<A> {
    /// Who may.
    pub const fn subject(&self) -> &Subject {
        &self.subject
    }
}

/// Actions on one dataset, each with the permission that it needs.
macro_rules! on_a_dataset {
    ($($(#[$doc:meta])* $action:ident: $permission:ident $(, or everybody if $public:ident)?;)+) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct $action(pub DatasetName);

        impl sealed::Rule for $action {
            fn allows(&self, subject: &Subject, _access: Access) -> bool {
                subject.holds(Permission::$permission, Some(&self.0)) $(|| _access.$public)?
            }
        }

        impl Permit<$action> {
            /// The dataset that it is about.
            pub const fn dataset(&self) -> &DatasetName {
                &self.action.0
            }
        }
    )+};
}

on_a_dataset! {
    /// Read the entries of a dataset.
    ReadDataset: ReadDataset, or everybody if public_log;
    /// Notarize a version of a dataset.
    Write: WriteDataset;
    /// Prove a claim about a dataset.
    Prove: GenerateProof;
}

/// Read the log as a whole: checkpoints, tiles, bundles of entries, blobs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadLog;

impl sealed::Rule for ReadLog {
    fn allows(&self, subject: &Subject, access: Access) -> bool {
        access.public_log || subject.holds(Permission::ReadDataset, None)
    }
}

/// Look for datasets and entries, and see those that one may read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Browse;

impl sealed::Rule for Browse {
    fn allows(&self, subject: &Subject, access: Access) -> bool {
        access.public_log || subject.holds_anywhere(Permission::ReadDataset)
    }
}

impl Permit<Browse> {
    /// Whether the subject may know of this dataset.
    pub fn sees(&self, name: &DatasetName) -> bool {
        self.access.public_log || self.subject.holds(Permission::ReadDataset, Some(name))
    }

    /// Whether the subject may read an entry: every dataset that it names, or the whole log if it names none.
    pub fn sees_entry(&self, entry: &Predicate) -> bool {
        let names = entry.datasets();
        let all = || self.access.public_log || self.subject.holds(Permission::ReadDataset, None);
        if names.is_empty() { all() } else { names.into_iter().all(|name| self.sees(name)) }
    }
}

/// Have a receipt verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verify;

impl sealed::Rule for Verify {
    fn allows(&self, subject: &Subject, access: Access) -> bool {
        access.public_verify || subject.holds(Permission::VerifyProof, None)
    }
}

/// Follow and end operations: those that one could have started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Follow;

impl sealed::Rule for Follow {
    fn allows(&self, subject: &Subject, _: Access) -> bool {
        [Permission::WriteDataset, Permission::GenerateProof].iter().any(|needed| subject.holds_anywhere(*needed))
    }
}

impl Permit<Follow> {
    /// Whether the subject could have started an operation that needs `permission` on `dataset`.
    pub fn could(&self, permission: Permission, dataset: &DatasetName) -> bool {
        self.subject.holds(permission, Some(dataset))
    }
}

/// Go on with uploads of one's own, of datasets that one may write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Upload;

impl sealed::Rule for Upload {
    fn allows(&self, subject: &Subject, _: Access) -> bool {
        subject.holds_anywhere(Permission::WriteDataset)
    }
}

impl Permit<Upload> {
    /// Whether the subject has `permission` on `dataset`.
    pub fn could(&self, permission: Permission, dataset: &DatasetName) -> bool {
        self.subject.holds(permission, Some(dataset))
    }
}

/// See who may do what, as the log has it. Whoever reads the whole log finds it out from its entries; here it is followed for them, which
/// costs the more the longer the log of changes is, so it is not for everybody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadPolicy;

impl sealed::Rule for ReadPolicy {
    fn allows(&self, subject: &Subject, _: Access) -> bool {
        subject.holds(Permission::ReadDataset, None) || subject.holds(Permission::Administer, None)
    }
}

/// See, make, change and revoke keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Administer;

impl sealed::Rule for Administer {
    fn allows(&self, subject: &Subject, _: Access) -> bool {
        subject.holds(Permission::Administer, None)
    }
}
