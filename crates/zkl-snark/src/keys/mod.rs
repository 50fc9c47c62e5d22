//! Keys: where they come from, where they are kept, and which of them a verifier trusts.

mod error;
mod pinned;
mod prune;
mod setup;
mod srs;
pub(crate) mod store;
#[cfg(test)]
mod tests;

pub use error::{FileFault, KeyError};
pub use pinned::PinnedKeys;
pub use prune::{GeneratedKeys, MAX_GENERATED};
pub use setup::Setup;
pub use srs::{SRS_LOG_POWERS, builtin_srs_setup, dev_srs_digest, dev_srs_verifier_key, public_srs_digest, srs_setup};
pub use store::{KeyEvent, KeyStore, dev_seed};
