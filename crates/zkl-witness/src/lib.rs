#![doc = include_str!("../README.md")]

mod client;
mod error;
mod files;
mod home;
mod server;
mod state;
mod witness;

pub use client::HttpWitness;
pub use error::WitnessError;
pub use files::{HttpFiles, HttpFilesError};
pub use home::WitnessHome;
pub use server::{router, serve};
pub use witness::{Reply, Witness};
pub use zkl_signer::{KeyPlace, KeyPlaceError};
