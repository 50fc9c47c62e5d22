#![doc = include_str!("../README.md")]

pub mod chain;
pub mod commit;
pub mod context;
mod coordinates;
pub mod error;
pub mod fraction;
pub mod hyperkzg;
mod kinds;
pub mod lookup;
pub mod mle;
pub mod moments;
pub mod msm;
pub mod opening;
pub mod plan;
mod polynomial;
pub mod relation;
pub mod scan;
mod sealed;
pub mod shape;
pub mod snarkjs;
pub mod srs;
pub mod statement;
pub mod sumcheck;
pub mod transcript;
pub mod witness;

pub use context::{Context, PlainVerifier, Value};
pub use error::{ColumnsError, PlanError, ScanError};
pub use opening::Opening;
pub use plan::{Cell, LinearForm, ScanPlan, SlotMap};
pub use scan::{
    PlainProof, cell_weights, check_columns, combine_columns, commit_columns, open_columns, prove_plain,
    prove_plain_with, verify, verify_columns, verify_plain, weighted_columns,
};
pub use shape::{Block, Shape, Slots};
pub use statement::{LayoutVector, SealedGroups, SealedNumeric, SealedProduct, SealedProfile};
pub use transcript::{Transcript, TranscriptSeed};
pub use witness::{CellData, ColumnData, ScanWitness};

/// The field kernel that this process proves with.
pub use zkl_kernel::selection as field_kernel;
