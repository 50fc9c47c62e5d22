//! Appending: upload what is new, then create the next head, which decides.

use std::sync::Arc;

use bytes::Bytes;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use zkl_core::{
    digest::TransactionId,
    storage::{
        AppendBatch,
        StorageErrorKind::{Conflict, Invalid},
    },
    tree::TreeSize,
};

use crate::{
    draft::{Draft, Inputs, Needs},
    error::S3Error,
    head::State,
    open::random,
    publish::{Published, publish},
    segment::Segment,
    store::{Store, head_key},
};

/// Uploads and reads of one append under way at a time.
const PARALLEL: usize = 8;

impl Store {
    pub(crate) async fn append(&self, expected: TreeSize, batch: AppendBatch) -> Result<(), S3Error> {
        batch.check(expected)?;
        let writer = self.writer()?;
        let _one_at_a_time = writer.one_at_a_time.lock().await;
        writer.check()?;
        let mut state = self.known();
        if state.size() != expected.0 {
            // This handle may be behind.
            state = self.expect(expected).await?;
        }
        let ids: Vec<TransactionId> = batch.transactions.iter().map(|transaction| transaction.id).collect();
        if self.holds_any(&state, &ids).await? {
            self.expect(expected).await?;
            return Err(S3Error::Contract(Invalid("a transaction with this id is already in the log")));
        }
        let draft = self.draft(&state, batch).await?;
        let uploads = stream::iter(draft.objects).map(|(object, bytes)| self.frames.store(object, bytes));
        uploads.buffer_unordered(PARALLEL).try_collect::<()>().await?;

        let head: Bytes = draft.state.encode(random()?)?.into();
        match publish(self.objects(), &head_key(draft.state.number), &head, self.settle_timeout).await {
            Ok(Published::Ours) => {
                for (span, payload) in &draft.hot {
                    self.frames.remember(*span, payload);
                }
                self.learn(draft.state);
                Ok(())
            }
            Ok(Published::Theirs) => {
                // Heads only grow, so the one that took our place has another size than the expected one.
                let actual = self.latest().await?.size();
                Err(S3Error::Contract(Conflict { expected: expected.0, actual }))
            }
            Err(error) => {
                if matches!(error, S3Error::OutcomeUnknown(_)) {
                    writer.poison();
                }
                Err(error)
            }
        }
    }

    /// The newest state, which must have `expected` entries.
    async fn expect(&self, expected: TreeSize) -> Result<Arc<State>, S3Error> {
        let state = self.latest().await?;
        let actual = state.size();
        if actual == expected.0 { Ok(state) } else { Err(S3Error::Contract(Conflict { expected: expected.0, actual })) }
    }

    async fn draft(&self, state: &Arc<State>, batch: AppendBatch) -> Result<Draft, S3Error> {
        let needs = Needs::of(state, &batch);
        let payloads = self.frames.read_all(&needs.frames).await?;
        let segments = stream::iter(state.segments[needs.segments_from..].to_vec()).map(|record| async move {
            let bytes = self.frames.whole(record.object()).await?;
            Ok::<_, S3Error>(Segment { record, bytes })
        });
        let segments = segments.buffered(PARALLEL).try_collect().await?;
        let inputs = Inputs { frames: needs.frames.into_iter().zip(payloads).collect(), segments };
        let state = Arc::clone(state);
        tokio::task::spawn_blocking(move || Draft::new(&state, batch, inputs)).await?
    }
}
