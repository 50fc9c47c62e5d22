#![doc = include_str!("../README.md")]

use js_sys::JSON;
use wasm_bindgen::prelude::wasm_bindgen;
use zkl_receipt::Trust;

/// Verifies a receipt under what is trusted: log keys, `vk:CIRCUIT:DIGEST` and `srs:DIGEST`, as `zkl verify --trust` takes them.
/// With no log key among them anybody may have made the log, and `log.pinned` is false.
///
/// # Errors
/// What is wrong with the receipt or with a text of `trust`, with its causes.
#[wasm_bindgen(unchecked_return_type = "Verdict")]
pub fn verify(receipt: &[u8], trust: Vec<String>) -> Result<wasm_bindgen::JsValue, js_sys::Error> {
    let trust = trust.into_iter().try_fold(Trust::default(), |trust, text| trust.with_text(&text));
    let verified = zkl_receipt::verify(receipt, &trust.map_err(error)?).map_err(error)?;
    let verdict = serde_json::to_string(&verified.summary()).map_err(error)?;
    JSON::parse(&verdict).map_err(|_| js_sys::Error::new("the verdict is no JSON"))
}

#[wasm_bindgen(typescript_custom_section)]
const VERDICT: &str = include_str!("verdict.d.ts");

/// A message and its causes in one line.
fn error(error: impl std::error::Error) -> js_sys::Error {
    let mut message = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        message = format!("{message}: {cause}");
        source = cause.source();
    }
    js_sys::Error::new(&message)
}
