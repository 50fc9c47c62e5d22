//! The layout as one field element.

use zkl_core::{
    ark::Fr,
    column::{ColumnType, TimeUnit},
    hashed::DIGEST_CELLS,
    layout::{Encoding, Layout, PairLayout},
};
use zkl_poseidon::{Domain, hash_many, hash_to_field};

/// First element of the layout vector.
pub const LAYOUT_VERSION: u64 = 1;

const LAYOUT: Domain = Domain::new("zkl/seal/v1/layout");
const NAME: Domain = Domain::new("zkl/seal/v1/column-name");

/// Poseidon of [`layout_vector`].
pub fn layout_digest(layout: &Layout) -> Fr {
    hash_many(LAYOUT, &layout_vector(layout))
}

/// The canonical layout vector, injective up to collisions of the hash of names:
///
/// ```text
/// version, rows, K, P,
/// per column:  H(name),  type | parameter << 8 | nullable << 16 | encoding << 24 | size << 32 | fraction bits << 40
/// per pair:    kind | first << 8 | second << 40
/// ```
///
/// Types: bool 0, int 1, decimal 2 (parameter: scale), date 3, timestamp 4 (parameter: unit, s 0, ms 1, us 2, ns 3),
/// category 5, text 6. Encodings: numeric 1 (size: limbs), category 2 (size: capacity), grouped 3 (size: capacity),
/// opaque 4 (size: 0), hashed 5 (size: 8, the parts of a digest). Only numeric columns, whose size is below 2^8, have fraction bits. Pairs: joint 1 (group, label), product 2 (left, right).
pub fn layout_vector(layout: &Layout) -> Vec<Fr> {
    let mut vector = Vec::with_capacity(4 + 2 * layout.columns().len() + layout.pairs().len());
    vector.push(Fr::from(LAYOUT_VERSION));
    vector.push(Fr::from(layout.rows()));
    vector.push(Fr::from(layout.columns().len() as u64));
    vector.push(Fr::from(layout.pairs().len() as u64));
    for column in layout.columns() {
        let (ty, parameter) = type_code(column.ty);
        let (encoding, size) = match column.encoding {
            Encoding::Numeric { limbs } => (1, u32::from(limbs)),
            Encoding::Category { capacity } => (2, capacity),
            Encoding::Grouped { capacity } => (3, capacity),
            Encoding::Opaque => (4, 0),
            Encoding::Hashed => (5, DIGEST_CELLS as u32),
        };
        vector.push(hash_to_field(NAME, column.name.as_bytes()));
        let packed = u64::from(ty)
            | u64::from(parameter) << 8
            | u64::from(column.nullable) << 16
            | encoding << 24
            | u64::from(size) << 32
            | u64::from(column.fraction_bits) << 40;
        vector.push(Fr::from(packed));
    }
    for pair in layout.pairs() {
        let (kind, first, second) = match *pair {
            PairLayout::Joint { group, label } => (1, group, label),
            PairLayout::Product { left, right } => (2, left, right),
        };
        vector.push(Fr::from(kind | u128::from(first) << 8 | u128::from(second) << 40));
    }
    vector
}

const fn type_code(ty: ColumnType) -> (u8, u8) {
    match ty {
        ColumnType::Bool => (0, 0),
        ColumnType::Int => (1, 0),
        ColumnType::Decimal { scale } => (2, scale),
        ColumnType::Date => (3, 0),
        ColumnType::Timestamp { unit } => {
            let unit = match unit {
                TimeUnit::Second => 0,
                TimeUnit::Millisecond => 1,
                TimeUnit::Microsecond => 2,
                TimeUnit::Nanosecond => 3,
            };
            (4, unit)
        }
        ColumnType::Category => (5, 0),
        ColumnType::Text => (6, 0),
    }
}
