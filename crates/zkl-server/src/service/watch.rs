//! What is told as it happens: how far an operation is, and which entries are new.
//!
//! Whoever watches is looked at again before it is told something, and every few seconds of silence: a key that was revoked, or that
//! expired, watches nothing any more.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use futures::{Stream, stream};
use tokio::{sync::watch, time::Instant};
use zkl_ledger::{DatasetName, storage::Order};

use super::{EntryQuery, EntryView, Service};
use crate::{
    access::{Browse, Follow, Permit, ReadDataset, Subject},
    error::ServiceError,
    operations::{Operation, OperationId},
};

/// How long a silent watcher's key may have been revoked before it is let go.
const LOOK_AGAIN: Duration = Duration::from_secs(5);
/// How long a watcher's key is taken to be good without looking. The file of keys is not looked at more often either.
const STILL_GOOD: Duration = Duration::from_secs(1);
/// Entries that are read at a time.
const PAGE: usize = 50;

impl Service {
    /// An operation as it is now, and after every change until it has ended.
    ///
    /// # Errors
    /// As [`Service::operation`]. The stream ends with [`ServiceError::BadKey`] or [`ServiceError::Refused`] when the subject may not
    /// follow it any more.
    pub fn follow(
        self: &Arc<Self>,
        permit: &Permit<Follow>,
        id: OperationId,
    ) -> Result<impl Stream<Item = Result<Operation, ServiceError>> + Send + use<>, ServiceError> {
        // Whoever may not see it is told so, and gets no stream.
        self.operation(permit, &id)?;
        let mut changes = self.changes(permit);
        // What is there now is told first.
        changes.mark_changed();
        let watcher = Watcher::new(self, permit.subject());
        let follower = Follower { watcher, id, changes, told: None };
        Ok(stream::unfold(Some(follower), |follower| async move {
            match follower?.next().await {
                Ok((operation, follower)) => Some((Ok(operation), follower)),
                Err(error) => Some((Err(error), None)),
            }
        }))
    }

    /// The entries that the subject may see, of one dataset if one is named, from the index `from` on, or from the end of the log: those
    /// that are there, and each that is new.
    ///
    /// # Errors
    /// [`ServiceError::Ledger`], [`ServiceError::WentBack`]. The stream ends with an error when the subject may not see them any more,
    /// and with [`ServiceError::Stopping`].
    pub async fn watch_entries(
        self: &Arc<Self>,
        permit: &Permit<Browse>,
        dataset: Option<&Permit<ReadDataset>>,
        from: Option<u64>,
    ) -> Result<impl Stream<Item = Result<EntryView, ServiceError>> + Send + use<>, ServiceError> {
        let next = match from {
            Some(from) => from,
            None => self.entries_of_log().await?,
        };
        let entries = Entries {
            watcher: Watcher::new(self, permit.subject()),
            dataset: dataset.map(|permit| permit.dataset().clone()),
            next,
            unread: true,
            page: VecDeque::new(),
            recorded: self.operations.entries_recorded(),
            stop: self.stopping.subscribe(),
        };
        Ok(stream::unfold(Some(entries), |entries| async move {
            let mut entries = entries?;
            match entries.next().await {
                Ok(entry) => Some((Ok(entry), Some(entries))),
                Err(error) => Some((Err(error), None)),
            }
        }))
    }

    /// The subject as it is now.
    pub(super) async fn renew(&self, subject: &Subject) -> Result<Subject, ServiceError> {
        let renewed = match subject {
            Subject::Anonymous => Some(Subject::Anonymous),
            Subject::Key(key) => {
                let (keys, key) = (Arc::clone(&self.keys), Arc::clone(key));
                let renewed = tokio::task::spawn_blocking(move || keys.renew(&key)).await??;
                self.holding(renewed).await?
            }
            Subject::Token(holder) => self.issuers().await?.and_then(|issuers| issuers.renew(holder)),
        };
        renewed.ok_or(ServiceError::BadKey)
    }
}

/// Somebody who is told.
struct Watcher {
    service: Arc<Service>,
    subject: Subject,
    looked: Instant,
}

impl Watcher {
    fn new(service: &Arc<Service>, subject: &Subject) -> Self {
        Self { service: Arc::clone(service), subject: subject.clone(), looked: Instant::now() }
    }

    /// Looks at the key again, if that was not done just now.
    async fn look(&mut self) -> Result<(), ServiceError> {
        if self.looked.elapsed() >= STILL_GOOD {
            self.subject = self.service.renew(&self.subject).await?;
            self.looked = Instant::now();
        }
        Ok(())
    }
}

struct Follower {
    watcher: Watcher,
    id: OperationId,
    changes: watch::Receiver<()>,
    told: Option<Operation>,
}

impl Follower {
    /// The next change, and whoever waits for the one after it.
    async fn next(mut self) -> Result<(Operation, Option<Self>), ServiceError> {
        loop {
            // Too late or a change: it is looked at in either case.
            let changed = tokio::time::timeout(LOOK_AGAIN, self.changes.changed()).await;
            self.watcher.look().await?;
            let service = &self.watcher.service;
            let permit = service.access().authorize(&self.watcher.subject, Follow)?;
            let operation = service.operation(&permit, &self.id)?;
            if changed.is_ok() && self.told.as_ref() != Some(&operation) {
                self.told = Some(operation.clone());
                let follower = (!operation.has_ended()).then_some(self);
                return Ok((operation, follower));
            }
        }
    }
}

struct Entries {
    watcher: Watcher,
    dataset: Option<DatasetName>,
    /// The index to go on at.
    next: u64,
    /// Whether there may be entries from there on.
    unread: bool,
    page: VecDeque<EntryView>,
    recorded: watch::Receiver<u64>,
    stop: watch::Receiver<bool>,
}

impl Entries {
    async fn next(&mut self) -> Result<EntryView, ServiceError> {
        loop {
            self.watcher.look().await?;
            if let Some(entry) = self.page.pop_front() {
                return Ok(entry);
            }
            if self.unread { self.read().await? } else { self.wait().await? }
        }
    }

    /// Reads the next page.
    async fn read(&mut self) -> Result<(), ServiceError> {
        // What was recorded before is in what the store answers.
        let recorded = *self.recorded.borrow_and_update();
        let (service, subject) = (&self.watcher.service, &self.watcher.subject);
        let browse = service.access().authorize(subject, Browse)?;
        let query = EntryQuery { kind: None, order: Order::Ascending, from: Some(self.next), limit: PAGE };
        let page = match &self.dataset {
            Some(name) => {
                let permit = service.access().authorize(subject, ReadDataset(name.clone()))?;
                service.history(&permit, &browse, &query).await?
            }
            None => service.entries(&browse, &query).await?,
        };
        let last = page.items.last().map(|entry| entry.index + 1);
        self.unread = page.next.is_some();
        self.next = page.next.unwrap_or_else(|| self.next.max(recorded).max(last.unwrap_or(0)));
        self.page = page.items.into();
        Ok(())
    }

    /// Waits for more, or until it is time to look at the key.
    async fn wait(&mut self) -> Result<(), ServiceError> {
        let next = self.next;
        let unread = tokio::select! {
            _ = self.stop.wait_for(|stop| *stop) => return Err(ServiceError::Stopping),
            _ = self.recorded.wait_for(|recorded| *recorded > next) => true,
            () = tokio::time::sleep(LOOK_AGAIN) => false,
        };
        self.unread = unread;
        Ok(())
    }
}
