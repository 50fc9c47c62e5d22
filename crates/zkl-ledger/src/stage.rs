//! What a long operation is doing, for progress bars.

use std::{fmt, path::PathBuf, sync::Arc};

use zkl_core::circuit::CircuitId;

/// A step of a long operation.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Stage {
    /// The file is being read.
    Read {
        /// Which pass over the file, from 1.
        pass: u32,
        /// Bytes of the stored file read in this pass.
        bytes_done: u64,
        /// Length of the stored file.
        bytes_total: u64,
        /// Rows read in this pass.
        rows: u64,
    },
    /// The profile is being sealed.
    Seal,
    /// The dev reference string is being generated, which happens once.
    Srs,
    /// The columns of a segment are being committed to.
    Commit {
        /// Segment, from 1.
        segment: u64,
        /// Segments of the table.
        segments: u64,
    },
    /// A segment is being proved.
    Scan {
        /// Segment, from 1.
        segment: u64,
        /// Segments of the table.
        segments: u64,
        /// Rows of the segment.
        rows: u64,
    },
    /// The proofs of several segments are being joined.
    Merge {
        /// Segments of the table.
        segments: u64,
    },
    /// A proving key is being generated, which happens once per circuit, or loaded.
    Key {
        /// The circuit.
        circuit: CircuitId,
        /// Whether it is being generated.
        generating: bool,
    },
    /// A damaged key file was found; the key is generated anew.
    KeyDamaged {
        /// The file.
        path: PathBuf,
    },
    /// A proof is being made.
    Prove {
        /// The circuit.
        circuit: CircuitId,
    },
    /// The entry is being appended.
    Append,
    /// A log is being checked.
    Check {
        /// Entries checked.
        entries: u64,
        /// Entries to check.
        of: u64,
    },
    /// A log is being copied.
    Copy {
        /// Entries copied.
        entries: u64,
        /// Entries to copy.
        of: u64,
    },
}

impl Stage {
    /// The kind of stage in a word, without what is special about this one.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Read { .. } => "read",
            Self::Seal => "seal",
            Self::Srs => "srs",
            Self::Commit { .. } => "commit",
            Self::Scan { .. } => "scan",
            Self::Merge { .. } => "merge",
            Self::Key { .. } | Self::KeyDamaged { .. } => "key",
            Self::Prove { .. } => "prove",
            Self::Append => "append",
            Self::Check { .. } => "check",
            Self::Copy { .. } => "copy",
        }
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read { pass, rows, .. } => write!(f, "reading, pass {pass}, {rows} rows"),
            Self::Seal => f.write_str("sealing the profile"),
            Self::Srs => f.write_str("preparing the reference string (once per machine)"),
            Self::Commit { segment, segments } => write!(f, "committing to the columns{}", of(*segment, *segments)),
            Self::Scan { segment, segments, rows } => {
                write!(f, "proving {rows} rows{}", of(*segment, *segments))
            }
            Self::Merge { segments } => write!(f, "joining {segments} segments"),
            Self::Key { circuit, generating: true } => write!(f, "generating the key of {circuit} (once per machine)"),
            Self::Key { circuit, generating: false } => write!(f, "loading the key of {circuit}"),
            Self::KeyDamaged { path } => write!(f, "{} is damaged; generating the key anew", path.display()),
            Self::Prove { circuit } => write!(f, "proving with {circuit}"),
            Self::Append => f.write_str("appending to the log"),
            Self::Check { entries, of } => write!(f, "checking, entry {entries} of {of}"),
            Self::Copy { entries, of } => write!(f, "copying, entry {entries} of {of}"),
        }
    }
}

/// Which of several segments, in words; nothing for a table of one.
fn of(segment: u64, segments: u64) -> String {
    if segments == 1 { String::new() } else { format!(", segment {segment} of {segments}") }
}

/// Receives the stages of an operation, possibly from another thread. Closures implement it; `()` ignores them.
pub trait StageReporter: Send + Sync {
    /// Called at the beginning of a stage, and repeatedly while reading.
    fn stage(&self, stage: Stage);
}

impl StageReporter for () {
    fn stage(&self, _: Stage) {}
}

impl<F: Fn(Stage) + Send + Sync> StageReporter for F {
    fn stage(&self, stage: Stage) {
        self(stage);
    }
}

impl<R: StageReporter + ?Sized> StageReporter for Arc<R> {
    fn stage(&self, stage: Stage) {
        self.as_ref().stage(stage);
    }
}

/// A reporter that operations can hand to their worker threads.
pub(crate) type SharedReporter = Arc<dyn StageReporter>;
