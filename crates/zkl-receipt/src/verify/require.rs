//! What a caller demands of a receipt beyond that it verifies.

use std::{fmt, str::FromStr};

use serde::Deserialize;
use thiserror::Error;
use zkl_core::tree::LeafIndex;
use zkl_snark::keys::Setup;

use super::report::{VerifiedReceipt, VerifiedStatement};
use crate::scan::ProfileEvidence;

/// A demand on a receipt that verified. Each is about the whole receipt: the subjects and all that they name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Requirement {
    /// The log's key is one that the caller pinned.
    Pinned,
    /// A proof over every row was verified for every table.
    Proved,
    /// Every proof rests on a public ceremony.
    PublicSetup,
    /// The caller's policy is satisfied.
    Cosigned,
}

impl Requirement {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Pinned, Self::Proved, Self::PublicSetup, Self::Cosigned];

    /// The name by which people demand it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pinned => "pinned",
            Self::Proved => "proved",
            Self::PublicSetup => "public-setup",
            Self::Cosigned => "cosigned",
        }
    }

    /// What it demands, in one sentence.
    pub const fn demands(self) -> &'static str {
        match self {
            Self::Pinned => "the log's key is one that you trust",
            Self::Proved => "a proof over every row was verified for every table that the receipt speaks of",
            Self::PublicSetup => "every proof in the receipt rests on a public ceremony that this program knows",
            Self::Cosigned => "a quorum of the witnesses of your policy cosigned this state of the log",
        }
    }
}

impl fmt::Display for Requirement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A text that names no requirement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("expected {}", Requirement::ALL.map(Requirement::name).join(", "))]
pub struct RequirementParseError;

impl FromStr for Requirement {
    type Err = RequirementParseError;

    fn from_str(text: &str) -> Result<Self, RequirementParseError> {
        Self::ALL.into_iter().find(|requirement| requirement.name() == text).ok_or(RequirementParseError)
    }
}

/// A receipt that verifies, and is not all that the caller demands.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum RequirementError {
    /// Nobody vouched for the log.
    #[error("not pinned: nobody vouched for the log's key")]
    NotPinned,
    /// A table whose profile is the notary's word.
    #[error("not proved: the profile of the table in entry {index} is attested, without a proof over every row")]
    NotProved {
        /// Index of the notarization.
        index: LeafIndex,
    },
    /// A table whose proof the log names and the receipt leaves out.
    #[error("not proved: the receipt leaves out the proof over every row of the table in entry {index}")]
    ProofLeftOut {
        /// Index of the notarization.
        index: LeafIndex,
    },
    /// A proof that rests on something else than a public ceremony.
    #[error("no public setup: a proof of entry {index} rests on: {setup}")]
    NotPublic {
        /// Index of the entry.
        index: LeafIndex,
        /// What the weakest of its proofs rests on.
        setup: Setup,
    },
    /// No policy that makes witnesses count.
    #[error("not cosigned: no policy says which witnesses count")]
    NoPolicy,
}

impl RequirementError {
    /// The requirement that is not met.
    pub const fn requirement(&self) -> Requirement {
        match self {
            Self::NotPinned => Requirement::Pinned,
            Self::NotProved { .. } | Self::ProofLeftOut { .. } => Requirement::Proved,
            Self::NotPublic { .. } => Requirement::PublicSetup,
            Self::NoPolicy => Requirement::Cosigned,
        }
    }
}

impl VerifiedReceipt {
    /// Demands more of the receipt than that it verifies. A custom statement that names no tables is proved for its public inputs; what
    /// they mean is the notary's word, whatever is demanded.
    ///
    /// # Errors
    /// [`RequirementError`], by the first of `requirements` that is not met.
    pub fn require(&self, requirements: &[Requirement]) -> Result<(), RequirementError> {
        requirements.iter().try_for_each(|requirement| match requirement {
            Requirement::Pinned if !self.log.pinned => Err(RequirementError::NotPinned),
            // Verification refuses a checkpoint that does not satisfy the policy, if there is one.
            Requirement::Cosigned if !self.log.policy => Err(RequirementError::NoPolicy),
            Requirement::Pinned | Requirement::Cosigned => Ok(()),
            Requirement::Proved => self.require_proofs(),
            Requirement::PublicSetup => self.require_public_setup(),
        })
    }

    fn require_proofs(&self) -> Result<(), RequirementError> {
        self.entries.iter().try_for_each(|entry| {
            let index = entry.index;
            match &entry.statement {
                VerifiedStatement::Notarization { profile: ProfileEvidence::Attested, .. } => {
                    Err(RequirementError::NotProved { index })
                }
                VerifiedStatement::Notarization { profile: ProfileEvidence::ProofLeftOut { .. }, .. } => {
                    Err(RequirementError::ProofLeftOut { index })
                }
                VerifiedStatement::Notarization { profile: ProfileEvidence::Proved(_), .. }
                | VerifiedStatement::Claim { .. }
                | VerifiedStatement::Custom { .. }
                | VerifiedStatement::Relation { .. }
                | VerifiedStatement::Key { .. }
                | VerifiedStatement::Withdrawal { .. }
                | VerifiedStatement::Policy { .. } => Ok(()),
            }
        })
    }

    fn require_public_setup(&self) -> Result<(), RequirementError> {
        self.entries.iter().try_for_each(|entry| match entry.statement.setup() {
            None | Some(Setup::Ceremony) => Ok(()),
            Some(setup) => Err(RequirementError::NotPublic { index: entry.index, setup }),
        })
    }
}
