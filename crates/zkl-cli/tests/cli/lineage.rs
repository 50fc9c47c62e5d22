//! From raw data to an audited training set, as the page says, and the lineage in every form.

use std::{fs, path::Path, process::Command};

use crate::common::{Answer, Workdir, block};

fn clone() -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap().display().to_string()
}

/// The commands of `make demo-lineage`, which are those of the page.
#[test]
fn a_training_set_is_made_proved_and_audited_as_the_page_says() {
    let (hospital, auditor, clone) = (Workdir::new(), Workdir::new(), clone());
    let run = |workdir: &Workdir, name: &str| -> Answer {
        let answer = workdir.shell(&block("lineage.md", &format!("sh {name}")), &[("CLONE", &clone)]);
        assert_eq!(answer.code, Some(0), "{name}: {} {}", answer.stdout, answer.stderr);
        answer
    };
    run(&hospital, "begin");
    let cleaned = run(&hospital, "clean");
    assert!(cleaned.stdout.contains("Notarized raw.csv: raw, 640 rows, entry 0"), "{}", cleaned.stdout);
    assert!(cleaned.stdout.contains("Made clean.csv: clean, 592 rows, entry 1"), "{}", cleaned.stdout);
    assert!(cleaned.stdout.contains("Proved clean = filter(raw, age >= 18), entry 2"), "{}", cleaned.stdout);
    assert!(cleaned.stdout.contains("patient, admitted, clinic, sex, age, systolic, crp, readmitted"));
    assert!(cleaned.stderr.contains("raw.csv was not notarized, and is now: entry 0"), "{}", cleaned.stderr);
    let split = run(&hospital, "split").stdout;
    assert!(split.contains("From clean.csv: clean, 592 rows, entry 1"), "{split}");
    assert!(split.contains("Proved train, test = split(clean), entry 5"), "{split}");
    run(&hospital, "disjoint");
    let erased = run(&hospital, "erase").stdout;
    assert!(erased.contains("From train.csv: train, ") && erased.contains("entry 8"), "{erased}");
    let refused = run(&hospital, "false");
    assert!(refused.stdout.contains("exit code 3"), "{}", refused.stdout);
    assert!(refused.stderr.contains("no row of train-2 has patient = "), "{}", refused.stderr);
    assert!(!hospital.path("train-3.csv").exists());
    let tree = run(&hospital, "lineage").stdout;
    let train = tree.lines().find(|line| line.contains("train, entry 3")).unwrap_or_default();
    assert!(train.starts_with("└─ train, entry 3") && train.ends_with("(entry 8, proved)"), "{tree}");
    assert!(tree.contains("      └─ raw, entry 0, 640 rows: filter age >= 18 (entry 2, proved)"), "{tree}");
    assert!(tree.contains("- disjoint train, test in patient (entry 6, proved)"), "{tree}");
    run(&hospital, "publish");

    // The files are the lines of the raw one, in its order, and every line is somewhere.
    let lines = |name: &str| -> Vec<String> {
        fs::read_to_string(hospital.path(name)).unwrap().lines().skip(1).map(str::to_owned).collect()
    };
    let is_adult = |line: &String| line.split(',').nth(5).unwrap().parse::<u32>().unwrap() >= 18;
    let adults: Vec<String> = lines("raw.csv").into_iter().filter(is_adult).collect();
    assert_eq!(lines("clean.csv"), adults);
    let (train, test, rest) = (lines("train.csv"), lines("test.csv"), lines("train-2.csv"));
    let merged: Vec<String> = adults.into_iter().filter(|line| !test.contains(line)).collect();
    assert_eq!(train, merged);
    assert_eq!(rest, train[1..]);
    let came_back = |lines: &[String]| lines.iter().filter(|line| line.ends_with("yes")).count() as f64;
    assert!((came_back(&train) - 0.8 * came_back(&lines("clean.csv"))).abs() < 1.0);
    assert!((train.len() as f64 - 0.8 * 592.0).abs() < 1.0);

    // The auditor has four receipts and a key.
    fs::create_dir(auditor.path("receipts")).unwrap();
    for file in [
        "hospital.txt",
        "receipts/clean.receipt",
        "receipts/split.receipt",
        "receipts/disjoint.receipt",
        "receipts/erased.receipt",
    ] {
        fs::copy(hospital.path(file), auditor.path(file)).unwrap();
    }
    let audited = run(&auditor, "audit").stdout;
    assert!(audited.contains("4 of 4 receipts are valid") && !audited.contains("NOT pinned"), "{audited}");
    assert!(audited.ends_with(&tree), "{audited}");
    run(&auditor, "report");
    let mermaid = fs::read_to_string(auditor.path("lineage.mmd")).unwrap();
    assert!(
        mermaid.starts_with("flowchart LR\n") && mermaid.contains("filter age #62;= 18<br/>entry 2, proved"),
        "{mermaid}"
    );
    let page = fs::read_to_string(auditor.path("report.html")).unwrap();
    for (item, sentence) in [
        ("No record stands in training and test data at once", "no row of train is equal to one of test in patient."),
        ("this version follows from an earlier one by stated steps", "clean was split into train and test"),
        ("Labelling and cleaning", "clean has the rows of raw with age &gt;= 18"),
        (
            "protected by technical measures, and records are deleted",
            "train-2 has the rows of train but those with patient = ",
        ),
    ] {
        let row = page.split("<tr>").find(|row| row.contains(item)).unwrap_or_default();
        assert!(row.contains("badge good\">proved</span> ") && row.contains(sentence), "{item}: {row}");
        assert!(row.contains("Left open: "), "{item}: {row}");
    }
    let row = page.split("<tr>").find(|row| row.contains("No record stands twice")).unwrap_or_default();
    assert!(row.contains("not shown"), "{row}");

    // A receipt that was changed shows no lineage, and one of another log none beside these.
    let bytes = fs::read(auditor.path("receipts/erased.receipt")).unwrap();
    let text = String::from_utf8(bytes).unwrap().replacen("\"index\": 8", "\"index\": 9", 1);
    auditor.write("changed.receipt", text);
    auditor.fails(1, &["lineage", "train-2", "--receipts", "changed.receipt"]);
    let stranger = Workdir::new();
    stranger.ok(&["init"]);
    let key = stranger.path(".zkl/log-public.txt").display().to_string();
    auditor.fails(1, &["lineage", "train-2", "--receipts", "receipts", "--trust", &key]);
    let warned = auditor.run(&["lineage", "clean", "--receipts", "receipts/clean.receipt"]);
    assert!(warned.code == Some(0) && warned.stderr.contains("NOT pinned"), "{}", warned.stderr);
    // Which part a receipt does not show is not there.
    assert!(warned.stdout.contains("led to nothing that is recorded"), "{}", warned.stdout);
    let error =
        auditor.fails(2, &["lineage", "train", "--receipts", "receipts/clean.receipt", "--trust", "hospital.txt"]);
    assert!(error.contains("no receipt notarizes a version of train"), "{error}");

    // Every form has the same graph.
    let json = hospital.json(&["lineage", "train"]);
    assert_eq!(json["dataset"], "train");
    let names: Vec<&str> =
        json["versions"].as_array().unwrap().iter().map(|version| version["dataset"].as_str().unwrap()).collect();
    assert_eq!(names, ["raw", "clean", "train", "test", "train-2"]);
    let operations: Vec<&str> =
        json["statements"].as_array().unwrap().iter().map(|one| one["operation"].as_str().unwrap()).collect();
    assert_eq!(operations, ["filter", "split", "disjoint", "erase"]);
    assert_eq!(json["statements"][0]["proof"], "recorded");
    assert_eq!(json["links"].as_array().unwrap().len(), 4);
    let dot = hospital.ok(&["lineage", "train", "--format", "dot"]);
    assert!(dot.starts_with("digraph lineage {") && dot.contains("split\\nentry 5, with a proof"), "{dot}");
    assert_eq!(hospital.ok(&["lineage", "train", "--format", "text"]), hospital.ok(&["lineage", "train"]));
    hospital.fails(2, &["log", "--format", "mermaid"]);
    hospital.fails(2, &["lineage", "trian"]);

    // What its notary takes back says so.
    hospital.ok(&["withdraw", "train", "--reason", "a patient asked to be erased", "--replacement", "train-2"]);
    let tree = hospital.ok(&["lineage", "train-2"]);
    assert!(tree.contains("rows, WITHDRAWN in entry 9: erase patient = "), "{tree}");
}

#[test]
fn the_pages_table_is_what_its_script_writes() {
    let data = Path::new(&clone()).join("examples/data");
    let mut script = Command::new("python3");
    let made = script.arg("-B").arg(data.join("make_admissions.py")).output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    assert_eq!(made.stdout, fs::read(data.join("admissions.csv")).unwrap());
}

/// Proofs that anybody can forge show nothing.
#[test]
fn a_lineage_that_rests_on_test_material_is_not_proved() {
    let workdir = Workdir::new();
    workdir.ok(&["init"]);
    workdir.write("all.csv", "id\n1\n2\n3\n");
    // These commands prove with dev keys.
    workdir.ok(&["filter", "all.csv", "id >= 2", "-o", "some.csv", "--receipt", "filter.receipt"]);
    assert!(workdir.ok(&["lineage", "some"]).contains("filter id >= 2 (entry 2, with a proof)"));
    let answer = workdir.run(&["lineage", "some", "--verify"]);
    assert_eq!(answer.code, Some(1), "{}", answer.stderr);
    assert!(answer.stdout.contains("NOT PROVED") && answer.stderr.contains("1 of 1 relations are not proved"));
    assert_eq!(workdir.run(&["lineage", "some", "--receipts", "filter.receipt"]).code, Some(1));
}
