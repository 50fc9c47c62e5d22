//! Receipts: bytes in, verdict out.

#![expect(unreachable_pub, reason = "what JavaScript calls must be public")]
#![expect(clippy::too_many_arguments, reason = "the package names them")]
#![expect(clippy::needless_pass_by_value, reason = "arguments come from JavaScript by value")]

use std::{collections::BTreeMap, path::Path};

use napi::bindgen_prelude::Uint8Array;
use napi_derive::napi;
use zkl_bindings::{Failure, Language, receipts};

use crate::call::{Cancel, Told, compute};

/// The verdict on a receipt, as `zkl verify --format json` prints it.
#[napi]
pub fn verify(
    receipt: Uint8Array,
    trust: Vec<String>,
    require: Vec<String>,
    policy: Option<String>,
    trust_store: Option<String>,
    allow_forgeable: bool,
    cancel: &Cancel,
    told: Told,
) {
    let receipt = receipt.to_vec();
    compute(told, cancel, move || {
        let trusted =
            receipts::trusting(&trust, policy.as_deref().map(Path::new), trust_store.as_deref().map(Path::new))?;
        let require = receipts::requirements(&require)?;
        receipts::verify(&receipt, &trusted, &require, allow_forgeable).map(Some)
    });
}

/// What a receipt says of itself, or `failure`: kind, message and hint. Nothing of it is verified.
#[napi(catch_unwind)]
pub fn inspect(receipt: Uint8Array) -> String {
    let failed = |failure: Failure| {
        let told = (failure.kind(), failure.message(), failure.hint(Language::JavaScript));
        zkl_bindings::write(&BTreeMap::from([("failure", told)])).unwrap_or_default()
    };
    receipts::inspect(&receipt).unwrap_or_else(failed)
}

/// The page about named receipts for readers who know no cryptography.
#[napi]
pub fn report(
    names: Vec<String>,
    receipts: Vec<Uint8Array>,
    trust: Vec<String>,
    policy: Option<String>,
    trust_store: Option<String>,
    cancel: &Cancel,
    told: Told,
) {
    let named: Vec<_> = names.into_iter().zip(receipts.iter().map(|receipt| receipt.to_vec())).collect();
    compute(told, cancel, move || {
        let trusted =
            receipts::trusting(&trust, policy.as_deref().map(Path::new), trust_store.as_deref().map(Path::new))?;
        Ok(Some(zkl_bindings::write(&receipts::report(&named, &trusted))?))
    });
}
