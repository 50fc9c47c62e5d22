//! A backend that fails on command.
//!
//! [`FaultyBackend`] wraps any [`StorageBackend`](zkl_core::storage::StorageBackend). A [`FaultPlan`] says which call of which
//! operation fails and how: above all whether the failed call had already done its work, or does it later, which is what
//! callers get wrong.

use std::{collections::BTreeMap, fmt, time::Duration};

use rand_chacha::{
    ChaCha8Rng,
    rand_core::{RngCore, SeedableRng},
};
use thiserror::Error;

mod backend;
mod stale;

pub use backend::FaultyBackend;

/// A method of [`StorageBackend`](zkl_core::storage::StorageBackend).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Operation {
    /// [`head`](zkl_core::storage::StorageBackend::head).
    Head,
    /// [`append`](zkl_core::storage::StorageBackend::append).
    Append,
    /// [`transaction`](zkl_core::storage::StorageBackend::transaction).
    Transaction,
    /// [`find`](zkl_core::storage::StorageBackend::find).
    Find,
    /// [`datasets`](zkl_core::storage::StorageBackend::datasets).
    Datasets,
    /// [`tile`](zkl_core::storage::StorageBackend::tile).
    Tile,
    /// [`put_blob`](zkl_core::storage::StorageBackend::put_blob).
    PutBlob,
    /// [`blob`](zkl_core::storage::StorageBackend::blob).
    Blob,
    /// [`put_cosigned`](zkl_core::storage::StorageBackend::put_cosigned).
    PutCosigned,
    /// [`cosigned`](zkl_core::storage::StorageBackend::cosigned).
    Cosigned,
}

impl Operation {
    /// All methods.
    pub const ALL: [Self; 10] = [
        Self::Head,
        Self::Append,
        Self::Transaction,
        Self::Find,
        Self::Datasets,
        Self::Tile,
        Self::PutBlob,
        Self::Blob,
        Self::PutCosigned,
        Self::Cosigned,
    ];

    /// The method's name: `head`, `append`, ...
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Head => "head",
            Self::Append => "append",
            Self::Transaction => "transaction",
            Self::Find => "find",
            Self::Datasets => "datasets",
            Self::Tile => "tile",
            Self::PutBlob => "put_blob",
            Self::Blob => "blob",
            Self::PutCosigned => "put_cosigned",
            Self::Cosigned => "cosigned",
        }
    }

    /// Whether the method changes the store.
    pub const fn writes(self) -> bool {
        matches!(self, Self::Append | Self::PutBlob | Self::PutCosigned)
    }

    /// The faults that can befall the method, each once: whether a read that fails had been carried out makes no
    /// difference, and only reads can be stale.
    pub fn faults(self) -> Vec<Fault> {
        if !self.writes() {
            return vec![
                Fault::Fail { persisted: false },
                Fault::TimeOut { persisted: false },
                Fault::Delay(BRIEFLY),
                Fault::Stale,
            ];
        }
        vec![
            Fault::Fail { persisted: false },
            Fault::Fail { persisted: true },
            Fault::TimeOut { persisted: false },
            Fault::TimeOut { persisted: true },
            Fault::Poison { persisted: false },
            Fault::Poison { persisted: true },
            Fault::Delay(BRIEFLY),
            Fault::LandLate(BRIEFLY),
            Fault::Drop(MIDWAY),
        ]
    }
}

/// Long enough for other writers to get in between.
const BRIEFLY: Duration = Duration::from_millis(3);
/// About as long as a synced write takes, so that calls are dropped at every stage.
const MIDWAY: Duration = Duration::from_millis(1);

/// What happens to a call. `persisted` says whether the wrapped backend has done the work before the caller sees the error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// [`Unavailable`](zkl_core::storage::StorageErrorKind::Unavailable), retryable.
    Fail {
        /// Whether the work was done.
        persisted: bool,
    },
    /// [`Timeout`](zkl_core::storage::StorageErrorKind::Timeout), retryable.
    TimeOut {
        /// Whether the work was done.
        persisted: bool,
    },
    /// [`Io`](zkl_core::storage::StorageErrorKind::Io), and every later writing method answers
    /// [`Poisoned`](zkl_core::storage::StorageErrorKind::Poisoned) until [`FaultyBackend::reopen`].
    Poison {
        /// Whether the work was done.
        persisted: bool,
    },
    /// The call waits before it does its work, and then succeeds.
    Delay(Duration),
    /// [`Timeout`](zkl_core::storage::StorageErrorKind::Timeout), retryable, at once; the work is handed to the store this
    /// much later, when others may have been there. Writing methods only.
    LandLate(Duration),
    /// The call is given up after this time: its future is dropped, however far it came, and the caller sees
    /// [`Timeout`](zkl_core::storage::StorageErrorKind::Timeout), retryable. A call that ends earlier succeeds.
    Drop(Duration),
    /// The answer is as old as the contract allows to a handle that others write beside: it shows what was acknowledged
    /// through this wrapper and nothing that came after. Reading methods only.
    Stale,
}

impl Fault {
    /// Whether the fault can befall `operation`.
    pub const fn befalls(self, operation: Operation) -> bool {
        match self {
            Self::LandLate(_) => operation.writes(),
            Self::Stale => !operation.writes(),
            _ => true,
        }
    }

    /// The fault in words, without its times: what counts are kept by.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Fail { persisted: false } => "fails",
            Self::Fail { persisted: true } => "fails, persisted",
            Self::TimeOut { persisted: false } => "times out",
            Self::TimeOut { persisted: true } => "times out, persisted",
            Self::Poison { persisted: false } => "poisons",
            Self::Poison { persisted: true } => "poisons, persisted",
            Self::Delay(_) => "is delayed",
            Self::LandLate(_) => "times out, lands late",
            Self::Drop(_) => "is dropped",
            Self::Stale => "is stale",
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// The source of every injected error, by which a test can tell it from a real one.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("injected {fault:?} into call {call} of {operation:?}")]
pub struct InjectedFault {
    /// The method.
    pub operation: Operation,
    /// Number of the call, from 0, among the calls of this method.
    pub call: u64,
    /// What was done to it.
    pub fault: Fault,
}

/// Which calls fail.
#[derive(Clone, Debug, Default)]
pub struct FaultPlan {
    fixed: BTreeMap<(Operation, u64), Fault>,
    random: Option<RandomFaults>,
}

#[derive(Clone, Debug)]
struct RandomFaults {
    rng: ChaCha8Rng,
    operations: Vec<Operation>,
    per_thousand: u32,
    /// `None`: those of the operation.
    faults: Option<Vec<Fault>>,
}

impl FaultPlan {
    /// No faults.
    pub fn none() -> Self {
        Self::default()
    }

    /// Adds `fault` at call number `call` (from 0) of `operation`. A fault that cannot befall it is ignored.
    #[must_use]
    pub fn with(mut self, operation: Operation, call: u64, fault: Fault) -> Self {
        self.fixed.insert((operation, call), fault);
        self
    }

    /// Lets a call of one of `operations` meet, with a chance of `per_thousand`, one of `faults`. The same seed and sequence
    /// of calls give the same faults.
    #[must_use]
    pub fn randomly(mut self, seed: u64, operations: &[Operation], per_thousand: u32, faults: &[Fault]) -> Self {
        self.random = Some(RandomFaults::new(seed, operations, per_thousand, Some(faults.to_vec())));
        self
    }

    /// Lets any call meet, with a chance of `per_thousand`, one of the faults of its operation.
    #[must_use]
    pub fn everywhere(mut self, seed: u64, per_thousand: u32) -> Self {
        self.random = Some(RandomFaults::new(seed, &Operation::ALL, per_thousand, None));
        self
    }

    fn fault(&mut self, operation: Operation, call: u64) -> Option<Fault> {
        let fixed = self.fixed.get(&(operation, call)).copied();
        let fault = fixed.or_else(|| self.random.as_mut()?.draw(operation))?;
        fault.befalls(operation).then_some(fault)
    }
}

impl RandomFaults {
    fn new(seed: u64, operations: &[Operation], per_thousand: u32, faults: Option<Vec<Fault>>) -> Self {
        Self { rng: ChaCha8Rng::seed_from_u64(seed), operations: operations.to_vec(), per_thousand, faults }
    }

    fn draw(&mut self, operation: Operation) -> Option<Fault> {
        if !self.operations.contains(&operation) || self.rng.next_u32() % 1_000 >= self.per_thousand {
            return None;
        }
        let own = self.faults.is_none().then(|| operation.faults());
        let faults = self.faults.as_ref().or(own.as_ref())?;
        let choice = self.rng.next_u64().checked_rem(faults.len() as u64)?;
        faults.get(usize::try_from(choice).ok()?).copied()
    }
}
