//! Errors of this crate, one enum per protocol. [`ProofError`], [`NoteError`], [`ProofFileError`] and [`DsseError`] also
//! say "this is not what was signed or logged"; [`TreeError`] and [`TileError`] concern the caller's own log.

use thiserror::Error;
use zkl_core::{
    digest::{RootHash, Sha256Digest},
    tree::{LeafIndex, TileId, TreeSize},
};

use crate::signer::SignerError;

/// A proof or a right edge cannot be computed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum TreeError {
    /// No such entry.
    #[error("entry {index} is not in a tree of {size} entries")]
    IndexOutOfRange {
        /// The index asked for.
        index: LeafIndex,
        /// Entries in the tree.
        size: TreeSize,
    },
    /// The tree said to be the older one is larger.
    #[error("a tree of {old} entries is no prefix of one of {new}")]
    SizesReversed {
        /// Size of the tree said to be the older one.
        old: TreeSize,
        /// Size of the tree said to be the newer one.
        new: TreeSize,
    },
    /// A planned tile was not supplied.
    #[error("tile {}/{} of width {} is missing", id.level, id.index, id.width)]
    MissingTile {
        /// The tile.
        id: TileId,
    },
    /// A tile's bytes do not fit its width.
    #[error("tile {}/{} has {got} bytes, expected {expected}", id.level, id.index)]
    TileLength {
        /// The tile.
        id: TileId,
        /// 32 bytes per hash.
        expected: usize,
        /// Bytes supplied.
        got: usize,
    },
    /// The right edge is not that of the tree: the store is corrupt, or the head belongs to another tree.
    #[error("the right edge has root {computed}, the head says {expected}")]
    EdgeRoot {
        /// Root of the head.
        expected: RootHash,
        /// Root computed from the tiles.
        computed: RootHash,
    },
    /// The tree cannot hold that many entries.
    #[error("cannot add {added} entries to a tree of {size}: 2^64 - 1 is the limit")]
    SizeOverflow {
        /// Entries in the tree.
        size: TreeSize,
        /// Entries to be added.
        added: u64,
    },
}

/// A proof does not prove its statement.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ProofError {
    /// The tree has no such entry.
    #[error("entry {index} is not in a tree of {size} entries")]
    IndexOutOfRange {
        /// The index of the statement.
        index: LeafIndex,
        /// Entries in the tree.
        size: TreeSize,
    },
    /// The tree said to be the older one is larger.
    #[error("a tree of {old} entries is no prefix of one of {new}")]
    SizesReversed {
        /// Size of the tree said to be the older one.
        old: TreeSize,
        /// Size of the tree said to be the newer one.
        new: TreeSize,
    },
    /// The sizes of the statement call for another number of hashes.
    #[error("the proof has {got} hashes, expected {expected}")]
    Length {
        /// Hashes that a proof of this statement has.
        expected: usize,
        /// Hashes in the proof.
        got: usize,
    },
    /// The proof leads to another root of the (new) tree.
    #[error("the proof leads to root {computed}, expected {expected}")]
    Root {
        /// Root of the statement.
        expected: RootHash,
        /// Root that the proof leads to.
        computed: RootHash,
    },
    /// The consistency proof leads to another root of the old tree.
    #[error("the proof leads to old root {computed}, expected {expected}")]
    OldRoot {
        /// Old root of the statement.
        expected: RootHash,
        /// Old root that the proof leads to.
        computed: RootHash,
    },
}

/// A tile id, path or entry bundle is not one of c2sp.org/tlog-tiles.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum TileError {
    /// No tile has such an id.
    #[error("no tile has level {}, index {} and width {}", id.level, id.index, id.width)]
    Id {
        /// The id.
        id: TileId,
    },
    /// Not the path of a tile or bundle.
    #[error("not a tile path")]
    Path,
    /// The tree said to be the older one is larger.
    #[error("a tree of {old} entries is no prefix of one of {new}")]
    SizesReversed {
        /// Size of the tree said to be the older one.
        old: TreeSize,
        /// Size of the tree said to be the newer one.
        new: TreeSize,
    },
    /// A bundle has 1 to 256 entries.
    #[error("a bundle has 1 to 256 entries, got {got}")]
    BundleWidth {
        /// Entries.
        got: usize,
    },
    /// An entry is too long for a bundle.
    #[error("entry {position} of the bundle has {got} bytes, at most {max} fit")]
    EntryLength {
        /// Position in the bundle.
        position: usize,
        /// Longest entry in bytes.
        max: usize,
        /// Bytes of this one.
        got: usize,
    },
    /// The bundle ends within an entry.
    #[error("the bundle ends within entry {position}")]
    BundleTruncated {
        /// Position in the bundle.
        position: usize,
    },
    /// Bytes follow the last entry.
    #[error("{got} bytes follow the last entry of the bundle")]
    BundleTrailing {
        /// Bytes too many.
        got: usize,
    },
}

/// A key, or the text of one, is unusable.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum KeyError {
    /// The operating system gave no randomness.
    #[error("the operating system gave no randomness")]
    Randomness,
    /// Not an Ed25519 private key in PKCS#8 PEM.
    #[error("not an Ed25519 private key in PKCS#8 PEM")]
    PrivatePem,
    /// Not an Ed25519 public key in SubjectPublicKeyInfo PEM.
    #[error("not an Ed25519 public key in PEM")]
    PublicPem,
    /// Not 64 lower-case hexadecimal digits.
    #[error("a public key has 64 lower-case hexadecimal digits")]
    PublicHex,
    /// Not a point of the curve, or one of small order, under which anybody can forge.
    #[error("not a usable Ed25519 public key")]
    PublicKey,
    /// Not an origin.
    #[error("an origin has 1 to {max} bytes, without white space, control characters or '+'")]
    Origin {
        /// Longest origin in bytes.
        max: usize,
    },
}

/// A signed note, or a key for one, is malformed or not signed as expected (c2sp.org/signed-note).
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum NoteError {
    /// Longer than this crate reads.
    #[error("the note has {got} bytes, at most {max} are read")]
    TooLong {
        /// Most bytes.
        max: usize,
        /// Bytes of this note.
        got: usize,
    },
    /// Not UTF-8.
    #[error("the note is not UTF-8")]
    NotUtf8,
    /// A control character other than newline.
    #[error("the note has a control character at byte {offset}")]
    ControlCharacter {
        /// Offset in bytes.
        offset: usize,
    },
    /// The text does not end in a newline.
    #[error("the text of a note ends in a newline")]
    TextEnd,
    /// No empty line between a text and signatures.
    #[error("the note has no signatures")]
    NoSignatures,
    /// More signatures than this crate reads.
    #[error("the note has more than {max} signatures")]
    TooManySignatures {
        /// Most signatures.
        max: usize,
    },
    /// A signature line is malformed.
    #[error("signature line {line} is malformed")]
    SignatureLine {
        /// Position among the signature lines, from 0.
        line: usize,
    },
    /// No signature by this key.
    #[error("the note is not signed by {name}+{key_id:08x}")]
    NotSigned {
        /// Name of the key.
        name: String,
        /// Id of the key.
        key_id: u32,
    },
    /// More than one signature by this key.
    #[error("the note is signed by {name}+{key_id:08x} more than once")]
    DuplicateSignature {
        /// Name of the key.
        name: String,
        /// Id of the key.
        key_id: u32,
    },
    /// A signature by this key is invalid.
    #[error("the signature by {name}+{key_id:08x} is invalid")]
    BadSignature {
        /// Name of the key.
        name: String,
        /// Id of the key.
        key_id: u32,
    },
    /// Not a verifier key.
    #[error("not a verifier key of the form NAME+ID+KEY")]
    VerifierKey,
    /// Not a signer key.
    #[error("not a signer key of the form PRIVATE+KEY+NAME+ID+KEY")]
    SignerKey,
    /// The id in a key text is not that of the key.
    #[error("the key id is {got:08x}, the key has {expected:08x}")]
    KeyId {
        /// Id computed from name and key.
        expected: u32,
        /// Id in the text.
        got: u32,
    },
    /// A key of another algorithm.
    #[error("signature type {got:#04x}, expected {expected:#04x}")]
    SignatureType {
        /// The type that is read here.
        expected: u8,
        /// The type of the key.
        got: u8,
    },
    /// A cosignature with a time of 2^63 seconds or more.
    #[error("cosignature time {got} is not below 2^63")]
    CosignatureTime {
        /// Seconds since the epoch.
        got: u64,
    },
    /// A name or a key that cannot be used.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The signer did not sign.
    #[error(transparent)]
    Signer(#[from] SignerError),
}

/// A checkpoint is malformed or not signed as expected (c2sp.org/tlog-checkpoint).
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum CheckpointError {
    /// Fewer than three lines, or no final newline.
    #[error("a checkpoint has at least three lines")]
    Lines,
    /// The first line is not an origin.
    #[error("the checkpoint's origin is malformed")]
    Origin(#[source] KeyError),
    /// The second line is not a tree size.
    #[error("the checkpoint's tree size is not a canonical decimal")]
    Size,
    /// The third line is not a root hash.
    #[error("the checkpoint's root is not the base64 of 32 bytes")]
    Root,
    /// An extension line is empty or has a control character.
    #[error("extension line {line} is empty or has a control character")]
    Extension {
        /// Position among the extension lines, from 0.
        line: usize,
    },
    /// A size of 0 with a root that is not that of the empty tree.
    #[error("the empty tree does not have root {got}")]
    EmptyTreeRoot {
        /// The root.
        got: RootHash,
    },
    /// A checkpoint of another log.
    #[error("the checkpoint is of log {got:?}, expected {expected:?}")]
    OtherOrigin {
        /// Name of the log's key.
        expected: String,
        /// Origin of the checkpoint.
        got: String,
    },
    /// The note around it is malformed or not signed as expected.
    #[error(transparent)]
    Note(#[from] NoteError),
}

/// A tlog-proof is malformed or does not prove that the entry is in the log (c2sp.org/tlog-proof).
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ProofFileError {
    /// Longer than this crate reads.
    #[error("the proof file has {got} bytes, at most {max} are read")]
    TooLong {
        /// Most bytes.
        max: usize,
        /// Bytes of this file.
        got: usize,
    },
    /// Not UTF-8.
    #[error("the proof file is not UTF-8")]
    NotUtf8,
    /// The first line is another one.
    #[error("the first line is not c2sp.org/tlog-proof@v1")]
    Header,
    /// The extra line is not canonical base64 of at least one byte.
    #[error("the extra line is malformed")]
    Extra,
    /// The index line is missing or not a canonical decimal.
    #[error("the index line is malformed")]
    Index,
    /// A proof line is not the base64 of 32 bytes.
    #[error("proof line {line} is not the base64 of 32 bytes")]
    Hash {
        /// Position among the proof lines, from 0.
        line: usize,
    },
    /// More proof lines than any tree calls for.
    #[error("the proof has more than {max} hashes")]
    TooManyHashes {
        /// Most hashes.
        max: usize,
    },
    /// No empty line before the checkpoint.
    #[error("the proof file ends before the checkpoint")]
    NoCheckpoint,
    /// The checkpoint is malformed or not signed as expected.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// The entry is not proved to be in the tree of the checkpoint.
    #[error(transparent)]
    Inclusion(#[from] ProofError),
}

/// A DSSE envelope is malformed or not signed as expected.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum DsseError {
    /// Longer than a log entry.
    #[error("the envelope has {got} bytes, at most {max} fit a log entry")]
    TooLong {
        /// Most bytes.
        max: usize,
        /// Bytes of this envelope.
        got: usize,
    },
    /// Not JSON with exactly the fields of an envelope.
    #[error("not a DSSE envelope (line {line}, column {column})")]
    Json {
        /// Line, from 1.
        line: usize,
        /// Column in bytes.
        column: usize,
    },
    /// Another number of signatures than one.
    #[error("the envelope has {got} signatures, expected 1")]
    Signatures {
        /// Number of signatures.
        got: usize,
    },
    /// The payload is not canonical base64.
    #[error("the payload is not canonical base64")]
    Payload,
    /// The signature is not the base64 of 64 bytes.
    #[error("the signature is not the base64 of 64 bytes")]
    Signature,
    /// The key id is not a SHA-256 in lower-case hexadecimal.
    #[error("the key id is not a key fingerprint")]
    KeyId,
    /// The same envelope spelled in another way than this crate spells it.
    #[error("the envelope is not canonical JSON")]
    NotCanonical,
    /// A payload of another type.
    #[error("the payload type is {got:?}, expected {expected:?}")]
    PayloadType {
        /// The type asked for.
        expected: String,
        /// The type of the envelope.
        got: String,
    },
    /// Said to be signed by another key.
    #[error("the envelope names key {got}, expected {expected}")]
    OtherKey {
        /// Fingerprint of the verifying key.
        expected: Sha256Digest,
        /// Fingerprint in the envelope.
        got: Sha256Digest,
    },
    /// The signature is invalid.
    #[error("the signature of the envelope is invalid")]
    BadSignature,
    /// The signer did not sign.
    #[error(transparent)]
    Signer(#[from] SignerError),
}

/// An in-toto Statement is malformed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum StatementError {
    /// Not JSON with exactly the fields of a statement, or a predicate of another form.
    #[error("not a statement of the expected form (line {line}, column {column})")]
    Json {
        /// Line, from 1.
        line: usize,
        /// Column in bytes.
        column: usize,
    },
    /// Another version of statement.
    #[error("the statement's type is {got:?}, expected {expected:?}")]
    Type {
        /// The type of a v1 statement.
        expected: &'static str,
        /// The type of this one.
        got: String,
    },
    /// A statement about nothing.
    #[error("the statement has no subject")]
    NoSubject,
    /// Two subjects of one name.
    #[error("subject {name:?} appears twice")]
    DuplicateSubject {
        /// The name.
        name: String,
    },
    /// A subject without a name, without a digest, or with one that is not lower-case hexadecimal.
    #[error("subject {index} has no name or no proper digest")]
    Subject {
        /// Position among the subjects.
        index: usize,
    },
    /// No predicate type.
    #[error("the statement has no predicate type")]
    NoPredicateType,
    /// A predicate of another type.
    #[error("the predicate type is {got:?}, expected {expected:?}")]
    PredicateType {
        /// The type asked for.
        expected: String,
        /// The type of the statement.
        got: String,
    },
    /// The same statement spelled in another way than this crate spells it.
    #[error("the statement is not canonical JSON")]
    NotCanonical,
    /// The predicate cannot be written as JSON.
    #[error("the predicate cannot be written as JSON")]
    Predicate,
    /// The envelope around it is malformed or not signed as expected.
    #[error(transparent)]
    Envelope(#[from] DsseError),
}
