//! The newcomer's script, on a machine that has nothing of ours.

use std::{fs, path::Path, process::Command};

use crate::common::{Workdir, answer};

#[test]
fn the_quickstart_rests_on_the_public_string_alone_and_makes_no_dev_material() {
    let machine = Workdir::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut quickstart = Command::new("bash");
    quickstart.arg(root.join("scripts/quickstart.sh")).arg(env!("CARGO_BIN_EXE_zkl"));
    quickstart.env_clear().env("PATH", "/usr/bin:/bin").env("HOME", machine.dir.path());
    let answer = answer(&quickstart.output().unwrap());
    assert_eq!(answer.code, Some(0), "{} {}", answer.stdout, answer.stderr);
    let said = |line: &str| answer.stdout.lines().filter(|said| *said == line).count();
    assert_eq!((said("VALID"), said("rests on  public ceremony")), (2, 2), "{}", answer.stdout);
    for word in ["FORGEABLE", "dev"] {
        assert!(!answer.stdout.contains(word) && !answer.stderr.contains(word), "{} {}", answer.stdout, answer.stderr);
    }
    // What a machine keeps is the public string and nothing else: keys of circuits would be dev keys.
    let kept: Vec<String> = fs::read_dir(machine.path(".cache/zkl/keys"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    let strings = machine.json(&["srs", "list"]);
    let public = strings["strings"].as_array().unwrap().iter().find(|string| string["default"] == true).unwrap();
    assert_eq!(public["setup"], "ceremony");
    let public = public["digest"].as_str().unwrap();
    assert!(!kept.is_empty() && kept.iter().all(|name| name.starts_with(&format!("srs-{public}."))), "{kept:?}");
}
