//! A ledger: calls that take plain values and give JSON.

#![expect(clippy::needless_pass_by_value, reason = "arguments come from Python by value")]

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use pyo3::{
    Bound, Py, PyAny, Python,
    pybacked::PyBackedBytes,
    pyclass, pymethods,
    types::{PyAnyMethods as _, PyString},
};
use zkl_bindings::{Failure as Of, Place, Session, Settings, read};
use zkl_ledger::segments::PartialScan;

use crate::{
    failure::Failure,
    parts::TableInParts,
    process::{Caller, Cancel, Owned, Reporter, Threads, threads, wait},
    table::table,
};

/// An open ledger of this process.
struct Open {
    /// Always there until it is dropped.
    session: Option<Arc<Session>>,
    threads: Arc<Threads>,
}

impl Drop for Open {
    fn drop(&mut self) {
        // Connections are closed where there is a runtime.
        let _entered = self.threads.runtime.enter();
        drop(self.session.take());
    }
}

/// See `zkp_dataset_ledger.Ledger`.
#[pyclass(frozen, module = "zkp_dataset_ledger._native")]
pub(crate) struct Ledger {
    /// Locked for moments, with the GIL held: see [`threads`].
    open: Mutex<Owned<Open>>,
    /// The key that verifies the log.
    #[pyo3(get)]
    log_key: String,
    /// Its directory; none in memory.
    #[pyo3(get)]
    directory: Option<PathBuf>,
}

#[pymethods]
impl Ledger {
    /// Opens or makes the ledger at `place`: a text that may be a URL, or a path.
    #[staticmethod]
    #[pyo3(signature = (place, home, settings, keys=None, passphrase=None, openings_key=None, cancel=None))]
    #[expect(clippy::too_many_arguments, reason = "Python names them")]
    fn open(
        py: Python<'_>,
        place: &Bound<'_, PyAny>,
        home: Option<PathBuf>,
        settings: &str,
        keys: Option<PathBuf>,
        passphrase: Option<&str>,
        openings_key: Option<PathBuf>,
        cancel: Option<Bound<'_, Cancel>>,
    ) -> Result<Self, Failure> {
        let settings: Settings = read(settings)?;
        // A text that is not UTF-8 is a path.
        let text = if place.is_instance_of::<PyString>() { place.extract::<String>().ok() } else { None };
        let place = match text {
            Some(text) => Place::named(&text, home, &settings)?,
            None => Place::in_directory(place.extract()?, home.as_deref(), &settings)?,
        };
        let place = place.keys(keys).opened_by(passphrase, openings_key.as_deref())?;
        let (directory, threads) = (place.directory().map(ToOwned::to_owned), threads(py)?);
        let caller = Caller::new(None, cancel.as_ref().map(Bound::get));
        let session = wait(py, &threads, &caller, |_| async move { Ok(Session::open(place, settings).await?) })?;
        let log_key = session.log_key();
        let open = Open { session: Some(Arc::new(session)), threads };
        Ok(Self { open: Mutex::new(Owned::new(open)), log_key, directory })
    }

    /// Lets go of the store. Calls under way are carried out.
    fn close(&self, py: Python<'_>) {
        let open = self.locked().take();
        py.detach(move || drop(open));
    }

    #[getter]
    fn closed(&self) -> bool {
        self.locked().is_taken()
    }

    #[pyo3(signature = (source, name, settings, progress=None, cancel=None))]
    fn notarize(
        &self,
        py: Python<'_>,
        source: &Bound<'_, PyAny>,
        name: Option<String>,
        settings: &str,
        progress: Option<Py<PyAny>>,
        cancel: Option<Bound<'_, Cancel>>,
    ) -> Result<String, Failure> {
        self.ready()?;
        let (how, table) = (read(settings)?, table(source)?);
        let caller = Caller::new(progress, cancel.as_ref().map(Bound::get));
        self.ask(py, &caller, |session, reporter| async move {
            Ok(session.notarize(table, name.as_deref(), how, reporter).await?)
        })
    }

    /// Begins to notarize a table in parts, which were observed and joined: see `zkp_dataset_ledger._parts`.
    fn notarize_parts(
        &self,
        py: Python<'_>,
        name: String,
        settings: &str,
        scan: PyBackedBytes,
    ) -> Result<TableInParts, Failure> {
        let (_, threads) = self.ready()?;
        let how = read(settings)?;
        let scan = PartialScan::from_bytes(&scan).map_err(Of::invalid)?;
        let begun = self.ask(py, &Caller::new(None, None), |session, _| async move {
            Ok(session.notarize_parts(&name, how, scan).await?)
        })?;
        TableInParts::new(begun, threads)
    }

    /// The entry of the newest version of `dataset`, or of the one that was notarized at `index`.
    #[pyo3(signature = (dataset, index=None))]
    fn version(&self, py: Python<'_>, dataset: Option<String>, index: Option<u64>) -> Result<String, Failure> {
        self.ask(py, &Caller::new(None, None), |session, _| async move {
            Ok(session.version(dataset.as_deref(), index).await?)
        })
    }

    /// The entry that a text names, as for the command line.
    fn entry(&self, py: Python<'_>, text: String) -> Result<String, Failure> {
        self.ask(py, &Caller::new(None, None), |session, _| async move { Ok(session.entry(&text).await?) })
    }

    fn entries(&self, py: Python<'_>, page: &str) -> Result<String, Failure> {
        let page = read(page)?;
        self.ask(py, &Caller::new(None, None), |session, _| async move { Ok(session.entries(page).await?) })
    }

    /// Names of datasets, with the number of entries about each and the index of the newest.
    fn datasets(&self, py: Python<'_>) -> Result<Vec<(String, u64, u64)>, Failure> {
        self.ask(py, &Caller::new(None, None), |session, _| async move { Ok(session.datasets().await?) })
    }

    /// Size and root of the log, if it has entries.
    fn checkpoint(&self, py: Python<'_>) -> Result<Option<(u64, String)>, Failure> {
        self.ask(py, &Caller::new(None, None), |session, _| async move { Ok(session.checkpoint().await?) })
    }

    fn history(&self, py: Python<'_>, index: u64) -> Result<String, Failure> {
        self.ask(py, &Caller::new(None, None), move |session, _| async move { Ok(session.history(index).await?) })
    }

    fn profile(&self, py: Python<'_>, index: u64) -> Result<String, Failure> {
        self.ask(py, &Caller::new(None, None), move |session, _| async move { Ok(session.profile(index).await?) })
    }

    fn evaluate(&self, py: Python<'_>, index: u64, claim: String) -> Result<String, Failure> {
        self.ask(
            py,
            &Caller::new(None, None),
            move |session, _| async move { Ok(session.evaluate(index, &claim).await?) },
        )
    }

    #[pyo3(signature = (index, claim, progress=None, cancel=None))]
    fn prove(
        &self,
        py: Python<'_>,
        index: u64,
        claim: String,
        progress: Option<Py<PyAny>>,
        cancel: Option<Bound<'_, Cancel>>,
    ) -> Result<String, Failure> {
        let caller = Caller::new(progress, cancel.as_ref().map(Bound::get));
        self.ask(py, &caller, move |session, reporter| async move { Ok(session.prove(index, &claim, reporter).await?) })
    }

    /// What a table has that is not the notarized one, or nothing.
    #[pyo3(signature = (index, source, progress=None, cancel=None))]
    fn check(
        &self,
        py: Python<'_>,
        index: u64,
        source: &Bound<'_, PyAny>,
        progress: Option<Py<PyAny>>,
        cancel: Option<Bound<'_, Cancel>>,
    ) -> Result<Option<String>, Failure> {
        self.ready()?;
        let (table, caller) = (table(source)?, Caller::new(progress, cancel.as_ref().map(Bound::get)));
        self.ask(py, &caller, move |session, reporter| async move { Ok(session.check(index, table, reporter).await?) })
    }

    /// Proves a relation between datasets, whose rows are handed in by their names.
    #[pyo3(signature = (relation, tables, closed, progress=None, cancel=None))]
    fn relate(
        &self,
        py: Python<'_>,
        relation: String,
        tables: Vec<(String, Bound<'_, PyAny>)>,
        closed: bool,
        progress: Option<Py<PyAny>>,
        cancel: Option<Bound<'_, Cancel>>,
    ) -> Result<String, Failure> {
        self.ready()?;
        let mut given = Vec::with_capacity(tables.len());
        for (name, source) in tables {
            given.push((name, table(&source)?));
        }
        let caller = Caller::new(progress, cancel.as_ref().map(Bound::get));
        self.ask(py, &caller, move |session, reporter| async move {
            Ok(session.relate(&relation, &given, closed, reporter).await?)
        })
    }

    /// Records that an entry is not to be relied on any more.
    fn withdraw(
        &self,
        py: Python<'_>,
        entry: String,
        replacement: Option<String>,
        reason: String,
    ) -> Result<String, Failure> {
        self.ask(py, &Caller::new(None, None), |session, _| async move {
            Ok(session.withdraw(&entry, replacement.as_deref(), reason).await?)
        })
    }

    /// The bytes of a receipt of entries, which texts name.
    fn receipt(&self, py: Python<'_>, entries: Vec<String>, scans: bool) -> Result<Vec<u8>, Failure> {
        self.ask(
            py,
            &Caller::new(None, None),
            move |session, _| async move { Ok(session.receipt(&entries, scans).await?) },
        )
    }
}

impl Ledger {
    fn locked(&self) -> MutexGuard<'_, Owned<Open>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The ledger for one call.
    fn ready(&self) -> Result<(Arc<Session>, Arc<Threads>), Failure> {
        let mut open = self.locked();
        let open = open.get_mut()?;
        Ok((open.session.clone().ok_or(Of::Closed)?, Arc::clone(&open.threads)))
    }

    /// Asks something of the ledger and waits for the answer.
    fn ask<T, F>(
        &self,
        py: Python<'_>,
        caller: &Caller,
        request: impl FnOnce(Arc<Session>, Reporter<T>) -> F,
    ) -> Result<T, Failure>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, Failure>> + Send + 'static,
    {
        let (session, threads) = self.ready()?;
        wait(py, &threads, caller, |reporter| request(session, reporter))
    }
}
