#![doc = include_str!("../README.md")]

mod error;
mod pem;
#[cfg(feature = "pkcs11")]
mod pkcs11;
mod place;
mod uri;

pub use error::KeyPlaceError;
pub use pem::{read_pem, write_new_pem};
#[cfg(feature = "pkcs11")]
pub use pkcs11::{Pin, Pkcs11Signer, TokenAccess};
pub use place::KeyPlace;
pub use uri::{Pkcs11Uri, UriError};
