//! The duplex sponge: capacity one element, at position 0, holding the domain.
//!
//! Absorbs and squeezes as `ark_crypto_primitives`' `PoseidonSponge` does with the same parameters and the same initial
//! capacity: elements are added to positions 1 to RATE, and squeezed from there. It is another function than
//! [`hash2`](crate::hash2), which outputs position 0.

use zkl_core::ark::{Fr, ff::Zero as _};

use crate::{
    encode::Domain,
    params::{MAX_WIDTH, Poseidon, Width},
    permutation::permute,
};

/// Rate of [`hash_many`].
pub const HASH_MANY_RATE: usize = 5;

/// A sponge that takes `RATE` elements per permutation, 1 to 8. Absorbing after squeezing is allowed, so that it serves
/// as a Fiat-Shamir transcript; squeezing after absorbing always permutes first.
#[derive(Clone)]
pub struct Sponge<const RATE: usize> {
    /// Positions `0..=RATE` are in use.
    state: [Fr; MAX_WIDTH],
    mode: Mode,
}

#[derive(Clone, Copy)]
enum Mode {
    /// The rate position that the next absorbed element goes to.
    Absorbing(usize),
    /// The rate position that the next squeezed element comes from.
    Squeezing(usize),
}

impl<const RATE: usize> Sponge<RATE> {
    const SUPPORTED: () = assert!(RATE >= 1 && RATE < MAX_WIDTH, "unsupported sponge rate");

    /// An empty sponge for one use of the hash.
    pub fn new(domain: Domain) -> Self {
        Self::with_capacity_element(domain.element())
    }

    /// An empty sponge whose capacity starts as `capacity`: a domain element, possibly with a length added.
    pub fn with_capacity_element(capacity: Fr) -> Self {
        let () = Self::SUPPORTED;
        let mut state = [Fr::zero(); MAX_WIDTH];
        state[0] = capacity;
        Self { state, mode: Mode::Absorbing(0) }
    }

    /// Absorbs `elements` in order. Two calls absorb what one call with their concatenation does.
    pub fn absorb(&mut self, elements: &[Fr]) {
        if elements.is_empty() {
            return;
        }
        let mut position = match self.mode {
            Mode::Absorbing(position) => position,
            Mode::Squeezing(_) => 0,
        };
        for element in elements {
            if position == RATE {
                self.permute();
                position = 0;
            }
            self.state[1 + position] += element;
            position += 1;
        }
        self.mode = Mode::Absorbing(position);
    }

    /// Squeezes one element.
    pub fn squeeze(&mut self) -> Fr {
        let position = match self.mode {
            Mode::Squeezing(position) if position < RATE => position,
            Mode::Squeezing(_) | Mode::Absorbing(_) => {
                self.permute();
                0
            }
        };
        self.mode = Mode::Squeezing(position + 1);
        self.state[1 + position]
    }

    fn permute(&mut self) {
        match RATE {
            1 => permute_first::<2>(&mut self.state),
            2 => permute_first::<3>(&mut self.state),
            3 => permute_first::<4>(&mut self.state),
            4 => permute_first::<5>(&mut self.state),
            5 => permute_first::<6>(&mut self.state),
            6 => permute_first::<7>(&mut self.state),
            7 => permute_first::<8>(&mut self.state),
            _ => permute_first::<9>(&mut self.state),
        }
    }
}

fn permute_first<const T: usize>(state: &mut [Fr; MAX_WIDTH])
where
    Poseidon: Width<T>,
{
    if let Some(first) = state.first_chunk_mut::<T>() {
        permute(first);
    }
}

/// The initial capacity of [`hash_many`] for a message of `len` elements: the domain's element plus `len`.
pub fn hash_many_capacity(domain: Domain, len: usize) -> Fr {
    domain.element() + Fr::from(len as u64)
}

/// Hash of a message of any length: the rate-5 sponge whose capacity starts as the domain's element plus the length, one
/// element squeezed. Messages of different lengths or domains start from different capacities, so zero padding of the
/// last block is unambiguous.
pub fn hash_many(domain: Domain, elements: &[Fr]) -> Fr {
    let mut sponge = Sponge::<HASH_MANY_RATE>::with_capacity_element(hash_many_capacity(domain, elements.len()));
    sponge.absorb(elements);
    sponge.squeeze()
}

#[cfg(test)]
mod tests {
    use ark_crypto_primitives::sponge::{
        CryptographicSponge as _, FieldBasedCryptographicSponge as _,
        poseidon::{PoseidonConfig, PoseidonSponge},
    };
    use proptest::prelude::*;

    use super::*;
    use crate::params::{FULL_ROUNDS, partial_rounds};

    const TEST: Domain = Domain::new("test/sponge");

    fn ark_sponge<const T: usize>(domain: Domain) -> PoseidonSponge<Fr>
    where
        Poseidon: Width<T>,
    {
        let parameters = <Poseidon as Width<T>>::parameters();
        let config = PoseidonConfig::new(
            FULL_ROUNDS,
            partial_rounds(T).unwrap(),
            5,
            parameters.mds.iter().map(|row| row.to_vec()).collect(),
            parameters.round_constants.iter().map(|row| row.to_vec()).collect(),
            T - 1,
            1,
        );
        let mut sponge = PoseidonSponge::new(&config);
        sponge.state[0] = domain.element();
        sponge
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(16))]

        #[test]
        fn equals_the_arkworks_sponge_on_any_schedule(
            schedule in proptest::collection::vec((proptest::collection::vec(any::<u64>(), 0..12), 0usize..8), 1..6),
        ) {
            let (mut ours2, mut theirs2) = (Sponge::<2>::new(TEST), ark_sponge::<3>(TEST));
            let (mut ours5, mut theirs5) = (Sponge::<5>::new(TEST), ark_sponge::<6>(TEST));
            for (absorb, squeeze) in schedule {
                let elements: Vec<Fr> = absorb.into_iter().map(Fr::from).collect();
                ours2.absorb(&elements);
                theirs2.absorb(&elements);
                ours5.absorb(&elements);
                theirs5.absorb(&elements);
                for _ in 0..squeeze {
                    prop_assert_eq!(ours2.squeeze(), theirs2.squeeze_native_field_elements(1)[0]);
                    prop_assert_eq!(ours5.squeeze(), theirs5.squeeze_native_field_elements(1)[0]);
                }
            }
        }
    }

    #[test]
    fn the_sponge_and_the_two_to_one_hash_are_different_functions() {
        let (left, right) = (Fr::from(1), Fr::from(2));
        let mut sponge = Sponge::<2>::with_capacity_element(Fr::zero());
        sponge.absorb(&[left, right]);
        assert_ne!(sponge.squeeze(), crate::hash2(left, right));
    }

    #[test]
    fn hash_many_separates_lengths_and_domains() {
        let zero = Fr::zero();
        let hashes = [
            hash_many(TEST, &[]),
            hash_many(TEST, &[zero]),
            hash_many(TEST, &[zero, zero]),
            hash_many(TEST, &[zero; 5]),
            hash_many(TEST, &[zero; 6]),
            hash_many(Domain::new("test/other"), &[zero]),
        ];
        for (i, a) in hashes.iter().enumerate() {
            assert!(hashes[i + 1..].iter().all(|b| a != b), "{i}");
        }
    }
}
