//! Sums of products of two numeric columns, over the rows where both are valid.
//!
//! ```text
//! body0 = H_product(sum u | sum w << 96,  sum u w,  sum u^2,  sum w^2)        192, 160, 160, 160 bits
//! body1 = 0
//! ```

use num_bigint::BigUint;
use zkl_core::{ark::Fr, profile::ProductSums};
use zkl_poseidon::{Domain, hash_many};
use zkl_snark::gadgets::{Cs, FieldVar, GadgetError, IntVar, hash_many_var};

use super::{
    Frame, Opening, Record, RecordHead, RecordIndexVar, RecordKind, Widths, enforce_opening, kind_constant,
    numeric::{SQUARES_BITS, SUM_BITS},
    pack_fields,
};

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
    pub(crate) fn packed(&self) -> [Fr; 4] {
        let sums = &self.sums;
        let linear = &sums.left_sum | &sums.right_sum << SUM_BITS;
        [&linear, &sums.products, &sums.left_squares, &sums.right_squares].map(|value| Fr::from(value.clone()))
    }
}

impl Record for ProductRecord {
    fn leaf(&self) -> Fr {
        self.head().leaf()
    }
}

/// Digest of packed sums in a circuit.
///
/// # Errors
/// Those of the constraint system.
pub(crate) fn product_sums_var(cs: &Cs, packed: &[FieldVar]) -> Result<FieldVar, GadgetError> {
    hash_many_var(cs, PRODUCT, packed)
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
    pub(crate) fn read(
        cs: &Cs,
        widths: Widths,
        record: Option<&ProductRecord>,
    ) -> Result<(Self, FieldVar), GadgetError> {
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
        let digest = product_sums_var(cs, &[linear, products_field, left_field, right_field])?;
        let frame = Frame::new(cs, widths, record.map(|record| (record.salt, record.sums.valid)))?;
        let kind = kind_constant(RecordKind::Product);
        let (valid, leaf) = frame.leaf(cs, kind, [digest, FieldVar::zero()])?;
        Ok((Self { valid, products, left_sum, right_sum, left_squares, right_squares }, leaf))
    }
}
