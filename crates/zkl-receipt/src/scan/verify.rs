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
    scan::{ScanContext, TableKeys, TableStatement, verify_table},
};
use zkl_core::{
    circuit::Circuit,
    digest::{BlobDigest, KeyDigest, Sha256Digest},
    layout::Layout,
};
use zkl_snark::{
    keys::Setup,
    proof_system::{self, ProofSystem, VerifyingKey},
};

use super::{
    bundle::ScanBundle,
    record::{ScanKey, ScanRecord},
    table_plan,
};
use crate::{
    kind::Notarization,
    receipt::ScanPart,
    verify::{Trust, VerifyError, decode_base64},
};

/// Why a verified receipt's sealed profile should be believed to be that of every row.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProfileEvidence {
    /// The notary's signature says so; there is no proof.
    Attested,
    /// The log names a proof, which the receipt leaves out: nothing but the signature was checked.
    ProofLeftOut,
    /// A proof over every row verified.
    Proved(ScanReport),
}

/// A scan proof that was verified, and what that rests on.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ScanReport {
    /// Name of the proof system.
    pub scheme: &'static str,
    /// Where the weakest of its keys comes from, the reference string included.
    pub setup: Setup,
    /// Segments that the table was proved in.
    pub segments: usize,
    /// Circuits and verifying keys.
    pub keys: Vec<ScanKey>,
    /// Digest of the reference string.
    pub srs: KeyDigest,
    /// The dataset commitment.
    pub commitments: Sha256Digest,
    /// Bytes of commitments and proof.
    pub bytes: usize,
}

/// Checks the scan proof of `notarization`, whose layout was checked to be `layout`, in the log called `origin`.
pub(crate) fn check_scan(
    notarization: &Notarization,
    record: &ScanRecord,
    layout: &Layout,
    origin: &str,
    part: &ScanPart,
    trust: &Trust,
) -> Result<ScanReport, VerifyError> {
    let bytes = decode_base64("scan proof", &part.proof)?;
    let got = BlobDigest::of(&bytes);
    if got != record.proof {
        return Err(VerifyError::ScanDigest { expected: record.proof, got });
    }
    let plan = table_plan(layout).map_err(VerifyError::ScanPlan)?;
    let circuits = plan.circuits();
    let is_derivable = plan.segment(0).is_some_and(|segment| is_derivable(segment.scan.shape()));
    let (expected, logged, got) = (circuits.len(), record.keys.len(), part.keys.len());
    if logged != expected || got != expected {
        return Err(VerifyError::ScanKeys { expected, logged, got });
    }
    let system = proof_system::COMPACT;
    let mut setup = Setup::Ceremony;
    let mut keys = Vec::with_capacity(expected);
    for ((circuit, logged), text) in circuits.into_iter().zip(&record.keys).zip(&part.keys) {
        let id = circuit.id();
        if logged.circuit != id {
            return Err(VerifyError::Circuit { expected: id, got: logged.circuit.clone() });
        }
        let derivable = is_derivable.then_some(circuit.as_ref());
        let (key, of_key) = trusted_key(system, logged, text, trust, derivable)?;
        keys.push((id, key));
        setup = setup.min(of_key);
    }

    let keys = TableKeys::new(system, keys.iter().map(|(id, key)| (id.clone(), key.as_ref())));
    let bundle = ScanBundle::decode(&plan, &keys, &bytes)?;
    let got = bundle.srs.digest();
    if got != record.srs {
        return Err(VerifyError::SrsDigest { expected: record.srs, got });
    }
    let of_srs = trust.srs_setup(&bundle.srs).ok_or(VerifyError::SrsNotTrusted { digest: got })?;

    let Notarization { notary, dataset, nonce, .. } = notarization;
    let context = ScanContext::new(origin, notary.as_bytes(), dataset, nonce.as_bytes());
    let statement = TableStatement { context, plan: &plan, h: notarization.seal };
    let verified = verify_table(&bundle.srs, &keys, &statement, &bundle.proof).map_err(VerifyError::Scan)?;
    let (expected, got) = (record.commitments, verified.commitment_root());
    if expected != got {
        return Err(VerifyError::Commitments { expected, got });
    }
    Ok(ScanReport {
        scheme: system.name(),
        setup: setup.min(of_srs),
        segments: plan.len(),
        keys: record.keys.clone(),
        srs: record.srs,
        commitments: record.commitments,
        bytes: bytes.len(),
    })
}

/// Most columns and pairs, blocks, and cells of small tables of a shape whose circuits' dev keys a verifier makes to compare: what
/// bounds its work at some seconds. More than the largest pinned shape has.
const MOST_DERIVED: [usize; 3] = [128, 128, 4_096];

/// Whether a verifier makes the dev keys of this shape when they are not pinned. A layout is the notary's choice.
fn is_derivable(shape: &Shape) -> bool {
    let slots = shape.slots();
    let records = slots.numeric + slots.opaque + slots.category_count() + slots.joint_count() + slots.grouped;
    let sizes = [records + slots.products, shape.blocks().len(), slots.small_tables().iter().sum()];
    sizes.iter().zip(MOST_DERIVED).all(|(size, most)| *size <= most)
}

/// Reads a key that has the logged digest and that the caller trusts for its circuit. A key that is not built in may be the one that
/// follows from `derivable`, and then is that, whether or not the caller trusts its digest.
fn trusted_key(
    system: &dyn ProofSystem,
    logged: &ScanKey,
    text: &str,
    trust: &Trust,
    derivable: Option<&dyn Circuit>,
) -> Result<(Arc<dyn VerifyingKey>, Setup), VerifyError> {
    let bytes = decode_base64("verifying key", text)?;
    let (expected, got) = (logged.verifying_key, KeyDigest::of(&bytes));
    if got != expected {
        return Err(VerifyError::KeyDigest { expected, got });
    }
    let not_trusted = || VerifyError::KeyNotTrusted { circuit: logged.circuit.clone(), digest: got };
    let derived = || derivable.and_then(|circuit| system.derived_setup(circuit, got));
    let setup = match builtin_keys().setup(&logged.circuit, got).or_else(derived) {
        Some(setup) => setup,
        None => trust.setup(&logged.circuit, got).ok_or_else(not_trusted)?,
    };
    Ok((system.read_key(&bytes).map_err(VerifyError::Key)?, setup))
}

#[cfg(test)]
mod tests {
    use zkl_argument::Slots;
    use zkl_circuits::scan::standard_slots;

    use super::*;

    #[test]
    fn keys_are_derived_for_shapes_of_any_kind_up_to_a_bound() {
        let derivable = |slots: Slots| is_derivable(&Shape::new(20, slots).unwrap());
        assert!(standard_slots().into_iter().all(derivable));
        let none = Slots::default;
        assert!(derivable(Slots { opaque: 128, ..none() }));
        for slots in [
            Slots { opaque: 129, ..none() },
            Slots { products: 1_023, ..none() },
            Slots { limbs: 128, numeric: 32, ..none() },
            Slots { categories: [0, 0, 0, 17], ..none() },
        ] {
            assert!(!derivable(slots.clone()), "{slots:?}");
        }
    }
}
