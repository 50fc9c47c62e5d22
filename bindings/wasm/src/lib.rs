#![doc = include_str!("../README.md")]

mod failure;

use js_sys::JSON;
use wasm_bindgen::prelude::{JsValue, wasm_bindgen};
use zkl_receipt::{Receipt, Requirement, Trust, TrustStore, policy::Policy};
use zkl_report::{Reported, receipt_section, with_causes};

use failure::Failure;

/// Verifies receipts under what is trusted. Keys that follow from circuits are made once and kept: one verifier for many receipts
/// is faster than many verifiers.
#[wasm_bindgen]
pub struct Verifier {
    trust: Trust,
}

#[wasm_bindgen]
impl Verifier {
    /// Trusts log keys, `vk:CIRCUIT:DIGEST` and `srs:DIGEST`, as `zkl verify --trust` takes them, the witnesses of a policy (its text), and what a trust store
    /// names (as JSON). With no log key among them anybody may have made a log, and `log.pinned` is false.
    ///
    /// # Errors
    /// What is wrong with any of these; its `kind` is `invalid-input`.
    #[wasm_bindgen(constructor)]
    pub fn new(
        trust: Vec<String>,
        policy: Option<String>,
        #[wasm_bindgen(js_name = trustStore)] trust_store: Option<String>,
    ) -> Result<Self, js_sys::Error> {
        let mut trusted = trust
            .into_iter()
            .try_fold(Trust::default(), |trust, text| trust.with_text(&text))
            .map_err(|error| Failure::invalid(&error))?;
        if let Some(policy) = policy {
            trusted = trusted.with_policy(Policy::parse(policy.as_bytes()).map_err(|error| Failure::invalid(&error))?);
        }
        if let Some(store) = trust_store {
            let store: TrustStore = serde_json::from_str(&store).map_err(|error| Failure::invalid(&error))?;
            trusted = trusted.with_trust_store(store);
        }
        Ok(Self { trust: trusted })
    }

    /// The verdict on a receipt, which may be that it is forgeable, if it has all that is demanded (`pinned`, `proved`, `public-setup`, `cosigned`).
    ///
    /// # Errors
    /// What is wrong with the receipt, with its causes; its `kind` is `not-valid`, `not-as-required`, or `invalid-input` for an unknown demand.
    #[wasm_bindgen(unchecked_return_type = "Verdict")]
    pub fn verify(&self, receipt: &[u8], require: Option<Vec<String>>) -> Result<JsValue, js_sys::Error> {
        let require = require.unwrap_or_default();
        let require = require.iter().map(|text| text.parse()).collect::<Result<Vec<Requirement>, _>>();
        let require = require.map_err(|error| Failure::invalid(&error))?;
        let verified = zkl_receipt::verify(receipt, &self.trust).map_err(|error| Failure::not_valid(&error))?;
        verified.require(&require).map_err(|error| Failure::not_as_required(&error))?;
        json(&verified.summary())
    }

    /// The verdict in words, as a part of a page: HTML that holds no scripts and asks for nothing, in which names of strangers are escaped. It says of a receipt
    /// that is not valid that it is not.
    pub fn section(&self, name: String, receipt: &[u8]) -> String {
        let outcome = zkl_receipt::verify(receipt, &self.trust).map_err(|error| with_causes(&error));
        receipt_section(&Reported::new(name, receipt, outcome)).into_string()
    }
}

/// Verifies one receipt with a [`Verifier`] of its own.
///
/// # Errors
/// As [`Verifier::new`] and [`Verifier::verify`].
#[wasm_bindgen(unchecked_return_type = "Verdict")]
pub fn verify(receipt: &[u8], trust: Vec<String>) -> Result<JsValue, js_sys::Error> {
    Verifier::new(trust, None, None)?.verify(receipt, None)
}

/// What a receipt says of itself. Nothing of it is verified.
///
/// # Errors
/// What keeps it from being read; its `kind` is `not-valid`.
#[wasm_bindgen(unchecked_return_type = "ReceiptOutline")]
pub fn inspect(receipt: &[u8]) -> Result<JsValue, js_sys::Error> {
    let outline = Receipt::decode(receipt).and_then(|receipt| receipt.outline());
    json(&outline.map_err(|error| Failure::not_valid(&error))?)
}

#[wasm_bindgen(typescript_custom_section)]
const VERDICT: &str = include_str!("../../common/js/verdict.d.ts");

fn json(value: &impl serde::Serialize) -> Result<JsValue, js_sys::Error> {
    let text = serde_json::to_string(value).map_err(|error| Failure::invalid(&error))?;
    JSON::parse(&text).map_err(|_| js_sys::Error::new("what was verified is no JSON"))
}
