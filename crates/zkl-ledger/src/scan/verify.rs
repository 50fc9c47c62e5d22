//! Checking the scan proof of a notarization.
//!
//! ```text
//! bundle        has the logged digest, and the length that the layout asks for
//! string        has the logged digest, which is built in or pinned
//! circuits      are the ones that the layout calls for; their keys have the logged digests, built in or pinned
//! commitments   have the logged root
//! proof         verifies for the context of this entry
//! ```

use zkl_argument::ScanPlan;
use zkl_circuits::{
    groth16::VerifyingKey,
    keys::Setup,
    scan::{ScanContext, ScanStatement, scan_circuit_id, shape_for, verify_scan},
};
use zkl_core::{
    digest::{BlobDigest, KeyDigest, Sha256Digest},
    layout::Layout,
};

use super::{
    bundle::ScanBundle,
    record::{ScanKey, ScanRecord},
};
use crate::{
    predicate::Notarization,
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
    /// Where the weakest of its keys comes from, the reference string included.
    pub setup: Setup,
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
    let shape = shape_for(layout).map_err(VerifyError::ScanPlan)?;
    let plan = ScanPlan::new(shape, layout.clone()).map_err(VerifyError::ScanPlan)?;
    let circuit = scan_circuit_id(plan.shape());
    let ([logged], [key]) = (&record.keys[..], &part.verifying_keys[..]) else {
        return Err(VerifyError::ScanKeys { expected: 1, logged: record.keys.len(), got: part.verifying_keys.len() });
    };
    if logged.circuit != circuit {
        return Err(VerifyError::Circuit { expected: circuit, got: logged.circuit.clone() });
    }
    let (key, key_setup) = trusted_key(logged, key, trust)?;

    let bundle = ScanBundle::decode(&plan, &bytes)?;
    let got = bundle.srs.digest();
    if got != record.srs {
        return Err(VerifyError::SrsDigest { expected: record.srs, got });
    }
    let srs_setup = trust.srs_setup(got).ok_or(VerifyError::SrsNotTrusted { digest: got })?;
    let got = bundle.commitments.root(layout).map_err(VerifyError::ScanRoot)?;
    if got != record.commitments {
        return Err(VerifyError::Commitments { expected: record.commitments, got });
    }

    let Notarization { notary, dataset, nonce, .. } = notarization;
    let context = ScanContext::new(origin, notary.as_bytes(), dataset, nonce.as_bytes());
    let statement =
        ScanStatement { context, plan: &plan, h: notarization.seal, commitments: &bundle.commitments };
    verify_scan(&bundle.srs, &key, &statement, &bundle.proof).map_err(VerifyError::Scan)?;
    Ok(ScanReport {
        setup: srs_setup.min(key_setup),
        keys: record.keys.clone(),
        srs: record.srs,
        commitments: record.commitments,
        bytes: bytes.len(),
    })
}

/// Reads a key that has the logged digest and that the caller trusts for its circuit.
fn trusted_key(logged: &ScanKey, text: &str, trust: &Trust) -> Result<(VerifyingKey, Setup), VerifyError> {
    let bytes = decode_base64("verifying key", text)?;
    let (expected, got) = (logged.verifying_key, KeyDigest::of(&bytes));
    if got != expected {
        return Err(VerifyError::KeyDigest { expected, got });
    }
    let not_trusted = || VerifyError::KeyNotTrusted { circuit: logged.circuit.clone(), digest: got };
    let setup = trust.setup(&logged.circuit, got).ok_or_else(not_trusted)?;
    Ok((VerifyingKey::from_bytes(&bytes).map_err(VerifyError::Key)?, setup))
}
