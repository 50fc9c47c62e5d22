//! Every size of a proof, from the key and the link alone.
//!
//! | symbol | here |
//! |---|---|
//! | `m`, `l`, `P` | constraints, public inputs, private variables |
//! | `sx` | rounds of the outer sumcheck, `ceil log2 (m + 1)`: one row is the scheme's |
//! | `L` | entries of the extended witness, `P + 3 + 2 sx` |
//! | `kappa` | variables of a block: those of the link or, without one, `min(16, ceil log2 L)` |
//! | `K` | blocks of `2^kappa` entries, `ceil(L / 2^kappa)` |

use zkl_argument::hyperkzg::{MAX_VARS, MaskedOpening};

use crate::{matrices::Counts, proof_system::VerifyError};

/// Largest number of outer rounds.
pub(super) const MAX_ROUNDS: usize = 22;
/// Longest extended witness.
pub(super) const MAX_LEN: usize = 1 << 22;
/// Largest number of blocks; 64 with the row groups of large scans.
const MAX_BLOCKS: usize = 1024;
/// Variables of a block without a link, at most: a string of 2^16 powers serves every circuit.
const BLOCK_VARS: usize = 16;

/// Sizes of one proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sizes {
    pub(super) inputs: usize,
    pub(super) constraints: usize,
    pub(super) private: usize,
    pub(super) rounds: usize,
    pub(super) len: usize,
    pub(super) kappa: usize,
    pub(super) blocks: usize,
}

impl Sizes {
    /// Sizes under a key whose proofs have a link or not, as `needs_link` says.
    pub(super) fn of_key(needs_link: bool, counts: Counts, link: Option<usize>) -> Result<Self, VerifyError> {
        if link.is_some() != needs_link {
            return Err(VerifyError::Link { needed: needs_link });
        }
        Self::new(counts, link)
    }

    /// `counts` are inside the bounds of keys.
    fn new(counts: Counts, link: Option<usize>) -> Result<Self, VerifyError> {
        let rounds = log2_ceil(counts.num_constraints + 1);
        let private = counts.num_variables - counts.num_inputs;
        let len = private + 3 + 2 * rounds;
        let kappa = match link {
            Some(got) if !(1..=MAX_VARS).contains(&got) => {
                return Err(VerifyError::LinkVariables { max: MAX_VARS, got });
            }
            Some(variables) => variables,
            None => log2_ceil(len).min(BLOCK_VARS),
        };
        let blocks = len.div_ceil(1 << kappa);
        if blocks > MAX_BLOCKS {
            return Err(VerifyError::Blocks { max: MAX_BLOCKS, got: blocks });
        }
        let (inputs, constraints) = (counts.num_inputs - 1, counts.num_constraints);
        Ok(Self { inputs, constraints, private, rounds, len, kappa, blocks })
    }

    /// Variables of a block, so of the opening.
    pub const fn kappa(&self) -> usize {
        self.kappa
    }

    /// Bytes of a proof, `32 (K + 2 sx + 6 kappa + 10)`.
    pub const fn proof_bytes(&self) -> usize {
        let before = 32 * (self.blocks + 3 + 1 + 2 * self.rounds + 2 + 2 * self.kappa + 1);
        match MaskedOpening::encoded_bytes(self.kappa) {
            Ok(opening) => before + opening,
            // Sizes are only made with a kappa that has openings.
            Err(_) => before,
        }
    }
}

const fn log2_ceil(value: usize) -> usize {
    value.next_power_of_two().trailing_zeros() as usize
}
