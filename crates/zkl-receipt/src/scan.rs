//! Scan proofs of whole tables: how they are published, and checked from a receipt.

mod bundle;
mod record;
mod verify;

use zkl_circuits::scan::{JoinedPlan, TablePlan, TablePlanError};
use zkl_core::layout::Layout;
use zkl_snark::{keys::SRS_LOG_POWERS, proof_system::UNIVERSAL};

pub use bundle::ScanBundle;
pub use record::{ScanKey, ScanRecord};
pub(crate) use verify::check_scan;
use verify::is_derivable;
pub use verify::{ProfileEvidence, ScanReport, is_verifiable};

/// How a table is cut and committed to: a function of its layout. One of which a verifier makes the circuits, if they are not pinned, is proved as
/// it is; a wider one in groups of columns, of which all circuits are small.
///
/// # Errors
/// [`TablePlanError`], for no table of rows and columns.
pub fn table_plan(layout: &Layout) -> Result<JoinedPlan, TablePlanError> {
    match TablePlan::new(layout.clone(), SRS_LOG_POWERS) {
        Ok(plan) if is_derivable(&plan, UNIVERSAL) => Ok(JoinedPlan::whole(plan)),
        // Of more slots than a shape has, too.
        Ok(_) | Err(TablePlanError::Plan(_)) => JoinedPlan::in_groups(layout.clone(), SRS_LOG_POWERS),
        Err(other) => Err(other),
    }
}
