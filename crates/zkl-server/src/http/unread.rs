//! What a handler left of a body when it answered.
//!
//! A request may be refused before its body has arrived. The rest has to be read before the connection can carry another request, and a
//! connection that is closed without saying so makes the client's next request fail (RFC 9112, section 9.6).

use std::{
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    body::{Body, HttpBody},
    extract::Request,
    http::{HeaderValue, Version, header},
    middleware::Next,
    response::Response,
};
use http_body_util::BodyExt as _;
use hyper::body::{Bytes, Frame, SizeHint};
use tokio::time::timeout;

/// What is read of a body that nobody wants, in bytes.
const MAX_UNREAD: usize = 64 * 1024;
/// How long the answer waits for that.
const PATIENCE: Duration = Duration::from_secs(1);

/// A body that can be read on when its handler has dropped it.
struct Kept(Arc<Mutex<Body>>);

impl Kept {
    fn body(&self) -> MutexGuard<'_, Body> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl HttpBody for Kept {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        Pin::new(&mut *self.body()).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body().is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body().size_hint()
    }
}

/// Reads the little that a handler left of a body, or says that the connection ends with the answer.
pub(super) async fn read_or_close(request: Request, next: Next) -> Response {
    // In HTTP/2 a stream ends without the connection.
    if request.version() >= Version::HTTP_2 || request.body().is_end_stream() {
        return next.run(request).await;
    }
    // Reading would ask for the body.
    let asks_first = request.headers().contains_key(header::EXPECT);
    let (head, body) = request.into_parts();
    let body = Arc::new(Mutex::new(body));
    let mut answer = next.run(Request::from_parts(head, Body::new(Kept(Arc::clone(&body))))).await;
    let ended = match Arc::try_unwrap(body) {
        Ok(body) => {
            let body = body.into_inner().unwrap_or_else(PoisonError::into_inner);
            body.is_end_stream() || (!asks_first && matches!(timeout(PATIENCE, drain(body)).await, Ok(true)))
        }
        Err(_) => false,
    };
    if !ended {
        answer.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    answer
}

/// Whether the rest of a body came, and was short.
async fn drain(mut body: Body) -> bool {
    let mut left = MAX_UNREAD;
    loop {
        if body.size_hint().lower() > left as u64 {
            return false;
        }
        match body.frame().await {
            None => return true,
            Some(Err(_)) => return false,
            Some(Ok(frame)) => match left.checked_sub(frame.data_ref().map_or(0, Bytes::len)) {
                Some(less) => left = less,
                None => return false,
            },
        }
    }
}
