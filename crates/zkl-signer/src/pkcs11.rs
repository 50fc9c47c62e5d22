//! Ed25519 keys on PKCS#11 tokens.

mod access;
mod key;
mod token;

pub use access::{Pin, TokenAccess};
pub use token::Pkcs11Signer;
pub(crate) use token::{generate, import};
