//! The document of the API: served, and kept beside the code.

use std::{fs, path::Path};

use crate::common::{Home, Setup};

#[test]
fn the_checked_in_document_is_the_one_that_is_served() {
    let home = Home::new();
    let server = home.start(Setup::default());
    let served = server.anonymous().get("/api/v1/openapi.json").expect(200).json();
    assert_eq!(served["openapi"], "3.1.0");
    let text = format!("{}\n", serde_json::to_string_pretty(&served).unwrap());
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/openapi.json");
    if std::env::var_os("ZKL_WRITE_DOCS").is_some() {
        fs::write(&path, &text).unwrap();
    }
    assert_eq!(fs::read_to_string(&path).unwrap_or_default(), text, "run this test with ZKL_WRITE_DOCS=1");
}

#[test]
fn every_operation_has_an_id_a_summary_and_answers() {
    let document = serde_json::to_value(zkl_server::http::document()).unwrap();
    let mut ids = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let id = operation["operationId"].as_str().unwrap();
            assert!(operation["summary"].is_string() && operation["tags"].is_array(), "{method} {path}");
            assert!(operation["responses"]["default"].is_object(), "{method} {path}");
            ids.push(id.to_owned());
        }
    }
    ids.sort();
    let listed = [
        "appendUpload",
        "cancelOperation",
        "createKey",
        "createUpload",
        "discardUpload",
        "finishUpload",
        "followOperation",
        "getCheckpoint",
        "getDataset",
        "getEntry",
        "getHistory",
        "getOperation",
        "getPolicy",
        "getReceipt",
        "getUploadOffset",
        "listDatasets",
        "listEntries",
        "listKeys",
        "listOperations",
        "notarize",
        "notarizeFrom",
        "proveClaim",
        "reportEntries",
        "reportReceipts",
        "revokeKey",
        "updateKey",
        "verifyReceipt",
    ];
    assert_eq!(ids, listed);
}
