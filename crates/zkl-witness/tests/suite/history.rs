//! A log's history as its operator has it: any checkpoint and any proof, honest or not.

use std::collections::BTreeMap;

use tempfile::TempDir;
use zkl_core::{
    digest::RootHash,
    tree::{TileId, TreeSize},
};
use zkl_merkle::{
    tile::RightEdge,
    tree::{ConsistencyPlan, empty_root, leaf_hash},
};
use zkl_receipt::{
    checkpoint::{Checkpoint, SignedCheckpoint},
    cosignature::WitnessSigner,
    keys::SigningKey,
    note::{NoteSigner, NoteVerifier},
    witness::AddCheckpoint,
};
use zkl_witness::{Witness, WitnessError};

pub(crate) struct History {
    pub(crate) signer: NoteSigner,
    edge: RightEdge,
    tiles: BTreeMap<(u8, u64), Vec<u8>>,
    pub(crate) roots: Vec<RootHash>,
}

impl History {
    /// A log of `size` entries, which are those of `branch` from entry `fork` on.
    pub(crate) fn new(size: u64, fork: u64, branch: u8) -> Self {
        let signer = NoteSigner::new("example.com/log".parse().unwrap(), SigningKey::from_seed(&[1; 32]));
        let mut history = Self { signer, edge: RightEdge::empty(), tiles: BTreeMap::new(), roots: vec![empty_root()] };
        for index in 0..size {
            history.push(index, if index < fork { 0 } else { branch });
        }
        history
    }

    pub(crate) fn push(&mut self, index: u64, branch: u8) {
        let grown = self.edge.append(&[leaf_hash(format!("{branch} {index}").as_bytes())]).unwrap();
        self.edge = grown.edge;
        for (id, bytes) in grown.tiles {
            self.tiles.insert((id.level, id.index), bytes);
        }
        self.roots.push(self.edge.root());
    }

    pub(crate) fn key(&self) -> NoteVerifier {
        self.signer.verifier()
    }

    pub(crate) fn checkpoint(&self, size: u64) -> SignedCheckpoint {
        let root = self.roots[size as usize];
        Checkpoint::new(self.signer.name().clone(), TreeSize(size), root).unwrap().sign(&self.signer).unwrap()
    }

    pub(crate) fn request(&self, old: u64, new: u64) -> AddCheckpoint {
        let plan = ConsistencyPlan::new(TreeSize(old), TreeSize(new)).unwrap();
        let tile = |id: TileId| (id, self.tiles[&(id.level, id.index)][..usize::from(id.width) * 32].to_vec());
        let tiles: BTreeMap<_, _> = plan.tiles().into_iter().map(tile).collect();
        AddCheckpoint { old_size: TreeSize(old), proof: plan.prove(&tiles).unwrap(), checkpoint: self.checkpoint(new) }
    }

    pub(crate) fn body(&self, old: u64, new: u64) -> Vec<u8> {
        self.request(old, new).encode().into_bytes()
    }
}

pub(crate) fn witness_signer() -> WitnessSigner {
    WitnessSigner::new("w.example/1".parse().unwrap(), SigningKey::from_seed(&[50; 32]))
}

/// A witness of the log with a state of its own.
pub(crate) fn witness() -> (Witness, TempDir) {
    let dir = tempfile::tempdir().unwrap();
    (reopen(&dir), dir)
}

pub(crate) fn reopen(dir: &TempDir) -> Witness {
    let open = || Witness::open(&dir.path().join("state"), witness_signer(), vec![History::new(0, 0, 0).key()]);
    // A process that another test starts has the lock, too, until it is the program that it will be.
    let in_use = |opened: &Result<Witness, WitnessError>| matches!(opened, Err(WitnessError::InUse { .. }));
    let mut opened = open();
    for _ in 0..200 {
        if !in_use(&opened) {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
        opened = open();
    }
    opened.unwrap()
}
