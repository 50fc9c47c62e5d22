//! Keys from ceremonies: read from `.zkey` files of snarkjs, kept as `CIRCUIT.ceremony.key`.

use std::{fs, io, io::Cursor};

use zkl_argument::snarkjs::{Zkey, ZkeyPoints, ZkeySizes};
use zkl_core::circuit::{Circuit, CircuitId};

use super::{ProvingKey, file};
use crate::{
    ark::{Bn254, groth16},
    keys::{
        KeyError, KeyStore,
        store::{at, write_atomically},
    },
    matrices::Matrices,
    proof_system::{ImportKeyError, KeySizes},
};

const EXTENSION: &str = "ceremony.key";

/// The key of circuit `id`, when one was imported.
pub(super) fn load(store: &KeyStore, id: &CircuitId) -> Result<Option<ProvingKey>, KeyError> {
    let path = store.path(id, EXTENSION)?;
    match fs::read(&path) {
        Ok(bytes) => file::decode(id, &bytes).map(Some).map_err(|source| KeyError::Ceremony { path, source }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(at("read", &path)(source)),
    }
}

/// The key of `circuit` in a `.zkey` file, which is kept from now on instead of an earlier one.
pub(super) fn import(store: &KeyStore, circuit: &dyn Circuit, zkey: &[u8]) -> Result<ProvingKey, ImportKeyError> {
    let id = circuit.id();
    let matrices = Matrices::of(circuit)?;
    let zkey = Zkey::open(Cursor::new(zkey))?;
    let ZkeySizes { variables, inputs, domain } = zkey.sizes();
    let got = KeySizes { variables, inputs, domain };
    let expected = KeySizes {
        variables: matrices.variables(),
        inputs: matrices.public_inputs(),
        domain: 1 << matrices.log_domain(),
    };
    // Compared before a minute is spent on points.
    if got != expected {
        return Err(ImportKeyError::Sizes { circuit: id, expected, got });
    }
    let key =
        ProvingKey::from_ark(&to_ark(zkey.points()?), matrices).map_err(|error| ImportKeyError::Key(error.of_key()))?;
    let path = store.path(&id, EXTENSION)?;
    let _lock = store.lock_file(&path)?;
    write_atomically(store.dir()?, &path, &file::encode(&id, &key))?;
    Ok(key)
}

/// The points in arkworks' order, whose quotient has one coefficient less than the domain has points.
fn to_ark(points: ZkeyPoints) -> groth16::ProvingKey<Bn254> {
    let ZkeyPoints { alpha_g1, beta_g1, beta_g2, gamma_g2, delta_g1, delta_g2, inputs, a, b_g1, b_g2, l, quotients } =
        points;
    let mut h_query = quotients;
    h_query.pop();
    groth16::ProvingKey {
        vk: groth16::VerifyingKey { alpha_g1, beta_g2, gamma_g2, delta_g2, gamma_abc_g1: inputs },
        beta_g1,
        delta_g1,
        a_query: a,
        b_g1_query: b_g1,
        b_g2_query: b_g2,
        h_query,
        l_query: l,
    }
}
