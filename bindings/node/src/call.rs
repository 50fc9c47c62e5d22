//! How a call of JavaScript runs and is answered.
//!
//! A request runs on threads of this library, and everything it has to say reaches the function `told` in the thread of the caller, in order: stages, and
//! last an answer or an error. Whatever comes of it, no exception leaves this crate: an answer is `("answer", text)`, an error
//! `("error", kind, message, hint)`, a stage `("stage", name, text, done, total)`.

#![expect(unreachable_pub, reason = "what JavaScript calls must be public")]
#![expect(clippy::panic, reason = "one function is there to panic")]

use std::{
    sync::{
        Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use napi::{
    Status,
    bindgen_prelude::FnArgs,
    threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode},
};
use napi_derive::napi;
use tokio::{runtime::Runtime, sync::Notify, task::JoinHandle};
use zkl_bindings::{
    Failure, Language,
    threads::{counted, ended, runtime, verifiers},
};
use zkl_ledger::progress::{Stage, StageReporter};

/// What a call has to say: a word, and what that is about.
type News = FnArgs<(String, Option<String>, Option<String>, Option<String>, Option<f64>, Option<f64>)>;

/// The function of the caller.
pub(crate) type Told = ThreadsafeFunction<News, (), News, Status, false>;

/// A text that is the answer, or none.
pub(crate) type Answer = Result<Option<String>, Failure>;

/// The runtime of requests and the threads that verify.
struct Threads {
    runtime: Runtime,
    verifiers: rayon::ThreadPool,
}

/// The threads of this process, made when they are first needed.
fn threads() -> Result<&'static Threads, Failure> {
    static THREADS: OnceLock<Threads> = OnceLock::new();
    if let Some(threads) = THREADS.get() {
        return Ok(threads);
    }
    let made = Threads { runtime: runtime()?, verifiers: verifiers()? };
    // Another thread of Node may have been faster.
    Ok(THREADS.get_or_init(|| made))
}

/// Does something where there is a runtime, in this thread.
pub(crate) fn in_runtime(act: impl FnOnce()) {
    match threads() {
        Ok(threads) => {
            let _entered = threads.runtime.enter();
            act();
        }
        Err(_) => act(),
    }
}

/// Does something where there is a runtime, elsewhere and later.
pub(crate) fn behind(act: impl FnOnce() + Send + 'static) {
    if let Ok(threads) = threads() {
        drop(threads.runtime.spawn_blocking(act));
    }
}

/// One call: how it is ended from outside, and whether it has ended.
#[derive(Default)]
struct Call {
    unwanted: AtomicBool,
    told: Notify,
    ended: Mutex<bool>,
    at_end: Condvar,
}

impl Call {
    /// Comes when nobody wants the answer.
    async fn unwanted(&self) {
        let told = self.told.notified();
        if !self.unwanted.load(Ordering::SeqCst) {
            told.await;
        }
    }

    fn locked(&self) -> MutexGuard<'_, bool> {
        self.ended.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn end(&self) {
        *self.locked() = true;
        self.at_end.notify_all();
    }
}

/// Ends a call, when it is set.
#[napi]
#[derive(Default)]
pub(crate) struct Cancel(Arc<Call>);

#[napi]
impl Cancel {
    #[napi(constructor)]
    pub fn new() -> Self {
        Self::default()
    }

    #[napi]
    pub fn set(&self) {
        self.0.unwanted.store(true, Ordering::SeqCst);
        self.0.told.notify_waiters();
    }

    /// Waits in this thread until the call has ended, for the end of a process.
    #[napi]
    pub fn wait(&self, milliseconds: u32) {
        let limit = Duration::from_millis(milliseconds.into());
        let waiting = self.0.at_end.wait_timeout_while(self.0.locked(), limit, |ended| !*ended);
        drop(waiting.unwrap_or_else(PoisonError::into_inner));
    }
}

/// Sends stages to the caller.
pub(crate) struct Reporter(Arc<Told>);

impl StageReporter for Reporter {
    fn stage(&self, stage: Stage) {
        let (done, total) = counted(&stage);
        let number = |count: u64| count as f64;
        tell(
            &self.0,
            "stage",
            [Some(stage.name().to_owned()), Some(stage.to_string()), None],
            done.map(number),
            total.map(number),
        );
    }
}

fn tell(told: &Told, what: &str, [first, second, third]: [Option<String>; 3], done: Option<f64>, total: Option<f64>) {
    let news = FnArgs::from((what.to_owned(), first, second, third, done, total));
    // Where Node ends nobody listens any more.
    let _closing = told.call(news, ThreadsafeFunctionCallMode::NonBlocking);
}

fn answer(told: &Told, answer: Answer) {
    match answer {
        Ok(text) => tell(told, "answer", [text, None, None], None, None),
        Err(failure) => {
            let hint = failure.hint(Language::JavaScript);
            tell(told, "error", [Some(failure.kind().to_owned()), Some(failure.message()), hint], None, None);
        }
    }
}

/// What becomes of a call that is cancelled while its task runs.
enum Unwanted {
    /// The task is dropped, and stops.
    Stops,
    /// It goes on to its end unseen.
    GoesOn,
}

/// Makes a request. When the call is cancelled the request is dropped and leaves nothing behind, unless it was done already.
pub(crate) fn request<F>(told: Told, cancel: &Cancel, make: impl FnOnce(Reporter) -> F)
where
    F: Future<Output = Answer> + Send + 'static,
{
    let told = Arc::new(told);
    let task = threads().map(|threads| threads.runtime.spawn(make(Reporter(Arc::clone(&told)))));
    follow(task, told, cancel, Unwanted::Stops);
}

/// Runs a job that computes, on the threads that verify.
pub(crate) fn compute(told: Told, cancel: &Cancel, job: impl FnOnce() -> Answer + Send + 'static) {
    let task = threads().map(|threads| threads.runtime.spawn_blocking(|| threads.verifiers.install(job)));
    follow(task, Arc::new(told), cancel, Unwanted::GoesOn);
}

fn follow(task: Result<JoinHandle<Answer>, Failure>, told: Arc<Told>, cancel: &Cancel, unwanted: Unwanted) {
    let call = Arc::clone(&cancel.0);
    let (threads, mut task) = match threads().and_then(|threads| Ok((threads, task?))) {
        Ok(both) => both,
        Err(failure) => {
            call.end();
            return answer(&told, Err(failure));
        }
    };
    threads.runtime.spawn(async move {
        let outcome = tokio::select! {
            outcome = &mut task => outcome,
            () = call.unwanted() => {
                task.abort();
                match unwanted {
                    // It may have been done a moment before.
                    Unwanted::Stops => task.await,
                    Unwanted::GoesOn => Ok(Err(Failure::Cancelled)),
                }
            }
        };
        call.end();
        answer(&told, outcome.unwrap_or_else(|error| Err(ended(error))));
    });
}

/// Panics in a request or, if it `computes`, in a job: for the test that errors come of it.
#[napi]
pub fn danger_panic(computes: bool, cancel: &Cancel, told: Told) {
    if computes {
        compute(told, cancel, || panic!("on purpose"));
    } else {
        request(told, cancel, |_| async { panic!("on purpose") });
    }
}
