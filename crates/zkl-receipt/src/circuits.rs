//! The circuits of the project and of receipts, with what other verifiers need of them: digests and matrices.

use std::sync::Arc;

use zkl_circuits::keys::{builtin_circuits, builtin_keys, claim_circuit};
use zkl_core::{
    circuit::{Circuit, CircuitId},
    digest::KeyDigest,
    layout::Layout,
};
use zkl_snark::{
    keys::KeyError,
    proof_system::{COMPACT, UNIVERSAL, VerifyingKey},
};

use crate::{
    kind::{Predicate, RelationRecord},
    receipt::{Evidence, Receipt},
    scan::table_plan,
    verify::VerifyError,
};

/// Every circuit of the project, blank. The order is fixed.
pub fn of_the_project() -> Vec<Box<dyn Circuit>> {
    builtin_circuits()
}

/// The circuits that the entries of `receipt` call for, blank and each once. Those of custom statements are not known here.
///
/// # Errors
/// [`VerifyError::Entry`], and [`VerifyError::ScanPlan`] for a layout that no proof is about.
///
/// # Soundness
/// Nothing of the receipt is verified. What its layouts call for takes time and memory that grow with them.
pub fn of_receipt(receipt: &Receipt) -> Result<Vec<Box<dyn Circuit>>, VerifyError> {
    let mut circuits: Vec<Box<dyn Circuit>> = Vec::new();
    for entry in &receipt.entries {
        let found = match (entry.open()?.predicate(), &entry.evidence.manifest) {
            (Predicate::Notarization(table), Some(manifest)) if table.scan.is_some() => {
                table_plan(&manifest.layout).map_err(VerifyError::ScanPlan)?.circuits()
            }
            (Predicate::Claim(claim), _) => claim_circuit(&claim.proof.circuit).into_iter().collect(),
            (Predicate::Relation(relation), _) => {
                relation_circuit(receipt, relation, &entry.evidence)?.into_iter().collect()
            }
            _ => Vec::new(),
        };
        for circuit in found {
            if circuits.iter().all(|other| other.id() != circuit.id()) {
                circuits.push(circuit);
            }
        }
    }
    Ok(circuits)
}

/// The circuit of a relation, if the receipt has the layouts of its tables, and what it says.
fn relation_circuit(
    receipt: &Receipt,
    relation: &RelationRecord,
    own: &Evidence,
) -> Result<Option<Box<dyn Circuit>>, VerifyError> {
    let mut layouts: Vec<&Layout> = Vec::with_capacity(relation.datasets.len());
    for dataset in &relation.datasets {
        for entry in &receipt.entries {
            if let Some(manifest) = &entry.evidence.manifest
                && entry.open()?.id() == dataset.entry
            {
                layouts.push(&manifest.layout);
            }
        }
    }
    if layouts.len() != relation.datasets.len() {
        return Ok(None);
    }
    let circuit = relation.circuit(own.statement.as_ref(), &layouts)?;
    Ok(circuit.map(|circuit| Box::new(circuit) as Box<dyn Circuit>))
}

/// The key of a circuit under the proof system that is the default: it has the matrices. Made anew, which takes up to a second for the
/// largest.
///
/// # Errors
/// [`KeyError`].
pub fn universal_key(circuit: &dyn Circuit) -> Result<Arc<dyn VerifyingKey>, KeyError> {
    Ok(UNIVERSAL.derived_key(circuit)?.0)
}

/// The digests of keys that this program pins for a circuit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PinnedDigests {
    /// Of the universal key.
    pub universal: Option<KeyDigest>,
    /// Of the Groth16 key that everybody can forge with.
    pub dev: Option<KeyDigest>,
}

impl PinnedDigests {
    /// Those of `circuit`.
    pub fn of(circuit: &CircuitId) -> Self {
        let keys = builtin_keys();
        Self { universal: keys.digest(UNIVERSAL, circuit), dev: keys.digest(COMPACT, circuit) }
    }
}
