//! GraphQL, as clients ask it.

mod access;
mod limits;
pub(crate) mod socket;

use std::{fs, path::Path};

use serde_json::{Value, json};
use zkl_ledger::{
    Table,
    dataset::Format,
    relation::Operation,
    requests::{EvidenceRequest, ProofSetting},
};

use crate::common::{Answer, Client, Home, Setup};

/// Asks a question.
pub(crate) fn send(client: Client<'_>, question: &str, variables: &Value) -> Answer {
    let body = json!({ "query": question, "variables": variables }).to_string();
    client.send("POST", "/graphql", &[("content-type", "application/json")], body.as_bytes())
}

/// The data of an answer without errors.
#[track_caller]
pub(crate) fn data(client: Client<'_>, question: &str, variables: &Value) -> Value {
    let mut answer = send(client, question, variables).expect(200).json();
    assert!(answer.get("errors").is_none(), "{answer}");
    answer["data"].take()
}

/// The code of the first error, if there is one. Every error has a type.
#[track_caller]
pub(crate) fn code(answer: &Value) -> Option<String> {
    let errors = answer.get("errors")?.as_array().unwrap();
    for error in errors {
        assert!(error["extensions"]["type"].is_string(), "{answer}");
    }
    let urn = errors[0]["extensions"]["type"].as_str().unwrap();
    Some(urn.strip_prefix("urn:zkp-dataset-ledger:problem:").unwrap().to_owned())
}

#[test]
fn the_checked_in_schema_is_the_one_that_is_served() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/schema.graphql");
    let text = zkl_server::graphql::schema();
    if std::env::var_os("ZKL_WRITE_DOCS").is_some() {
        fs::write(&path, &text).unwrap();
    }
    assert_eq!(fs::read_to_string(&path).unwrap_or_default(), text, "run this test with ZKL_WRITE_DOCS=1");
}

#[test]
fn one_question_gathers_what_rest_answers_to_many() {
    let home = Home::new();
    let key = home.everything();
    let server = home.start(Setup::default());
    let client = server.client(&key);
    let prove = "mutation($claim: String!) { proveClaim(dataset: \"team/patients\", claim: $claim, idempotencyKey: \"a\") { id status work } }";
    let variables = json!({ "claim": "mean(age) between 40 and 50" });
    let accepted = data(client, prove, &variables)["proveClaim"].clone();
    assert_eq!(data(client, prove, &variables)["proveClaim"]["id"], accepted["id"]);
    let id = accepted["id"].as_str().unwrap();
    let ended = client.follow(&format!("/api/v1/operations/{id}"));
    assert_eq!(ended["status"], "succeeded");
    let question = "query($id: String!) {
        operation(id: $id) { status work dataset claim by acceptedAt endedAt entry { index id } problem { type } }
        operations { nodes { id } pageInfo { hasNextPage } }
        datasets(first: 1) { nodes { name latest } pageInfo { hasNextPage endCursor } }
        dataset(name: \"team/patients\") {
            name latest
            version { index id predicate }
            history(order: ASCENDING, first: 1) { nodes { index kind type datasets recordedAt notary summary claim } pageInfo { hasNextPage endCursor } }
            claims { nodes { index claim names { index kind } } }
            provenance { nodes { index } }
        }
        entries { nodes { index } pageInfo { hasNextPage endCursor } }
        entry(entry: \"1\") { datasets relation { operation } }
        checkpoint
    }";
    let got = data(client, question, &json!({ "id": id }));
    let rest = |path: &str| client.get(path).expect(200).json();
    assert_eq!(got["operation"]["status"], "SUCCEEDED");
    for field in ["work", "dataset", "claim", "by", "acceptedAt", "endedAt", "entry"] {
        assert_eq!(got["operation"][field], ended[field], "{field}");
    }
    assert_eq!(got["operations"], json!({ "nodes": [{ "id": id }], "pageInfo": { "hasNextPage": false } }));
    assert_eq!(
        got["datasets"],
        json!({ "nodes": [{ "name": "rival/cats", "latest": 1 }], "pageInfo": { "hasNextPage": true, "endCursor": "rival/cats" } })
    );
    let dataset = &got["dataset"];
    let version = rest("/api/v1/entries/0");
    for field in ["index", "id", "predicate"] {
        assert_eq!(dataset["version"][field], version[field], "{field}");
    }
    let listed = &dataset["history"]["nodes"][0];
    for field in ["index", "kind", "type", "datasets", "recordedAt", "notary"] {
        assert_eq!(listed[field], version[field], "{field}");
    }
    assert_eq!(dataset["history"]["pageInfo"], json!({ "hasNextPage": true, "endCursor": "1" }));
    assert_eq!(
        dataset["claims"]["nodes"],
        json!([{ "index": 2, "claim": "mean(age) between 40 and 50", "names": [{ "index": 0, "kind": "notarization" }] }])
    );
    assert_eq!(dataset["provenance"]["nodes"], json!([]));
    assert_eq!(got["entries"]["nodes"], json!([{ "index": 2 }, { "index": 1 }, { "index": 0 }]));
    assert_eq!(got["entries"]["pageInfo"], json!({ "hasNextPage": false, "endCursor": "0" }));
    assert_eq!(got["entry"], json!({ "datasets": ["rival/cats"], "relation": null }));
    assert!(got["checkpoint"].as_str().unwrap().starts_with("example.com/served\n3\n"));
    // Every page leads to the next, in both directions.
    for (order, expected) in [("ASCENDING", [0, 1, 2]), ("DESCENDING", [2, 1, 0])] {
        let question = "query($order: Order, $after: String) { entries(first: 1, after: $after, order: $order) { nodes { index } pageInfo { hasNextPage endCursor } } }";
        let (mut after, mut seen) = (Value::Null, Vec::new());
        loop {
            let page = data(client, question, &json!({ "order": order, "after": after }))["entries"].take();
            seen.extend(page["nodes"].as_array().unwrap().iter().map(|node| node["index"].as_u64().unwrap()));
            if page["pageInfo"]["hasNextPage"] == false {
                break;
            }
            after = page["pageInfo"]["endCursor"].clone();
        }
        assert_eq!(seen, expected);
    }
    let next = "{ datasets(after: \"rival/cats\") { nodes { name } } }";
    assert_eq!(data(client, next, &Value::Null)["datasets"]["nodes"], json!([{ "name": "team/patients" }]));
    // It is counted by what came of it.
    send(client, "{ entry(entry: \"9\") { index } }", &Value::Null).expect(200);
    let metrics = String::from_utf8(server.internal("/metrics").bytes).unwrap();
    assert!(metrics.contains("zkl_requests_total{face=\"graphql\",route=\"POST /graphql\",outcome=\"not-found\"} 1"));
}

#[test]
fn provenance_shows_which_dataset_came_from_which_to_whom_may_see_all_of_them() {
    let home = Home::new();
    let parts = ["n\n1\n2\n", "n\n3\n4\n"];
    home.prepare(async |ledger| {
        let ledger = ledger.clone().with_proofs(ProofSetting::Universal);
        let tables = [("team/all", "n\n1\n2\n3\n4\n"), ("team/train", parts[0]), ("rival/test", parts[1])];
        let table = |text: &'static str| Table::bytes(text).format(Format::Csv);
        let mut datasets = Vec::new();
        for (name, text) in tables {
            let notarized = ledger.notarize(table(text).named(name.parse().unwrap())).evidence(EvidenceRequest::Proof);
            datasets.push((notarized.await.unwrap().dataset, text));
        }
        let mut split = ledger.relate(Operation::Split);
        for (dataset, text) in &datasets {
            split = split.table(dataset, table(text));
        }
        split.await.unwrap();
    });
    let (team, everything) = (home.key(&["read:team/*"]), home.everything());
    let server = home.start(Setup::default());
    let question = "query($name: String!) { dataset(name: $name) { provenance { nodes {
        index
        relation { operation columns tables { role dataset version { index datasets } } }
        names { index }
    } } } }";
    let expected = json!([{
        "index": 5,
        "relation": { "operation": "split", "columns": ["n"], "tables": [
            { "role": "whole", "dataset": "team/all", "version": { "index": 2, "datasets": ["team/all"] } },
            { "role": "part_1", "dataset": "team/train", "version": { "index": 3, "datasets": ["team/train"] } },
            { "role": "part_2", "dataset": "rival/test", "version": { "index": 4, "datasets": ["rival/test"] } },
        ] },
        "names": [{ "index": 2 }, { "index": 3 }, { "index": 4 }],
    }]);
    let provenance = |token: &str, name: &str| {
        data(server.client(token), question, &json!({ "name": name }))["dataset"]["provenance"]["nodes"].take()
    };
    // It leads from every table to all others.
    for name in ["team/all", "team/train", "rival/test"] {
        assert_eq!(provenance(&everything, name), expected, "{name}");
    }
    assert_eq!(provenance(&everything, "team/patients"), json!([]));
    assert_eq!(provenance(&team, "team/train"), json!([]));

    let question = "query($name: String!) { dataset(name: $name) { lineage {
        versions { index dataset rows isProved }
        statements { index operation tables { role dataset } }
        links { by }
        isCut
    } } }";
    let lineage = |token: &str| {
        data(server.client(token), question, &json!({ "name": "team/train" }))["dataset"]["lineage"].take()
    };
    let version = |index: u64, dataset: &str, rows: u64| json!({ "index": index, "dataset": dataset, "rows": rows, "isProved": true });
    let table = |role: &str, dataset: &str| json!({ "role": role, "dataset": dataset });
    let expected = json!({
        "versions": [version(2, "team/all", 4), version(3, "team/train", 2), version(4, "rival/test", 2)],
        "statements": [{ "index": 5, "operation": "split", "tables": [
            table("whole", "team/all"), table("part_1", "team/train"), table("part_2", "rival/test"),
        ] }],
        "links": [{ "by": "RELATION" }, { "by": "RELATION" }],
        "isCut": false,
    });
    assert_eq!(lineage(&everything), expected);
    // Who may not see all tables of a relation does not see that there is one.
    let alone = json!({ "versions": [version(3, "team/train", 2)], "statements": [], "links": [], "isCut": false });
    assert_eq!(lineage(&team), alone);
    let page = |token: &str| {
        let page = server.client(token).get("/explore/datasets/team%2Ftrain/lineage").expect(200);
        String::from_utf8(page.bytes).unwrap()
    };
    let shown = page(&everything);
    assert!(shown.contains("└─ team/all, entry 2, 4 rows: split (entry 5, with a proof)"), "{shown}");
    let shown = page(&team);
    assert!(shown.contains("comes from nothing that is recorded") && !shown.contains("team/all"), "{shown}");
}

#[test]
fn keys_are_made_changed_and_revoked_and_the_policy_is_read() {
    let home = Home::new();
    let admin = home.key(&["administer"]);
    let server = home.start(Setup { policy_entries: true, ..Setup::default() });
    let client = server.client(&admin);
    let create = "mutation { createKey(name: \"ci\", grants: [\"read:team/*\"], expiresInDays: 9) { token key { id name grants expiresAt } } }";
    let made = data(client, create, &Value::Null)["createKey"].take();
    let (token, id) = (made["token"].as_str().unwrap(), made["key"]["id"].as_str().unwrap());
    server.client(token).get("/api/v1/datasets/team%2Fpatients").expect(200);
    let update = |arguments: &str| {
        let question = format!(
            "mutation {{ updateKey(id: \"{id}\", {arguments}) {{ key {{ grants expiresAt }} added removed proposed }} }}"
        );
        data(client, &question, &Value::Null)["updateKey"].take()
    };
    let proposed = update("grants: [\"verify\"], propose: true");
    assert_eq!(
        proposed,
        json!({
            "key": { "grants": ["verify"], "expiresAt": made["key"]["expiresAt"] },
            "added": ["verify"], "removed": ["read:team/*"], "proposed": true,
        })
    );
    server.client(token).get("/api/v1/datasets/team%2Fpatients").expect(200);
    assert_eq!(
        update("grants: [\"verify\"], expiresInDays: null")["key"],
        json!({ "grants": ["verify"], "expiresAt": null })
    );
    server.client(token).get("/api/v1/datasets/team%2Fpatients").problem(403, "forbidden");
    let keys = data(client, "{ keys { id grants } }", &Value::Null)["keys"].take();
    assert_eq!(keys[1], json!({ "id": id, "grants": ["verify"] }));
    let policy = data(client, "{ policy { isThis isWhole entries lines } }", &Value::Null)["policy"].take();
    assert_eq!((&policy[0]["isThis"], &policy[0]["entries"]), (&true.into(), &3.into()));
    assert!(policy[0]["lines"].as_array().unwrap().contains(&format!("key {id} may verify").into()), "{policy}");
    let before = data(client, "{ policy(size: 3) { entries } }", &Value::Null)["policy"].take();
    assert_eq!(before, json!([{ "entries": 1 }]));
    let revoked = data(client, &format!("mutation {{ revokeKey(id: \"{id}\") }}"), &Value::Null);
    assert_eq!(revoked["revokeKey"], id);
    server.client(token).get("/api/v1/datasets").problem(401, "unauthenticated");
}

#[test]
fn errors_have_the_types_and_hints_of_rest() {
    let home = Home::new();
    let key = home.everything();
    let server = home.start(Setup::default());
    let client = server.client(&key);
    for (question, expected) in [
        ("{ entry(entry: \"9\") { index } }", "not-found"),
        ("{ entry(entry: \"?\") { index } }", "not-found"),
        ("{ dataset(name: \"..\") { name } }", "invalid-request"),
        ("{ dataset(name: \"team/nothing\") { name } }", "not-found"),
        ("{ entries(first: 201) { nodes { index } } }", "invalid-request"),
        ("{ entries(after: \"x\") { nodes { index } } }", "invalid-request"),
        ("{ nothing }", "invalid-request"),
        ("{", "invalid-request"),
        ("{ operation(id: \"x\") { id } }", "not-found"),
        ("mutation { proveClaim(dataset: \"team/patients\", claim: \"?\") { id } }", "invalid-request"),
        ("subscription { entries { index } }", "invalid-request"),
    ] {
        let answer = send(client, question, &Value::Null).expect(200).json();
        assert_eq!(code(&answer).as_deref(), Some(expected), "{question}: {answer}");
    }
    // What can be answered is answered beside what cannot.
    let answer =
        send(client, "{ dataset(name: \"team/patients\") { name version { index } } checkpoint }", &Value::Null);
    assert!(code(&answer.expect(200).json()).is_none());
    let id = data(
        client,
        "mutation { proveClaim(dataset: \"team/patients\", claim: \"mean(aeg) = 1\") { id } }",
        &Value::Null,
    );
    let path = format!("/api/v1/operations/{}", id["proveClaim"]["id"].as_str().unwrap());
    let rest = client.follow(&path);
    let question = "query($id: String!) { operation(id: $id) { problem { type title detail hint } } }";
    let problem = data(client, question, &json!({ "id": id["proveClaim"]["id"] }))["operation"]["problem"].take();
    for field in ["type", "title", "detail", "hint"] {
        assert_eq!(problem[field], rest["problem"][field], "{field}");
    }
    assert!(problem["detail"].as_str().unwrap().contains("did you mean"), "{problem}");
}
