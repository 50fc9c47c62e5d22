//! Proving: from a claim, or an embedder's circuit, to an entry.

use std::sync::Arc;

use zkl_circuits::claims::{self, ClaimCircuit, Evaluation};
use zkl_core::{
    circuit::{Circuit, CircuitType},
    claim::{Claim, resolve},
    digest::BlobDigest,
    name::DatasetName,
    storage::StorageBackend,
    time::Timestamp,
};
use zkl_snark::{
    groth16::Proof,
    keys::{KeyEvent, KeyPair, KeyStore},
};

use crate::{
    entry::{Entry, SignedEntry},
    error::LedgerError,
    ledger::{Ledger, NotarizedEntry},
    predicate::{ClaimRecord, CustomRecord, Nonce, Predicate, PublicInput},
    stage::{SharedReporter, Stage, StageReporter},
};

/// A statement of an embedder's own circuit.
#[derive(Clone, Debug, Default)]
pub struct CustomStatement {
    /// The dataset that it is about, if it is about one.
    pub dataset: Option<DatasetName>,
    /// What it means, in the embedder's words: the verifier prints it.
    pub description: String,
}

impl<S: StorageBackend> Ledger<S> {
    /// Tells the owner whether a claim holds, and whether it can be proved. Nothing is recorded.
    ///
    /// # Errors
    /// [`LedgerError::Claim`] when the claim does not fit the table; otherwise as [`Ledger::opening`].
    pub fn evaluate(&self, notarized: &NotarizedEntry, claim: &Claim) -> Result<Evaluation, LedgerError> {
        let opening = self.opening(notarized)?;
        let resolved = resolve(claim, &opening.layout)?;
        Ok(claims::evaluate(&resolved, &opening.layout, &opening.profile)?)
    }

    /// Proves a claim about a notarized table and appends the proof.
    ///
    /// # Errors
    /// [`LedgerError::Claim`] when the claim does not fit the table, is false or cannot be proved; otherwise what the opening, the keys or the store answer. Nothing is recorded then.
    pub async fn prove(
        &self,
        notarized: &NotarizedEntry,
        claim: &Claim,
        reporter: SharedReporter,
    ) -> Result<Entry, LedgerError> {
        let signer = self.signer()?;
        let notary = signer.key().verifying_key();
        let (opening, seal) = self.open_seal(notarized)?;
        let resolved = resolve(claim, &opening.layout)?;
        let nonce = Nonce::generate()?;
        let ctx = claims::context(claim, notarized.entry.id, notary.as_bytes(), nonce.as_bytes());
        let keys = self.keys.clone();
        let worker = reporter.clone();
        let proved = tokio::task::spawn_blocking(move || {
            let circuit = ClaimCircuit::prove_instance(&resolved, &opening.layout, &opening.profile, &seal, ctx)?;
            prove_blocking(&keys, &circuit, worker.as_ref())
        })
        .await??;
        let record = ClaimRecord {
            dataset: notarized.notarization.dataset.clone(),
            dataset_id: notarized.notarization.dataset_id,
            notarization: notarized.entry.id,
            claim: claim.clone(),
            circuit: proved.keys.id().clone(),
            verifying_key: proved.keys.verifying().digest(),
            proof: BlobDigest::of(&proved.proof.to_bytes()),
            notary,
            recorded_at: Timestamp::now(),
            nonce,
        };
        self.record(Predicate::Claim(record), &proved, reporter).await
    }

    /// Proves an embedder's circuit and appends the proof with its public inputs.
    ///
    /// # Errors
    /// [`LedgerError::ClaimCircuit`] when the circuit's name is one of a claim's, [`LedgerError::Prove`] when the assignment
    /// does not satisfy the circuit; otherwise what the keys or the store
    /// answer. Nothing is recorded then.
    pub async fn prove_circuit(
        &self,
        circuit: CircuitType,
        statement: CustomStatement,
        reporter: SharedReporter,
    ) -> Result<Entry, LedgerError> {
        let signer = self.signer()?;
        let id = circuit.circuit().id();
        if claims::is_reserved(&id) {
            return Err(LedgerError::ClaimCircuit { circuit: id });
        }
        let notary = signer.key().verifying_key();
        let keys = self.keys.clone();
        let worker = reporter.clone();
        let (proved, public_inputs) = tokio::task::spawn_blocking(move || {
            let public_inputs = circuit.circuit().public_inputs();
            prove_blocking(&keys, &circuit, worker.as_ref()).map(|proved| (proved, public_inputs))
        })
        .await??;
        let record = CustomRecord {
            dataset: statement.dataset,
            description: statement.description,
            circuit: proved.keys.id().clone(),
            setup: proved.keys.setup(),
            verifying_key: proved.keys.verifying().digest(),
            public_inputs: public_inputs.into_iter().map(PublicInput::new).collect(),
            proof: BlobDigest::of(&proved.proof.to_bytes()),
            notary,
            recorded_at: Timestamp::now(),
            nonce: Nonce::generate()?,
        };
        self.record(Predicate::Custom(record), &proved, reporter).await
    }

    /// Stores proof and verifying key, then appends the entry that names them.
    async fn record(
        &self,
        predicate: Predicate,
        proved: &Proved,
        reporter: SharedReporter,
    ) -> Result<Entry, LedgerError> {
        let signer = self.signer()?;
        let signed = SignedEntry::sign(predicate, signer.key()).map_err(LedgerError::Sign)?;
        reporter.stage(Stage::Append);
        self.storage.put_blob(&proved.proof.to_bytes()).await?;
        self.storage.put_blob(proved.keys.verifying().as_bytes()).await?;
        self.append(signed).await
    }
}

struct Proved {
    keys: Arc<KeyPair>,
    proof: Proof,
}

fn prove_blocking(keys: &KeyStore, circuit: &CircuitType, reporter: &dyn StageReporter) -> Result<Proved, LedgerError> {
    let circuit = circuit.circuit();
    let keys = load_keys(keys, circuit, reporter)?;
    reporter.stage(Stage::Prove { circuit: keys.id().clone() });
    let proof = keys.prove(circuit)?;
    Ok(Proved { keys, proof })
}

/// The dev keys of `circuit`, from disk or made now.
pub(crate) fn load_keys(
    keys: &KeyStore,
    circuit: &dyn Circuit,
    reporter: &dyn StageReporter,
) -> Result<Arc<KeyPair>, LedgerError> {
    reporter.stage(Stage::Key { circuit: circuit.id(), generating: false });
    Ok(keys.dev_keys(circuit, &|event| match event {
        KeyEvent::Generating { circuit } => {
            reporter.stage(Stage::Key { circuit: circuit.clone(), generating: true });
        }
        KeyEvent::Damaged { path, .. } => reporter.stage(Stage::KeyDamaged { path: path.to_owned() }),
        _ => {}
    })?)
}
