//! A numeric column: count, sums, bounds.
//!
//! ```text
//! body0 = S1 | (min + 2^63) << 96 | T << 160 | (limbs - 1) << 176        178 bits
//! body1 = S2                                                             160 bits
//! ```

use num_bigint::{BigInt, BigUint};
use zkl_argument::{SealedNumeric, Slots};
use zkl_core::{
    ark::{Fr, ff::AdditiveGroup as _},
    layout::{Encoding, Layout},
    profile::NumericStats,
};
use zkl_snark::gadgets::{Cs, FieldVar, GadgetError, IntVar, recompose};

use super::{
    Frame, Opening, Record, RecordHead, RecordIndexVar, RecordKind, SlotRecord, SlotVars, Subject, Widths, above,
    enforce_opening, kept_as, kind_constant, pack_at, wrong_length,
};
use crate::seal::{ColumnFault, check::Scope};

/// Bits of `sum u`.
pub(super) const SUM_BITS: u64 = 96;
/// Bits of `sum u^2` and of sums of products.
pub(super) const SQUARES_BITS: u64 = 160;
const MIN_BITS: u64 = 64;
const TOP_BITS: u64 = 16;

const MIN_AT: u64 = SUM_BITS;
const TOP_AT: u64 = MIN_AT + MIN_BITS;
const LIMBS_AT: u64 = TOP_AT + TOP_BITS;
/// Bits of `limbs - 1`.
const LIMBS_BITS: usize = 2;
/// Bits of `(min + 2^63) | T << 64 | (limbs - 1) << 80`, which follow the sum.
const BOUNDS_BITS: u64 = MIN_BITS + TOP_BITS + LIMBS_BITS as u64;
/// What is added to the minimum, so that it is not negative.
const MIN_OFFSET: i128 = 1 << 63;

/// Record of a numeric column, with `u = v - min` over the valid rows.
#[derive(Clone, PartialEq, Eq)]
pub struct NumericRecord {
    /// Hides the rest.
    pub salt: Fr,
    /// Rows with a value.
    pub valid: u64,
    /// `sum u`, below 2^96.
    pub sum: BigUint,
    /// `sum u^2`, below 2^160.
    pub sum_squares: BigUint,
    /// Lower bound of the values.
    pub min: i64,
    /// Bound T on the top limb.
    pub top_limb: u16,
    /// 16-bit limbs, 1 to 4.
    pub limbs: u8,
}

impl NumericRecord {
    /// The record of a column with these statistics of its committed integers.
    pub(super) fn new(salt: Fr, valid: u64, stats: &NumericStats, limbs: u8) -> Self {
        let top_limb = stats.top_limb(limbs);
        let NumericStats { min, max: _, sum, sum_squares } = stats.clone();
        Self { salt, valid, sum, sum_squares, min, top_limb, limbs }
    }

    /// Whether a column of `valid` values can have these statistics, which are of its values, not of the committed integers.
    pub(in crate::seal) fn check(
        scope: Scope,
        (limbs, fraction_bits): (u8, u8),
        valid: u64,
        stats: &NumericStats,
    ) -> Result<(), ColumnFault> {
        let (min, max) = (stats.min, stats.max);
        let is_committed = |value: i64| (value << fraction_bits) >> fraction_bits == value;
        if max < min || (scope == Scope::Table && valid == 0 && (min, max) != (0, 0)) {
            return Err(ColumnFault::Bounds { min, max });
        }
        let span = max.abs_diff(min);
        let fits = u128::from(span) << fraction_bits >> (16 * u32::from(limbs)) == 0;
        if !fits || !is_committed(min) || !is_committed(max) {
            return Err(ColumnFault::Span { span, limbs });
        }
        let (rows, span) = (BigUint::from(valid), BigUint::from(span));
        if stats.sum > &rows * &span {
            return Err(ColumnFault::Sum { moment: "values" });
        }
        // u^2 <= span u for 0 <= u <= span, and Cauchy-Schwarz.
        if stats.sum_squares > &span * &stats.sum || &stats.sum * &stats.sum > rows * &stats.sum_squares {
            return Err(ColumnFault::Sum { moment: "squares" });
        }
        Ok(())
    }

    /// The record as every kind is hashed.
    pub fn head(&self) -> RecordHead {
        let Self { salt, valid, sum, sum_squares, min: _, top_limb: _, limbs: _ } = self;
        let packed = sum | self.bounds() << SUM_BITS;
        let body = [Fr::from(packed), Fr::from(sum_squares.clone())];
        RecordHead { kind: RecordKind::Numeric, salt: *salt, valid: *valid, body }
    }

    /// Minimum, T and limbs as they are packed above the sum, below 2^[`BOUNDS_BITS`].
    pub(crate) fn bounds(&self) -> BigUint {
        let packed = BigUint::from(min_offset(self.min)) << MIN_AT
            | BigUint::from(self.top_limb) << TOP_AT
            | BigUint::from(limbs_code(self.limbs)) << LIMBS_AT;
        packed >> SUM_BITS
    }
}

impl Record for NumericRecord {
    fn leaf(&self) -> Fr {
        self.head().leaf()
    }
}

impl SlotRecord for NumericRecord {
    const KIND: RecordKind = RecordKind::Numeric;
    const SUBJECT: Subject = Subject::Column;
    type Sealed<V> = SealedNumeric<V>;

    kept_as!(Numeric, numeric);

    fn sizes(slots: &Slots) -> Vec<usize> {
        vec![1; slots.numeric]
    }

    fn blank(_: usize) -> Self {
        let zero = BigUint::ZERO;
        Self { salt: Fr::ZERO, valid: 0, sum: zero.clone(), sum_squares: zero, min: 0, top_limb: 0, limbs: 1 }
    }

    /// `limbs - 1`.
    fn fact_bits(_: usize) -> Vec<usize> {
        vec![LIMBS_BITS]
    }

    fn facts(layout: &Layout, position: usize, _: usize) -> Vec<u64> {
        let limbs = match layout.columns().get(position).map(|column| column.encoding) {
            Some(Encoding::Numeric { limbs }) => limbs,
            _ => 1,
        };
        vec![limbs_code(limbs).into()]
    }

    fn sealed(&self, _: u64) -> SealedNumeric<Fr> {
        SealedNumeric {
            valid: Fr::from(self.valid),
            sum: Fr::from(self.sum.clone()),
            sum_squares: Fr::from(self.sum_squares.clone()),
            top: Fr::from(self.top_limb),
        }
    }

    fn open_slot<V>(
        cs: &Cs,
        widths: Widths,
        slot: &SlotVars<'_>,
        record: Option<&Self>,
        wire: impl Fn(&FieldVar) -> V,
    ) -> Result<(SealedNumeric<V>, FieldVar), GadgetError> {
        let (record, leaf) = NumericRecordVar::read(cs, widths, record)?;
        let limbs_code = slot.facts.first().map_or_else(FieldVar::zero, |bits| recompose(bits));
        record.limbs_code().enforce_equal(cs, &limbs_code)?;
        let sealed = SealedNumeric {
            valid: wire(record.valid.field()),
            sum: wire(record.sum.field()),
            sum_squares: wire(record.sum_squares.field()),
            top: wire(record.top_limb.field()),
        };
        Ok((sealed, leaf))
    }

    fn common_bits() -> Vec<Option<u64>> {
        vec![None, Some(BOUNDS_BITS)]
    }

    fn summed_bits(_: usize) -> Vec<Option<u64>> {
        vec![None, Some(SUM_BITS), None]
    }

    fn common(&self) -> Vec<Fr> {
        vec![self.salt, Fr::from(self.bounds())]
    }

    fn summed(&self) -> Vec<Fr> {
        vec![Fr::from(self.valid), Fr::from(self.sum.clone()), Fr::from(self.sum_squares.clone())]
    }

    fn body(_: &Cs, common: &[FieldVar], summed: &[FieldVar]) -> Result<[FieldVar; 2], GadgetError> {
        let ([bounds], [sum, squares]) = (common, summed) else { return Err(wrong_length(3, common, summed)) };
        Ok([above(sum, bounds, SUM_BITS), squares.clone()])
    }
}

const fn min_offset(min: i64) -> u64 {
    (min as i128 + MIN_OFFSET) as u64
}

const fn limbs_code(limbs: u8) -> u8 {
    limbs.saturating_sub(1)
}

/// A numeric column in a circuit, with `u = v - min` over the valid rows.
#[derive(Clone)]
pub struct NumericRecordVar {
    /// Rows with a value, below 2^32.
    pub valid: IntVar,
    /// `sum u`, below 2^96.
    pub sum: IntVar,
    /// `sum u^2`, below 2^160.
    pub sum_squares: IntVar,
    /// Lower bound of the values, a signed 64-bit integer.
    pub min: IntVar,
    /// Bound T on the top limb, below 2^16.
    pub top_limb: IntVar,
    /// `limbs - 1`, bits lowest first.
    limbs_code: [IntVar; 2],
}

impl NumericRecordVar {
    /// Opens the record at `index` of `h`.
    ///
    /// # Errors
    /// `AssignmentMissing` when proving without an opening.
    pub fn open(
        cs: &Cs,
        index: &RecordIndexVar,
        opening: Option<&Opening<NumericRecord>>,
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
        record: Option<&NumericRecord>,
    ) -> Result<(Self, FieldVar), GadgetError> {
        let field = |bits: u64, value: Option<BigUint>| IntVar::witness(cs, bits, value.as_ref());
        let sum = widths.sum(cs, record.map(|record| &record.sum))?;
        let sum_squares = widths.alone(cs, SQUARES_BITS, record.map(|record| &record.sum_squares))?;
        // No row decides the minimum, and T may be above every limb.
        let offset = field(MIN_BITS, record.map(|record| min_offset(record.min).into()))?;
        let top_limb = field(TOP_BITS, record.map(|record| record.top_limb.into()))?;
        let code = record.map(|record| limbs_code(record.limbs));
        let limbs_code =
            [field(1, code.map(|code| (code & 1).into()))?, field(1, code.map(|code| (code >> 1).into()))?];
        let packed = pack_at([
            (0, &sum),
            (MIN_AT, &offset),
            (TOP_AT, &top_limb),
            (LIMBS_AT, &limbs_code[0]),
            (LIMBS_AT + 1, &limbs_code[1]),
        ]);
        let body = [packed, sum_squares.field().clone()];
        let frame = Frame::new(cs, widths, record.map(|record| (record.salt, record.valid)))?;
        let (valid, leaf) = frame.leaf(cs, kind_constant(RecordKind::Numeric), body)?;
        let min = offset.sub(&IntVar::constant(MIN_OFFSET)?)?;
        Ok((Self { valid, sum, sum_squares, min, top_limb, limbs_code }, leaf))
    }

    /// `limbs - 1`, without a constraint.
    pub(crate) fn limbs_code(&self) -> FieldVar {
        let [low, high] = &self.limbs_code;
        FieldVar::sum([low.field(), high.field(), high.field()])
    }

    /// The largest value that the sealed bounds allow, `min + (T + 1) 2^(16 (limbs - 1)) - 1`: three constraints.
    ///
    /// # Errors
    /// Those of the constraint system.
    pub fn sealed_max(&self, cs: &Cs) -> Result<IntVar, GadgetError> {
        let [low, high] = &self.limbs_code;
        // 2^(16 (limbs - 1)) = (1 + (2^16 - 1) low) (1 + (2^32 - 1) high)
        let one = IntVar::constant(1)?;
        let low_factor = one.add(&low.scale(BigInt::from(0xffff))?)?;
        let high_factor = one.add(&high.scale(BigInt::from(0xffff_ffff_u64))?)?;
        let unit = low_factor.mul(cs, &high_factor)?;
        let span = self.top_limb.add(&one)?.mul(cs, &unit)?;
        self.min.add(&span)?.sub(&one)
    }
}
