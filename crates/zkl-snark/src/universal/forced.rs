//! A prover whom nothing stops, for tests of what a verifier does.

use zkl_argument::{commit::RowGroups, hyperkzg::Mask, srs::Srs};
use zkl_core::circuit::{Circuit, CircuitId};

use super::{
    Prover, VerifyingKey,
    system::{key_of, mask},
};
use crate::{
    keys::{KeyError, Setup},
    proof_system::{self, Link, ProveError, ProvingKey},
};

/// The key of a prover who proves what is false as well.
pub(crate) struct ForcedKey(VerifyingKey);

impl ForcedKey {
    pub(crate) fn of(circuit: &dyn Circuit) -> Result<Self, KeyError> {
        key_of(circuit).map(Self)
    }
}

impl ProvingKey for ForcedKey {
    fn id(&self) -> &CircuitId {
        self.0.id()
    }

    fn setup(&self) -> Setup {
        Setup::Ceremony
    }

    fn verifying(&self) -> &dyn proof_system::VerifyingKey {
        &self.0
    }

    fn mask(&self, groups: RowGroups) -> Result<Mask, ProveError> {
        mask(groups)
    }

    fn prove(&self, circuit: &dyn Circuit, srs: Option<&Srs>, link: Option<Link>) -> Result<Vec<u8>, ProveError> {
        let srs = srs.ok_or(ProveError::SrsMissing)?;
        Ok(Prover::new(srs).force(&self.0, circuit, link)?.to_bytes())
    }
}
