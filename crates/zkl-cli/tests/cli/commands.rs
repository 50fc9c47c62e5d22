//! Every command as a user meets it.

use sha2::{Digest as _, Sha256};

use crate::common::{Workdir, keep_open, penguins};

#[test]
fn a_claim_goes_from_table_to_verifier() {
    let owner = Workdir::with_penguins();
    let proved = owner.json(&["prove", "penguins", "mean(body_mass_g) between 4000 and 4500", "-o", "mean.receipt"]);
    assert_eq!(proved["index"], 1);
    assert_eq!(proved["claim"], "mean(body_mass_g) between 4000 and 4500");

    // The verifier has nothing but the file.
    let verifier = Workdir::new();
    std::fs::copy(owner.path("mean.receipt"), verifier.path("mean.receipt")).unwrap();
    let verified = verifier.json(&["verify", "mean.receipt"]);
    // What is proved here is proved with dev keys, and that is no success.
    assert_eq!((&verified["valid"], &verified["verdict"]), (&false.into(), &"forgeable".into()));
    assert_eq!(verified["assurance"], "attested");
    assert_eq!(verified["log"]["pinned"], false);
    assert!(verified["proof"]["setup"].as_str().unwrap().contains("forgeable"));
    let text = verifier.ok(&["verify", "mean.receipt"]);
    assert!(text.starts_with("FORGEABLE: ") && text.contains("attested") && text.contains("NOT pinned"), "{text}");
    assert!(!verifier.path(".zkl").exists(), "verifying makes no ledger");

    let key = verified["log"]["key"].as_str().unwrap();
    assert_eq!(verifier.json(&["verify", "mean.receipt", "--trust", key])["log"]["pinned"], true);
    verifier.write("keys.txt", format!("# logs\n{key}\n"));
    assert_eq!(verifier.json(&["verify", "mean.receipt", "--trust", "keys.txt"])["log"]["pinned"], true);
    let other = Workdir::new();
    let other_key = other.json(&["init"])["log_key"].as_str().unwrap().to_owned();
    verifier.fails(1, &["verify", "mean.receipt", "--trust", &other_key]);
    verifier.fails(2, &["verify", "mean.receipt", "--trust", "nonsense"]);
}

#[test]
fn one_receipt_carries_several_claims() {
    let workdir = Workdir::with_penguins();
    for claim in ["rows >= 300", "rows >= 301"] {
        workdir.ok(&["prove", "penguins", claim]);
    }
    let made = workdir.json(&["receipt", "1", "2", "-o", "both.receipt"]);
    assert_eq!(made["transactions"].as_array().unwrap().len(), 2);
    let verified = workdir.json(&["verify", "both.receipt"]);
    assert_eq!(verified["verdict"], "forgeable");
    let statements = verified["statements"].as_array().unwrap();
    let said: Vec<_> = statements.iter().map(|statement| (&statement["index"], &statement["claim"])).collect();
    assert_eq!(said, [(&1.into(), &"rows >= 300".into()), (&2.into(), &"rows >= 301".into())]);
    let text = workdir.ok(&["verify", "both.receipt"]);
    assert!(text.starts_with("FORGEABLE: 2 statements: ") && text.contains("rows >= 301"), "{text}");
    workdir.fails(2, &["receipt", "-o", "none.receipt"]);
}

#[test]
fn a_changed_receipt_exits_with_1_and_an_absent_one_with_2() {
    let workdir = Workdir::with_penguins();
    workdir.ok(&["receipt", "0", "-o", "a.receipt"]);
    let bytes = std::fs::read(workdir.path("a.receipt")).unwrap();
    for position in (0..bytes.len()).step_by(97) {
        let mut changed = bytes.clone();
        changed[position] ^= 1;
        workdir.write("b.receipt", changed);
        workdir.fails(1, &["verify", "b.receipt"]);
    }
    for length in [0, 1, bytes.len() / 2, bytes.len() - 1] {
        workdir.write("b.receipt", &bytes[..length]);
        workdir.fails(1, &["verify", "b.receipt"]);
    }
    workdir.write("b.receipt", String::from_utf8(bytes).unwrap().replace("zkl-receipt/4", "zkl-receipt/9"));
    assert!(workdir.fails(1, &["verify", "b.receipt"]).contains("hint: "));
    workdir.fails(2, &["verify", "absent.receipt"]);
}

#[test]
fn the_data_can_be_shown_to_an_auditor() {
    let workdir = Workdir::with_penguins();
    let entry = workdir.json(&["show", "0"]);
    let id = entry["predicate"]["datasetId"].as_str().unwrap();
    let opening = format!(".zkl/openings/{id}.json");
    workdir.ok(&["receipt", "0", "-o", "a.receipt"]);
    let table = std::fs::read_to_string(penguins()).unwrap();
    workdir.write("same.csv", &table);
    let shown = workdir.json(&["verify", "a.receipt", "--data", "same.csv", "--opening", &opening]);
    assert!(shown["data"].as_str().unwrap().contains("is the notarized table (344 rows read)"));
    workdir.write("changed.csv", table.replacen("3750", "3751", 1));
    let error = workdir.fails(1, &["verify", "a.receipt", "--data", "changed.csv", "--opening", &opening]);
    assert!(error.contains("is not the notarized table"), "{error}");
}

#[test]
fn the_log_is_listed_in_every_form() {
    let workdir = Workdir::with_penguins();
    workdir.ok(&["prove", "penguins", "rows >= 300"]);
    workdir.ok(&["notarize", &penguins(), "--name", "team/penguins", "--privacy", "public", "--attest-only"]);

    let log = workdir.json(&["log"]);
    let kinds: Vec<&str> = log["entries"].as_array().unwrap().iter().map(|e| e["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["notarization", "claim", "notarization"]);
    assert_eq!(workdir.json(&["log", "--kind", "claim"])["entries"].as_array().unwrap().len(), 1);
    assert_eq!(workdir.json(&["log", "--limit", "1"])["entries"][0]["index"], 2);
    assert_eq!(workdir.json(&["log", "--until", "2000-01-01T00:00:00Z"])["entries"].as_array().unwrap().len(), 0);
    assert_eq!(workdir.json(&["history", "penguins"])["entries"].as_array().unwrap().len(), 2);
    assert_eq!(workdir.json(&["datasets"])["datasets"][1]["name"], "team/penguins");
    let id = log["entries"][1]["transaction"].as_str().unwrap();
    assert_eq!(workdir.json(&["show", id])["index"], 1);
    assert_eq!(workdir.json(&["show", "2"])["predicate"]["source"]["digests"]["kind"], "plain");
    assert_eq!(workdir.json(&["show", "0"])["predicate"]["source"]["digests"]["kind"], "salted");

    assert!(workdir.ok(&["log"]).contains("rows >= 300"));
    assert!(workdir.ok(&["show", "1", "--format", "yaml"]).contains("index: 1"));
    assert!(workdir.fails(2, &["history", "penguin"]).contains("did you mean penguins?"));
    assert!(workdir.fails(2, &["show", "9"]).contains("there is no entry 9"));
    assert!(workdir.ok(&["doctor"]).contains("every entry is signed and in the tree"));
}

#[test]
fn the_doctor_misses_a_private_key_that_is_gone() {
    let workdir = Workdir::new();
    let answer = workdir.run(&["-q", "init"]);
    assert!(answer.stderr.starts_with("warning: the log is called zkl-"), "a name for ever: {}", answer.stderr);
    workdir.ok(&["doctor"]);
    std::fs::remove_file(workdir.path(".zkl/ledger.key")).unwrap();
    assert!(workdir.ok(&["doctor"]).contains("the log's private key is not here"), "a ledger to read");
    std::fs::remove_file(workdir.path(".zkl/log-public.txt")).unwrap();
    let answer = workdir.run(&["doctor"]);
    assert!(answer.stdout.contains("PROBLEM  key"), "{}", answer.stdout);
    assert!(!answer.stdout.contains("is private"), "{}", answer.stdout);
    let named = workdir.run(&["init", "--ledger", "named", "--origin", "example.com/log"]);
    assert_eq!(named.stderr, "");
}

#[test]
fn an_export_is_brought_up_to_date() {
    let workdir = Workdir::with_penguins();
    let first = workdir.json(&["export", "public"]);
    assert_eq!(first["entries"], 1);
    assert!(workdir.path("public/checkpoint").exists());
    assert!(workdir.path("public/tile/0/000.p/1").exists());
    assert!(workdir.path("public/tile/entries/000.p/1").exists());
    workdir.ok(&["prove", "penguins", "rows >= 300"]);
    workdir.ok(&["export", "public"]);
    assert!(workdir.path("public/tile/0/000.p/2").exists());
    assert_eq!(workdir.json(&["export", "public"])["files_written"], 0);
    workdir.write("full", "");
    assert!(workdir.fails(2, &["export", "."]).contains("not empty"));
}

#[test]
fn settings_come_from_flags_then_environment_then_file() {
    let workdir = Workdir::new();
    workdir.write("zkl.toml", "ledger = \"from-file\"\nformat = \"json\"\n");
    assert!(workdir.ok(&["init"]).contains("from-file"));
    let output = workdir.command(&["init"]).env("ZKL_LEDGER", "from-environment").output().unwrap();
    assert!(output.status.success() && workdir.path("from-environment/ledger.toml").exists());
    workdir.ok(&["--ledger", "from-flag", "init"]);
    assert!(workdir.path("from-flag/ledger.toml").exists());
    let again = workdir.run(&["init"]);
    assert!(again.code == Some(2) && again.stderr.contains("there already is a ledger"), "{}", again.stderr);
    workdir.write("zkl.toml", "ledgers = 1\n");
    assert!(workdir.fails(2, &["log"]).contains("zkl.toml is not a settings file"));
}

#[test]
fn a_field_kernel_that_does_not_exist_is_told_and_not_followed() {
    let workdir = Workdir::with_penguins();
    let run = |args: &[&str], kernel: &str| workdir.command(args).env("ZKL_KERNEL", kernel).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let output = run(&["prove", "penguins", "rows >= 300"], "neon");
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(
        text(&output.stderr).contains("note: ZKL_KERNEL is \"neon\", which is neither"),
        "{}",
        text(&output.stderr)
    );
    let output = run(&["doctor"], "neon");
    assert!(!output.status.success() && text(&output.stdout).contains("PROBLEM  kernel"));
    let output = run(&["doctor"], "portable");
    assert!(output.status.success() && text(&output.stdout).contains("portable field arithmetic"));
    assert!(!text(&output.stderr).contains("ZKL_KERNEL"));
}

#[test]
fn claims_are_explained_when_they_do_not_fit() {
    let workdir = Workdir::with_penguins();
    let error = workdir.fails(2, &["prove", "penguins", "mean(body_mas_g) >= 1"]);
    assert!(error.contains("did you mean \"body_mass_g\"?"), "{error}");
    let error = workdir.fails(2, &["prove", "penguins", "mean(body_mass_g) >> 1"]);
    assert!(error.contains('^'), "{error}");
    let error = workdir.fails(2, &["prove", "penguins", "gap(sex = 'MALE' by island: 'Dream', 'Biscoe') <= 5%"]);
    assert!(error.contains("hint: notarize the table again with --joint"), "{error}");
    let error = workdir.fails(3, &["prove", "penguins", "mean(body_mass_g) <= 4000"]);
    assert!(error.contains("the claim is false") && !error.contains("420"), "{error}");
    let dry = workdir.json(&["prove", "penguins", "mean(body_mass_g) <= 4000", "--dry-run", "--reveal"]);
    assert_eq!(dry["holds"], false);
    assert!(dry["revealed"].as_str().unwrap().contains("4201.75"), "{dry}");
    assert_eq!(workdir.json(&["log"])["entries"].as_array().unwrap().len(), 1, "nothing was recorded");
}

#[test]
fn a_second_writer_is_told_so_and_readers_are_not_hindered() {
    let workdir = Workdir::with_penguins();
    let first = keep_open(&workdir);
    let error = workdir.fails(4, &["notarize", &penguins()]);
    assert!(error.contains("in use by another process") && error.contains("--wait"), "{error}");
    workdir.ok(&["log"]);
    drop(first);
    workdir.ok(&["notarize", &penguins(), "--wait", "10", "--attest-only"]);
}

#[test]
fn circuits_are_listed_with_the_digests_of_the_matrices_that_are_written() {
    let workdir = Workdir::new();
    let list = workdir.json(&["circuits", "claim/rows@1", "claim/mean", "--matrices", "matrices"]);
    let circuits = list["circuits"].as_array().unwrap();
    let ids: Vec<_> = circuits.iter().map(|circuit| circuit["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["claim/rows@1", "claim/mean@1"]);
    for circuit in circuits {
        let matrices = std::fs::read(workdir.path(circuit["file"].as_str().unwrap())).unwrap();
        assert_eq!(circuit["matrices"], hex::encode(Sha256::digest(&matrices)));
        assert_eq!((&circuit["linked"], &circuit["pinned"]), (&false.into(), &true.into()));
    }
    assert_eq!((&circuits[0]["constraints"], &circuits[0]["inputs"]), (&3_383.into(), &9.into()));
    assert!(workdir.path("matrices/claim.mean@1.r1cs").is_file());
    assert!(workdir.ok(&["circuits", "claim/rows@1"]).contains("3383"));
    workdir.fails(2, &["circuits", "claim/rows@2"]);
}

#[test]
fn circuits_of_a_receipt_are_those_that_its_entries_call_for() {
    let workdir = Workdir::new();
    let receipts = concat!(env!("CARGO_MANIFEST_DIR"), "/../zkl-ledger/tests/fixtures");
    let list = workdir.json(&["circuits", "--receipt", &format!("{receipts}/v5/claims.receipt")]);
    let ids: Vec<_> =
        list["circuits"].as_array().unwrap().iter().map(|circuit| circuit["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["scan/16-l6-n3-o2-c2-1-0-0-j1-1-0-g0-p1@1", "claim/mean@1", "claim/rows@1"]);
    assert_eq!((&list["circuits"][0]["linked"], &list["circuits"][0]["pinned"]), (&true.into(), &true.into()));
    workdir.write("not.receipt", "{}");
    workdir.fails(1, &["circuits", "--receipt", "not.receipt"]);
    workdir.fails(2, &["circuits", "--receipt", "absent.receipt"]);
}
