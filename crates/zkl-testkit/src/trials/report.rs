//! Counts of what happened in a run of trials.

use std::{collections::BTreeMap, fmt};

use crate::faults::{InjectedFault, Operation};

/// What happened in a run of trials. Print it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrialReport {
    /// Trials that ended with everything in its place.
    pub trials: u64,
    /// Ledgers used.
    pub ledgers: u64,
    /// Times that a ledger was closed and opened again.
    pub reopened: u64,
    /// Faults, by method and kind.
    pub faults: BTreeMap<(Operation, &'static str), u64>,
    /// Batches that an append acknowledged.
    pub acknowledged: u64,
    /// Of these, batches of which an earlier append had failed with an open outcome and had not landed.
    pub repeated: u64,
    /// Batches that were found in the log after an append of them had failed.
    pub landed: u64,
    /// Appends that met another head.
    pub conflicts: u64,
    /// Appends of a batch that was in the log already, refused by its ids.
    pub duplicates_refused: u64,
    /// Appends not attempted, because the store did not show the whole tree.
    pub refused_to_guess: u64,
    /// Writes refused because an earlier one had poisoned the handle.
    pub refused_after_poisoning: u64,
    /// Writers that the store itself stopped: it was poisoned, full or failed for good until it was reopened.
    pub stopped: u64,
    /// Entries that were in the ledgers in the end.
    pub entries: u64,
}

impl TrialReport {
    pub(super) fn count_faults(&mut self, injected: &[InjectedFault]) {
        for fault in injected {
            *self.faults.entry((fault.operation, fault.fault.as_str())).or_insert(0) += 1;
        }
    }

    pub(super) fn join(&mut self, other: &Self) {
        for (fault, count) in &other.faults {
            *self.faults.entry(*fault).or_insert(0) += count;
        }
        for (sum, count) in [
            (&mut self.trials, other.trials),
            (&mut self.ledgers, other.ledgers),
            (&mut self.reopened, other.reopened),
            (&mut self.acknowledged, other.acknowledged),
            (&mut self.repeated, other.repeated),
            (&mut self.landed, other.landed),
            (&mut self.conflicts, other.conflicts),
            (&mut self.duplicates_refused, other.duplicates_refused),
            (&mut self.refused_to_guess, other.refused_to_guess),
            (&mut self.refused_after_poisoning, other.refused_after_poisoning),
            (&mut self.stopped, other.stopped),
            (&mut self.entries, other.entries),
        ] {
            *sum += count;
        }
    }

    /// The method and fault pairs that did not occur.
    pub fn missing(&self) -> Vec<(Operation, &'static str)> {
        let faults = Operation::ALL
            .into_iter()
            .flat_map(|operation| operation.faults().into_iter().map(move |fault| (operation, fault.as_str())));
        faults.filter(|fault| !self.faults.contains_key(fault)).collect()
    }
}

impl fmt::Display for TrialReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let injected: u64 = self.faults.values().sum();
        writeln!(f, "{} fault trials, {injected} faults, nothing lost, no fork", self.trials)?;
        for (count, what) in [
            (self.acknowledged, "batches acknowledged"),
            (self.repeated, "of them repeated after an append of open outcome that had not landed"),
            (self.landed, "batches found in the log after an append of open outcome"),
            (self.duplicates_refused, "appends of a batch that was there already, refused"),
            (self.conflicts, "conflicts"),
            (self.refused_to_guess, "appends not attempted because the store did not show the whole tree"),
            (self.refused_after_poisoning, "writes refused by a poisoned handle"),
            (self.stopped, "writers stopped by the store itself"),
            (self.entries, "entries in the end"),
            (self.ledgers, "ledgers"),
            (self.reopened, "times reopened"),
        ] {
            writeln!(f, "{count:>8} {what}")?;
        }
        for ((operation, fault), count) in &self.faults {
            writeln!(f, "{count:>8} {} {fault}", operation.as_str())?;
        }
        Ok(())
    }
}
