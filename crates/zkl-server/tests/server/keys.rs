//! Keys: made, shown once, listed, revoked, and gone when their time is over.

use zkl_server::access::{Grant, KeyRing};

use crate::common::{Home, Setup};

#[test]
fn a_key_is_made_shown_once_and_revoked() {
    let home = Home::new();
    let admin = home.key(&["administer"]);
    let server = home.start(Setup::default());
    let client = server.client(&admin);
    let made = client.post("/api/v1/keys", r#"{"name":"ci","grants":["read:team/*","verify"],"expiresInDays":90}"#);
    let made = made.expect(201).json();
    let token = made["token"].as_str().unwrap().to_owned();
    server.client(&token).get("/api/v1/datasets/team%2Fpatients").expect(200);
    let list = client.get("/api/v1/keys").expect(200);
    assert_eq!(list.json()["keys"].as_array().unwrap().len(), 2);
    assert_eq!(list.json()["keys"][1], made["key"]);
    assert!(!String::from_utf8_lossy(&list.bytes).contains(token.rsplit('_').next().unwrap()));
    assert_eq!(list.header("cache-control"), "no-store");
    let path = format!("/api/v1/keys/{}", made["key"]["id"].as_str().unwrap());
    assert_eq!(client.delete(&path).status, 204);
    server.client(&token).get("/api/v1/datasets/team%2Fpatients").problem(401, "unauthenticated");
    client.delete(&path).problem(404, "not-found");
    for body in [
        r#"{"name":"","grants":["verify"]}"#,
        r#"{"name":"x","grants":[]}"#,
        r#"{"name":"x","grants":["read"]}"#,
        r#"{"name":"x","grants":["verify"],"expiresInDays":0}"#,
        r#"{"name":"x","grants":["verify"],"expires":1}"#,
    ] {
        client.post("/api/v1/keys", body).problem(400, "invalid-request");
    }
}

#[test]
fn a_key_that_expired_or_was_revoked_beside_the_server_lets_nobody_in() {
    let home = Home::new();
    home.key(&["administer"]);
    let server = home.start(Setup::default());
    let ring = KeyRing::open(&home.server_dir()).unwrap();
    let grants: Vec<Grant> = vec!["read:*".parse().unwrap()];
    let now = zkl_ledger::types::Timestamp::now().0;
    let (_, over) = ring.create("over", grants.clone(), Some(zkl_ledger::types::Timestamp(now))).unwrap();
    let (key, token) = ring.create("live", grants, None).unwrap();
    let (over, token) = (over.reveal(), token.reveal());
    // The server notices within a second what another process made.
    crate::limits::wait_until(|| server.client(&token).get("/api/v1/datasets").status == 200);
    server.client(&over).get("/api/v1/datasets").problem(401, "unauthenticated");
    ring.revoke(key.id.as_str()).unwrap();
    crate::limits::wait_until(|| server.client(&token).get("/api/v1/datasets").status == 401);
}
