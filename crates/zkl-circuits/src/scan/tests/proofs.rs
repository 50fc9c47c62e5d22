//! Whole scan proofs, at a small shape.

use std::sync::Arc;

use zkl_argument::{
    ScanError, ScanPlan,
    commit::{Commitment, CommitmentSeed, RowGroups},
    commit_columns,
    hyperkzg::MaskedOpening,
    srs::Srs,
};
use zkl_core::ark::{Fr, ff::One as _};
use zkl_snark::{
    groth16::{self, Proof},
    proof_system::{DecodeError, ProveError, ProvingKey, UNIVERSAL, VerifyError},
};

use super::fixture::{self, Case, Table, keys_of};
use crate::{
    scan::{
        ColumnCommitments, CommitmentsError, ProveScanError, ScanContext, ScanDecodeError, ScanProof, ScanStatement,
        TranscriptCircuit, VerifyScanError,
        prove::{prove_any_limbs, verify_any_limbs},
        verify_scan,
    },
    seal::{Seal, SealSeed},
};

const KAPPA: u32 = 2;

/// A table with everything that whole proofs need.
pub(super) struct Setting {
    pub(super) case: Case,
    pub(super) seal: Seal,
    pub(super) srs: Srs,
    pub(super) keys: Arc<dyn ProvingKey>,
    pub(super) seed: CommitmentSeed,
    pub(super) commitments: ColumnCommitments,
}

fn seal_of(case: &Case) -> Seal {
    Seal::new(case.plan.layout(), &case.profile, &SealSeed::from_bytes([5; 32])).unwrap()
}

fn commit(case: &Case, kappa: u32, srs: &Srs, seed: &CommitmentSeed) -> ColumnCommitments {
    let groups = ColumnCommitments::row_groups(&case.plan, kappa).unwrap();
    let columns = commit_columns(srs, groups, &case.witness(), seed).unwrap();
    ColumnCommitments::new(&case.plan, groups, columns).unwrap()
}

impl Setting {
    /// The table that most tests of whole proofs are about.
    pub(super) fn flat() -> Self {
        let case = Table::flat(31, 13).case();
        let keys = dev_keys(&case.plan);
        Self::new(case, keys)
    }

    /// Such a table with universal proofs: the blocks of the witness are as long as the row groups.
    pub(super) fn universal(seed: u64, rows: usize) -> Self {
        let case = Table::flat(seed, rows).case();
        let keys = keys_of(UNIVERSAL, &TranscriptCircuit::blank(case.plan.shape().clone())).unwrap();
        Self::with_kappa(case, keys, 4)
    }

    fn new(case: Case, keys: Arc<dyn ProvingKey>) -> Self {
        Self::with_kappa(case, keys, KAPPA)
    }

    fn with_kappa(case: Case, keys: Arc<dyn ProvingKey>, kappa: u32) -> Self {
        let srs = Srs::dev(1 << kappa, Srs::DEV_SEED).unwrap();
        let seed = CommitmentSeed::from_bytes([9; 32]);
        let commitments = commit(&case, kappa, &srs, &seed);
        Self { seal: seal_of(&case), case, srs, keys, seed, commitments }
    }

    pub(super) fn statement(&self) -> ScanStatement<'_> {
        let (plan, h) = (&self.case.plan, self.seal.commitment());
        ScanStatement { context: context(1), plan, h, commitments: &self.commitments }
    }

    pub(super) fn prove(&self) -> Result<ScanProof, ProveScanError> {
        prove_any_limbs(&self.srs, self.keys.as_ref(), &self.statement(), &self.seal, &self.case.witness(), &self.seed)
    }

    pub(super) fn verify(&self, statement: &ScanStatement<'_>, proof: &ScanProof) -> Result<(), VerifyScanError> {
        verify_any_limbs(self.srs.verifier_key(), self.keys.verifying(), statement, proof).map(|_| ())
    }
}

/// The opening that the compact proof system puts after the circuit's proof.
pub(super) fn opening_of(proof: &ScanProof, groups: RowGroups) -> MaskedOpening {
    MaskedOpening::from_bytes(groups.kappa(), &proof.proof[Proof::LEN..]).unwrap()
}

pub(super) fn change_opening(proof: &mut ScanProof, groups: RowGroups, change: impl FnOnce(&mut MaskedOpening)) {
    let mut opening = opening_of(proof, groups);
    change(&mut opening);
    proof.proof.truncate(Proof::LEN);
    proof.proof.extend(opening.to_bytes());
}

pub(super) fn context(nonce: u8) -> ScanContext {
    ScanContext::new("ledger.example", &[3; 32], &"data".parse().unwrap(), &[nonce; 32])
}

fn dev_keys(plan: &ScanPlan) -> Arc<dyn ProvingKey> {
    fixture::dev_keys(&TranscriptCircuit::blank(plan.shape().clone())).unwrap()
}

/// One key generation serves all checks.
#[test]
fn a_scan_proof_verifies_and_nothing_else_does() {
    let setting = Setting::flat();
    let (plan, groups, statement) = (&setting.case.plan, setting.commitments.groups(), setting.statement());
    let proof = setting.prove().unwrap();
    let evidence = verify_any_limbs(setting.srs.verifier_key(), setting.keys.verifying(), &statement, &proof).unwrap();
    assert_eq!((evidence.context(), evidence.h()), (context(1), setting.seal.commitment()));
    assert_eq!(evidence.commitment_root(), setting.commitments.root(plan.layout()).unwrap());
    let invalid = Err(VerifyScanError::Proof(VerifyError::Invalid));

    // The public verifier has no use for limbs of 4 bits.
    let refused = verify_scan(setting.srs.verifier_key(), setting.keys.verifying(), &statement, &proof);
    assert_eq!(refused.err(), Some(VerifyScanError::LimbBits { expected: 16, got: 4 }));

    // Another entry, another seal, other commitments, another layout.
    assert_eq!(setting.verify(&ScanStatement { context: context(2), ..statement }, &proof), invalid);
    let other = Setting::new(Table::flat(32, 13).case(), Arc::clone(&setting.keys));
    assert_eq!(setting.verify(&ScanStatement { h: other.seal.commitment(), ..statement }, &proof), invalid);
    assert_eq!(setting.verify(&ScanStatement { commitments: &other.commitments, ..statement }, &proof), invalid);
    let fewer = Setting::new(Table::flat(31, 12).case(), Arc::clone(&setting.keys));
    assert_eq!(setting.verify(&ScanStatement { plan: &fewer.case.plan, ..statement }, &proof), invalid);
    let other_srs = Srs::dev(1 << KAPPA, b"another").unwrap();
    let elsewhere = verify_any_limbs(other_srs.verifier_key(), setting.keys.verifying(), &statement, &proof);
    assert_eq!(elsewhere.map(|_| ()), invalid);
    let mut columns = setting.commitments.columns().to_vec();
    columns.swap(0, 1);
    let swapped = ColumnCommitments::new(plan, groups, columns.clone()).unwrap();
    assert_eq!(setting.verify(&ScanStatement { commitments: &swapped, ..statement }, &proof), invalid);

    // Every part of the proof.
    let changed = |change: &dyn Fn(&mut ScanProof)| {
        let mut proof = proof.clone();
        change(&mut proof);
        setting.verify(&statement, &proof)
    };
    assert_eq!(changed(&|proof| proof.mask = Commitment::default()), invalid);
    assert_eq!(changed(&|proof| proof.claim.y += Fr::one()), invalid);
    assert_eq!(changed(&|proof| proof.claim.r_star.swap(0, 1)), invalid);
    let opened = changed(&|proof| change_opening(proof, groups, |opening| opening.s += Fr::one()));
    assert!(matches!(opened, Err(VerifyScanError::Proof(VerifyError::Opening(_)))));
    let expected = 4 + plan.shape().block_bits() + 4;
    let short = changed(&|proof| proof.claim.z_blk.truncate(1));
    assert_eq!(short, Err(VerifyScanError::Claim { expected, got: expected + 1 - plan.shape().block_bits() }));

    // A second proof has nothing in common with the first.
    let second = setting.prove().unwrap();
    setting.verify(&statement, &second).unwrap();
    assert!(second.mask != proof.mask && second.claim.y != proof.claim.y);
    assert!(opening_of(&second, groups).s != opening_of(&proof, groups).s);
    assert!(second.claim.r_star.iter().zip(&proof.claim.r_star).all(|(a, b)| a != b));
    let exchange = |proof: &mut ScanProof, part: std::ops::Range<usize>| {
        proof.proof[part.clone()].copy_from_slice(&second.proof[part]);
    };
    assert!(changed(&|proof| exchange(proof, Proof::LEN..second.proof.len())).is_err());
    assert_eq!(changed(&|proof| exchange(proof, 0..Proof::LEN)), invalid);

    // Encodings.
    let bytes = proof.to_bytes();
    let decode = |bytes: &[u8]| ScanProof::from_bytes(plan.shape(), groups, setting.keys.verifying(), bytes);
    assert!(decode(&bytes).unwrap() == proof);
    assert_eq!(second.to_bytes().len(), bytes.len());
    for wrong in [&bytes[..0], &bytes[..31], &bytes[..bytes.len() - 1], &[&bytes[..], &[0]].concat()] {
        let length = ScanDecodeError::Length { expected: bytes.len(), got: wrong.len() };
        assert_eq!(decode(wrong).unwrap_err(), length);
    }
    let overwrite = |at: usize| {
        let mut bytes = bytes.clone();
        bytes[at..at + 32].fill(0xff);
        decode(&bytes).unwrap_err()
    };
    assert!(matches!(overwrite(0), ScanDecodeError::Mask(_)));
    assert_eq!(overwrite(32 + 5 * 32), ScanDecodeError::Element { index: 5 });
    // The circuit's proof is read when it is verified.
    let unreadable = |at: usize| changed(&|proof| proof.proof[at..at + 32].fill(0xff));
    let encoding = |error| Err(VerifyScanError::Proof(VerifyError::Encoding(error)));
    assert_eq!(unreadable(0), encoding(DecodeError::Points));
    assert!(matches!(
        unreadable(Proof::LEN),
        Err(VerifyScanError::Proof(VerifyError::Encoding(DecodeError::Opening(_))))
    ));
    let got = proof.proof.len() - 1;
    let cut = changed(&|proof| proof.proof.truncate(got));
    assert_eq!(cut, encoding(DecodeError::Length { expected: got + 1, got }));
    let encoded = setting.commitments.to_bytes();
    assert_eq!(ColumnCommitments::from_bytes(plan, groups, &encoded).unwrap(), setting.commitments);
    let cut = ColumnCommitments::from_bytes(plan, groups, &encoded[1..]);
    assert_eq!(cut.unwrap_err(), CommitmentsError::Length { expected: encoded.len(), got: encoded.len() - 1 });
    // Groups that hold twice the rows.
    let (kappa, rows) = (groups.kappa() as u32, plan.shape().log_rows());
    let more = RowGroups::new(kappa, 2 * groups.count() as u32).unwrap();
    let refused = ColumnCommitments::new(plan, more, columns.clone()).unwrap_err();
    assert_eq!(refused, CommitmentsError::Rows { expected: rows, got: rows + 1 });
    columns.pop();
    let got = columns.len();
    let fewer_columns = ColumnCommitments::new(plan, groups, columns).unwrap_err();
    assert_eq!(fewer_columns, CommitmentsError::Columns { expected: got + 1, got });

    // Provers who have no proof.
    let wrong_seal = ScanStatement { h: other.seal.commitment(), ..statement };
    let attempt = |statement: &ScanStatement<'_>, seal: &Seal| {
        prove_any_limbs(&setting.srs, setting.keys.as_ref(), statement, seal, &setting.case.witness(), &setting.seed)
    };
    assert!(matches!(attempt(&wrong_seal, &setting.seal), Err(ProveScanError::OtherSeal)));
    assert!(matches!(attempt(&wrong_seal, &other.seal), Err(ProveScanError::False(ScanError::RootSum))));
    let wrong_commitments = ScanStatement { commitments: &other.commitments, ..statement };
    let refused = attempt(&wrong_commitments, &setting.seal);
    assert!(matches!(refused, Err(ProveScanError::Proof(ProveError::SelfCheck(VerifyError::Opening(_))))));
}

/// A proof of the first version, with its verifying key: what is hashed into `t0` and `lay`, the order of public inputs
/// and every encoding must stay as they are, or the version change.
const STORED: &str = include_str!("fixtures/scan-proof-v1.txt");

#[test]
fn a_stored_proof_of_version_1_verifies() {
    let (key, proof) = STORED.trim().split_once('\n').unwrap();
    let key = groth16::VerifyingKey::from_bytes(&hex::decode(key).unwrap()).unwrap();
    let case = Table::flat(31, 13).case();
    let srs = Srs::dev(1 << KAPPA, Srs::DEV_SEED).unwrap();
    let commitments = commit(&case, KAPPA, &srs, &CommitmentSeed::from_bytes([9; 32]));
    let (plan, h) = (&case.plan, seal_of(&case).commitment());
    let proof = ScanProof::from_bytes(plan.shape(), commitments.groups(), &key, &hex::decode(proof).unwrap()).unwrap();
    let statement = ScanStatement { context: context(1), plan, h, commitments: &commitments };
    verify_any_limbs(srs.verifier_key(), &key, &statement, &proof).unwrap();
}

/// `cargo test -p zkl-circuits --lib prints_a_proof_to_store -- --ignored --nocapture`
#[test]
#[ignore = "prints the stored proof anew"]
fn prints_a_proof_to_store() {
    let setting = Setting::flat();
    let proof = setting.prove().unwrap();
    println!("{}\n{}", hex::encode(setting.keys.verifying().as_bytes()), hex::encode(proof.to_bytes()));
}
