//! A witness behind HTTP.
//!
//! Plain HTTP/1.1, meant for the loopback interface or for a reverse proxy in front that brings TLS and limits. Requests are
//! bounded in length and in the time that their body takes.

use std::{future::Future, sync::Arc, time::Duration};

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::{Path, State},
    http::{HeaderValue, StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use tokio::{net::TcpListener, time::timeout};
use zkl_receipt::witness::{ADD_CHECKPOINT, AddCheckpoint};

use crate::{
    error::WitnessError,
    witness::{Reply, Witness},
};

/// Longest time for the body of a request.
const BODY_TIME: Duration = Duration::from_secs(10);

/// The calls of a witness: `POST /add-checkpoint` and `GET /<origin hash>/checkpoint`.
pub fn router(witness: Arc<Witness>) -> Router {
    Router::new()
        .route(&format!("/{ADD_CHECKPOINT}"), post(add_checkpoint))
        .route("/{origin_hash}/checkpoint", get(checkpoint))
        .with_state(witness)
}

/// Serves `witness` on `listener` until `shutdown` is done; requests under way are answered.
///
/// # Errors
/// [`WitnessError::Server`].
pub async fn serve(
    witness: Arc<Witness>,
    listener: TcpListener,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<(), WitnessError> {
    let served = axum::serve(listener, router(witness)).with_graceful_shutdown(shutdown).await;
    served.map_err(WitnessError::Server)
}

async fn add_checkpoint(State(witness): State<Arc<Witness>>, body: Body) -> Response {
    let bytes = match timeout(BODY_TIME, to_bytes(body, AddCheckpoint::MAX_LEN)).await {
        Ok(Ok(bytes)) => bytes,
        Ok(Err(_)) => return Reply::text(413, "the request is too long or was cut\n".to_owned()).into_response(),
        Err(_) => return Reply::text(408, "the request took too long\n".to_owned()).into_response(),
    };
    // Writing the state blocks; once begun it ends, whether or not the client still waits.
    let answer = tokio::task::spawn_blocking(move || witness.add_checkpoint(&bytes)).await;
    match answer.map_err(WitnessError::from).and_then(|answer| answer) {
        Ok(reply) => reply.into_response(),
        // What exactly failed is for the operator, not for whoever asked.
        Err(_) => Reply::text(500, "the witness cannot cosign now\n".to_owned()).into_response(),
    }
}

async fn checkpoint(State(witness): State<Arc<Witness>>, Path(origin_hash): Path<String>) -> Response {
    witness.checkpoint(&origin_hash).into_response()
}

impl IntoResponse for Reply {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        (status, [(CONTENT_TYPE, HeaderValue::from_static(self.content_type))], self.body).into_response()
    }
}
