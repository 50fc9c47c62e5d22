use rand_chacha::{
    ChaCha8Rng,
    rand_core::{RngCore as _, SeedableRng as _},
};
use zkl_core::tree::TreeSize;
use zkl_testkit::log::TestLog;

use super::*;

const LOG: TestLog = TestLog::salted(89);

/// A store that is a map.
#[derive(Default)]
struct Objects {
    objects: HashMap<Sha256Digest, Bytes>,
    state: Option<State>,
}

impl Objects {
    fn state(&self) -> State {
        self.state.clone().unwrap_or(State::empty())
    }

    /// Appends `count` entries with no other inputs than those that were asked for.
    fn append(&mut self, count: u64) -> Draft {
        let state = self.state();
        let batch = LOG.batch(state.size(), count);
        let needs = Needs::of(&state, &batch);
        let frame = |span: &Span| (*span, frame::open_in(&self.objects[&span.object], span.place).unwrap());
        let segment =
            |record: &SegmentRecord| Segment { record: record.clone(), bytes: self.objects[&record.object()].clone() };
        let inputs = Inputs {
            frames: needs.frames.iter().map(frame).collect(),
            segments: state.segments[needs.segments_from..].iter().map(segment).collect(),
        };
        let draft = Draft::new(&state, batch, inputs).unwrap();
        self.objects.extend(draft.objects.iter().cloned());
        self.state = Some(draft.state.clone());
        draft
    }
}

#[test]
fn the_state_after_an_append_survives_its_encoding() {
    let mut objects = Objects::default();
    for count in [1, 5, 57, 1, 64, 300, 1] {
        let state = objects.append(count).state;
        let bytes = Bytes::from(state.encode([7; 16]).unwrap());
        assert_eq!(State::decode(state.number, &bytes).unwrap(), state);
        assert!(State::decode(state.number + 1, &bytes).is_err(), "under another number");
        for len in 0..bytes.len() {
            assert!(State::decode(state.number, &bytes.slice(..len)).is_err(), "{len} bytes");
        }
    }
}

#[test]
fn blocks_and_segments_depend_on_the_entries_alone() {
    let mut singly = Objects::default();
    let mut drafts = Vec::new();
    for _ in 0..1_100 {
        drafts.push(singly.append(1));
    }
    let mut at_once = Objects::default();
    at_once.append(1_100);
    let mut at_random = Objects::default();
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    while at_random.state().size() < 1_100 {
        let left = 1_100 - at_random.state().size();
        at_random.append((1 + u64::from(rng.next_u32()) % 150).min(left));
    }
    assert_eq!(singly.state().segments, at_once.state().segments);
    assert_eq!(singly.state().segments, at_random.state().segments);
    let counts: Vec<u64> = singly.state().segments.iter().map(|segment| segment.count).collect();
    assert_eq!(counts, [1_024, 64]);
    assert_eq!(singly.state().open.len(), 12);
}

#[test]
fn an_append_writes_what_is_new_and_nothing_else() {
    let mut objects = Objects::default();
    for size in 0..1_100_u64 {
        let written: usize = objects.append(1).objects.len();
        // The pack; with a full block, the block and one segment. A pack without an entry still holds the edge tiles that
        // this entry has changed, unless it has completed them.
        let fills_block = (size + 1).is_multiple_of(BLOCK);
        let fills_tile = (size + 1).is_multiple_of(256);
        let expected = match (fills_block, fills_tile) {
            (false, _) => 1,
            (true, false) | (true, true) => 3,
        };
        assert_eq!(written, expected, "at {size}");
    }
}

#[test]
fn the_number_of_segments_grows_with_the_logarithm() {
    let count = |blocks: u64| {
        let mut counts: Vec<u64> = Vec::new();
        for block in std::iter::repeat_n(BLOCK, blocks as usize) {
            counts.push(block);
            while let Some(group) = full_group(&counts, |count| *count) {
                let merged = counts.split_off(group).into_iter().sum();
                counts.push(merged);
            }
        }
        counts.len()
    };
    assert_eq!(count(1_562), 1 + 2 + 1 + 2 + 2, "10^5 entries");
    assert_eq!(count(15_625), 3 + 3 + 1 + 2 + 1, "10^6 entries");
    assert_eq!(count(2 * 4_096 - 1), 1 + 6 * 3, "the worst below twice the largest segment");
}

#[test]
fn what_stays_is_what_a_merge_does_not_touch() {
    let mut objects = Objects::default();
    objects.append(64 * (16 + 4 * 2 + 3));
    let segments = objects.state().segments;
    assert_eq!(segments.len(), 1 + 2 + 3);
    for (blocks, stay) in [(0, 6), (1, 3), (2, 3), (4, 3), (5, 1), (37, 0)] {
        assert_eq!(kept(&segments, blocks), stay, "{blocks} blocks");
    }
}

#[test]
fn a_tile_is_found_in_the_block_that_completes_it() {
    let id = |level, index| TileId { level, index, width: 1 };
    for (tile, block) in [(id(0, 0), 255), (id(0, 3), 1_023), (id(1, 0), 65_535), (id(1, 1), 131_071)] {
        assert_eq!(block_of_tile(tile, block), None, "{tile:?} in a log that ends before");
        assert_eq!(block_of_tile(tile, block + 1), Some(block), "{tile:?}");
    }
    for strange in [id(7, (1 << 56) - 1), id(7, u64::MAX), id(255, u64::MAX), id(0, u64::MAX)] {
        assert_eq!(block_of_tile(strange, u64::MAX - 1), None, "{strange:?}");
    }
}

#[test]
fn a_tile_that_no_batch_brings_is_taken_from_where_it_was() {
    let mut objects = Objects::default();
    objects.append(250);
    let state = objects.state();
    let mut batch = LOG.batch(250, 10);
    batch.tiles.clear();
    let needs = Needs::of(&state, &batch);
    assert!(needs.frames.contains(&state.edge[0].span));
    let frame = |span: &Span| (*span, frame::open_in(&objects.objects[&span.object], span.place).unwrap());
    let segments = state.segments[needs.segments_from..]
        .iter()
        .map(|record| Segment { record: record.clone(), bytes: objects.objects[&record.object()].clone() });
    let inputs = Inputs { frames: needs.frames.iter().map(frame).collect(), segments: segments.collect() };
    let draft = Draft::new(&state, batch, inputs).unwrap();
    assert_eq!(draft.state.edge, [], "the narrow tile moved into the block");
    assert_eq!(draft.state.head.unwrap().size, TreeSize(260));
}
