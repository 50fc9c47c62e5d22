#![doc = include_str!("../README.md")]

#[cfg(target_arch = "x86_64")]
pub mod avx512;
pub mod cells;
pub mod choice;
pub mod fraction;
mod inverse;
pub mod kernel;
pub mod modulus;
pub mod moments;
pub mod points;
pub mod portable;
pub mod row_weight;
pub mod sparse;
pub mod threads;
pub mod transform;
#[cfg(target_arch = "x86_64")]
pub mod vectorised;
pub mod weighted;

pub use cells::{Cells, Entry, Form};
pub use choice::{Choice, ChoiceError, Selection, VARIABLE, selection};
pub use kernel::{Kernel, KernelTask, LengthMismatch};
pub use modulus::Modulus;
pub use portable::Portable;
pub use sparse::{SparseRows, SparseTerm};
pub use transform::Domain;
