//! What the verifier is told: which slots of the shape are in use, and the sealed profile slot by slot. Both are vectors
//! of a length that the shape fixes, in the order of the fields here.

use crate::{
    context::Value,
    error::ScanError,
    kinds::{self, Grouped, Numeric, Opaque, Product, Relation},
    shape::{Shape, Slots},
};

pub use crate::kinds::{SealedGroups, SealedNumeric, SealedProduct};

/// The layout as the transcript circuit sees it: flags are 0 or 1. The public input `lay` binds them, packed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LayoutVector<V> {
    /// `n`.
    pub rows: V,
    /// Per limb slot: in use.
    pub limb: Vec<V>,
    /// Per numeric slot: in use.
    pub numeric: Vec<V>,
    /// Per numeric slot: in use and never null.
    pub numeric_full: Vec<V>,
    /// Per opaque slot: in use and never null.
    pub opaque_full: Vec<V>,
    /// Per category slot: in use.
    pub category: Vec<V>,
    /// Per category slot: in use and never null.
    pub category_full: Vec<V>,
    /// Per joint slot: in use.
    pub joint: Vec<V>,
    /// Per grouped slot: in use.
    pub grouped: Vec<V>,
    /// Per grouped slot: in use and never null.
    pub grouped_full: Vec<V>,
    /// Per grouped slot: the largest code, capacity - 1; 0 when not in use.
    pub grouped_max: Vec<V>,
    /// Per product slot: the left column is in use and never null.
    pub left_full: Vec<V>,
    /// Per product slot: the right column is in use and never null.
    pub right_full: Vec<V>,
}

/// The sealed profile as the argument sees it.
#[derive(Clone, PartialEq, Eq)]
pub struct SealedProfile<V> {
    /// Per numeric slot.
    pub numeric: Vec<SealedNumeric<V>>,
    /// Per opaque slot: the valid count.
    pub opaque: Vec<V>,
    /// Per category slot: the count of every code, null first.
    pub category: Vec<Vec<V>>,
    /// Per joint slot: the count of every pair of codes.
    pub joint: Vec<Vec<V>>,
    /// Per grouped slot.
    pub grouped: Vec<SealedGroups<V>>,
    /// Per product slot.
    pub product: Vec<SealedProduct<V>>,
}

impl<V> Default for SealedProfile<V> {
    /// Of no slots.
    fn default() -> Self {
        Self {
            numeric: Vec::new(),
            opaque: Vec::new(),
            category: Vec::new(),
            joint: Vec::new(),
            grouped: Vec::new(),
            product: Vec::new(),
        }
    }
}

/// Takes elements off the front, as many as a shape says.
struct Reader<V>(std::vec::IntoIter<V>);

impl<V> Reader<V> {
    fn new(elements: Vec<V>, what: &'static str, expected: usize) -> Result<Self, ScanError> {
        if elements.len() != expected {
            return Err(ScanError::StatementLength { what, expected, got: elements.len() });
        }
        Ok(Self(elements.into_iter()))
    }

    fn many(&mut self, len: usize) -> Vec<V> {
        self.0.by_ref().take(len).collect()
    }

    fn one(&mut self) -> Option<V> {
        self.0.next()
    }

    /// The slots of one kind.
    fn slots<R, const FIELDS: usize, const VALUES: usize, const TERMS: usize>(
        &mut self,
        slots: &Slots,
    ) -> Option<Vec<R::Sealed<V>>>
    where
        R: Relation<FIELDS, VALUES, TERMS>,
    {
        let mut slot = |_| Some(R::from_fields(self.many(FIELDS).try_into().ok()?));
        (0..R::count(slots)).map(&mut slot).collect()
    }
}

impl<V: Value> LayoutVector<V> {
    const WHAT: &'static str = "the layout vector";

    /// Elements of a layout vector of `shape`.
    pub fn len(shape: &Shape) -> usize {
        let slots = shape.slots();
        let categories = slots.category_count();
        1 + slots.limbs
            + 2 * slots.numeric
            + slots.opaque
            + 2 * categories
            + slots.joint_count()
            + 3 * slots.grouped
            + 2 * slots.products
    }

    /// All elements in canonical order.
    pub fn elements(&self) -> Vec<V> {
        let mut elements = vec![self.rows.clone()];
        for part in [
            &self.limb,
            &self.numeric,
            &self.numeric_full,
            &self.opaque_full,
            &self.category,
            &self.category_full,
            &self.joint,
            &self.grouped,
            &self.grouped_full,
            &self.grouped_max,
            &self.left_full,
            &self.right_full,
        ] {
            elements.extend_from_slice(part);
        }
        elements
    }

    /// The vector with these elements.
    ///
    /// # Errors
    /// [`ScanError::StatementLength`] unless there are [`Self::len`] of them.
    pub fn from_elements(shape: &Shape, elements: Vec<V>) -> Result<Self, ScanError> {
        let expected = Self::len(shape);
        let mut reader = Reader::new(elements, Self::WHAT, expected)?;
        let slots = shape.slots();
        let (categories, joints) = (slots.category_count(), slots.joint_count());
        Ok(Self {
            rows: reader.one().ok_or(ScanError::StatementLength { what: Self::WHAT, expected, got: 0 })?,
            limb: reader.many(slots.limbs),
            numeric: reader.many(slots.numeric),
            numeric_full: reader.many(slots.numeric),
            opaque_full: reader.many(slots.opaque),
            category: reader.many(categories),
            category_full: reader.many(categories),
            joint: reader.many(joints),
            grouped: reader.many(slots.grouped),
            grouped_full: reader.many(slots.grouped),
            grouped_max: reader.many(slots.grouped),
            left_full: reader.many(slots.products),
            right_full: reader.many(slots.products),
        })
    }
}

impl<V: Value> SealedProfile<V> {
    const WHAT: &'static str = "the sealed profile";

    /// Elements of a sealed profile of `shape`.
    pub fn len(shape: &Shape) -> usize {
        let slots = shape.slots();
        let counts: usize = slots.small_tables().iter().sum();
        kinds::field_count::<Numeric, _, _, _>(slots)
            + kinds::field_count::<Opaque, _, _, _>(slots)
            + counts
            + kinds::field_count::<Grouped, _, _, _>(slots)
            + kinds::field_count::<Product, _, _, _>(slots)
    }

    /// All elements in canonical order.
    pub fn elements(&self) -> Vec<V> {
        let mut elements = kinds::fields::<Numeric, _, _, _, _>(self);
        elements.extend(kinds::fields::<Opaque, _, _, _, _>(self));
        elements.extend(self.category.iter().chain(&self.joint).flatten().cloned());
        elements.extend(kinds::fields::<Grouped, _, _, _, _>(self));
        elements.extend(kinds::fields::<Product, _, _, _, _>(self));
        elements
    }

    /// The profile with these elements.
    ///
    /// # Errors
    /// [`ScanError::StatementLength`] unless there are [`Self::len`] of them.
    pub fn from_elements(shape: &Shape, elements: Vec<V>) -> Result<Self, ScanError> {
        let (expected, got) = (Self::len(shape), elements.len());
        let mut reader = Reader::new(elements, Self::WHAT, expected)?;
        Self::read(shape, &mut reader).ok_or(ScanError::StatementLength { what: Self::WHAT, expected, got })
    }

    fn read(shape: &Shape, reader: &mut Reader<V>) -> Option<Self> {
        let slots = shape.slots();
        let numeric = reader.slots::<Numeric, _, _, _>(slots)?;
        let opaque = reader.slots::<Opaque, _, _, _>(slots)?;
        let tables = slots.small_tables();
        let (categories, joints) = tables.split_at(slots.category_count());
        let category = categories.iter().map(|&size| reader.many(size)).collect();
        let joint = joints.iter().map(|&size| reader.many(size)).collect();
        let grouped = reader.slots::<Grouped, _, _, _>(slots)?;
        let product = reader.slots::<Product, _, _, _>(slots)?;
        Some(Self { numeric, opaque, category, joint, grouped, product })
    }
}
