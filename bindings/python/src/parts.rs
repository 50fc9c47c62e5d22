//! Tables whose rows lie on several machines: what workers and the driver of an engine call, over bytes that the engine carries.

#![expect(clippy::needless_pass_by_value, reason = "arguments come from Python by value")]

use std::{
    path::PathBuf,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use pyo3::{Bound, Py, PyAny, Python, pybacked::PyBackedBytes, pyclass, pyfunction, pymethods};
use zkl_bindings::{Failure as Of, ReadSettings, read, shown, threads::ended};
use zkl_ledger::{
    LedgerError,
    circuit::KeyStore,
    dataset::{Progress, ProgressUpdate},
    home::default_key_dir,
    progress::StageReporter,
    segments::{self, PartialScan, TableFrame},
};

use crate::{
    failure::Failure,
    process::{Caller, Cancel, Owned, Threads, compute, threads, wait},
    table::table,
};

/// What the rows of a part hold, which is as secret as they are.
#[pyfunction]
#[pyo3(signature = (source, reading, progress=None, cancel=None))]
pub(crate) fn observe(
    py: Python<'_>,
    source: &Bound<'_, PyAny>,
    reading: &str,
    progress: Option<Py<PyAny>>,
    cancel: Option<Bound<'_, Cancel>>,
) -> Result<Vec<u8>, Failure> {
    let settings: ReadSettings = read(reading)?;
    let redacts = settings.redacts();
    let table = table(source)?.options(settings.options()?);
    let (threads, caller) = (threads(py)?, Caller::new(progress, cancel.as_ref().map(Bound::get)));
    wait(py, &threads, &caller, |reporter| async move {
        let unwanted = SetOnDrop(Arc::default());
        let mut watched = Watched { reporter, unwanted: Arc::clone(&unwanted.0) };
        let observed = tokio::task::spawn_blocking(move || table.observe(&mut watched)).await.map_err(ended)?;
        let observed = observed.map_err(|error| Of::from(LedgerError::from(error)).redacted(redacts))?;
        Ok(observed.to_bytes()?)
    })
}

/// What parts hold together, whose rows follow each other.
///
/// # Errors
/// [`zkl_bindings::Failure::Invalid`]: bytes that [`observe`] has not made, or none; what the ledger says of parts that do not go together.
#[pyfunction]
pub(crate) fn join(parts: Vec<PyBackedBytes>) -> Result<Vec<u8>, Failure> {
    let mut joined: Option<PartialScan> = None;
    for part in &parts {
        let part = PartialScan::from_bytes(part).map_err(Of::invalid)?;
        joined = Some(match joined {
            Some(before) => before.followed_by(part).map_err(LedgerError::from)?,
            None => part,
        });
    }
    let none = || Of::Invalid { message: "there are no parts".into(), hint: Some("a table has rows".into()) };
    Ok(joined.ok_or_else(none)?.to_bytes()?)
}

/// Proves segment `index`, from 0, of the table of a frame, whose rows are those of `source`. Every call has masks of its own, so that a
/// segment can be proved again.
#[pyfunction]
#[pyo3(signature = (frame, index, source, keys=None, progress=None, cancel=None))]
pub(crate) fn prove_segment(
    py: Python<'_>,
    frame: PyBackedBytes,
    index: usize,
    source: &Bound<'_, PyAny>,
    keys: Option<PathBuf>,
    progress: Option<Py<PyAny>>,
    cancel: Option<Bound<'_, Cancel>>,
) -> Result<Vec<u8>, Failure> {
    let rows = table(source)?;
    let (threads, caller) = (threads(py)?, Caller::new(progress, cancel.as_ref().map(Bound::get)));
    wait(py, &threads, &caller, |reporter| async move {
        let homeless = || Of::Invalid {
            message: "there is no home directory for proving keys".into(),
            hint: Some("name a directory: keys=\"/var/cache/zkl\"".into()),
        };
        let keys = KeyStore::open(keys.or_else(default_key_dir).ok_or_else(homeless)?).map_err(LedgerError::from)?;
        let frame = TableFrame::from_bytes(&frame).map_err(Of::invalid)?;
        Ok(frame.prove(index, rows, Arc::new(keys), reporter).await?)
    })
}

/// Where the driver is while no call has it.
type Place = Arc<Mutex<Option<segments::TableInParts>>>;

/// A driver of this process.
struct Driving {
    place: Place,
    threads: Arc<Threads>,
}

impl Drop for Driving {
    fn drop(&mut self) {
        // It has a ledger, whose connections are closed where there is a runtime.
        let _entered = self.threads.runtime.enter();
        drop(self.place.lock().unwrap_or_else(PoisonError::into_inner).take());
    }
}

/// A notarization whose segments are being proved by workers.
#[pyclass(frozen, module = "zkp_dataset_ledger._native")]
pub(crate) struct TableInParts {
    /// Locked for moments, with the GIL held: see [`threads`].
    driver: Mutex<Owned<Driving>>,
    /// The first row of every segment and the one after its last, counted over the parts in the order in which they were joined.
    #[pyo3(get)]
    rows: Vec<(u64, u64)>,
}

impl TableInParts {
    pub(crate) fn new(begun: segments::TableInParts, threads: Arc<Threads>) -> Result<Self, Failure> {
        let rows = begun.frame().rows()?.into_iter().map(|rows| (rows.start, rows.end)).collect();
        let place = Arc::new(Mutex::new(Some(begun)));
        Ok(Self { driver: Mutex::new(Owned::new(Driving { place, threads })), rows })
    }

    /// Takes the driver for one call.
    fn taken(&self) -> Result<Held, Failure> {
        let mut owned = self.driver.lock().unwrap_or_else(PoisonError::into_inner);
        let place = Arc::clone(&owned.get_mut()?.place);
        drop(owned);
        let driver = place.lock().unwrap_or_else(PoisonError::into_inner).take();
        match driver {
            Some(driver) => Ok(Held { driver: Some(driver), place }),
            None => Err(Of::Invalid {
                message: "the table is finished, or another call has it".into(),
                hint: Some("call from one thread; a table is finished once".into()),
            }
            .into()),
        }
    }
}

/// The driver in the hands of a call, after which the next one may have it, however this one ends.
struct Held {
    /// There until it is finished.
    driver: Option<segments::TableInParts>,
    place: Place,
}

impl Drop for Held {
    fn drop(&mut self) {
        *self.place.lock().unwrap_or_else(PoisonError::into_inner) = self.driver.take();
    }
}

impl Held {
    fn driver(&mut self) -> Result<&mut segments::TableInParts, Failure> {
        self.driver.as_mut().ok_or_else(|| Of::Closed.into())
    }
}

#[pymethods]
impl TableInParts {
    /// What workers prove with: secret.
    fn frame(&self) -> Result<Vec<u8>, Failure> {
        Ok(self.taken()?.driver()?.frame().to_bytes()?.to_vec())
    }

    /// Segments that are still to come, by their positions from 0.
    fn missing(&self) -> Result<Vec<usize>, Failure> {
        Ok(self.taken()?.driver()?.missing().collect())
    }

    /// Checks a part from [`prove_segment`] and takes it in. One that is refused leaves everything as it was.
    #[pyo3(signature = (part, cancel=None))]
    fn accept(&self, py: Python<'_>, part: PyBackedBytes, cancel: Option<Bound<'_, Cancel>>) -> Result<usize, Failure> {
        let (mut held, caller) = (self.taken()?, Caller::new(None, cancel.as_ref().map(Bound::get)));
        compute(py, &threads(py)?, &caller, move || Ok(held.driver()?.accept(&part)?))
    }

    /// Joins the segments and appends the notarization. The table is gone after it, whatever comes of it.
    fn finish(&self, py: Python<'_>) -> Result<String, Failure> {
        let driver = self.taken()?.driver.take().ok_or(Of::Closed)?;
        let threads = threads(py)?;
        wait(py, &threads, &Caller::new(None, None), |_| async move { Ok(shown::notarized(&driver.finish().await?)?) })
    }
}

/// Says that nobody wants the work any more.
struct SetOnDrop(Arc<AtomicBool>);

impl Drop for SetOnDrop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Tells a reporter how far the reading is, and the reading whether it is still wanted.
struct Watched<R> {
    reporter: R,
    unwanted: Arc<AtomicBool>,
}

impl<R: StageReporter> Progress for Watched<R> {
    fn update(&mut self, update: ProgressUpdate) {
        self.reporter.stage(update.into());
    }

    fn is_cancelled(&self) -> bool {
        self.unwanted.load(Ordering::Relaxed)
    }
}
