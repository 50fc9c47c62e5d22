//! Operations followed as a stream of events.

use std::io::{BufRead as _, BufReader};

use serde_json::Value;

use crate::common::{CSV, Home, Setup};

const VERSIONS: &str = "/api/v1/datasets/team%2Fpatients/versions?evidence=attestation";

#[test]
fn an_operation_is_followed_until_it_has_ended() {
    let home = Home::new();
    let key = home.everything();
    let server = home.start(Setup::default());
    let accepted = server.client(&key).post(VERSIONS, CSV).expect(202);
    let path = format!("{}/events", accepted.header("location"));
    // The answer ends by itself: it is read to its end.
    let answer = server.client(&key).get(&path).expect(200);
    assert_eq!(answer.header("content-type"), "text/event-stream");
    assert_eq!(answer.header("cache-control"), "no-cache");
    let text = String::from_utf8(answer.bytes).unwrap();
    let events = text.split("\n\n").filter(|event| event.contains("event: operation"));
    let events: Vec<Value> = events
        .map(|event| event.lines().find_map(|line| line.strip_prefix("data: ")).unwrap())
        .map(|data| serde_json::from_str(data).unwrap())
        .collect();
    let last = events.last().unwrap();
    assert_eq!(last["status"], "succeeded", "{text}");
    assert_eq!(*last, server.client(&key).get(accepted.header("location")).json());
    assert!(events.iter().rev().skip(1).all(|event| event["status"] != "succeeded"));
    // What has ended is one event.
    let again = server.client(&key).get(&path).expect(200);
    assert_eq!(String::from_utf8(again.bytes).unwrap().matches("event: operation").count(), 1);
}

/// Whoever follows does not keep a server from stopping, and sees the end.
#[test]
fn a_follower_sees_what_the_stop_of_the_server_makes_of_an_operation() {
    let home = Home::new();
    let key = home.everything();
    let mut setup = Setup::default();
    setup.operations.upload = 64 << 20;
    setup.limits.grace = std::time::Duration::ZERO;
    let server = home.start(setup);
    let rows: String = (0..3_000_000).map(|id| format!("{id}\n")).collect();
    let accepted = server.client(&key).post(VERSIONS, format!("id\n{rows}")).expect(202);
    let url = server.url(&format!("{}/events", accepted.header("location")));
    let answer = ureq::get(url).header("authorization", format!("Bearer {key}")).call().unwrap();
    let mut lines = BufReader::new(answer.into_body().into_reader()).lines();
    assert_eq!(lines.next().unwrap().unwrap(), "event: operation");
    let rest = std::thread::spawn(move || lines.map_while(Result::ok).collect::<Vec<_>>());
    server.stop();
    let rest = rest.join().unwrap();
    let last = rest.iter().rev().find_map(|line| line.strip_prefix("data: ")).unwrap();
    assert!(last.contains("\"status\":\"failed\"") && last.contains("interrupted"), "{last}");
}
