//! The masked opening of all columns: completeness, tampering, and what it must not reveal.

#![expect(clippy::unwrap_used, reason = "a helper that fails is a test that fails")]

use std::{collections::HashSet, sync::OnceLock};

use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
use zkl_argument::{
    commit::{CommitError, Commitment, CommitmentSeed, RowGroups, commit_column},
    hyperkzg::{
        CombinedColumns, CommittedColumn, DecodeError, Evaluations, HyperKzgError, Mask, MaskedError, MaskedOpening,
        OpenError, OpeningColumn, combine_commitments, masked_opening, open, verify_masked,
    },
    mle,
    msm::Scalars,
    srs::Srs,
};
use zkl_core::ark::{
    Fr, G1Affine,
    ec::{AffineRepr, CurveGroup},
    ff::{BigInteger, Field, PrimeField, UniformRand, Zero},
};

const KAPPA: u32 = 3;
const ROWS: usize = 1 << KAPPA;
const GROUPS: usize = 4;
const VARS: usize = KAPPA as usize + 2;
const CONTEXT: &[u8] = b"t0 and all public inputs";

fn srs() -> &'static Srs {
    static SRS: OnceLock<Srs> = OnceLock::new();
    SRS.get_or_init(|| Srs::dev(ROWS, Srs::DEV_SEED).unwrap())
}

fn groups() -> RowGroups {
    RowGroups::new(KAPPA, GROUPS as u32).unwrap()
}

fn rng(seed: u64) -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(seed)
}

/// A table with one column of each width, the last one shorter than the others.
struct Table {
    bits: Vec<bool>,
    codes: Vec<u8>,
    limbs: Vec<u16>,
    counts: Vec<u32>,
    wide: Vec<u64>,
    field: Vec<Fr>,
}

impl Table {
    const COLUMNS: usize = 6;

    fn new(seed: u64) -> Self {
        let rows = ROWS * GROUPS;
        let noise = |i: usize| (i as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(seed);
        Self {
            bits: (0..rows).map(|i| noise(i) >> 63 == 1).collect(),
            codes: (0..rows).map(|i| (noise(i) >> 56) as u8).collect(),
            limbs: (0..rows).map(|i| (noise(i) >> 48) as u16).collect(),
            counts: (0..rows - 5).map(|i| (noise(i) >> 32) as u32).collect(),
            wide: (0..rows - 9).map(noise).collect(),
            field: (0..ROWS + 3).map(|i| -Fr::from(noise(i))).collect(),
        }
    }

    fn columns(&self) -> [Scalars<'_>; Self::COLUMNS] {
        [
            Scalars::Bits(&self.bits),
            Scalars::U8(&self.codes),
            Scalars::U16(&self.limbs),
            Scalars::U32(&self.counts),
            Scalars::U64(&self.wide),
            Scalars::Full(&self.field),
        ]
    }

    /// All columns as field elements, padded with zeros.
    fn padded(&self) -> [Vec<Fr>; Self::COLUMNS] {
        let pad = |mut values: Vec<Fr>| {
            values.resize(ROWS * GROUPS, Fr::zero());
            values
        };
        [
            pad(self.bits.iter().map(|v| Fr::from(u64::from(*v))).collect()),
            pad(self.codes.iter().map(|v| Fr::from(*v)).collect()),
            pad(self.limbs.iter().map(|v| Fr::from(*v)).collect()),
            pad(self.counts.iter().map(|v| Fr::from(*v)).collect()),
            pad(self.wide.iter().map(|v| Fr::from(*v)).collect()),
            pad(self.field.clone()),
        ]
    }
}

/// Everything public, and the opening.
#[derive(Clone)]
struct Case {
    commitments: Vec<Vec<Commitment>>,
    weights: Vec<Fr>,
    point: Vec<Fr>,
    mask: Commitment,
    rho: Fr,
    y: Fr,
    opening: MaskedOpening,
}

impl Case {
    fn new(table: &Table, seed: &CommitmentSeed, mask_seed: u64) -> Self {
        let mut public = rng(99);
        let weights: Vec<_> = (0..Table::COLUMNS).map(|_| Fr::rand(&mut public)).collect();
        let point: Vec<_> = (0..VARS).map(|_| Fr::rand(&mut public)).collect();
        let rho = Fr::rand(&mut public);
        let commitments: Vec<_> = (0u32..)
            .zip(table.columns())
            .map(|(c, values)| commit_column(srs(), groups(), c, values, seed).unwrap())
            .collect();
        let blinders: Vec<Vec<_>> =
            (0..Table::COLUMNS as u32).map(|c| (0..GROUPS as u32).map(|g| seed.blinder(c, g)).collect()).collect();
        let columns: Vec<_> = weights
            .iter()
            .zip(table.columns())
            .zip(&blinders)
            .map(|((weight, values), blinders)| OpeningColumn { weight: *weight, values, blinders })
            .collect();
        let combined = CombinedColumns::new(groups(), &point, &columns).unwrap();
        let mask = Mask::sample(groups(), &mut rng(mask_seed));
        let mask_commitment = mask.commit(srs()).unwrap();
        let committed = committed(&weights, &commitments);
        let (y, opening) = masked_opening(srs(), CONTEXT, groups(), &point, &combined, &committed, mask, &rho).unwrap();
        Self { commitments, weights, point, mask: mask_commitment, rho, y, opening }
    }

    fn verify(&self) -> Result<(), MaskedError> {
        self.verify_under(CONTEXT)
    }

    fn verify_under(&self, context: &[u8]) -> Result<(), MaskedError> {
        verify_masked(
            srs().verifier_key(),
            context,
            groups(),
            &self.point,
            &committed(&self.weights, &self.commitments),
            &self.mask,
            &self.rho,
            &self.y,
            &self.opening,
        )
    }

    fn error(&self, edit: impl FnOnce(&mut Self)) -> MaskedError {
        let mut case = self.clone();
        edit(&mut case);
        case.verify().unwrap_err()
    }
}

fn committed<'a>(weights: &[Fr], commitments: &'a [Vec<Commitment>]) -> Vec<CommittedColumn<'a>> {
    weights
        .iter()
        .zip(commitments)
        .map(|(weight, commitments)| CommittedColumn { weight: *weight, commitments })
        .collect()
}

fn case() -> &'static Case {
    static CASE: OnceLock<Case> = OnceLock::new();
    CASE.get_or_init(|| Case::new(&Table::new(1), &CommitmentSeed::from_bytes([1; 32]), 1))
}

fn offset(commitment: &mut Commitment) {
    *commitment = Commitment::new((commitment.point() + G1Affine::generator()).into_affine());
}

const REJECTED: MaskedError = MaskedError::Opening(HyperKzgError::Fold { round: 0 });

#[test]
fn the_opened_value_is_the_weighted_sum_of_all_extensions_plus_the_mask() {
    let case = case();
    case.verify().unwrap();
    let extension = |values: &[Fr], point: &[Fr]| mle::evaluate(values, point).unwrap();
    let v: Fr =
        case.weights.iter().zip(Table::new(1).padded()).map(|(w, values)| *w * extension(&values, &case.point)).sum();
    let mask = Mask::sample(groups(), &mut rng(1));
    let w = mask.evaluate(&case.point[..KAPPA as usize]).unwrap();
    assert_eq!(w, extension(mask.values(), &case.point[..KAPPA as usize]));
    assert_eq!(case.y, v + case.rho * w);
    assert_eq!(mask.evaluate(&case.point), None);
}

#[test]
fn the_combination_has_the_value_that_the_scan_claims() {
    let (table, case) = (Table::new(1), case());
    let blinders = [Fr::zero(); GROUPS];
    let columns: Vec<_> = case
        .weights
        .iter()
        .zip(table.columns())
        .map(|(weight, values)| OpeningColumn { weight: *weight, values, blinders: &blinders })
        .collect();
    let combined = CombinedColumns::new(groups(), &case.point, &columns).unwrap();
    let v: Fr = case
        .weights
        .iter()
        .zip(table.padded())
        .map(|(w, values)| *w * mle::evaluate(&values, &case.point).unwrap())
        .sum();
    assert_eq!(combined.evaluate(&case.point[..KAPPA as usize]), Some(v));
}

#[test]
fn every_tampered_part_is_rejected() {
    let case = case();
    for c in 0..Table::COLUMNS {
        for g in 0..GROUPS {
            assert_eq!(case.error(|case| offset(&mut case.commitments[c][g])), REJECTED);
            assert_eq!(case.error(|case| case.commitments[c].swap(g, (g + 1) % GROUPS)), REJECTED);
        }
        assert_eq!(case.error(|case| case.commitments.swap(c, (c + 1) % Table::COLUMNS)), REJECTED);
        assert_eq!(case.error(|case| case.weights[c] += Fr::ONE), REJECTED);
    }
    for j in 0..VARS {
        assert_eq!(case.error(|case| case.point[j] += Fr::ONE), REJECTED);
    }
    assert_eq!(case.error(|case| offset(&mut case.mask)), REJECTED);
    assert_eq!(case.error(|case| case.rho += Fr::ONE), REJECTED);
    assert_eq!(case.error(|case| case.y += Fr::ONE), REJECTED);
    assert_eq!(case.error(|case| case.opening.s += Fr::ONE), REJECTED);
    let witness = |case: &mut Case| offset(&mut case.opening.proof.witnesses[1]);
    assert_eq!(case.error(witness), MaskedError::Opening(HyperKzgError::Pairing));
    assert_eq!(case.verify_under(b"another entry"), Err(REJECTED));
}

#[test]
fn shapes_are_checked_before_anything_is_combined() {
    let case = case();
    assert_eq!(case.error(|case| case.rho = Fr::zero()), MaskedError::ZeroRho);
    for got in [0, VARS - 1, VARS + 1] {
        let error = case.error(|case| case.point.resize(got, Fr::ONE));
        assert_eq!(error, MaskedError::PointLength { expected: VARS, got });
    }
    for got in [0, GROUPS - 1, GROUPS + 1] {
        let error = case.error(|case| case.commitments[2].resize(got, Commitment::default()));
        assert_eq!(error, MaskedError::GroupCount { column: 2, expected: GROUPS, got });
    }
    let proof = |edit: fn(&mut MaskedOpening)| case.error(|case| edit(&mut case.opening));
    assert_eq!(
        proof(|opening| opening.proof.folds.truncate(1)),
        MaskedError::Opening(HyperKzgError::FoldCount { expected: 2, got: 1 })
    );
    assert_eq!(
        proof(|opening| opening.proof.evaluations.clear()),
        MaskedError::Opening(HyperKzgError::EvaluationCount { expected: 3, got: 0 })
    );
}

#[test]
fn a_plain_opening_of_the_combination_is_not_a_masked_one() {
    // The same polynomial, commitment and value under the other protocol string.
    let case = case();
    let polynomial = vec![Fr::ONE; ROWS];
    let commitment = Commitment::new(srs().bases().msm(Scalars::Full(&polynomial)).unwrap().into_affine());
    let low = &case.point[..KAPPA as usize];
    let proof = open(srs(), CONTEXT, &commitment, &polynomial, low, &Fr::ONE).unwrap();
    let one_group = RowGroups::new(KAPPA, 1).unwrap();
    let column = [commitment];
    let columns = [CommittedColumn { weight: Fr::ONE, commitments: &column }];
    let opening = MaskedOpening { s: Fr::zero(), proof };
    let mask = Commitment::default();
    let result =
        verify_masked(srs().verifier_key(), CONTEXT, one_group, low, &columns, &mask, &Fr::ONE, &Fr::ONE, &opening);
    assert_eq!(result, Err(REJECTED));
}

#[test]
fn provers_with_impossible_shapes_are_told() {
    let point = vec![Fr::ONE; VARS];
    let values = vec![1u8; ROWS * GROUPS + 1];
    let blinders = [Fr::ONE; GROUPS];
    let combine = |point: &[Fr], values: &[u8], blinders: &[Fr]| {
        let column = OpeningColumn { weight: Fr::ONE, values: Scalars::U8(values), blinders };
        CombinedColumns::new(groups(), point, &[column]).err()
    };
    let expected = MaskedError::PointLength { expected: VARS, got: VARS - 1 };
    assert_eq!(combine(&point[1..], &values[1..], &blinders), Some(OpenError::Shape(expected)));
    let expected = MaskedError::GroupCount { column: 0, expected: GROUPS, got: GROUPS - 1 };
    assert_eq!(combine(&point, &values[1..], &blinders[1..]), Some(OpenError::Shape(expected)));
    let expected = CommitError::TooManyRows { rows: 33, max: 32 };
    assert_eq!(combine(&point, &values, &blinders), Some(OpenError::Commit(expected)));
    assert_eq!(combine(&point, &values[1..], &blinders), None);

    let combined = CombinedColumns::new(groups(), &point, &[]).unwrap();
    let sample = |kappa| Mask::sample(RowGroups::new(kappa, 1).unwrap(), &mut rng(1));
    let call =
        |mask, rho: u64| masked_opening(srs(), CONTEXT, groups(), &point, &combined, &[], mask, &Fr::from(rho)).err();
    assert_eq!(call(sample(KAPPA - 1), 1), Some(OpenError::PolynomialLength { expected: 8, got: 4 }));
    assert_eq!(call(sample(KAPPA), 0), Some(OpenError::Shape(MaskedError::ZeroRho)));
    assert_eq!(call(sample(KAPPA), 1), None);
}

#[test]
fn openings_are_read_back_as_they_were_written() {
    let opening = &case().opening;
    let bytes = opening.to_bytes();
    assert_eq!(bytes.len(), MaskedOpening::encoded_bytes(3).unwrap());
    assert_eq!(MaskedOpening::from_bytes(3, &bytes).as_ref(), Ok(opening));
    let expected = bytes.len();
    for got in (0..expected).step_by(7).chain([expected - 1, expected + 1]) {
        let mut other = bytes.clone();
        other.resize(got, 0);
        assert_eq!(MaskedOpening::from_bytes(3, &other), Err(DecodeError::Length { expected, got }));
    }
    let mut not_canonical = bytes.clone();
    not_canonical[..32].copy_from_slice(&Fr::MODULUS.to_bytes_le());
    assert_eq!(MaskedOpening::from_bytes(3, &not_canonical), Err(DecodeError::Scalar { index: 0 }));
    assert!(matches!(MaskedOpening::from_bytes(0, &bytes), Err(DecodeError::Variables { .. })));
}

/// Everything in an opening that depends on the columns.
fn revealed(case: &Case) -> Vec<Vec<u8>> {
    let proof = &case.opening.proof;
    let points = proof.folds.iter().chain(&proof.witnesses).chain([&case.mask]).map(|point| point.to_bytes().to_vec());
    let scalars = proof.evaluations.iter().flat_map(Evaluations::scalars);
    points.chain(scalars.chain([case.y, case.opening.s]).map(|value| value.into_bigint().to_bytes_le())).collect()
}

#[test]
fn nothing_repeats_between_two_openings_of_one_table() {
    let (table, seed) = (Table::new(1), CommitmentSeed::from_bytes([1; 32]));
    let mut seen = HashSet::new();
    let mut total = 0;
    for mask_seed in 0..4 {
        let case = Case::new(&table, &seed, mask_seed);
        let revealed = revealed(&case);
        total += revealed.len();
        seen.extend(revealed);
    }
    assert_eq!(seen.len(), total);
}

#[test]
fn a_mask_reveals_nothing_about_the_table_but_only_once() {
    // The attack that fresh masks prevent: one mask under two tables cancels out.
    let seed = CommitmentSeed::from_bytes([1; 32]);
    let (a, b) = (Case::new(&Table::new(1), &seed, 5), Case::new(&Table::new(2), &seed, 5));
    let v = |seed| -> Fr {
        a.weights
            .iter()
            .zip(Table::new(seed).padded())
            .map(|(w, values)| *w * mle::evaluate(&values, &a.point).unwrap())
            .sum()
    };
    assert_eq!(a.y - b.y, v(1) - v(2));
    let fresh = Case::new(&Table::new(2), &seed, 6);
    assert_ne!(a.y - fresh.y, v(1) - v(2));
}

#[test]
fn zeroed_masks_and_blinders_would_show() {
    let case = case();
    let v: Fr = case
        .weights
        .iter()
        .zip(Table::new(1).padded())
        .map(|(w, values)| *w * mle::evaluate(&values, &case.point).unwrap())
        .sum();
    assert_ne!(case.y, v, "the mask is zero");
    let mask = Mask::sample(groups(), &mut rng(1));
    let bare = srs().bases().msm(Scalars::Full(mask.values())).unwrap().into_affine();
    assert_ne!(case.mask.point(), bare, "the mask has no blinder");
    assert!(mask.values().iter().all(|value| !value.is_zero()));
    assert!(!case.opening.s.is_zero(), "the blinders are zero");
}

#[test]
fn a_simulator_without_any_table_makes_openings_that_verify() {
    // Section 12: choose f*, s and every C first, then the mask's commitment that makes the combination fit.
    let mut random = rng(7);
    let weights: Vec<_> = (0..Table::COLUMNS).map(|_| Fr::rand(&mut random)).collect();
    let point: Vec<_> = (0..VARS).map(|_| Fr::rand(&mut random)).collect();
    let rho = Fr::rand(&mut random);

    // A random f* and s, opened: a mask over no columns at all.
    let no_columns = CombinedColumns::new(groups(), &point, &[]).unwrap();
    let mask = Mask::sample(groups(), &mut random);
    let own_commitment = mask.commit(srs()).unwrap();
    let (y, opening) = masked_opening(srs(), CONTEXT, groups(), &point, &no_columns, &[], mask, &rho).unwrap();
    let target = combine_commitments(srs().h(), groups(), &point, &[], &own_commitment, &rho, &opening.s).unwrap();

    // Commitments to nothing that anybody knows, and C_g = (Com(f*) + s H - sum w C) / rho.
    let commitments: Vec<Vec<_>> = (0..Table::COLUMNS)
        .map(|_| (0..GROUPS).map(|_| Commitment::new((srs().h() * Fr::rand(&mut random)).into_affine())).collect())
        .collect();
    let columns = committed(&weights, &commitments);
    let none = Commitment::default();
    let without_mask = combine_commitments(srs().h(), groups(), &point, &columns, &none, &rho, &opening.s).unwrap();
    let mask = Commitment::new(((target.point() - without_mask.point()) * rho.inverse().unwrap()).into_affine());
    Case { commitments, weights, point, mask, rho, y, opening }.verify().unwrap();
}

#[test]
fn opened_values_are_spread_alike_for_two_tables() {
    // 256 openings each of a table of zeros and of a table of noise: every low nibble of y and s about 16 times (sigma
    // 3.9).
    let one_group = RowGroups::new(1, 1).unwrap();
    for table in [[0u64, 0], [u64::MAX, 12_345]] {
        let mut counts = [[0u32; 16]; 2];
        for sample in 0..256u64 {
            let mut random = rng(sample);
            let point = [Fr::from(77u64)];
            let blinder = [Fr::rand(&mut random)];
            let weight = Fr::ONE;
            let column = OpeningColumn { weight, values: Scalars::U64(&table), blinders: &blinder };
            let combined = CombinedColumns::new(one_group, &point, &[column]).unwrap();
            let mask = Mask::sample(one_group, &mut random);
            let w = mask.evaluate(&point).unwrap();
            let y = combined.evaluate(&point).unwrap() + Fr::from(3u64) * w;
            counts[0][y.into_bigint().0[0] as usize % 16] += 1;
            counts[1][w.into_bigint().0[0] as usize % 16] += 1;
        }
        assert!(counts.iter().flatten().all(|count| (2..=38).contains(count)), "{counts:?}");
    }
}
