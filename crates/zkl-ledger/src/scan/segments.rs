//! The rows of a table, cut into segments as they are read.

use std::sync::mpsc::SyncSender;

use zkl_circuits::scan::segment_rows;
use zkl_core::{layout::Layout, profile::Profile};
use zkl_dataset::{EncodedBatch, Frame, ProfileSums, RowSink, SinkError};

use super::columns::SegmentColumns;

/// What a reader hands to whoever commits or proves.
pub(crate) enum TablePart {
    /// The layout: known before the first row.
    Layout(Layout),
    /// The next segment.
    Segment(Box<SegmentRows>),
}

/// The rows of one segment, and their profile in the frame of the table.
pub(crate) struct SegmentRows {
    pub(crate) columns: SegmentColumns,
    pub(crate) profile: Profile,
}

/// A sink that sends segments on as soon as they are full.
pub(crate) struct SegmentSink {
    parts: SyncSender<TablePart>,
    table: Option<Table>,
}

struct Table {
    layout: Layout,
    frame: Frame,
    segment_rows: u64,
    columns: SegmentColumns,
    sums: ProfileSums,
}

impl SegmentSink {
    pub(crate) const fn new(parts: SyncSender<TablePart>) -> Self {
        Self { parts, table: None }
    }

    fn send(&self, part: TablePart) -> Result<(), SinkError> {
        // Whoever receives has stopped with an error of their own, which is the one to report.
        self.parts.send(part).map_err(|_| "the rows are no longer wanted".into())
    }
}

impl RowSink for SegmentSink {
    fn begin(&mut self, layout: &Layout, frame: &Frame) -> Result<(), SinkError> {
        // First, so that whoever receives it says what is wrong with a table that cannot be proved.
        self.send(TablePart::Layout(layout.clone()))?;
        let segment_rows = segment_rows(layout);
        let capacity = usize::try_from(layout.rows().min(segment_rows))?;
        self.table = Some(Table {
            columns: SegmentColumns::new(layout, capacity),
            sums: ProfileSums::new(layout),
            layout: layout.clone(),
            frame: frame.clone(),
            segment_rows,
        });
        Ok(())
    }

    fn batch(&mut self, batch: &EncodedBatch) -> Result<(), SinkError> {
        let table = self.table.as_mut().ok_or("rows before the layout")?;
        let full = table.push(batch)?;
        full.into_iter().try_for_each(|segment| self.send(TablePart::Segment(Box::new(segment))))
    }
}

impl Table {
    /// Takes in a batch and returns the segments that it completes.
    fn push(&mut self, batch: &EncodedBatch) -> Result<Vec<SegmentRows>, SinkError> {
        let mut full = Vec::new();
        let mut done = 0;
        while done < batch.rows {
            let room = usize::try_from(self.segment_rows - self.sums.rows())?;
            let end = batch.rows.min(done.saturating_add(room));
            let taken = if (done, end) == (0, batch.rows) {
                self.sums.add(batch);
                self.columns.push(batch)
            } else {
                let part = batch.slice(done..end);
                self.sums.add(&part);
                self.columns.push(&part)
            };
            if !taken {
                return Err("the batch is of another layout".into());
            }
            let seen = batch.first_row + end as u64;
            if self.sums.rows() == self.segment_rows || seen == self.layout.rows() {
                full.push(self.cut(self.layout.rows() - seen)?);
            }
            done = end;
        }
        Ok(full)
    }

    /// The segment that is complete; `left` rows of the table are still to come.
    fn cut(&mut self, left: u64) -> Result<SegmentRows, SinkError> {
        let capacity = usize::try_from(left.min(self.segment_rows))?;
        let columns = std::mem::replace(&mut self.columns, SegmentColumns::new(&self.layout, capacity));
        let sums = std::mem::replace(&mut self.sums, ProfileSums::new(&self.layout));
        Ok(SegmentRows { columns, profile: sums.finish(&self.layout, &self.frame) })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::sync_channel;

    use zkl_argument::ColumnData;
    use zkl_core::{
        column::ColumnType,
        layout::{ColumnLayout, Encoding},
        profile::ColumnStats,
    };
    use zkl_dataset::EncodedColumn;

    use super::*;

    fn layout(rows: u64) -> Layout {
        let column = ColumnLayout::new("n", ColumnType::Int, Encoding::Numeric { limbs: 1 });
        Layout::new(rows, vec![column], Vec::new()).unwrap()
    }

    fn values(segment: &SegmentRows) -> Vec<u16> {
        match &segment.columns.data()[..] {
            [ColumnData::Numeric { limbs, valid: None }] => limbs[0].to_vec(),
            _ => panic!("another column"),
        }
    }

    #[test]
    fn rows_are_cut_where_a_segment_is_full_whatever_the_batches() {
        let (rows, capacity) = (3 * 50 + 7, 50);
        for size in [1, 7, 49, 50, 51, 120, 200] {
            let (sender, parts) = sync_channel(100);
            let mut sink = SegmentSink::new(sender);
            let frame = Frame { bounds: vec![(0, rows as i64 - 1)], values: vec![Vec::new()] };
            sink.begin(&layout(rows), &frame).unwrap();
            sink.table.as_mut().unwrap().segment_rows = capacity;
            let all: Vec<u64> = (0..rows).collect();
            for u in all.chunks(size) {
                let column = EncodedColumn::Numeric { u: u.to_vec(), valid: vec![true; u.len()] };
                sink.batch(&EncodedBatch { first_row: u[0], rows: u.len(), columns: vec![column] }).unwrap();
            }
            drop(sink);
            let mut parts = parts.into_iter();
            assert!(matches!(parts.next(), Some(TablePart::Layout(found)) if found == layout(rows)));
            let segments: Vec<_> = parts
                .map(|part| match part {
                    TablePart::Segment(segment) => segment,
                    TablePart::Layout(_) => panic!("a second layout"),
                })
                .collect();
            let lengths: Vec<_> = segments.iter().map(|segment| segment.profile.rows).collect();
            assert_eq!(lengths, [50, 50, 50, 7], "batches of {size}");
            let together: Vec<u16> = segments.iter().flat_map(|segment| values(segment)).collect();
            assert!(together.into_iter().map(u64::from).eq(0..rows));
            for segment in segments {
                let ColumnStats::Numeric(stats) = &segment.profile.columns[0].stats else { panic!("no numbers") };
                let sum: u64 = values(&segment).into_iter().map(u64::from).sum();
                assert_eq!((&stats.sum, stats.min, stats.max), (&sum.into(), 0, rows as i64 - 1));
            }
        }
    }

    #[test]
    fn a_receiver_that_is_gone_ends_the_reading() {
        let (sender, parts) = sync_channel(1);
        drop(parts);
        assert!(SegmentSink::new(sender).begin(&layout(1), &Frame::default()).is_err());
    }
}
