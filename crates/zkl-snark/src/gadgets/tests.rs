//! Tests of all gadgets.

use num_bigint::{BigInt, BigUint};
use zkl_poseidon::{Domain, Duplex, Poseidon, Sponge, Width, duplex_blocks, hash_many, hash2, partial_rounds, permute};

use super::*;
use crate::{
    ark::{Fr, ff::Field as _},
    groth16::ProveError,
    testing::{TestCircuit, assert_tight, holds, satisfied},
};

const TEST: Domain = Domain::new("test/gadgets");

fn elements(len: u64) -> Vec<Fr> {
    (1..=len).map(|i| Fr::from(i).pow([5])).collect()
}

fn witnesses(cs: &Cs, values: &[Fr]) -> Vec<FieldVar> {
    values.iter().map(|&value| FieldVar::witness(cs, Some(value)).unwrap()).collect()
}

fn uint(cs: &Cs, bits: u64, value: u64) -> IntVar {
    IntVar::witness(cs, bits, Some(&BigUint::from(value))).unwrap()
}

/// The wrap that `body` is refused for.
fn wrap(body: impl Fn(&Cs) -> Result<(), GadgetError>) -> Option<(&'static str, u64)> {
    let cs = crate::ark::relations::gr1cs::ConstraintSystem::new_ref();
    match body(&cs) {
        Err(GadgetError::Wrap { operation, bits, max: 251 }) => Some((operation, bits)),
        Ok(()) => None,
        Err(other) => panic!("{other}"),
    }
}

fn permutation_matches<const T: usize>(constraints: usize)
where
    Poseidon: Width<T>,
{
    let values: [Fr; T] = elements(T as u64).try_into().unwrap();
    let mut expected = values;
    permute(&mut expected);
    let circuit = TestCircuit::new(move |cs| {
        let state: [FieldVar; T] = std::array::from_fn(|i| FieldVar::witness(cs, Some(values[i])).unwrap());
        let output = permute_var(cs, state)?;
        for (output, expected) in output.iter().zip(expected) {
            assert_eq!(output.value(), Some(expected));
            output.enforce_equal(cs, &FieldVar::constant(expected))?;
        }
        Ok(())
    });
    assert_eq!(satisfied(&circuit), constraints + T, "width {T}");
    assert_tight(&circuit);
}

#[test]
fn the_permutation_equals_the_native_one_in_three_constraints_per_sbox() {
    permutation_matches::<2>(3 * (8 * 2 + 56));
    permutation_matches::<3>(3 * (8 * 3 + 57));
    permutation_matches::<6>(3 * (8 * 6 + 60));
    permutation_matches::<9>(3 * (8 * 9 + 63));
}

#[test]
fn the_two_to_one_hash_equals_the_native_one() {
    let circuit = TestCircuit::new(|cs| {
        let inputs = witnesses(cs, &elements(2));
        let output = hash2_var(cs, &inputs[0], &inputs[1])?;
        output.enforce_equal(cs, &FieldVar::constant(hash2(elements(2)[0], elements(2)[1])))
    });
    assert_eq!(satisfied(&circuit), 240 + 1);
    assert_tight(&circuit);
}

#[test]
fn the_message_hash_equals_the_native_one_for_every_padding() {
    for len in [0, 1, 4, 5, 6, 10, 11] {
        let circuit = TestCircuit::new(move |cs| {
            let inputs = witnesses(cs, &elements(len));
            let output = hash_many_var(cs, TEST, &inputs)?;
            assert_eq!(output.value(), Some(hash_many(TEST, &elements(len))), "{len}");
            output.enforce_equal(cs, &FieldVar::constant(hash_many(TEST, &elements(len))))
        });
        let constraints = satisfied(&circuit);
        let expected = [(0, 1), (1, 309), (4, 318), (5, 321), (6, 645), (10, 645), (11, 969)];
        let pinned = expected.iter().find(|(at, _)| *at == len).unwrap().1;
        assert_eq!(constraints, if len == 0 { 1 } else { pinned + 1 }, "{len}");
    }
}

#[test]
fn the_sponge_equals_the_native_one_when_absorbs_and_squeezes_alternate() {
    assert!(holds(|cs| {
        let (mut native, mut gadget) = (Sponge::<2>::new(TEST), SpongeVar::<2>::new(TEST));
        for (absorb, squeeze) in [(1, 1), (3, 0), (0, 3), (2, 2), (5, 1)] {
            native.absorb(&elements(absorb as u64));
            gadget.absorb(cs, &witnesses(cs, &elements(absorb as u64)))?;
            for _ in 0..squeeze {
                let expected = native.squeeze();
                let output = gadget.squeeze(cs)?;
                assert_eq!(output.value(), Some(expected));
                output.enforce_equal(cs, &FieldVar::constant(expected))?;
            }
        }
        Ok(())
    }));
}

#[test]
fn the_duplex_equals_the_native_one_and_costs_a_permutation_per_block() {
    let permutation = |width: usize| 3 * (8 * width + partial_rounds(width).unwrap());
    for schedule in
        [vec![(1, 1), (3, 0), (0, 3), (2, 2)], vec![(4, 1); 3], vec![(2, 2), (8, 3), (14, 2), (17, 1), (1, 4)]]
    {
        let mut expected = 0;
        let mut pending = 0;
        let mut left = 0;
        for &(absorb, squeeze) in &schedule {
            pending += absorb;
            for _ in 0..squeeze {
                for block in duplex_blocks(std::mem::take(&mut pending)) {
                    expected += permutation(block + 1);
                    left = block;
                }
                if left == 0 {
                    // Of the element that is not there the first S-box is a constant.
                    expected += permutation(2) - 3;
                    left = 1;
                }
                left -= 1;
            }
        }
        let squeezes: usize = schedule.iter().map(|(_, squeeze)| squeeze).sum();
        let circuit = TestCircuit::new(move |cs| {
            let (mut native, mut gadget) = (Duplex::new(TEST), DuplexVar::new(TEST));
            for &(absorb, squeeze) in &schedule {
                native.absorb(&elements(absorb as u64));
                gadget.absorb(&witnesses(cs, &elements(absorb as u64)));
                for _ in 0..squeeze {
                    let expected = native.squeeze();
                    let output = gadget.squeeze(cs)?;
                    assert_eq!(output.value(), Some(expected));
                    output.enforce_equal(cs, &FieldVar::constant(expected))?;
                }
            }
            Ok(())
        });
        // The first capacity is a constant.
        assert_eq!(satisfied(&circuit), expected - 3 + squeezes);
    }
}

#[test]
fn a_bit_is_nothing_but_0_or_1() {
    let bit = |value: u64| {
        holds(move |cs| {
            let bit = FieldVar::witness(cs, Some(Fr::from(value)))?;
            FieldVar::enforce_product(cs, &bit, &(&FieldVar::one() - &bit), &FieldVar::zero())
        })
    };
    assert!(bit(0) && bit(1) && !bit(2));
    let circuit = TestCircuit::new(|cs| BoolVar::witness(cs, Some(true)).map(|_| ()));
    assert_eq!(satisfied(&circuit), 1);
    assert_tight(&circuit);
}

#[test]
fn logic_follows_the_truth_tables() {
    for (a, b) in [(false, false), (false, true), (true, false), (true, true)] {
        assert!(holds(move |cs| {
            let (x, y) = (BoolVar::witness(cs, Some(a))?, BoolVar::witness(cs, Some(b))?);
            assert_eq!(x.and(cs, &y)?.value(), Some(a && b));
            assert_eq!(x.or(cs, &y)?.value(), Some(a || b));
            assert_eq!(x.not().value(), Some(!a));
            let chosen = x.select(cs, &FieldVar::constant(Fr::from(7)), &FieldVar::constant(Fr::from(9)))?;
            assert_eq!(chosen.value(), Some(Fr::from(if a { 7 } else { 9 })));
            Ok(())
        }));
    }
    assert!(!holds(|cs| BoolVar::witness(cs, Some(false))?.enforce_true(cs)));
}

#[test]
fn one_hot_selects_exactly_one() {
    let select = |index: usize| {
        TestCircuit::new(move |cs| {
            let mask = one_hot(cs, Some(index), 4)?;
            let values: Vec<IntVar> = (0..4).map(|i| IntVar::constant(10 + i)).collect::<Result<_, _>>()?;
            let sum = IntVar::masked_sum(cs, &mask, &values)?;
            assert_eq!(sum.value(), Some(BigInt::from(if index < 4 { 10 + index } else { 0 })));
            Ok(())
        })
    };
    assert_eq!(satisfied(&select(2)), 5);
    assert_tight(&select(2));
    assert!(crate::testing::Instance::new(&select(4)).unwrap().first_violated().is_some());
    let mismatched = wrap_or_length(|cs| IntVar::masked_sum(cs, &one_hot(cs, Some(0), 2)?, &[]).map(|_| ()));
    assert_eq!(mismatched, (0, 2));
}

fn wrap_or_length(body: impl Fn(&Cs) -> Result<(), GadgetError>) -> (usize, usize) {
    let cs = crate::ark::relations::gr1cs::ConstraintSystem::new_ref();
    match body(&cs) {
        Err(GadgetError::Length { expected, got }) => (expected, got),
        _ => panic!("expected a refused length"),
    }
}

#[test]
fn zero_and_equality_are_decided_both_ways() {
    for (left, right) in [(0u64, 0u64), (5, 5), (5, 6), (0, 1)] {
        let circuit = TestCircuit::new(move |cs| {
            let (x, y) = (FieldVar::witness(cs, Some(Fr::from(left)))?, FieldVar::witness(cs, Some(Fr::from(right)))?);
            assert_eq!(x.is_equal(cs, &y)?.value(), Some(left == right));
            Ok(())
        });
        assert_eq!(satisfied(&circuit), 2);
    }
}

#[test]
fn a_prover_cannot_lie_about_equality() {
    // The two constraints of is_zero, with an assignment of the attacker's choice.
    let lie = |x: u64, inverse: Fr, zero: u64| {
        holds(move |cs| {
            let x = FieldVar::witness(cs, Some(Fr::from(x)))?;
            let inverse = FieldVar::witness(cs, Some(inverse))?;
            let zero = FieldVar::witness(cs, Some(Fr::from(zero)))?;
            FieldVar::enforce_product(cs, &x, &inverse, &(&FieldVar::one() - &zero))?;
            FieldVar::enforce_product(cs, &x, &zero, &FieldVar::zero())
        })
    };
    let half = Fr::from(2).inverse().unwrap();
    assert!(lie(2, half, 0) && lie(0, Fr::from(0), 1));
    assert!(!lie(2, Fr::from(0), 1) && !lie(2, half, 1) && !lie(0, half, 0) && !lie(2, Fr::from(0), 0));
}

#[test]
fn a_range_check_accepts_its_ends_and_nothing_beyond() {
    let check = |value: i64| {
        move |cs: &Cs| {
            let value = BigInt::from(value);
            let input = FieldVar::witness(cs, Some(IntVar::public_value(&value)))?;
            let bits = decompose(cs, value.to_biguint().or(Some(BigUint::ZERO)).as_ref(), 16)?;
            recompose(&bits).enforce_equal(cs, &input)
        }
    };
    assert!(holds(check(0)) && holds(check(65_535)));
    assert!(!holds(check(65_536)) && !holds(check(-1)));
}

#[test]
fn comparison_decides_every_order() {
    for (left, right) in [(0u64, 0u64), (0, 255), (255, 0), (7, 8), (8, 7), (255, 255)] {
        assert_eq!(holds(move |cs| uint(cs, 8, left).enforce_le(cs, &uint(cs, 8, right))), left <= right);
        assert_eq!(holds(move |cs| uint(cs, 8, left).enforce_lt(cs, &uint(cs, 8, right))), left < right);
        assert!(holds(move |cs| {
            let (x, y) = (uint(cs, 8, left), uint(cs, 8, right));
            assert_eq!(x.is_le(cs, &y)?.value(), Some(left <= right));
            Ok(())
        }));
    }
    let circuit = TestCircuit::new(|cs| uint(cs, 8, 3).enforce_le(cs, &uint(cs, 8, 200)));
    assert_eq!(satisfied(&circuit), 8 + 8 + 8 + 1);
    assert_tight(&circuit);
    let decided = TestCircuit::new(|cs| uint(cs, 8, 3).is_le(cs, &uint(cs, 8, 200)).map(|_| ()));
    assert_eq!(satisfied(&decided), 8 + 8 + 9 + 1);
    assert_tight(&decided);
}

#[test]
fn the_widest_integers_still_compare_without_wrapping() {
    let widest: BigUint = (BigUint::from(1u8) << 250u32) - 1u8;
    let compare = move |left: BigUint, right: BigUint| {
        holds(move |cs| {
            let x = IntVar::witness(cs, 250, Some(&left))?;
            IntVar::witness(cs, 250, Some(&right))?.enforce_le(cs, &x)
        })
    };
    assert!(compare(widest.clone(), BigUint::ZERO));
    assert!(compare(widest.clone(), widest.clone()));
    assert!(!compare(BigUint::ZERO, widest.clone()));
    assert!(!compare(&widest - 1u8, widest));
}

#[test]
fn arithmetic_on_signed_integers_follows_the_integers() {
    assert!(holds(|cs| {
        let x = uint(cs, 8, 5).sub(&uint(cs, 8, 9))?;
        assert_eq!(x.value(), Some(BigInt::from(-4)));
        assert_eq!(x.bounds(), (&BigInt::from(-255), &BigInt::from(255)));
        assert_eq!(x.neg().value(), Some(BigInt::from(4)));
        assert_eq!(x.scale(-3)?.value(), Some(BigInt::from(12)));
        assert_eq!(x.mul(cs, &uint(cs, 4, 6))?.value(), Some(BigInt::from(-24)));
        assert_eq!(x.mul(cs, &uint(cs, 4, 6))?.bounds(), (&BigInt::from(-3825), &BigInt::from(3825)));
        assert_eq!(x.square(cs)?.bounds(), (&BigInt::ZERO, &BigInt::from(65_025)));
        let chosen = IntVar::select(cs, &BoolVar::witness(cs, Some(true))?, &x, &IntVar::constant(1_000)?)?;
        assert_eq!(chosen.value(), Some(BigInt::from(-4)));
        assert_eq!(chosen.bounds(), (&BigInt::from(-255), &BigInt::from(1_000)));
        assert_eq!(IntVar::sum([&x, &x, &x])?.bounds(), (&BigInt::from(-765), &BigInt::from(765)));
        Ok(())
    }));
    assert!(!holds(|cs| uint(cs, 8, 5).sub(&uint(cs, 8, 9))?.enforce_nonnegative(cs)));
    assert!(!holds(|cs| uint(cs, 8, 5).enforce_equal(cs, &uint(cs, 8, 9))));
}

#[test]
fn public_integers_are_range_checked_in_the_circuit() {
    let signed = |value: i64| TestCircuit {
        inputs: vec![IntVar::public_value(&BigInt::from(value))],
        body: move |cs: &Cs| {
            let read = IntVar::signed_input(cs, 8, Some(&BigInt::from(value)))?;
            assert_eq!(read.value(), Some(BigInt::from(value)));
            assert_eq!(read.bounds(), (&BigInt::from(-256), &BigInt::from(255)));
            Ok(())
        },
    };
    for value in [-256, -1, 0, 255] {
        assert_eq!(satisfied(&signed(value)), 10);
        assert_tight(&signed(value));
    }
    let unsigned = |value: u64| TestCircuit {
        inputs: vec![Fr::from(value)],
        body: move |cs: &Cs| IntVar::input(cs, 8, Some(&BigUint::from(value))).map(|_| ()),
    };
    assert_eq!(satisfied(&unsigned(255)), 9);
    assert_tight(&unsigned(255));
    assert!(crate::testing::Instance::new(&unsigned(256)).unwrap().first_violated().is_some());
}

#[test]
fn operations_that_could_wrap_are_refused_whatever_the_values() {
    let covariance_squared = wrap(|cs| {
        let covariance = uint(cs, 192, 1).sub(&uint(cs, 192, 1))?;
        covariance.square(cs).map(|_| ())
    });
    assert_eq!(covariance_squared, Some(("a product", 384)));
    assert_eq!(wrap(|cs| uint(cs, 126, 0).square(cs).map(|_| ())), Some(("a product", 252)));
    assert_eq!(wrap(|cs| uint(cs, 125, 0).square(cs).map(|_| ())), None);
    assert_eq!(wrap(|cs| uint(cs, 251, 0).add(&uint(cs, 251, 0)).map(|_| ())), Some(("a sum", 252)));
    assert_eq!(wrap(|cs| uint(cs, 251, 0).sub(&uint(cs, 251, 0)).map(|_| ())), None);
    assert_eq!(wrap(|cs| uint(cs, 251, 0).scale(2).map(|_| ())), Some(("a multiple", 252)));
    assert_eq!(wrap(|cs| IntVar::witness(cs, 252, None).map(|_| ())), Some(("a witness", 252)));
    assert_eq!(wrap(|cs| IntVar::input(cs, 252, None).map(|_| ())), Some(("a public input", 252)));
    assert_eq!(wrap(|_| IntVar::constant(BigInt::from(1) << 251).map(|_| ())), Some(("a constant", 252)));
    assert_eq!(wrap(|cs| IntVar::sum([&uint(cs, 251, 0), &uint(cs, 1, 1)]).map(|_| ())), Some(("a sum", 252)));
    assert_eq!(wrap(|cs| uint(cs, 251, 0).is_le(cs, &uint(cs, 251, 0)).map(|_| ())), Some(("a constant", 252)));
}

#[test]
fn a_missing_value_is_an_error_and_not_a_zero() {
    let circuit = TestCircuit::new(|cs| BoolVar::witness(cs, None).map(|_| ()));
    assert!(matches!(crate::testing::refusal(&circuit), ProveError::Synthesis(_)));
}

#[test]
fn a_merkle_root_follows_the_position_bits() {
    let [leaf, a, b]: [Fr; 3] = elements(3).try_into().unwrap();
    // Position 2: right at no level, left... bit 0 is 0, bit 1 is 1.
    let expected = hash2(b, hash2(leaf, a));
    let circuit = TestCircuit::new(move |cs| {
        let leaf = FieldVar::witness(cs, Some(leaf))?;
        let bits = [BoolVar::witness(cs, Some(false))?, BoolVar::witness(cs, Some(true))?];
        let root = merkle_root(cs, &leaf, &bits, &witnesses(cs, &[a, b]))?;
        root.enforce_equal(cs, &FieldVar::constant(expected))
    });
    assert_eq!(satisfied(&circuit), 2 + 2 * 241 + 1);
    assert_tight(&circuit);
    assert_eq!(wrap_or_length(|cs| merkle_root(cs, &FieldVar::zero(), &[], &witnesses(cs, &[a])).map(|_| ())), (0, 1));
}
