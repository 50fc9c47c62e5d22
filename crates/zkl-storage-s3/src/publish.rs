//! Creating an object whose creation decides something, and knowing the outcome.

use std::time::Duration;

use bytes::Bytes;
use tokio::time::{Instant, sleep};

use zkl_core::storage::StorageErrorKind::Corrupt;

use crate::{
    error::S3Error,
    objects::{Objects, SMALL},
};

const FIRST_PAUSE: Duration = Duration::from_millis(20);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);
/// Tries of a write of which no try can have reached the endpoint.
const TRIES_IF_UNSENT: u32 = 4;

/// Who created the object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Published {
    /// This call.
    Ours,
    /// Somebody else, before.
    Theirs,
}

/// Creates `key` with `bytes`, which must be unlike anything that anybody else would write there.
///
/// Sending the same bytes again is harmless: they land once or not at all. So a lost answer is settled by sending again and
/// reading what is there. A refusal is settled by reading too: something between here and the store may have sent the request
/// twice, and may report the second answer. Only when that does not succeed within `timeout` is the outcome unknown.
pub(crate) async fn publish(
    objects: &Objects,
    key: &str,
    bytes: &Bytes,
    timeout: Duration,
) -> Result<Published, S3Error> {
    let deadline = Instant::now() + timeout;
    let mut pause = FIRST_PAUSE;
    let mut tries = 0;
    // Whether some try may have written the object, or may still do so.
    let mut uncertain = false;
    loop {
        tries += 1;
        let error = match objects.create(key, bytes.clone()).await {
            Ok(true) => return Ok(Published::Ours),
            Ok(false) => {
                uncertain = true;
                S3Error::Contract(Corrupt("an object both exists and does not"))
            }
            Err(error) => {
                uncertain |= error.may_have_written();
                error
            }
        };
        if !uncertain {
            if !error.is_transient() || tries >= TRIES_IF_UNSENT {
                return Err(error);
            }
        } else {
            match objects.get(key, SMALL).await {
                Ok(Some(found)) => return Ok(if found == *bytes { Published::Ours } else { Published::Theirs }),
                Ok(None) | Err(_) if Instant::now() < deadline => {}
                Ok(None) => return Err(S3Error::OutcomeUnknown(Box::new(error))),
                Err(unread) => return Err(S3Error::OutcomeUnknown(Box::new(unread))),
            }
        }
        sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}
