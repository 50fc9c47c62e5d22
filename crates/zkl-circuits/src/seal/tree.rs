//! The Merkle tree of records: 1,024 leaves, whatever the table.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use zkl_core::{
    ark::{
        Fr,
        ff::{BigInteger as _, PrimeField as _},
        serialize::CanonicalDeserialize as _,
    },
    layout::Layout,
};
use zkl_poseidon::{Domain, hash2};
use zkl_snark::gadgets::{BoolVar, Cs, FieldVar, GadgetError, decompose, merkle_root, recompose};

use super::SealError;

/// Levels of the tree above its leaves.
pub const DEPTH: usize = 10;
/// Leaves of the tree.
pub const LEAVES: usize = 1 << DEPTH;

/// The leaf where there is no record: a hash of a text, for which nobody knows a record.
pub fn empty_leaf() -> Fr {
    Domain::new("zkl/seal/v1/empty").element()
}

/// Position of a record among the leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecordIndex(u16);

impl RecordIndex {
    /// The header.
    pub const HEADER: Self = Self(0);

    /// The record of column `column`, or `None` when the layout has fewer columns.
    pub fn column(layout: &Layout, column: usize) -> Option<Self> {
        (column < layout.columns().len()).then(|| Self(1 + column as u16))
    }

    /// The record of pair `pair`, or `None` when the layout has fewer pairs.
    pub fn pair(layout: &Layout, pair: usize) -> Option<Self> {
        (pair < layout.pairs().len()).then(|| Self((1 + layout.columns().len() + pair) as u16))
    }

    /// For positions that a valid layout bounds.
    pub(super) const fn new_unchecked(leaf: usize) -> Self {
        Self(leaf as u16)
    }

    /// The leaf number, 0 to 1,023.
    pub const fn get(self) -> u16 {
        self.0
    }

    /// The public input that a claim circuit takes for this index.
    pub fn public_input(self) -> Fr {
        Fr::from(self.0)
    }
}

/// A record's index in a circuit.
#[derive(Clone)]
pub struct RecordIndexVar {
    bits: Vec<BoolVar>,
}

impl RecordIndexVar {
    /// The next public input, as [`RecordIndex::public_input`]: 11 constraints.
    ///
    /// # Errors
    /// `AssignmentMissing` when proving without a value.
    pub fn input(cs: &Cs, index: Option<RecordIndex>) -> Result<Self, GadgetError> {
        let input = FieldVar::input(cs, index.map(RecordIndex::public_input))?;
        let value = index.map(|index| index.get().into());
        let bits = decompose(cs, value.as_ref(), DEPTH as u64)?;
        recompose(&bits).enforce_equal(cs, &input)?;
        Ok(Self { bits })
    }

    /// The header's index, a constant of the circuit.
    pub fn header() -> Self {
        Self { bits: vec![BoolVar::constant(false); DEPTH] }
    }
}

/// Siblings of a leaf, from the leaf's level up.
#[derive(Clone, PartialEq, Eq)]
pub struct MerklePath([Fr; DEPTH]);

impl MerklePath {
    /// A path that no seal made, for dishonest provers.
    #[cfg(test)]
    pub(crate) const fn of_siblings(siblings: [Fr; DEPTH]) -> Self {
        Self(siblings)
    }

    /// The siblings, from the leaf's level up.
    pub const fn siblings(&self) -> &[Fr; DEPTH] {
        &self.0
    }

    /// The root of the tree that holds `leaf` at `index`.
    pub fn root(&self, leaf: Fr, index: RecordIndex) -> Fr {
        self.0.iter().enumerate().fold(leaf, |node, (level, &sibling)| {
            if index.get() >> level & 1 == 1 { hash2(sibling, node) } else { hash2(node, sibling) }
        })
    }
}

/// Constrains `leaf` to sit at `index` of the tree with root `h`.
pub(super) fn enforce_opening(
    cs: &Cs,
    leaf: &FieldVar,
    index: &RecordIndexVar,
    path: Option<&MerklePath>,
    h: &FieldVar,
) -> Result<(), GadgetError> {
    let siblings: Vec<FieldVar> =
        (0..DEPTH).map(|level| FieldVar::witness(cs, path.map(|path| path.0[level]))).collect::<Result<_, _>>()?;
    merkle_root(cs, leaf, &index.bits, &siblings)?.enforce_equal(cs, h)
}

/// All nodes that are above a record. The others are constants.
#[derive(Clone)]
pub(super) struct RecordTree {
    /// `levels[l][i]` is node i at height l.
    levels: Vec<Vec<Fr>>,
    /// `empty[l]` is the root of a subtree of height l without records.
    empty: [Fr; DEPTH],
}

impl RecordTree {
    /// The tree of `leaves`, at most [`LEAVES`] of them; callers bound the number through the layout.
    pub(super) fn new(leaves: Vec<Fr>) -> Self {
        let mut empty = [empty_leaf(); DEPTH];
        for level in 1..DEPTH {
            empty[level] = hash2(empty[level - 1], empty[level - 1]);
        }
        let mut levels = vec![leaves];
        for &filler in &empty {
            let below = levels.last().map_or(&[][..], Vec::as_slice);
            let level = below.chunks(2).map(|pair| hash2(pair[0], pair.get(1).copied().unwrap_or(filler))).collect();
            levels.push(level);
        }
        Self { levels, empty }
    }

    pub(super) fn root(&self) -> Fr {
        self.levels[DEPTH][0]
    }

    pub(super) fn leaves(&self) -> &[Fr] {
        &self.levels[0]
    }

    pub(super) fn path(&self, index: RecordIndex) -> MerklePath {
        MerklePath(std::array::from_fn(|level| {
            let sibling = usize::from(index.get()) >> level ^ 1;
            self.levels[level].get(sibling).copied().unwrap_or(self.empty[level])
        }))
    }
}

/// The commitment `h` to a sealed profile.
///
/// Its text is the 32 bytes of the field element, little-endian as everywhere in arkworks, in 64 lower-case hexadecimal
/// digits; a number that is not below the modulus is refused, so that every commitment has one spelling.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SealCommitment(Fr);

impl SealCommitment {
    pub(super) const fn new(root: Fr) -> Self {
        Self(root)
    }

    /// The commitment with these leaves, the header's first, and no other record. A layout bounds their number.
    pub(crate) fn of_leaves(leaves: Vec<Fr>) -> Self {
        Self(RecordTree::new(leaves).root())
    }

    /// Reads 32 little-endian bytes.
    ///
    /// # Errors
    /// [`SealError::Commitment`] when they are not below the field's modulus.
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self, SealError> {
        Fr::deserialize_compressed(bytes.as_slice()).map(Self).map_err(|_| SealError::Commitment)
    }

    /// The 32 little-endian bytes.
    pub fn to_bytes(self) -> [u8; 32] {
        let mut bytes = [0; 32];
        for (byte, value) in bytes.iter_mut().zip(self.0.into_bigint().to_bytes_le()) {
            *byte = value;
        }
        bytes
    }

    /// The field element, the public input `h` of every claim circuit.
    pub const fn field(self) -> Fr {
        self.0
    }
}

impl fmt::Display for SealCommitment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.to_bytes()))
    }
}

impl fmt::Debug for SealCommitment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SealCommitment({self})")
    }
}

impl FromStr for SealCommitment {
    type Err = SealError;

    fn from_str(s: &str) -> Result<Self, SealError> {
        let canonical = s.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        let mut bytes = [0; 32];
        if !canonical || hex::decode_to_slice(s, &mut bytes).is_err() {
            return Err(SealError::Commitment);
        }
        Self::from_bytes(&bytes)
    }
}

impl Serialize for SealCommitment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for SealCommitment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}
