//! Who may do what: permissions, the keys and tokens that carry them, and the one place that decides.
//!
//! ```text
//! key or JWT of a request --KeyRing, Oidc--> Subject --Access::authorize(Action)--> Permit<Action> --Service--> answer
//! ```
//!
//! Every operation of the core takes a [`Permit`] for its own action, and only [`Access::authorize`] makes one. The dataset that an
//! operation is about is read out of its permit: one cannot be authorised for a dataset and carried out on another.

mod action;
mod grant;
mod key;
mod lines;
mod oidc;
mod ring;

pub use self::{
    action::{
        Access, Action, Administer, Browse, Follow, Permit, Prove, ReadDataset, ReadLog, ReadPolicy, Refused, Upload,
        Verify, Write,
    },
    grant::{Grant, GrantParseError, Permission, Scope},
    key::{ApiKey, KeyId, KeyUpdate, Token},
    lines::PseudonymError,
    oidc::{JwksError, Oidc, OidcError, PolicyError, TokenError, TokenHolder},
    ring::{KeyRing, KeyRingError},
};
pub(crate) use self::{
    lines::{Pseudonyms, of_everybody},
    oidc::{Issuers, is_jwt},
};

use std::sync::Arc;

use zkl_ledger::DatasetName;

/// Where security events go in the log: a stream of their own for whoever filters by it.
pub(crate) const SECURITY: &str = "zkl_server::security";

/// Whoever asks.
#[derive(Clone, Debug)]
pub enum Subject {
    /// Somebody who showed nothing.
    Anonymous,
    /// The holder of a key that is valid now.
    Key(Arc<ApiKey>),
    /// Whoever an issuer vouches for, with a token that is valid now.
    Token(Arc<TokenHolder>),
}

impl Subject {
    /// The id under which what the subject asks for is kept.
    pub fn id(&self) -> &str {
        match self {
            Self::Anonymous => "",
            Self::Key(key) => key.id.as_str(),
            Self::Token(holder) => holder.id(),
        }
    }

    /// Whether a grant of the subject's gives `permission` on `dataset`; on the whole ledger if there is none.
    fn holds(&self, permission: Permission, dataset: Option<&DatasetName>) -> bool {
        self.grants().any(|grant| grant.gives(permission, dataset))
    }

    /// Whether a grant of the subject's gives `permission` on anything.
    fn holds_anywhere(&self, permission: Permission) -> bool {
        self.grants().any(|grant| grant.permission == permission)
    }

    fn grants(&self) -> impl Iterator<Item = &Grant> {
        match self {
            Self::Anonymous => [].iter(),
            Self::Key(key) => key.grants.iter(),
            Self::Token(holder) => holder.grants().iter(),
        }
    }
}
