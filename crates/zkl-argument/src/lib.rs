#![doc = include_str!("../README.md")]

pub mod commit;
pub mod hyperkzg;
pub mod msm;
pub mod srs;
