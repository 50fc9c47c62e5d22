//! The witnesses that a receipt names, and the policy that makes them count.
//!
//! A receipt that carries cosignatures carries the keys that verify them, as it carries the log's: so every byte of it can be
//! checked, whoever reads it. That a key travels along says nothing for it; only a policy does.

use zkl_merkle::{checkpoint::SignedCheckpoint, cosignature::WitnessVerifier, note::NoteVerifier, policy::Policy};

use super::{VerifyError, absent};

/// Most witnesses that a receipt names: as many as a note has signatures beside the log's.
const MAX_WITNESSES: usize = zkl_merkle::note::Note::MAX_SIGNATURES - 1;

pub(super) struct Witnesses<'a> {
    named: Vec<WitnessVerifier>,
    policy: Option<&'a Policy>,
}

impl<'a> Witnesses<'a> {
    /// Reads the keys that a receipt names, each once. A key has one spelling.
    pub(super) fn parse(texts: &[String], policy: Option<&'a Policy>) -> Result<Self, VerifyError> {
        absent("list of too many witnesses", texts.len() > MAX_WITNESSES)?;
        let mut named: Vec<WitnessVerifier> = Vec::with_capacity(texts.len());
        for (position, text) in texts.iter().enumerate() {
            let witness: WitnessVerifier =
                text.parse().map_err(|source| VerifyError::WitnessKey { position, source })?;
            // One key under two names would look like two witnesses.
            if named.iter().any(|other| other.key() == witness.key()) {
                return Err(VerifyError::WitnessRepeated { position });
            }
            named.push(witness);
        }
        Ok(Self { named, policy })
    }

    /// Checks the signature lines of a checkpoint, which the log signed: the log's, then one of each named witness, in
    /// order, and no other. Under a policy, that it is satisfied; `is_followed` says that the log's key was followed from one of its logs. Returns the names of the witnesses to report: under a
    /// policy those that it knows, otherwise those that the receipt names.
    pub(super) fn check(
        &self,
        signed: &SignedCheckpoint,
        log: &NoteVerifier,
        is_followed: bool,
    ) -> Result<Vec<String>, VerifyError> {
        let lines = signed.note().signatures();
        absent("signature of another key", lines.len() > 1 + self.named.len())?;
        for (position, witness) in self.named.iter().enumerate() {
            let name = || witness.name().to_string();
            let missing = || VerifyError::CosignatureMissing { witness: name() };
            let line = lines.get(1 + position).filter(|line| witness.names(line)).ok_or_else(missing)?;
            let cosigned = witness.verify_line(signed.unverified(), line);
            let _cosignature = cosigned.map_err(|source| VerifyError::Cosignature { witness: name(), source })?;
        }
        match self.policy {
            None => Ok(self.named.iter().map(|witness| witness.name().to_string()).collect()),
            Some(policy) => {
                let checked = if is_followed { policy.check_quorum(signed, log) } else { policy.check(signed, log) };
                let witnessed = checked.map_err(VerifyError::Policy)?;
                let cosignatures = witnessed.into_inner().cosignatures;
                Ok(cosignatures.iter().map(|cosignature| cosignature.witness.to_string()).collect())
            }
        }
    }
}
