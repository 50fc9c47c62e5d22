//! Who may do what, on the log: every change is an entry, in the name of whoever made it, before it takes effect.

use std::{collections::BTreeSet, fs, process::Command, sync::Arc, time::Duration};

use jsonwebtoken::Algorithm;
use serde_json::Value;
use zkl_ledger::{Ledger, ServerPolicy, Trust, receipt::VerifiedStatement, storage::AnyStore, types::TreeSize};
use zkl_server::access::{Access, KeyRing};
use zkl_testkit::faults::{Fault, FaultPlan, FaultyBackend, Operation as Call};

use crate::{
    common::{Client, Home, Server, Setup},
    issuer::Issuer,
    limits::wait_until,
    restart::run_with,
};

const KEYS: &str = "/api/v1/keys";

fn recording() -> Setup {
    Setup { policy_entries: true, ..Setup::default() }
}

/// The entries about policies, the oldest first.
fn entries(client: Client<'_>) -> Vec<Value> {
    let page = client.get("/api/v1/entries?kind=policy&order=asc&limit=200").expect(200).json();
    page["entries"].as_array().unwrap().clone()
}

/// What an entry says: the lines that came, those that went, and by whom.
fn said(entry: &Value) -> (Vec<&str>, Vec<&str>, &str) {
    let lines = |name: &str| {
        let lines = entry["predicate"][name].as_array();
        lines.map(|lines| lines.iter().map(|line| line.as_str().unwrap()).collect()).unwrap_or_default()
    };
    (lines("added"), lines("removed"), entry["predicate"]["by"].as_str().unwrap())
}

fn id(token: &str) -> &str {
    token.split('_').nth(1).unwrap()
}

/// The policy of the one server of a log, as an auditor follows it.
fn policy(home: &Home, size: Option<u64>) -> ServerPolicy {
    let mut found = Vec::new();
    home.prepare(async |ledger| found = ledger.server_policies(size.map(TreeSize)).await.unwrap());
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].is_whole && found[0].breaks.is_empty(), "{found:?}");
    found.remove(0)
}

fn lines(policy: &ServerPolicy) -> Vec<String> {
    policy.policy.lines().map(ToString::to_string).collect()
}

/// The keys that a policy speaks of, by their ids.
fn keys_on_log(policy: &ServerPolicy) -> BTreeSet<String> {
    let id = |line: String| Some(line.strip_prefix("key ")?.split(' ').next()?.to_owned());
    lines(policy).into_iter().filter_map(id).collect()
}

fn keys_in_file(home: &Home) -> BTreeSet<String> {
    let keys = KeyRing::open(&home.server_dir()).unwrap().list().unwrap();
    keys.iter().map(|key| key.id.to_string()).collect()
}

#[test]
fn every_change_is_an_entry_in_the_name_of_whoever_made_it() {
    let home = Home::new();
    let (admin, reader) = (home.key(&["administer", "read:*"]), home.key(&["read:team/*"]));
    let access = Access { public_log: false, public_verify: true };
    let server = home.start(Setup { access, ..recording() });
    let client = server.client(&admin);
    let first = entries(client);
    let (added, removed, by) = said(&first[0]);
    assert_eq!((first.len(), &first[0]["index"], removed.len(), by), (1, &2.into(), 0, "operator"));
    for line in ["everybody may verify".to_owned(), format!("key {} may administer", id(&admin))] {
        assert!(added.contains(&line.as_str()), "{added:?}");
    }
    assert!(first[0]["predicate"]["before"].is_null());

    // The answer comes after the entry.
    let made = client.post(KEYS, r#"{"name":"jane's laptop","grants":["read:team/*","verify"],"expiresInDays":1}"#);
    let made = made.expect(201).json();
    let token = made["token"].as_str().unwrap().to_owned();
    let (key, end) = (id(&token), made["key"]["expiresAt"].as_str().unwrap());
    let all = entries(client);
    let (added, removed, by) = said(&all[1]);
    assert_eq!((all.len(), removed.len(), by), (2, 0, format!("key {}", id(&admin)).as_str()));
    let known = ["may read:team/*".to_owned(), "may verify".to_owned(), format!("until {end}")];
    assert_eq!(added.iter().filter(|line| known.iter().any(|known| **line == format!("key {key} {known}"))).count(), 3);
    assert_eq!(
        (added.len(), added.iter().filter(|line| line.starts_with(&format!("key {key} token ~"))).count()),
        (4, 1)
    );
    server.client(&token).get("/api/v1/datasets/team%2Fpatients").expect(200);
    assert_eq!(client.delete(&format!("{KEYS}/{key}")).status, 204);
    let all = entries(client);
    let (came, went, _) = said(&all[2]);
    assert_eq!((all.len(), came.len(), went), (3, 0, added));

    // Each continues the one before.
    for pair in all.windows(2) {
        assert_eq!(pair[1]["predicate"]["before"], pair[0]["predicate"]["after"]);
    }
    // What is not done is no entry.
    server.client(&reader).post(KEYS, r#"{"name":"x","grants":["verify"]}"#).problem(403, "forbidden");
    server.client(&reader).delete(&format!("{KEYS}/{}", id(&admin))).problem(403, "forbidden");
    server.anonymous().post(KEYS, r#"{"name":"x","grants":["verify"]}"#).problem(401, "unauthenticated");
    client.post(KEYS, r#"{"name":"x","grants":["read"]}"#).problem(400, "invalid-request");
    client.delete(&format!("{KEYS}/{key}")).problem(404, "not-found");
    assert_eq!(entries(client).len(), 3);

    // Nothing that opens a door, and no name that somebody gave, is there. They are for whoever reads the whole log.
    let text = serde_json::to_string(&all).unwrap();
    for hidden in ["jane", token.rsplit('_').next().unwrap(), admin.rsplit('_').next().unwrap()] {
        assert!(!text.contains(hidden), "{hidden}");
    }
    assert_eq!(entries(server.client(&reader)).len(), 0);
    for path in ["/api/v1/entries/2", "/api/v1/entries/2/receipt", "/explore/entries/2"] {
        assert_eq!(server.client(&reader).get(path).status, 404, "{path}");
    }
    let page = String::from_utf8(client.get("/explore/entries/3").expect(200).bytes).unwrap();
    assert!(page.contains("From now on") && page.contains(&format!("key {key} may verify")), "{page}");
    let page = String::from_utf8(client.get("/explore/entries").expect(200).bytes).unwrap();
    assert!(page.contains(&format!("no longer: key {key}")), "{page}");

    // A receipt says it to whoever it is given.
    let log_key = String::from_utf8(client.get("/log/log.key").expect(200).bytes).unwrap();
    let receipt = client.get("/api/v1/entries/3/receipt").expect(200).bytes;
    let verified = zkl_ledger::verify(&receipt, &Trust::default().with_log(log_key.trim().parse().unwrap())).unwrap();
    assert!(verified.verdict().is_valid());
    let VerifiedStatement::Policy { record } = &verified.subject().unwrap().statement else { panic!("another kind") };
    assert_eq!(record.added.len(), 4);
    assert_eq!(verified.summary().statement.unwrap().policy.unwrap().added.len(), 4);

    // The operator knows who it was.
    let audit = fs::read_to_string(home.server_dir().join("audit.jsonl")).unwrap();
    let audit: Vec<Value> = audit.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let by: Vec<&str> =
        audit.iter().filter(|line| line["event"] == "policy").map(|line| line["by"].as_str().unwrap()).collect();
    assert_eq!(by, ["operator", id(&admin), id(&admin)]);
    server.stop();

    // What an auditor follows is what was so at each time.
    let now = policy(&home, None);
    assert_eq!((now.entries, policy(&home, Some(3)).policy), (3, now.policy.clone()));
    assert!(lines(&policy(&home, Some(4))).contains(&format!("key {key} may verify")));
    assert!(!lines(&now).iter().any(|line| line.contains(key)));
}

#[test]
fn what_is_changed_beside_the_server_is_noticed_running_and_at_the_next_start() {
    let home = Home::new();
    let admin = home.key(&["administer", "read:*"]);
    let server = home.start(recording());
    assert_eq!(entries(server.client(&admin)).len(), 1);
    // Nobody uses it, and it is recorded all the same.
    let beside = home.key(&["verify"]);
    wait_until(|| entries(server.client(&admin)).len() == 2);
    let all = entries(server.client(&admin));
    let (added, _, by) = said(&all[1]);
    assert!(by == "operator" && added.contains(&format!("key {} may verify", id(&beside)).as_str()), "{all:?}");
    // The same file again is no change.
    let path = home.server_dir().join("keys.json");
    fs::write(&path, fs::read(&path).unwrap()).unwrap();
    std::thread::sleep(Duration::from_millis(2_500));
    assert_eq!(entries(server.client(&admin)).len(), 2);
    server.stop();
    // While nobody serves: one goes, one is given more by hand.
    KeyRing::open(&home.server_dir()).unwrap().revoke(id(&beside)).unwrap();
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replace("\"administer\"", "\"administer\",\"write:team/*\"")).unwrap();
    let server = home.start(Setup { access: Access { public_log: true, public_verify: false }, ..recording() });
    let all = entries(server.client(&admin));
    let (added, removed, by) = said(&all[2]);
    assert_eq!((all.len(), by), (3, "operator"));
    assert_eq!(added, ["everybody may read:*", &format!("key {} may write:team/*", id(&admin))]);
    assert!(removed.iter().all(|line| line.contains(id(&beside))) && removed.len() == 2, "{removed:?}");
    // A start without a change says nothing.
    server.stop();
    let server = home.start(Setup { access: Access { public_log: true, public_verify: false }, ..recording() });
    assert_eq!(entries(server.client(&admin)).len(), 3);
    // A log that is open shows them to everybody.
    assert_eq!(entries(server.anonymous()).len(), 3);
    server.stop();
    assert_eq!(keys_on_log(&policy(&home, None)), keys_in_file(&home));
}

/// The policy over the API is what an auditor follows from the entries.
#[test]
fn the_policy_in_force_and_every_earlier_one_is_read_over_the_api() {
    let home = Home::new();
    let (admin, reader, auditor) = (home.key(&["administer"]), home.key(&["read:team/*"]), home.key(&["read:*"]));
    let server = home.start(recording());
    let client = server.client(&admin);
    let read = |query: &str| client.get(&format!("/api/v1/policy{query}")).expect(200).json()["policies"].take();
    let first = read("");
    assert_eq!(
        (first.as_array().unwrap().len(), &first[0]["isThis"], &first[0]["isWhole"]),
        (1, &true.into(), &true.into())
    );
    let path = format!("{KEYS}/{}", id(&reader));
    client.patch(&format!("{path}?propose=true"), r#"{"grants":["verify"]}"#).expect(200);
    assert_eq!(read(""), first, "a proposal is none of it");
    client.patch(&path, r#"{"grants":["read:team/*","verify"],"expiresInDays":7}"#).expect(200);
    client.patch(&path, r#"{"grants":["verify"]}"#).expect(200);
    client.patch(&path, r#"{"grants":["verify"]}"#).expect(200);
    let all = entries(server.client(&auditor));
    let theirs: Vec<_> = all.iter().map(said).filter(|(.., by)| *by != "operator").collect();
    let (added, removed, by) = &theirs[0];
    assert_eq!((added.len(), removed.len(), *by), (2, 0, format!("key {}", id(&admin)).as_str()));
    assert!(added.contains(&format!("key {} may verify", id(&reader)).as_str()), "{added:?}");
    // What changes nothing is no entry.
    assert_eq!(theirs[1..], [(vec![], vec![format!("key {} may read:team/*", id(&reader)).as_str()], *by)]);
    assert_eq!(read("?size=3"), first);
    assert_eq!(read("?size=0"), Value::Array(Vec::new()));
    for query in ["?size=-1", "?size=x", "?at=3"] {
        client.get(&format!("/api/v1/policy{query}")).problem(400, "invalid-request");
    }
    let now = read("");
    server.stop();
    let followed = policy(&home, None);
    assert_eq!(now[0]["lines"], Value::from(lines(&followed)));
    assert_eq!((&now[0]["entries"], &now[0]["newest"]), (&followed.entries.into(), &followed.newest.0.into()));
}

/// A change whose entry cannot be written gives nothing, and takes what it takes.
#[test]
fn a_key_gets_nothing_that_the_log_does_not_say_and_loses_at_once_what_it_is_to_lose() {
    let home = Home::new();
    let (admin, theirs) = (home.key(&["administer", "read:*"]), home.key(&["read:team/*", "verify"]));
    let (server, faulty) = start_faulty(&home);
    let client = server.client(&admin);
    let (patients, cats) = ("/api/v1/datasets/team%2Fpatients", "/api/v1/datasets/rival%2Fcats");
    server.client(&theirs).get(patients).expect(200);
    let path = format!("{KEYS}/{}", id(&theirs));
    faulty.set_plan(every_append(Fault::Fail { persisted: false }));
    client.patch(&path, r#"{"grants":["read:*"],"expiresInDays":9}"#).problem(503, "unavailable");
    let key = client.get(KEYS).expect(200).json()["keys"][1].take();
    assert_eq!(key["grants"], serde_json::json!(["read:team/*"]));
    // The log says more than it may: nobody is let in with that.
    server.client(&theirs).get(patients).problem(503, "unavailable");
    faulty.set_plan(FaultPlan::none());
    wait_until(|| server.client(&theirs).get(patients).status == 200);
    server.client(&theirs).get(cats).problem(403, "forbidden");
    server.client(&theirs).post("/api/v1/verify", "{}").problem(403, "forbidden");
    // Now it can be done.
    client.patch(&path, r#"{"grants":["read:*"]}"#).expect(200);
    server.client(&theirs).get(cats).expect(200);
    server.stop();
    drop(faulty);
    let now = lines(&policy(&home, None));
    let said: Vec<_> = now.iter().filter(|line| line.contains(id(&theirs)) && line.contains(" may ")).collect();
    assert_eq!(said, [&format!("key {} may read:*", id(&theirs))]);
}

fn start_faulty(home: &Home) -> (Server, Arc<FaultyBackend<AnyStore>>) {
    let (told, faulty) = std::sync::mpsc::channel();
    let server = home.start_around(recording(), move |ledger: Ledger| {
        ledger.around_storage(|store| {
            let faulty = Arc::new(FaultyBackend::new(store, FaultPlan::none()));
            told.send(Arc::clone(&faulty)).unwrap();
            faulty
        })
    });
    // It answers when it has recorded what holds from the start.
    server.anonymous().get("/livez").expect(200);
    (server, faulty.recv().unwrap())
}

fn every_append(fault: Fault) -> FaultPlan {
    FaultPlan::none().randomly(1, &[Call::Append], 1_000, &[fault])
}

#[test]
fn nothing_new_holds_before_its_entry_is_durable_and_what_is_taken_away_is_gone_at_once() {
    let home = Home::new();
    let (admin, old) = (home.key(&["administer", "read:*"]), home.key(&["read:team/*"]));
    let (server, faulty) = start_faulty(&home);
    let client = server.client(&admin);
    let datasets = "/api/v1/datasets";
    server.client(&old).get(datasets).expect(200);
    faulty.set_plan(every_append(Fault::Fail { persisted: false }));
    client.post(KEYS, r#"{"name":"never","grants":["verify"]}"#).problem(503, "unavailable");
    assert_eq!(client.get(KEYS).expect(200).json()["keys"].as_array().unwrap().len(), 2, "no such key was made");
    let beside = home.key(&["read:team/*"]);
    // It is noticed, and not good yet.
    std::thread::sleep(Duration::from_millis(1_100));
    server.client(&beside).get(datasets).problem(503, "unavailable");
    client.delete(&format!("{KEYS}/{}", id(&old))).problem(503, "unavailable");
    server.client(&old).get(datasets).problem(401, "unauthenticated");
    // Who was there before goes on.
    assert_eq!(entries(client).len(), 1);
    // The entry lands, and nobody is told.
    faulty.set_plan(every_append(Fault::Fail { persisted: true }));
    client.post(KEYS, r#"{"name":"never","grants":["verify"]}"#).problem(503, "unavailable");
    faulty.set_plan(FaultPlan::none());
    wait_until(|| server.client(&beside).get(datasets).status == 200);
    server.client(&old).get(datasets).problem(401, "unauthenticated");
    server.stop();
    drop(faulty);
    let now = policy(&home, None);
    assert_eq!(keys_on_log(&now), keys_in_file(&home));
    assert_eq!(keys_on_log(&now), [&admin, &beside].map(|token| id(token).to_owned()).into());
}

#[test]
fn what_a_crash_leaves_between_the_file_and_the_log_is_mended_at_the_next_start() {
    for persisted in [false, true] {
        let home = Home::new();
        let (admin, old) = (home.key(&["administer", "read:*"]), home.key(&["verify"]));
        let (server, faulty) = start_faulty(&home);
        faulty.set_plan(every_append(Fault::Fail { persisted }));
        // The file has it, the log has it or not, and the server goes before it knows.
        server.client(&admin).delete(&format!("{KEYS}/{}", id(&old))).problem(503, "unavailable");
        server.stop();
        drop(faulty);
        let server = home.start(recording());
        let all = entries(server.client(&admin));
        assert_eq!(all.len(), 2, "{all:?}");
        let (added, removed, by) = said(&all[1]);
        assert_eq!((added.len(), removed.len()), (0, 2));
        // Who it was is known to the one that could write it down.
        assert_eq!(by, if persisted { format!("key {}", id(&admin)) } else { "operator".to_owned() });
        server.stop();
        assert_eq!(keys_on_log(&policy(&home, None)), keys_in_file(&home));
    }
}

/// The program, killed while keys come and go.
#[test]
fn a_server_that_is_killed_records_every_change_that_it_acknowledged() {
    let kills = std::env::var("ZKL_SERVER_KILLS").map_or(2, |value| value.parse().unwrap());
    let home = Home::new();
    let admin = home.key(&["administer", "read:*"]);
    let (mut made, mut revoked) = (BTreeSet::new(), BTreeSet::new());
    let mut asked = 0;
    for round in 0..kills {
        let (mut child, address) = run_with(&home, &[], std::process::Stdio::null());
        let killed = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(700 + 173 * (round % 7)));
            child.kill().unwrap();
            child.wait().unwrap();
        });
        let (url, bearer) = (format!("http://{address}{KEYS}"), format!("Bearer {admin}"));
        while let Ok(mut answer) =
            ureq::post(&url).header("authorization", &bearer).send(&br#"{"name":"x","grants":["verify"]}"#[..])
        {
            asked += 1;
            let Ok(body) = answer.body_mut().read_to_vec() else { break };
            let answer: Value = serde_json::from_slice(&body).unwrap();
            let key = answer["key"]["id"].as_str().unwrap().to_owned();
            made.insert(key.clone());
            if asked % 2 == 0 {
                match ureq::delete(format!("{url}/{key}")).header("authorization", &bearer).call() {
                    Ok(_) => drop(revoked.insert(key)),
                    // It may be gone, or not.
                    Err(_) => drop(made.remove(&key)),
                }
            }
        }
        killed.join().unwrap();
    }
    assert!(made.len() > revoked.len() && !revoked.is_empty(), "{} made, {} revoked", made.len(), revoked.len());
    let server = home.start(recording());
    server.client(&admin).get("/api/v1/datasets").expect(200);
    server.stop();
    let on_log = keys_on_log(&policy(&home, None));
    assert_eq!(on_log, keys_in_file(&home));
    for key in made.difference(&revoked) {
        assert!(on_log.contains(key), "{key} was made");
    }
    assert!(on_log.is_disjoint(&revoked));
    home.prepare(async |ledger| assert!(ledger.verify_log().await.unwrap().0 > 2));
}

#[test]
fn issuers_are_recorded_without_the_names_of_those_whom_they_let_in() {
    let (home, issuer, dir) = (Home::new(), Issuer::start(Algorithm::ES256), tempfile::tempdir().unwrap());
    let grants = ["administer", "read:*"];
    let file = issuer.policy(dir.path(), &grants, "");
    let server = home.start_trusting(recording(), None, Some(file));
    let alice = issuer.token("alice", &grants);
    let client = server.client(&alice);
    let all = entries(client);
    let (added, _, by) = said(&all[0]);
    assert!(by == "operator" && added.contains(&format!("issuer corp at {}", issuer.url).as_str()), "{added:?}");
    assert_eq!(added.iter().filter(|line| line.ends_with(" may administer")).count(), 1, "{added:?}");
    client.post(KEYS, r#"{"name":"x","grants":["verify"]}"#).expect(201);
    let all = entries(client);
    let (_, _, by) = said(&all[1]);
    assert!(by.starts_with("token of corp to ~"), "{by}");
    assert!(!serde_json::to_string(&all).unwrap().contains("alice"));
    let audit = fs::read_to_string(home.server_dir().join("audit.jsonl")).unwrap();
    assert!(audit.contains(&format!(r#""by":"corp:alice","name":"{by}","entry":3"#)), "{audit}");
    let output = Command::new(env!("CARGO_BIN_EXE_zkl-server"))
        .args(["pseudonym", "corp:alice", "--ledger"])
        .arg(home.ledger())
        .output();
    let told = String::from_utf8(output.unwrap().stdout).unwrap();
    assert!(told.contains(&format!("subject {} ", by.rsplit(' ').next().unwrap())), "{told}");
    // A rule more, and who it is for.
    issuer.policy(dir.path(), &["administer", "read:*", "verify"], "");
    wait_until(|| entries(client).len() == 3);
    let all = entries(client);
    let (added, removed, _) = said(&all[2]);
    assert!(added.len() == 1 && added[0].ends_with(" may verify") && removed.is_empty(), "{all:?}");
    // A file that cannot be followed lets nobody in, and is no change of what is wanted.
    let key = home.key(&["read:*"]);
    wait_until(|| entries(client).len() == 4);
    fs::write(dir.path().join("issuers.toml"), "[[issuer]]").unwrap();
    wait_until(|| client.get("/api/v1/datasets").status == 500);
    std::thread::sleep(Duration::from_millis(1_500));
    assert_eq!(entries(server.client(&key)).len(), 4);
}

#[test]
fn a_server_that_does_not_record_says_so_once_if_it_did_before() {
    let home = Home::new();
    let admin = home.key(&["administer", "read:*"]);
    let count = |setup: Setup| {
        let server = home.start(setup);
        let made = server.client(&admin).post(KEYS, r#"{"name":"x","grants":["verify"]}"#).expect(201).json();
        server.client(made["token"].as_str().unwrap()).post("/api/v1/verify", "{}").expect(200);
        entries(server.client(&admin)).len()
    };
    // As every log was before.
    assert_eq!(count(Setup::default()), 0);
    assert!(!home.server_dir().join("pseudonyms.key").exists());
    assert_eq!(count(recording()), 2);
    assert_eq!(count(Setup::default()), 3);
    assert_eq!(lines(&policy(&home, None)), ["not recorded any more"]);
    assert_eq!(count(Setup::default()), 3);
    // What changed meanwhile is there again.
    assert_eq!(count(recording()), 5);
    let now = policy(&home, None);
    assert_eq!(keys_on_log(&now), keys_in_file(&home));
    assert!(!lines(&now).contains(&"not recorded any more".to_owned()));
}

#[test]
fn a_server_that_only_reads_records_nothing() {
    let home = Home::new();
    let key = home.everything();
    let reader = home.start_reader(recording());
    reader.client(&key).get("/api/v1/datasets").expect(200);
    let later = home.key(&["read:*"]);
    wait_until(|| reader.client(&later).get("/api/v1/datasets").status == 200);
    reader.stop();
    home.prepare(async |ledger| {
        assert_eq!(ledger.checkpoint().await.unwrap().unwrap().size(), TreeSize(2));
        assert!(ledger.server_policies(None).await.unwrap().is_empty());
    });
}
