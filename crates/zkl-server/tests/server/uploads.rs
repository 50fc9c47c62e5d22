//! Uploads that go on where they broke off (tus 1.0).

use std::{io::Write as _, net::TcpStream, process::Stdio};

use serde_json::json;

use crate::{
    common::{Answer, CSV, Client, Home, Setup},
    limits::wait_until,
    restart::run_with,
};

const UPLOADS: &str = "/api/v1/datasets/team%2Fpatients/uploads?evidence=attestation";
const TUS: (&str, &str) = ("tus-resumable", "1.0.0");
const PART: (&str, &str) = ("content-type", "application/offset+octet-stream");

/// Begins an upload, and says where its bytes go.
fn create(client: Client<'_>, length: usize) -> String {
    let length = length.to_string();
    let created = client.send("POST", UPLOADS, &[TUS, ("upload-length", &length)], b"").expect(201);
    assert_eq!((created.header("tus-resumable"), created.header("upload-offset")), ("1.0.0", "0"));
    assert!(created.header("upload-expires").ends_with(" GMT"), "{}", created.header("upload-expires"));
    created.header("location").to_owned()
}

fn append(client: Client<'_>, place: &str, offset: usize, bytes: &[u8]) -> Answer {
    client.send("PATCH", place, &[TUS, PART, ("upload-offset", &offset.to_string())], bytes)
}

fn offset(client: Client<'_>, place: &str) -> usize {
    let answer = client.send("HEAD", place, &[TUS], b"").expect(200);
    assert_eq!(answer.header("cache-control"), "no-store");
    answer.header("upload-offset").parse().unwrap()
}

#[test]
fn a_table_comes_in_parts_and_is_notarized_once() {
    let home = Home::new();
    let key = home.everything();
    let server = home.start(Setup::default());
    let client = server.client(&key);
    let spoken = client.send("OPTIONS", "/api/v1/uploads", &[], b"").expect(204);
    assert_eq!(spoken.header("tus-extension"), "creation,expiration,termination");
    assert_eq!((spoken.header("tus-version"), spoken.header("tus-max-size")), ("1.0.0", "1048576"));

    let place = create(client, CSV.len());
    let finish = format!("{place}/finish");
    assert_eq!(append(client, &place, 0, &CSV.as_bytes()[..10]).expect(204).header("upload-offset"), "10");
    assert_eq!(offset(client, &place), 10);
    let gap = append(client, &place, 12, b"x").problem(409, "conflict");
    assert!(gap["detail"].as_str().unwrap().contains("goes on at 10"), "{gap}");
    append(client, &place, 0, b"x").problem(409, "conflict");
    let incomplete = client.post(&finish, "").problem(409, "conflict");
    assert_eq!(incomplete["detail"], format!("10 of {} bytes are there", CSV.len()));
    append(client, &place, 10, &vec![b'x'; CSV.len()]).problem(413, "too-large");
    // Nothing of that is a part of it.
    assert_eq!(offset(client, &place), 10);
    assert_eq!(
        append(client, &place, 10, &CSV.as_bytes()[10..]).expect(204).header("upload-offset"),
        CSV.len().to_string()
    );
    let accepted = client.post(&finish, "").expect(202);
    let location = accepted.header("location").to_owned();
    let operation = client.follow(&location);
    assert_eq!((&operation["status"], &operation["dataset"]), (&json!("succeeded"), &json!("team/patients")));
    // Whoever missed the answer asks again, and nothing is done twice.
    assert_eq!(client.post(&finish, "").expect(202).header("location"), location);
    assert_eq!(client.get("/api/v1/datasets/team%2Fpatients/entries").expect(200).json()["entries"][1]["index"], 0);
    assert_eq!(client.send("HEAD", &place, &[TUS], b"").status, 404);
    assert_eq!(std::fs::read_dir(home.server_dir().join("resumable")).unwrap().count(), 0);

    let other = create(client, 5);
    client.send("DELETE", &other, &[TUS], b"").expect(204);
    append(client, &other, 0, b"x").problem(404, "not-found");
}

#[test]
fn what_is_no_request_of_the_protocol_is_refused() {
    let home = Home::new();
    let key = home.everything();
    let server = home.start(Setup::default());
    let client = server.client(&key);
    let place = create(client, 5);
    for version in [&[][..], &[("tus-resumable", "0.2.2")], &[TUS, TUS]] {
        let refused = client.send("PATCH", &place, version, b"");
        assert_eq!(refused.header("tus-version"), "1.0.0");
        refused.problem(412, "precondition-failed");
    }
    for length in ["", "-1", "+1", "1e3", "18446744073709551616", "5, 5"] {
        client.send("POST", UPLOADS, &[TUS, ("upload-length", length)], b"").problem(400, "invalid-request");
    }
    client.send("POST", UPLOADS, &[TUS, ("upload-defer-length", "1")], b"").problem(400, "invalid-request");
    client.send("POST", UPLOADS, &[TUS, ("upload-length", "1048577")], b"").problem(413, "too-large");
    let typed = [TUS, ("content-type", "text/csv"), ("upload-offset", "0")];
    client.send("PATCH", &place, &typed, b"x").problem(415, "unsupported-media-type");
    let coded = [TUS, PART, ("upload-offset", "0"), ("content-encoding", "gzip")];
    client.send("PATCH", &place, &coded, b"x").problem(415, "unsupported-media-type");
    client.send("PATCH", &place, &[TUS, PART], b"x").problem(400, "invalid-request");
    client
        .send("PATCH", "/api/v1/uploads/..%2Fkeys.json", &[TUS, PART, ("upload-offset", "0")], b"x")
        .problem(404, "not-found");
    assert_eq!(offset(client, &place), 0);
    // The same request under the same key is the same upload.
    let keyed =
        |length: &str| client.send("POST", UPLOADS, &[TUS, ("upload-length", length), ("idempotency-key", "k")], b"");
    let first = keyed("7").expect(201).header("location").to_owned();
    append(client, &first, 0, b"abc").expect(204);
    let again = keyed("7").expect(201);
    assert_eq!((again.header("location"), again.header("upload-offset")), (first.as_str(), "3"));
    keyed("8").problem(422, "idempotency-mismatch");
}

#[test]
fn an_upload_is_for_whoever_began_it_as_long_as_they_may_write() {
    let home = Home::new();
    let (admin, theirs, others) = (home.everything(), home.key(&["write:team/*"]), home.key(&["write:team/*"]));
    let server = home.start(Setup::default());
    let place = create(server.client(&theirs), CSV.len());
    let finish = format!("{place}/finish");
    append(server.client(&theirs), &place, 0, CSV.as_bytes()).expect(204);
    for token in [&others, &admin] {
        let client = server.client(token);
        assert_eq!(client.send("HEAD", &place, &[TUS], b"").status, 404);
        append(client, &place, CSV.len(), b"").problem(404, "not-found");
        client.send("DELETE", &place, &[TUS], b"").problem(404, "not-found");
        client.post(&finish, "").problem(404, "not-found");
    }
    let key = format!("/api/v1/keys/{}", theirs.split('_').nth(1).unwrap());
    server.client(&admin).patch(&key, r#"{"grants":["write:rival/*"]}"#).expect(200);
    server.client(&theirs).post(&finish, "").problem(404, "not-found");
    server.client(&admin).patch(&key, r#"{"grants":["write:team/*"]}"#).expect(200);
    let accepted = server.client(&theirs).post(&finish, "").expect(202);
    server.client(&theirs).follow(accepted.header("location"));
    server.client(&others).post(&finish, "").problem(404, "not-found");
}

/// Sends the head of a part and fewer bytes than it announces, and goes away.
fn cut(address: &str, token: &str, place: &str, at: usize, bytes: &[u8]) {
    let mut stream = TcpStream::connect(address).unwrap();
    let head = format!(
        "PATCH {place} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\ntus-resumable: 1.0.0\r\ncontent-type: \
         application/offset+octet-stream\r\nupload-offset: {at}\r\ncontent-length: {}\r\n\r\n",
        CSV.len() - at
    );
    stream.write_all(&[head.as_bytes(), bytes].concat()).unwrap();
    drop(stream);
}

#[test]
fn what_came_before_a_connection_broke_off_is_kept_also_over_a_restart() {
    let home = Home::new();
    let key = home.everything();
    let server = home.start(Setup::default());
    let place = create(server.client(&key), CSV.len());
    cut(&server.address.to_string(), &key, &place, 0, &CSV.as_bytes()[..7]);
    wait_until(|| offset(server.client(&key), &place) == 7);
    server.stop();
    let server = home.start(Setup::default());
    assert_eq!(offset(server.client(&key), &place), 7);
    // Nobody waits for whoever is gone.
    wait_until(|| append(server.client(&key), &place, 7, &CSV.as_bytes()[7..]).status == 204);
    let accepted = server.client(&key).post(&format!("{place}/finish"), "").expect(202);
    assert_eq!(server.client(&key).follow(accepted.header("location"))["status"], "succeeded");
}

/// The program, killed between the parts of an upload.
#[test]
fn a_server_that_is_killed_has_every_byte_that_it_acknowledged() {
    let home = Home::new();
    let key = home.everything();
    let (mut program, address) = run_with(&home, &["--no-policy-entries"], Stdio::null());
    let request = |method: &str, path: &str, headers: &[(&str, String)], body: &[u8]| {
        let agent = ureq::Agent::new_with_config(ureq::Agent::config_builder().http_status_as_error(false).build());
        let mut request = ureq::http::Request::builder().method(method).uri(format!("http://{address}{path}"));
        request = request.header("authorization", format!("Bearer {key}")).header(TUS.0, TUS.1);
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        agent.run(request.body(body).unwrap()).unwrap()
    };
    let length = CSV.len().to_string();
    let created = request("POST", UPLOADS, &[("upload-length", length)], b"");
    let place = created.headers()["location"].to_str().unwrap().to_owned();
    for (at, part) in CSV.as_bytes().chunks(5).enumerate().take(3) {
        let headers = [(PART.0, PART.1.to_owned()), ("upload-offset", (at * 5).to_string())];
        assert_eq!(request("PATCH", &place, &headers, part).status().as_u16(), 204);
    }
    program.kill().unwrap();
    program.wait().unwrap();
    let server = home.start(Setup::default());
    assert_eq!(offset(server.client(&key), &place), 15);
    append(server.client(&key), &place, 15, &CSV.as_bytes()[15..]).expect(204);
    let accepted = server.client(&key).post(&format!("{place}/finish"), "").expect(202);
    assert_eq!(server.client(&key).follow(accepted.header("location"))["status"], "succeeded");
}
