//! Checkpoints (c2sp.org/tlog-checkpoint): what a log says of its tree, as a signed note.

use std::{fmt, str::FromStr};

use zkl_core::{digest::RootHash, tree::TreeSize};

use crate::{
    encoding::{base64, from_base64_array, from_decimal},
    error::{CheckpointError, NoteError},
    keys::Origin,
    note::{Note, NoteSignature, NoteSigner, NoteVerifier},
    tree::empty_root,
    verified::Verified,
};

/// A log's tree at one size: the text of a checkpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    origin: Origin,
    size: TreeSize,
    root: RootHash,
    extensions: Vec<String>,
}

impl Checkpoint {
    /// A checkpoint without extension lines.
    ///
    /// # Errors
    /// [`CheckpointError::EmptyTreeRoot`] for size 0 with any other root than [`empty_root`].
    pub fn new(origin: Origin, size: TreeSize, root: RootHash) -> Result<Self, CheckpointError> {
        if size.0 == 0 && root != empty_root() {
            return Err(CheckpointError::EmptyTreeRoot { got: root });
        }
        Ok(Self { origin, size, root, extensions: Vec::new() })
    }

    /// The same with one more extension line, which the log signs and monitors cannot audit.
    ///
    /// # Errors
    /// [`CheckpointError::Extension`] for an empty line, or one with a control character.
    pub fn with_extension(mut self, line: &str) -> Result<Self, CheckpointError> {
        if line.is_empty() || line.bytes().any(|b| b < 0x20) {
            return Err(CheckpointError::Extension { line: self.extensions.len() });
        }
        self.extensions.push(line.to_owned());
        Ok(self)
    }

    /// The log.
    pub const fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Entries in the tree.
    pub const fn size(&self) -> TreeSize {
        self.size
    }

    /// Root of the tree.
    pub const fn root(&self) -> RootHash {
        self.root
    }

    /// The extension lines, without their newlines.
    pub fn extensions(&self) -> &[String] {
        &self.extensions
    }

    /// Signs as the log. A log must never sign two checkpoints between which there is no consistency proof: that is for
    /// the caller to see to.
    ///
    /// # Errors
    /// [`CheckpointError::OtherOrigin`] when `signer` has another name than the origin, [`CheckpointError::Note`] when it does
    /// not sign.
    pub fn sign(&self, signer: &NoteSigner) -> Result<SignedCheckpoint, CheckpointError> {
        self.check_origin(signer.name())?;
        let note = Note::sign(self.to_string(), signer)?;
        Ok(SignedCheckpoint { checkpoint: self.clone(), note })
    }

    fn check_origin(&self, expected: &Origin) -> Result<(), CheckpointError> {
        if self.origin == *expected {
            return Ok(());
        }
        let (expected, got) = (expected.to_string(), self.origin.to_string());
        Err(CheckpointError::OtherOrigin { expected, got })
    }
}

impl fmt::Display for Checkpoint {
    /// The text that is signed.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}\n{}\n{}", self.origin, self.size, base64(self.root.as_bytes()))?;
        self.extensions.iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}

impl FromStr for Checkpoint {
    type Err = CheckpointError;

    /// Reads the text of a checkpoint; writing it again gives the same text.
    fn from_str(text: &str) -> Result<Self, CheckpointError> {
        let mut lines = text.strip_suffix('\n').ok_or(CheckpointError::Lines)?.split('\n');
        let (Some(origin), Some(size), Some(root)) = (lines.next(), lines.next(), lines.next()) else {
            return Err(CheckpointError::Lines);
        };
        let origin = origin.parse().map_err(CheckpointError::Origin)?;
        let size = TreeSize(from_decimal(size).ok_or(CheckpointError::Size)?);
        let root = RootHash::new(from_base64_array(root).ok_or(CheckpointError::Root)?);
        lines.try_fold(Self::new(origin, size, root)?, Self::with_extension)
    }
}

/// A checkpoint with its signatures, well-formed but not verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedCheckpoint {
    checkpoint: Checkpoint,
    note: Note,
}

impl SignedCheckpoint {
    /// Reads a checkpoint as it is published. Writing it again gives the same bytes.
    ///
    /// # Errors
    /// [`CheckpointError`] for whatever the specifications do not allow, or an origin that is no [`Origin`].
    pub fn parse(bytes: &[u8]) -> Result<Self, CheckpointError> {
        let note = Note::parse(bytes)?;
        let checkpoint = note.unverified_text().parse()?;
        Ok(Self { checkpoint, note })
    }

    /// What the checkpoint says. Nothing says yet that the log signed it: see [`SignedCheckpoint::open`].
    pub const fn unverified(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// The note.
    pub const fn note(&self) -> &Note {
        &self.note
    }

    /// The checkpoint, if the log `log` signed it: `log`'s name is its origin and `log`'s signature is valid.
    ///
    /// # Soundness
    /// The log may have shown others another tree; only cosignatures of witnesses, or a consistency proof from a
    /// checkpoint that is known already, speak about that.
    ///
    /// # Errors
    /// [`CheckpointError::OtherOrigin`], [`CheckpointError::Note`].
    pub fn open(&self, log: &NoteVerifier) -> Result<Verified<Checkpoint>, CheckpointError> {
        self.checkpoint.check_origin(log.name())?;
        let _signed_text = self.note.open(log)?;
        Ok(Verified::new(self.checkpoint.clone()))
    }

    /// The same checkpoint with no signature but `log`'s, which must be there. It is not verified here.
    ///
    /// # Errors
    /// [`NoteError::NotSigned`].
    pub fn signed_only_by(&self, log: &NoteVerifier) -> Result<Self, NoteError> {
        Ok(Self { checkpoint: self.checkpoint.clone(), note: self.note.only_by(log.name(), log.key_id())? })
    }

    /// Adds a signature, such as a witness's cosignature.
    ///
    /// # Errors
    /// [`NoteError::TooManySignatures`].
    pub fn add_signature(&mut self, signature: NoteSignature) -> Result<(), NoteError> {
        self.note.add_signature(signature)
    }
}

impl fmt::Display for SignedCheckpoint {
    /// The note, as it is published.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.note.fmt(f)
    }
}
