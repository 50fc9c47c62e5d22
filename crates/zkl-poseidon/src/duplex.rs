//! The transcript's duplex: one permutation per message, as wide as the message.
//!
//! # Construction
//! ```text
//! state      one element c, the capacity; c_0 is the domain
//! squeeze    everything absorbed since the last squeeze, m_1 .. m_k, in ceil(k / 8) blocks of sizes that differ by at most 1;
//!            per block (c, z_1 .. z_r) = P_(r+1)(c, m_1 .. m_r); then z_1, z_2, .. of the last block
//!            nothing absorbed, and no z left: (c, z_1) = P_2(c + 1, 0)
//! ```
//! P_t is Poseidon on t elements. A block overwrites the whole rate, so that nothing but c goes from one to the next, and
//! the width can change from block to block: a message of two elements costs a permutation of three, one of eight costs a
//! permutation of nine instead of two of five.
//!
//! # Soundness
//! The overwrite mode of a duplex is as secure as the sponge (Bertoni-Daemen-Peeters-Van Assche 2011/499, section 6.2,
//! <https://eprint.iacr.org/2011/499>): with the P_t as random permutations, two histories differ until their capacities
//! collide, about `q^2 / 2^254` for q calls in both directions. The P_t are different permutations (their constants are
//! derived from t), so blocks of different lengths do not collide more than that; an empty squeeze marks the capacity. A
//! transcript has one fixed schedule of lengths besides.
//!
//! | symbol | here |
//! |---|---|
//! | c | `capacity` |
//! | m | `pending` |
//! | z | `outputs` |

use zkl_core::ark::{
    Fr,
    ff::{One as _, Zero as _},
};

use crate::{
    encode::Domain,
    params::{MAX_WIDTH, Poseidon, Width},
    permutation::permute,
};

/// Most elements of a block.
pub const DUPLEX_RATE: usize = MAX_WIDTH - 1;

/// Sizes of the blocks of a message of `len` elements.
pub fn duplex_blocks(len: usize) -> impl Iterator<Item = usize> {
    let count = len.div_ceil(DUPLEX_RATE);
    (0..count).map(move |block| len / count + usize::from(block < len % count))
}

/// A duplex over Poseidon whose width follows the messages.
#[derive(Clone)]
pub struct Duplex {
    capacity: Fr,
    /// Absorbed and not yet compressed.
    pending: Vec<Fr>,
    /// Not yet squeezed, in reverse order.
    outputs: Vec<Fr>,
}

impl Duplex {
    /// A duplex for one use of the hash.
    pub fn new(domain: Domain) -> Self {
        Self { capacity: domain.element(), pending: Vec::new(), outputs: Vec::new() }
    }

    /// Absorbs `elements` in order. Two calls absorb what one call with their concatenation does.
    pub fn absorb(&mut self, elements: &[Fr]) {
        self.pending.extend_from_slice(elements);
    }

    /// Squeezes one element.
    pub fn squeeze(&mut self) -> Fr {
        if !self.pending.is_empty() {
            let pending = std::mem::take(&mut self.pending);
            let mut rest = pending.as_slice();
            for size in duplex_blocks(pending.len()) {
                let (block, tail) = rest.split_at(size);
                self.compress(block);
                rest = tail;
            }
        }
        if let Some(output) = self.outputs.pop() {
            return output;
        }
        self.capacity += Fr::one();
        self.compress(&[Fr::zero()]);
        self.outputs.pop().unwrap_or_default()
    }

    fn compress(&mut self, block: &[Fr]) {
        let mut state = [Fr::zero(); MAX_WIDTH];
        state[0] = self.capacity;
        for (element, message) in state[1..].iter_mut().zip(block) {
            *element = *message;
        }
        match block.len() {
            1 => permute_first::<2>(&mut state),
            2 => permute_first::<3>(&mut state),
            3 => permute_first::<4>(&mut state),
            4 => permute_first::<5>(&mut state),
            5 => permute_first::<6>(&mut state),
            6 => permute_first::<7>(&mut state),
            7 => permute_first::<8>(&mut state),
            _ => permute_first::<9>(&mut state),
        }
        self.capacity = state[0];
        self.outputs = state[1..=block.len()].iter().rev().copied().collect();
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

#[cfg(test)]
mod tests {
    use super::*;

    const TEST: Domain = Domain::new("test/duplex");

    fn elements(range: std::ops::Range<u64>) -> Vec<Fr> {
        range.map(Fr::from).collect()
    }

    #[test]
    fn a_message_takes_one_permutation_as_wide_as_it_is() {
        let mut duplex = Duplex::new(TEST);
        duplex.absorb(&elements(1..3));
        duplex.absorb(&elements(3..4));
        let mut state = [TEST.element(), Fr::from(1), Fr::from(2), Fr::from(3)];
        permute(&mut state);
        assert_eq!([duplex.squeeze(), duplex.squeeze(), duplex.squeeze()], state[1..]);

        // The capacity alone goes on; more output than input takes an empty block of its own.
        let mut next = [state[0] + Fr::one(), Fr::zero()];
        permute(&mut next);
        assert_eq!(duplex.squeeze(), next[1]);
        duplex.absorb(&elements(7..8));
        let mut last = [next[0], Fr::from(7)];
        permute(&mut last);
        assert_eq!(duplex.squeeze(), last[1]);
    }

    #[test]
    fn long_messages_are_cut_into_even_blocks() {
        let cut = |len| duplex_blocks(len).collect::<Vec<_>>();
        assert_eq!((cut(0), cut(1), cut(8)), (vec![], vec![1], vec![8]));
        assert_eq!((cut(9), cut(14), cut(17)), (vec![5, 4], vec![7, 7], vec![6, 6, 5]));
        let mut duplex = Duplex::new(TEST);
        duplex.absorb(&elements(0..9));
        let mut first: [Fr; 6] = [TEST.element(), 0.into(), 1.into(), 2.into(), 3.into(), 4.into()];
        permute(&mut first);
        let mut second: [Fr; 5] = [first[0], 5.into(), 6.into(), 7.into(), 8.into()];
        permute(&mut second);
        assert_eq!([(); 4].map(|()| duplex.squeeze()), second[1..]);
    }

    #[test]
    fn unread_outputs_are_dropped_by_the_next_message() {
        let [mut one, mut other] = [(); 2].map(|()| Duplex::new(TEST));
        one.absorb(&elements(0..4));
        other.absorb(&elements(0..4));
        one.squeeze();
        let _ = (other.squeeze(), other.squeeze(), other.squeeze());
        one.absorb(&elements(4..6));
        other.absorb(&elements(4..6));
        assert_eq!(one.squeeze(), other.squeeze());
    }

    #[test]
    fn every_element_length_and_domain_matters() {
        let challenge = |domain, messages: &[&[Fr]]| {
            let mut duplex = Duplex::new(domain);
            let mut last = Fr::zero();
            for message in messages {
                duplex.absorb(message);
                last = duplex.squeeze();
            }
            last
        };
        let zero = Fr::zero();
        let all = [
            challenge(TEST, &[&[]]),
            challenge(TEST, &[&[zero]]),
            challenge(TEST, &[&[zero, zero]]),
            challenge(TEST, &[&[zero], &[zero]]),
            challenge(TEST, &[&[zero; 8]]),
            challenge(TEST, &[&[zero; 9]]),
            challenge(TEST, &[&[zero; 8], &[zero]]),
            challenge(Domain::new("test/other"), &[&[zero]]),
        ];
        for (i, a) in all.iter().enumerate() {
            assert!(all[i + 1..].iter().all(|b| a != b), "{i}");
        }
        for changed in 0..20 {
            let mut message = elements(0..20);
            message[changed] += Fr::one();
            assert_ne!(challenge(TEST, &[&message]), challenge(TEST, &[&elements(0..20)]), "{changed}");
        }
    }
}
