//! Dev keys in the directory of keys: `CIRCUIT.dev.key`.

use std::{fs, io, path::Path};

use zkl_core::circuit::{Circuit, CircuitId};

use super::{Groth16, ProvingKey, danger_setup, file};
use crate::keys::{
    FileFault, KeyError, KeyEvent, KeyStore, MAX_GENERATED, dev_seed,
    store::{GENERATED, at, write_atomically},
};

/// The dev keys of `circuit`: from the directory, or made now and kept.
pub(super) fn load_or_generate(
    store: &KeyStore,
    circuit: &dyn Circuit,
    progress: &dyn Fn(KeyEvent<'_>),
) -> Result<ProvingKey, KeyError> {
    let id = circuit.id();
    let key = find_or_generate(store, circuit, &id, progress)?;
    if store.pinned().digest(&Groth16, &id).is_some_and(|pinned| pinned != key.verifying_key().digest()) {
        return Err(KeyError::NotPinned { circuit: id });
    }
    Ok(key)
}

fn find_or_generate(
    store: &KeyStore,
    circuit: &dyn Circuit,
    id: &CircuitId,
    progress: &dyn Fn(KeyEvent<'_>),
) -> Result<ProvingKey, KeyError> {
    let path = store.path(id, GENERATED)?;
    if let Ok(key) = read(store, id, &path)? {
        KeyStore::touch(&path);
        return Ok(key);
    }
    // Under the lock the file is looked at again: whoever held it may have written it.
    let _lock = store.lock_file(&path)?;
    match read(store, id, &path)? {
        Ok(key) => return Ok(key),
        Err(Unusable::Absent) => {}
        Err(Unusable::Damaged(fault)) => progress(KeyEvent::Damaged { path: &path, fault }),
    }
    progress(KeyEvent::Generating { circuit: id });
    let setup = |source| KeyError::Setup { circuit: id.clone(), source };
    let mut last = 0;
    let mut report = |share: f64| {
        let percent = (100.0 * share) as u8;
        if percent > last {
            last = percent;
            progress(KeyEvent::Progress { circuit: id, percent });
        }
    };
    let key = danger_setup(circuit, dev_seed(id), &mut report).map_err(setup)?;
    write_atomically(store.dir()?, &path, &file::encode(id, &key))?;
    store.prune(MAX_GENERATED)?;
    progress(KeyEvent::Generated { circuit: id });
    Ok(key)
}

/// Why there are no keys in a file.
enum Unusable {
    Absent,
    Damaged(FileFault),
}

fn read(store: &KeyStore, id: &CircuitId, path: &Path) -> Result<Result<ProvingKey, Unusable>, KeyError> {
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Err(Unusable::Absent)),
        Err(source) => return Err(at("read", path)(source)),
    };
    let pinned = store.pinned().digest(&Groth16, id);
    Ok(match file::decode(id, &bytes) {
        // A key that another build of the program left behind.
        Ok(key) if pinned.is_some_and(|digest| digest != key.verifying_key().digest()) => {
            Err(Unusable::Damaged(FileFault::Digest { part: "verifying" }))
        }
        Ok(key) => Ok(key),
        Err(fault) => Err(Unusable::Damaged(fault)),
    })
}
