//! Proving: from a claim, or an embedder's circuit, to an entry.

use std::{future::IntoFuture, sync::Arc};

use futures::future::BoxFuture;
use zkl_circuits::claims::{self, language::Claim, resolve};
use zkl_core::{circuit::CircuitType, digest::BlobDigest, name::DatasetName, time::Timestamp};
use zkl_receipt::{ClaimRecord, CustomRecord, Nonce, Predicate, PublicInput, Scheme};

use crate::{
    dataset_version::{Dataset, Secrets},
    entry::Entry,
    error::LedgerError,
    ledger::{Ledger, NotarizedEntry},
    proofs::Proved,
    stage::{SharedReporter, Stage, StageReporter},
    work,
};

/// A statement of an embedder's own circuit.
#[derive(Clone, Debug, Default)]
pub struct CustomStatement {
    /// The dataset that it is about, if it is about one.
    pub dataset: Option<DatasetName>,
    /// What it means, in the embedder's words: the verifier prints it.
    pub description: String,
}

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
        let NotarizedEntry { entry, notarization } = dataset.notarized();
        let resolved = resolve(&claim, &secrets.opening.layout)?;
        let nonce = Nonce::generate().map_err(LedgerError::randomness)?;
        let ctx = claims::context(&claim, entry.id, notary.as_bytes(), nonce.as_bytes());
        let (keys, proofs) = (Arc::clone(&ledger.keys), ledger.proofs);
        let proved = work::run(Arc::clone(&reporter), move |work| {
            let Secrets { opening, seal } = secrets.as_ref();
            let circuit = claims::prove_instance(&resolved, &opening.layout, &opening.profile, seal, ctx)?;
            proofs.prove(&keys, circuit.circuit(), work)
        });
        let proved = proved.await?;
        let record = ClaimRecord {
            dataset: notarization.dataset.clone(),
            dataset_id: notarization.dataset_id,
            notarization: entry.id,
            claim,
            scheme: Scheme::of(proofs.system()),
            circuit: proved.key.id().clone(),
            verifying_key: proved.key.verifying().digest(),
            srs: proved.srs,
            proof: BlobDigest::of(&proved.blob),
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
    statement: CustomStatement,
    reporter: SharedReporter,
}

impl Ledger {
    /// Proves an embedder's circuit and appends the proof with its public inputs.
    ///
    /// # Errors
    /// Of the future: [`LedgerError::ClaimCircuit`] when the circuit's name is one of a claim's, [`LedgerError::Prove`] when the
    /// assignment does not satisfy the circuit; otherwise what the keys or the store answer. Nothing is recorded then.
    pub fn prove_circuit(&self, circuit: CircuitType, statement: CustomStatement) -> ProveCircuit<'_> {
        ProveCircuit { ledger: self, circuit, statement, reporter: Arc::new(()) }
    }
}

impl ProveCircuit<'_> {
    /// Reports stages.
    pub fn progress(mut self, reporter: impl StageReporter + 'static) -> Self {
        self.reporter = Arc::new(reporter);
        self
    }

    async fn run(self) -> Result<Entry, LedgerError> {
        let Self { ledger, circuit, statement, reporter } = self;
        let notary = ledger.notary()?.verifying_key();
        let id = circuit.circuit().id();
        if claims::is_reserved(&id) {
            return Err(LedgerError::ClaimCircuit { circuit: id });
        }
        let (keys, proofs) = (Arc::clone(&ledger.keys), ledger.proofs);
        let proved = work::run(Arc::clone(&reporter), move |work| {
            let public_inputs = circuit.circuit().public_inputs();
            proofs.prove(&keys, circuit.circuit(), work).map(|proved| (proved, public_inputs))
        });
        let (proved, public_inputs) = proved.await?;
        let record = CustomRecord {
            dataset: statement.dataset,
            description: statement.description,
            scheme: Scheme::of(proofs.system()),
            circuit: proved.key.id().clone(),
            setup: proved.setup,
            verifying_key: proved.key.verifying().digest(),
            srs: proved.srs,
            public_inputs: public_inputs.into_iter().map(PublicInput::new).collect(),
            proof: BlobDigest::of(&proved.blob),
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
async fn record_proof(
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
