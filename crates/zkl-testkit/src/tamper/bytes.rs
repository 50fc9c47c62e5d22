//! Changes of a byte string.

use std::fmt::Debug;

use rand_chacha::{
    ChaCha8Rng,
    rand_core::{RngCore, SeedableRng},
};

use super::TamperReport;

/// One change of a byte string.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Mutation {
    /// One bit is inverted.
    FlipBit {
        /// Byte position.
        position: usize,
        /// Bit, 0 is the least significant.
        bit: u8,
    },
    /// One byte has another value.
    Set {
        /// Byte position.
        position: usize,
        /// New value.
        value: u8,
    },
    /// One byte is missing.
    Delete {
        /// Byte position.
        position: usize,
    },
    /// There is one byte more.
    Insert {
        /// Position of the new byte.
        position: usize,
        /// Its value.
        value: u8,
    },
    /// The input ends early.
    Truncate {
        /// Bytes that are left.
        len: usize,
    },
    /// The input goes on.
    Extend {
        /// What follows it.
        tail: Vec<u8>,
    },
}

impl Mutation {
    /// `original` with this change. Positions outside it change nothing.
    pub fn apply(&self, original: &[u8]) -> Vec<u8> {
        let mut bytes = original.to_vec();
        match self {
            Self::FlipBit { position, bit } => {
                if let Some(byte) = bytes.get_mut(*position) {
                    *byte ^= 1 << (bit % 8);
                }
            }
            Self::Set { position, value } => {
                if let Some(byte) = bytes.get_mut(*position) {
                    *byte = *value;
                }
            }
            Self::Delete { position } => {
                if *position < bytes.len() {
                    bytes.remove(*position);
                }
            }
            Self::Insert { position, value } => {
                if *position <= bytes.len() {
                    bytes.insert(*position, *value);
                }
            }
            Self::Truncate { len } => bytes.truncate(*len),
            Self::Extend { tail } => bytes.extend_from_slice(tail),
        }
        bytes
    }
}

/// How thoroughly a byte string is tampered with.
///
/// At each chosen position: one flipped bit, another value, a deletion, two insertions (zero and a copy of the byte), a
/// truncation; besides that, extensions. All positions are chosen if there are at most `max_positions`, else a seeded
/// sample that contains the first and last 64.
#[derive(Clone, Copy, Debug)]
pub struct ByteTampering {
    /// Most positions to try.
    pub max_positions: usize,
    /// Seed of the sample and of the values.
    pub seed: u64,
}

impl Default for ByteTampering {
    fn default() -> Self {
        Self { max_positions: 2_048, seed: 0 }
    }
}

impl ByteTampering {
    const EDGE: usize = 64;

    /// Runs `check` on every changed version of `original`.
    ///
    /// # Panics
    /// When `check` rejects `original` itself: then the report would say nothing.
    #[track_caller]
    pub fn run<E: Debug>(self, original: &[u8], check: impl Fn(&[u8]) -> Result<(), E>) -> TamperReport<Mutation> {
        let accepted = check(original);
        assert!(accepted.is_ok(), "the untouched input is rejected: {accepted:?}");
        TamperReport::attempts(self.mutations(original), |mutation| check(&mutation.apply(original)).is_ok())
    }

    /// The changes, each of which makes a difference.
    pub fn mutations(self, original: &[u8]) -> Vec<Mutation> {
        let mut rng = ChaCha8Rng::seed_from_u64(self.seed);
        let mut mutations = Vec::new();
        for position in self.positions(original.len(), &mut rng) {
            let byte = original[position];
            let [first, second, ..] = rng.next_u64().to_le_bytes();
            mutations.push(Mutation::FlipBit { position, bit: first % 8 });
            mutations.push(Mutation::Set { position, value: byte.wrapping_add(second.max(1)) });
            mutations.push(Mutation::Delete { position });
            mutations.push(Mutation::Insert { position, value: 0 });
            mutations.push(Mutation::Insert { position, value: byte });
            mutations.push(Mutation::Truncate { len: position });
        }
        let again = original[..original.len().min(4_096)].to_vec();
        let tails = [vec![0], vec![b'\n'], vec![b' '], vec![0xff; 33], again];
        mutations.extend(tails.into_iter().filter(|tail| !tail.is_empty()).map(|tail| Mutation::Extend { tail }));
        mutations
    }

    fn positions(self, len: usize, rng: &mut ChaCha8Rng) -> Vec<usize> {
        if len <= self.max_positions {
            return (0..len).collect();
        }
        let edges = (0..Self::EDGE.min(len)).chain(len.saturating_sub(Self::EDGE)..len);
        let inner = self.max_positions.saturating_sub(2 * Self::EDGE);
        let mut positions: Vec<usize> = edges.collect();
        positions.extend((0..inner).map(|_| (rng.next_u64() % len as u64) as usize));
        positions.sort_unstable();
        positions.dedup();
        positions
    }
}

#[cfg(test)]
mod tests {
    use zkl_core::digest::Sha256Digest;

    use super::*;

    fn sealed(bytes: &[u8]) -> Vec<u8> {
        [bytes, Sha256Digest::of(bytes).as_bytes()].concat()
    }

    fn check(bytes: &[u8]) -> Result<(), &'static str> {
        let (body, digest) = bytes.split_last_chunk::<32>().ok_or("short")?;
        if Sha256Digest::of(body).as_bytes() == digest { Ok(()) } else { Err("digest") }
    }

    #[test]
    fn a_check_of_every_byte_passes() {
        let report = ByteTampering::default().run(&sealed(b"some content"), check);
        assert_eq!(report.tried, 6 * 44 + 5);
        report.assert_all_rejected();
    }

    #[test]
    fn every_mutation_makes_a_difference() {
        for original in [&b""[..], b"a", b"aaaa", &[0; 300]] {
            for mutation in ByteTampering::default().mutations(original) {
                assert_ne!(mutation.apply(original), original, "{mutation:?}");
            }
        }
    }

    #[test]
    fn an_unchecked_byte_is_reported() {
        let careless = |bytes: &[u8]| {
            let mut bytes = bytes.to_vec();
            if let Some(byte) = bytes.get_mut(3) {
                *byte = b'e';
            }
            check(&bytes)
        };
        let report = ByteTampering::default().run(&sealed(b"some content"), careless);
        let at_three = |mutation: &Mutation| {
            matches!(mutation, Mutation::FlipBit { position: 3, .. } | Mutation::Set { position: 3, .. })
        };
        assert_eq!(report.accepted.len(), 2);
        assert!(report.accepted.iter().all(at_three));
        report.assert_accepted_only(at_three);
    }

    #[test]
    fn a_panic_is_reported_apart_from_an_acceptance() {
        let report = ByteTampering::default().run(&[1, 2, 3], |bytes| {
            assert!(bytes.len() != 2, "a decoder that trusts a length");
            if bytes == [1, 2, 3] { Ok(()) } else { Err(()) }
        });
        assert!(report.accepted.is_empty());
        assert_eq!(report.panicked.len(), 3 + 1, "three deletions, one truncation");
    }

    #[test]
    #[should_panic(expected = "the untouched input is rejected")]
    fn a_check_that_rejects_everything_proves_nothing() {
        ByteTampering::default().run(b"abc", |_| Err(()));
    }

    #[test]
    fn long_inputs_are_sampled_with_both_ends() {
        let sample = ByteTampering { max_positions: 300, seed: 7 };
        let long = vec![5; 1 << 20];
        let positions = sample.positions(long.len(), &mut ChaCha8Rng::seed_from_u64(7));
        assert!(positions.len() <= 300 && positions.len() > 250);
        assert_eq!(positions[..64], (0..64).collect::<Vec<_>>());
        assert_eq!(positions.last(), Some(&(long.len() - 1)));
        assert_eq!(sample.mutations(&long[..1_000]), sample.mutations(&long[..1_000]));
    }
}
