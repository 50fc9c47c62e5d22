//! Tables whose rows lie on several machines: a driver, which has the ledger, and workers, which have the rows.
//!
//! 1. Each worker observes the rows that it has ([`observe`](crate::Table::observe)); the driver joins what they found
//!    ([`PartialScan::followed_by`]) and begins ([`Ledger::notarize_parts`](crate::Ledger::notarize_parts)).
//! 2. The driver sends the [`TableFrame`] to workers that have the rows of a segment ([`TableFrame::rows`]); each proves its segment
//!    ([`TableFrame::prove`]) and sends bytes back.
//! 3. The driver checks and takes in the parts, in any order ([`TableInParts::accept`]), joins them and appends the notarization
//!    ([`TableInParts::finish`]).
//!
//! The entry is one like any other. A frame holds the seed of the notarization: who has it can open everything that the entry
//! hides, so it goes only to machines that may see the whole table, over channels that keep it secret.

mod driver;
mod frame;

pub use zkl_dataset::{PartialScan, PartialScanError};

pub use self::{
    driver::{NotarizeParts, TableInParts},
    frame::{FrameError, TableFrame},
};
