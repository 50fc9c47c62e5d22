//! Who may do what: every operation by every kind of subject, on its own datasets and on those of others.

use std::path::PathBuf;

use jsonwebtoken::Algorithm;
use zkl_server::access::Access;

use crate::{
    common::{CSV, Home, Setup},
    issuer::Issuer,
};

/// Kinds of subjects, by their grants. The first shows no key.
pub(crate) const SUBJECTS: [&[&str]; 8] = [
    &[],
    &["read:team/*"],
    &["write:team/*"],
    &["prove:team/*"],
    &["verify"],
    &["administer"],
    &["read:*"],
    &["read:team/patients", "write:team/patients", "prove:team/patients"],
];

/// Whoever asks, and as which of [`SUBJECTS`]: by a key, and by a token whose claims give the same.
pub(crate) struct Askers {
    pub(crate) shown: Vec<(String, usize)>,
    pub(crate) issuers: PathBuf,
    _issuer: Issuer,
    _dir: tempfile::TempDir,
}

impl Askers {
    pub(crate) fn new(home: &Home) -> Self {
        let (issuer, dir) = (Issuer::start(Algorithm::ES256), tempfile::tempdir().unwrap());
        let mut grants = SUBJECTS.concat();
        grants.sort_unstable();
        grants.dedup();
        let issuers = issuer.policy(dir.path(), &grants, "");
        let mut shown = vec![(String::new(), 0)];
        for (subject, grants) in SUBJECTS.iter().enumerate().skip(1) {
            shown.push((home.key(grants), subject));
            shown.push((issuer.token(&format!("subject-{subject}"), grants), subject));
        }
        Self { shown, issuers, _issuer: issuer, _dir: dir }
    }
}

/// Nobody is let in with these.
const NO_KEYS: [&str; 5] = ["", "zkl_0123456789abcdef_", "nonsense", "a.b.c", "eyJhbGciOiJub25lIn0.e30."];

const REFUSED: u16 = 403;

struct Row {
    method: &'static str,
    path: &'static str,
    body: &'static str,
    /// The status for each of [`SUBJECTS`].
    expected: [u16; 8],
}

const fn row(method: &'static str, path: &'static str, body: &'static str, expected: [u16; 8]) -> Row {
    Row { method, path, body, expected }
}

/// For everybody.
const OPEN: [u16; 8] = [200; 8];
/// For who may read `team/patients`.
const TEAM: [u16; 8] = [401, 200, 403, 403, 403, 403, 200, 200];
/// For who may read everything.
const ALL: [u16; 8] = [401, 403, 403, 403, 403, 403, 200, 403];
/// An entry that only who may read everything sees: for other readers it is not there.
const HIDDEN: [u16; 8] = [401, 404, 403, 403, 403, 403, 200, 404];
/// For nobody here.
const NOBODY: [u16; 8] = [401, 403, 403, 403, 403, 403, 403, 403];

/// For who may write anything; there is no such upload.
const UPLOAD: [u16; 8] = [401, 403, 404, 403, 403, 403, 403, 404];

/// What requests about uploads say; nobody else looks.
const HEADERS: [(&str, &str); 4] = [
    ("tus-resumable", "1.0.0"),
    ("upload-length", "3"),
    ("upload-offset", "0"),
    ("content-type", "application/offset+octet-stream"),
];

/// `TEAM-OP` and `RIVAL-OP` stand for notarizations of the two teams. A claim that cannot be read is refused after the key was
/// looked at: 400 means allowed. So does 409 for an operation that has ended, and 404 for a key that is not there.
const TABLE: [Row; 61] = [
    row("GET", "/livez", "", OPEN),
    row("GET", "/readyz", "", OPEN),
    row("GET", "/api/v1/openapi.json", "", OPEN),
    row("GET", "/graphiql", "", OPEN),
    row("GET", "/graphiql/app.js", "", OPEN),
    row("GET", "/graphiql/app.css", "", OPEN),
    row("GET", "/api/v1/datasets", "", TEAM),
    row("GET", "/api/v1/datasets/team%2Fpatients", "", TEAM),
    row("GET", "/api/v1/datasets/rival%2Fcats", "", ALL),
    row("GET", "/api/v1/datasets/team%2Fpatients/entries", "", TEAM),
    row("GET", "/api/v1/datasets/rival%2Fcats/entries", "", ALL),
    row("GET", "/api/v1/entries", "", TEAM),
    row("GET", "/api/v1/entries/0", "", TEAM),
    row("GET", "/api/v1/entries/1", "", HIDDEN),
    row("GET", "/api/v1/entries/0/receipt", "", TEAM),
    row("GET", "/api/v1/entries/1/receipt", "", HIDDEN),
    row("GET", "/api/v1/checkpoint", "", ALL),
    row("GET", "/log/checkpoint", "", ALL),
    row("GET", "/log/log.key", "", ALL),
    row("GET", "/log/tile/0/000.p/2", "", ALL),
    row("GET", "/log/tile/entries/000.p/2", "", ALL),
    // It needs to read and to verify: neither alone is enough.
    row("GET", "/api/v1/reports?entry=0", "", NOBODY),
    row("GET", "/explore/report?entry=0", "", NOBODY),
    row("POST", "/api/v1/reports", "{}", [401, 403, 403, 403, 400, 403, 403, 403]),
    row("POST", "/explore/report", "{}", [401, 403, 403, 403, 400, 403, 403, 403]),
    row("GET", "/explore", "", TEAM),
    row("GET", "/explore/datasets/team%2Fpatients", "", TEAM),
    row("GET", "/explore/datasets/rival%2Fcats", "", ALL),
    row("GET", "/explore/datasets/team%2Fpatients/lineage", "", TEAM),
    row("GET", "/explore/datasets/rival%2Fcats/lineage", "", ALL),
    row("GET", "/explore/entries", "", TEAM),
    row("GET", "/explore/entries/0", "", TEAM),
    row("GET", "/explore/entries/1", "", HIDDEN),
    row("GET", "/explore/checkpoint", "", ALL),
    row("GET", "/explore/verify", "", [401, 403, 403, 403, 200, 403, 403, 403]),
    // Without a form there is nothing to verify, for whoever may.
    row("POST", "/explore/verify", "{}", [401, 403, 403, 403, 400, 403, 403, 403]),
    row("POST", "/api/v1/verify", "{}", [401, 403, 403, 403, 200, 403, 403, 403]),
    row(
        "POST",
        "/api/v1/datasets/team%2Fpatients/versions?evidence=attestation",
        CSV,
        [401, 403, 202, 403, 403, 403, 403, 202],
    ),
    row("POST", "/api/v1/datasets/rival%2Fcats/versions?evidence=attestation", CSV, NOBODY),
    row(
        "POST",
        "/api/v1/datasets/team%2Fpatients/claims",
        r#"{"claim":"?"}"#,
        [401, 403, 403, 400, 403, 403, 403, 400],
    ),
    row("POST", "/api/v1/datasets/rival%2Fcats/claims", r#"{"claim":"?"}"#, NOBODY),
    row("POST", "/api/v1/datasets/team%2Fpatients/uploads", "", [401, 403, 201, 403, 403, 403, 403, 201]),
    row("POST", "/api/v1/datasets/rival%2Fcats/uploads", "", NOBODY),
    // For whoever may write, but nothing is allowed.
    row(
        "POST",
        "/api/v1/datasets/team%2Fpatients/imports",
        r#"{"source":"x"}"#,
        [401, 403, 400, 403, 403, 403, 403, 400],
    ),
    row("POST", "/api/v1/datasets/rival%2Fcats/imports", r#"{"source":"x"}"#, NOBODY),
    // One that is not there.
    row("HEAD", "/api/v1/uploads/00000000000000000000000000000000", "", UPLOAD),
    row("PATCH", "/api/v1/uploads/00000000000000000000000000000000", "", UPLOAD),
    row("DELETE", "/api/v1/uploads/00000000000000000000000000000000", "", UPLOAD),
    row("POST", "/api/v1/uploads/00000000000000000000000000000000/finish", "", UPLOAD),
    row("GET", "/api/v1/operations", "", [401, 403, 200, 200, 403, 403, 403, 200]),
    row("GET", "/api/v1/operations/TEAM-OP", "", [401, 403, 200, 404, 403, 403, 403, 200]),
    row("GET", "/api/v1/operations/RIVAL-OP", "", [401, 403, 404, 404, 403, 403, 403, 404]),
    row("GET", "/api/v1/operations/TEAM-OP/events", "", [401, 403, 200, 404, 403, 403, 403, 200]),
    row("GET", "/api/v1/operations/RIVAL-OP/events", "", [401, 403, 404, 404, 403, 403, 403, 404]),
    row("DELETE", "/api/v1/operations/TEAM-OP", "", [401, 403, 409, 404, 403, 403, 403, 409]),
    row("DELETE", "/api/v1/operations/RIVAL-OP", "", [401, 403, 404, 404, 403, 403, 403, 404]),
    row("GET", "/api/v1/keys", "", [401, 403, 403, 403, 403, 200, 403, 403]),
    row("POST", "/api/v1/keys", r#"{"name":"x","grants":["verify"]}"#, [401, 403, 403, 403, 403, 201, 403, 403]),
    row("PATCH", "/api/v1/keys/0", r#"{"grants":["verify"]}"#, [401, 403, 403, 403, 403, 404, 403, 403]),
    row("GET", "/api/v1/policy", "", [401, 403, 403, 403, 403, 200, 200, 403]),
    row("DELETE", "/api/v1/keys/0", "", [401, 403, 403, 403, 403, 404, 403, 403]),
];

/// What everybody may when log and verification are open, and whose rows therefore change.
fn is_public(row: &Row) -> bool {
    let reads = ["/api/v1/datasets", "/api/v1/entries", "/api/v1/checkpoint", "/log/"];
    row.path == "/api/v1/verify"
        || row.path.starts_with("/api/v1/reports")
        || row.path.starts_with("/explore")
        || row.method == "GET" && reads.iter().any(|read| row.path.starts_with(read))
}

fn check(access: Access) {
    let home = Home::new();
    let askers = Askers::new(&home);
    let everything = home.everything();
    let server = home.start_trusting(Setup { access, ..Setup::default() }, None, Some(askers.issuers.clone()));
    let notarize = |name: &str| {
        let path = format!("/api/v1/datasets/{name}/versions?evidence=attestation");
        let accepted = server.client(&everything).post(&path, CSV).expect(202);
        let location = accepted.header("location").to_owned();
        server.client(&everything).follow(&location);
        location.rsplit('/').next().unwrap().to_owned()
    };
    let (team, rival) = (notarize("team%2Fpatients"), notarize("rival%2Fcats"));
    let mut wrong = Vec::new();
    for row in &TABLE {
        let path = row.path.replace("TEAM-OP", &team).replace("RIVAL-OP", &rival);
        for (token, subject) in &askers.shown {
            let client = if token.is_empty() { server.anonymous() } else { server.client(token) };
            let (grants, expected) = (SUBJECTS[*subject], row.expected[*subject]);
            let is_form = row.path.starts_with("/explore") || row.path == "/api/v1/reports";
            let open = if row.method == "POST" && is_form { 400 } else { 200 };
            let expected = if access.public_log && is_public(row) { open } else { expected };
            let got = client.send(row.method, &path, &HEADERS, row.body.as_bytes()).status;
            if got != expected {
                wrong.push(format!("{} {path} by {grants:?} ({token:.3}): {got}, not {expected}", row.method));
            }
        }
        // What is the same for everybody asks nobody for a key.
        let same = ["z", "openapi.json"].iter().any(|end| row.path.ends_with(end)) || row.path.starts_with("/graphiql");
        for token in NO_KEYS.iter().filter(|_| !same) {
            let got = server.client(token).send(row.method, &path, &HEADERS, row.body.as_bytes()).status;
            if got != 401 {
                wrong.push(format!("{} {path} with {token:?}: {got}", row.method));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn everybody_may_what_their_grants_say_and_nothing_else() {
    check(Access::default());
}

#[test]
fn an_open_log_is_read_by_everybody_and_written_by_nobody_else() {
    check(Access { public_log: true, public_verify: true });
}

/// The two switches are two.
#[test]
fn open_verification_opens_no_log() {
    let home = Home::new();
    let server = home.start(Setup { access: Access { public_log: false, public_verify: true }, ..Setup::default() });
    server.anonymous().post("/api/v1/verify", "{}").expect(200);
    server.anonymous().get("/log/checkpoint").problem(401, "unauthenticated");
    let refused = server.anonymous().get("/api/v1/datasets");
    assert_eq!(refused.header("www-authenticate"), "Bearer realm=\"zkl\"");
    drop(server);
    let server = home.start(Setup { access: Access { public_log: true, public_verify: false }, ..Setup::default() });
    server.anonymous().get("/log/checkpoint").expect(200);
    server.anonymous().post("/api/v1/verify", "{}").problem(401, "unauthenticated");
}

/// Every operation of the document has rows, so that a new one cannot be forgotten.
#[test]
fn every_operation_of_the_document_is_in_the_table() {
    let document = serde_json::to_value(zkl_server::http::document()).unwrap();
    let mut missing = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for method in methods
            .as_object()
            .unwrap()
            .keys()
            .filter(|key| ["get", "post", "patch", "delete", "put", "head"].contains(&key.as_str()))
        {
            let matches = |row: &Row| {
                let row_path = row.path.split('?').next().unwrap();
                let (wanted, given) = (path.split('/'), row_path.split('/'));
                row.method.eq_ignore_ascii_case(method)
                    && wanted.clone().count() == given.clone().count()
                    && wanted.zip(given).all(|(wanted, given)| wanted.starts_with('{') || wanted == given)
            };
            if !TABLE.iter().any(matches) {
                missing.push(format!("{method} {path}"));
            }
        }
    }
    assert!(missing.is_empty(), "{missing:?}");
    assert!(TABLE.iter().any(|row| row.expected[1] == REFUSED));
}

#[test]
fn lists_show_what_their_reader_may_see() {
    let home = Home::new();
    let (team, all) = (home.key(&["read:team/*"]), home.key(&["read:*"]));
    let everything = home.everything();
    let server = home.start(Setup::default());
    let names = |token: &str| {
        let list = server.client(token).get("/api/v1/datasets").expect(200).json();
        list["datasets"].as_array().unwrap().iter().map(|d| d["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(names(&team), ["team/patients"]);
    assert_eq!(names(&all), ["rival/cats", "team/patients"]);
    let indices = |token: &str| {
        let list = server.client(token).get("/api/v1/entries").expect(200).json();
        list["entries"].as_array().unwrap().iter().map(|e| e["index"].as_u64().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(indices(&team), [0]);
    assert_eq!(indices(&all), [1, 0]);
    // Operations as well: those that one could have started.
    for name in ["team%2Fpatients", "rival%2Fcats"] {
        let path = format!("/api/v1/datasets/{name}/versions?evidence=attestation");
        let accepted = server.client(&everything).post(&path, CSV).expect(202);
        server.client(&everything).follow(accepted.header("location"));
    }
    let operations = |grants: &[&str]| {
        let key = home.key(grants);
        // The server has to notice the key first.
        crate::limits::wait_until(|| server.client(&key).get("/api/v1/operations").status != 401);
        let list = server.client(&key).get("/api/v1/operations").expect(200).json();
        list["operations"]
            .as_array()
            .unwrap()
            .iter()
            .map(|o| o["dataset"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(operations(&["write:team/*"]), ["team/patients"]);
    assert_eq!(operations(&["prove:*"]), [""; 0]);
    assert_eq!(operations(&["write:*"]), ["rival/cats", "team/patients"]);
    // The cursor of a page is a name that was shown.
    let page = server.client(&team).get("/api/v1/datasets?limit=1").expect(200).json();
    assert_eq!(page["next"], "team/patients");
    let page = server.client(&team).get("/api/v1/datasets?limit=1&cursor=team/patients").expect(200).json();
    assert_eq!(page["datasets"].as_array().unwrap().len(), 0);
    // A name that is refused says nothing about what there is.
    let there = server.client(&team).get("/api/v1/datasets/rival%2Fcats").problem(403, "forbidden");
    let not_there = server.client(&team).get("/api/v1/datasets/rival%2Fcat").problem(403, "forbidden");
    assert_eq!(there, not_there);
    let hidden = server.client(&team).get("/api/v1/entries/1").problem(404, "not-found");
    let absent = server.client(&team).get("/api/v1/entries/9").problem(404, "not-found");
    assert_eq!(hidden["detail"].as_str().unwrap().replace('1', "9"), absent["detail"].as_str().unwrap());
    let unknown = server.client(&all).get("/api/v1/datasets/rival%2Fcatz").problem(404, "not-found");
    assert!(unknown.get("hint").is_none(), "{unknown}");
}
