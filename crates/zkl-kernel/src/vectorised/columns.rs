//! The tables of a sumcheck, all of the same length, that are folded together.
//!
//! # Layout
//! Entry i of a table is lane `i mod 8` of block `i / 8`. Tables are cut into segments; a segment is folded inside its own memory, so
//! segments go to different threads and nothing is copied. When what is left of a segment is short, segments are moved
//! together.
//!
//! # Laziness
//! [`Columns::bind`] only notes the challenge. The next pass over the pairs folds the entries that it reads, block by block, and
//! writes them back.

use zkl_core::ark::{
    Fr,
    ff::{AdditiveGroup as _, Field as _},
};

use super::{
    form::{BoundForm, MOST_BOUND, PairValues, Values},
    memory::Storage,
    vector,
};
use crate::threads::prelude::*;
use crate::{
    avx512::{Avx512, Block, Lanes, Product, Task},
    cells::Form,
};

/// Most blocks of pairs that a chunk has. Its two tables of 5 KiB stay in the first-level cache with a few others.
pub(super) const CHUNK: usize = 16;
/// Fewest free coordinates of a pass: below, a chunk would be nearly empty.
pub(super) const LEAST_FREE: usize = 6;

/// Blocks of a segment from which a table has a second one.
const SEGMENT: usize = 1 << 8;
/// Most segments of a table.
const MOST_SEGMENTS: usize = 64;
/// Blocks of a segment below which segments are moved together.
const SHORT: usize = 1 << 6;

/// Neighbours of one table on a chunk: lane i of block b of `low` is entry `2 (8 b + i)`, of `high` the next one.
#[derive(Clone)]
pub(super) struct Pairs {
    pub(super) low: [Block<Fr>; CHUNK],
    pub(super) high: [Block<Fr>; CHUNK],
}

impl Pairs {
    pub(super) fn zero() -> Box<Self> {
        Box::new(Self { low: [Block::ZERO; CHUNK], high: [Block::ZERO; CHUNK] })
    }

    /// `value` everywhere.
    pub(super) fn constant(cpu: Avx512, value: Fr) -> Box<Self> {
        let block = vector::block(cpu, &[value; 8]);
        Box::new(Self { low: [block; CHUNK], high: [block; CHUNK] })
    }
}

/// Tables that are folded together.
pub(super) struct Columns<'a> {
    cpu: Avx512,
    sources: Vec<Source<'a>>,
    /// Coordinates that are not bound.
    free: usize,
    segments: usize,
}

enum Source<'a> {
    Form(BoundForm<'a>),
    Dense(Dense),
}

/// A stored table: segment s is the first blocks of `storage[s * stride ..]`.
#[derive(Debug)]
struct Dense {
    storage: Storage<Fr>,
    stride: usize,
    /// Blocks that are stored in all segments.
    blocks: usize,
    /// Stored blocks that may be other than zero, from the first on. What lies behind them in memory has no meaning.
    used: usize,
    /// The challenge that the table has not been folded by yet.
    pending: Option<Fr>,
}

impl Dense {
    fn new(storage: Storage<Fr>, segments: usize, used: usize) -> Self {
        let blocks = storage.blocks().len();
        Self { storage, stride: blocks / segments, blocks, used: used.min(blocks), pending: None }
    }

    /// Stored blocks in order.
    fn in_order(&self, segments: usize) -> impl Iterator<Item = &Block<Fr>> {
        let live = self.blocks / segments;
        self.storage.blocks().chunks(self.stride).take(segments).flat_map(move |segment| &segment[..live])
    }
}

impl<'a> Columns<'a> {
    /// Forms on `2^log_rows` rows, at least [`LEAST_FREE`].
    pub(super) fn of_forms(cpu: Avx512, forms: &[&Form<'a>], log_rows: usize) -> Self {
        let segments = segment_count(log_rows);
        let source = |form: &&Form<'a>| match BoundForm::new(form) {
            Some(form) => Source::Form(form),
            None => {
                let storage = vector::tabulate(cpu, form, 1 << log_rows);
                Source::Dense(Dense::new(storage, segments, usize::MAX))
            }
        };
        Self { cpu, sources: forms.iter().map(source).collect(), free: log_rows, segments }
    }

    /// Stored tables of `2^free` entries.
    pub(super) fn of_tables(cpu: Avx512, tables: Vec<Storage<Fr>>, free: usize) -> Self {
        let segments = segment_count(free);
        let dense = |storage| Source::Dense(Dense::new(storage, segments, usize::MAX));
        Self { cpu, sources: tables.into_iter().map(dense).collect(), free, segments }
    }

    pub(super) fn free(&self) -> usize {
        self.free
    }

    /// Blocks of pairs in a chunk.
    pub(super) fn chunk_blocks(&self) -> usize {
        CHUNK.min(blocks(self.free - 1))
    }

    /// Binds coordinate 0 to `r`.
    pub(super) fn bind(&mut self, r: Fr) {
        let waiting = |source: &Source<'_>| matches!(source, Source::Dense(dense) if dense.pending.is_some());
        if self.sources.iter().any(waiting) {
            self.fold_now();
        }
        for source in &mut self.sources {
            match source {
                Source::Form(form) => form.bind(r),
                Source::Dense(dense) => dense.pending = Some(r),
            }
        }
        self.free -= 1;
    }

    /// Calls `work` for every segment, with a state made by `state`, and gives the states.
    pub(super) fn pass<S: Send>(
        &mut self,
        state: impl Fn() -> S + Sync,
        work: impl Fn(&mut Segment<'_, 'a>, &mut S) + Sync,
    ) -> Vec<S> {
        self.store_bound_forms();
        self.join_short_segments();
        let (cpu, count, chunk_blocks) = (self.cpu, self.segments, self.chunk_blocks());
        let pair_blocks = blocks(self.free - 1) / count;
        let mut segments: Vec<Segment<'_, 'a>> = (0..count)
            .map(|index| {
                let feeds = Vec::with_capacity(self.sources.len());
                Segment { cpu, feeds, first: index * pair_blocks, pair_blocks, chunk_blocks }
            })
            .collect();
        for source in &mut self.sources {
            match source {
                Source::Form(form) => {
                    let form: &BoundForm<'a> = form;
                    segments.iter_mut().for_each(|segment| segment.feeds.push(Feed::Form(form)));
                }
                Source::Dense(dense) => {
                    let live = dense.blocks / count;
                    let weights = dense.pending.map(|r| [Fr::ONE - r, r]);
                    let parts = dense.storage.blocks_mut().chunks_mut(dense.stride);
                    for (index, (segment, part)) in segments.iter_mut().zip(parts).enumerate() {
                        let used = dense.used.saturating_sub(index * live).min(live);
                        segment.feeds.push(match weights {
                            Some(weights) => Feed::Fold { part, used, weights },
                            None => Feed::Stored { part, used },
                        });
                    }
                }
            }
        }
        let run = |mut segment: Segment<'_, 'a>| {
            let mut state = state();
            work(&mut segment, &mut state);
            state
        };
        let states = if count == 1 {
            segments.into_iter().map(run).collect()
        } else {
            segments.into_par_iter().map(run).collect()
        };
        for source in &mut self.sources {
            if let Source::Dense(dense) = source
                && dense.pending.take().is_some()
            {
                dense.blocks /= 2;
                dense.used = dense.used.div_ceil(2);
            }
        }
        states
    }

    /// Folds tables by a challenge that no pass has taken care of.
    fn fold_now(&mut self) {
        self.pass(Pairs::zero, |segment, pairs| {
            for source in 0..segment.feeds.len() {
                for chunk in 0..segment.chunks() {
                    segment.fill(source, chunk, pairs);
                }
            }
        });
    }

    /// Entries of every table, when few are left.
    pub(super) fn into_elements(self) -> Vec<Vec<Fr>> {
        let len = 1usize << self.free;
        let elements = |source: &Source<'a>| match source {
            Source::Form(form) => (0..len).map(|i| form.value(i)).collect(),
            Source::Dense(dense) => {
                let mut values = Vec::with_capacity(2 * len);
                for (index, block) in dense.in_order(self.segments).enumerate() {
                    let elements = vector::elements_of(self.cpu, block);
                    values.extend(if index < dense.used { elements } else { [Fr::ZERO; 8] });
                }
                match dense.pending {
                    None => values,
                    Some(r) => (0..len).map(|i| values[2 * i] + r * (values[2 * i + 1] - values[2 * i])).collect(),
                }
            }
        };
        self.sources.iter().map(elements).collect()
    }

    /// Moves segments together when each has become short.
    fn join_short_segments(&mut self) {
        if self.segments == 1 || blocks(self.free) / self.segments >= SHORT {
            return;
        }
        let segments = segment_count(self.free);
        for source in &mut self.sources {
            let Source::Dense(dense) = source else { continue };
            let mut storage = Storage::zeroed(dense.blocks);
            for (to, from) in storage.blocks_mut().iter_mut().zip(dense.in_order(self.segments)) {
                *to = *from;
            }
            *dense = Dense { pending: dense.pending, ..Dense::new(storage, segments, dense.used) };
        }
        self.segments = segments;
    }

    /// Turns forms with [`MOST_BOUND`] bound coordinates into tables.
    fn store_bound_forms(&mut self) {
        let blocks = blocks(self.free);
        for source in &mut self.sources {
            let Source::Form(form) = source else { continue };
            if form.bound() < MOST_BOUND {
                continue;
            }
            let mut storage = Storage::zeroed(blocks);
            let cpu = self.cpu;
            let used = form.zero_from().map_or(blocks, |entry| entry.div_ceil(8).min(blocks));
            let fill = |(chunk, out): (usize, &mut [Block<Fr>])| cpu.run(Values { form, start: chunk * SEGMENT, out });
            storage.blocks_mut()[..used].par_chunks_mut(SEGMENT).enumerate().for_each(fill);
            *source = Source::Dense(Dense::new(storage, self.segments, used));
        }
    }
}

/// Blocks of a table of `2^log_len` entries.
pub(super) fn blocks(log_len: usize) -> usize {
    1 << log_len >> 3
}

fn segment_count(log_len: usize) -> usize {
    (blocks(log_len) / SEGMENT).clamp(1, MOST_SEGMENTS)
}

/// One segment of all tables, for one thread.
pub(super) struct Segment<'s, 'a> {
    cpu: Avx512,
    feeds: Vec<Feed<'s, 'a>>,
    /// Number of its first block of pairs.
    first: usize,
    pair_blocks: usize,
    chunk_blocks: usize,
}

enum Feed<'s, 'a> {
    Form(&'s BoundForm<'a>),
    Stored { part: &'s mut [Block<Fr>], used: usize },
    Fold { part: &'s mut [Block<Fr>], used: usize, weights: [Fr; 2] },
}

impl Segment<'_, '_> {
    /// Chunks of the segment.
    pub(super) fn chunks(&self) -> usize {
        self.pair_blocks / self.chunk_blocks
    }

    /// Number of the first block of pairs of `chunk`, among those of the whole table.
    pub(super) fn first_block(&self, chunk: usize) -> usize {
        self.first + chunk * self.chunk_blocks
    }

    /// Reads the pairs of one table on a chunk, and folds the table there if it waits for that. Each chunk must be read once in
    /// a pass. `false`, with nothing written, when all of them are zero.
    pub(super) fn fill(&mut self, source: usize, chunk: usize, pairs: &mut Pairs) -> bool {
        let blocks = self.chunk_blocks;
        let (low, high) = (&mut pairs.low[..blocks], &mut pairs.high[..blocks]);
        let local = chunk * blocks;
        match &mut self.feeds[source] {
            Feed::Form(form) => {
                let start = self.first + local;
                if form.zero_from().is_some_and(|entry| entry <= 16 * start) {
                    return false;
                }
                self.cpu.run(PairValues { form, start, low, high });
            }
            Feed::Stored { part, used } => {
                if *used <= 2 * local {
                    return false;
                }
                self.cpu.run(StoredPairs { part, used: *used, start: local, low, high });
            }
            Feed::Fold { part, used, weights } => {
                if *used <= 4 * local {
                    return false;
                }
                self.cpu.run(FoldedPairs { part, used: *used, weights: *weights, start: local, low, high });
            }
        }
        true
    }
}

/// Pairs of a stored table, from block `2 * start` on.
struct StoredPairs<'s> {
    part: &'s [Block<Fr>],
    used: usize,
    start: usize,
    low: &'s mut [Block<Fr>],
    high: &'s mut [Block<Fr>],
}

impl Task for StoredPairs<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self, cpu: Avx512) {
        for b in 0..self.low.len() {
            let at = 2 * (self.start + b);
            let first = load_used(cpu, self.part, at, self.used);
            let second = load_used(cpu, self.part, at + 1, self.used);
            let (even, odd) = first.even_odd(second);
            even.store(&mut self.low[b]);
            odd.store(&mut self.high[b]);
        }
    }
}

/// Folds blocks from `4 * start` on, writes the result to those from `2 * start` on, and gives its pairs.
struct FoldedPairs<'s> {
    part: &'s mut [Block<Fr>],
    used: usize,
    weights: [Fr; 2],
    start: usize,
    low: &'s mut [Block<Fr>],
    high: &'s mut [Block<Fr>],
}

impl Task for FoldedPairs<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self, cpu: Avx512) {
        let weights = [Lanes::splat(cpu, self.weights[0]), Lanes::splat(cpu, self.weights[1])];
        for b in 0..self.low.len() {
            let mut folded = [Lanes::zero(cpu).weaken(); 2];
            for half in 0..2 {
                let at = 4 * (self.start + b) + 2 * half;
                let first = load_used(cpu, self.part, at, self.used);
                let second = load_used(cpu, self.part, at + 1, self.used);
                // The next iteration but three: a chunk is too short for the processor to see the stream.
                if let Some(later) = self.part.get(at + 16..at + 18) {
                    later[0].prefetch(cpu);
                    later[1].prefetch(cpu);
                }
                folded[half] = fold(first, second, weights);
            }
            folded[0].store(&mut self.part[2 * (self.start + b)]);
            folded[1].store(&mut self.part[2 * (self.start + b) + 1]);
            let (even, odd) = folded[0].even_odd(folded[1]);
            even.store(&mut self.low[b]);
            odd.store(&mut self.high[b]);
        }
    }
}

/// Sixteen neighbours folded: `w_0 a_2i + w_1 a_2i+1`.
#[inline(always)]
pub(super) fn fold(first: Lanes<Fr>, second: Lanes<Fr>, weights: [Lanes<Fr, 1>; 2]) -> Lanes<Fr> {
    let (even, odd) = first.even_odd(second);
    Product::<Fr, 2>::of(even, weights[0]).plus_product::<2, 1, 4>(odd, weights[1]).reduce()
}

#[inline(always)]
fn load_used(cpu: Avx512, part: &[Block<Fr>], at: usize, used: usize) -> Lanes<Fr> {
    if at < used { Lanes::load(cpu, &part[at]) } else { Lanes::zero(cpu).weaken() }
}
