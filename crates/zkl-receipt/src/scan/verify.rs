//! Checking the scan proof of a notarization.
//!
//! ```text
//! bundle        has the logged digest, and the length that the layout asks for
//! string        has the logged digest, which is built in or pinned
//! circuits      are the ones that the layout calls for; their keys have the logged digests, built in, derived or pinned
//! proof         verifies for the context of this entry
//! commitments   have the logged root
//! ```

use std::sync::Arc;

use zkl_argument::Shape;
use zkl_circuits::{
    keys::builtin_keys,
    scan::{ColumnCommitments, JoinedPlan, JoinedStatement, ScanContext, TableKeys, TablePlan, verify_joined},
};
use zkl_core::{
    circuit::Circuit,
    digest::{BlobDigest, KeyDigest, Sha256Digest},
    layout::Layout,
};
use zkl_snark::{keys::Setup, proof_system::ProofSystem};

use super::{
    bundle::ScanBundle,
    record::{ScanKey, ScanRecord},
    table_plan,
};
use crate::{
    kind::Notarization,
    receipt::ScanPart,
    verify::{NamedKey, TrustAt, VerifyError, decode_base64, trusted_srs},
};

/// Why a verified receipt's sealed profile should be believed to be that of every row.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProfileEvidence {
    /// The notary's signature says so; there is no proof.
    Attested,
    /// The log names a proof, which the receipt leaves out: nothing but the signature was checked.
    ProofLeftOut {
        /// Whether the entry names dev material that is built in: leaving the proof out does not make it better.
        forgeable: bool,
    },
    /// A proof over every row verified.
    Proved(ScanReport),
}

impl ProfileEvidence {
    /// Whether a proof over every row verified.
    pub const fn is_proved(&self) -> bool {
        matches!(self, Self::Proved(_))
    }
}

/// A scan proof that was verified, and what that rests on.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ScanReport {
    /// Name of the proof system.
    pub scheme: &'static str,
    /// Where the weakest of its keys comes from, the reference string included.
    pub setup: Setup,
    /// Segments of rows that the table was proved in.
    pub segments: usize,
    /// Groups of columns that the table was proved in: one, unless it is wider than a circuit.
    pub groups: usize,
    /// Circuits and verifying keys.
    pub keys: Vec<ScanKey>,
    /// Digest of the reference string.
    pub srs: KeyDigest,
    /// The dataset commitment.
    pub commitments: Sha256Digest,
    /// Bytes of commitments and proof.
    pub bytes: usize,
    /// The committed columns of every segment, which other proofs are about; `None` of a table in groups of columns.
    pub(crate) columns: Option<Arc<[ColumnCommitments]>>,
}

/// Checks the scan proof of `notarization`, whose layout was checked to be `layout`, in the log called `origin`.
pub(crate) fn check_scan(
    notarization: &Notarization,
    record: &ScanRecord,
    layout: &Layout,
    origin: &str,
    part: &ScanPart,
    trust: TrustAt<'_>,
) -> Result<ScanReport, VerifyError> {
    let bytes = decode_base64("scan proof", &part.proof)?;
    let got = BlobDigest::of(&bytes);
    if got != record.proof {
        return Err(VerifyError::ScanDigest { expected: record.proof, got });
    }
    let plan = table_plan(layout).map_err(VerifyError::ScanPlan)?;
    let circuits = plan.circuits();
    let system = record.scheme.system();
    let is_derivable = all_derivable(&plan, system);
    let (expected, logged, got) = (circuits.len(), record.keys.len(), part.keys.len());
    if logged != expected || got != expected {
        return Err(VerifyError::ScanKeys { expected, logged, got });
    }
    let mut names = Vec::with_capacity(expected);
    for ((circuit, logged), text) in circuits.iter().zip(&record.keys).zip(&part.keys) {
        let id = circuit.id();
        if logged.circuit != id {
            return Err(VerifyError::Circuit { expected: id, got: logged.circuit.clone() });
        }
        names.push(named(system, circuit, logged, text, is_derivable));
    }
    // Keys may have to be derived, which is work: whatever is cheap comes first.
    if system.tag().is_some() {
        trusted_srs(&ScanBundle::srs(&bytes)?, record.srs, trust)?;
    }
    let admitted = names.iter().map(|name| name.admitted(trust)).collect::<Result<Vec<_>, _>>()?;
    let stated = names.iter().zip(&admitted).filter_map(|(name, key)| Some((name.circuit.clone(), key.stated()?)));
    let stated: Vec<_> = stated.collect();
    if stated.len() == expected {
        ScanBundle::check_len(&plan, &TableKeys::new(system, stated), &bytes)?;
    }
    let mut setup = Setup::Ceremony;
    let mut keys = Vec::with_capacity(expected);
    for (name, key) in names.iter().zip(admitted) {
        let (key, of_key) = key.trusted(trust)?;
        keys.push((name.circuit.clone(), key));
        setup = setup.min(of_key);
    }

    let keys = TableKeys::new(system, keys.iter().map(|(id, key)| (id.clone(), key.as_ref())));
    let bundle = ScanBundle::decode(&plan, &keys, &bytes)?;
    let of_srs = trusted_srs(&bundle.srs, record.srs, trust)?;

    let Notarization { notary, dataset, nonce, .. } = notarization;
    let context = ScanContext::new(origin, notary.as_bytes(), dataset, nonce.as_bytes());
    let statement = JoinedStatement { context, plan: &plan, h: notarization.seal };
    let verified = verify_joined(&bundle.srs, &keys, &statement, &bundle.proof).map_err(VerifyError::Scan)?;
    let (expected, got) = (record.commitments, verified.commitment_root());
    if expected != got {
        return Err(VerifyError::Commitments { expected, got });
    }
    Ok(ScanReport {
        scheme: system.name(),
        setup: setup.min(of_srs),
        segments: plan.segments(),
        groups: plan.groups().len(),
        keys: record.keys.clone(),
        srs: record.srs,
        commitments: record.commitments,
        bytes: bytes.len(),
        columns: bundle
            .proof
            .table()
            .map(|table| table.segments().iter().map(|segment| segment.commitments().clone()).collect()),
    })
}

/// Whether whoever trusts nothing but this program can verify a proof under `system` of tables with this plan: its keys are pinned, or a
/// verifier makes them.
pub fn is_verifiable(plan: &JoinedPlan, system: &dyn ProofSystem) -> bool {
    let is_pinned = |circuit: &dyn Circuit| builtin_keys().digest(system, &circuit.id()).is_some();
    all_derivable(plan, system) || plan.circuits().iter().all(|circuit| is_pinned(circuit.as_ref()))
}

/// Most columns and pairs, blocks, and cells of small tables of a shape whose keys a verifier makes when they are not pinned: what bounds its
/// work at some seconds. More than the largest pinned shape has. A universal key is made without a multi-scalar multiplication, but
/// a merge joins four such tables, so that the wider bound is for tables of one segment.
const MOST_DERIVED: [usize; 3] = [128, 128, 4_096];
const MOST_DERIVED_UNIVERSAL: [usize; 3] = [512, Shape::MAX_BLOCKS, 16_384];

fn all_derivable(plan: &JoinedPlan, system: &dyn ProofSystem) -> bool {
    plan.groups().iter().all(|group| is_derivable(group.plan(), system))
}

/// Whether a verifier makes the keys of these circuits when they are not pinned. A layout is the notary's choice.
pub(super) fn is_derivable(plan: &TablePlan, system: &dyn ProofSystem) -> bool {
    let one_segment = plan.len() == 1;
    let most = if system.derives_keys() && one_segment { MOST_DERIVED_UNIVERSAL } else { MOST_DERIVED };
    plan.segment(0).is_some_and(|segment| is_within(segment.scan.shape(), most))
}

fn is_within(shape: &Shape, most: [usize; 3]) -> bool {
    let slots = shape.slots();
    let records = slots.numeric + slots.opaque + slots.category_count() + slots.joint_count() + slots.grouped;
    let sizes = [records + slots.products, shape.blocks().len(), slots.small_tables().iter().sum()];
    sizes.iter().zip(most).all(|(size, most)| *size <= most)
}

/// A key of the scan proof, for one of the circuits that the layout calls for.
fn named<'a>(
    system: &'static dyn ProofSystem,
    circuit: &'a dyn Circuit,
    logged: &'a ScanKey,
    text: &'a str,
    derivable: bool,
) -> NamedKey<'a> {
    let instance = Some(circuit);
    NamedKey { system, circuit: &logged.circuit, digest: logged.key, text, instance, derivable }
}

#[cfg(test)]
mod tests {
    use zkl_argument::Slots;
    use zkl_circuits::scan::standard_slots;

    use super::*;

    #[test]
    fn keys_are_derived_for_shapes_of_any_kind_up_to_a_bound() {
        let within = |slots: Slots, most| is_within(&Shape::new(20, slots).unwrap(), most);
        for most in [MOST_DERIVED, MOST_DERIVED_UNIVERSAL] {
            assert!(standard_slots().into_iter().all(|slots| within(slots, most)));
        }
        let none = Slots::default;
        assert!(within(Slots { opaque: 128, ..none() }, MOST_DERIVED));
        assert!(within(Slots { limbs: 680, numeric: 340, ..none() }, MOST_DERIVED_UNIVERSAL));
        for slots in [
            Slots { opaque: 129, ..none() },
            Slots { products: 1_023, ..none() },
            Slots { limbs: 128, numeric: 32, ..none() },
            Slots { categories: [0, 0, 0, 17], ..none() },
        ] {
            assert!(!within(slots.clone(), MOST_DERIVED), "{slots:?}");
        }
        for slots in [
            Slots { opaque: 513, ..none() },
            Slots { numeric: 1, products: 512, ..none() },
            Slots { categories: [0, 0, 0, 65], ..none() },
        ] {
            assert!(!within(slots.clone(), MOST_DERIVED_UNIVERSAL), "{slots:?}");
        }
    }
}
