#![doc = include_str!("../README.md")]

mod failure;
mod page;
mod place;
mod reading;
pub mod receipts;
mod session;
pub mod shown;
pub mod threads;

pub use failure::{Failure, Hint, Language, kinds};
pub use page::Page;
pub use place::{Place, Settings};
pub use reading::{Notarizing, ReadSettings};
pub use session::Session;

/// Settings that a package wrote, with what its caller filled in.
///
/// # Errors
/// [`Failure::Invalid`]: they are not of this type.
pub fn read<T: serde::de::DeserializeOwned>(settings: &str) -> Result<T, Failure> {
    // Where it stands in the text says nothing to whoever did not write it.
    serde_json::from_str(settings).and_then(serde_json::from_value).map_err(Failure::invalid)
}

/// A value as JSON.
///
/// # Errors
/// [`Failure::Ledger`]: it cannot be written.
pub fn write(value: &impl serde::Serialize) -> Result<String, Failure> {
    Ok(serde_json::to_string(value)?)
}
