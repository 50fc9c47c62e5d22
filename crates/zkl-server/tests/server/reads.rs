//! Reading: pages, caching, receipts, and the log as other programs read it.

use zkl_ledger::{
    Trust,
    export::ExportDir,
    transparency::{checkpoint::SignedCheckpoint, note::NoteVerifier},
    verify,
};
use zkl_server::access::Access;

use crate::common::{CSV, Home, Setup};

#[test]
fn entries_are_the_same_by_index_and_by_id_and_never_change() {
    let home = Home::new();
    let key = home.key(&["read:*"]);
    let server = home.start(Setup::default());
    let client = server.client(&key);
    let by_index = client.get("/api/v1/entries/0").expect(200);
    let entry = by_index.json();
    assert_eq!((entry["kind"].as_str(), entry["datasets"][0].as_str()), (Some("notarization"), Some("team/patients")));
    assert!(entry["recordedAt"].as_str().unwrap().ends_with('Z'));
    let by_id = client.get(&format!("/api/v1/entries/{}", entry["id"].as_str().unwrap())).expect(200);
    assert_eq!(by_id.bytes, by_index.bytes);
    let tag = by_index.header("etag").to_owned();
    assert_eq!(by_index.header("cache-control"), "private, max-age=31536000, immutable");
    assert_eq!(by_index.header("vary"), "authorization");
    for given in [tag.clone(), format!("W/{tag}"), format!("\"other\", {tag}"), "*".to_owned()] {
        let again = client.send("GET", "/api/v1/entries/0", &[("if-none-match", &given)], b"");
        assert_eq!((again.status, again.bytes.len()), (304, 0), "{given}");
        assert_eq!(again.header("etag"), tag);
    }
    client.send("GET", "/api/v1/entries/0", &[("if-none-match", "\"other\"")], b"").expect(200);
    for path in ["/api/v1/entries/2", "/api/v1/entries/99999999999999999999", "/api/v1/entries/x", "/api/v1/entries/-1"]
    {
        client.get(path).problem(404, "not-found");
    }
}

#[test]
fn pages_follow_one_another_and_lose_nothing() {
    let home = Home::new();
    let key = home.everything();
    let server = home.start(Setup::default());
    let client = server.client(&key);
    for _ in 0..5 {
        let accepted = client.post("/api/v1/datasets/team%2Fpatients/versions?evidence=attestation", CSV).expect(202);
        assert_eq!(client.follow(accepted.header("location"))["status"], "succeeded");
    }
    for (path, count) in [("/api/v1/entries", 7), ("/api/v1/datasets/team%2Fpatients/entries", 6)] {
        for order in ["asc", "desc"] {
            let mut seen = Vec::new();
            let mut next = String::new();
            loop {
                let page = client.get(&format!("{path}?limit=2&order={order}{next}")).expect(200).json();
                let entries = page["entries"].as_array().unwrap();
                assert!(entries.len() <= 2);
                seen.extend(entries.iter().map(|entry| entry["index"].as_u64().unwrap()));
                match page["next"].as_u64() {
                    Some(cursor) => next = format!("&cursor={cursor}"),
                    None => break,
                }
            }
            assert_eq!(seen.len(), count, "{path} {order}");
            assert!(seen.is_sorted_by(|a, b| if order == "asc" { a < b } else { a > b }), "{seen:?}");
        }
    }
    let claims = client.get("/api/v1/entries?kind=claim").expect(200).json();
    assert_eq!(claims["entries"].as_array().unwrap().len(), 0);
    let dataset = client.get("/api/v1/datasets/team%2Fpatients").expect(200).json();
    assert_eq!((dataset["latest"].as_u64(), dataset["version"]["index"].as_u64()), (Some(6), Some(6)));
    let list = client.get("/api/v1/datasets?limit=1").expect(200).json();
    assert_eq!(list["datasets"][0]["name"], "rival/cats");
    let rest = client.get("/api/v1/datasets?cursor=rival%2Fcats").expect(200).json();
    assert_eq!(
        (rest["datasets"][0]["name"].as_str(), rest["datasets"][0]["entries"].as_u64()),
        (Some("team/patients"), Some(6))
    );
    assert!(rest.get("next").is_none());
    for query in
        ["limit=0", "limit=201", "limit=x", "limit=1&limit=2", "order=up", "cursor=x", "kind=UPPER", "kinds=claim"]
    {
        client.get(&format!("/api/v1/entries?{query}")).problem(400, "invalid-request");
    }
}

#[test]
fn a_receipt_verifies_offline_and_by_the_server() {
    let home = Home::new();
    let key = home.key(&["read:*", "verify"]);
    let server = home.start(Setup::default());
    let client = server.client(&key);
    let log: NoteVerifier =
        String::from_utf8(client.get("/log/log.key").expect(200).bytes).unwrap().trim().parse().unwrap();
    let receipt = client.get("/api/v1/entries/0/receipt").expect(200);
    assert_eq!(receipt.header("cache-control"), "private, no-cache");
    let verified = verify(&receipt.bytes, &Trust::default().with_log(log)).unwrap();
    assert!(verified.verdict().is_valid());
    let answer = client.post("/api/v1/verify", &receipt.bytes).expect(200).json();
    assert_eq!(answer["valid"], true, "{answer}");
    assert_eq!(answer["receipt"]["log"]["pinned"], true);
    client.post("/api/v1/verify", "").problem(400, "invalid-request");
    // One changed byte of the entry's envelope.
    let mut other = receipt.bytes.clone();
    let place = other.len() / 2;
    other[place] ^= 1;
    let answer = client.post("/api/v1/verify", &other).expect(200).json();
    assert_eq!(answer["valid"], false);
    assert!(answer["reason"].is_string() && answer.get("receipt").is_none());
    // A receipt of another log is not this ledger's.
    let elsewhere = Home::new();
    let foreign_key = elsewhere.key(&["read:*"]);
    let foreign_server = elsewhere.start(Setup::default());
    let foreign = foreign_server.client(&foreign_key).get("/api/v1/entries/0/receipt").expect(200).bytes;
    assert_eq!(client.post("/api/v1/verify", &foreign).expect(200).json()["valid"], false);
}

/// What the server publishes, written to files, is an export: the project's own auditor reads it with nothing else.
#[test]
fn the_published_log_is_one_that_an_auditor_reads() {
    let home = Home::new();
    let server = home.start(Setup { access: Access { public_log: true, public_verify: false }, ..Setup::default() });
    let client = server.anonymous();
    let dir = tempfile::tempdir().unwrap();
    let fetch = |path: &str| {
        let file = client.get(&format!("/log/{path}")).expect(200);
        let place = dir.path().join(path);
        std::fs::create_dir_all(place.parent().unwrap()).unwrap();
        std::fs::write(place, &file.bytes).unwrap();
        file
    };
    let log: NoteVerifier = String::from_utf8(fetch("log.key").bytes).unwrap().trim().parse().unwrap();
    let checkpoint = fetch("checkpoint");
    assert_eq!(checkpoint.header("cache-control"), "private, no-cache");
    assert_eq!(client.get("/api/v1/checkpoint").expect(200).bytes, checkpoint.bytes);
    let opened = SignedCheckpoint::parse(&checkpoint.bytes).unwrap().open(&log).unwrap();
    assert_eq!(opened.size().0, 2);
    let tile = fetch("tile/0/000.p/2");
    assert_eq!(tile.header("cache-control"), "private, max-age=31536000, immutable");
    assert_eq!(tile.header("content-type"), "application/octet-stream");
    assert_eq!(client.get("/log/tile/0/000.p/1").expect(200).bytes, tile.bytes[..32]);
    fetch("tile/entries/000.p/2");
    for index in 0..2 {
        let entry = client.get(&format!("/api/v1/entries/{index}")).expect(200).json();
        fetch(&format!("blob/{}", entry["predicate"]["manifest"].as_str().unwrap()));
    }
    let report = tokio::runtime::Runtime::new()
        .unwrap()
        .block_on(async { ExportDir::open(dir.path()).unwrap().fsck(&log, &[], &()).await.unwrap() });
    assert!(report.is_sound(), "{:?}", report.findings);
}

#[test]
fn tricks_in_paths_and_names_find_nothing() {
    let home = Home::new();
    let key = home.everything();
    let server = home.start(Setup::default());
    for name in [
        "..%2F..%2Fetc",
        "%2e%2e%2fserver",
        ".hidden",
        "team%2F",
        "%2Fteam",
        "a%00b",
        "a%0Ab",
        "a%2F%2Fb",
        "%FF",
        "a%252Fb",
        "caf%C3%A9",
        &"x".repeat(129),
    ] {
        for (method, rest, body) in
            [("GET", "", ""), ("GET", "/entries", ""), ("POST", "/versions", CSV), ("POST", "/claims", "{}")]
        {
            let path = format!("/api/v1/datasets/{name}{rest}");
            raw(&server, method, &path, &key, body).problem(400, "invalid-request");
        }
    }
    for path in [
        "/log/../keys.json",
        "/log/%2e%2e/server/keys.json",
        "/log/..%2Fserver%2Fkeys.json",
        "/log//checkpoint",
        "/log/./checkpoint",
        "/log/ledger.key",
        "/log/tile/8/000",
        "/log/tile/0/000.p/0",
        "/log/tile/0/000.p/3",
        "/log/tile/0/x000/000",
        "/log/blob/00",
        "/log/%00",
        "/api",
        "/api/v1",
        "/api/v1/../v1/keys",
        "/API/v1/keys",
        "//livez",
    ] {
        let status = raw(&server, "GET", path, &key, "").problem(404, "not-found")["status"].clone();
        assert_eq!(status, 404, "{path}");
    }
    server.client(&key).send("DELETE", "/api/v1/datasets", &[], b"").problem(405, "method-not-allowed");
}

/// A request whose path nobody tidies up on the way.
fn raw(server: &crate::common::Server, method: &str, path: &str, token: &str, body: &str) -> crate::common::Answer {
    let head = format!(
        "{method} {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    );
    crate::limits::exchange(server, head.as_bytes())
}
