//! Keeping a log: checks, audits, witnesses, policies, stores and copies, run as a user runs them.

use std::{
    fs,
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
};

use serde_json::Value;

use crate::common::{Workdir, penguins};

/// A table notarized without a proof: what is kept is the same, and it takes no time.
fn notarize(workdir: &Workdir, name: &str) {
    workdir.ok(&["notarize", &penguins(), "--name", name, "--attest-only"]);
}

fn with_entries(count: usize) -> Workdir {
    let workdir = Workdir::new();
    workdir.ok(&["init", "--origin", "example.com/log"]);
    for number in 0..count {
        notarize(&workdir, &format!("table{}", number % 2));
    }
    workdir
}

/// A running `zkl witness serve`, stopped when it is dropped.
pub(crate) struct Serving {
    process: Child,
    key: String,
    url: String,
}

impl Serving {
    fn start(workdir: &Workdir, dir: &str, name: &str, log_key: &str) -> Self {
        workdir.ok(&["witness", "--dir", dir, "init", "--name", name, "--log", log_key]);
        Self::again(workdir, dir)
    }

    fn again(workdir: &Workdir, dir: &str) -> Self {
        Self::with(workdir, dir, &[])
    }

    fn with(workdir: &Workdir, dir: &str, more: &[&str]) -> Self {
        let args = ["witness", "--dir", dir, "serve", "--listen", "127.0.0.1:0", "--format", "json"];
        Self::of(&mut workdir.command(&[&args[..], more].concat()))
    }

    /// What a command that serves and reports as JSON says of itself.
    pub(crate) fn of(command: &mut Command) -> Self {
        let mut process = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut text = String::new();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        while serde_json::from_str::<Value>(&text).is_err() {
            text += &lines.next().expect("the witness says where it listens").unwrap();
        }
        let report: Value = serde_json::from_str(&text).unwrap();
        let field = |name: &str| report[name].as_str().unwrap().to_owned();
        Self { process, key: field("key"), url: field("url") }
    }

    pub(crate) fn flag(&self) -> String {
        format!("{}={}", self.key, self.url)
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn log_key(workdir: &Workdir) -> String {
    workdir.json(&["fsck"])["log_key"].as_str().unwrap().to_owned()
}

fn add_witnesses(workdir: &Workdir, witnesses: &[(&str, &str)]) {
    let path = workdir.path(".zkl/ledger.toml");
    let mut text = fs::read_to_string(&path).unwrap();
    for (key, url) in witnesses {
        text += &format!("\n[[witness]]\nkey = {key:?}\nurl = {url:?}\n");
    }
    fs::write(path, text).unwrap();
}

#[test]
fn a_sound_ledger_and_its_export_are_said_to_be_sound() {
    let workdir = with_entries(3);
    let report = workdir.json(&["fsck"]);
    assert_eq!((&report["sound"], &report["entries"], &report["indexes"]), (&true.into(), &3.into(), &true.into()));
    assert!(workdir.ok(&["fsck"]).starts_with("SOUND: 3 entries"));
    workdir.ok(&["export", "public"]);
    let key = log_key(&workdir);
    let other = Workdir::new();
    // A stranger has nothing but the files and the key.
    fs::rename(workdir.path("public"), other.path("public")).unwrap();
    let report = other.json(&["fsck", "--export", "public", "--trust", &key]);
    assert_eq!((&report["sound"], &report["indexes"]), (&true.into(), &false.into()));
    assert!(other.run(&["fsck", "--export", "public"]).stderr.contains("pin it with --trust"));

    let blob = fs::read_dir(other.path("public/blob")).unwrap().next().unwrap().unwrap().path();
    fs::write(&blob, "changed").unwrap();
    fs::write(other.path("public/tile/0/000.p/3"), [0; 96]).unwrap();
    let answer = other.run(&["fsck", "--export", "public", "--trust", &key, "--format", "json"]);
    assert_eq!(answer.code, Some(1));
    let report: Value = serde_json::from_str(&answer.stdout).unwrap();
    assert_eq!(report["sound"], false);
    assert!(report["findings"].as_array().unwrap().len() > 3, "{report}");
    assert!(answer.stderr.contains("the log is not sound"), "{}", answer.stderr);
    assert!(other.fails(2, &["fsck", "--export", "."]).contains("no exported log"));
}

#[test]
fn an_audit_shows_what_was_added_and_tells_a_fork() {
    let workdir = with_entries(1);
    workdir.ok(&["export", "public"]);
    fs::copy(workdir.path("public/checkpoint"), workdir.path("kept")).unwrap();
    // A copy of the whole ledger, key and all, is how a fork begins.
    let copied = std::process::Command::new("cp").args(["-r", ".zkl", "fork"]).current_dir(workdir.dir.path()).status();
    assert!(copied.unwrap().success());
    notarize(&workdir, "second");
    notarize(&workdir, "third");
    let report = workdir.json(&["audit", "--since", "kept"]);
    assert_eq!((&report["since"], &report["size"], &report["append_only"]), (&1.into(), &3.into(), &true.into()));
    assert_eq!(report["entries"][1]["dataset"], "third");
    assert!(workdir.ok(&["audit", "--since", "kept"]).starts_with("ONLY GROWN: from 1 to 3 entries"));
    workdir.ok(&["export", "public"]);
    let key = log_key(&workdir);
    let offline = workdir.json(&["audit", "--since", "kept", "--export", "public", "--trust", &key]);
    assert_eq!(offline["size"], 3);

    workdir.ok(&["--ledger", "fork", "notarize", &penguins(), "--name", "other", "--attest-only"]);
    workdir.ok(&["--ledger", "fork", "export", "forked"]);
    let error = workdir.fails(1, &["audit", "--since", "forked/checkpoint"]);
    assert!(error.contains("does not continue the old checkpoint") && error.contains("keep both"), "{error}");
    let error = workdir.fails(1, &["--ledger", "fork", "audit", "--since", "public/checkpoint"]);
    assert!(error.contains("the log has 2 entries and had 3"), "{error}");
    workdir.fails(2, &["audit", "--since", "absent"]);
}

#[test]
fn receipts_satisfy_a_policy_once_its_witnesses_have_cosigned() {
    let workdir = with_entries(1);
    let key = log_key(&workdir);
    let [alice, bob] = ["alice", "bob"].map(|name| Serving::start(&workdir, name, &format!("{name}.example/w"), &key));
    let policy = format!(
        "log {key}\nwitness alice {} {}\nwitness bob {} {}\ngroup both 2 alice bob\nquorum both\n",
        alice.key, alice.url, bob.key, bob.url
    );
    workdir.write("trust.policy", policy);
    workdir.ok(&["receipt", "0", "-o", "early.receipt"]);
    let error = workdir.fails(1, &["verify", "early.receipt", "--policy", "trust.policy"]);
    assert!(error.contains("quorum \"both\" is not met") && error.contains("hint: "), "{error}");

    // The ledger's own witness, and one more from the policy.
    add_witnesses(&workdir, &[(&alice.key, &alice.url), (&bob.key, &bob.url)]);
    let asked = workdir.json(&["cosign", "--policy", "trust.policy"]);
    assert_eq!(asked["witnesses"].as_array().unwrap().len(), 2, "each is asked once");
    assert!(workdir.ok(&["cosign"]).contains("had cosigned"));
    workdir.ok(&["receipt", "0", "-o", "late.receipt"]);
    let verified = workdir.json(&["verify", "late.receipt", "--policy", "trust.policy"]);
    assert_eq!(verified["log"]["witnesses"].as_array().unwrap().len(), 2);
    assert_eq!((&verified["log"]["policy"], &verified["log"]["pinned"]), (&true.into(), &true.into()));
    assert!(workdir.ok(&["verify", "late.receipt"]).contains("NOT vouched for"));

    // Appends ask by themselves from now on, and the receipt of the append carries the answers.
    workdir.ok(&["notarize", &penguins(), "--name", "second", "--attest-only", "-o", "second.receipt"]);
    workdir.ok(&["verify", "second.receipt", "--policy", "trust.policy"]);
    workdir.ok(&["export", "public"]);
    assert!(workdir.json(&["fsck"])["cosigned"].as_u64().unwrap() >= 2);
    workdir.ok(&[
        "audit",
        "--since",
        "public/checkpoint",
        "--export",
        "public",
        "--trust",
        &key,
        "--policy",
        "trust.policy",
    ]);

    let error = workdir.fails(2, &["verify", "late.receipt", "--policy", "late.receipt"]);
    assert!(error.contains("is not a trust policy"), "{error}");
}

#[test]
fn witnesses_that_are_gone_never_fail_an_append() {
    let workdir = with_entries(1);
    let key = log_key(&workdir);
    let witness = Serving::start(&workdir, "w", "w.example/1", &key);
    let (witness_key, url, flag) = (witness.key.clone(), witness.url.clone(), witness.flag());
    drop(witness);
    add_witnesses(&workdir, &[(&witness_key, &url)]);
    let answer = workdir.run(&["notarize", &penguins(), "--name", "second", "--attest-only"]);
    assert_eq!(answer.code, Some(0));
    assert!(answer.stderr.contains("has not cosigned"), "{}", answer.stderr);
    // Whoever wants no notes is told as well, and a program finds it in the answer.
    let answer = workdir.run(&["-q", "prove", "second", "rows >= 3", "--format", "json"]);
    assert_eq!(answer.code, Some(0));
    assert!(answer.stderr.starts_with("warning: w.example/1 has not cosigned: "), "{}", answer.stderr);
    let proved: serde_json::Value = serde_json::from_str(&answer.stdout).unwrap();
    let asked = &proved["witnesses"][0];
    assert_eq!((&asked["witness"], &asked["cosigned"]), (&"w.example/1".into(), &false.into()), "{proved}");
    let quiet = workdir.run(&["notarize", &penguins(), "--name", "third", "--attest-only", "--no-cosign"]);
    assert!(quiet.code == Some(0) && !quiet.stderr.contains("cosigned"), "{}", quiet.stderr);
    let answer = workdir.run(&["cosign"]);
    assert!(answer.code == Some(2) && answer.stderr.contains("1 witness(es) have not cosigned"), "{}", answer.stderr);
    // Started again, it goes on.
    let witness = Serving::again(&workdir, "w");
    assert_eq!(witness.key, witness_key);
    workdir.ok(&["cosign", "--witness", &witness.flag()]);
    assert_ne!(witness.flag(), flag, "another port");

    let alone = Workdir::new();
    alone.ok(&["init"]);
    assert!(alone.fails(2, &["cosign"]).contains("has no witnesses"));
    assert!(alone.fails(2, &["cosign", "--witness", &witness.flag()]).contains("nothing to cosign"));
    assert!(alone.fails(2, &["witness", "serve"]).contains("zkl witness init"));
}

#[test]
fn witnesses_that_are_gone_are_named_when_keys_change_too() {
    let workdir = with_entries(1);
    let witness = Serving::start(&workdir, "w", "w.example/1", &log_key(&workdir));
    let (key, url) = (witness.key.clone(), witness.url.clone());
    drop(witness);
    add_witnesses(&workdir, &[(&key, &url)]);
    let answer = workdir.run(&["-q", "key", "rotate", "--format", "json"]);
    let rotated: serde_json::Value = serde_json::from_str(&answer.stdout).unwrap();
    assert_eq!((answer.code, &rotated["witnesses"][0]["cosigned"]), (Some(0), &false.into()), "{rotated}");
    let old = rotated["old"].as_str().unwrap();
    let answer = workdir.run(&["-q", "key", "revoke", old, "--from", "9", "--format", "json"]);
    let revoked: serde_json::Value = serde_json::from_str(&answer.stdout).unwrap();
    assert_eq!((answer.code, &revoked["witnesses"][0]["cosigned"]), (Some(0), &false.into()), "{revoked}");
    assert!(answer.stderr.starts_with("warning: w.example/1 has not cosigned: "), "{}", answer.stderr);
}

#[test]
fn a_backup_comes_back_as_it_was_and_never_over_another_log() {
    let workdir = with_entries(3);
    let before = workdir.json(&["fsck"]);
    let root = |workdir: &Workdir| {
        workdir.ok(&["export", "public"]);
        fs::read_to_string(workdir.path("public/checkpoint")).unwrap()
    };
    let checkpoint = root(&workdir);
    assert_eq!(workdir.json(&["backup", "memory:"])["entries"], 3);
    let first = workdir.json(&["backup", "rocks:copy"]);
    assert_eq!((&first["entries"], &first["already"]), (&3.into(), &0.into()));
    assert_eq!(workdir.json(&["backup", "rocks:copy"])["already"], 3);

    fs::remove_dir_all(workdir.path(".zkl/db")).unwrap();
    assert!(workdir.fails(2, &["log"]).contains("error: "));
    let answer = workdir.run(&["restore", "rocks:copy"]);
    assert!(answer.code == Some(0) && answer.stderr.contains("second history"), "{}", answer.stderr);
    assert_eq!(workdir.json(&["fsck"]), before);
    assert_eq!(root(&workdir), checkpoint);
    notarize(&workdir, "fourth");
    assert_eq!(workdir.json(&["backup", "rocks:copy"])["already"], 3);

    // A ledger with entries of its own is never overwritten, nor is a backup by another log.
    let other = with_entries(1);
    let source = format!("rocks:{}", workdir.path("copy").display());
    let error = other.fails(2, &["restore", &source]);
    assert!(error.contains("checkpoint is not this ledger's"), "{error}");
    let error = other.fails(2, &["backup", &source]);
    assert!(error.contains("does not begin with") && error.contains("nothing was written"), "{error}");
    assert_eq!(other.json(&["fsck"])["entries"], 1);
    // An older copy is not put over a newer log.
    workdir.ok(&["backup", "rocks:older"]);
    notarize(&workdir, "fifth");
    assert!(workdir.fails(2, &["restore", "rocks:older"]).contains("does not begin with"));
    assert_eq!(workdir.json(&["fsck"])["entries"], 5);
}

#[test]
fn the_log_is_kept_where_init_says() {
    let workdir = Workdir::new();
    let made = workdir.json(&["init", "--store", "rocks:elsewhere"]);
    assert!(made["store"].as_str().unwrap().ends_with("/elsewhere"), "{made}");
    notarize(&workdir, "penguins");
    assert!(workdir.path("elsewhere/CURRENT").exists() && !workdir.path(".zkl/db").exists());
    assert!(workdir.path(".zkl/openings").exists());
    // From another directory too.
    let other = Workdir::new();
    let ledger = workdir.path(".zkl").display().to_string();
    assert_eq!(other.json(&["--ledger", &ledger, "fsck"])["entries"], 1);

    let fresh = Workdir::new();
    assert!(fresh.fails(2, &["init", "--store", "memory:"]).contains("hint: name a store that lasts"));
    fs::create_dir(fresh.path("plain")).unwrap();
    assert!(fresh.fails(2, &["init", "--store", "plain"]).contains("write rocks:plain"));
    let nobody = "s3://bucket/prefix?endpoint=http://127.0.0.1:1&region=x";
    for (url, feature) in [("postgres://u:secret@127.0.0.1:1/x", "pg"), (nobody, "s3")] {
        let mut command = fresh.command(&["init", "--store", url]);
        // Credentials that are there are not looked for over the network.
        command.env("AWS_ACCESS_KEY_ID", "x").env("AWS_SECRET_ACCESS_KEY", "secret");
        let answer = crate::common::answer(&command.output().unwrap());
        assert_eq!(answer.code, Some(2));
        assert!(!answer.stderr.contains("secret"), "{}", answer.stderr);
        if answer.stderr.contains("built without") {
            assert!(answer.stderr.contains(&format!("--features {feature}")), "{}", answer.stderr);
        }
        assert!(!fresh.path(".zkl/ledger.toml").exists(), "nothing is left of it");
    }
    fresh.ok(&["init"]);
}

#[test]
fn a_damaged_store_is_found_and_a_backup_of_it_refused() {
    let workdir = with_entries(2);
    workdir.ok(&["backup", "rocks:copy"]);
    // The newest tables and logs of the store lose a bit where a record is.
    let files = |dir: &Path| fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect::<Vec<_>>();
    let mut damaged = 0;
    for path in files(&workdir.path(".zkl/db")) {
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if name.ends_with(".log") || name.ends_with(".sst") {
            let mut bytes = fs::read(&path).unwrap();
            if bytes.len() > 600 {
                bytes[300] ^= 1;
                fs::write(&path, bytes).unwrap();
                damaged += 1;
            }
        }
    }
    assert!(damaged > 0);
    assert_ne!(workdir.run(&["fsck"]).code, Some(0));
    assert_ne!(workdir.run(&["backup", "rocks:second"]).code, Some(0));
    fs::remove_dir_all(workdir.path(".zkl/db")).unwrap();
    workdir.ok(&["restore", "rocks:copy"]);
    assert_eq!(workdir.json(&["fsck"])["sound"], true);
}

#[test]
fn one_trust_store_serves_verify_audit_and_witness() {
    let workdir = with_entries(2);
    let key = log_key(&workdir);
    let store = |until: u64| format!("version = 1\n\n[[log]]\nlabel = \"ours\"\nkey = {key:?}\nuntil = {until}\n");
    workdir.write("trust.toml", store(2));
    workdir.write("ended.toml", store(1));
    workdir.ok(&["receipt", "0", "-o", "a.receipt"]);
    workdir.ok(&["export", "public"]);

    // A file of this name beside the receipt means nothing.
    assert_eq!(workdir.json(&["verify", "a.receipt"])["log"]["pinned"], false);
    let verified = workdir.json(&["verify", "a.receipt", "--trust-store", "trust.toml", "--require", "pinned"]);
    assert_eq!((&verified["log"]["pinned"], &verified["log"]["label"]), (&true.into(), &"ours".into()));
    assert!(
        workdir.ok(&["verify", "a.receipt", "--trust-store", "trust.toml"]).contains("your trust store says: ours")
    );
    let error = workdir.fails(1, &["verify", "a.receipt", "--trust-store", "ended.toml", "--trust", &key]);
    assert!(error.contains("counts up to 1 entries of the log, and the checkpoint is of 2"), "{error}");
    let output = workdir.command(&["verify", "a.receipt"]).env("ZKL_TRUST_STORE", "ended.toml").output().unwrap();
    assert_eq!(output.status.code(), Some(1));

    let audit = ["audit", "--since", "public/checkpoint", "--export", "public", "--trust-store"];
    workdir.ok(&[&audit[..], &["trust.toml"]].concat());
    let error = workdir.fails(1, &[&audit[..], &["ended.toml"]].concat());
    assert!(error.contains("the trust store does not let the log count"), "{error}");

    workdir.ok(&["witness", "--dir", "w", "init", "--name", "w.example/1"]);
    for (file, cosigned) in [("ended.toml", false), ("trust.toml", true)] {
        let serving = Serving::with(&workdir, "w", &["--trust-store", file]);
        let answer = workdir.run(&["cosign", "--witness", &serving.flag()]);
        assert_eq!(answer.code, Some(if cosigned { 0 } else { 2 }), "{}", answer.stdout);
        assert_eq!(answer.stdout.contains("counts up to 1 entries"), !cosigned, "{}", answer.stdout);
    }

    workdir.write("twice.toml", format!("{}[[log]]\nkey = {key:?}\n", store(2)));
    let error = workdir.fails(2, &["verify", "a.receipt", "--trust-store", "twice.toml"]);
    assert!(error.contains("is not a trust store") && error.contains("[[log]] 2 repeats number 1"), "{error}");
    workdir.fails(2, &["verify", "a.receipt", "--trust-store", "absent.toml"]);
    // A settings file that was just found names no store; one that was named does.
    workdir.write("zkl.toml", "trust_store = \"trust.toml\"\n");
    assert!(workdir.fails(2, &["verify", "a.receipt"]).contains("only found in the current directory"));
    assert_eq!(workdir.json(&["verify", "a.receipt", "--config", "zkl.toml"])["log"]["pinned"], true);
}
