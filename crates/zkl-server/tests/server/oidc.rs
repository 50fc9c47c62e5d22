//! Tokens of an issuer, as clients of each face show them. Each check of a token is tried in `src/access/oidc/tests.rs`.

use std::{fs, time::Duration};

use jsonwebtoken::Algorithm;
use serde_json::Value;
use tonic::Code;
use zkl_server::grpc::proto;

use crate::{
    common::{CSV, Home, Setup, runtime},
    graphql::socket::Socket,
    grpc::{channel, client, refused},
    issuer::{Issuer, now},
    limits::exchange,
};

const VERSIONS: &str = "/api/v1/datasets/team%2Fpatients/versions?evidence=attestation";
const GRANTS: [&str; 2] = ["read:team/*", "write:team/*"];

#[test]
fn whoever_an_issuer_vouches_for_is_known_by_its_name_for_them() {
    let (home, dir) = (Home::new(), tempfile::tempdir().unwrap());
    let (issuer, certificate) = Issuer::start_with_tls(Algorithm::ES256);
    fs::write(dir.path().join("ca.pem"), certificate).unwrap();
    let mut setup = Setup::default();
    setup.operations.per_subject = 1;
    let issuers = issuer.policy(dir.path(), &GRANTS, "ca = \"ca.pem\"");
    let server = home.start_trusting(setup, None, Some(issuers));
    let (alice, bob) = (issuer.token("alice", &GRANTS), issuer.token("bob", &GRANTS));
    let key = [("idempotency-key", "a")];
    let accepted = server.client(&alice).send("POST", VERSIONS, &key, CSV.as_bytes()).expect(202);
    let location = accepted.header("location").to_owned();
    let operation = server.client(&alice).follow(&location);
    assert_eq!((&operation["status"], &operation["by"]), (&"succeeded".into(), &"corp:alice".into()));
    // Another token of the same person is that person; what another person calls a request is another request.
    let again = issuer.signer.sign(&issuer.signer.head(), &issuer.claims("alice", &GRANTS));
    let again = server.client(&again).send("POST", VERSIONS, &key, CSV.as_bytes()).expect(202);
    assert_eq!(again.header("location"), location);
    let other = server.client(&bob).send("POST", VERSIONS, &key, CSV.as_bytes()).expect(202);
    assert_ne!(other.header("location"), location);
    server.client(&bob).follow(other.header("location"));
    let audit = fs::read_to_string(home.server_dir().join("audit.jsonl")).unwrap();
    let accepted: Vec<Value> = audit.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let by: Vec<&str> = accepted.iter().filter_map(|line| line["by"].as_str()).collect();
    assert_eq!(by, ["corp:alice", "corp:bob"]);
    // Neither is the token.
    assert!(!audit.contains(alice.split('.').nth(2).unwrap()));
    let metrics = String::from_utf8(server.internal("/metrics").bytes).unwrap();
    assert!(metrics.contains("zkl_issuer_keys_fetched_total{outcome=\"ok\"} 1\n") && !metrics.contains("alice"));
}

#[test]
fn a_token_that_is_not_good_is_refused_over_every_face() {
    let (home, issuer, dir) = (Home::new(), Issuer::start(Algorithm::EdDSA), tempfile::tempdir().unwrap());
    let server = home.start_trusting(Setup::default(), None, Some(issuer.policy(dir.path(), &GRANTS, "")));
    let stranger = Issuer::start(Algorithm::EdDSA);
    let with = |field: &str, value: Value| {
        let mut claims = issuer.claims("mallory", &GRANTS);
        claims[field] = value;
        issuer.signer.sign(&issuer.signer.head(), &claims)
    };
    for (what, token) in [
        ("replayed after it expired", with("exp", (now() - 3_600).into())),
        ("not good yet", with("nbf", (now() + 3_600).into())),
        ("for another audience", with("aud", "other".into())),
        ("of another issuer", stranger.token("mallory", &GRANTS)),
        (
            "of another issuer in this one's name",
            stranger.signer.sign(&issuer.signer.head(), &issuer.claims("x", &GRANTS)),
        ),
        ("too long", with("more", "x".repeat(17_000).into())),
    ] {
        server.client(&token).get("/api/v1/datasets").problem(401, "unauthenticated");
        runtime().block_on(async {
            let answer = client(&channel(&server), &token).list_datasets(proto::ListDatasetsRequest::default()).await;
            refused(answer, Code::Unauthenticated, "UNAUTHENTICATED");
        });
        let mut socket = Socket::begin(&server, &token);
        assert!(socket.receive().is_none() && socket.closed.is_some(), "{what}");
    }
    // Nor is a good one beside another one.
    let good = issuer.token("alice", &GRANTS);
    server.client(&good).get("/api/v1/datasets").expect(200);
    let two = format!(
        "GET /api/v1/datasets HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {good}\r\nauthorization: Bearer {good}\r\nconnection: close\r\n\r\n"
    );
    exchange(&server, two.as_bytes()).problem(401, "unauthenticated");
    // A token without rules proves who somebody is, and gives nothing.
    let nobody = issuer.token("bob", &["administer", "read:*"]);
    server.client(&nobody).get("/api/v1/datasets").problem(403, "forbidden");
    server.client(&nobody).get("/api/v1/keys").problem(403, "forbidden");
}

#[test]
fn a_server_without_issuers_takes_no_tokens() {
    let (home, issuer) = (Home::new(), Issuer::start(Algorithm::EdDSA));
    let server = home.start(Setup::default());
    server.client(&issuer.token("alice", &GRANTS)).get("/api/v1/datasets").problem(401, "unauthenticated");
    assert_eq!(issuer.asked(), 0);
}

#[test]
fn an_issuer_that_does_not_answer_is_no_reason_to_send_people_away() {
    let (home, issuer, dir) = (Home::new(), Issuer::start(Algorithm::ES256), tempfile::tempdir().unwrap());
    let key = home.key(&["read:team/*"]);
    let server = home.start_trusting(Setup::default(), None, Some(issuer.policy(dir.path(), &GRANTS, "")));
    issuer.forget();
    let answer = server.client(&issuer.token("alice", &GRANTS)).get("/api/v1/datasets");
    assert!(answer.header("retry-after").parse::<u32>().is_ok());
    let problem = answer.problem(503, "unavailable");
    // What is wrong with the issuer is for the operator.
    assert!(!problem.to_string().contains("127.0.0.1"), "{problem}");
    server.client(&key).get("/api/v1/datasets").expect(200);
}

/// A stream that was opened with a token ends with it.
#[test]
fn an_expired_token_watches_nothing_any_more() {
    let (home, issuer, dir) = (Home::new(), Issuer::start(Algorithm::ES256), tempfile::tempdir().unwrap());
    let issuers = issuer.policy(dir.path(), &GRANTS, "leeway_seconds = 0");
    let server = home.start_trusting(Setup::default(), None, Some(issuers));
    let mut claims = issuer.claims("alice", &GRANTS);
    claims["exp"] = (now() + 4).into();
    let token = issuer.signer.sign(&issuer.signer.head(), &claims);
    runtime().block_on(async {
        let mut reader = client(&channel(&server), &token);
        let mut entries = reader.watch_entries(proto::WatchEntriesRequest::default()).await.unwrap().into_inner();
        let ended = tokio::time::timeout(Duration::from_secs(60), entries.message()).await.unwrap();
        refused(ended, Code::Unauthenticated, "UNAUTHENTICATED");
        let again = reader.watch_entries(proto::WatchEntriesRequest::default()).await;
        refused(again, Code::Unauthenticated, "UNAUTHENTICATED");
    });
}
