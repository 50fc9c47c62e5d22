//! Groth16 behind the contract of proof systems: the circuit's proof, and the opening of its link beside it.
//!
//! ```text
//! proof             128 bytes
//! masked opening    of the linked columns: its own transcript absorbs every public input, 32 bytes each
//! ```

use std::sync::Arc;

use tracing::info_span;
use zkl_argument::{
    chain::scalars_bytes,
    commit::RowGroups,
    hyperkzg::{CommittedColumn, MAX_VARS, Mask, MaskedOpening, masked_opening, verify_masked},
    srs::{Srs, SrsVerifierKey},
};
use zkl_core::{
    circuit::{Circuit, CircuitId},
    digest::KeyDigest,
};

use zkl_kernel::threads;

use super::{Groth16, Proof, ProvingKey, VerifyingKey, ceremony, danger_setup, prove, store, verify};
use crate::{
    ark::Fr,
    keys::{KeyError, KeyEvent, KeyStore, Setup, dev_seed},
    matrices::Matrices,
    proof_system::{
        self, DecodeError, ImportKeyError, KeyDecodeError, Link, Linked, ProofSystem, ProveError, VerifyError,
    },
    random::fresh_rng,
};

impl ProofSystem for Groth16 {
    fn name(&self) -> &'static str {
        "groth16"
    }

    fn tag(&self) -> Option<u8> {
        None
    }

    fn needs_srs(&self) -> bool {
        false
    }

    fn proving_key(
        &self,
        circuit: &dyn Circuit,
        store: &KeyStore,
        progress: &dyn Fn(KeyEvent<'_>),
    ) -> Result<Arc<dyn proof_system::ProvingKey>, KeyError> {
        let key = store::load_or_generate(store, circuit, progress)?;
        Ok(Arc::new(KeyOfCircuit { id: circuit.id(), setup: Setup::Dev, key }))
    }

    fn ceremony_key(
        &self,
        id: &CircuitId,
        store: &KeyStore,
    ) -> Result<Option<Arc<dyn proof_system::ProvingKey>>, KeyError> {
        Ok(ceremony::load(store, id)?.map(|key| of_ceremony(id.clone(), key)))
    }

    fn import_key(
        &self,
        circuit: &dyn Circuit,
        store: &KeyStore,
        file: &[u8],
    ) -> Result<Arc<dyn proof_system::ProvingKey>, ImportKeyError> {
        Ok(of_ceremony(circuit.id(), ceremony::import(store, circuit, file)?))
    }

    fn derives_keys(&self) -> bool {
        false
    }

    fn read_key(&self, bytes: &[u8]) -> Result<Arc<dyn proof_system::VerifyingKey>, KeyDecodeError> {
        match VerifyingKey::from_bytes(bytes) {
            Ok(key) => Ok(Arc::new(key)),
            Err(error) => Err(error.of_key()),
        }
    }

    fn derived_key(&self, circuit: &dyn Circuit) -> Result<(Arc<dyn proof_system::VerifyingKey>, Setup), KeyError> {
        let id = circuit.id();
        let key = danger_setup(circuit, dev_seed(&id), &mut |_| ());
        let key = key.map_err(|source| KeyError::Setup { circuit: id, source })?;
        Ok((Arc::new(key.verifying_key().clone()), Setup::Dev))
    }
}

/// A key from a ceremony. The program knows none of them: whoever verifies trusts the digest, or does not.
fn of_ceremony(id: CircuitId, key: ProvingKey) -> Arc<dyn proof_system::ProvingKey> {
    Arc::new(KeyOfCircuit { id, setup: Setup::External, key })
}

/// A key and what it is for.
struct KeyOfCircuit {
    id: CircuitId,
    setup: Setup,
    key: ProvingKey,
}

impl proof_system::ProvingKey for KeyOfCircuit {
    fn id(&self) -> &CircuitId {
        &self.id
    }

    fn setup(&self) -> Setup {
        self.setup
    }

    fn verifying(&self) -> &dyn proof_system::VerifyingKey {
        self.key.verifying_key()
    }

    fn mask(&self, groups: RowGroups) -> Result<Mask, ProveError> {
        Ok(Mask::sample(groups, &mut fresh_rng().map_err(ProveError::Entropy)?))
    }

    fn prove(&self, circuit: &dyn Circuit, srs: Option<&Srs>, link: Option<Link>) -> Result<Vec<u8>, ProveError> {
        if circuit.id() != self.id {
            return Err(ProveError::Key { circuit: circuit.id() });
        }
        let proof = info_span!("groth16").in_scope(|| prove(&self.key, circuit))?;
        let mut bytes = proof.to_bytes().to_vec();
        if let Some(Link { linked, combined, mask }) = link {
            let _span = info_span!("opening").entered();
            let srs = srs.ok_or(ProveError::SrsMissing)?;
            let x = circuit.public_inputs();
            let (columns, groups) = (columns(&linked), row_group(&linked).map_err(ProveError::Shape)?);
            let rho = linked.mask_weight();
            let (value, opening) =
                masked_opening(srs, &scalars_bytes(&x), groups, linked.point(), &combined, &columns, mask, &rho)?;
            if value != linked.value() {
                return Err(ProveError::LinkValue);
            }
            bytes.extend(opening.to_bytes());
            let check = || verify_link(srs.verifier_key(), &x, &linked, &opening);
            info_span!("self-check").in_scope(check).map_err(ProveError::SelfCheck)?;
        }
        Ok(bytes)
    }
}

impl proof_system::VerifyingKey for VerifyingKey {
    fn system(&self) -> &'static dyn ProofSystem {
        &Groth16
    }

    fn as_bytes(&self) -> &[u8] {
        self.as_bytes()
    }

    fn digest(&self) -> KeyDigest {
        self.digest()
    }

    fn matrices(&self) -> Option<&Matrices> {
        None
    }

    fn proof_len(&self, link: Option<usize>) -> Result<usize, VerifyError> {
        let unsupported = |got| move |_| VerifyError::LinkVariables { max: MAX_VARS, got };
        let opening = match link {
            Some(variables) => MaskedOpening::encoded_bytes(variables).map_err(unsupported(variables))?,
            None => 0,
        };
        Ok(Proof::LEN + opening)
    }

    fn verify(
        &self,
        x: &[Fr],
        srs: Option<&SrsVerifierKey>,
        link: Option<&Linked>,
        proof: &[u8],
    ) -> Result<(), VerifyError> {
        let variables = link.map(|link| link.point().len());
        let (expected, got) = (self.proof_len(variables)?, proof.len());
        let parts = proof.split_at_checked(Proof::LEN).filter(|_| got == expected);
        let (own, opening) = parts.ok_or(DecodeError::Length { expected, got })?;
        let own = Proof::from_bytes(own).map_err(super::DecodeError::of_proof)?;
        let Some(link) = link else { return verify(self, x, &own) };
        let srs = srs.ok_or(VerifyError::SrsMissing)?;
        let opening = MaskedOpening::from_bytes(link.point().len(), opening).map_err(DecodeError::from)?;
        let (circuit, opened) = threads::join(|| verify(self, x, &own), || verify_link(srs, x, link, &opening));
        circuit.and(opened)
    }
}

/// That the linked columns open to the link's value. What the opening absorbs first is every public input, t0 among them.
fn verify_link(srs: &SrsVerifierKey, x: &[Fr], link: &Linked, opening: &MaskedOpening) -> Result<(), VerifyError> {
    let Some((_, (rho, mask))) = link.columns_and_mask() else { return Err(VerifyError::Link { needed: true }) };
    let (point, value, columns) = (link.point(), link.value(), columns(link));
    let groups = row_group(link)?;
    Ok(verify_masked(srs, &scalars_bytes(x), groups, point, &columns, mask, rho, &value, opening)?)
}

/// Terms of the columns, each as a column of one row group.
fn columns(link: &Linked) -> Vec<CommittedColumn<'_>> {
    let terms = link.columns_and_mask().map_or(&[][..], |(columns, _)| columns);
    terms
        .iter()
        .map(|(weight, commitment)| CommittedColumn { weight: *weight, commitments: std::slice::from_ref(commitment) })
        .collect()
}

/// The row groups were summed already: what is left has as many entries as one.
fn row_group(link: &Linked) -> Result<RowGroups, VerifyError> {
    let got = link.point().len();
    RowGroups::new(got as u32, 1).map_err(|_| VerifyError::LinkVariables { max: MAX_VARS, got })
}
