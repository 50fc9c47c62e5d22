//! Threads of this process, and how a call of Python waits for them.
//!
//! A request runs on a Tokio runtime while the calling thread waits without the GIL. It gets up to hand on progress, and often enough to
//! ask for signals. Whatever ends the waiting early drops the request, which then stops and leaves nothing behind.
//!
//! Threads do not survive a fork, and what waits for them in a child would wait forever. All that has threads remembers its process.

use std::{
    mem,
    panic::{AssertUnwindSafe, catch_unwind},
    process,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
        mpsc::{self, RecvTimeoutError, Sender},
    },
    thread,
    time::{Duration, Instant},
};

use pyo3::{Py, PyAny, Python, pyclass, pyfunction, pymethods, types::PyAnyMethods as _};
use tokio::runtime::Runtime;
use zkl_bindings::{
    Failure as Of,
    threads::{counted, ended, panicked, runtime, verifiers},
};
use zkl_ledger::progress::{Stage, StageReporter};

use crate::failure::Failure;

/// How often a waiting call asks for signals.
const TICK: Duration = Duration::from_millis(50);

/// How long the end of the interpreter waits for calls of other threads: they get up every [`TICK`].
const END: Duration = Duration::from_secs(5);

/// Whether the interpreter is about to end.
static ENDING: AtomicBool = AtomicBool::new(false);

/// The runtime of requests and the threads that verify.
pub(crate) struct Threads {
    pub(crate) runtime: Runtime,
    verifiers: rayon::ThreadPool,
    /// Calls that wait.
    waiting: AtomicUsize,
}

/// A call that waits.
struct Waiting<'t>(&'t Threads);

impl<'t> Waiting<'t> {
    fn begin(threads: &'t Threads) -> Self {
        threads.waiting.fetch_add(1, Ordering::SeqCst);
        Self(threads)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Ends the calls of all threads, because the interpreter ends: it would unwind threads that come back to it through frames of Rust.
#[pyfunction]
pub(crate) fn end(py: Python<'_>) {
    ENDING.store(true, Ordering::SeqCst);
    let Some(threads) = existing() else { return };
    py.detach(move || {
        let deadline = Instant::now() + END;
        while threads.waiting.load(Ordering::SeqCst) > 0 && Instant::now() < deadline {
            thread::sleep(TICK / 10);
        }
    });
}

/// Something of one process. In a child that was forked from it, it is never touched, nor dropped.
pub(crate) struct Owned<T> {
    process: u32,
    value: Option<T>,
}

impl<T> Owned<T> {
    pub(crate) fn new(value: T) -> Self {
        Self { process: process::id(), value: Some(value) }
    }

    /// The value.
    ///
    /// # Errors
    /// [`zkl_bindings::Failure::Forked`] in another process, [`zkl_bindings::Failure::Closed`] after it was taken.
    pub(crate) fn get_mut(&mut self) -> Result<&mut T, Failure> {
        if self.process != process::id() {
            return Err(zkl_bindings::Failure::Forked.into());
        }
        Ok(self.value.as_mut().ok_or(Of::Closed)?)
    }

    /// Takes the value out, if it is there and of this process.
    pub(crate) fn take(&mut self) -> Option<T> {
        if self.process == process::id() { self.value.take() } else { None }
    }

    /// Whether [`Self::take`] has taken it.
    pub(crate) const fn is_taken(&self) -> bool {
        self.value.is_none()
    }
}

impl<T> Drop for Owned<T> {
    fn drop(&mut self) {
        if self.process != process::id() {
            mem::forget(self.value.take());
        }
    }
}

/// Locked with the GIL held alone. Whoever forks holds the GIL, so that no child finds it locked.
static THREADS: Mutex<Option<Owned<Arc<Threads>>>> = Mutex::new(None);

/// The threads of this process, made when they are first needed.
///
/// # Errors
/// [`zkl_bindings::Failure::Internal`]: the system has no threads.
pub(crate) fn threads(_py: Python<'_>) -> Result<Arc<Threads>, Failure> {
    if let Some(threads) = existing() {
        return Ok(threads);
    }
    let (runtime, verifiers) = (runtime()?, verifiers()?);
    let made = Arc::new(Threads { runtime, verifiers, waiting: AtomicUsize::new(0) });
    *THREADS.lock().unwrap_or_else(PoisonError::into_inner) = Some(Owned::new(Arc::clone(&made)));
    Ok(made)
}

/// The threads of this process, if they were needed already.
fn existing() -> Option<Arc<Threads>> {
    let mut threads = THREADS.lock().unwrap_or_else(PoisonError::into_inner);
    threads.as_mut()?.get_mut().ok().map(|threads| Arc::clone(threads))
}

/// Ends a call of another thread, when it is set.
#[pyclass(frozen, module = "zkp_dataset_ledger._native")]
#[derive(Default)]
pub(crate) struct Cancel(Arc<AtomicBool>);

#[pymethods]
impl Cancel {
    #[new]
    fn new() -> Self {
        Self::default()
    }

    fn set(&self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// What a call of Python hands over beside its arguments.
pub(crate) struct Caller {
    /// Called with (name, text, done, total) in the thread of the call.
    progress: Option<Py<PyAny>>,
    cancel: Option<Arc<AtomicBool>>,
}

impl Caller {
    pub(crate) fn new(progress: Option<Py<PyAny>>, cancel: Option<&Cancel>) -> Self {
        Self { progress, cancel: cancel.map(|cancel| Arc::clone(&cancel.0)) }
    }
}

/// What reaches a waiting call.
enum News<T> {
    Stage(Stage),
    Answer(Result<T, Failure>),
}

/// Sends stages to the waiting call, if it wants them.
pub(crate) struct Reporter<T>(Option<Mutex<Sender<News<T>>>>);

impl<T: Send> StageReporter for Reporter<T> {
    fn stage(&self, stage: Stage) {
        if let Some(news) = &self.0 {
            // Nobody waits any more: the request is about to be dropped.
            let _gone = news.lock().unwrap_or_else(PoisonError::into_inner).send(News::Stage(stage));
        }
    }
}

/// Makes a request and waits for its answer.
///
/// # Errors
/// Those of the request; [`zkl_bindings::Failure::Internal`] when it panics; [`Failure::Python`] for a signal's exception or one of the function that is told
/// of progress, [`zkl_bindings::Failure::Cancelled`]: the request was dropped then.
pub(crate) fn wait<T, F>(
    py: Python<'_>,
    threads: &Threads,
    caller: &Caller,
    request: impl FnOnce(Reporter<T>) -> F,
) -> Result<T, Failure>
where
    T: Send + 'static,
    F: Future<Output = Result<T, Failure>> + Send + 'static,
{
    let (sender, news) = mpsc::channel();
    let reporter = Reporter(caller.progress.as_ref().map(|_| Mutex::new(sender.clone())));
    let task = threads.runtime.spawn(request(reporter));
    let stop = task.abort_handle();
    threads.runtime.spawn(async move {
        let answer = task.await.unwrap_or_else(|error| Err(ended(error).into()));
        // Whoever stopped the request does not wait for it.
        let _gone = sender.send(News::Answer(answer));
    });
    listen(py, threads, caller, news, &|| stop.abort())
}

/// Runs a job that computes, and waits for it. It cannot be stopped: when the call ends early, it goes on to its end unseen.
///
/// # Errors
/// As [`wait`].
pub(crate) fn compute<T: Send + 'static>(
    py: Python<'_>,
    threads: &Arc<Threads>,
    caller: &Caller,
    job: impl FnOnce() -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    let (sender, news) = mpsc::channel();
    let pool = Arc::clone(threads);
    let run = move || {
        let answer = catch_unwind(AssertUnwindSafe(|| pool.verifiers.install(job)));
        let answer = answer.unwrap_or_else(|panic| Err(panicked(panic.as_ref()).into()));
        let _gone = sender.send(News::Answer(answer));
    };
    thread::Builder::new().name("zkl-verify".into()).spawn(run).map_err(|error| Of::Internal(error.to_string()))?;
    listen(py, threads, caller, news, &|| {})
}

fn listen<T: Send>(
    py: Python<'_>,
    threads: &Threads,
    caller: &Caller,
    mut news: mpsc::Receiver<News<T>>,
    stop: &dyn Fn(),
) -> Result<T, Failure> {
    let _waiting = Waiting::begin(threads);
    loop {
        let next;
        (next, news) = py.detach(move || (news.recv_timeout(TICK), news));
        let going_on = match next {
            Ok(News::Answer(answer)) => return answer,
            Ok(News::Stage(stage)) => told(py, caller, &stage),
            Err(RecvTimeoutError::Timeout) => Ok(()),
            Err(RecvTimeoutError::Disconnected) => Err(Of::Internal("nobody answers".into()).into()),
        };
        let unwanted = || caller.cancel.as_ref().is_some_and(|cancel| cancel.load(Ordering::Relaxed));
        let cancelled = || ENDING.load(Ordering::SeqCst) || unwanted();
        let going_on = going_on
            .and_then(|()| if cancelled() { Err(Of::Cancelled.into()) } else { Ok(()) })
            .and_then(|()| Ok(py.check_signals()?));
        if let Err(failure) = going_on {
            stop();
            return Err(failure);
        }
    }
}

fn told(py: Python<'_>, caller: &Caller, stage: &Stage) -> Result<(), Failure> {
    let Some(progress) = &caller.progress else { return Ok(()) };
    let (done, total) = counted(stage);
    progress.bind(py).call1((stage.name(), stage.to_string(), done, total))?;
    Ok(())
}

/// Panics in a request or, if it `computes`, in a job: for the test that exceptions come of it.
///
/// # Errors
/// Always.
#[pyfunction]
#[expect(clippy::panic, reason = "what it is for")]
pub(crate) fn danger_panic(py: Python<'_>, computes: bool) -> Result<(), Failure> {
    let threads = threads(py)?;
    let caller = Caller::new(None, None);
    if computes {
        return compute(py, &threads, &caller, || panic!("on purpose"));
    }
    wait(py, &threads, &caller, |_: Reporter<()>| async { panic!("on purpose") })
}
