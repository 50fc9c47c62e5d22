//! Rows as the scan argument takes them: one vector per committed column.

use zeroize::Zeroize;
use zkl_argument::ColumnData;
use zkl_core::{
    hashed::DIGEST_CELLS,
    layout::{Encoding, Layout},
};
use zkl_dataset::{EncodedBatch, EncodedColumn};

/// Bits of a limb.
const LIMB_BITS: u32 = 16;

/// The columns of some consecutive rows.
pub(crate) struct SegmentColumns {
    columns: Vec<SegmentColumn>,
}

/// Validity is kept for nullable columns only: that of the others is not committed to.
enum SegmentColumn {
    Numeric { fraction_bits: u8, limbs: Vec<Vec<u16>>, valid: Option<Vec<bool>> },
    Codes(Vec<u16>),
    Hashed { parts: [Vec<u16>; DIGEST_CELLS], valid: Option<Vec<bool>> },
    Opaque { valid: Option<Vec<bool>> },
}

impl SegmentColumns {
    /// No rows yet, with room for `rows`.
    pub(crate) fn new(layout: &Layout, rows: usize) -> Self {
        let columns = layout.columns().iter().map(|column| {
            let valid = column.nullable.then(|| Vec::with_capacity(rows));
            match column.encoding {
                Encoding::Numeric { limbs } => SegmentColumn::Numeric {
                    fraction_bits: column.fraction_bits,
                    limbs: vec![Vec::with_capacity(rows); limbs.into()],
                    valid,
                },
                Encoding::Category { .. } | Encoding::Grouped { .. } => SegmentColumn::Codes(Vec::with_capacity(rows)),
                Encoding::Hashed => {
                    SegmentColumn::Hashed { parts: std::array::from_fn(|_| Vec::with_capacity(rows)), valid }
                }
                Encoding::Opaque => SegmentColumn::Opaque { valid },
            }
        });
        Self { columns: columns.collect() }
    }

    /// Takes in a batch; `false` when its columns are not those of the layout.
    pub(crate) fn push(&mut self, batch: &EncodedBatch) -> bool {
        if self.columns.len() != batch.columns.len() {
            return false;
        }
        self.columns.iter_mut().zip(&batch.columns).all(|(column, encoded)| column.push(encoded))
    }

    /// The columns for a [`zkl_argument::ScanWitness`], in layout order.
    pub(crate) fn data(&self) -> Vec<ColumnData<'_>> {
        self.columns.iter().map(SegmentColumn::data).collect()
    }
}

impl SegmentColumn {
    fn push(&mut self, encoded: &EncodedColumn) -> bool {
        match (self, encoded) {
            (Self::Numeric { fraction_bits, limbs, valid }, EncodedColumn::Numeric { u, valid: bits }) => {
                for (limb, shift) in limbs.iter_mut().zip((0..).step_by(LIMB_BITS as usize)) {
                    limb.extend(u.iter().map(|&u| (u << *fraction_bits >> shift) as u16));
                }
                extend(valid, bits);
            }
            (Self::Codes(codes), EncodedColumn::Codes(more)) => codes.extend_from_slice(more),
            (Self::Hashed { parts, valid }, EncodedColumn::Hashed { digests, valid: bits }) => {
                for (index, part) in parts.iter_mut().enumerate() {
                    part.extend(digests.iter().map(|digest| digest[index]));
                }
                extend(valid, bits);
            }
            (Self::Opaque { valid }, EncodedColumn::Opaque { valid: bits }) => extend(valid, bits),
            _ => return false,
        }
        true
    }

    fn data(&self) -> ColumnData<'_> {
        match self {
            Self::Numeric { limbs, valid, .. } => {
                ColumnData::Numeric { limbs: limbs.iter().map(Vec::as_slice).collect(), valid: valid.as_deref() }
            }
            Self::Codes(codes) => ColumnData::Codes16(codes),
            Self::Hashed { parts, valid } => {
                ColumnData::Hashed { parts: parts.each_ref().map(Vec::as_slice), valid: valid.as_deref() }
            }
            Self::Opaque { valid } => ColumnData::Opaque { valid: valid.as_deref() },
        }
    }
}

fn extend(valid: &mut Option<Vec<bool>>, bits: &[bool]) {
    if let Some(valid) = valid {
        valid.extend_from_slice(bits);
    }
}

impl Drop for SegmentColumns {
    /// The rows of the table do not stay behind in freed memory.
    fn drop(&mut self) {
        for column in &mut self.columns {
            match column {
                SegmentColumn::Numeric { limbs, valid, .. } => {
                    limbs.zeroize();
                    valid.zeroize();
                }
                SegmentColumn::Codes(codes) => codes.zeroize(),
                SegmentColumn::Hashed { parts, valid } => {
                    parts.zeroize();
                    valid.zeroize();
                }
                SegmentColumn::Opaque { valid } => valid.zeroize(),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use zkl_core::{
        column::ColumnType,
        layout::{ColumnLayout, Layout},
    };

    use super::*;

    fn layout() -> Layout {
        let column = |name, ty, nullable, encoding| ColumnLayout::new(name, ty, encoding).nullable(nullable);
        let columns = vec![
            column("n", ColumnType::Int, true, Encoding::Numeric { limbs: 4 }),
            column("c", ColumnType::Category, false, Encoding::Category { capacity: 4 }),
            column("t", ColumnType::Text, true, Encoding::Opaque),
            column("h", ColumnType::Text, true, Encoding::Hashed),
        ];
        Layout::new(3, columns, Vec::new()).unwrap()
    }

    fn batch(first_row: u64, u: &[u64], valid: &[bool], codes: &[u16]) -> EncodedBatch {
        EncodedBatch {
            first_row,
            rows: u.len(),
            columns: vec![
                EncodedColumn::Numeric { u: u.to_vec(), valid: valid.to_vec() },
                EncodedColumn::Codes(codes.to_vec()),
                EncodedColumn::Opaque { valid: valid.to_vec() },
                EncodedColumn::Hashed {
                    digests: u.iter().map(|u| std::array::from_fn(|part| *u as u16 ^ part as u16)).collect(),
                    valid: valid.to_vec(),
                },
            ],
        }
    }

    #[test]
    fn batches_become_limbs_codes_and_bits() {
        let mut columns = SegmentColumns::new(&layout(), 3);
        assert!(columns.push(&batch(0, &[0x1234_5678_9abc_def0, 0], &[true, false], &[1, 2])));
        assert!(columns.push(&batch(2, &[u64::MAX], &[true], &[3])));
        let data = columns.data();
        let [
            ColumnData::Numeric { limbs, valid },
            ColumnData::Codes16(codes),
            ColumnData::Opaque { valid: text },
            ColumnData::Hashed { parts, valid: hashed },
        ] = &data[..]
        else {
            panic!("other columns")
        };
        assert_eq!(limbs[..], [&[0xdef0, 0, 0xffff], &[0x9abc, 0, 0xffff], &[0x5678, 0, 0xffff], &[0x1234, 0, 0xffff]]);
        assert_eq!((*valid, *text), (Some(&[true, false, true][..]), Some(&[true, false, true][..])));
        assert_eq!(*codes, [1, 2, 3]);
        assert_eq!(*hashed, Some(&[true, false, true][..]));
        for (index, part) in parts.iter().enumerate() {
            let index = index as u16;
            assert_eq!(*part, [0xdef0 ^ index, index, 0xffff ^ index]);
        }
    }

    #[test]
    fn fractions_fill_the_top_limb() {
        let column = ColumnLayout {
            fraction_bits: 15,
            ..ColumnLayout::new("n", ColumnType::Int, Encoding::Numeric { limbs: 2 })
        };
        let mut columns = SegmentColumns::new(&Layout::new(2, vec![column], Vec::new()).unwrap(), 2);
        let u = EncodedColumn::Numeric { u: vec![0, 79_999], valid: vec![true; 2] };
        assert!(columns.push(&EncodedBatch { first_row: 0, rows: 2, columns: vec![u] }));
        let [ColumnData::Numeric { limbs, .. }] = &columns.data()[..] else { panic!("other columns") };
        assert_eq!(limbs[..], [&[0, 0x8000], &[0, 39_999]]);
    }

    #[test]
    fn batches_of_another_table_are_refused() {
        let mut columns = SegmentColumns::new(&layout(), 3);
        let mut other = batch(0, &[1], &[true], &[1]);
        other.columns.swap(0, 1);
        assert!(!columns.push(&other));
        other.columns.pop();
        assert!(!columns.push(&other));
    }
}
