//! A ledger: calls that take plain values and give JSON.

#![expect(unreachable_pub, reason = "what JavaScript calls must be public")]
#![expect(clippy::too_many_arguments, reason = "the package names them")]

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use napi_derive::napi;
use zkl_bindings::{Failure, Place, Session, Settings, read};

use crate::{
    call::{Answer, Cancel, Reporter, Told, behind, in_runtime, request},
    table::{Given, Rows},
};

/// Where a ledger is between its calls: not there before it is opened, nor after it is closed.
type Slot = Arc<Mutex<Option<Arc<Session>>>>;

/// See `Ledger` of the package.
#[napi]
#[derive(Default)]
pub(crate) struct Ledger(Slot);

impl Drop for Ledger {
    fn drop(&mut self) {
        // Collected garbage: the thread of JavaScript does not wait for the store.
        if let Some(session) = taken(&self.0) {
            behind(move || drop(session));
        }
    }
}

#[napi]
impl Ledger {
    #[napi(constructor)]
    pub fn new() -> Self {
        Self::default()
    }

    /// Opens or makes the ledger at `place`: a path if `is_path`, otherwise a text that may be a URL. The answer is the key of its log.
    #[napi]
    pub fn open(
        &self,
        place: String,
        is_path: bool,
        home: Option<String>,
        settings: String,
        keys: Option<String>,
        passphrase: Option<String>,
        openings_key: Option<String>,
        cancel: &Cancel,
        told: Told,
    ) {
        let slot = Arc::clone(&self.0);
        request(told, cancel, |_| async move {
            let settings: Settings = read(&settings)?;
            let home = home.map(PathBuf::from);
            let place = match is_path {
                true => Place::in_directory(place.into(), home.as_deref(), &settings)?,
                false => Place::named(&place, home, &settings)?,
            };
            let (keys, openings_key) = (keys.map(PathBuf::from), openings_key.map(PathBuf::from));
            let place = place.keys(keys).opened_by(passphrase.as_deref(), openings_key.as_deref())?;
            let session = Session::open(place, settings).await?;
            let log_key = session.log_key();
            *locked(&slot) = Some(Arc::new(session));
            Ok(Some(log_key))
        });
    }

    /// Lets go of the store. Calls under way are carried out.
    #[napi]
    pub fn close(&self, cancel: &Cancel, told: Told) {
        let session = taken(&self.0);
        request(told, cancel, |_| async move {
            drop(tokio::task::spawn_blocking(move || drop(session)).await);
            Ok(None)
        });
    }

    /// [`Self::close`] in this thread, for the end of a process.
    #[napi]
    pub fn let_go(&self) {
        let session = taken(&self.0);
        in_runtime(move || drop(session));
    }

    #[napi]
    pub fn notarize(&self, source: Given, name: Option<String>, settings: String, cancel: &Cancel, told: Told) {
        let rows = Rows::from(source);
        self.ask(cancel, told, |session, reporter| async move {
            session.notarize(rows.table()?, name.as_deref(), read(&settings)?, reporter).await.map(Some)
        });
    }

    /// The entry of the newest version of `dataset`, or of the one that was notarized at `index`.
    #[napi]
    pub fn version(&self, dataset: Option<String>, index: Option<i64>, cancel: &Cancel, told: Told) {
        self.ask(cancel, told, move |session, _| async move {
            session.version(dataset.as_deref(), index.map(position)).await.map(Some)
        });
    }

    /// The entry that a text names, as for the command line.
    #[napi]
    pub fn entry(&self, text: String, cancel: &Cancel, told: Told) {
        self.ask(cancel, told, |session, _| async move { session.entry(&text).await.map(Some) });
    }

    #[napi]
    pub fn entries(&self, page: String, cancel: &Cancel, told: Told) {
        self.ask(cancel, told, |session, _| async move { session.entries(read(&page)?).await.map(Some) });
    }

    /// Names of datasets, with the number of entries about each and the index of the newest.
    #[napi]
    pub fn datasets(&self, cancel: &Cancel, told: Told) {
        self.ask(cancel, told, |session, _| async move { zkl_bindings::write(&session.datasets().await?).map(Some) });
    }

    /// Size and root of the log, if it has entries.
    #[napi]
    pub fn checkpoint(&self, cancel: &Cancel, told: Told) {
        self.ask(cancel, told, |session, _| async move { zkl_bindings::write(&session.checkpoint().await?).map(Some) });
    }

    #[napi]
    pub fn history(&self, index: i64, cancel: &Cancel, told: Told) {
        self.ask(cancel, told, move |session, _| async move { session.history(position(index)).await.map(Some) });
    }

    #[napi]
    pub fn profile(&self, index: i64, cancel: &Cancel, told: Told) {
        self.ask(cancel, told, move |session, _| async move { session.profile(position(index)).await.map(Some) });
    }

    #[napi]
    pub fn evaluate(&self, index: i64, claim: String, cancel: &Cancel, told: Told) {
        self.ask(
            cancel,
            told,
            move |session, _| async move { session.evaluate(position(index), &claim).await.map(Some) },
        );
    }

    #[napi]
    pub fn prove(&self, index: i64, claim: String, cancel: &Cancel, told: Told) {
        self.ask(cancel, told, move |session, reporter| async move {
            session.prove(position(index), &claim, reporter).await.map(Some)
        });
    }

    /// What a table has that is not the notarized one, or nothing.
    #[napi]
    pub fn check(&self, index: i64, source: Given, cancel: &Cancel, told: Told) {
        let rows = Rows::from(source);
        self.ask(cancel, told, move |session, reporter| async move {
            session.check(position(index), rows.table()?, reporter).await
        });
    }

    /// Proves a relation between datasets, whose rows are handed in with their names.
    #[napi]
    pub fn relate(
        &self,
        relation: String,
        names: Vec<String>,
        sources: Vec<Given>,
        closed: bool,
        cancel: &Cancel,
        told: Told,
    ) {
        let rows: Vec<_> = names.into_iter().zip(sources.into_iter().map(Rows::from)).collect();
        self.ask(cancel, told, move |session, reporter| async move {
            let tables = rows.into_iter().map(|(name, rows)| Ok((name, rows.table()?)));
            let tables = tables.collect::<Result<Vec<_>, Failure>>()?;
            session.relate(&relation, &tables, closed, reporter).await.map(Some)
        });
    }

    /// Records that an entry is not to be relied on any more.
    #[napi]
    pub fn withdraw(&self, entry: String, replacement: Option<String>, reason: String, cancel: &Cancel, told: Told) {
        self.ask(cancel, told, |session, _| async move {
            session.withdraw(&entry, replacement.as_deref(), reason).await.map(Some)
        });
    }

    /// The receipt of entries, which texts name.
    #[napi]
    pub fn receipt(&self, entries: Vec<String>, scans: bool, cancel: &Cancel, told: Told) {
        self.ask(cancel, told, move |session, _| async move {
            let receipt = session.receipt(&entries, scans).await?;
            // It is a file of JSON.
            String::from_utf8(receipt).map(Some).map_err(|error| Failure::Internal(error.to_string()))
        });
    }
}

impl Ledger {
    /// Asks something of the ledger.
    fn ask<F>(&self, cancel: &Cancel, told: Told, make: impl FnOnce(Arc<Session>, Reporter) -> F)
    where
        F: Future<Output = Answer> + Send + 'static,
    {
        let session = locked(&self.0).clone();
        request(told, cancel, |reporter| {
            let asked = session.map(|session| make(session, reporter));
            async move { asked.ok_or(Failure::Closed)?.await }
        });
    }
}

fn locked(slot: &Slot) -> MutexGuard<'_, Option<Arc<Session>>> {
    slot.lock().unwrap_or_else(PoisonError::into_inner)
}

fn taken(slot: &Slot) -> Option<Arc<Session>> {
    locked(slot).take()
}

/// The package checks indices; what it lets through is not negative.
fn position(index: i64) -> u64 {
    u64::try_from(index).unwrap_or_default()
}
