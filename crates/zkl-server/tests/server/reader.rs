//! A server that only reads, beside the one that writes.

use crate::common::{CSV, Home, Setup};

const VERSIONS: &str = "/api/v1/datasets/team%2Fpatients/versions?evidence=attestation";

#[test]
fn a_reader_answers_what_is_read_and_refuses_what_is_written() {
    let home = Home::new();
    let (key, other) = (home.everything(), home.key(&["read:*"]));
    let reader = home.start_reader(Setup::default());
    let client = reader.client(&key);
    assert_eq!(client.get("/api/v1/datasets").expect(200).json()["datasets"].as_array().unwrap().len(), 2);
    let receipt = client.get("/api/v1/entries/0/receipt").expect(200).bytes;
    let verdict = client.post("/api/v1/verify", receipt).expect(200).json();
    assert_eq!(verdict["valid"], true, "{verdict}");
    assert_eq!(reader.internal("/readyz").status, 200);

    let refused = client.post(VERSIONS, CSV).problem(403, "read-only");
    assert!(refused["hint"].as_str().unwrap().contains("the server that writes"), "{refused}");
    let claim = r#"{"claim":"rows >= 1"}"#;
    client.post("/api/v1/datasets/team%2Fpatients/claims", claim).problem(403, "read-only");
    // Whoever may not write is told that, and not what the server can do.
    reader.client(&other).post(VERSIONS, CSV).problem(403, "forbidden");
    assert!(client.get("/api/v1/operations").expect(200).json()["operations"].as_array().unwrap().is_empty());
}

#[test]
fn a_reader_takes_the_keys_of_the_server_that_writes_and_makes_none() {
    let home = Home::new();
    let key = home.everything();
    let reader = home.start_reader(Setup::default());
    let new = r#"{"name":"mine","grants":["read:*"]}"#;
    reader.client(&key).post("/api/v1/keys", new).problem(403, "read-only");
    let keys = reader.client(&key).get("/api/v1/keys").expect(200).json();
    let id = keys["keys"][0]["id"].as_str().unwrap().to_owned();
    reader.client(&key).delete(&format!("/api/v1/keys/{id}")).problem(403, "read-only");
    // Made elsewhere: good here at the latest when the file is looked at again.
    let later = home.key(&["read:*"]);
    crate::limits::wait_until(|| reader.client(&later).get("/api/v1/datasets").status == 200);
}
