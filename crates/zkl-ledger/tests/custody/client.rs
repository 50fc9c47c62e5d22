//! Golden files: the layout of the specification's example, read by client libraries that know nothing of this project.

use std::{
    fs,
    path::{Path, PathBuf},
};

use signed_note::{StandardVerifier, VerifierList};
use tlog_tiles::{Error, Hash, Tile, TileHashReader, TileReader};
use zkl_ledger::{
    storage::{StorageBackend, memory::MemoryBackend},
    transparency::checkpoint::SignedCheckpoint,
};

use crate::{
    cosign::{FakeWitness, clients},
    log::{grow, ledger, signer},
};

/// Tiles from a directory, with the paths of c2sp.org/tlog-tiles.
struct Directory(PathBuf);

impl TileReader for Directory {
    fn height(&self) -> u8 {
        8
    }

    fn read_tiles(&self, tiles: &[Tile]) -> Result<Vec<Vec<u8>>, Error> {
        let read = |tile: &Tile| {
            // The library's paths have the height as their second element.
            let path = self.0.join(tile.path().replacen("tile/8/", "tile/", 1));
            fs::read(&path).map_err(|error| Error::InvalidInput(format!("{}: {error}", path.display())))
        };
        tiles.iter().map(read).collect()
    }

    fn save_tiles(&self, _tiles: &[Tile], _data: &[Vec<u8>]) {}
}

fn sizes(dir: &Path, below: &str) -> Vec<(String, u64)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir.join(below)).unwrap() {
        let name = format!("{below}/{}", entry.unwrap().file_name().to_str().unwrap());
        let path = dir.join(&name);
        if path.is_dir() {
            found.extend(sizes(dir, &name));
        } else {
            found.push((name, fs::metadata(path).unwrap().len()));
        }
    }
    found.sort();
    found
}

#[tokio::test]
async fn a_log_of_70_000_entries_has_the_files_of_the_specification_and_is_read_by_other_clients() {
    const SIZE: u64 = 70_000;
    let store = MemoryBackend::new();
    grow(&store, &signer(1), SIZE, 0).await;
    let custody = ledger(store.clone(), 1);
    custody.ledger.cosign(&clients(&[FakeWitness::honest(1)])).await.unwrap();
    let dir = tempfile::tempdir().unwrap();
    custody.ledger.export(dir.path()).await.unwrap();

    // c2sp.org/tlog-tiles: "273 full level 0 tiles, one partial level 0 tile of width 112, one full level 1 tile, one
    // partial level 1 tile of width 17, and one partial level 2 tile of width 1".
    let mut expected: Vec<_> = (0..273).map(|index| (format!("tile/0/{index:03}"), 8_192)).collect();
    expected.extend([
        ("tile/0/273.p/112".to_owned(), 112 * 32),
        ("tile/1/000".to_owned(), 8_192),
        ("tile/1/001.p/17".to_owned(), 17 * 32),
        ("tile/2/000.p/1".to_owned(), 32),
    ]);
    let tiles = sizes(dir.path(), "tile");
    let (bundles, tiles): (Vec<_>, Vec<_>) = tiles.into_iter().partition(|(name, _)| name.starts_with("tile/entries/"));
    assert_eq!(tiles, expected);
    let mut names: Vec<_> = (0..273).map(|index| format!("tile/entries/{index:03}")).collect();
    names.push("tile/entries/273.p/112".to_owned());
    assert_eq!(bundles.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>(), names);
    let mut by_bundle = vec![0; 274];
    for (position, size) in by_bundle.iter_mut().enumerate() {
        let first = 256 * position as u64;
        let query = zkl_ledger::storage::Query { index: Some(first..first + 256), ..Default::default() };
        *size = store.find(&query).await.unwrap().iter().map(|entry| 2 + entry.entry.len() as u64).sum::<u64>();
    }
    assert_eq!(bundles.iter().map(|(_, size)| *size).collect::<Vec<_>>(), by_bundle);

    // Another library checks the log's signature on the published checkpoint, cosignature line and all.
    let text = fs::read(dir.path().join("checkpoint")).unwrap();
    let note = signed_note::Note::from_bytes(&text).unwrap();
    let key = StandardVerifier::new(fs::read_to_string(dir.path().join("log.key")).unwrap().trim_end()).unwrap();
    let (verified, unverified) = note.verify(&VerifierList::new(vec![Box::new(key)])).unwrap();
    assert_eq!((verified.len(), unverified.len()), (1, 1));
    // And another one reads the tree from the tiles, proving each hash that it reads, and the proofs from it.
    let checkpoint = tlog_tiles::Checkpoint::from_bytes(note.text()).unwrap();
    assert_eq!((checkpoint.origin(), checkpoint.size()), ("example.com/log", SIZE));
    let root = Hash(checkpoint.hash().0);
    let directory = Directory(dir.path().to_owned());
    let reader = TileHashReader::new(SIZE, root, &directory);
    assert!(tlog_tiles::tree_hash(SIZE, &reader).unwrap() == root);
    for index in [0, 255, 256, 65_535, 65_536, 69_887, 69_888, 69_999] {
        let bundle = if index < 69_888 { format!("{:03}", index / 256) } else { "273.p/112".to_owned() };
        let bytes = fs::read(dir.path().join(format!("tile/entries/{bundle}"))).unwrap();
        let entry = entry_at(&bytes, index % 256);
        let proof = tlog_tiles::prove_record(SIZE, index, &reader).unwrap();
        let hash = tlog_tiles::record_hash(entry);
        assert!(tlog_tiles::check_record(&proof, SIZE, root, index, hash).is_ok(), "entry {index}");
    }
    // The tree of an earlier checkpoint, from the tiles of this one.
    for earlier in [1, 256, 65_536, 69_999] {
        let old = tlog_tiles::tree_hash(earlier, &reader).unwrap();
        let proof = tlog_tiles::prove_tree(SIZE, earlier, &reader).unwrap();
        assert!(tlog_tiles::check_tree(&proof, SIZE, root, earlier, old).is_ok(), "{earlier} entries");
    }

    // One changed hash, and what that library reads proves nothing any more.
    let path = dir.path().join("tile/0/100");
    let mut tile = fs::read(&path).unwrap();
    tile[77] ^= 1;
    fs::write(&path, tile).unwrap();
    let bundle = fs::read(dir.path().join("tile/entries/100")).unwrap();
    let hash = tlog_tiles::record_hash(entry_at(&bundle, 0));
    let checked = tlog_tiles::prove_record(SIZE, 25_600, &reader)
        .and_then(|proof| tlog_tiles::check_record(&proof, SIZE, root, 25_600, hash));
    assert!(checked.is_err());
    assert!(SignedCheckpoint::parse(&text).unwrap().open(&signer(1).verifier()).is_ok());
}

/// Entry `position` of a bundle, by the 16-bit lengths.
fn entry_at(mut bytes: &[u8], position: u64) -> &[u8] {
    for _ in 0..position {
        let len = usize::from(u16::from_be_bytes([bytes[0], bytes[1]]));
        bytes = &bytes[2 + len..];
    }
    &bytes[2..2 + usize::from(u16::from_be_bytes([bytes[0], bytes[1]]))]
}
