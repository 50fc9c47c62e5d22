#![doc = include_str!("../README.md")]

use js_sys::JSON;
use wasm_bindgen::prelude::wasm_bindgen;
use zkl_receipt::Trust;

/// Verifies receipts under what is trusted. Keys that follow from circuits are made once and kept: one verifier for many receipts
/// is faster than many verifiers.
#[wasm_bindgen]
pub struct Verifier {
    trust: Trust,
}

#[wasm_bindgen]
impl Verifier {
    /// Trusts log keys, `vk:CIRCUIT:DIGEST` and `srs:DIGEST`, as `zkl verify --trust` takes them. With no log key among them anybody
    /// may have made a log, and `log.pinned` is false.
    ///
    /// # Errors
    /// What is wrong with a text of `trust`.
    #[wasm_bindgen(constructor)]
    pub fn new(trust: Vec<String>) -> Result<Self, js_sys::Error> {
        let trust =
            trust.into_iter().try_fold(Trust::default(), |trust, text| trust.with_text(&text)).map_err(error)?;
        Ok(Self { trust })
    }

    /// The verdict on a receipt.
    ///
    /// # Errors
    /// What is wrong with the receipt, with its causes.
    #[wasm_bindgen(unchecked_return_type = "Verdict")]
    pub fn verify(&self, receipt: &[u8]) -> Result<wasm_bindgen::JsValue, js_sys::Error> {
        let verified = zkl_receipt::verify(receipt, &self.trust).map_err(error)?;
        let verdict = serde_json::to_string(&verified.summary()).map_err(error)?;
        JSON::parse(&verdict).map_err(|_| js_sys::Error::new("the verdict is no JSON"))
    }
}

/// Verifies one receipt with a [`Verifier`] of its own.
///
/// # Errors
/// As [`Verifier::new`] and [`Verifier::verify`].
#[wasm_bindgen(unchecked_return_type = "Verdict")]
pub fn verify(receipt: &[u8], trust: Vec<String>) -> Result<wasm_bindgen::JsValue, js_sys::Error> {
    Verifier::new(trust)?.verify(receipt)
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
