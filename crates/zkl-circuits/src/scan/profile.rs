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

use zkl_argument::{SealedGroups, SealedNumeric, SealedProduct, SealedProfile, Shape};
use zkl_core::ark::{
    Fr,
    ff::{AdditiveGroup as _, Field as _},
};
use zkl_poseidon::hash2;
use zkl_snark::gadgets::{BoolVar, Cs, FieldVar, GadgetError, IntVar, hash2_var};

use super::{
    lay::{LayoutVar, PlaceVar, joint_sizes, label_capacities},
    records::{Records, blank_leaves},
    wire::{CircuitVerifier, Wire},
};
use crate::seal::{
    CategoryRecordVar, DEPTH, GroupedRecordVar, HeaderVar, JointRecordVar, NumericRecordVar, ProductRecordVar,
    RecordHeadVar, Widths, empty_leaf,
};

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
    let mut reader = Reader { cs, layout, leaves: Vec::with_capacity(layout.places.len()) };
    let widths = Widths::Rows { log_rows: shape.log_rows() };
    let wire = |value: &IntVar| verifier.wire(value.field());

    let (header, header_leaf) = HeaderVar::read(cs, widths, records.map(|records| &records.header))?;
    header.layout.enforce_equal(cs, &layout.digest)?;
    header.rows.field().enforce_equal(cs, rows)?;

    let mut numeric = Vec::with_capacity(slots.numeric);
    for (slot, limbs_code) in layout.limbs_code.iter().enumerate() {
        let (record, leaf) = NumericRecordVar::read(cs, widths, records.and_then(|records| records.numeric.get(slot)))?;
        record.limbs_code().enforce_equal(cs, limbs_code)?;
        reader.leaves.push(leaf);
        numeric.push(SealedNumeric {
            valid: wire(&record.valid),
            sum: wire(&record.sum),
            sum_squares: wire(&record.sum_squares),
            top: wire(&record.top_limb),
        });
    }
    let mut opaque = Vec::with_capacity(slots.opaque);
    for slot in 0..slots.opaque {
        let (record, leaf) =
            RecordHeadVar::read_opaque(cs, widths, records.and_then(|records| records.opaque.get(slot)))?;
        reader.leaves.push(leaf);
        opaque.push(wire(&record.valid));
    }
    let mut category = Vec::with_capacity(slots.category_count());
    for (slot, size) in slots.small_tables().into_iter().take(slots.category_count()).enumerate() {
        let record = records.and_then(|records| records.category.get(slot));
        let (record, leaf) = CategoryRecordVar::read_counts(cs, widths, size, record)?;
        let values = record.counts.get(1..).unwrap_or_default();
        FieldVar::sum(values.iter().map(IntVar::field)).enforce_equal(cs, record.valid.field())?;
        reader.leaves.push(leaf);
        category.push(record.counts.iter().map(wire).collect());
    }
    let mut joint = Vec::with_capacity(slots.joint_count());
    for (slot, (size, labels)) in joint_sizes(slots).into_iter().zip(&layout.labels).enumerate() {
        let record = reader.joint(widths, size, labels, records.and_then(|records| records.joint.get(slot)))?;
        joint.push(record.counts.iter().map(wire).collect());
    }
    let mut grouped = Vec::with_capacity(slots.grouped);
    for slot in 0..slots.grouped {
        let (record, leaf) = GroupedRecordVar::read(cs, widths, records.and_then(|records| records.grouped.get(slot)))?;
        let all = match reader.place() {
            Some(place) => place.in_use.field().mul(cs, rows)?,
            None => FieldVar::zero(),
        };
        reader.leaves.push(leaf);
        grouped.push(SealedGroups {
            nulls: verifier.wire(&(&all - record.valid.field())),
            distinct: wire(&record.distinct),
            smallest: wire(&record.smallest_group),
        });
    }
    let mut product = Vec::with_capacity(slots.products);
    for slot in 0..slots.products {
        let (record, leaf) = ProductRecordVar::read(cs, widths, records.and_then(|records| records.product.get(slot)))?;
        reader.leaves.push(leaf);
        product.push(SealedProduct {
            valid: wire(&record.valid),
            products: wire(&record.products),
            left_sum: wire(&record.left_sum),
            right_sum: wire(&record.right_sum),
            left_squares: wire(&record.left_squares),
            right_squares: wire(&record.right_squares),
        });
    }
    reader.root(header_leaf, &blank_leaves(slots))?.enforce_equal(cs, h)?;
    Ok(SealedProfile { numeric, opaque, category, joint, grouped, product })
}

struct Reader<'a> {
    cs: &'a Cs,
    layout: &'a LayoutVar,
    /// Leaves of the record slots so far.
    leaves: Vec<FieldVar>,
}

impl Reader<'_> {
    /// Where the record that is read next sits.
    fn place(&self) -> Option<&PlaceVar> {
        self.layout.places.get(self.leaves.len())
    }

    /// Reads a joint table whose label has the capacity that `labels` selects.
    fn joint(
        &mut self,
        widths: Widths,
        size: usize,
        labels: &[BoolVar],
        record: Option<&crate::seal::JointRecord>,
    ) -> Result<JointRecordVar, GadgetError> {
        let capacities = label_capacities(size);
        let weighted = capacities.iter().zip(labels).map(|(&capacity, bit)| (Fr::from(capacity as u64), bit.field()));
        let capacity = FieldVar::linear(weighted, Fr::ZERO);
        let (record, leaf) = JointRecordVar::read(self.cs, widths, size, capacity, record)?;
        let mut valid = Vec::with_capacity(capacities.len());
        for (&capacity, bit) in capacities.iter().zip(labels) {
            let both = record.counts.chunks(capacity).skip(1).flat_map(|labels| labels.iter().skip(1));
            valid.push(FieldVar::sum(both.map(IntVar::field)).mul(self.cs, bit.field())?);
        }
        FieldVar::sum(&valid).enforce_equal(self.cs, record.valid.field())?;
        self.leaves.push(leaf);
        Ok(record)
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
