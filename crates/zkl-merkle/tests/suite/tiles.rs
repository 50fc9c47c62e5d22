//! Tiles and bundles, against the examples of c2sp.org/tlog-tiles and another implementation.

use std::collections::BTreeMap;

use proptest::prelude::*;
use zkl_core::{
    digest::RootHash,
    tree::{TileId, TreeSize},
};
use zkl_merkle::{
    error::{TileError, TreeError},
    tile::{
        EntryBundleId, RightEdge, decode_bundle, encode_bundle, parse_tile_path, right_edge_tiles, tile_path,
        tiles_between,
    },
    tree::leaf_hash,
};

use crate::support::{TiledLog, hashes, leaves, mth};

const fn tile(level: u8, index: u64, width: u16) -> TileId {
    TileId { level, index, width }
}

#[test]
fn a_tree_of_70_000_entries_has_the_tiles_of_the_specification() {
    let mut expected: Vec<_> = (0..273).map(|index| tile(0, index, 256)).collect();
    expected.extend([tile(0, 273, 112), tile(1, 0, 256), tile(1, 1, 17), tile(2, 0, 1)]);
    let size = TreeSize(70_000);
    assert_eq!(tiles_between(TreeSize(0), size).unwrap().collect::<Vec<_>>(), expected);
    assert_eq!(right_edge_tiles(size), [tile(0, 273, 112), tile(1, 1, 17), tile(2, 0, 1)]);

    let mut log = TiledLog::default();
    let leaves = leaves(70_000);
    assert_eq!(log.append(&leaves), expected);
    assert_eq!(log.edge.root(), RootHash::new(mth(&hashes(&leaves))));
    // Each hash of level 1 is the root over a full tile of level 0.
    let level_1 = &log.tiles[&(1, 0)];
    assert_eq!(level_1[32 * 5..32 * 6], mth(&hashes(&leaves[256 * 5..256 * 6])));
}

#[test]
fn a_tree_of_256_entries_has_a_full_tile_and_a_partial_one_above() {
    let tiles: Vec<_> = tiles_between(TreeSize(0), TreeSize(256)).unwrap().collect();
    assert_eq!(tiles, [tile(0, 0, 256), tile(1, 0, 1)]);
    assert_eq!(right_edge_tiles(TreeSize(256)), [tile(1, 0, 1)]);
    assert!(right_edge_tiles(TreeSize(0)).is_empty());
}

#[test]
fn the_largest_tree_has_eight_levels() {
    let expected: Vec<_> = (0..8).map(|level| tile(level, (1 << (56 - 8 * u32::from(level))) - 1, 255)).collect();
    assert_eq!(right_edge_tiles(TreeSize(u64::MAX)), expected);
}

#[test]
fn tiles_between_refuses_a_shrinking_tree() {
    let error = tiles_between(TreeSize(2), TreeSize(1)).map(|_| ()).unwrap_err();
    assert_eq!(error, TileError::SizesReversed { old: TreeSize(2), new: TreeSize(1) });
}

#[test]
fn a_tree_grows_from_its_right_edge_alone() {
    let all = leaves(1_200);
    let mut log = TiledLog::default();
    let mut size = 0;
    for added in [0, 1, 254, 1, 1, 255, 256, 1, 300, 128, 3] {
        let ids = log.append(&all[size..size + added]);
        let old = TreeSize(size as u64);
        size += added;
        assert_eq!(ids, tiles_between(old, log.size()).unwrap().collect::<Vec<_>>());
        assert_eq!(log.edge.root(), RootHash::new(mth(&hashes(&all[..size]))));
        // A process that starts anew from the store continues in the same way.
        let reloaded = RightEdge::load(log.size(), log.edge.root(), &log.read(&right_edge_tiles(log.size()))).unwrap();
        assert_eq!(reloaded, log.edge);
    }
}

#[test]
fn a_right_edge_that_is_not_the_heads_is_refused() {
    let mut log = TiledLog::default();
    log.append(&leaves(300));
    let (size, root) = (log.size(), log.edge.root());
    let tiles = log.read(&right_edge_tiles(size));
    let edge = tile(0, 1, 44);

    let mut corrupt = tiles.clone();
    corrupt.get_mut(&edge).unwrap()[40] ^= 1;
    assert!(matches!(RightEdge::load(size, root, &corrupt), Err(TreeError::EdgeRoot { .. })));
    let other = RootHash::new([7; 32]);
    let error = TreeError::EdgeRoot { expected: other, computed: root };
    assert_eq!(RightEdge::load(size, other, &tiles), Err(error));
    let mut short = tiles.clone();
    short.get_mut(&edge).unwrap().truncate(43 * 32);
    let error = TreeError::TileLength { id: edge, expected: 44 * 32, got: 43 * 32 };
    assert_eq!(RightEdge::load(size, root, &short), Err(error));
    let missing = BTreeMap::from([(tile(1, 0, 1), tiles[&tile(1, 0, 1)].clone())]);
    assert_eq!(RightEdge::load(size, root, &missing), Err(TreeError::MissingTile { id: edge }));
}

#[test]
fn a_full_log_takes_no_more_entries() {
    let size = TreeSize(u64::MAX);
    let tiles: BTreeMap<_, _> =
        right_edge_tiles(size).into_iter().map(|id| (id, vec![0; 32 * usize::from(id.width)])).collect();
    let root = zkl_merkle::tree::RootPlan::new(size).root(&tiles).unwrap();
    let edge = RightEdge::load(size, root, &tiles).unwrap();
    assert_eq!(edge.append(&leaves(1)), Err(TreeError::SizeOverflow { size, added: 1 }));
    assert!(edge.append(&[]).unwrap().tiles.is_empty());
}

#[test]
fn paths_are_those_of_the_specification() {
    let examples = [
        (tile(0, 1_234_067, 256), "tile/0/x001/x234/067"),
        (tile(1, 1_234_067, 8), "tile/1/x001/x234/067.p/8"),
        (tile(0, 0, 256), "tile/0/000"),
        (tile(7, 999, 255), "tile/7/999.p/255"),
        (tile(0, 1_000, 1), "tile/0/x001/000.p/1"),
        (tile(0, (1 << 56) - 1, 256), "tile/0/x072/x057/x594/x037/x927/935"),
    ];
    for (id, path) in examples {
        assert_eq!((tile_path(id).as_deref(), parse_tile_path(path)), (Ok(path), Ok(id)));
    }
    let bundle = EntryBundleId { index: 1_234_067, width: 8 };
    assert_eq!(bundle.path().as_deref(), Ok("tile/entries/x001/x234/067.p/8"));
    assert_eq!(EntryBundleId::parse_path("tile/entries/x001/x234/067.p/8"), Ok(bundle));
}

#[test]
fn each_tile_has_one_path() {
    let malformed = [
        "",
        "tile",
        "tile/0",
        "tile/0/",
        "tile/0/0",
        "tile/0/00",
        "tile/0/0000",
        "tile/00/000",
        "tile/01/000",
        "tile/-1/000",
        "tile/0/x000/000",
        "tile/0/x000/x001/000",
        "tile/0/001/000",
        "tile/0/x001",
        "tile/0/x001/",
        "tile/0/x01/000",
        "tile/0/000.p",
        "tile/0/000.p/",
        "tile/0/000.p/0",
        "tile/0/000.p/256",
        "tile/0/000.p/01",
        "tile/0/000.p/1/",
        "tile/0/000.p/1.p/1",
        "/tile/0/000",
        "tile/0/000/",
        "tile/x/000",
        "tile/0/٠٠٠",
        "tile/0/x999/x999/x999/x999/x999/x999/x999/999",
        "tile/entries/000",
        "tile/data/000",
        "tile/256/000",
        "tile/0/+00",
    ];
    for path in malformed {
        assert_eq!(parse_tile_path(path), Err(TileError::Path), "{path}");
    }
    for path in ["", "tile/entries", "tile/entries/00", "tile/entries/000.p/0", "tile/0/000"] {
        assert_eq!(EntryBundleId::parse_path(path), Err(TileError::Path), "{path}");
    }
    assert_eq!(parse_tile_path("tile/8/000"), Err(TileError::Id { id: tile(8, 0, 256) }));
    let beyond = "x072/x057/x594/x037/x927/936";
    assert_eq!(parse_tile_path(&format!("tile/0/{beyond}")), Err(TileError::Id { id: tile(0, 1 << 56, 256) }));
    assert!(matches!(EntryBundleId::parse_path(&format!("tile/entries/{beyond}")), Err(TileError::Id { .. })));
    for id in [tile(8, 0, 256), tile(0, 0, 0), tile(0, 0, 257), tile(0, 1 << 56, 256)] {
        assert_eq!(tile_path(id), Err(TileError::Id { id }));
    }
    for width in [0, 257] {
        assert!(matches!(EntryBundleId { index: 0, width }.path(), Err(TileError::Id { .. })), "{width}");
    }
}

#[test]
fn bundles_are_length_prefixed_entries() {
    let bytes = encode_bundle(&[b"ab".as_slice(), b"", b"c"]).unwrap();
    assert_eq!(bytes, b"\x00\x02ab\x00\x00\x00\x01c");
    assert_eq!(decode_bundle(&bytes, 3).unwrap(), [b"ab".as_slice(), b"", b"c"]);
    assert_eq!(decode_bundle(&bytes, 2), Err(TileError::BundleTrailing { got: 3 }));
    assert_eq!(decode_bundle(&bytes, 4), Err(TileError::BundleTruncated { position: 3 }));
    assert_eq!(decode_bundle(&bytes[..3], 1), Err(TileError::BundleTruncated { position: 0 }));
    assert_eq!(decode_bundle(&bytes[..1], 1), Err(TileError::BundleTruncated { position: 0 }));
    for width in [0, 257] {
        assert_eq!(decode_bundle(&bytes, width), Err(TileError::BundleWidth { got: width.into() }));
        assert_eq!(encode_bundle(&vec![b""; width.into()]), Err(TileError::BundleWidth { got: width.into() }));
    }
    let longest = vec![7; 65_535];
    assert_eq!(decode_bundle(&encode_bundle(&[&longest]).unwrap(), 1).unwrap(), [&longest]);
    let error = TileError::EntryLength { position: 1, max: 65_535, got: 65_536 };
    assert_eq!(encode_bundle(&[vec![], vec![7; 65_536]]), Err(error));
}

#[test]
fn bundles_cover_the_entries_of_the_tree() {
    assert_eq!(EntryBundleId::at(TreeSize(300), 0), Some(EntryBundleId { index: 0, width: 256 }));
    assert_eq!(EntryBundleId::at(TreeSize(300), 1), Some(EntryBundleId { index: 1, width: 44 }));
    assert_eq!(EntryBundleId::at(TreeSize(300), 2), None);
    assert_eq!(EntryBundleId::at(TreeSize(256), 1), None);
    assert_eq!(EntryBundleId::at(TreeSize(u64::MAX), u64::MAX), None);
    assert_eq!(EntryBundleId::at(TreeSize(0), 0), None);
}

proptest! {
    #[test]
    fn paths_and_new_tiles_are_those_of_another_implementation(
        level in 0u8..8, index in 0u64..1 << 56, width in 1u16..=256, old in 0u64..200_000, added in 0u64..100_000,
    ) {
        let theirs = tlog_tiles::Tile::new(8, level, index, width.into(), false).path();
        let ours = tile_path(tile(level, index, width)).unwrap();
        // Theirs has the height as its second element.
        prop_assert_eq!(theirs.replacen("tile/8/", "tile/", 1), ours.clone());
        prop_assert_eq!(parse_tile_path(&ours), Ok(tile(level, index, width)));

        let theirs = tlog_tiles::Tile::new_tiles(8, old, old + added);
        let theirs = theirs.iter().map(|t| tile(t.level(), t.level_index(), t.width() as u16));
        prop_assert!(tiles_between(TreeSize(old), TreeSize(old + added)).unwrap().eq(theirs));
    }

    #[test]
    fn appending_in_steps_or_at_once_gives_one_tree(steps in prop::collection::vec(0usize..700, 0..6)) {
        let all = leaves(steps.iter().sum::<usize>() as u64);
        let (mut once, mut stepwise) = (TiledLog::default(), TiledLog::default());
        once.append(&all);
        let mut rest = all.as_slice();
        for step in steps {
            let (now, later) = rest.split_at(step);
            stepwise.append(now);
            rest = later;
        }
        prop_assert_eq!(once.edge, stepwise.edge);
        prop_assert_eq!(once.tiles, stepwise.tiles);
    }

    #[test]
    fn bundles_survive_the_round_trip(entries in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..50), 1..=256)) {
        let bytes = encode_bundle(&entries).unwrap();
        prop_assert_eq!(decode_bundle(&bytes, entries.len() as u16).unwrap(), entries.clone());
        prop_assert_eq!(leaf_hash(&entries[0]), leaf_hash(decode_bundle(&bytes, entries.len() as u16).unwrap()[0]));
    }

    #[test]
    fn decoding_arbitrary_bundles_and_paths_never_panics(
        bytes in prop::collection::vec(any::<u8>(), 0..2_000), width in any::<u16>(), path in "(tile/)?[0-9a-z/.]{0,40}",
    ) {
        if let Ok(entries) = decode_bundle(&bytes, width) {
            prop_assert_eq!(encode_bundle(&entries).unwrap(), bytes);
        }
        if let Ok(id) = parse_tile_path(&path) {
            prop_assert_eq!(tile_path(id), Ok(path));
        }
    }
}
