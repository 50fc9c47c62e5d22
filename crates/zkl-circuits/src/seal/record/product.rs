//! Sums of products of two numeric columns, over the rows where both are valid.
//!
//! ```text
//! body0 = H_product(sum u | sum w << 96,  sum u w,  sum u^2,  sum w^2)        192, 160, 160, 160 bits
//! body1 = 0
//! ```

use num_bigint::BigUint;
use zkl_argument::{SealedProduct, Slots};
use zkl_core::{
    ark::{Fr, ff::AdditiveGroup as _},
    layout::{Layout, PairLayout},
    profile::{ColumnProfile, ColumnStats, ProductSums, Profile},
};
use zkl_poseidon::{Domain, hash_many};
use zkl_snark::gadgets::{Cs, FieldVar, GadgetError, IntVar, hash_many_var};

use super::{
    Frame, Opening, Record, RecordHead, RecordIndexVar, RecordKind, SlotRecord, SlotVars, Subject, Widths,
    enforce_opening, kept_as, kind_constant,
    numeric::{SQUARES_BITS, SUM_BITS},
    pack_fields,
};
use crate::seal::PairFault;

/// Elements of the packed sums.
const PACKED: usize = 4;

const PRODUCT: Domain = Domain::new("zkl/seal/v1/product-sums");

/// Record of a declared pair of numeric columns.
#[derive(Clone, PartialEq, Eq)]
pub struct ProductRecord {
    /// Hides the rest.
    pub salt: Fr,
    /// The sums; `sums.valid` is the record's valid count.
    pub sums: ProductSums,
}

impl ProductRecord {
    /// The record of a pair of the layout.
    pub(super) fn new(salt: Fr, layout: &Layout, pair: &PairLayout, sums: &ProductSums) -> Self {
        Self { salt, sums: sums.committed(fraction_bits(layout, pair)) }
    }

    /// Whether a pair of these columns can have these sums beside those of the columns.
    pub(in crate::seal) fn check(
        profile: &Profile,
        left: usize,
        right: usize,
        sums: &ProductSums,
    ) -> Result<(), PairFault> {
        let numeric = |index: usize| match profile.columns.get(index) {
            Some(ColumnProfile { valid, stats: ColumnStats::Numeric(stats) }) => Some((*valid, stats)),
            _ => None,
        };
        // The columns were checked against the layout, which declares numeric ones.
        let (Some((left_valid, left)), Some((right_valid, right))) = (numeric(left), numeric(right)) else {
            return Err(PairFault::Kind { expected: RecordKind::Numeric, got: RecordKind::Opaque });
        };
        let min = (left_valid + right_valid).saturating_sub(profile.rows);
        let max = left_valid.min(right_valid);
        if !(min..=max).contains(&sums.valid) {
            return Err(PairFault::Valid { got: sums.valid, min, max });
        }
        let sides = [
            ("left", "left squares", left, left_valid, &sums.left_sum, &sums.left_squares),
            ("right", "right squares", right, right_valid, &sums.right_sum, &sums.right_squares),
        ];
        for (values, squares, column, valid, sum, sum_squares) in sides {
            // Over all of a column's valid rows the pair's sums are the column's own.
            let same = valid == sums.valid;
            if *sum > column.sum || (same && *sum != column.sum) {
                return Err(PairFault::Sum { moment: values });
            }
            if *sum_squares > column.sum_squares || (same && *sum_squares != column.sum_squares) {
                return Err(PairFault::Sum { moment: squares });
            }
        }
        if &sums.products * &sums.products > &sums.left_squares * &sums.right_squares {
            return Err(PairFault::Sum { moment: "products" });
        }
        Ok(())
    }

    /// The record as every kind is hashed.
    pub fn head(&self) -> RecordHead {
        RecordHead {
            kind: RecordKind::Product,
            salt: self.salt,
            valid: self.sums.valid,
            body: [hash_many(PRODUCT, &self.packed()), Fr::from(0u64)],
        }
    }

    /// The sums as they are hashed: both linear ones in one element, then products, left and right squares.
    fn packed(&self) -> [Fr; PACKED] {
        let ProductSums { valid: _, products, left_sum, right_sum, left_squares, right_squares } = &self.sums;
        let linear = left_sum | right_sum << SUM_BITS;
        [&linear, products, left_squares, right_squares].map(|value| Fr::from(value.clone()))
    }
}

/// [`ColumnLayout::fraction_bits`](zkl_core::layout::ColumnLayout::fraction_bits) of both columns of a pair; 0 for columns that the layout does
/// not have.
fn fraction_bits(layout: &Layout, pair: &PairLayout) -> [u8; 2] {
    let bits = |index: u32| layout.columns().get(index as usize).map_or(0, |column| column.fraction_bits);
    match *pair {
        PairLayout::Product { left, right } => [left, right].map(bits),
        PairLayout::Joint { .. } => [0, 0],
    }
}

impl Record for ProductRecord {
    fn leaf(&self) -> Fr {
        self.head().leaf()
    }
}

impl SlotRecord for ProductRecord {
    const KIND: RecordKind = RecordKind::Product;
    const SUBJECT: Subject = Subject::Pair;
    type Sealed<V> = SealedProduct<V>;

    kept_as!(Product, product);

    fn sizes(slots: &Slots) -> Vec<usize> {
        vec![1; slots.products]
    }

    fn blank(_: usize) -> Self {
        let zero = || BigUint::ZERO;
        let sums = ProductSums {
            valid: 0,
            products: zero(),
            left_sum: zero(),
            right_sum: zero(),
            left_squares: zero(),
            right_squares: zero(),
        };
        Self { salt: Fr::ZERO, sums }
    }

    fn sealed(&self, _: u64) -> SealedProduct<Fr> {
        SealedProduct::from(&self.sums)
    }

    fn open_slot<V>(
        cs: &Cs,
        widths: Widths,
        _: &SlotVars<'_>,
        record: Option<&Self>,
        wire: impl Fn(&FieldVar) -> V,
    ) -> Result<(SealedProduct<V>, FieldVar), GadgetError> {
        let (record, leaf) = ProductRecordVar::read(cs, widths, record)?;
        let ProductRecordVar { valid, products, left_sum, right_sum, left_squares, right_squares } = record;
        let [valid, products, left_sum, right_sum, left_squares, right_squares] =
            [valid, products, left_sum, right_sum, left_squares, right_squares].map(|value| wire(value.field()));
        Ok((SealedProduct { valid, products, left_sum, right_sum, left_squares, right_squares }, leaf))
    }

    fn common_bits() -> Vec<Option<u64>> {
        vec![None]
    }

    fn summed_bits(_: usize) -> Vec<Option<u64>> {
        vec![None; 1 + PACKED]
    }

    fn common(&self) -> Vec<Fr> {
        vec![self.salt]
    }

    fn summed(&self) -> Vec<Fr> {
        let mut summed = vec![Fr::from(self.sums.valid)];
        summed.extend(self.packed());
        summed
    }

    fn body(cs: &Cs, _: &[FieldVar], summed: &[FieldVar]) -> Result<[FieldVar; 2], GadgetError> {
        Ok([hash_many_var(cs, PRODUCT, summed)?, FieldVar::zero()])
    }
}

/// Sums of products in a circuit.
#[derive(Clone)]
pub struct ProductRecordVar {
    /// Rows where both columns have a value, below 2^32.
    pub valid: IntVar,
    /// `sum u w`, below 2^160.
    pub products: IntVar,
    /// `sum u`, below 2^96.
    pub left_sum: IntVar,
    /// `sum w`, below 2^96.
    pub right_sum: IntVar,
    /// `sum u^2`, below 2^160.
    pub left_squares: IntVar,
    /// `sum w^2`, below 2^160.
    pub right_squares: IntVar,
}

impl ProductRecordVar {
    /// Opens the record at `index` of `h`.
    ///
    /// # Errors
    /// `AssignmentMissing` when proving without an opening.
    pub fn open(
        cs: &Cs,
        index: &RecordIndexVar,
        opening: Option<&Opening<ProductRecord>>,
        h: &FieldVar,
    ) -> Result<Self, GadgetError> {
        let (record, leaf) = Self::read(cs, Widths::Format, opening.map(|opening| &opening.record))?;
        enforce_opening(cs, &leaf, index, opening.map(|opening| &opening.path), h)?;
        Ok(record)
    }

    /// Reads a record without saying where it is sealed. Returns its leaf beside it.
    ///
    /// # Soundness
    /// The caller must constrain the leaf to be in a seal.
    ///
    /// # Errors
    /// `AssignmentMissing` when proving without a record.
    fn read(cs: &Cs, widths: Widths, record: Option<&ProductRecord>) -> Result<(Self, FieldVar), GadgetError> {
        let sums = record.map(|record| &record.sums);
        let left_sum = widths.sum(cs, sums.map(|sums| &sums.left_sum))?;
        let right_sum = widths.sum(cs, sums.map(|sums| &sums.right_sum))?;
        let alone = |read: fn(&ProductSums) -> &BigUint| widths.alone(cs, SQUARES_BITS, sums.map(read));
        let products = alone(|sums| &sums.products)?;
        let left_squares = alone(|sums| &sums.left_squares)?;
        let right_squares = alone(|sums| &sums.right_squares)?;
        let linear = pack_fields(&[left_sum.clone(), right_sum.clone()], SUM_BITS);
        let rest = [&products, &left_squares, &right_squares].map(|value| value.field().clone());
        let [products_field, left_field, right_field] = rest;
        let digest = hash_many_var(cs, PRODUCT, &[linear, products_field, left_field, right_field])?;
        let frame = Frame::new(cs, widths, record.map(|record| (record.salt, record.sums.valid)))?;
        let kind = kind_constant(RecordKind::Product);
        let (valid, leaf) = frame.leaf(cs, kind, [digest, FieldVar::zero()])?;
        Ok((Self { valid, products, left_sum, right_sum, left_squares, right_squares }, leaf))
    }
}
