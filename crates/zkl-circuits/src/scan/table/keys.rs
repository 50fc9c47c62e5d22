//! The verifying keys of a table's circuits.

use zkl_core::circuit::CircuitId;
use zkl_snark::proof_system::{ProofSystem, VerifyingKey};

/// Keys that the caller trusts, by circuit, all of one proof system: a table is proved with one.
#[derive(Clone, Debug)]
pub struct TableKeys<'k> {
    system: &'static dyn ProofSystem,
    keys: Vec<(CircuitId, &'k dyn VerifyingKey)>,
}

impl<'k> TableKeys<'k> {
    /// Keys of `system`; those of another one are left out.
    pub fn new(
        system: &'static dyn ProofSystem,
        keys: impl IntoIterator<Item = (CircuitId, &'k dyn VerifyingKey)>,
    ) -> Self {
        let keys = keys.into_iter().filter(|(_, key)| key.system().name() == system.name()).collect();
        Self { system, keys }
    }

    /// The proof system.
    pub const fn system(&self) -> &'static dyn ProofSystem {
        self.system
    }

    /// The key of a circuit.
    pub fn get(&self, circuit: &CircuitId) -> Option<&'k dyn VerifyingKey> {
        self.keys.iter().find(|(own, _)| own == circuit).map(|(_, key)| *key)
    }
}
