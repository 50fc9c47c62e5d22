//! Verdicts that cannot be mistaken, and what a program demands of them: over the stored receipts of every version.

use std::{fs, path::Path};

use serde_json::Value;

use crate::common::Workdir;

const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../zkl-ledger/tests/fixtures");

fn fixture(name: &str) -> String {
    Path::new(FIXTURES).join(name).canonicalize().unwrap().display().to_string()
}

/// Trust in the key of the custom circuit in a stored receipt.
fn custom_key(workdir: &Workdir, name: &str) -> String {
    let error = workdir.fails(1, &["verify", &fixture(name)]);
    let words: Vec<&str> = error.split_whitespace().collect();
    let after = |word: &str| words[words.iter().position(|other| *other == word).unwrap() + 1];
    format!("vk:{}:{}", after("circuit"), after("key"))
}

#[test]
fn no_receipt_with_dev_material_is_called_valid() {
    let workdir = Workdir::new();
    let forgeable = ["v1/claim", "v2/claim", "v2/notarization", "v3/claim", "v4/claims", "v1/custom", "v4/custom"];
    let valid = [
        "v1/notarization",
        "v1/public-notarization",
        "v5/claims",
        "v5/public-notarization",
        "v6/policy",
        "v6/rotated",
        "v6/withdrawn",
    ];
    let mut seen = 0;
    for version in fs::read_dir(FIXTURES).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()) {
        for file in fs::read_dir(version).unwrap().map(|entry| entry.unwrap().path()) {
            let name = file.strip_prefix(FIXTURES).unwrap().with_extension("").display().to_string();
            // The circuit of this one is in a test of the library, and its constraints are its key.
            if file.extension().is_none_or(|extension| extension != "receipt") || name == "v5/custom" {
                continue;
            }
            seen += 1;
            let path = fixture(&format!("{name}.receipt"));
            let mut args = vec!["verify", &path];
            let key =
                if name.ends_with("custom") { custom_key(&workdir, &format!("{name}.receipt")) } else { String::new() };
            if !key.is_empty() {
                args.extend(["--trust", &key]);
            }
            let (json, text) = (workdir.json(&args), workdir.ok(&args));
            let is_forgeable = forgeable.contains(&name.as_str());
            assert!(is_forgeable != valid.contains(&name.as_str()), "{name} is in neither list, or in both");
            assert_eq!(json["valid"], !is_forgeable, "{name}");
            assert_eq!(json["verdict"], if is_forgeable { "forgeable" } else { "valid" }, "{name}");
            assert_eq!(text.starts_with("FORGEABLE: "), is_forgeable, "{name}: {text}");
            assert_eq!(text.lines().any(|line| line.starts_with("VALID")), !is_forgeable, "{name}: {text}");
            args.extend(["--format", "yaml"]);
            assert_eq!(workdir.ok(&args).contains("valid: true"), !is_forgeable, "{name}");
        }
    }
    assert_eq!(seen, forgeable.len() + valid.len());
}

fn log_key(workdir: &Workdir) -> String {
    workdir.json(&["verify", &fixture("v5/claims.receipt")])["log"]["key"].as_str().unwrap().to_owned()
}

#[test]
fn every_requirement_fails_by_itself_and_is_met_by_a_good_receipt() {
    let workdir = Workdir::new();
    let (good, dev, attested) =
        (fixture("v5/claims.receipt"), fixture("v4/claims.receipt"), fixture("v5/public-notarization.receipt"));
    let key = log_key(&workdir);
    for (args, said) in [
        (&["verify", &good, "--require", "pinned"][..], "not pinned: nobody vouched"),
        (&["verify", &attested, "--require", "proved", "--trust", &key], "not proved: the profile of the table"),
        (&["verify", &dev, "--require", "pinned,public-setup", "--trust", &key], "no public setup"),
        (&["verify", &good, "--require", "proved,cosigned"], "not cosigned"),
    ] {
        let error = workdir.fails(1, args);
        assert!(error.contains(said) && error.contains("NOT AS REQUIRED") && error.contains("hint: "), "{error}");
    }
    let witness = receipt_witness(&good);
    workdir.write("trust.policy", format!("log {key}\nwitness w {witness}\nquorum w\n"));
    let all = "pinned,proved,public-setup,cosigned";
    let verified = workdir.json(&["verify", &good, "--policy", "trust.policy", "--require", all]);
    assert_eq!((&verified["valid"], &verified["verdict"]), (&true.into(), &"valid".into()));
    let said = verified["trust"].to_string();
    for grounds in [
        "public ceremony",
        "base that was derived",
        "counted every row",
        "one that you trust",
        "quorum of your witnesses",
    ] {
        assert!(said.contains(grounds), "{said}");
    }
    let text = workdir.ok(&["verify", &good]);
    assert!(text.starts_with("VALID: 2 statements\n"), "{text}");
    assert_eq!(text.lines().filter(|line| line.starts_with("trust ")).count(), 5, "{text}");
}

fn receipt_witness(path: &str) -> String {
    let receipt: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    receipt["witnesses"][0].as_str().unwrap().to_owned()
}

#[test]
fn settings_and_the_environment_can_only_require_more() {
    let workdir = Workdir::new();
    let (good, dev) = (fixture("v5/claims.receipt"), fixture("v4/claims.receipt"));
    let key = log_key(&workdir);
    // A file that was just found beside the receipt refuses more, and lets nothing pass.
    workdir.write("zkl.toml", "require = [\"public-setup\"]\n");
    assert!(workdir.fails(1, &["verify", &dev]).contains("no public setup"));
    assert!(workdir.fails(1, &["verify", &dev, "--require", "proved"]).contains("no public setup"));
    assert!(workdir.fails(1, &["verify", &good, "--require", "pinned"]).contains("not pinned"));
    workdir.ok(&["verify", &good, "--require", "pinned", "--trust", &key]);
    workdir.write("zkl.toml", "require = []\n");
    let run = |value: &str| {
        let output = workdir.command(&["verify", &good]).env("ZKL_REQUIRE", value).output().unwrap();
        crate::common::answer(&output)
    };
    assert_eq!(run("pinned,proved").code, Some(1));
    assert_eq!(run("proved,public-setup").code, Some(0));
    for nothing in ["", "all", "proved;pinned"] {
        assert_eq!(run(nothing).code, Some(2), "{nothing:?} must not demand nothing");
    }
    workdir.fails(2, &["verify", &good, "--require", ""]);
    workdir.write("zkl.toml", "require = [\"everything\"]\n");
    workdir.fails(2, &["verify", &good]);
    let help = workdir.ok(&["verify", "--help"]);
    for name in ["pinned", "proved", "public-setup", "cosigned"] {
        assert!(help.lines().any(|line| line.trim_start().starts_with(&format!("{name} "))), "{help}");
    }
}
