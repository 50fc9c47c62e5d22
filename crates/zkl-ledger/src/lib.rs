#![doc = include_str!("../README.md")]

mod appender;
pub mod audit;
mod builder;
pub mod ceremony;
pub mod cosign;
pub mod data;
mod dataset_version;
mod entry;
mod error;
pub mod export;
mod files;
pub mod fsck;
pub mod home;
mod ledger;
pub mod lineage;
mod log;
mod notarize;
mod opening;
mod proofs;
mod prove;
pub mod reading;
mod receipts;
mod reference;
mod relate;
pub mod rotation;
mod scan;
pub mod segments;
mod server_policy;
mod source;
pub mod srs;
mod stage;
pub mod storage;
mod store_url;
mod table;
mod transfer;
mod unchanged;
mod vault;
mod walk;
mod withdrawal;
mod work;

pub use builder::LedgerBuilder;
pub use dataset_version::Dataset;
pub use entry::Entry;
pub use error::{ErrorKind, LedgerError};
pub use ledger::{EntryRef, Ledger};
pub use reference::{Candidate, ReferenceError};
pub use server_policy::ServerPolicy;
pub use table::{ReadOptions, Table};
pub use withdrawal::Withdrawn;
pub use zkl_core::name::DatasetName;
pub use zkl_dataset as dataset;
pub use zkl_receipt::{self as receipt, Trust, verify};

/// What is asked of a ledger and what it answers. The futures of requests take options before they are awaited.
pub mod requests {
    pub use crate::{
        ledger::NotarizedEntry,
        notarize::{EvidenceRequest, Notarize, Notarized},
        proofs::{ProofSetting, ProofSettingError},
        prove::{Prove, ProveCircuit},
        relate::{ClosedRelation, Derive, Derived, DerivedFile, DerivedTable, Relate, RelateClosed},
    };
}

/// Relations between tables: their text, what can be said, and why one was not proved.
pub mod relation {
    pub use crate::relate::{
        BrokenRow, Derivation, DerivationError, Ratio, RatioError, RelateError, Relation, RelationSyntaxError,
    };
    pub use zkl_circuits::relation::{
        Condition, ConditionProblem, Details, Operation, OperationError, RelationPlanError,
    };
}

/// The language of claims, and what a claim comes to.
pub mod claim {
    pub use zkl_circuits::claims::{Evaluation, language::*};
}

/// Circuits of the embedder's, the proof systems that prove them, and their keys.
pub mod circuit {
    pub use zkl_argument::field_kernel;
    pub use zkl_core::{circuit::*, digest::KeyDigest};
    pub use zkl_snark::{
        ark,
        keys::{GeneratedKeys, KeyError, KeyStore, MAX_GENERATED, Setup},
        proof_system,
    };
}

/// Where secrets are kept: the contract, a directory, memory, and a layer that encrypts.
pub mod openings {
    pub use crate::{
        opening::{OPENING_FORMAT, Opening, OpeningStore},
        vault::{
            EncryptedVault, MemoryVault, OpeningIdentity, OpeningKey, OpeningKeyError, OpeningRecipient, OpeningVault,
            Passphrase, VaultError,
        },
    };
}

/// What a long request is doing.
pub mod progress {
    pub use crate::stage::{Stage, StageReporter};
}

/// The transparency log: keys, signed notes, checkpoints, witnesses and policies.
pub mod transparency {
    pub use zkl_merkle::{checkpoint, cosignature, keys, note, policy, signer, witness};
    pub use zkl_signer::{KeyPlace, KeyPlaceError, UriError};
}

/// The words that all of these share: digests, types of columns, layouts, times.
pub mod types {
    pub use zkl_core::{
        column::{ColumnType, Schema},
        digest::{BlobDigest, DatasetId, DigestRule, RootHash, Sha256Digest, TransactionId},
        error::ParseError,
        layout::{ColumnLayout, Encoding, Layout, PairLayout, Rounding, Zone},
        privacy::PrivacyLevel,
        table_note::{TableNote, reading},
        text::visible,
        time::Timestamp,
        transaction::{OperationKind, StoredTransaction},
        tree::{LeafIndex, TileId, TreeSize},
    };
}
