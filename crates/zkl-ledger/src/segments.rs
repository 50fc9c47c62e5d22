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
//!
//! ```
//! use std::sync::Arc;
//! use zkl_ledger::{
//!     Ledger, ReadOptions, Table, circuit::KeyStore, dataset::ColumnPin, home::default_key_dir,
//!     segments::{PartialScan, TableFrame}, types::ColumnType,
//! };
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // No part can tell what the others hold, so types are pinned.
//! let age = ColumnPin { ty: Some(ColumnType::Int), ..ColumnPin::new("age") };
//! let read = ReadOptions { pins: vec![age], ..ReadOptions::default() };
//! let rows = |text: &str| Table::bytes(format!("age\n{text}")).options(read.clone());
//!
//! // On the workers: what each one's rows hold.
//! let (first, second) = (rows("34\n58\n").observe(&mut ())?.to_bytes()?, rows("41\n").observe(&mut ())?.to_bytes()?);
//! // On the driver: what all of them hold.
//! let all = PartialScan::from_bytes(&first)?.followed_by(PartialScan::from_bytes(&second)?)?;
//! let ledger = Ledger::in_memory()?;
//! let mut driver = ledger.notarize_parts("ages".parse()?, read.clone(), all).await?;
//! let frame = driver.frame().to_bytes()?;
//! // On a worker that has the rows of segment 0, here all of them.
//! let keys = Arc::new(KeyStore::open(default_key_dir().ok_or("no home")?)?);
//! let part = TableFrame::from_bytes(&frame)?.prove(0, rows("34\n58\n41\n"), keys, ()).await?;
//! // On the driver again.
//! driver.accept(&part)?;
//! assert_eq!(driver.missing().count(), 0);
//! let notarized = driver.finish().await?;
//! assert_eq!(notarized.layout.rows(), 3);
//! # Ok(())
//! # }
//! ```

mod driver;
mod frame;

pub use zkl_dataset::{PartialScan, PartialScanError};

pub use self::{
    driver::{NotarizeParts, TableInParts},
    frame::{FrameError, TableFrame},
};
