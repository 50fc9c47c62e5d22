//! Trust policies (c2sp.org/tlog-policy): which logs count, and which witnesses must have cosigned a checkpoint.
//!
//! ```text
//! log example.com/datasets+5d3c1a2b+AbCd...
//! witness alice alice.example/w+01234567+BEfg...
//! witness bob   bob.example/w+89abcdef+BHij...  https://bob.example/
//! group two-of-us 2 alice bob
//! quorum two-of-us
//! ```
//!
//! # What a quorum shows
//! Each counted witness says that the checkpoint continues every tree of this log that it cosigned before. So whoever
//! accepts checkpoints under policies whose quorums always share an honest witness sees the same log as everybody else.
//! Nothing follows about the entries, and nothing from witnesses that are not in the policy.

mod error;
mod parse;

use std::fmt;

pub use error::{PolicyError, PolicySyntaxError};

use crate::{
    checkpoint::{Checkpoint, SignedCheckpoint},
    cosignature::{Cosignature, WitnessVerifier},
    error::NoteError,
    note::NoteVerifier,
    verified::Verified,
};

/// A trust policy. Names of witnesses and groups live in the file alone: what counts are public keys, each of them once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    logs: Vec<PolicyLog>,
    witnesses: Vec<PolicyWitness>,
    /// Witnesses and groups in the order of the file, so that members stand before their groups.
    nodes: Vec<Node>,
    quorum: Quorum,
}

/// A log that the policy accepts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyLog {
    /// The log's key, under its origin.
    pub key: NoteVerifier,
    /// Where the log is, if the file says so.
    pub url: Option<String>,
}

/// A witness that the policy knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyWitness {
    /// The name in the file: octets, shown as text.
    pub name: PolicyName,
    /// The witness's key.
    pub key: WitnessVerifier,
    /// The witness's submission prefix, if the file says so.
    pub url: Option<String>,
}

/// A name in a policy file: octets that only equality is defined for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PolicyName(Vec<u8>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Node {
    name: PolicyName,
    kind: NodeKind,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum NodeKind {
    /// Position among the witnesses.
    Witness(usize),
    /// At least `threshold` of `members`, which are positions of earlier nodes.
    Group { threshold: usize, members: Vec<usize> },
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Quorum {
    None,
    /// Position of the node.
    Node(usize),
}

/// The statement "the log signed this checkpoint, and these witnesses of the policy, which are a quorum, cosigned it".
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Witnessed {
    /// The checkpoint.
    pub checkpoint: Checkpoint,
    /// The valid cosignatures of witnesses of the policy, in the order of the policy.
    pub cosignatures: Vec<Cosignature>,
}

impl Policy {
    /// Longest policy file that is read, in bytes.
    pub const MAX_LEN: usize = 1_000_000;

    /// Most logs, witnesses and groups together.
    pub const MAX_DEFINITIONS: usize = 1_000;

    /// Reads a policy file.
    ///
    /// # Errors
    /// [`PolicySyntaxError`], by the first line that breaks a rule.
    pub fn parse(bytes: &[u8]) -> Result<Self, PolicySyntaxError> {
        parse::policy(bytes)
    }

    /// The logs. May be empty, where the log is known from elsewhere.
    pub fn logs(&self) -> &[PolicyLog] {
        &self.logs
    }

    /// The witnesses, in the order of the file.
    pub fn witnesses(&self) -> &[PolicyWitness] {
        &self.witnesses
    }

    /// Whether the policy accepts `log`. A policy without logs accepts every log that the caller knows.
    pub fn accepts_log(&self, log: &NoteVerifier) -> bool {
        self.logs.is_empty() || self.logs.iter().any(|known| known.key == *log)
    }

    /// Checks a checkpoint: `log` is one of the policy's and signed it, and a quorum of witnesses cosigned it. Signatures of
    /// other keys are ignored.
    ///
    /// # Soundness
    /// Where the policy lists no log, `log` must be one that the caller trusts. When the witnesses signed is in the
    /// result and not judged.
    ///
    /// # Errors
    /// [`PolicyError::UnknownLog`], [`PolicyError::Checkpoint`]; [`PolicyError::Cosignature`] for a line of a known witness
    /// that does not verify, which makes the whole note malformed; [`PolicyError::Quorum`].
    pub fn check(&self, signed: &SignedCheckpoint, log: &NoteVerifier) -> Result<Verified<Witnessed>, PolicyError> {
        if !self.accepts_log(log) {
            return Err(PolicyError::UnknownLog { origin: log.name().to_string() });
        }
        self.check_quorum(signed, log)
    }

    /// As [`Policy::check`], for a log that the caller accepts for another reason than that the policy lists its key: because a key of
    /// the policy named it.
    ///
    /// # Errors
    /// As [`Policy::check`], but for [`PolicyError::UnknownLog`].
    pub fn check_quorum(
        &self,
        signed: &SignedCheckpoint,
        log: &NoteVerifier,
    ) -> Result<Verified<Witnessed>, PolicyError> {
        let checkpoint = signed.open(log)?;
        let mut cosigned = vec![false; self.witnesses.len()];
        let mut cosignatures = Vec::new();
        for (cosigned, witness) in cosigned.iter_mut().zip(&self.witnesses) {
            match witness.key.verify(signed) {
                Ok(cosignature) => {
                    *cosigned = true;
                    cosignatures.push(cosignature.into_inner());
                }
                Err(NoteError::NotSigned { .. }) => {}
                Err(source) => return Err(PolicyError::Cosignature { witness: witness.name.to_string(), source }),
            }
        }
        if !self.is_quorum(&cosigned) {
            let got = cosignatures.iter().map(|cosignature| cosignature.witness.to_string()).collect();
            return Err(PolicyError::Quorum { quorum: self.quorum_name(), got });
        }
        Ok(Verified::new(Witnessed { checkpoint: checkpoint.into_inner(), cosignatures }))
    }

    /// Evaluates the quorum; `cosigned` has one value per witness.
    fn is_quorum(&self, cosigned: &[bool]) -> bool {
        let mut witnessed: Vec<bool> = Vec::with_capacity(self.nodes.len());
        let is = |values: &[bool], position: usize| values.get(position).copied().unwrap_or(false);
        for node in &self.nodes {
            let value = match &node.kind {
                NodeKind::Witness(position) => is(cosigned, *position),
                NodeKind::Group { threshold, members } => {
                    members.iter().filter(|member| is(&witnessed, **member)).count() >= *threshold
                }
            };
            witnessed.push(value);
        }
        match self.quorum {
            Quorum::None => true,
            Quorum::Node(position) => is(&witnessed, position),
        }
    }

    fn quorum_name(&self) -> String {
        match self.quorum {
            Quorum::None => "none".to_owned(),
            Quorum::Node(position) => self.nodes.get(position).map(|node| node.name.to_string()).unwrap_or_default(),
        }
    }
}

impl fmt::Display for PolicyName {
    /// The octets as text; what is not UTF-8 is shown as replacement characters.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(&self.0))
    }
}
