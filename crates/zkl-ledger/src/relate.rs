//! Relations: from tables that are notarized, and their rows, to an entry.

mod derive;
mod derive_error;
mod difference;
mod error;
#[cfg(test)]
mod forced;
mod language;
mod rows;
mod split;

use std::{future::IntoFuture, sync::Arc};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use futures::future::BoxFuture;
use rayon::prelude::*;
use zkl_argument::{commit::CommitmentSeed, srs::Srs};
use zkl_circuits::relation::{
    Condition, Details, Operation, ProveRelationError, RelationCircuit, RelationContext, RelationPlan, RelationProof,
    RelationRole, RelationSecrets, RelationStatement, compare, prove_relation,
};
use zkl_core::{layout::Layout, time::Timestamp};
use zkl_receipt::{
    DatasetRef, Disclosure, Evidence, Nonce, Predicate, ProofPart, Receipt, RelationRecord, RelationTerms, Role,
    SaltedTerms,
};
use zkl_snark::proof_system::ProvingKey;

use self::rows::{CommittedRows, RelatedRows};
pub use self::{
    derive::{Derivation, Derive, Derived, DerivedFile, DerivedTable},
    derive_error::DerivationError,
    error::{BrokenRow, RelateError},
    language::{Relation, RelationSyntaxError},
    split::{Ratio, RatioError},
};
use crate::{
    dataset_version::Dataset,
    entry::Entry,
    error::LedgerError,
    ledger::Ledger,
    opening::commitment_seed,
    proofs::{ProofSetting, Proved, reference_string},
    prove::record_proof,
    stage::{SharedReporter, Stage, StageReporter},
    table::Table,
    work,
};

/// A relation that was asked for; awaiting it proves and appends it. When the future is dropped before the first thing is stored, the work
/// stops soon and nothing is left of it.
#[must_use = "nothing is proved until it is awaited"]
pub struct Relate<'l> {
    ledger: &'l Ledger,
    operation: Operation,
    tables: Vec<(&'l Dataset, Table)>,
    columns: Option<Vec<String>>,
    details: Details,
    reporter: SharedReporter,
    prover: Prover,
}

/// Looks for rows that break a relation, which its owner is told; nobody else ever is.
type Check = fn(&RelationPlan<'_>, &[CommittedRows], &[RelatedRows]) -> Result<(), LedgerError>;
type Prove = fn(
    &Srs,
    &dyn ProvingKey,
    &RelationStatement<'_>,
    &[RelationSecrets<'_>],
) -> Result<RelationProof, ProveRelationError>;

/// How a relation becomes a proof.
#[derive(Clone, Copy)]
struct Prover {
    check: Check,
    prove: Prove,
}

/// One that proves nothing false.
const HONEST: Prover = Prover { check: difference::check, prove: prove_relation };

impl Ledger {
    /// Proves a relation between tables that are notarized, whose rows are handed in again. All rows are held in memory.
    ///
    /// # Errors
    /// Of the future: [`LedgerError::Relation`] when the relation is false, cannot be proved of these tables, or a table is another one than the notarized
    /// one; otherwise what the vault, the keys or the store answer. Nothing is recorded then.
    pub fn relate(&self, operation: Operation) -> Relate<'_> {
        let details = Details::default();
        let reporter = Arc::new(());
        Relate { ledger: self, operation, tables: Vec::new(), columns: None, details, reporter, prover: HONEST }
    }
}

impl<'l> Relate<'l> {
    /// The next table, in the order of the operation's roles, and where its rows are. How they are read is what the opening says.
    pub fn table(mut self, dataset: &'l Dataset, rows: Table) -> Self {
        self.tables.push((dataset, rows));
        self
    }

    /// Compares the tables in these columns alone, in whatever order. Without it they are compared in all that can be; some operations are about
    /// the columns of their conditions.
    pub fn columns(mut self, columns: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.columns = Some(columns.into_iter().map(Into::into).collect());
        self
    }

    /// The fewest rows of a class, for operations that have a k.
    pub const fn k(mut self, k: u32) -> Self {
        self.details.k = Some(k);
        self
    }

    /// The columns that tell rows apart, in whatever order, for operations that have a key; without them all that are compared do.
    pub fn key(mut self, columns: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.details.key = columns.into_iter().map(Into::into).collect();
        self
    }

    /// What rows are asked for, beside what was said before: a range or a value, where the operation is about that.
    pub fn condition(mut self, condition: Condition) -> Self {
        self.details.conditions.push(condition);
        self
    }

    /// All that the operation has beside tables and columns, in place of what was said before.
    pub fn details(mut self, details: Details) -> Self {
        self.details = details;
        self
    }

    /// Reports stages.
    pub fn progress(mut self, reporter: impl StageReporter + 'static) -> Self {
        self.reporter = Arc::new(reporter);
        self
    }

    /// Keeps what is said out of the log: the entry tells the operation, the tables and a salted digest, and statement and proof stand in
    /// receipts alone. They are nowhere else, so whoever loses them has nothing but the entry.
    pub const fn closed(self) -> RelateClosed<'l> {
        RelateClosed(self)
    }

    async fn run(self) -> Result<Entry, LedgerError> {
        let (ledger, reporter) = (self.ledger, Arc::clone(&self.reporter));
        let (_, record, proved) = self.prove().await?;
        work::carry_out(record_proof(ledger.clone(), Predicate::Relation(record), proved, reporter)).await
    }

    async fn run_closed(self) -> Result<ClosedRelation, LedgerError> {
        let (ledger, reporter) = (self.ledger.clone(), Arc::clone(&self.reporter));
        let (said, mut record, proved) = self.prove().await?;
        let entries = record.entries();
        record.disclosure = Disclosure::Closed { operation: said.terms.operation, digest: said.digest(&entries) };
        let (bytes, key) =
            (BASE64_STANDARD.encode(&proved.blob), BASE64_STANDARD.encode(proved.key.verifying().as_bytes()));
        let evidence = Evidence {
            proof: Some(ProofPart { bytes, key }),
            statement: Some(said.part(&entries)),
            ..Evidence::default()
        };
        let append = async move {
            let signed = ledger.sign(Predicate::Relation(record)).await?;
            reporter.stage(Stage::Append);
            ledger.append(signed).await
        };
        Ok(ClosedRelation { entry: work::carry_out(append).await?, terms: said.terms, evidence })
    }

    /// What is said, its record as an open relation, and the proof.
    async fn prove(self) -> Result<(SaltedTerms, RelationRecord, Proved), LedgerError> {
        let Self { ledger, operation, tables, columns, details, reporter, prover } = self;
        let notary = ledger.notary()?.verifying_key();
        if !operation.tables().contains(&tables.len()) {
            return Err(RelateError::Tables { operation, got: tables.len() }.into());
        }
        let mut datasets: Vec<DatasetRef> = Vec::with_capacity(tables.len());
        let mut committed = Vec::with_capacity(tables.len());
        for ((dataset, table), role) in tables.into_iter().zip(operation.roles()) {
            let role: Role = role.parse().map_err(|_| RelateError::Tables { operation, got: datasets.len() })?;
            let named = dataset.named(role);
            if datasets.iter().any(|other| other.entry == named.entry) {
                return Err(RelateError::Repeated { dataset: named.name.to_string() }.into());
            }
            datasets.push(named);
            committed.push(CommittedRows::fetch(ledger, dataset, table).await?);
        }
        let nonce = Nonce::generate().map_err(LedgerError::randomness)?;
        let salt = Nonce::generate().map_err(LedgerError::randomness)?;
        let origin = ledger.log_key().name().as_str().to_owned();
        let context = RelationContext::new(&origin, notary.as_bytes(), nonce.as_bytes());
        let keys = Arc::clone(&ledger.keys);
        let entries: Vec<_> = datasets.iter().map(|dataset| dataset.entry).collect();
        let proved = work::run(Arc::clone(&reporter), move |work| {
            let srs = common_string(&committed)?;
            let layouts: Vec<&Layout> = committed.iter().map(|rows| rows.plan.layout()).collect();
            let mut details = layouts.first().map_or_else(|| details.clone(), |layout| details.canonical(layout));
            let mut columns = columns.unwrap_or_else(|| match operation.is_about_conditions() {
                true => details.conditions.iter().map(|condition| condition.column.clone()).collect(),
                false => {
                    let comparable = compare(&layouts).into_iter().filter(|column| column.positions.is_ok());
                    comparable.map(|column| column.column).collect()
                }
            });
            // A statement has them in the order of the first table; what it lacks is the plan's to refuse.
            columns.sort_by_key(|name| layouts.first().and_then(|layout| layout.index_of(name)));
            // Without a key rows are told apart by all that is compared.
            if operation.has_key() && details.key.is_empty() {
                details.key.clone_from(&columns);
            }
            let plans = committed.iter().map(|rows| &rows.plan).collect();
            let plan = RelationPlan::with(operation, &details, plans, &columns).map_err(RelateError::Plan)?;
            let rows: Vec<RelatedRows> =
                committed.par_iter().map(|rows| rows.read_again(work)).collect::<Result<_, _>>()?;
            (prover.check)(&plan, &committed, &rows)?;

            let said = SaltedTerms { salt, terms: RelationTerms { operation, columns, details } };
            let circuit = RelationCircuit::blank(plan.shape().clone());
            // Linked columns of several tables are opened with the circuit.
            let key = ProofSetting::Universal.keys(&keys, &circuit, work)?;
            let srs = reference_string(&keys, Some(srs), work)?;
            work.stage(Stage::Prove { circuit: key.id().clone() })?;
            let roles: Vec<RelationRole<'_>> =
                committed.iter().zip(&entries).map(|(rows, entry)| rows.role(*entry)).collect();
            let digest = said.digest(&entries);
            let statement = RelationStatement { context, digest, plan: &plan, roles: &roles };
            let seeds: Vec<CommitmentSeed> =
                committed.iter().map(|rows| commitment_seed(&rows.secrets.opening.seed)).collect();
            let secrets: Vec<RelationSecrets<'_>> = committed
                .iter()
                .zip(&rows)
                .zip(&seeds)
                .map(|((committed, rows), seed)| RelationSecrets {
                    seal: &committed.secrets.seal,
                    seed,
                    segments: rows.segments.iter().map(|segment| segment.columns.data()).collect(),
                })
                .collect();
            let proof = (prover.prove)(&srs, key.as_ref(), &statement, &secrets)
                .map_err(|source| RelateError::Proof(Box::new(source)))?;
            let mut blob = srs.verifier_key().to_bytes();
            blob.extend(proof.to_bytes());
            let setup = key.setup().min(zkl_snark::keys::srs_setup(srs.verifier_key()));
            Ok((said, Proved { key, srs: Some(srs.digest()), setup, blob }))
        });
        let (said, proved) = proved.await?;
        let record = RelationRecord {
            disclosure: Disclosure::Open(said.clone()),
            datasets,
            proof: proved.record(),
            notary,
            recorded_at: Timestamp::now(),
            nonce,
        };
        Ok((said, record, proved))
    }
}

/// A relation that was asked for, whose statement stays out of the log. Otherwise as [`Relate`].
#[must_use = "nothing is proved until it is awaited"]
pub struct RelateClosed<'l>(Relate<'l>);

/// A relation whose statement and proof are not in the log.
#[derive(Clone, Debug)]
pub struct ClosedRelation {
    /// Its entry.
    pub entry: Entry,
    /// What it says.
    pub terms: RelationTerms,
    /// That with its salt, and the proof: for receipts, and for nobody who may not know what it says.
    pub evidence: Evidence,
}

impl Ledger {
    /// The receipt of a closed relation, for those who may know what it says.
    ///
    /// # Errors
    /// As [`Ledger::receipt_of`].
    pub async fn receipt_of_closed(&self, relation: &ClosedRelation) -> Result<Receipt, LedgerError> {
        let mut receipt =
            self.receipt_with(std::slice::from_ref(&relation.entry), true, Some(relation.entry.id)).await?;
        for entry in &mut receipt.entries {
            if entry.index == relation.entry.index {
                entry.evidence.clone_from(&relation.evidence);
            }
        }
        Ok(receipt)
    }
}

impl<'l> IntoFuture for RelateClosed<'l> {
    type Output = Result<ClosedRelation, LedgerError>;
    type IntoFuture = BoxFuture<'l, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.0.run_closed())
    }
}

impl<'l> IntoFuture for Relate<'l> {
    type Output = Result<Entry, LedgerError>;
    type IntoFuture = BoxFuture<'l, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}

/// The reference string that all tables are committed to under.
fn common_string(tables: &[CommittedRows]) -> Result<zkl_core::digest::KeyDigest, RelateError> {
    let mut strings = tables.iter().map(|rows| rows.record.srs);
    let first = strings.next().ok_or(RelateError::Strings)?;
    if strings.all(|other| other == first) { Ok(first) } else { Err(RelateError::Strings) }
}
