//! What the verifier is told: which slots of the shape are in use, and the sealed profile slot by slot. Both are vectors
//! of a length that the shape fixes, in the order of the fields here.

use crate::{context::Value, error::ScanError, shape::Shape};

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

/// Sealed about a numeric column.
#[derive(Clone, PartialEq, Eq)]
pub struct SealedNumeric<V> {
    /// Rows with a value.
    pub valid: V,
    /// `sum u`.
    pub sum: V,
    /// `sum u^2`.
    pub sum_squares: V,
    /// `T`, the bound on the top limb.
    pub top: V,
}

/// Sealed about a large dictionary column: codes `1..=distinct` are in use, each in at least `smallest` rows.
#[derive(Clone, PartialEq, Eq)]
pub struct SealedGroups<V> {
    /// Null rows.
    pub nulls: V,
    /// `D`, the number of groups.
    pub distinct: V,
    /// `k_min`; must be sealed as a number below 2^32.
    pub smallest: V,
}

/// Sealed about a declared numeric pair, over the rows where both are valid.
#[derive(Clone, PartialEq, Eq)]
pub struct SealedProduct<V> {
    /// Rows where both are valid.
    pub valid: V,
    /// `sum u w`.
    pub products: V,
    /// `sum u`.
    pub left_sum: V,
    /// `sum w`.
    pub right_sum: V,
    /// `sum u^2`.
    pub left_squares: V,
    /// `sum w^2`.
    pub right_squares: V,
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
        4 * slots.numeric + slots.opaque + counts + 3 * slots.grouped + 6 * slots.products
    }

    /// All elements in canonical order.
    pub fn elements(&self) -> Vec<V> {
        let mut elements = Vec::new();
        for record in &self.numeric {
            elements.extend([&record.valid, &record.sum, &record.sum_squares, &record.top].map(V::clone));
        }
        elements.extend_from_slice(&self.opaque);
        elements.extend(self.category.iter().chain(&self.joint).flatten().cloned());
        for record in &self.grouped {
            elements.extend([&record.nulls, &record.distinct, &record.smallest].map(V::clone));
        }
        for record in &self.product {
            let sums = [&record.valid, &record.products, &record.left_sum, &record.right_sum];
            elements.extend(sums.map(V::clone));
            elements.extend([&record.left_squares, &record.right_squares].map(V::clone));
        }
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
        let numeric = (0..slots.numeric)
            .map(|_| {
                let (valid, sum) = (reader.one()?, reader.one()?);
                Some(SealedNumeric { valid, sum, sum_squares: reader.one()?, top: reader.one()? })
            })
            .collect::<Option<_>>()?;
        let opaque = reader.many(slots.opaque);
        let tables = slots.small_tables();
        let (categories, joints) = tables.split_at(slots.category_count());
        let category = categories.iter().map(|&size| reader.many(size)).collect();
        let joint = joints.iter().map(|&size| reader.many(size)).collect();
        let grouped = (0..slots.grouped)
            .map(|_| {
                let (nulls, distinct) = (reader.one()?, reader.one()?);
                Some(SealedGroups { nulls, distinct, smallest: reader.one()? })
            })
            .collect::<Option<_>>()?;
        let product = (0..slots.products)
            .map(|_| {
                let (valid, products) = (reader.one()?, reader.one()?);
                let (left_sum, right_sum) = (reader.one()?, reader.one()?);
                let (left_squares, right_squares) = (reader.one()?, reader.one()?);
                Some(SealedProduct { valid, products, left_sum, right_sum, left_squares, right_squares })
            })
            .collect::<Option<_>>()?;
        Some(Self { numeric, opaque, category, joint, grouped, product })
    }
}
