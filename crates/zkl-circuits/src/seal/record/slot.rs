//! What the scan and its merges ask of a kind of record: which slots it has, what the argument proves about them, and how
//! the records of row ranges add up.

use zkl_argument::{ScanPlan, SealedProfile, SlotMap, Slots};
use zkl_core::{
    ark::{Fr, ff::AdditiveGroup as _},
    layout::Layout,
};
use zkl_snark::gadgets::{BoolVar, Cs, FieldVar, GadgetError};

use super::{
    CategoryRecord, GroupedRecord, HeaderRecord, JointRecord, NumericRecord, OpaqueRecord, ProductRecord, Record,
    RecordKind, SealedRecord, Widths,
};
use crate::seal::{RecordIndex, Seal, SealError};

/// Does something for every kind of record, in the order of slots.
macro_rules! each_kind {
    ($kind:ident => $do:expr) => {{
        $crate::seal::each_kind!($kind => $do, NumericRecord, OpaqueRecord, CategoryRecord, JointRecord, GroupedRecord, ProductRecord);
    }};
    ($kind:ident => $do:expr, $($record:ident),+) => {
        $({
            type $kind = $crate::seal::$record;
            $do
        })+
    };
}
pub(crate) use each_kind;

/// The accessors of a kind, which is kept under one name everywhere.
macro_rules! kept_as {
    ($variant:ident, $field:ident) => {
        fn of(record: &$crate::seal::SealedRecord) -> Option<&Self> {
            if let $crate::seal::SealedRecord::$variant(record) = record { Some(record) } else { None }
        }

        fn held(map: &zkl_argument::SlotMap) -> &[Option<usize>] {
            &map.$field
        }

        fn records(records: &$crate::seal::Records) -> &[Self] {
            &records.$field
        }

        fn records_mut(records: &mut $crate::seal::Records) -> &mut Vec<Self> {
            &mut records.$field
        }

        fn sealed_mut<V>(profile: &mut zkl_argument::SealedProfile<V>) -> &mut Vec<Self::Sealed<V>> {
            &mut profile.$field
        }
    };
}
pub(super) use kept_as;

/// A kind of record that slots of a shape hold.
///
/// # Soundness
/// Every field that the argument reads must be fixed by the leaf before the argument's first challenge: fields that share an element
/// are bounded by [`Widths`].
pub(crate) trait SlotRecord: Record + Clone {
    /// The kind.
    const KIND: RecordKind;
    /// What it is about.
    const SUBJECT: Subject;
    /// Whether [`Form::SMALLEST`] of the summed elements is the smallest of groups, which is no sum.
    const HAS_SMALLEST: bool = false;

    /// What the argument proves about a slot.
    type Sealed<V>;

    /// The record, if it is of this kind.
    fn of(record: &SealedRecord) -> Option<&Self>;

    /// Size of every slot: the cells of its table, 1 without one.
    fn sizes(slots: &Slots) -> Vec<usize>;

    /// Position of the column or pair that every slot holds.
    fn held(map: &SlotMap) -> &[Option<usize>];

    /// Where the record of the column or pair sits.
    fn index(layout: &Layout, position: usize) -> Option<RecordIndex> {
        match Self::SUBJECT {
            Subject::Column => RecordIndex::column(layout, position),
            Subject::Pair => RecordIndex::pair(layout, position),
        }
    }

    /// What a slot that is not in use holds: zeros.
    fn blank(size: usize) -> Self;

    /// The records of this kind.
    fn records(records: &Records) -> &[Self];

    /// Where the records of this kind are kept.
    fn records_mut(records: &mut Records) -> &mut Vec<Self>;

    /// Where the argument keeps what is sealed of the slots.
    fn sealed_mut<V>(profile: &mut SealedProfile<V>) -> &mut Vec<Self::Sealed<V>>;

    /// Bits of each fact of the layout that [`SlotRecord::open_slot`] needs, beside the flags of the argument.
    fn fact_bits(_size: usize) -> Vec<usize> {
        Vec::new()
    }

    /// The facts of a slot that holds a column or pair; they are 0 for one that is not in use.
    fn facts(_layout: &Layout, _position: usize, _size: usize) -> Vec<u64> {
        Vec::new()
    }

    /// What the argument proves, of a table with so many rows; 0 rows for a slot that is not in use.
    fn sealed(&self, rows: u64) -> Self::Sealed<Fr>;

    /// The same values in a circuit, each through `wire`, and the record's leaf. Ties to the layout and to one another what
    /// claims read and the argument does not.
    ///
    /// # Soundness
    /// The caller must constrain the leaf to be in a seal.
    fn open_slot<V>(
        cs: &Cs,
        widths: Widths,
        slot: &SlotVars<'_>,
        record: Option<&Self>,
        wire: impl Fn(&FieldVar) -> V,
    ) -> Result<(Self::Sealed<V>, FieldVar), GadgetError>;

    /// Bits of the elements that the records of all row ranges have in common, salt first; `None` for those that are not looked into.
    fn common_bits() -> Vec<Option<u64>>;

    /// Bits of the elements that are added, the valid count first.
    fn summed_bits(size: usize) -> Vec<Option<u64>>;

    /// The elements that are in common.
    fn common(&self) -> Vec<Fr>;

    /// The elements that are added.
    fn summed(&self) -> Vec<Fr>;

    /// The body of a record with these elements, of the common ones without the salt, of the summed ones without the valid count.
    fn body(cs: &Cs, common: &[FieldVar], summed: &[FieldVar]) -> Result<[FieldVar; 2], GadgetError>;
}

/// What a record is about.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Subject {
    Column,
    Pair,
}

impl Subject {
    /// As [`SealError::Absent`] calls it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Column => "column",
            Self::Pair => "pair",
        }
    }
}

/// What a circuit is told of a slot.
pub(crate) struct SlotVars<'a> {
    /// Cells of its table, 1 without one.
    pub(crate) size: usize,
    /// Rows of the table.
    pub(crate) rows: &'a FieldVar,
    /// Whether it holds a record.
    pub(crate) in_use: &'a BoolVar,
    /// Bits of each fact, lowest first.
    pub(crate) facts: &'a [Vec<BoolVar>],
}

/// What the records of one slot are made of, in a merge.
#[derive(Clone)]
pub(crate) struct Form {
    pub(crate) kind: RecordKind,
    pub(crate) has_smallest: bool,
    pub(crate) common_bits: Vec<Option<u64>>,
    pub(crate) summed_bits: Vec<Option<u64>>,
    pub(crate) body: Body,
}

/// [`SlotRecord::body`].
type Body = fn(&Cs, &[FieldVar], &[FieldVar]) -> Result<[FieldVar; 2], GadgetError>;

impl Form {
    /// Position of the smallest group among the summed elements.
    pub(crate) const SMALLEST: usize = 1;

    /// The form of a slot of this size.
    pub(crate) fn of<K: SlotRecord>(size: usize) -> Self {
        Self {
            kind: K::KIND,
            has_smallest: K::HAS_SMALLEST,
            common_bits: K::common_bits(),
            summed_bits: K::summed_bits(size),
            body: K::body,
        }
    }
}

/// One record per slot; slots that are not in use hold records of zeros. Secret.
#[derive(Clone)]
pub(crate) struct Records {
    pub(crate) header: HeaderRecord,
    pub(crate) numeric: Vec<NumericRecord>,
    pub(crate) opaque: Vec<OpaqueRecord>,
    pub(crate) category: Vec<CategoryRecord>,
    pub(crate) joint: Vec<JointRecord>,
    pub(crate) grouped: Vec<GroupedRecord>,
    pub(crate) product: Vec<ProductRecord>,
}

impl Records {
    /// The records of `seal`, which must be of the plan's layout.
    ///
    /// # Errors
    /// [`SealError::Absent`] and [`SealError::Kind`] when it is not.
    pub(crate) fn new(plan: &ScanPlan, seal: &Seal) -> Result<Self, SealError> {
        let mut records = Self {
            header: seal.header().record,
            numeric: Vec::new(),
            opaque: Vec::new(),
            category: Vec::new(),
            joint: Vec::new(),
            grouped: Vec::new(),
            product: Vec::new(),
        };
        each_kind!(K => *K::records_mut(&mut records) = of_kind::<K>(plan, seal)?);
        Ok(records)
    }

    /// What the argument proves about: the same values that the circuit reads out of the records.
    pub(crate) fn sealed(&self, plan: &ScanPlan) -> SealedProfile<Fr> {
        let mut profile = SealedProfile::default();
        each_kind!(K => {
            let slots = K::held(plan.slots()).iter().zip(K::records(self));
            let sealed = slots.map(|(slot, record)| record.sealed(slot.map_or(0, |_| self.header.rows)));
            *K::sealed_mut(&mut profile) = sealed.collect();
        });
        profile
    }
}

fn of_kind<K: SlotRecord>(plan: &ScanPlan, seal: &Seal) -> Result<Vec<K>, SealError> {
    let slots = K::held(plan.slots()).iter().zip(K::sizes(plan.shape().slots()));
    let record = |(slot, size): (&Option<usize>, usize)| match slot {
        Some(position) => Ok(seal.record::<K>(*position)?.record),
        None => Ok(K::blank(size)),
    };
    slots.map(record).collect()
}

/// Leaves of the records that slots hold when they are not in use, in the order of record slots.
pub(crate) fn blank_leaves(slots: &Slots) -> Vec<Fr> {
    let mut leaves = Vec::new();
    each_kind!(K => {
        let mut last = (0, Fr::ZERO);
        for size in K::sizes(slots) {
            if last.0 != size {
                last = (size, K::blank(size).leaf());
            }
            leaves.push(last.1);
        }
    });
    leaves
}
