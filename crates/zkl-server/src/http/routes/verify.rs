//! Verification.

use axum::{body::Body, extract::State, http::StatusCode, response::Response};
use zkl_ledger::receipt::MAX_RECEIPT_LEN;

use crate::{
    access::Verify,
    http::{
        Shared, answer, body,
        extract::Caller,
        params::{Params, invalid},
        problem::Problem,
    },
    service::VerdictView,
};

/// Verifies a receipt of this ledger. One that is not valid is an answer, too
#[utoipa::path(
    post, path = "/api/v1/verify", tag = "verification", operation_id = "verifyReceipt",
    security((), ("key" = [])),
    request_body(content = Vec<u8>, content_type = "application/octet-stream", description = "A receipt, as it was handed out"),
    responses((status = 200, body = VerdictView), (status = "default", body = Problem, content_type = "application/problem+json"))
)]
pub(in crate::http) async fn verify(
    State(Shared { service, limits }): State<Shared>,
    Caller(subject): Caller,
    params: Params,
    body: Body,
) -> Result<Response, Problem> {
    params.end()?;
    // Nothing is received from whom nothing is done for.
    let permit = service.access().authorize(&subject, Verify)?;
    let receipt = body::read(body, MAX_RECEIPT_LEN, &limits).await?;
    if receipt.is_empty() {
        return Err(invalid("there is no receipt in the body"));
    }
    Ok(answer::json(StatusCode::OK, &service.verify(&permit, receipt).await?))
}
