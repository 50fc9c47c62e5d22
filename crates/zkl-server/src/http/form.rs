//! Receipts in the form of a browser.

use axum::{
    body::Body,
    http::{HeaderMap, header},
};
use futures::stream;
use hyper::body::Bytes;
use zkl_ledger::receipt::MAX_RECEIPT_LEN;

use super::{Problem, RequestLimits, body, params::invalid};
use crate::{error::ServiceError, service::MAX_REPORTED};

/// What a form adds to receipts, at most, in bytes.
const FORM: usize = 64 * 1024;
const BROKEN: &str = "the body is not that of the form";

/// The receipts in a form: its fields `receipt`, at least one, all of them together no longer than a receipt may be.
pub(super) async fn receipts(headers: &HeaderMap, body: Body, limits: &RequestLimits) -> Result<Vec<Vec<u8>>, Problem> {
    let boundary = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let boundary = boundary.and_then(|value| multer::parse_boundary(value).ok()).ok_or_else(|| invalid(BROKEN))?;
    let bytes = Bytes::from(body::read(body, MAX_RECEIPT_LEN + FORM, limits).await?);
    let mut form = multer::Multipart::new(stream::iter([Ok::<_, std::convert::Infallible>(bytes)]), boundary);
    let broken = |_| invalid(BROKEN);
    let mut receipts = Vec::new();
    while let Some(field) = form.next_field().await.map_err(broken)? {
        if field.name() != Some("receipt") {
            continue;
        }
        let bytes = field.bytes().await.map_err(broken)?;
        if receipts.len() == MAX_REPORTED {
            return Err(ServiceError::ReportLength { max: MAX_REPORTED }.into());
        }
        if !bytes.is_empty() {
            receipts.push(bytes.to_vec());
        }
    }
    if receipts.is_empty() { Err(invalid("there is no receipt in the form")) } else { Ok(receipts) }
}
