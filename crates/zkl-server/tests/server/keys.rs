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
fn a_key_is_changed_and_its_holder_goes_on_with_the_same_token() {
    let home = Home::new();
    let (admin, reader) = (home.key(&["administer"]), home.key(&["read:team/*", "verify"]));
    let server = home.start(Setup::default());
    let client = server.client(&admin);
    let path = format!("/api/v1/keys/{}", reader.split('_').nth(1).unwrap());
    let body = r#"{"grants":["verify","read:rival/*"],"expiresInDays":30}"#;
    let (patients, cats) = ("/api/v1/datasets/team%2Fpatients", "/api/v1/datasets/rival%2Fcats");
    // Whoever asks first sees what would come of it.
    let proposed = client.patch(&format!("{path}?propose=true"), body).expect(200).json();
    assert_eq!((&proposed["added"][0], &proposed["removed"][0]), (&"read:rival/*".into(), &"read:team/*".into()));
    assert_eq!(proposed["proposed"], true);
    assert_eq!(client.get("/api/v1/keys").expect(200).json()["keys"][1]["grants"][0], "read:team/*");
    server.client(&reader).get(patients).expect(200);
    let updated = client.patch(&path, body).expect(200);
    assert_eq!(updated.header("cache-control"), "no-store");
    let updated = updated.json();
    assert_eq!((&updated["proposed"], &updated["added"]), (&false.into(), &proposed["added"]));
    assert_eq!(updated["key"]["grants"], serde_json::json!(["verify", "read:rival/*"]));
    assert_eq!(client.get("/api/v1/keys").expect(200).json()["keys"][1], updated["key"]);
    server.client(&reader).get(cats).expect(200);
    server.client(&reader).get(patients).problem(403, "forbidden");
    // What is not named stays.
    let forever = client.patch(&path, r#"{"expiresInDays":null}"#).expect(200).json();
    assert_eq!((forever["key"].get("expiresAt"), &forever["key"]["grants"]), (None, &updated["key"]["grants"]));
    let nothing = client.patch(&path, "{}").expect(200).json();
    assert_eq!((&nothing["key"], &nothing["added"]), (&forever["key"], &serde_json::json!([])));
    for body in [
        r#"{"grants":[]}"#,
        r#"{"grants":["read"]}"#,
        r#"{"grants":"verify"}"#,
        r#"{"expiresInDays":0}"#,
        r#"{"expiresInDays":3651}"#,
        r#"{"name":"x"}"#,
        "[]",
    ] {
        client.patch(&path, body).problem(400, "invalid-request");
    }
    client.patch(&format!("{path}?propose=maybe"), "{}").problem(400, "invalid-request");
    client.patch("/api/v1/keys/0000000000000000", "{}").problem(404, "not-found");
}

/// The command line beside the server does the same.
#[test]
fn the_command_line_changes_a_key() {
    let home = Home::new();
    let reader = home.key(&["read:team/*"]);
    let id = reader.split('_').nth(1).unwrap();
    let run = |args: &[&str]| {
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_zkl-server"))
            .args(["key", "update", id, "--ledger"])
            .arg(home.ledger())
            .args(args)
            .output()
            .unwrap();
        (output.status.success(), String::from_utf8(output.stdout).unwrap())
    };
    let (done, said) = run(&["--grant", "verify", "--expires-in-days", "2"]);
    assert!(done && said.contains(&format!("{id}  test  verify  expires 2")), "{said}");
    assert_eq!(run(&["--never-expires"]), (true, format!("{id}  test  verify  expires never\n")));
    assert!(!run(&[]).0);
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
