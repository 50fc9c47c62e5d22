//! The header: which layout, how many rows.

use zkl_core::ark::Fr;
use zkl_poseidon::{Domain, hash_many};
use zkl_snark::gadgets::{Cs, FieldVar, GadgetError, IntVar, hash_many_var};

use super::{COUNT_BITS, Opening, Record, Widths};
use crate::seal::{RecordIndexVar, tree::enforce_opening};

const HEADER: Domain = Domain::new("zkl/seal/v1/header");

/// Leaf 0.
#[derive(Clone, PartialEq, Eq)]
pub struct HeaderRecord {
    /// [`layout_digest`](crate::seal::layout_digest).
    pub layout: Fr,
    /// Rows of the table.
    pub rows: u64,
    /// Makes every commitment fresh.
    pub nonce: Fr,
}

impl Record for HeaderRecord {
    fn leaf(&self) -> Fr {
        hash_many(HEADER, &[self.layout, Fr::from(self.rows), self.nonce])
    }
}

/// The header's leaf in a circuit that knows its layout and rows.
///
/// # Errors
/// Those of the constraint system.
pub(crate) fn header_leaf_var(
    cs: &Cs,
    layout: &FieldVar,
    rows: &FieldVar,
    nonce: &FieldVar,
) -> Result<FieldVar, GadgetError> {
    hash_many_var(cs, HEADER, &[layout.clone(), rows.clone(), nonce.clone()])
}

/// The header in a circuit.
#[derive(Clone)]
pub struct HeaderVar {
    /// The layout's digest.
    pub layout: FieldVar,
    /// Rows of the table, below 2^32.
    pub rows: IntVar,
}

impl HeaderVar {
    /// Opens leaf 0 of `h`.
    ///
    /// # Errors
    /// `AssignmentMissing` when proving without an opening.
    pub fn open(cs: &Cs, opening: Option<&Opening<HeaderRecord>>, h: &FieldVar) -> Result<Self, GadgetError> {
        let (record, leaf) = Self::read(cs, Widths::Format, opening.map(|opening| &opening.record))?;
        enforce_opening(cs, &leaf, &RecordIndexVar::header(), opening.map(|opening| &opening.path), h)?;
        Ok(record)
    }

    /// Reads a record without saying where it is sealed. Returns its leaf beside it.
    ///
    /// # Soundness
    /// The caller must constrain the leaf to be in a seal.
    ///
    /// # Errors
    /// `AssignmentMissing` when proving without a record.
    pub(crate) fn read(
        cs: &Cs,
        widths: Widths,
        record: Option<&HeaderRecord>,
    ) -> Result<(Self, FieldVar), GadgetError> {
        let layout = FieldVar::witness(cs, record.map(|record| record.layout))?;
        let rows = widths.alone(cs, COUNT_BITS, record.map(|record| record.rows.into()).as_ref())?;
        let nonce = FieldVar::witness(cs, record.map(|record| record.nonce))?;
        let leaf = header_leaf_var(cs, &layout, rows.field(), &nonce)?;
        Ok((Self { layout, rows }, leaf))
    }
}
