//! How a ledger proves what it records.

use std::{fmt, str::FromStr, sync::Arc};

use serde::{Deserialize, Serialize};
use thiserror::Error;
use zkl_argument::srs::Srs;
use zkl_core::{
    circuit::Circuit,
    digest::{BlobDigest, KeyDigest},
};
use zkl_receipt::{ProofRecord, Scheme};
use zkl_snark::{
    keys::{KeyEvent, KeyStore, Setup, srs_setup},
    proof_system::{COMPACT, ProofSystem, ProvingKey, UNIVERSAL},
};

use crate::{error::LedgerError, stage::Stage, work::Work};

/// A text that is no [`ProofSetting`].
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("expected universal, compact or dev, got {got:?}")]
pub struct ProofSettingError {
    /// The beginning of the text.
    got: String,
}

/// How proofs are made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum ProofSetting {
    /// Under the public reference string, without a setup for any circuit.
    #[default]
    Universal,
    /// Shortest proofs, with keys from a ceremony for each circuit that were [imported](crate::ceremony::import); refused where there is none.
    Compact,
    /// Shortest proofs, with keys from public seeds: anybody can forge them.
    Dev,
}

impl ProofSetting {
    /// The proof system, as entries name it.
    pub fn scheme(self) -> Scheme {
        Scheme::of(self.system())
    }

    /// The proof system.
    pub(crate) fn system(self) -> &'static dyn ProofSystem {
        match self {
            Self::Universal => UNIVERSAL,
            Self::Compact | Self::Dev => COMPACT,
        }
    }

    /// The keys that prove `circuit`, from disk or made now.
    pub(crate) fn keys(
        self,
        keys: &KeyStore,
        circuit: &dyn Circuit,
        work: &Work,
    ) -> Result<Arc<dyn ProvingKey>, LedgerError> {
        work.stage(Stage::Key { circuit: circuit.id(), generating: false })?;
        if self == Self::Compact {
            // Dev keys are the only ones that a store makes.
            let key = keys.ceremony_key(self.system(), &circuit.id())?;
            return key.ok_or_else(|| LedgerError::NoCeremonyKey { circuit: circuit.id() });
        }
        let reporter = work.reporter();
        Ok(keys.keys(self.system(), circuit, &|event| match event {
            KeyEvent::Generating { circuit } => {
                reporter.stage(Stage::Key { circuit: circuit.clone(), generating: true });
            }
            KeyEvent::Damaged { path, .. } => reporter.stage(Stage::KeyDamaged { path: path.to_owned() }),
            _ => {}
        })?)
    }

    /// Proves a circuit without a link.
    pub(crate) fn prove(self, keys: &KeyStore, circuit: &dyn Circuit, work: &Work) -> Result<Proved, LedgerError> {
        let key = self.keys(keys, circuit, work)?;
        let srs = if self.system().needs_srs() { Some(reference_string(keys, None, work)?) } else { None };
        work.stage(Stage::Prove { circuit: key.id().clone() })?;
        let proof = key.prove(circuit, srs.as_deref(), None)?;
        let mut blob = srs.as_ref().map(|srs| srs.verifier_key().to_bytes()).unwrap_or_default();
        blob.extend(proof);
        let of_srs = srs.as_ref().map(|srs| srs_setup(srs.verifier_key()));
        let setup = of_srs.into_iter().chain([key.setup()]).min().unwrap_or(Setup::Dev);
        Ok(Proved { key, srs: srs.map(|srs| srs.digest()), setup, blob })
    }
}

/// The reference string with this digest; without one the public string.
pub(crate) fn reference_string(
    keys: &KeyStore,
    digest: Option<KeyDigest>,
    work: &Work,
) -> Result<Arc<Srs>, LedgerError> {
    work.check()?;
    let progress = |event: KeyEvent<'_>| {
        if matches!(event, KeyEvent::GeneratingSrs) {
            work.reporter().stage(Stage::Srs);
        }
    };
    Ok(match digest {
        Some(digest) => keys.srs(digest, &progress)?,
        None => keys.public_srs(&progress)?,
    })
}

impl Proved {
    /// What an entry says of it.
    pub(crate) fn record(&self) -> ProofRecord {
        let key = self.key.verifying();
        ProofRecord {
            scheme: Scheme::of(key.system()),
            circuit: self.key.id().clone(),
            key: key.digest(),
            srs: self.srs,
            digest: BlobDigest::of(&self.blob),
        }
    }
}

/// A proof without a link, and what it was made with.
pub(crate) struct Proved {
    pub(crate) key: Arc<dyn ProvingKey>,
    /// Digest of the reference string, under a proof system that needs one.
    pub(crate) srs: Option<KeyDigest>,
    /// Where the weaker of key and string comes from.
    pub(crate) setup: Setup,
    /// What is published: the string's verifier's part, if there is one, and the proof.
    pub(crate) blob: Vec<u8>,
}

impl fmt::Display for ProofSetting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Universal => "universal",
            Self::Compact => "compact",
            Self::Dev => "dev",
        })
    }
}

impl FromStr for ProofSetting {
    type Err = ProofSettingError;

    fn from_str(text: &str) -> Result<Self, ProofSettingError> {
        let all = [Self::Universal, Self::Compact, Self::Dev];
        let found = all.into_iter().find(|setting| setting.to_string() == text);
        found.ok_or_else(|| ProofSettingError { got: text.chars().take(40).collect() })
    }
}
