//! Proof systems as values: what provers, verifiers and key stores are given, and what is written into entries.
//!
//! # Statement
//! Given a circuit by its key, public inputs x and, where the circuit is [linked](zkl_core::circuit::Circuit::is_linked), a
//! [link](Linked): the prover knows an assignment that satisfies the circuit, and openings of the linked columns with the link's value.
//!
//! Whether the columns are opened beside the circuit's proof or with it is the system's affair; nothing outside a system's own module
//! knows which systems there are. Each is registered here.

mod error;
mod link;

use std::{fmt, sync::Arc};

use zkl_argument::{
    commit::RowGroups,
    hyperkzg::Mask,
    srs::{Srs, SrsVerifierKey},
};
use zkl_core::{
    circuit::{Circuit, CircuitId},
    digest::KeyDigest,
};

pub use self::{
    error::{Challenge, DecodeError, ImportKeyError, KeyDecodeError, KeySizes, Part, ProveError, VerifyError},
    link::{Link, Linked},
};
use crate::{
    ark::Fr,
    groth16::Groth16,
    keys::{KeyError, KeyEvent, KeyStore, Setup},
    matrices::Matrices,
    universal::Universal,
};

/// The system with the shortest proofs, and a setup for every circuit. It is the one that entries which name none are proved with.
pub const COMPACT: &dyn ProofSystem = &Groth16;

/// The system without a setup for its circuits: all proofs rest on one reference string.
pub const UNIVERSAL: &dyn ProofSystem = &Universal;

/// Every system.
const SYSTEMS: &[&dyn ProofSystem] = &[COMPACT, UNIVERSAL];

/// The system that entries call `name`.
pub fn by_name(name: &str) -> Option<&'static dyn ProofSystem> {
    SYSTEMS.iter().copied().find(|system| system.name() == name)
}

/// A proof system. Every [`Circuit`] proves with every implementation, as each of them runs [`zkl_core::circuit::Synthesizer`].
pub trait ProofSystem: Send + Sync {
    /// Name of the system, as it is written into entries.
    fn name(&self) -> &'static str;

    /// What marks its proofs and their transcripts, `None` for the one system that proofs without a mark are of.
    fn tag(&self) -> Option<u8>;

    /// Whether a proof of any circuit is under a reference string, and not of linked ones alone.
    fn needs_srs(&self) -> bool;

    /// The key that proves `circuit`, whose assignment is not read: made now, or found in `store`. Callers go through
    /// [`KeyStore::keys`], which keeps it in memory.
    ///
    /// # Errors
    /// [`KeyError`].
    fn proving_key(
        &self,
        circuit: &dyn Circuit,
        store: &KeyStore,
        progress: &dyn Fn(KeyEvent<'_>),
    ) -> Result<Arc<dyn ProvingKey>, KeyError>;

    /// The key of circuit `id` from a ceremony, which was imported into `store`; `None` when there is none, or when the system's circuits
    /// have no setup. Callers go through [`KeyStore::ceremony_key`], which keeps it in memory.
    ///
    /// # Errors
    /// [`KeyError`].
    fn ceremony_key(&self, _id: &CircuitId, _store: &KeyStore) -> Result<Option<Arc<dyn ProvingKey>>, KeyError> {
        Ok(None)
    }

    /// Reads the key of `circuit`, whose assignment is not read, from the `file` of another program, and keeps it in `store`.
    ///
    /// # Errors
    /// [`ImportKeyError`], one variant per check.
    ///
    /// # Soundness
    /// The points are valid, and nothing says that they follow from the circuit or from an honest ceremony: that is for the ceremony's own
    /// transcript to show. A prover notices points of another circuit, as its proofs do not verify.
    fn import_key(
        &self,
        _circuit: &dyn Circuit,
        _store: &KeyStore,
        _file: &[u8],
    ) -> Result<Arc<dyn ProvingKey>, ImportKeyError> {
        Err(ImportKeyError::NoSetup { system: self.name() })
    }

    /// Whether keys are more than the bytes that receipts carry, so that a verifier has to [derive](Self::derived_key) them.
    fn derives_keys(&self) -> bool;

    /// Reads the key of a circuit. Where keys are derived, the result knows its sizes and refuses every proof. This may take
    /// seconds for a long key.
    ///
    /// # Errors
    /// [`KeyDecodeError`].
    ///
    /// # Soundness
    /// Says nothing about where the key came from: its digest must be trusted for the circuit.
    fn read_key(&self, bytes: &[u8]) -> Result<Arc<dyn VerifyingKey>, KeyDecodeError>;

    /// The key that anybody can make out of `circuit` alone, whose assignment is not read, and how it was made. This may take
    /// seconds.
    ///
    /// # Errors
    /// [`KeyError`].
    fn derived_key(&self, circuit: &dyn Circuit) -> Result<(Arc<dyn VerifyingKey>, Setup), KeyError>;
}

impl fmt::Debug for dyn ProofSystem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What a prover of one circuit needs.
pub trait ProvingKey: Send + Sync {
    /// The circuit.
    fn id(&self) -> &CircuitId;

    /// How the key was made.
    fn setup(&self) -> Setup;

    /// What verifies its proofs.
    fn verifying(&self) -> &dyn VerifyingKey;

    /// A fresh mask for a link whose columns are in such groups, to be committed to before the link's point is drawn.
    ///
    /// # Errors
    /// [`ProveError::Entropy`].
    fn mask(&self, groups: RowGroups) -> Result<Mask, ProveError>;

    /// Proves `circuit`, and the value of the linked columns, with fresh randomness of the operating system, and verifies the result.
    ///
    /// # Errors
    /// [`ProveError`]; an assignment that violates a constraint never leads to a proof. After [`ProveError::Degenerate`] the caller
    /// starts again, with fresh randomness in everything that it made.
    fn prove(&self, circuit: &dyn Circuit, srs: Option<&Srs>, link: Option<Link>) -> Result<Vec<u8>, ProveError>;
}

/// What a verifier of one circuit needs.
pub trait VerifyingKey: Send + Sync + fmt::Debug {
    /// The system that it is of.
    fn system(&self) -> &'static dyn ProofSystem;

    /// Its one encoding, as it stands in receipts.
    fn as_bytes(&self) -> &[u8];

    /// SHA-256 of the encoding.
    fn digest(&self) -> KeyDigest;

    /// The matrices that the key is of, for whoever verifies with another program; `None` for a key that holds what a setup made of them.
    fn matrices(&self) -> Option<&Matrices>;

    /// Bytes of a proof, with a link of so many variables or without one.
    ///
    /// # Errors
    /// [`VerifyError`] for links that no proof can have.
    fn proof_len(&self, link: Option<usize>) -> Result<usize, VerifyError>;

    /// Verifies `proof` for the public inputs `x`. Every size follows from key and link.
    ///
    /// # Errors
    /// [`VerifyError`], one variant per check.
    ///
    /// # Soundness
    /// [`Self::digest`] and the digest of `srs` must be trusted ones; the link must be as [`Linked`] says.
    fn verify(
        &self,
        x: &[Fr],
        srs: Option<&SrsVerifierKey>,
        link: Option<&Linked>,
        proof: &[u8],
    ) -> Result<(), VerifyError>;
}

impl PartialEq for dyn VerifyingKey + '_ {
    fn eq(&self, other: &Self) -> bool {
        self.system().name() == other.system().name() && self.as_bytes() == other.as_bytes()
    }
}

impl Eq for dyn VerifyingKey + '_ {}
