//! Streams of clients: bounded in length and in the pauses that a client makes.

use tokio::time::timeout;
use tonic::{Status, Streaming};

use super::proto::{NotarizeOptions, NotarizeRequest, ReceiptPart, notarize_request::Part};
use super::status::invalid;
use crate::{
    error::ServiceError,
    failure::{Code, Failure},
    http::RequestLimits,
    operations::Spool,
};

/// The next message.
async fn next<T>(stream: &mut Streaming<T>, limits: &RequestLimits) -> Result<Option<T>, Status> {
    let late = |_| Status::from(Failure::new(Code::RequestTimeout, "the next message took too long"));
    timeout(limits.pause, stream.message()).await.map_err(late)?
}

/// What an upload begins with.
pub(super) async fn options(
    stream: &mut Streaming<NotarizeRequest>,
    limits: &RequestLimits,
) -> Result<NotarizeOptions, Status> {
    match next(stream, limits).await?.and_then(|first| first.part) {
        Some(Part::Options(options)) => Ok(options),
        _ => Err(invalid("the first message is not the options")),
    }
}

/// Receives an upload. How long it may be, the spool says; how long it may take, whoever calls.
pub(super) async fn table(
    stream: &mut Streaming<NotarizeRequest>,
    spool: &mut Spool,
    limits: &RequestLimits,
) -> Result<(), Status> {
    while let Some(message) = next(stream, limits).await? {
        match message.part {
            Some(Part::Data(data)) => spool.write(&data).await?,
            _ => return Err(invalid("a message after the first has no data")),
        }
    }
    Ok(())
}

/// A whole receipt of at most `max` bytes.
pub(super) async fn receipt(
    stream: &mut Streaming<ReceiptPart>,
    max: usize,
    limits: &RequestLimits,
) -> Result<Vec<u8>, Status> {
    let mut bytes = Vec::new();
    while let Some(part) = next(stream, limits).await? {
        if bytes.len() + part.data.len() > max {
            return Err(ServiceError::TooLarge { max: max as u64 }.into());
        }
        bytes.extend_from_slice(&part.data);
    }
    if bytes.is_empty() { Err(invalid("there is no receipt in the parts")) } else { Ok(bytes) }
}
