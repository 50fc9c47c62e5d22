//! Proving: from a claim, or an embedder's circuit, to an entry.

use std::{future::IntoFuture, sync::Arc};

use futures::future::BoxFuture;
use zkl_circuits::claims::{
    self,
    language::{Claim, TextForm},
    resolve,
};
use zkl_core::{circuit::CircuitType, time::Timestamp};
use zkl_receipt::{About, ClaimRecord, CustomRecord, DatasetRef, Nonce, Predicate, PublicInput, Role};

use crate::{
    dataset_version::{Dataset, Secrets},
    entry::Entry,
    error::LedgerError,
    ledger::Ledger,
    proofs::Proved,
    stage::{SharedReporter, Stage, StageReporter},
    work,
};

/// A proof of a claim that was asked for; awaiting it makes the proof and appends it. When the future is dropped before the first
/// thing is stored, the work stops soon and nothing is left of it.
#[must_use = "nothing is proved until it is awaited"]
pub struct Prove<'d> {
    pub(crate) dataset: &'d Dataset,
    pub(crate) claim: Claim,
    pub(crate) reporter: SharedReporter,
}

impl Prove<'_> {
    /// Reports stages.
    pub fn progress(mut self, reporter: impl StageReporter + 'static) -> Self {
        self.reporter = Arc::new(reporter);
        self
    }

    async fn run(self) -> Result<Entry, LedgerError> {
        let Self { dataset, claim, reporter } = self;
        let ledger = dataset.ledger();
        let notary = ledger.notary()?.verifying_key();
        let secrets = dataset.secrets().await?;
        let entry = dataset.entry();
        let resolved = resolve(&claim, &secrets.opening.layout)?;
        let nonce = Nonce::generate().map_err(LedgerError::randomness)?;
        let ctx = claims::context(TextForm::V2, &claim, entry.id, notary.as_bytes(), nonce.as_bytes());
        let (keys, proofs) = (Arc::clone(&ledger.keys), ledger.proofs);
        let proved = work::run(Arc::clone(&reporter), move |work| {
            let Secrets { opening, seal } = secrets.as_ref();
            let circuit = claims::prove_instance(&resolved, &opening.layout, &opening.profile, seal, ctx)?;
            proofs.prove(&keys, circuit.circuit(), work)
        });
        let proved = proved.await?;
        let record = ClaimRecord {
            text: TextForm::V2,
            dataset: dataset.named(Role::dataset()),
            claim,
            proof: proved.record(),
            notary,
            recorded_at: Timestamp::now(),
            nonce,
        };
        work::carry_out(record_proof(ledger.clone(), Predicate::Claim(record), proved, reporter)).await
    }
}

impl<'d> IntoFuture for Prove<'d> {
    type Output = Result<Entry, LedgerError>;
    type IntoFuture = BoxFuture<'d, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}

/// A proof of an embedder's circuit that was asked for; awaiting it makes the proof and appends it.
#[must_use = "nothing is proved until it is awaited"]
pub struct ProveCircuit<'l> {
    ledger: &'l Ledger,
    circuit: CircuitType,
    description: String,
    datasets: Vec<DatasetRef>,
    reporter: SharedReporter,
}

impl Ledger {
    /// Proves an embedder's circuit and appends the proof with its public inputs. `description` says what the statement means, in the
    /// embedder's words: a verifier prints it.
    ///
    /// # Errors
    /// Of the future: [`LedgerError::ClaimCircuit`] when the circuit's name is one of a claim's, [`LedgerError::Prove`] when the
    /// assignment does not satisfy the circuit, [`LedgerError::Sign`] when datasets share a role or are too many; otherwise what the
    /// keys or the store answer. Nothing is recorded then.
    pub fn prove_circuit(&self, circuit: CircuitType, description: impl Into<String>) -> ProveCircuit<'_> {
        let (description, datasets) = (description.into(), Vec::new());
        ProveCircuit { ledger: self, circuit, description, datasets, reporter: Arc::new(()) }
    }
}

impl ProveCircuit<'_> {
    /// Names a notarized table that the statement is about, and what it is in it. A receipt of the statement holds the notarization.
    /// What ties the proof to the table is the circuit's business: its public inputs may hold the seal.
    pub fn about(mut self, role: Role, dataset: &Dataset) -> Self {
        self.datasets.push(dataset.named(role));
        self
    }

    /// Reports stages.
    pub fn progress(mut self, reporter: impl StageReporter + 'static) -> Self {
        self.reporter = Arc::new(reporter);
        self
    }

    async fn run(self) -> Result<Entry, LedgerError> {
        let Self { ledger, circuit, description, datasets, reporter } = self;
        let notary = ledger.notary()?.verifying_key();
        let id = circuit.circuit().id();
        if claims::is_reserved(&id) {
            return Err(LedgerError::ClaimCircuit { circuit: id });
        }
        DatasetRef::check_roles(&datasets).map_err(LedgerError::entry)?;
        let (keys, proofs) = (Arc::clone(&ledger.keys), ledger.proofs);
        let proved = work::run(Arc::clone(&reporter), move |work| {
            let public_inputs = circuit.circuit().public_inputs();
            proofs.prove(&keys, circuit.circuit(), work).map(|proved| (proved, public_inputs))
        });
        let (proved, public_inputs) = proved.await?;
        let record = CustomRecord {
            about: About::Notarized(datasets),
            description,
            setup: proved.setup,
            public_inputs: public_inputs.into_iter().map(PublicInput::new).collect(),
            proof: proved.record(),
            notary,
            recorded_at: Timestamp::now(),
            nonce: Nonce::generate().map_err(LedgerError::randomness)?,
        };
        work::carry_out(record_proof(ledger.clone(), Predicate::Custom(record), proved, reporter)).await
    }
}

impl<'l> IntoFuture for ProveCircuit<'l> {
    type Output = Result<Entry, LedgerError>;
    type IntoFuture = BoxFuture<'l, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}

/// Stores proof and verifying key, then appends the entry that names them.
pub(crate) async fn record_proof(
    ledger: Ledger,
    predicate: Predicate,
    proved: Proved,
    reporter: SharedReporter,
) -> Result<Entry, LedgerError> {
    let signed = ledger.sign(predicate).await?;
    reporter.stage(Stage::Append);
    ledger.storage.put_blob(&proved.blob).await?;
    ledger.storage.put_blob(proved.key.verifying().as_bytes()).await?;
    ledger.append(signed).await
}
