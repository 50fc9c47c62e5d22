//! Errors of policy files and of checkpoints under a policy.

use thiserror::Error;

use crate::error::{CheckpointError, NoteError};

/// A policy file is malformed. Lines count from 1.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum PolicySyntaxError {
    /// Longer than this crate reads.
    #[error("the policy has {got} bytes, at most {max} are read")]
    TooLong {
        /// Most bytes.
        max: usize,
        /// Bytes of this file.
        got: usize,
    },
    /// A control character other than tab and newline, or DEL.
    #[error("line {line} has a control character")]
    ControlCharacter {
        /// The line.
        line: usize,
    },
    /// The file does not end in a newline.
    #[error("the last line does not end in a newline")]
    UnterminatedLine,
    /// A line that begins with another word.
    #[error("line {line} begins with {got:?}, expected log, witness, group or quorum")]
    Keyword {
        /// The line.
        line: usize,
        /// The beginning of the word.
        got: String,
    },
    /// Too few or too many items.
    #[error("line {line} has {got} items, expected {expected}")]
    Items {
        /// The line.
        line: usize,
        /// What the form of the line calls for.
        expected: &'static str,
        /// Items found, the first word included.
        got: usize,
    },
    /// A key that cannot be used in this place.
    #[error("line {line} has no usable key")]
    Key {
        /// The line.
        line: usize,
        /// What is wrong with it.
        #[source]
        source: NoteError,
    },
    /// A public key that an earlier line of the same kind has.
    #[error("line {line} repeats the public key of another line")]
    DuplicateKey {
        /// The line.
        line: usize,
    },
    /// A name that is defined already, or `none`.
    #[error("line {line} defines {name:?}, which is defined already or reserved")]
    DuplicateName {
        /// The line.
        line: usize,
        /// The name.
        name: String,
    },
    /// A name that no earlier line defines.
    #[error("line {line} refers to {name:?}, which no line before it defines")]
    UnknownName {
        /// The line.
        line: usize,
        /// The name.
        name: String,
    },
    /// A member that a group has already.
    #[error("line {line} lists {name:?}, which is a member of a group already")]
    RepeatedMember {
        /// The line.
        line: usize,
        /// The name.
        name: String,
    },
    /// A threshold that is no canonical decimal from 1 to the number of members.
    #[error("line {line} has threshold {got:?}, expected all, any or 1 to {members}")]
    Threshold {
        /// The line.
        line: usize,
        /// Members of the group.
        members: usize,
        /// The threshold.
        got: String,
    },
    /// A URL that is not UTF-8.
    #[error("line {line} has a URL that is not UTF-8")]
    Url {
        /// The line.
        line: usize,
    },
    /// More logs, witnesses and groups than this crate reads.
    #[error("the policy has more than {max} logs, witnesses and groups")]
    TooMany {
        /// Most definitions.
        max: usize,
    },
    /// A second quorum.
    #[error("line {line} defines a second quorum")]
    SecondQuorum {
        /// The line.
        line: usize,
    },
    /// No quorum.
    #[error("the policy has no quorum line")]
    NoQuorum,
}

/// A checkpoint does not satisfy a policy.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum PolicyError {
    /// The log is not one of the policy's.
    #[error("log {origin:?} is not among the policy's")]
    UnknownLog {
        /// Name of the log's key.
        origin: String,
    },
    /// The checkpoint is not the log's.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// A cosignature of a known witness does not verify.
    #[error("the cosignature of witness {witness:?} is not valid")]
    Cosignature {
        /// The witness's name in the policy.
        witness: String,
        /// The failed check.
        #[source]
        source: NoteError,
    },
    /// Too few of the policy's witnesses cosigned.
    #[error("the policy's quorum {quorum:?} is not met: cosigned by {}", named(got))]
    Quorum {
        /// Name of the quorum.
        quorum: String,
        /// Key names of the policy's witnesses whose cosignatures are valid.
        got: Vec<String>,
    },
}

fn named(names: &[String]) -> String {
    if names.is_empty() { "none of its witnesses".to_owned() } else { names.join(", ") }
}
