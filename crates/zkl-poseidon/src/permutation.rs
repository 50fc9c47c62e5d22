//! The permutation, and circomlib's two-to-one hash.

use zkl_core::ark::{
    Fr,
    ff::{Field as _, Zero as _},
};

use crate::params::{FULL_ROUNDS, Parameters, Poseidon, Width, apply};

/// `x^5`.
#[inline]
fn sbox(x: Fr) -> Fr {
    x.square().square() * x
}

/// Applies Poseidon to a state of `T` elements, 2 to 9.
pub fn permute<const T: usize>(state: &mut [Fr; T])
where
    Poseidon: Width<T>,
{
    permute_with(state, sbox);
}

/// [`permute`] with an S-box of the caller's, which sees its inputs in the order in which a circuit writes them: round by
/// round, position by position, position 0 alone in partial rounds. It must return the fifth power.
pub fn permute_with<const T: usize>(state: &mut [Fr; T], mut sbox: impl FnMut(Fr) -> Fr)
where
    Poseidon: Width<T>,
{
    let parameters: &'static Parameters<T> = <Poseidon as Width<T>>::parameters();
    for round in 0..FULL_ROUNDS / 2 {
        full_round(state, parameters, round, &mut sbox);
    }
    for round in &parameters.partial {
        state[0] = sbox(state[0] + round.constant);
        let first = Fr::sum_of_products(&round.row, state);
        let y = state[0];
        for (element, weight) in state.iter_mut().zip(&round.column).skip(1) {
            *element += y * weight;
        }
        state[0] = first;
    }
    for round in FULL_ROUNDS / 2..FULL_ROUNDS {
        full_round(state, parameters, round, &mut sbox);
    }
}

#[inline]
fn full_round<const T: usize>(
    state: &mut [Fr; T],
    parameters: &Parameters<T>,
    round: usize,
    mut sbox: impl FnMut(Fr) -> Fr,
) {
    for (element, constant) in state.iter_mut().zip(parameters.full_constants(round)) {
        *element = sbox(*element + constant);
    }
    *state = apply(parameters.full_matrix(round), state);
}

/// circomlib's hash of two elements: the permutation of `(0, left, right)`, first element out. For the nodes of Merkle
/// trees, which have a fixed shape; a message of any other form goes through the sponge.
pub fn hash2(left: Fr, right: Fr) -> Fr {
    let mut state = [Fr::zero(), left, right];
    permute(&mut state);
    state[0]
}

#[cfg(test)]
mod tests {
    use std::str::FromStr as _;

    use super::*;

    fn plain<const T: usize>(state: &mut [Fr; T])
    where
        Poseidon: Width<T>,
    {
        let parameters = <Poseidon as Width<T>>::parameters();
        let rounds = parameters.round_constants.len();
        for (index, constants) in parameters.round_constants.iter().enumerate() {
            for (element, constant) in state.iter_mut().zip(constants) {
                *element += constant;
            }
            let full = index < FULL_ROUNDS / 2 || index >= rounds - FULL_ROUNDS / 2;
            for element in state.iter_mut().take(if full { T } else { 1 }) {
                *element = element.pow([5]);
            }
            *state = apply(&parameters.mds, state);
        }
    }

    fn compare<const T: usize>()
    where
        Poseidon: Width<T>,
    {
        for seed in 0..4u64 {
            let mut fast: [Fr; T] = std::array::from_fn(|i| Fr::from(seed * 1_000 + i as u64).pow([7]));
            let mut slow = fast;
            permute(&mut fast);
            plain(&mut slow);
            assert_eq!(fast, slow, "width {T}");
        }
    }

    #[test]
    fn sparse_partial_rounds_equal_the_plain_ones_for_every_width() {
        compare::<2>();
        compare::<3>();
        compare::<4>();
        compare::<5>();
        compare::<6>();
        compare::<7>();
        compare::<8>();
        compare::<9>();
    }

    /// First element of the permutation of `(0, inputs)`: what circomlib calls poseidon(inputs).
    fn circomlib<const T: usize>(inputs: &[u64]) -> Fr
    where
        Poseidon: Width<T>,
    {
        assert_eq!(inputs.len() + 1, T);
        let mut state = [Fr::zero(); T];
        for (element, &input) in state[1..].iter_mut().zip(inputs) {
            *element = Fr::from(input);
        }
        permute(&mut state);
        state[0]
    }

    // Vectors: iden3/circomlibjs test/poseidon.js and iden3/go-iden3-crypto poseidon/poseidon_test.go.
    #[test]
    fn equals_the_published_circomlib_hashes() {
        let expect = |text: &str| Fr::from_str(text).unwrap();
        assert_eq!(
            circomlib::<2>(&[1]),
            expect("18586133768512220936620570745912940619677854269274689475585506675881198879027")
        );
        assert_eq!(
            circomlib::<3>(&[1, 2]),
            expect("7853200120776062878684798364095072458815029376092732009249414926327459813530")
        );
        assert_eq!(
            circomlib::<5>(&[1, 2, 3, 4]),
            expect("18821383157269793795438455681495246036402687001665670618754263018637548127333")
        );
        assert_eq!(
            circomlib::<6>(&[1, 2, 0, 0, 0]),
            expect("1018317224307729531995786483840663576608797660851238720571059489595066344487")
        );
        assert_eq!(hash2(Fr::from(1), Fr::from(2)), circomlib::<3>(&[1, 2]));
    }
}
