//! What kind of failure an error is: for scripts, as a word and as an exit code.

use serde::Serialize;

/// The kinds of failure. The words are stable; new ones may come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Kind {
    /// A check of the command failed: the receipt, the table or the log is not what it should be.
    NotValid,
    /// What was asked for cannot be done with this table, claim, name or setting.
    InvalidInput,
    /// The command line cannot be read.
    Usage,
    /// A ledger, dataset, entry, opening or file is not there.
    NotFound,
    /// There is something already where something new was to be made.
    AlreadyExists,
    /// The ledger was opened for reading only.
    ReadOnly,
    /// A store, a witness, a file or the system does not answer as it should.
    Unavailable,
    /// What is stored is not what was written, or not this ledger's.
    Damaged,
    /// This program was built without what is needed.
    NotSupported,
    /// A fault of this program.
    Internal,
    /// The claim is not true of the table.
    FalseClaim,
    /// Somebody else writes: the same command may succeed later.
    Busy,
}

impl Kind {
    /// The exit code.
    pub const fn code(self) -> u8 {
        match self {
            Self::NotValid => 1,
            Self::FalseClaim => 3,
            Self::Busy => 4,
            _ => 2,
        }
    }
}
