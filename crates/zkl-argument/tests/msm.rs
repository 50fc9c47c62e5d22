//! Multi-scalar multiplication against arkworks, and against sums written out.

#![expect(clippy::unwrap_used, reason = "a helper that fails is a test that fails")]

use proptest::prelude::*;
use rand_chacha::{
    ChaCha20Rng,
    rand_core::{RngCore, SeedableRng},
};
use zkl_argument::msm::{MsmBases, MsmLengthError, Scalars};
use zkl_core::ark::{
    Fr, G1Affine, G1Projective,
    ec::{AffineRepr, CurveGroup, PrimeGroup, ScalarMul, VariableBaseMSM},
    ff::{UniformRand, Zero},
};

/// Random points among which some are repeated, negated, zero, or all of that in a row.
fn awkward_points(len: usize, seed: u64) -> Vec<G1Affine> {
    let mut rng = ChaCha20Rng::seed_from_u64(seed);
    let scalars: Vec<_> = (0..len).map(|_| Fr::rand(&mut rng)).collect();
    let mut points = G1Projective::generator().batch_mul(&scalars);
    for i in 1..len {
        points[i] = match rng.next_u32() % 8 {
            0 => points[i - 1],
            1 => -points[i - 1],
            2 => G1Affine::zero(),
            3 => points[i / 2],
            4 => -points[i / 2],
            _ => points[i],
        };
    }
    points
}

fn reference(points: &[G1Affine], scalars: &[Fr]) -> G1Projective {
    G1Projective::msm_unchecked(&points[..scalars.len()], scalars)
}

/// Checks the kinds into which all of `values` fit.
fn check_small(bases: &MsmBases, values: &[u64]) {
    let scalars: Vec<_> = values.iter().copied().map(Fr::from).collect();
    let expected = reference(bases.points(), &scalars);
    let max = values.iter().copied().max().unwrap_or(0);
    let check = |scalars: Scalars<'_>| assert_eq!(bases.msm(scalars).unwrap(), expected, "{} x {max}", values.len());
    check(Scalars::Full(&scalars));
    check(Scalars::U64(values));
    if max <= 1 {
        check(Scalars::Bits(&values.iter().map(|v| *v == 1).collect::<Vec<_>>()));
    }
    if let Ok(values) = values.iter().map(|v| u8::try_from(*v)).collect::<Result<Vec<_>, _>>() {
        check(Scalars::U8(&values));
    }
    if let Ok(values) = values.iter().map(|v| u16::try_from(*v)).collect::<Result<Vec<_>, _>>() {
        check(Scalars::U16(&values));
    }
    if let Ok(values) = values.iter().map(|v| u32::try_from(*v)).collect::<Result<Vec<_>, _>>() {
        check(Scalars::U32(&values));
    }
}

#[test]
fn lengths_around_powers_of_two_agree_with_arkworks() {
    let bases = MsmBases::new(awkward_points((1 << 11) + 1, 1));
    let mut rng = ChaCha20Rng::seed_from_u64(2);
    for len in [0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 127, 128, 129, 1023, 1024, 1025, 2047, 2048, 2049] {
        for bits in [1, 8, 16, 32, 64] {
            let values: Vec<_> = (0..len).map(|_| rng.next_u64() >> (64 - bits)).collect();
            check_small(&bases, &values);
        }
        let full: Vec<_> = (0..len).map(|_| Fr::rand(&mut rng)).collect();
        assert_eq!(bases.msm(Scalars::Full(&full)).unwrap(), reference(bases.points(), &full), "{len}");
    }
}

#[test]
fn coded_scalars_are_the_values_that_they_name() {
    let bases = MsmBases::new(awkward_points((1 << 11) + 1, 8));
    let mut rng = ChaCha20Rng::seed_from_u64(9);
    for (len, sets) in [(0, 0), (0, 3), (5, 0), (1, 1), (300, 2), (2049, 7), (2049, 300), (1000, 5000)] {
        let values: Vec<_> = (0..sets).map(|_| Fr::rand(&mut rng)).collect();
        // Some codes name no value, and some values are named by none.
        let codes: Vec<_> = (0..len).map(|_| (rng.next_u32() as usize % (sets + 2) / 2 * 2) as u16).collect();
        let scalars: Vec<_> =
            codes.iter().map(|code| values.get(usize::from(*code)).copied().unwrap_or_default()).collect();
        let sum = bases.msm(Scalars::Coded { codes: &codes, values: &values }).unwrap();
        assert_eq!(sum, reference(bases.points(), &scalars), "{len} of {sets}");
    }
    let codes = vec![0; bases.len() + 1];
    assert!(bases.msm(Scalars::Coded { codes: &codes, values: &[] }).is_err());
}

#[test]
fn equal_scalars_agree_with_arkworks() {
    let bases = MsmBases::new(awkward_points(1025, 3));
    for value in [0, 1, 2, 127, 128, 255, 256, 32_767, 32_768, 65_535, 1 << 31, u32::MAX.into(), 1 << 63, u64::MAX] {
        check_small(&bases, &[value; 1025]);
    }
    for value in [-Fr::from(1u64), -Fr::from(2u64), Fr::from(1u64) / Fr::from(2u64)] {
        let scalars = [value; 1025];
        assert_eq!(bases.msm(Scalars::Full(&scalars)).unwrap(), reference(bases.points(), &scalars));
    }
}

#[test]
fn one_outlier_among_zeros_agrees_with_arkworks() {
    let bases = MsmBases::new(awkward_points(300, 4));
    for value in [1, 255, 65_535, u64::MAX] {
        for place in [0, 150, 299] {
            let mut values = [0; 300];
            values[place] = value;
            check_small(&bases, &values);
        }
    }
}

#[test]
fn a_single_repeated_point_and_its_opposite_add_up() {
    let g = G1Affine::generator();
    let ones = [1u8; 1000];
    let same = MsmBases::new(vec![g; 1000]);
    assert_eq!(same.msm(Scalars::U8(&ones)).unwrap(), G1Projective::generator() * Fr::from(1000u64));
    let opposite = MsmBases::new((0..1000).map(|i| if i % 2 == 0 { g } else { -g }).collect());
    assert_eq!(opposite.msm(Scalars::U8(&ones)).unwrap(), G1Projective::zero());
    let nothing = MsmBases::new(vec![G1Affine::zero(); 1000]);
    assert_eq!(nothing.msm(Scalars::U8(&[7; 1000])).unwrap(), G1Projective::zero());
}

#[test]
fn several_pieces_agree_with_the_sum_of_a_geometric_row() {
    // Beyond 2^16 points the work is cut; (i mod 5) i G sums to a number that needs no second algorithm.
    let len = (1u64 << 16) + 1025;
    let next = |sum: &G1Projective| Some(*sum + G1Affine::generator());
    let points: Vec<_> = std::iter::successors(Some(G1Projective::zero()), next).take(len as usize).collect();
    let bases = MsmBases::new(G1Projective::normalize_batch(&points));
    let values: Vec<_> = (0..len).map(|i| (i % 5) as u16 * 999).collect();
    let expected: u64 = (0..len).map(|i| i * (i % 5) * 999).sum();
    assert_eq!(bases.msm(Scalars::U16(&values)).unwrap(), G1Projective::generator() * Fr::from(expected));
}

#[test]
fn parts_that_do_not_belong_together_are_refused() {
    let points = awkward_points(4, 1);
    let whole = MsmBases::new(points.clone());
    assert!(MsmBases::from_parts(points.clone(), whole.block_sums().to_vec()).is_ok());
    let refused = MsmBases::from_parts(points, [whole.block_sums(), whole.block_sums()].concat()).err();
    assert_eq!(refused, Some(MsmLengthError { scalars: 2, bases: 1 }));
}

#[test]
fn more_scalars_than_bases_are_refused() {
    let bases = MsmBases::new(awkward_points(3, 5));
    assert_eq!(bases.msm(Scalars::U8(&[1; 4])), Err(MsmLengthError { scalars: 4, bases: 3 }));
    assert_eq!(bases.msm(Scalars::Full(&[])), Ok(G1Projective::zero()));
}

#[test]
fn groups_cut_the_rows_without_losing_any() {
    let values: Vec<u16> = (0..10).collect();
    let group = |g| match Scalars::U16(&values).group(g, 4) {
        Scalars::U16(values) => values.to_vec(),
        other => panic!("{other:?}"),
    };
    assert_eq!([group(0), group(1), group(2), group(3)], [vec![0, 1, 2, 3], vec![4, 5, 6, 7], vec![8, 9], vec![]]);
    assert_eq!(group(usize::MAX), Vec::<u16>::new());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn few_distinct_values_agree_with_arkworks(
        seed: u64,
        len in 0usize..400,
        dictionary in prop::collection::vec(0u64.., 1..6),
        shift in 0u32..64,
    ) {
        let bases = MsmBases::new(awkward_points(len, seed));
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let mut draw = || dictionary[rng.next_u32() as usize % dictionary.len()] >> shift;
        let values: Vec<_> = (0..len).map(|_| draw()).collect();
        check_small(&bases, &values);
    }
}
