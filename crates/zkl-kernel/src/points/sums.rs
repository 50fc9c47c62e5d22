//! Sums of sets of points, whatever adds the pairs.

use rayon::prelude::*;

use super::{Curve, Pair, PointKernel};

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
/// Uses the threads of the current rayon pool.
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
    let chunks = cut(runs, rayon::current_num_threads());
    let few = if chunks.len() == 1 { 1 } else { FEW };
    let reduce = |runs: &Vec<Run>| Chunk::reduce(kernel, table, entries, runs, few);
    let chunks: Vec<Chunk<K::Point>> =
        if chunks.len() == 1 { chunks.iter().map(reduce).collect() } else { chunks.par_iter().map(reduce).collect() };

    let mut left = vec![0u32; sums.len()];
    for (set, _) in chunks.iter().flat_map(Chunk::remainders) {
        left[set as usize] += 1;
    }
    let mut rest = Rest { table: Vec::new(), entries: Vec::new(), runs: Vec::new() };
    // Where the next point of a set goes.
    let mut next = left;
    let mut start = 0;
    for (set, next) in (0..).zip(&mut next) {
        if *next > 1 {
            rest.runs.push(Run { set, start, len: *next });
            start += *next;
            *next = start - *next;
        } else {
            *next = u32::MAX;
        }
    }
    rest.table.resize(start as usize, K::Point::default());
    rest.entries.extend((0..start).map(|index| 2 * index));
    for (set, point) in chunks.iter().flat_map(Chunk::remainders) {
        let next = &mut next[set as usize];
        if *next == u32::MAX {
            sums[set as usize] = *point;
        } else {
            rest.table[*next as usize] = *point;
            *next += 1;
        }
    }
    rest
}

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

/// Points of some sets, added up for a while.
struct Chunk<P> {
    points: Vec<P>,
    sets: Vec<Live>,
    /// Distance between neighbours of one set.
    stride: u32,
}

/// A set within a chunk: points at `start`, `start + stride`, ...
#[derive(Clone, Copy)]
struct Live {
    set: u32,
    start: u32,
    len: u32,
}

impl<P: Copy + Default> Chunk<P> {
    fn reduce<C: Curve, K: PointKernel<C, Point = P>>(
        kernel: K,
        table: &[P],
        entries: &[u32],
        runs: &[Run],
        few: usize,
    ) -> Self {
        let mut scratch = K::Scratch::default();
        let mut pairs = Vec::with_capacity(CHUNK / 2);
        let mut chunk = Self { points: Vec::new(), sets: Vec::with_capacity(runs.len()), stride: 1 };

        // The first pass takes points from the table: pairs become sums, those without a partner are copied.
        let halves: u32 = runs.iter().map(|run| run.len.div_ceil(2)).sum();
        chunk.points.resize(halves as usize, P::default());
        let mut start = 0;
        for run in runs {
            let entries = &entries[run.start as usize..][..run.len as usize];
            let (two, one) = entries.as_chunks::<2>();
            pairs.extend((start..).zip(two).map(|(to, &[left, right])| Pair { left, right, to }));
            if let [entry] = one {
                let point = &table[(entry >> 1) as usize];
                chunk.points[start as usize + two.len()] = if entry & 1 == 0 { *point } else { kernel.negated(point) };
            }
            let len = run.len.div_ceil(2);
            chunk.sets.push(Live { set: run.set, start, len });
            start += len;
        }
        kernel.add_apart(table, &pairs, &mut chunk.points, &mut scratch);

        let mut live: Vec<usize> = (0..chunk.sets.len()).filter(|&index| chunk.sets[index].len > 1).collect();
        loop {
            pairs.clear();
            for &index in &live {
                let Live { start, len, .. } = chunk.sets[index];
                let lefts = (start..).step_by(2 * chunk.stride as usize).take(len as usize / 2);
                pairs.extend(lefts.map(|left| Pair { left, right: left + chunk.stride, to: left }));
            }
            if pairs.len() < few {
                return chunk;
            }
            kernel.add_within(&mut chunk.points, &pairs, &mut scratch);
            chunk.stride *= 2;
            live.retain(|&index| {
                let len = &mut chunk.sets[index].len;
                *len = len.div_ceil(2);
                *len > 1
            });
        }
    }

    /// The points that are left, with their sets.
    fn remainders(&self) -> impl Iterator<Item = (u32, &P)> {
        self.sets.iter().flat_map(|live| {
            let places = (live.start..).step_by(self.stride as usize).take(live.len as usize);
            places.map(|place| (live.set, &self.points[place as usize]))
        })
    }
}
