//! Bodies of requests: bounded in length and in the pauses that a client makes.

use axum::body::{Body, HttpBody as _};
use http_body_util::BodyExt as _;
use hyper::body::Bytes;
use serde::de::DeserializeOwned;
use tokio::time::timeout;

use super::{Problem, RequestLimits};
use crate::{
    error::ServiceError,
    failure::{Code, Failure},
    operations::{Appending, Spool},
};

/// Longest request in JSON, in bytes.
pub(crate) const MAX_JSON: usize = 64 * 1024;

/// The next part of a body.
async fn next(body: &mut Body, limits: &RequestLimits) -> Result<Option<Bytes>, Problem> {
    loop {
        match timeout(limits.pause, body.frame()).await {
            Ok(Some(Ok(frame))) => {
                // Trailers say nothing here.
                if let Ok(bytes) = frame.into_data() {
                    return Ok(Some(bytes));
                }
            }
            Ok(Some(Err(_))) => return Err(Failure::new(Code::InvalidRequest, "the body was cut").into()),
            Ok(None) => return Ok(None),
            Err(_) => return Err(Failure::new(Code::RequestTimeout, "the body took too long").into()),
        }
    }
}

/// A whole body of at most `max` bytes.
pub(super) async fn read(mut body: Body, max: usize, limits: &RequestLimits) -> Result<Vec<u8>, Problem> {
    let too_large = || Problem::from(ServiceError::TooLarge { max: max as u64 });
    // What says that it is too long is not waited for.
    if body.size_hint().lower() > max as u64 {
        return Err(too_large());
    }
    let mut bytes = Vec::new();
    while let Some(part) = next(&mut body, limits).await? {
        if bytes.len() + part.len() > max {
            return Err(too_large());
        }
        bytes.extend_from_slice(&part);
    }
    Ok(bytes)
}

/// A body in JSON.
pub(crate) async fn read_json<T: DeserializeOwned>(body: Body, limits: &RequestLimits) -> Result<T, Problem> {
    let bytes = read(body, MAX_JSON, limits).await?;
    // A list of values in the order of the fields is none of the document's objects.
    if bytes.trim_ascii_start().first() != Some(&b'{') {
        return Err(Failure::new(Code::InvalidRequest, "the body is no object in JSON").into());
    }
    serde_json::from_slice(&bytes).map_err(|error| {
        Failure::new(Code::InvalidRequest, format!("the body is not what is asked for: {error}")).into()
    })
}

/// Receives in the time that an upload may take.
async fn in_time(limits: &RequestLimits, receiving: impl Future<Output = Result<(), Problem>>) -> Result<(), Problem> {
    let late = |_| Problem::from(Failure::new(Code::RequestTimeout, "the upload took too long"));
    timeout(limits.upload, receiving).await.map_err(late)?
}

/// Receives a part of an upload that may be interrupted. What came before an error is taken.
pub(super) async fn receive_part(
    mut body: Body,
    appending: &mut Appending,
    limits: &RequestLimits,
) -> Result<(), Problem> {
    // Of what says that it is too long, nothing is taken.
    appending.check_room(body.size_hint().lower())?;
    in_time(limits, async {
        while let Some(part) = next(&mut body, limits).await? {
            appending.write(&part).await?;
        }
        Ok(())
    })
    .await
}

/// Receives an upload.
pub(super) async fn receive(
    mut body: Body,
    max: u64,
    spool: &mut Spool,
    limits: &RequestLimits,
) -> Result<(), Problem> {
    if body.size_hint().lower() > max {
        return Err(ServiceError::TooLarge { max }.into());
    }
    in_time(limits, async {
        while let Some(part) = next(&mut body, limits).await? {
            spool.write(&part).await?;
        }
        Ok(())
    })
    .await
}
