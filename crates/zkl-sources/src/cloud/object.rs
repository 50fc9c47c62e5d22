//! The bytes of an object, for code that blocks.

use std::{
    io::{self, Read},
    sync::{Arc, OnceLock, mpsc},
};

use bytes::{Buf as _, Bytes};
use futures::{SinkExt as _, StreamExt as _, channel::mpsc as stream, executor::block_on};
use object_store::{GetOptions, GetResult, ObjectMeta, ObjectStore, path::Path as Key};
use tokio::runtime::{Builder, Runtime};

use super::CloudError;

/// Chunks that wait to be read.
const AHEAD: usize = 8;

/// The thread on which everything is asked. A runtime of its own: whoever reads may or may not be within one.
fn runtime() -> Result<&'static Runtime, CloudError> {
    static RUNTIME: OnceLock<io::Result<Runtime>> = OnceLock::new();
    let built = RUNTIME
        .get_or_init(|| Builder::new_multi_thread().worker_threads(1).thread_name("zkl-cloud").enable_all().build());
    built.as_ref().map_err(|_| CloudError::Store("there is no thread for it"))
}

/// Waits for what is asked.
pub(super) fn work<T: Send + 'static>(
    asked: impl Future<Output = object_store::Result<T>> + Send + 'static,
) -> Result<T, CloudError> {
    let (answer, answered) = mpsc::sync_channel(1);
    runtime()?.spawn(async move {
        // Nobody waits any more if this fails.
        let _ = answer.send(asked.await);
    });
    answered.recv().map_err(|_| ABANDONED)?.map_err(|error| CloudError::of(&error))
}

const ABANDONED: CloudError = CloudError::Store("the request was abandoned");

/// What comes of an object: its bytes in pieces, then `None`.
type Piece = Result<Option<Bytes>, CloudError>;

/// An object, asked for when its first byte is read.
pub(super) struct Object {
    store: Arc<dyn ObjectStore>,
    key: Key,
    /// What the list said of it.
    listed: Option<ObjectMeta>,
    chunks: Option<stream::Receiver<Piece>>,
    chunk: Bytes,
}

impl Object {
    pub(super) const fn new(store: Arc<dyn ObjectStore>, key: Key) -> Self {
        Self { store, key, listed: None, chunks: None, chunk: Bytes::new() }
    }

    pub(super) fn listed(store: Arc<dyn ObjectStore>, object: ObjectMeta) -> Self {
        Self { key: object.location.clone(), listed: Some(object), ..Self::new(store, Key::default()) }
    }

    fn begin(&self) -> Result<stream::Receiver<Piece>, CloudError> {
        let (mut out, chunks) = stream::channel(AHEAD);
        let (store, key, listed) = (Arc::clone(&self.store), self.key.clone(), self.listed.clone());
        runtime()?.spawn(async move {
            let end = send(&*store, &key, listed.as_ref(), &mut out).await.map(|()| None);
            // Nobody reads any more if this fails.
            let _ = out.send(end).await;
        });
        Ok(chunks)
    }
}

/// A tag without the quotes that Azure leaves out in lists.
fn opaque(tag: &str) -> &str {
    tag.trim_matches('"')
}

/// Sends the object in chunks; ends early when nobody reads any more.
async fn send(
    store: &dyn ObjectStore,
    key: &Key,
    listed: Option<&ObjectMeta>,
    out: &mut stream::Sender<Piece>,
) -> Result<(), CloudError> {
    let object: GetResult = store.get_opts(key, GetOptions::default()).await.map_err(|error| CloudError::of(&error))?;
    let expected = object.meta.size;
    // Not every store that lists a tag takes it as a condition, so it is compared here.
    let is_other = |listed: &ObjectMeta| {
        let tags = listed.e_tag.as_deref().zip(object.meta.e_tag.as_deref());
        listed.size != expected || tags.is_some_and(|(listed, got)| opaque(listed) != opaque(got))
    };
    if listed.is_some_and(is_other) {
        return Err(CloudError::Replaced);
    }
    let (mut got, mut stream) = (0, object.into_stream());
    while let Some(chunk) = stream.next().await {
        let chunk = chunk.map_err(|error| CloudError::of(&error))?;
        got += chunk.len() as u64;
        if out.send(Ok(Some(chunk))).await.is_err() {
            return Ok(());
        }
    }
    if got == expected { Ok(()) } else { Err(CloudError::Length { expected, got }) }
}

impl Read for Object {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.chunk.is_empty() {
            let chunks = match self.chunks.take() {
                Some(chunks) => chunks,
                None => self.begin().map_err(io::Error::other)?,
            };
            let chunks = self.chunks.insert(chunks);
            match block_on(chunks.next()).unwrap_or(Err(ABANDONED)) {
                Ok(Some(chunk)) => self.chunk = chunk,
                Ok(None) => return Ok(0),
                Err(error) => return Err(io::Error::other(error)),
            }
        }
        let read = buffer.len().min(self.chunk.len());
        self.chunk.copy_to_slice(&mut buffer[..read]);
        Ok(read)
    }
}
