//! Opens the seal in the circuit: every record of the table at once.
//!
//! ```text
//! leaf_0 = header
//! leaf_i = empty + sum_s [slot s is in use and sits at i] (record_s - empty)          i >= 1
//! h      = root over the leaves of the shape, then the constants of the empty rest
//! ```
//!
//! A path per record would cost ten hashes each. The records of a shape are the first leaves of the tree, so the tree
//! above them is computed whole: about one hash per leaf, and one product per slot and leaf to move the records to their
//! places.
//!
//! # Soundness
//! Where a record sits comes from `lay`, one slot per leaf. What claims read and the argument does not is tied here:
//! the header to the layout and n, `limbs` to the layout, valid counts of dictionaries and joint tables to their
//! counts, nulls of grouped columns to their valid count. Values of a dictionary and minima are what the notary says
//! they are.
//!
//! Every value that the argument reads here is fixed before its first challenge, because t0 binds h: fields that share an element
//! of a record are bounded by their bits ([`Widths::Rows`]), others are elements of what is hashed, and a slot that is
//! not in use has the leaf of a record of zeros. A value that were not fixed would be a free variable in an equation that
//! the prover solves after the challenge. The argument then proves that each is the number of some of the rows, or a sum over
//! them of values or products, as an element of a field in which such numbers do not wrap: below the width that claim circuits
//! unpack. The shape's row count bounds n.

use zkl_argument::{SealedProfile, Shape};
use zkl_core::ark::{Fr, ff::Field as _};
use zkl_poseidon::hash2;
use zkl_snark::gadgets::{BoolVar, Cs, FieldVar, GadgetError, hash2_var};

use super::{
    lay::LayoutVar,
    wire::{CircuitVerifier, Wire},
};
use crate::seal::{DEPTH, HeaderVar, Records, SlotRecord, SlotVars, Widths, blank_leaves, each_kind, empty_leaf};

/// Reads all records, constrains them to be the ones sealed in `h`, and returns what the argument proves about.
pub(super) fn open_seal(
    cs: &Cs,
    shape: &Shape,
    layout: &LayoutVar,
    records: Option<&Records>,
    rows: &FieldVar,
    h: &FieldVar,
    verifier: &CircuitVerifier<'_>,
) -> Result<SealedProfile<Wire>, GadgetError> {
    let slots = shape.slots();
    let widths = Widths::Rows { log_rows: shape.log_rows() };
    let (header, header_leaf) = HeaderVar::read(cs, widths, records.map(|records| &records.header))?;
    header.layout.enforce_equal(cs, &layout.digest)?;
    header.rows.field().enforce_equal(cs, rows)?;

    let mut reader = Reader { cs, layout, leaves: Vec::with_capacity(layout.places.len()) };
    let mut sealed = SealedProfile::default();
    each_kind!(K => {
        let records = records.map(K::records);
        *K::sealed_mut(&mut sealed) = reader.slots::<K>(widths, K::sizes(slots), records, rows, verifier)?;
    });
    reader.root(header_leaf, &blank_leaves(slots))?.enforce_equal(cs, h)?;
    Ok(sealed)
}

struct Reader<'a> {
    cs: &'a Cs,
    layout: &'a LayoutVar,
    /// Leaves of the record slots so far.
    leaves: Vec<FieldVar>,
}

impl Reader<'_> {
    /// Opens the slots of one kind, which have these sizes.
    fn slots<K: SlotRecord>(
        &mut self,
        widths: Widths,
        sizes: Vec<usize>,
        records: Option<&[K]>,
        rows: &FieldVar,
        verifier: &CircuitVerifier<'_>,
    ) -> Result<Vec<K::Sealed<Wire>>, GadgetError> {
        let mut sealed = Vec::with_capacity(sizes.len());
        for (slot, size) in sizes.into_iter().enumerate() {
            // The record that is read next.
            let next = self.leaves.len();
            let (Some(place), Some(facts)) = (self.layout.places.get(next), self.layout.facts.get(next)) else {
                return Err(GadgetError::Length { expected: self.layout.places.len(), got: next });
            };
            let vars = SlotVars { size, rows, in_use: &place.in_use, facts };
            let record = records.and_then(|records| records.get(slot));
            let (values, leaf) = K::open_slot(self.cs, widths, &vars, record, |var| verifier.wire(var))?;
            self.leaves.push(leaf);
            sealed.push(values);
        }
        Ok(sealed)
    }

    /// Root of the seal's tree with the records at their places. Leaves that no record of the shape can have are
    /// constants, and so are the nodes above nothing else. A record that sits nowhere has its leaf in `blank`, one per slot.
    fn root(&self, header: FieldVar, blank: &[Fr]) -> Result<FieldVar, GadgetError> {
        for got in [self.leaves.len(), blank.len()] {
            if got != self.layout.places.len() {
                return Err(GadgetError::Length { expected: self.layout.places.len(), got });
            }
        }
        let empty = FieldVar::constant(empty_leaf());
        let mut terms = vec![vec![empty.clone()]; 1 + self.leaves.len()];
        for ((place, leaf), blank) in self.layout.places.iter().zip(&self.leaves).zip(blank) {
            // Its fields are values of the argument like any others.
            let other = leaf - &FieldVar::constant(*blank);
            let unused = &FieldVar::constant(Fr::ONE) - place.in_use.field();
            FieldVar::enforce_product(self.cs, &other, &unused, &FieldVar::zero())?;
            let record = (leaf - &empty).mul(self.cs, place.in_use.field())?;
            for (terms, part) in terms.iter_mut().zip(self.route(record, &place.leaf)?) {
                terms.push(part);
            }
        }
        // No record sits at the header's place, and the header is not added to the filler.
        if let Some(first) = terms.first_mut() {
            *first = vec![header];
        }
        let mut level: Vec<FieldVar> = terms.iter().map(FieldVar::sum).collect();
        let mut filler = empty_leaf();
        for _ in 0..DEPTH {
            if level.len() % 2 == 1 {
                level.push(FieldVar::constant(filler));
            }
            level =
                level.chunks_exact(2).map(|pair| hash2_var(self.cs, &pair[0], &pair[1])).collect::<Result<_, _>>()?;
            filler = hash2(filler, filler);
        }
        level.pop().ok_or(GadgetError::Length { expected: 1, got: 0 })
    }

    /// `value` at the leaf whose bits these are, lowest first, and 0 at the others.
    ///
    /// # Soundness
    /// The leaf comes from `lay` and is one of those that records of the shape have. Bits that lead beyond them are not
    /// looked at.
    fn route(&self, value: FieldVar, leaf: &[BoolVar]) -> Result<Vec<FieldVar>, GadgetError> {
        let mut parts = vec![value];
        for (height, bit) in leaf.iter().enumerate().rev() {
            let mut halves = Vec::with_capacity(2 * parts.len());
            for (index, part) in parts.into_iter().enumerate() {
                if (2 * index + 1) << height > self.leaves.len() {
                    halves.push(part);
                } else {
                    let upper = part.mul(self.cs, bit.field())?;
                    halves.extend([&part - &upper, upper]);
                }
            }
            parts = halves;
        }
        Ok(parts)
    }
}
