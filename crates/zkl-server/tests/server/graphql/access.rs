//! Who may do what over GraphQL: every field of the roots by every kind of subject, on its own datasets and on those of others.

use serde_json::{Value, json};
use zkl_server::access::Access;

use super::{code, data, send, socket::Socket};
use crate::{
    common::{CSV, Home, Setup},
    matrix::{Askers, SUBJECTS},
};

const OK: &str = "ok";
const WHO: &str = "unauthenticated";
const NO: &str = "forbidden";
const NONE: &str = "not-found";
const BAD: &str = "invalid-request";
const OVER: &str = "conflict";

/// For who may read `team/patients`.
const TEAM: [&str; 8] = [WHO, OK, NO, NO, NO, NO, OK, OK];
/// For who may read everything.
const ALL: [&str; 8] = [WHO, NO, NO, NO, NO, NO, OK, NO];
/// An entry that only who may read everything sees: for other readers it is not there.
const HIDDEN: [&str; 8] = [WHO, NONE, NO, NO, NO, NO, OK, NONE];
const OPERATION: [&str; 8] = [WHO, NO, OK, NONE, NO, NO, NO, OK];
const NO_OPERATION: [&str; 8] = [WHO, NO, NONE, NONE, NO, NO, NO, NONE];

const ADMIN: [&str; 8] = [WHO, NO, NO, NO, NO, OK, NO, NO];
/// For who administers; there is no such key.
const NO_KEY: [&str; 8] = [WHO, NO, NO, NO, NO, NONE, NO, NO];
/// For who administers, and for who may read everything.
const POLICY: [&str; 8] = [WHO, NO, NO, NO, NO, OK, OK, NO];

struct Row {
    /// A root and its field.
    field: (&'static str, &'static str),
    /// DATASET, ENTRY and OP stand for those of the two teams.
    question: &'static str,
    own: [&'static str; 8],
    other: [&'static str; 8],
}

const fn row(
    field: (&'static str, &'static str),
    question: &'static str,
    own: [&'static str; 8],
    other: [&'static str; 8],
) -> Row {
    Row { field, question, own, other }
}

/// A claim that cannot be read is refused after the key was looked at: `BAD` means allowed. So does `OVER` for an operation that has ended.
const TABLE: [Row; 22] = [
    row(("Query", "datasets"), "{ datasets { nodes { name } } }", TEAM, TEAM),
    row(("Query", "dataset"), "{ dataset(name: \"DATASET\") { latest } }", TEAM, ALL),
    row(("Query", "dataset"), "{ dataset(name: \"DATASET\") { version { id } } }", TEAM, ALL),
    row(("Query", "dataset"), "{ dataset(name: \"DATASET\") { history { nodes { id } } } }", TEAM, ALL),
    row(("Query", "dataset"), "{ dataset(name: \"DATASET\") { claims { nodes { id } } } }", TEAM, ALL),
    row(("Query", "dataset"), "{ dataset(name: \"DATASET\") { provenance { nodes { id } } } }", TEAM, ALL),
    row(("Query", "dataset"), "{ dataset(name: \"DATASET\") { lineage { isCut } } }", TEAM, ALL),
    row(("Query", "entries"), "{ entries { nodes { id } } }", TEAM, TEAM),
    row(("Query", "entry"), "{ entry(entry: \"ENTRY\") { id } }", TEAM, HIDDEN),
    row(("Query", "checkpoint"), "{ checkpoint }", ALL, ALL),
    row(
        ("Query", "operations"),
        "{ operations { nodes { id } } }",
        [WHO, NO, OK, OK, NO, NO, NO, OK],
        [WHO, NO, OK, OK, NO, NO, NO, OK],
    ),
    row(("Query", "operation"), "{ operation(id: \"OP\") { id } }", OPERATION, NO_OPERATION),
    row(
        ("Mutation", "proveClaim"),
        "mutation { proveClaim(dataset: \"DATASET\", claim: \"?\") { id } }",
        [WHO, NO, NO, BAD, NO, NO, NO, BAD],
        [WHO, NO, NO, NO, NO, NO, NO, NO],
    ),
    row(
        ("Mutation", "cancelOperation"),
        "mutation { cancelOperation(id: \"OP\") { id } }",
        [WHO, NO, OVER, NONE, NO, NO, NO, OVER],
        NO_OPERATION,
    ),
    row(("Query", "keys"), "{ keys { id } }", ADMIN, ADMIN),
    row(("Query", "policy"), "{ policy { lines } }", POLICY, POLICY),
    row(("Mutation", "createKey"), "mutation { createKey(name: \"x\", grants: [\"verify\"]) { token } }", ADMIN, ADMIN),
    row(
        ("Mutation", "updateKey"),
        "mutation { updateKey(id: \"0\", grants: [\"verify\"]) { proposed } }",
        NO_KEY,
        NO_KEY,
    ),
    row(("Mutation", "revokeKey"), "mutation { revokeKey(id: \"0\") }", NO_KEY, NO_KEY),
    row(("Subscription", "entries"), "subscription { entries(dataset: \"DATASET\", from: 0) { id } }", TEAM, ALL),
    row(("Subscription", "entries"), "subscription { entries(from: 0) { id } }", TEAM, TEAM),
    row(("Subscription", "operation"), "subscription { operation(id: \"OP\") { id } }", OPERATION, NO_OPERATION),
];

/// What everybody may when the log is open.
fn is_public(row: &Row) -> bool {
    ["datasets", "dataset", "entries", "entry", "checkpoint"].contains(&row.field.1)
}

fn check(access: Access) {
    let home = Home::new();
    let askers = Askers::new(&home);
    let everything = home.everything();
    let server = home.start_trusting(Setup { access, ..Setup::default() }, None, Some(askers.issuers.clone()));
    let notarize = |name: &str| {
        let path = format!("/api/v1/datasets/{name}/versions?evidence=attestation");
        let client = server.client(&everything);
        client.follow(client.post(&path, CSV).expect(202).header("location"))["id"].as_str().unwrap().to_owned()
    };
    let teams = [("team/patients", "0", notarize("team%2Fpatients")), ("rival/cats", "1", notarize("rival%2Fcats"))];
    for (token, subject) in askers.shown.iter().map(|(token, subject)| (token, *subject)) {
        let grants = SUBJECTS[subject];
        let client = if token.is_empty() { server.anonymous() } else { server.client(token) };
        let mut socket = Socket::begin(&server, token);
        socket.expect("connection_ack");
        for row in &TABLE {
            for ((dataset, entry, operation), expected) in teams.iter().zip([row.own, row.other]) {
                let question =
                    row.question.replace("DATASET", dataset).replace("ENTRY", entry).replace("OP", operation);
                let expected = if access.public_log && is_public(row) { OK } else { expected[subject] };
                let answer = if row.field.0 == "Subscription" {
                    socket.subscribe("q", &question);
                    let first = socket.expect("next")["payload"].clone();
                    // What comes besides is not waited for.
                    socket.send(&json!({ "id": "q", "type": "complete" }));
                    while socket.receive().unwrap()["type"] != "complete" {}
                    first
                } else {
                    send(client, &question, &Value::Null).expect(200).json()
                };
                let got = code(&answer);
                assert_eq!(got.as_deref().unwrap_or(OK), expected, "{question} by {grants:?}: {answer}");
                // Nothing of what is refused is told.
                assert!(expected == OK || answer.get("data").is_none_or(Value::is_null), "{answer}");
            }
        }
    }
}

#[test]
fn every_field_is_for_whom_a_grant_names_and_for_nobody_else() {
    check(Access::default());
}

#[test]
fn an_open_log_opens_reading_and_nothing_else() {
    check(Access { public_log: true, public_verify: true });
}

#[test]
fn every_field_of_the_roots_is_in_the_table() {
    let home = Home::new();
    let server = home.start(Setup::default());
    let question = "{ __schema { types { name fields { name } } } }";
    let schema = data(server.anonymous(), question, &Value::Null);
    let mut missing = Vec::new();
    for root in ["Query", "Mutation", "Subscription"] {
        let found = schema["__schema"]["types"].as_array().unwrap().iter().find(|listed| listed["name"] == root);
        for field in found.unwrap()["fields"].as_array().unwrap() {
            let name = field["name"].as_str().unwrap();
            if !TABLE.iter().any(|row| row.field == (root, name)) {
                missing.push(format!("{root}.{name}"));
            }
        }
    }
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn lists_and_streams_show_what_their_reader_may_see() {
    let home = Home::new();
    let (team, everything) = (home.key(&["read:team/*"]), home.everything());
    let server = home.start(Setup::default());
    let question = "{ datasets { nodes { name } pageInfo { endCursor } } entries { nodes { index } } }";
    let seen = data(server.client(&team), question, &Value::Null);
    assert_eq!(
        seen,
        json!({
            "datasets": { "nodes": [{ "name": "team/patients" }], "pageInfo": { "endCursor": "team/patients" } },
            "entries": { "nodes": [{ "index": 0 }] },
        })
    );
    let mut socket = Socket::begin(&server, &team);
    socket.expect("connection_ack");
    socket.subscribe("new", "subscription { entries(from: 0) { index } }");
    for name in ["rival%2Fcats", "team%2Fpatients"] {
        let path = format!("/api/v1/datasets/{name}/versions?evidence=attestation");
        let client = server.client(&everything);
        client.follow(client.post(&path, CSV).expect(202).header("location"));
    }
    for index in [0, 3] {
        assert_eq!(socket.expect("next")["payload"]["data"]["entries"]["index"], index);
    }
}
