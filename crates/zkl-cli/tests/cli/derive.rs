//! Tables made of others in one command.

use std::{fs, process::Command};

use crate::common::Workdir;

/// A ledger whose proofs need no keys that are made first.
struct Maker(Workdir);

impl Maker {
    fn new() -> Self {
        let workdir = Workdir::new();
        workdir.ok(&["init"]);
        Self(workdir)
    }

    #[track_caller]
    fn makes(&self, args: &[&str]) -> serde_json::Value {
        self.0.json(&[args, &["--proof", "universal"]].concat())
    }

    #[track_caller]
    fn fails(&self, code: i32, args: &[&str]) -> String {
        self.0.fails(code, &[args, &["--proof", "universal"]].concat())
    }
}

impl std::ops::Deref for Maker {
    type Target = Workdir;

    fn deref(&self) -> &Workdir {
        &self.0
    }
}

const TREES: &str =
    "id;kind;height\r\n# felled\r\n1;oak;3,5\r\n\r\n2;\"ash;\"\"old\"\"\";\r\n3;oak;7,250\r\n4; elm ;1\r\n";
const READ: [&str; 6] = ["--delimiter", ";", "--comment", "#", "--decimal", ","];

fn names(workdir: &Workdir) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(workdir.dir.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn rows_are_copied_as_they_are_written_and_read_as_the_source_was() {
    let workdir = Maker::new();
    workdir.write("trees.txt", TREES);
    let filter = ["filter", "trees.txt", "height >= 2", "-o", "high.csv"];
    let made = workdir.makes(&[&filter[..], &READ, &["--receipt", "high.receipt"]].concat());
    assert_eq!(fs::read_to_string(workdir.path("high.csv")).unwrap(), "id;kind;height\r\n1;oak;3,5\r\n3;oak;7,250\r\n");
    assert_eq!(made["relation"], "high = filter(trees, height >= 2)");
    assert_eq!((&made["source"]["is_new"], &made["source"]["rows"]), (&true.into(), &4.into()));
    assert_eq!((&made["tables"][0]["dataset"], &made["tables"][0]["rows"]), (&"high".into(), &2.into()));
    assert!(workdir.ok(&["verify", "high.receipt"]).contains("high has the rows of trees with height >= 2"));
    let columns = |dataset: &str| {
        let profile = workdir.json(&["profile", dataset]);
        let types = profile["columns"].as_array().unwrap().iter().map(|column| column["type"].clone());
        types.collect::<Vec<_>>()
    };
    assert_eq!(columns("high"), columns("trees"));

    // It is known now, with and without the flags with which it was read.
    for extra in [&[][..], &READ] {
        let kind = "kind = \"ash;\\\"old\\\"\"".replace("\\\"", "\"\"");
        let made = workdir.makes(&[&["erase", "trees.txt", &kind, "-o", "rest.csv", "--force"], extra].concat());
        assert_eq!(made["source"]["is_new"], false);
    }
    let rest = fs::read_to_string(workdir.path("rest.csv")).unwrap();
    assert_eq!(rest, "id;kind;height\r\n1;oak;3,5\r\n3;oak;7,250\r\n4; elm ;1\r\n");
    // Read otherwise it is another table; and so are other bytes.
    let as_text = ["--column", "id=category"];
    let made = workdir.makes(&[&["filter", "trees.txt", "id = 2", "-o", "two.csv"][..], &READ, &as_text].concat());
    assert_eq!(made["source"]["is_new"], true);
    workdir.write("trees.txt", TREES.replace("elm", "fir"));
    let made = workdir.makes(&[&["filter", "trees.txt", "id >= 2", "-o", "more.csv"][..], &READ].concat());
    assert_eq!(made["source"]["is_new"], true);
}

#[test]
fn the_first_row_of_every_key_is_kept() {
    let workdir = Maker::new();
    workdir.write("all.csv", "id,kind,note\n7,oak,a\n3,ash,b\n7,ash,c\n,oak,d\n3,ash,e\n,oak,f\n");
    let made = workdir.makes(&["dedup", "all.csv", "--key", "id", "-o", "once.csv", "--receipt", "once.receipt"]);
    assert_eq!(fs::read_to_string(workdir.path("once.csv")).unwrap(), "id,kind,note\n7,oak,a\n3,ash,b\n,oak,d\n");
    assert_eq!(made["relation"], "once = dedup(all on id)");
    assert!(workdir.ok(&["verify", "once.receipt"]).contains("once has one row for every id that all has"));
    let made = workdir.makes(&["dedup", "all.csv", "--key", "kind", "--key", "id", "-o", "both.csv"]);
    assert_eq!((&made["relation"], &made["tables"][0]["rows"]), (&"both = dedup(all on id, kind)".into(), &4.into()));
    let before = names(&workdir);
    let error = workdir.fails(2, &["dedup", "all.csv", "--key", "nothing", "-o", "out.csv"]);
    assert!(error.contains("\"nothing\" of the key is not compared"), "{error}");
    assert_eq!(names(&workdir), before);
}

const VISITS: &str =
    "patient,age,ward\nP-001,34,oak\nP-002,58,ash\nP-001,34,elm\n,41,oak\nP-003,77,ash\n,41,oak\np-001,34,oak\n";

#[test]
fn keys_of_text_are_deduplicated_erased_and_proved_to_be_unique() {
    let workdir = Maker::new();
    workdir.write("visits.csv", VISITS);
    let dedup = ["dedup", "visits.csv", "--hash", "patient", "--key", "patient", "-o", "once.csv"];
    let made = workdir.makes(&[&dedup[..], &["--receipt", "once.receipt"]].concat());
    let once = "patient,age,ward\nP-001,34,oak\nP-002,58,ash\n,41,oak\nP-003,77,ash\np-001,34,oak\n";
    assert_eq!(fs::read_to_string(workdir.path("once.csv")).unwrap(), once);
    assert_eq!(made["relation"], "once = dedup(visits on patient)");
    let verified = workdir.ok(&["verify", "once.receipt"]);
    assert!(verified.contains("once has one row for every patient that visits has"), "{verified}");
    assert!(verified.contains("patient (text by 128 bits of a digest"), "{verified}");
    assert_eq!(workdir.json(&["verify", "once.receipt"])["relation"]["hashed"], serde_json::json!(["patient"]));
    assert!(workdir.ok(&["inspect", "once.receipt"]).contains("patient: text, hashed, may be absent"));

    // The source is known, with its column of text.
    let made = workdir.makes(&["erase", "visits.csv", "patient = \"P-001\"", "-o", "rest.csv"]);
    assert_eq!((&made["source"]["is_new"], &made["tables"][0]["rows"]), (&false.into(), &5.into()));
    assert!(!fs::read_to_string(workdir.path("rest.csv")).unwrap().contains("P-001"));
    let error = workdir.fails(3, &["erase", "visits.csv", "patient = \"P-004\"", "-o", "out.csv"]);
    assert!(error.contains("no row of visits has patient = P-004"), "{error}");
    let error = workdir.fails(2, &["filter", "visits.csv", "patient >= \"P-002\"", "-o", "out.csv"]);
    assert!(error.contains("has values without an order"), "{error}");

    let relate = |relation: &'static str, table: &'static str| ["relate", relation, "--data", table];
    let text = workdir.makes(&relate("unique(once on patient)", "once=once.csv")).to_string();
    assert!(text.contains("unique(once on patient)"), "{text}");
    let error = workdir.fails(3, &relate("unique(visits on patient)", "visits=visits.csv"));
    assert!(error.contains("an earlier row has the key of row 3 of visits"), "{error}");
    workdir.makes(&relate("absent(rest, patient = \"P-001\")", "rest=rest.csv"));

    // What is opaque is compared in nothing.
    workdir.write("sealed.csv", VISITS);
    workdir.makes(&["notarize", "sealed.csv", "--opaque", "patient"]);
    let error = workdir.fails(2, &relate("unique(sealed on patient)", "sealed=sealed.csv"));
    assert!(error.contains("does not commit to its values") && error.contains("--hash"), "{error}");
}

#[test]
fn what_is_erased_may_stay_out_of_the_log() {
    let workdir = Maker::new();
    workdir.write("all.csv", "id,kind\n1,oak\n2,ash\n3,oak\n");
    let erase = ["erase", "all.csv", "id = 2", "-o", "rest.csv", "--closed"];
    assert!(workdir.fails(2, &erase).contains("--receipt <FILE>"));
    let made = workdir.makes(&[&erase[..], &["--receipt", "rest.receipt"]].concat());
    // Its owner is told, and whoever has the receipt.
    assert_eq!((&made["relation"], &made["closed"]), (&"rest = erase(all, id = 2)".into(), &true.into()));
    assert!(workdir.ok(&["verify", "rest.receipt"]).contains("those with id = 2"));
    let shown = workdir.json(&["show", "last"]).to_string();
    assert!(shown.contains("erase") && !shown.contains("equal"), "{shown}");
    let error = workdir.fails(2, &["receipt", "last", "-o", "again.receipt"]);
    assert!(error.contains("prove the relation again"), "{error}");
}

#[test]
fn what_cannot_be_made_leaves_nothing_behind() {
    let workdir = Maker::new();
    workdir.write("all.csv", "id,note,kind\n1,a,oak\n2,b,ash\n3,c,oak\n");
    workdir.write("there.csv", "mine\n1\n");
    workdir.write("list.json", "[{\"a\": 1}]");
    let before = names(&workdir);
    let cases: [(&[&str], i32, &str); 16] = [
        (&["filter", "all.csv", "id >= 9", "-o", "out.csv"], 3, "no row of all has id >= 9: nothing was made"),
        (&["erase", "all.csv", "id >= 9", "-o", "out.csv"], 3, "absent(all, ...)"),
        (&["erase", "all.csv", "id >= 0", "-o", "out.csv"], 3, "out.csv would have no rows"),
        (&["split", "all.csv", "--ratio", "1/999"], 3, "all-train.csv would have no rows"),
        (&["split", "all.csv", "--ratio", "1/1", "--stratify", "knid"], 2, "all has no column \"knid\""),
        (&["split", "all.csv", "--ratio", "80"], 2, "two or three whole numbers"),
        (&["split", "all.csv", "--ratio", "1/1/1", "-o", "a.csv", "b.csv"], 2, "3 file(s) are made, and 2 are named"),
        (&["split", "all.csv", "--ratio", "1/1", "-o", "a.csv", "./a.csv"], 2, "a.csv is named twice"),
        (&["filter", "all.csv", "id >= 2", "-o", "there.csv"], 2, "there.csv is there, and is not replaced"),
        (&["filter", "all.csv", "id >= 2", "-o", "./all.csv", "--force"], 2, "is the source: it is never replaced"),
        (&["filter", "all.csv", "id >= 2", "-o", "out.parquet"], 2, "CSV is copied into CSV alone"),
        (&["filter", "list.json", "a = 1", "-o", "out.json"], 2, "the table is JSON"),
        (&["filter", "all.csv", "id => 2", "-o", "out.csv"], 2, "made = filter(table, id => 2)"),
        (&["filter", "all.csv", "id = oak", "-o", "out.csv"], 2, "\"id\" is of type int"),
        (&["filter", "all.csv", "id >= 2", "-o", "nowhere/out.csv"], 2, "nowhere/out.csv"),
        (&["filter", "all.csv", "id >= 2", "-o", "a.csv", "--output-name", "x", "--output-name", "y"], 2, "1 file(s)"),
    ];
    for (args, code, words) in cases {
        let error = workdir.fails(code, args);
        assert!(error.contains(words), "{args:?}: {error}");
        assert_eq!(names(&workdir), before, "{args:?}");
    }
    assert_eq!(fs::read_to_string(workdir.path("there.csv")).unwrap(), "mine\n1\n");
    workdir.makes(&["filter", "all.csv", "id >= 2", "-o", "there.csv", "--force", "--output-name", "team/late"]);
    assert_eq!(fs::read_to_string(workdir.path("there.csv")).unwrap(), "id,note,kind\n2,b,ash\n3,c,oak\n");
    assert!(workdir.ok(&["datasets"]).contains("team/late"));
    assert_eq!(names(&workdir), before, "temporary files are gone");
}

#[test]
fn a_split_is_the_same_for_the_same_seed_and_shows_one_that_was_drawn() {
    let workdir = Maker::new();
    let rows: String = (0..50).map(|id| format!("{id},{}\n", ["oak", "ash"][usize::from(id % 5 == 0)])).collect();
    workdir.write("all.csv", format!("id,kind\n{rows}"));
    let split = |seed: Option<u64>, files: [&str; 2]| {
        let mut args = vec!["split", "all.csv", "--ratio", "80/20", "--stratify", "kind", "--force"];
        let seed = seed.map(|seed| seed.to_string());
        args.extend(seed.iter().flat_map(|seed| ["--seed", seed]));
        args.extend(["-o", files[0], files[1]]);
        let made = workdir.makes(&args);
        let read = files.map(|file| fs::read_to_string(workdir.path(file)).unwrap());
        (made["seed"].as_u64().unwrap(), read)
    };
    let (seed, drawn) = split(None, ["a.csv", "b.csv"]);
    assert_eq!(split(Some(seed), ["c.csv", "d.csv"]), (seed, drawn.clone()));
    let (_, other) = split(Some(seed + 1), ["c.csv", "d.csv"]);
    assert_ne!(drawn, other);
    for [train, test] in [drawn, other] {
        let ash = |text: &str| text.matches("ash").count();
        assert_eq!((train.lines().count(), test.lines().count()), (41, 11));
        assert_eq!((ash(&train), ash(&test)), (8, 2));
    }
}

/// Which rows a seed chooses is what docs/relations.md says, by another program.
#[test]
fn the_choice_of_rows_is_the_documented_one() {
    let workdir = Maker::new();
    let rows: String = (0..40).map(|id| format!("{id},{}\n", id % 3)).collect();
    workdir.write("all.csv", format!("id,kind\n{rows}"));
    workdir.makes(&["split", "all.csv", "--ratio", "70/15/15", "--stratify", "kind", "--seed", "123456789012"]);
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../scripts/split_rows.py");
    let mut command = Command::new("python3");
    command.current_dir(workdir.dir.path()).args(["-B", script, "all.csv", "70/15/15", "123456789012", "kind"]);
    let expected = command.output().unwrap();
    assert!(expected.status.success(), "{}", String::from_utf8_lossy(&expected.stderr));
    let ids = |part: &str| -> Vec<String> {
        let text = fs::read_to_string(workdir.path(&format!("all-{part}.csv"))).unwrap();
        text.lines().skip(1).map(|line| line.split(',').next().unwrap().to_owned()).collect()
    };
    let made: String = ["train", "dev", "test"].iter().map(|part| format!("{}\n", ids(part).join(" "))).collect();
    assert_eq!(made, String::from_utf8(expected.stdout).unwrap());
}
