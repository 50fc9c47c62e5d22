//! Files of snarkjs: their frame, their points, and Groth16 keys (`.zkey`).
//!
//! Powers of tau (`.ptau`) are read by [`import_ptau`](crate::srs::import_ptau).

mod error;
pub(crate) mod sections;
mod zkey;

pub use self::{
    error::{SnarkjsError, ZkeyError},
    zkey::{Zkey, ZkeyPoints, ZkeySizes},
};
