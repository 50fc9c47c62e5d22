//! Where a dataset comes from and what became of it: notarized versions, and what was recorded of how their rows are related.
//!
//! A lineage is read off a ledger or off verified receipts; who shows it, a command, a page or a query, walks the same graph.

mod drawing;
mod select;
mod tree;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use serde::{Serialize, Serializer};
use zkl_circuits::relation::{Flow, Operation, words};
use zkl_core::{
    digest::TransactionId,
    name::DatasetName,
    storage::{Order, Query, StorageBackendExt as _},
    time::Timestamp,
    transaction::OperationKind,
};
use zkl_receipt::{
    Assurance, Predicate, RelationRecord, Trust, VerifiedEntry, VerifiedReceipt, VerifiedStatement, verify,
};

use crate::{
    entry::Entry,
    error::LedgerError,
    ledger::{EntryRef, Ledger},
    relate::RelateError,
    work,
};

/// Versions at which a search of ancestors, or of descendants, ends. A lineage that was cut says so.
pub const MAX_VERSIONS: usize = 1_000;

/// The lineage of a dataset: its ancestors, its descendants, and what was recorded of the rows of any of these.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Lineage {
    /// The dataset that was asked about.
    pub dataset: DatasetName,
    /// Notarized versions, in the order of the log.
    pub versions: Vec<Version>,
    /// Relations between them, in the order of the log.
    pub statements: Vec<Statement>,
    /// Which version came from which.
    pub links: Vec<Link>,
    /// Whether there is more than was looked at.
    pub is_cut: bool,
}

/// A notarized version of a dataset.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Version {
    /// Its entry.
    pub entry: TransactionId,
    /// Position of the entry in the log.
    pub index: u64,
    /// Name of the dataset.
    pub dataset: DatasetName,
    /// Its rows, if its manifest is at hand.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rows: Option<u64>,
    /// The notary's clock.
    #[serde(serialize_with = "as_text")]
    pub recorded_at: Timestamp,
    /// Whether a proof over every row was recorded with it.
    pub is_proved: bool,
    /// Position of the newest withdrawal of the entry, if it was withdrawn.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub withdrawn: Option<u64>,
}

/// A relation between versions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Statement {
    /// Its entry.
    pub entry: TransactionId,
    /// Position of the entry in the log.
    pub index: u64,
    /// The operation.
    pub operation: Operation,
    /// What it asks of rows, such as `age >= 18`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub details: Option<String>,
    /// The columns in which the tables were compared.
    pub columns: Vec<String>,
    /// The versions, in the order of their roles.
    pub tables: Vec<RelatedVersion>,
    /// What is known of its proof.
    pub proof: ProofState,
    /// Position of the newest withdrawal of the entry, if it was withdrawn.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub withdrawn: Option<u64>,
}

/// A version in a relation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RelatedVersion {
    /// What it is in the relation.
    pub role: String,
    /// Name of its dataset.
    pub dataset: DatasetName,
    /// Its entry.
    pub version: TransactionId,
}

/// What is known of the proof of a relation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ProofState {
    /// The entry names a proof, which was not checked here.
    Recorded,
    /// It was verified, with the proofs over every row of the tables.
    Verified,
    /// It was checked, and shows nothing: it does not verify, or rests on test material.
    NotVerified,
}

/// A version that came from another one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Link {
    /// Entry of the version that it came from.
    pub from: TransactionId,
    /// Entry of the version that came of it.
    pub to: TransactionId,
    /// What says so.
    pub by: Basis,
    /// Entry of the relation, where it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub statement: Option<TransactionId>,
}

/// What says that one version came from another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// A relation between their rows, with a proof.
    Relation,
    /// The notary, who named the one to replace the other.
    Replacement,
    /// Their name alone.
    Name,
}

impl Statement {
    fn new(entry: TransactionId, index: u64, record: &RelationRecord, proof: ProofState) -> Self {
        let terms = record.disclosure.open();
        let details = terms.map(|terms| terms.details.clone()).unwrap_or_default();
        let mut asked: Vec<String> = details.conditions.iter().map(ToString::to_string).collect();
        asked.extend(details.k.map(|k| format!("k = {k}")));
        asked.extend((!details.key.is_empty()).then(|| format!("on {}", words(&details.key))));
        asked.extend(terms.is_none().then(|| "(closed)".to_owned()));
        let tables = record.datasets.iter().map(|dataset| RelatedVersion {
            role: dataset.role.to_string(),
            dataset: dataset.name.clone(),
            version: dataset.entry,
        });
        Self {
            entry,
            index,
            operation: record.disclosure.operation(),
            details: (!asked.is_empty()).then(|| asked.join(" and ")),
            columns: terms.map(|terms| terms.columns.clone()).unwrap_or_default(),
            tables: tables.collect(),
            proof,
            withdrawn: None,
        }
    }

    /// Which version came from which.
    fn steps(&self) -> impl Iterator<Item = (TransactionId, TransactionId)> + '_ {
        let first = self.tables.first().map(|table| table.version);
        let others = self.tables.iter().skip(1).map(|table| table.version);
        let flow = self.operation.flow();
        others.filter_map(move |other| match (flow, first?) {
            (Flow::FromFirst | Flow::Alike, first) => Some((first, other)),
            (Flow::IntoFirst, first) => Some((other, first)),
            (Flow::None, _) => None,
        })
    }

    /// The operation and what it asks of rows, in a few words.
    pub fn in_words(&self) -> String {
        match &self.details {
            Some(details) => format!("{} {details}", self.operation),
            None => self.operation.to_string(),
        }
    }
}

/// The newest withdrawals by the entry that was withdrawn: their positions, and what was named to replace it.
type Withdrawals = BTreeMap<TransactionId, (u64, Option<TransactionId>)>;

impl Ledger {
    /// The lineage of `dataset`. The proofs of relations are not checked: see [`Ledger::verify_lineage`].
    ///
    /// # Errors
    /// [`LedgerError::UnknownDataset`], [`LedgerError::NotNotarized`], otherwise as [`Ledger::entries`].
    pub async fn lineage(&self, dataset: &DatasetName) -> Result<Lineage, LedgerError> {
        self.lineage_of_seen(dataset, usize::MAX, |_| true).await
    }

    /// The lineage of `dataset` as somebody has it who `sees` some entries alone, from the newest `limit` relations of the log.
    ///
    /// # Errors
    /// As [`Ledger::lineage`].
    pub async fn lineage_of_seen(
        &self,
        dataset: &DatasetName,
        limit: usize,
        sees: impl Fn(&Predicate) -> bool + Send + Sync,
    ) -> Result<Lineage, LedgerError> {
        let newest = self.latest(dataset).await?.entry.id;
        let (statements, is_cut) = self.relations(limit, &sees).await?;
        let (statements, is_cut_short) = select::select(dataset, newest, statements);
        let mut ids: BTreeSet<TransactionId> = BTreeSet::from([newest]);
        ids.extend(statements.iter().flat_map(|statement| &statement.tables).map(|table| table.version));
        let mut versions = Vec::with_capacity(ids.len());
        for id in ids {
            match self.entry(EntryRef::Id(id)).await {
                // A relation that names what is not there has no version to show, and must not hide the others.
                Err(LedgerError::UnknownEntry { .. }) => {}
                entry => {
                    let entry = entry?;
                    // A relation may name a table by another name than it has.
                    if sees(entry.predicate()) {
                        versions.extend(self.version(&entry).await?);
                    }
                }
            }
        }
        let mut withdrawals = Withdrawals::new();
        for (id, withdrawn) in self.withdrawals().await? {
            let is_here = |version: &Version| version.entry == id;
            if versions.iter().any(is_here) || statements.iter().any(|statement| statement.entry == id) {
                let entry = self.entry(EntryRef::Index(withdrawn.index)).await?;
                if sees(entry.predicate()) {
                    withdrawals.insert(id, (withdrawn.index.0, withdrawn.replacement));
                }
            }
        }
        Ok(Lineage::assembled(dataset.clone(), versions, statements, &withdrawals, is_cut || is_cut_short))
    }

    /// Checks the proof of every relation of a lineage, with the proofs over every row of its tables, as receipts have them. A closed relation
    /// stays [`ProofState::Recorded`]: its proof is in its receipt alone.
    ///
    /// # Errors
    /// What the store answers. A proof that does not verify, or is not there, is a result, and so is a relation between entries that are not there.
    pub async fn verify_lineage(&self, lineage: &mut Lineage) -> Result<(), LedgerError> {
        for statement in &mut lineage.statements {
            let entry = self.entry(EntryRef::Id(statement.entry)).await?;
            let receipt = match self.receipt(&entry).await {
                Err(LedgerError::Relation(RelateError::Closed { .. })) => continue,
                // What is not there shows nothing.
                Err(LedgerError::UnknownEntry { .. } | LedgerError::UnknownKind { .. } | LedgerError::Blob { .. }) => {
                    statement.proof = ProofState::NotVerified;
                    continue;
                }
                receipt => receipt?.encode()?,
            };
            let trust = Trust::default().with_log(self.log_key());
            let is_valid = move || Ok(verify(&receipt, &trust).is_ok_and(|verified| verified.verdict().is_valid()));
            let is_valid = work::blocking(is_valid).await?;
            statement.proof = if is_valid { ProofState::Verified } else { ProofState::NotVerified };
        }
        Ok(())
    }

    /// The newest relations, at most `limit`, in the order of the log, and whether there are more.
    async fn relations(
        &self,
        limit: usize,
        sees: &(impl Fn(&Predicate) -> bool + Sync),
    ) -> Result<(Vec<Statement>, bool), LedgerError> {
        let query = Query { kind: Some(OperationKind::RELATION), order: Order::Descending, ..Query::default() };
        let (mut found, mut looked_at) = (Vec::new(), 0);
        let mut pages = self.storage().pages(query);
        while let Some(page) = pages.next().await? {
            for stored in &page {
                if looked_at == limit {
                    found.reverse();
                    return Ok((found, true));
                }
                looked_at += 1;
                let entry = Entry::from_stored(stored)?;
                if let (Predicate::Relation(record), true) = (entry.predicate(), sees(entry.predicate())) {
                    found.push(Statement::new(entry.id, entry.index.0, record, ProofState::Recorded));
                }
            }
        }
        found.reverse();
        Ok((found, false))
    }

    async fn version(&self, entry: &Entry) -> Result<Option<Version>, LedgerError> {
        let Predicate::Notarization(notarization) = entry.predicate() else { return Ok(None) };
        Ok(Some(Version {
            entry: entry.id,
            index: entry.index.0,
            dataset: notarization.dataset.clone(),
            rows: self.manifest(entry).await?.map(|manifest| manifest.layout.rows()),
            recorded_at: notarization.recorded_at,
            is_proved: notarization.assurance == Assurance::Proved,
            withdrawn: None,
        }))
    }
}

impl Lineage {
    /// The lineage of `dataset` as these receipts show it, which are of one log; `None` when they notarize no version of it.
    pub fn of_receipts(dataset: &DatasetName, receipts: &[VerifiedReceipt]) -> Option<Self> {
        let mut known: BTreeMap<TransactionId, Version> = BTreeMap::new();
        let mut statements: BTreeMap<TransactionId, Statement> = BTreeMap::new();
        let mut withdrawals = Withdrawals::new();
        for receipt in receipts {
            let is_valid = receipt.verdict().is_valid();
            for entry in &receipt.entries {
                match &entry.statement {
                    VerifiedStatement::Notarization { .. } => {
                        let Some(version) = shown_version(entry, is_valid) else { continue };
                        // One receipt may have the proof that another leaves out.
                        known
                            .entry(version.entry)
                            .and_modify(|shown| shown.is_proved |= version.is_proved)
                            .or_insert(version);
                    }
                    VerifiedStatement::Relation { record, .. } => {
                        let proof = if is_valid { ProofState::Verified } else { ProofState::NotVerified };
                        let statement = || Statement::new(entry.id, entry.index.0, record, proof);
                        let shown = statements.entry(entry.id).or_insert_with(statement);
                        // What else is in a receipt takes nothing from what another one shows.
                        if proof == ProofState::Verified {
                            shown.proof = proof;
                        }
                    }
                    VerifiedStatement::Withdrawal { record } => {
                        let newest = withdrawals.get(&record.entry).is_none_or(|(index, _)| *index < entry.index.0);
                        if newest {
                            withdrawals.insert(record.entry, (entry.index.0, record.replacement));
                        }
                    }
                    _ => {}
                }
            }
        }
        let own = known.values().filter(|version| version.dataset == *dataset);
        let newest = own.max_by_key(|version| version.index)?.entry;
        let mut statements: Vec<Statement> = statements.into_values().collect();
        statements.sort_by_key(|statement| statement.index);
        let (statements, is_cut) = select::select(dataset, newest, statements);
        let mut named: BTreeSet<TransactionId> = BTreeSet::from([newest]);
        named.extend(statements.iter().flat_map(|statement| &statement.tables).map(|table| table.version));
        let versions = known.into_values().filter(|version| named.contains(&version.entry)).collect();
        Some(Self::assembled(dataset.clone(), versions, statements, &withdrawals, is_cut))
    }

    fn assembled(
        dataset: DatasetName,
        mut versions: Vec<Version>,
        mut statements: Vec<Statement>,
        withdrawals: &Withdrawals,
        is_cut: bool,
    ) -> Self {
        versions.sort_by_key(|version| version.index);
        let withdrawn = |id: &TransactionId| withdrawals.get(id).map(|(index, _)| *index);
        versions.iter_mut().for_each(|version| version.withdrawn = withdrawn(&version.entry));
        statements.iter_mut().for_each(|statement| statement.withdrawn = withdrawn(&statement.entry));
        let links = select::links(&versions, &statements, withdrawals);
        Self { dataset, versions, statements, links, is_cut }
    }

    fn version(&self, entry: TransactionId) -> Option<&Version> {
        self.versions.iter().find(|version| version.entry == entry)
    }

    fn statement(&self, link: &Link) -> Option<&Statement> {
        self.statements.iter().find(|statement| Some(statement.entry) == link.statement)
    }
}

/// A version that a receipt notarizes.
fn shown_version(entry: &VerifiedEntry, is_valid: bool) -> Option<Version> {
    let VerifiedStatement::Notarization { notarization, layout, profile, .. } = &entry.statement else {
        return None;
    };
    Some(Version {
        entry: entry.id,
        index: entry.index.0,
        dataset: notarization.dataset.clone(),
        rows: Some(layout.rows()),
        recorded_at: entry.recorded_at,
        is_proved: is_valid && profile.is_proved(),
        withdrawn: None,
    })
}

impl Version {
    /// `train, entry 4, 480 rows`, and whether it was withdrawn.
    fn in_words(&self) -> String {
        let rows = match self.rows {
            Some(1) => ", 1 row".to_owned(),
            Some(rows) => format!(", {rows} rows"),
            None => String::new(),
        };
        format!("{}, entry {}{rows}{}", self.dataset, self.index, withdrawn(self.withdrawn))
    }
}

fn withdrawn(by: Option<u64>) -> String {
    by.map(|index| format!(", WITHDRAWN in entry {index}")).unwrap_or_default()
}

impl ProofState {
    const fn in_words(self) -> &'static str {
        match self {
            Self::Recorded => "with a proof",
            Self::Verified => "proved",
            Self::NotVerified => "NOT PROVED",
        }
    }
}

impl Lineage {
    /// What says that one version came from another, in a few words: `filter age >= 18`.
    fn reason(&self, link: &Link) -> String {
        match (link.by, self.statement(link)) {
            (Basis::Relation, Some(statement)) => statement.in_words(),
            (Basis::Replacement, _) => "named as its replacement".to_owned(),
            _ => "of the same name".to_owned(),
        }
    }

    /// What that is worth: `entry 5, proved`.
    fn worth(&self, link: &Link) -> String {
        match self.statement(link) {
            Some(statement) => worth(statement),
            None => "no relation is recorded".to_owned(),
        }
    }

    /// Whether both versions have the same rows, so that either may have come from the other.
    fn is_alike(&self, link: &Link) -> bool {
        self.statement(link).is_some_and(|statement| statement.operation.flow() == Flow::Alike)
    }

    /// The statements by which nothing came from anything.
    fn remarks(&self) -> impl Iterator<Item = &Statement> {
        self.statements.iter().filter(|statement| statement.operation.flow() == Flow::None)
    }
}

fn as_text<S: Serializer>(value: &impl fmt::Display, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(value)
}

fn worth(statement: &Statement) -> String {
    format!("entry {}, {}{}", statement.index, statement.proof.in_words(), withdrawn(statement.withdrawn))
}

#[cfg(test)]
mod tests;
