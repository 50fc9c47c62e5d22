//! Scan proofs of whole tables: how they are published, and checked from a receipt.

mod bundle;
mod record;
mod verify;

use zkl_circuits::scan::{TablePlan, TablePlanError};
use zkl_core::layout::Layout;
use zkl_snark::keys::SRS_LOG_POWERS;

pub use bundle::ScanBundle;
pub use record::{ScanKey, ScanRecord};
pub(crate) use verify::check_scan;
pub use verify::{ProfileEvidence, ScanReport, is_verifiable};

/// How a table is cut and committed to: a function of its layout.
///
/// # Errors
/// [`TablePlanError`] for a table that no scan proof is about.
pub fn table_plan(layout: &Layout) -> Result<TablePlan, TablePlanError> {
    TablePlan::new(layout.clone(), SRS_LOG_POWERS)
}
