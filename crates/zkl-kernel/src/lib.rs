#![doc = include_str!("../README.md")]

#[cfg(target_arch = "x86_64")]
pub mod avx512;
pub mod modulus;

pub use modulus::Modulus;
