//! Sums of sets of points, whatever adds the pairs.

use super::{Curve, Pair, PointKernel};
use crate::threads::{self, prelude::*};

/// Most entries of one chunk: its points after the first pass stay in the second-level cache.
const CHUNK: usize = 1 << 14;
/// Fewest entries of one chunk: below, threads cost more than they gain.
const MIN_CHUNK: usize = 1 << 11;
/// Pairs of a pass below which a chunk leaves the rest to the next round, where the rests of many chunks share passes.
const FEW: usize = 128;

/// Entries `start .. start + len` belong to a set. A set may have any number of runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    /// Index of the set.
    pub set: u32,
    /// First entry.
    pub start: u32,
    /// Number of entries.
    pub len: u32,
}

/// The sums of `sets` sets of points. Set k sums the points of its runs' entries; an entry is `2 index + sign`, where index is
/// a place in `table` and sign 1 takes the point negated. Sets without entries have the neutral element.
///
/// Chunks are spread over the [`threads`].
///
/// # Panics
/// When a run leaves `entries`, an entry leaves `table`, or a set is not below `sets`.
pub fn sums<C: Curve, K: PointKernel<C>>(
    kernel: K,
    table: &[K::Point],
    entries: &[u32],
    runs: &[Run],
    sets: usize,
) -> Vec<K::Point> {
    let mut sums = vec![K::Point::default(); sets];
    let mut rest = round(kernel, table, entries, runs, &mut sums);
    while !rest.runs.is_empty() {
        rest = round(kernel, &rest.table, &rest.entries, &rest.runs, &mut sums);
    }
    sums
}

/// What a round leaves to the next.
struct Rest<P> {
    table: Vec<P>,
    entries: Vec<u32>,
    runs: Vec<Run>,
}

/// Adds up as much as is worth it within chunks. Sets of which one point is left are done.
fn round<C: Curve, K: PointKernel<C>>(
    kernel: K,
    table: &[K::Point],
    entries: &[u32],
    runs: &[Run],
    sums: &mut [K::Point],
) -> Rest<K::Point> {
    let chunks = cut(runs, threads::current_num_threads());
    let reduced: Vec<Reduced<K::Point>> = match chunks.as_slice() {
        [chunk] => vec![Workspace::new().reduce(kernel, table, entries, chunk, 1)],
        chunks => chunks
            .par_iter()
            .map_init(Workspace::new, |workspace, chunk| workspace.reduce(kernel, table, entries, chunk, FEW))
            .collect(),
    };

    // How many points are left of each set, then where its next point goes.
    let mut places = vec![0u32; sums.len()];
    for set in reduced.iter().flat_map(|reduced| &reduced.sets) {
        places[*set as usize] += 1;
    }
    let mut runs = Vec::new();
    let mut start = 0;
    for (set, place) in (0..).zip(&mut places) {
        let len = std::mem::replace(place, if *place > 1 { start } else { DONE });
        if len > 1 {
            runs.push(Run { set, start, len });
            start += len;
        }
    }
    let mut table = vec![K::Point::default(); start as usize];
    for (set, point) in reduced.iter().flat_map(|reduced| reduced.sets.iter().zip(&reduced.points)) {
        let place = &mut places[*set as usize];
        if *place == DONE {
            sums[*set as usize] = *point;
        } else {
            table[*place as usize] = *point;
            *place += 1;
        }
    }
    Rest { table, entries: (0..start).map(|index| 2 * index).collect(), runs }
}

/// The place of a set of which one point is left.
const DONE: u32 = u32::MAX;

/// Runs in chunks of equal numbers of entries. Runs that span chunks are cut.
fn cut(runs: &[Run], threads: usize) -> Vec<Vec<Run>> {
    let total: usize = runs.iter().map(|run| run.len as usize).sum();
    let size = total.div_ceil(threads).clamp(MIN_CHUNK, CHUNK);
    let size = total.div_ceil(total.div_ceil(size).max(1)).max(1);
    let mut chunks = Vec::with_capacity(total.div_ceil(size));
    let mut chunk = Vec::new();
    let mut room = size;
    for &run in runs {
        let mut run = run;
        while run.len as usize > room {
            chunk.push(Run { len: room as u32, ..run });
            run = Run { set: run.set, start: run.start + room as u32, len: run.len - room as u32 };
            chunks.push(std::mem::take(&mut chunk));
            room = size;
        }
        if run.len > 0 {
            chunk.push(run);
            room -= run.len as usize;
        }
    }
    if !chunk.is_empty() {
        chunks.push(chunk);
    }
    chunks
}

/// What is left of some sets: points, each with its set.
struct Reduced<P> {
    sets: Vec<u32>,
    points: Vec<P>,
}

/// A set within a chunk: points at `start`, `start + stride`, ...
#[derive(Clone, Copy)]
struct Live {
    set: u32,
    start: u32,
    len: u32,
}

/// Memory that one chunk after the other is worked on in.
struct Workspace<C: Curve, K: PointKernel<C>> {
    points: Vec<K::Point>,
    sets: Vec<Live>,
    pairs: Vec<Pair>,
    scratch: K::Scratch,
}

impl<C: Curve, K: PointKernel<C>> Workspace<C, K> {
    fn new() -> Self {
        Self { points: Vec::new(), sets: Vec::new(), pairs: Vec::new(), scratch: K::Scratch::default() }
    }

    /// Adds pass by pass, until a pass would have fewer than `few` pairs.
    fn reduce(
        &mut self,
        kernel: K,
        table: &[K::Point],
        entries: &[u32],
        runs: &[Run],
        few: usize,
    ) -> Reduced<K::Point> {
        self.first_pass(kernel, table, entries, runs);
        // Sets of which one point is left, and the indices of the others.
        let mut live: Vec<u32> = (0..).zip(&self.sets).filter(|(_, set)| set.len > 1).map(|(index, _)| index).collect();
        let mut stride = 1;
        loop {
            self.pairs.clear();
            for &index in &live {
                let Live { start, len, .. } = self.sets[index as usize];
                let lefts = (0..len / 2).map(|pair| start + 2 * stride * pair);
                self.pairs.extend(lefts.map(|left| Pair { left, right: left + stride, to: left }));
            }
            if self.pairs.len() < few {
                break;
            }
            kernel.add_within(&mut self.points, &self.pairs, &mut self.scratch);
            stride *= 2;
            live.retain(|&index| {
                let len = &mut self.sets[index as usize].len;
                *len = len.div_ceil(2);
                *len > 1
            });
        }

        let left: u32 = self.sets.iter().map(|set| set.len).sum();
        let mut reduced =
            Reduced { sets: Vec::with_capacity(left as usize), points: Vec::with_capacity(left as usize) };
        for &Live { set, start, len } in &self.sets {
            let places = (0..len).map(|index| (start + stride * index) as usize);
            reduced.points.extend(places.map(|place| self.points[place]));
            reduced.sets.extend(std::iter::repeat_n(set, len as usize));
        }
        reduced
    }

    /// Takes points from the table: pairs become sums, those without a partner are copied.
    fn first_pass(&mut self, kernel: K, table: &[K::Point], entries: &[u32], runs: &[Run]) {
        self.sets.clear();
        self.pairs.clear();
        let halves: u32 = runs.iter().map(|run| run.len.div_ceil(2)).sum();
        self.points.resize(halves as usize, K::Point::default());
        let mut start = 0;
        for run in runs {
            let entries = &entries[run.start as usize..][..run.len as usize];
            let (two, one) = entries.as_chunks::<2>();
            self.pairs.extend((start..).zip(two).map(|(to, &[left, right])| Pair { left, right, to }));
            if let [entry] = one {
                let point = &table[(entry >> 1) as usize];
                self.points[start as usize + two.len()] = if entry & 1 == 0 { *point } else { kernel.negated(point) };
            }
            let len = run.len.div_ceil(2);
            self.sets.push(Live { set: run.set, start, len });
            start += len;
        }
        kernel.add_apart(table, &self.pairs, &mut self.points, &mut self.scratch);
    }
}
