//! Column commitments: encodings, hiding, and the dataset root.

#![expect(clippy::unwrap_used, reason = "a helper that fails is a test that fails")]

use std::{collections::HashSet, sync::OnceLock};

use rand_chacha::{
    ChaCha20Rng,
    rand_core::{RngCore, SeedableRng},
};
use zkl_argument::{
    commit::{
        CommitError, Commitment, CommitmentSeed, PointError, RowGroups, commit_column, commit_group, commitment_leaves,
        commitment_root,
    },
    msm::Scalars,
    srs::Srs,
};
use zkl_core::ark::{
    Fq, Fr, G1Affine,
    ec::{AffineRepr, CurveGroup},
    ff::{BigInteger, PrimeField, UniformRand, Zero},
};

const KAPPA: u32 = 4;
const ROWS: usize = 1 << KAPPA;

fn srs() -> &'static Srs {
    static SRS: OnceLock<Srs> = OnceLock::new();
    SRS.get_or_init(|| Srs::dev(ROWS, Srs::DEV_SEED).unwrap())
}

fn groups() -> RowGroups {
    RowGroups::new(KAPPA, 4).unwrap()
}

fn column(rows: usize) -> Vec<u16> {
    (0..rows).map(|i| (i * 4_001 % 65_536) as u16).collect()
}

/// `sum_i V[i] G_i` of one group, by definition.
fn unblinded(values: &[u16]) -> G1Affine {
    values
        .iter()
        .zip(srs().powers())
        .map(|(value, power)| *power * Fr::from(*value))
        .sum::<zkl_core::ark::G1Projective>()
        .into_affine()
}

#[test]
fn commitments_are_what_the_definition_says() {
    let seed = CommitmentSeed::from_bytes([1; 32]);
    let values = column(2 * ROWS + 5);
    let commitments = commit_column(srs(), groups(), 7, Scalars::U16(&values), &seed).unwrap();
    assert_eq!(commitments.len(), 4);
    for (g, commitment) in commitments.iter().enumerate() {
        let start = (g * ROWS).min(values.len());
        let end = (start + ROWS).min(values.len());
        let expected = unblinded(&values[start..end]) + srs().h() * seed.blinder(7, g as u32);
        assert_eq!(commitment.point(), expected.into_affine(), "{g}");
    }
}

#[test]
fn a_group_without_rows_is_a_blinder_alone() {
    let seed = CommitmentSeed::from_bytes([1; 32]);
    let commitments = commit_column(srs(), groups(), 0, Scalars::Bits(&[]), &seed).unwrap();
    for (g, commitment) in commitments.iter().enumerate() {
        assert_eq!(commitment.point(), (srs().h() * seed.blinder(0, g as u32)).into_affine());
        assert!(!commitment.point().is_zero());
    }
}

#[test]
fn every_commitment_carries_a_blinder_of_its_own() {
    // With a zero or a repeated blinder, equal groups would have equal commitments, or that of the bare values.
    let values = vec![9; 4 * ROWS];
    let mut seen = HashSet::from([unblinded(&values[..ROWS])]);
    for byte in 0..3 {
        let seed = CommitmentSeed::from_bytes([byte; 32]);
        for column in 0..3 {
            for commitment in commit_column(srs(), groups(), column, Scalars::U16(&values), &seed).unwrap() {
                assert!(seen.insert(commitment.point()));
            }
        }
    }
    assert_eq!(commit_group(srs(), Scalars::U16(&values[..ROWS]), &Fr::zero()).unwrap(), unblinded(&values[..ROWS]));
}

#[test]
fn two_commitments_to_one_column_under_fresh_seeds_differ() {
    let values = column(ROWS);
    let commit = || {
        let seed = CommitmentSeed::generate().unwrap();
        commit_column(srs(), groups(), 0, Scalars::U16(&values), &seed).unwrap()
    };
    let (a, b) = (commit(), commit());
    assert!(a.iter().zip(&b).all(|(a, b)| a != b));
}

#[test]
fn commitments_to_all_zeros_and_to_noise_have_the_same_bit_statistics() {
    // Uniform points: each bit of the encoding is set in about half of 256 samples (sigma 8, bound 6 sigma).
    let noise = column(ROWS);
    for values in [vec![0; ROWS], noise] {
        let mut ones = [0u32; 254];
        for byte in 0..64u8 {
            let seed = CommitmentSeed::from_bytes([byte; 32]);
            for commitment in commit_column(srs(), groups(), 0, Scalars::U16(&values), &seed).unwrap() {
                let bytes = commitment.to_bytes();
                for (bit, count) in ones.iter_mut().enumerate().take(248) {
                    *count += u32::from(bytes[bit / 8] >> (bit % 8) & 1);
                }
            }
        }
        assert!(ones[..248].iter().all(|count| (80..=176).contains(count)), "{ones:?}");
    }
}

#[test]
fn impossible_shapes_are_refused() {
    for (kappa, count) in [(0, 1), (18, 1), (4, 0), (4, 3), (u32::MAX, 1)] {
        assert_eq!(RowGroups::new(kappa, count), Err(CommitError::Shape { kappa, groups: count }));
    }
    let groups = RowGroups::new(4, 8).unwrap();
    assert_eq!((groups.kappa(), groups.rows(), groups.count(), groups.group_vars()), (4, 16, 8, 3));
}

#[test]
fn too_many_rows_are_refused() {
    let seed = CommitmentSeed::from_bytes([1; 32]);
    let values = column(4 * ROWS + 1);
    let error = commit_column(srs(), groups(), 0, Scalars::U16(&values), &seed).unwrap_err();
    assert_eq!(error, CommitError::TooManyRows { rows: 65, max: 64 });
    let wide = RowGroups::new(KAPPA + 1, 4).unwrap();
    let error = commit_column(srs(), wide, 0, Scalars::U16(&values), &seed).unwrap_err();
    assert_eq!(error, CommitError::TooManyRows { rows: 32, max: 16 });
}

#[test]
fn points_have_one_encoding() {
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    for _ in 0..20 {
        let commitment = Commitment::new((srs().h() * Fr::rand(&mut rng)).into_affine());
        let bytes = commitment.to_bytes();
        assert_eq!(Commitment::from_bytes(&bytes), Ok(commitment));
        // The same x plus the modulus, where it fits 254 bits with room for no flag: not below the modulus.
        let mut larger = commitment.point().x.into_bigint();
        larger.add_with_carry(&Fq::MODULUS);
        let mut shifted = [0; 32];
        shifted.copy_from_slice(&larger.to_bytes_le());
        assert!(Commitment::from_bytes(&shifted).is_err());
    }
    let zero = Commitment::new(G1Affine::zero()).to_bytes();
    assert_eq!(Commitment::from_bytes(&zero), Ok(Commitment::new(G1Affine::zero())));
    for bit in 0..254 {
        let mut other = zero;
        other[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(Commitment::from_bytes(&other), Err(PointError::NotCanonical), "{bit}");
    }
    let mut both_flags = zero;
    both_flags[31] |= 0xc0;
    assert_eq!(Commitment::from_bytes(&both_flags), Err(PointError::NotOnCurve));
}

#[test]
fn bytes_that_are_not_points_are_refused_without_panic() {
    let mut rng = ChaCha20Rng::seed_from_u64(2);
    let mut refused = 0;
    for _ in 0..200 {
        let mut bytes = [0; 32];
        rng.fill_bytes(&mut bytes);
        match Commitment::from_bytes(&bytes) {
            Ok(commitment) => assert_eq!(commitment.to_bytes(), bytes),
            Err(_) => refused += 1,
        }
    }
    assert!(refused > 50, "{refused}");
    assert_eq!(Commitment::from_bytes(&[0xff; 32]), Err(PointError::NotOnCurve));
}

#[test]
fn the_root_binds_layout_shape_order_and_every_commitment() {
    let seed = CommitmentSeed::from_bytes([3; 32]);
    let columns: Vec<_> =
        (0..3).map(|c| commit_column(srs(), groups(), c, Scalars::U16(&column(ROWS)), &seed).unwrap()).collect();
    let root = commitment_root(b"layout", groups(), &columns).unwrap();
    let mut seen = HashSet::from([root]);
    let mut differs = |layout: &[u8], groups, columns: &[Vec<Commitment>]| {
        assert!(seen.insert(commitment_root(layout, groups, columns).unwrap()));
    };
    differs(b"Layout", groups(), &columns);
    differs(b"", groups(), &columns);
    differs(b"layout", RowGroups::new(5, 4).unwrap(), &columns);
    differs(b"layout", groups(), &columns[..2]);
    let mut swapped = columns.clone();
    swapped.swap(0, 1);
    differs(b"layout", groups(), &swapped);
    for c in 0..3 {
        for g in 0..4 {
            let mut other = columns.clone();
            other[c][g] = Commitment::new((columns[c][g].point() + G1Affine::generator()).into_affine());
            differs(b"layout", groups(), &other);
            let mut swapped = columns.clone();
            swapped[c].swap(g, (g + 1) % 4);
            differs(b"layout", groups(), &swapped);
        }
    }
}

#[test]
fn leaves_are_the_documented_bytes() {
    let point = Commitment::new(G1Affine::generator());
    let leaves = commitment_leaves(b"ab", RowGroups::new(4, 2).unwrap(), &[vec![point; 2], vec![point; 2]]).unwrap();
    assert_eq!(leaves.len(), 5);
    assert_eq!(leaves[0], [&[0, 4, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0], b"ab".as_slice()].concat());
    assert_eq!(leaves[4], [[1, 1, 0, 0, 0, 1, 0, 0, 0].as_slice(), &point.to_bytes()].concat());
}

#[test]
fn a_column_with_missing_groups_has_no_root() {
    let point = Commitment::new(G1Affine::generator());
    for got in [0, 1, 3] {
        let error =
            commitment_root(b"", RowGroups::new(4, 2).unwrap(), &[vec![point; 2], vec![point; got]]).unwrap_err();
        assert_eq!(error, CommitError::GroupCount { column: 1, expected: 2, got });
    }
}

/// Why H is hashed to the curve and recomputed by everybody: whoever chose it with a logarithm could open a commitment to
/// any column.
#[test]
fn a_known_logarithm_of_the_hiding_base_opens_a_commitment_to_any_column() {
    let logarithm = Fr::from(123_456_789u64);
    let base = (G1Affine::generator() * logarithm).into_affine();
    let (one, other) = (column(ROWS), vec![7u16; ROWS]);
    let blinder = Fr::from(42u64);
    let commitment = unblinded(&one) + base * blinder;
    // V(tau) - V'(tau), which the prover of a dev string knows; in general one opening of the difference will do.
    let difference = |tau: Fr| -> Fr {
        let powers = std::iter::successors(Some(Fr::from(1u64)), |power| Some(*power * tau));
        one.iter().zip(&other).zip(powers).map(|((a, b), power)| (Fr::from(*a) - Fr::from(*b)) * power).sum()
    };
    let tau = Fr::from_le_bytes_mod_order(&<sha2::Sha512 as sha2::Digest>::digest(
        [b"zkp-dataset-ledger/srs/dev/v1\0".as_slice(), Srs::DEV_SEED].concat(),
    ));
    assert_eq!((G1Affine::generator() * tau).into_affine(), srs().powers()[1]);
    let second = blinder + difference(tau) * zkl_core::ark::ff::Field::inverse(&logarithm).unwrap();
    assert_eq!(commitment.into_affine(), (unblinded(&other) + base * second).into_affine());
    // A string cannot bring such a base along: it has none, and its readers have the one.
    assert_ne!(srs().h(), base);
    let key = zkl_argument::srs::SrsVerifierKey::from_bytes(&srs().verifier_key().to_bytes()).unwrap();
    assert_eq!((key.h(), srs().h()), (zkl_argument::srs::hiding_base(), zkl_argument::srs::hiding_base()));
}

/// Why every notarization has a seed of its own, and every segment one of its own.
#[test]
fn one_seed_for_two_tables_reveals_their_difference() {
    let seed = CommitmentSeed::from_bytes([4; 32]);
    let (one, other) = (column(ROWS), vec![7u16; ROWS]);
    let commit = |values: &[u16], seed: &CommitmentSeed| {
        commit_column(srs(), groups(), 0, Scalars::U16(values), seed).unwrap()[0].point()
    };
    let difference = (unblinded(&one) - unblinded(&other)).into_affine();
    let shown = |a: &CommitmentSeed, b: &CommitmentSeed| (commit(&one, a) - commit(&other, b)).into_affine();
    assert_eq!(shown(&seed, &seed), difference);
    assert_ne!(shown(&seed, &CommitmentSeed::from_bytes([5; 32])), difference);
    assert_ne!(shown(&seed.segment(0), &seed.segment(1)), difference);
}
