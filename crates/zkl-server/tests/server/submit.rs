//! Notarizing and proving through the server.

use zkl_ledger::{Trust, receipt::VerifiedStatement, types::ColumnLayout, verify};

use crate::common::{CSV, Home, Setup};

const VERSIONS: &str = "/api/v1/datasets/team%2Fpatients/versions";
const CLAIMS: &str = "/api/v1/datasets/team%2Fpatients/claims";

/// The words of the command line, over REST and gRPC: one parser reads them.
#[test]
fn how_a_table_is_read_is_said_as_on_the_command_line() {
    let home = Home::new();
    let key = home.everything();
    let server = home.start(Setup::default());
    let client = server.client(&key);
    let table = "written by a machine\nwhen;weight;code\n1/2/2024;1,25;007\n2/2/2024;?;012\n";
    let versions = "/api/v1/datasets/team%2Fread/versions?evidence=attestation";
    let said = "&skip=1&delimiter=%3B&decimal=,&dates=dmy&null=%3F&column=code=text&round=weight=1&input_format=csv";
    let columns = |operation: &serde_json::Value| {
        assert_eq!(operation["status"], "succeeded", "{operation}");
        let receipt = client.get(&format!("/api/v1/entries/{}/receipt", operation["entry"]["index"])).expect(200).bytes;
        let verified = verify(&receipt, &Trust::default()).unwrap();
        let VerifiedStatement::Notarization { layout, .. } = &verified.subject().unwrap().statement else {
            panic!("another kind")
        };
        let in_words = |column: &ColumnLayout| format!("{} {} {}", column.name, column.ty, column.nullable);
        layout.columns().iter().map(in_words).collect::<Vec<_>>()
    };
    let accepted = client.post(&format!("{versions}{said}"), table).expect(202);
    let read = columns(&client.follow(accepted.header("location")));
    assert_eq!(read, ["when date false", "weight decimal(1) true", "code text false"]);
    for (wrong, why) in [
        ("&column=code", "NAME=TYPE"),
        ("&column=code=string", "NAME=TYPE"),
        ("&round=weight=19", "digits from 0 to 18"),
        ("&delimiter=ab", "one ASCII character"),
        ("&decimal=;", ". or ,"),
        ("&dates=ymd", "dmy or mdy"),
        ("&header=no", "true or false"),
        ("&input_format=csv&input_format=json", "said twice"),
        ("&compression=gzip", "there is no parameter"),
    ] {
        let problem = client.post(&format!("{versions}{wrong}"), table).problem(400, "invalid-request");
        assert!(problem["detail"].as_str().unwrap().contains(why), "{problem}");
    }
    crate::common::runtime().block_on(async {
        use zkl_server::grpc::proto::{NotarizeRequest, Reading, notarize_request::Part};
        let mut grpc = crate::grpc::client(&crate::grpc::channel(&server), &key);
        let mut parts: Vec<NotarizeRequest> = crate::grpc::upload("team/read", table).collect();
        let Some(Part::Options(options)) = &mut parts[0].part else { panic!("options come first") };
        let text = |text: &str| Some(text.to_owned());
        options.reading = Some(Reading {
            skip: Some(1),
            delimiter: text(";"),
            decimal: text(","),
            dates: text("dmy"),
            nulls: vec!["?".to_owned()],
            columns: vec!["code=text".to_owned()],
            round: vec!["weight=1".to_owned()],
            input_format: text("csv"),
            ..Reading::default()
        });
        let operation = grpc.notarize(futures::stream::iter(parts.clone())).await.unwrap().into_inner();
        let again = client.follow(&format!("/api/v1/operations/{}", operation.id));
        assert_eq!(columns(&again), read);
        let Some(Part::Options(options)) = &mut parts[0].part else { panic!("options come first") };
        options.reading.as_mut().unwrap().quote = text("ab");
        let wrong = grpc.notarize(futures::stream::iter(parts)).await;
        crate::grpc::refused(wrong, tonic::Code::InvalidArgument, "INVALID_REQUEST");
    });
}

#[test]
fn a_table_is_notarized_and_a_claim_about_it_proved() {
    let home = Home::new();
    let key = home.everything();
    let server = home.start(Setup::default());
    let client = server.client(&key);
    let accepted = client.post(&format!("{VERSIONS}?evidence=attestation&privacy=public&joint=smokes,smokes"), CSV);
    let accepted = accepted.expect(202);
    let operation = accepted.json();
    assert_eq!((operation["work"].as_str(), operation["dataset"].as_str()), (Some("notarize"), Some("team/patients")));
    let notarized = client.follow(accepted.header("location"));
    assert_eq!(notarized["status"], "failed", "a column is no pair with itself: {notarized}");
    let accepted = client.post(&format!("{VERSIONS}?evidence=attestation&privacy=public"), CSV).expect(202);
    let notarized = client.follow(accepted.header("location"));
    assert_eq!(notarized["status"], "succeeded", "{notarized}");
    assert!(notarized["endedAt"].as_str().unwrap() >= notarized["acceptedAt"].as_str().unwrap());
    let entry =
        client.get(&format!("/api/v1/entries/{}", notarized["entry"]["id"].as_str().unwrap())).expect(200).json();
    assert_eq!(entry["index"], notarized["entry"]["index"]);
    assert_eq!(entry["predicate"]["privacy"], "public");
    let claim = r#"{"claim":"mean(age) between 40 and 50"}"#;
    let accepted = client.post(CLAIMS, claim).expect(202);
    let proved = client.follow(accepted.header("location"));
    assert_eq!(proved["status"], "succeeded", "{proved}");
    let path = format!("/api/v1/entries/{}", proved["entry"]["index"]);
    let entry = client.get(&path).expect(200).json();
    assert_eq!(entry["claim"], "mean(age) between 40 and 50");
    let receipt = client.get(&format!("{path}/receipt")).expect(200).bytes;
    // With dev keys: every check passes, and the verdict says what that is worth.
    let verdict = client.post("/api/v1/verify", &receipt).expect(200).json();
    assert_eq!((verdict["valid"].as_bool(), verdict["receipt"]["verdict"].as_str()), (Some(false), Some("forgeable")));
    assert!(verify(&receipt, &Trust::default()).is_ok());
    // A false claim fails with a code of its own, and nothing is recorded.
    let accepted = client.post(CLAIMS, r#"{"claim":"mean(age) between 1 and 2"}"#).expect(202);
    let refused = client.follow(accepted.header("location"));
    assert_eq!(refused["status"], "failed");
    assert_eq!(refused["problem"]["type"], "urn:zkp-dataset-ledger:problem:false-claim");
    let history = client.get("/api/v1/datasets/team%2Fpatients/entries").expect(200).json();
    assert_eq!(history["entries"].as_array().unwrap().len(), 3);
    // The newest first.
    let operations = client.get("/api/v1/operations?limit=3").expect(200).json();
    let works: Vec<_> =
        operations["operations"].as_array().unwrap().iter().map(|o| o["work"].as_str().unwrap()).collect();
    assert_eq!(works, ["prove", "prove", "notarize"]);
    let cursor = operations["next"].as_str().unwrap();
    let rest = client.get(&format!("/api/v1/operations?limit=3&cursor={cursor}")).expect(200).json();
    assert_eq!(rest["operations"].as_array().unwrap().len(), 1);
}

#[test]
fn what_cannot_be_done_is_said_before_it_is_accepted_or_in_the_outcome() {
    let home = Home::new();
    let key = home.everything();
    let server = home.start(Setup::default());
    let client = server.client(&key);
    for body in ["", "{", "[]", "{}", r#"{"claim":1}"#, r#"{"claim":"mean("}"#, r#"{"claim":"rows >= 1","other":1}"#] {
        client.post(CLAIMS, body).problem(400, "invalid-request");
    }
    for query in
        ["evidence=none", "privacy=secret", "joint=a", "joint=,b", "jiont=a,b", "evidence=proof&evidence=proof"]
    {
        client.post(&format!("{VERSIONS}?{query}"), CSV).problem(400, "invalid-request");
    }
    client.post("/api/v1/datasets/nothing/claims", r#"{"claim":"rows >= 1"}"#).problem(404, "not-found");
    client.post(CLAIMS, r#"{"claim":"rows >= 1","version":"77"}"#).problem(404, "not-found");
    // The version of another dataset.
    client.post(CLAIMS, r#"{"claim":"rows >= 1","version":"1"}"#).problem(400, "invalid-request");
    let accepted = client.post(&format!("{VERSIONS}?evidence=attestation"), "age\n1\nSECRET\n2,3\n").expect(202);
    let failed = client.follow(accepted.header("location"));
    assert_eq!(failed["status"], "failed");
    assert_eq!(failed["problem"]["type"], "urn:zkp-dataset-ledger:problem:invalid-request");
    let detail = failed["problem"]["detail"].as_str().unwrap();
    assert!(detail.starts_with("upload") && !detail.contains("SECRET"), "{detail}");
    let operations = client.get("/api/v1/operations").expect(200).json();
    assert_eq!(operations["operations"].as_array().unwrap().len(), 1);
}

#[test]
fn a_repeated_request_is_carried_out_once() {
    let home = Home::new();
    let (key, other) = (home.everything(), home.everything());
    let server = home.start(Setup::default());
    let attested = format!("{VERSIONS}?evidence=attestation");
    let send = |token: &str, path: &str, name: &str, body: &str| {
        server.client(token).send("POST", path, &[("idempotency-key", name)], body.as_bytes())
    };
    let first = send(&key, &attested, "a", CSV).expect(202).json();
    let again = send(&key, &attested, "a", CSV).expect(202);
    assert_eq!(again.json()["id"], first["id"]);
    server.client(&key).follow(again.header("location"));
    let after = send(&key, &attested, "a", CSV).expect(202).json();
    assert_eq!((&after["id"], after["status"].as_str()), (&first["id"], Some("succeeded")));
    // The same key for anything else is a mistake of the client.
    send(&key, &attested, "a", "age\n1\n").problem(422, "idempotency-mismatch");
    send(&key, VERSIONS, "a", CSV).problem(422, "idempotency-mismatch");
    send(&key, "/api/v1/datasets/rival%2Fcats/versions?evidence=attestation", "a", CSV)
        .problem(422, "idempotency-mismatch");
    send(&key, CLAIMS, "a", r#"{"claim":"rows >= 1"}"#).problem(422, "idempotency-mismatch");
    // Another subject's keys are its own.
    let others = send(&other, &attested, "a", CSV).expect(202);
    assert_ne!(others.json()["id"], first["id"]);
    server.client(&other).follow(others.header("location"));
    for bad in ["", &"x".repeat(256), "a\tb"] {
        send(&key, &attested, bad, CSV).problem(400, "invalid-request");
    }
    // A request that was refused leaves its key free.
    send(&key, "/api/v1/datasets/nothing/claims", "b", r#"{"claim":"rows >= 1"}"#).problem(404, "not-found");
    server.client(&key).follow(send(&key, &attested, "b", CSV).expect(202).header("location"));
    let history = server.client(&key).get("/api/v1/datasets/team%2Fpatients/entries").expect(200).json();
    assert_eq!(history["entries"].as_array().unwrap().len(), 4);
}

#[test]
fn an_operation_is_cancelled_and_leaves_nothing() {
    let home = Home::new();
    let key = home.everything();
    let mut setup = Setup::default();
    setup.operations.upload = 64 << 20;
    let server = home.start(setup);
    let client = server.client(&key);
    let large: String = std::iter::once("id\n".to_owned()).chain((0..3_000_000).map(|id| format!("{id}\n"))).collect();
    let running = client.post(&format!("{VERSIONS}?evidence=attestation"), &large).expect(202);
    let running = running.header("location").to_owned();
    let queued = client.post(&format!("{VERSIONS}?evidence=attestation"), CSV).expect(202);
    let queued = queued.header("location").to_owned();
    crate::limits::wait_until(|| client.get(&running).json()["status"] == "running");
    crate::limits::wait_until(|| client.get(&running).json()["stage"].is_string());
    assert_eq!(client.get(&queued).json()["status"], "queued");
    for location in [&queued, &running] {
        assert_eq!(client.delete(location).expect(200).json()["status"], "cancelled");
        assert_eq!(client.get(location).json()["status"], "cancelled");
        client.delete(location).problem(409, "conflict");
    }
    let history = client.get("/api/v1/datasets/team%2Fpatients/entries").expect(200).json();
    assert_eq!(history["entries"].as_array().unwrap().len(), 1);
    // The worker is free again, and no upload is left.
    let next = client.post(&format!("{VERSIONS}?evidence=attestation"), CSV).expect(202);
    assert_eq!(client.follow(next.header("location"))["status"], "succeeded");
    crate::limits::wait_until(|| std::fs::read_dir(home.server_dir().join("uploads")).unwrap().count() == 0);
}

/// 1 GiB in a file of some MiB: the cell that it comes to is refused at the limit of cells.
#[test]
fn what_unpacks_to_far_more_than_was_sent_is_refused_at_its_limit() {
    use std::io::Write as _;

    let gzip = |bytes: &[u8]| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    };
    let bomb = [gzip(b"a,b\n1,2\n3,"), gzip(&vec![b'x'; 1 << 20]).repeat(1 << 10)].concat();
    let home = Home::new();
    let key = home.everything();
    let mut setup = Setup::default();
    setup.operations.upload = 16 << 20;
    let server = home.start(setup);
    let client = server.client(&key);
    let accepted = client.post(&format!("{VERSIONS}?evidence=attestation"), bomb).expect(202);
    let failed = client.follow(accepted.header("location"));
    assert_eq!(failed["status"], "failed", "{failed}");
    assert!(failed["problem"]["type"].as_str().unwrap().ends_with(":invalid-request"), "{failed}");
    // Nothing of it stays.
    assert_eq!(std::fs::read_dir(home.server_dir().join("uploads")).unwrap().count(), 0);
}
