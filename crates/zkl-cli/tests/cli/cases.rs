//! Tables and surroundings as people have them: what was once read wrongly, crashed or misled at the command line. What the reader
//! alone decides is tested in `zkl-dataset/tests/table/cases.rs`, on the same files.

use std::{
    io::Write as _,
    path::Path,
    process::{Command, Stdio},
};

use crate::common::{Answer, Workdir, answer, key_dir, penguins};

fn case(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../zkl-dataset/tests/cases").join(name).display().to_string()
}

/// A ledger with this file notarized as `t`.
fn with_case(name: &str, extra: &[&str]) -> Workdir {
    let workdir = Workdir::new();
    workdir.ok(&["init"]);
    let file = case(name);
    let mut args = vec!["notarize", &file, "--name", "t", "--attest-only"];
    args.extend(extra);
    workdir.ok(&args);
    workdir
}

/// A command under a limit of the shell.
fn limited(workdir: &Workdir, limit: &str, args: &[&str]) -> Answer {
    let zkl = workdir.command(args);
    let mut command = Command::new("bash");
    command.args(["-c", &format!("ulimit {limit}; exec \"$@\""), "zkl"]).arg(zkl.get_program()).args(zkl.get_args());
    command.current_dir(workdir.dir.path()).env_clear().env("ZKL_KEYS", key_dir());
    answer(&command.output().expect("bash runs"))
}

mod guesses {
    use super::*;

    #[test]
    fn a_threshold_with_an_offset_is_refused_for_times_of_no_zone() {
        let workdir = with_case("naive-timestamp.csv", &[]);
        let error = workdir.fails(2, &["prove", "t", "max(t) <= 2025-01-01T00:00:00+01:00", "--dry-run"]);
        assert!(error.contains("of no stated zone"), "{error}");
        workdir.ok(&["prove", "t", "max(t) <= 2025-01-01T00:00:00", "--dry-run"]);
    }

    #[test]
    fn what_cannot_be_seen_is_escaped_wherever_people_read() {
        let workdir = with_case("invisible.csv", &[]);
        let profile = workdir.ok(&["profile", "t"]);
        assert!(profile.contains("yes\\u{fe00}") && profile.contains("age\\u{3164}"), "{profile}");
        let said = workdir.ok(&["prove", "t", "share(hired = 'yes\u{fe00}') >= 70%", "--dry-run"]);
        assert!(said.contains("'yes\\u{fe00}'"), "{said}");
    }
}

mod crashes {
    use super::*;

    #[test]
    fn standard_input_is_read_once_and_is_the_table_of_its_bytes() {
        let workdir = Workdir::new();
        workdir.ok(&["init"]);
        let mut zkl = workdir.command(&["notarize", "-", "--name", "t", "--attest-only"]);
        let mut child = zkl.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(b"a,b\n1,2\n3,4\n").unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(workdir.json(&["profile", "t"])["rows"], 2);
        let error = workdir.fails(2, &["notarize", "-"]);
        assert!(error.contains("--name"), "{error}");
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_may_grow_no_further_is_an_error_and_the_ledger_is_sound() {
        let workdir = Workdir::with_penguins();
        let refused = limited(&workdir, "-f 2", &["notarize", &penguins(), "--name", "more", "--attest-only"]);
        assert_eq!(refused.code, Some(2), "{}", refused.stderr);
        assert!(refused.stderr.starts_with("error: "), "{}", refused.stderr);
        workdir.ok(&["fsck"]);
        workdir.ok(&["notarize", &penguins(), "--name", "more", "--attest-only"]);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn too_little_memory_is_said_before_the_store_is_opened() {
        let workdir = Workdir::with_penguins();
        for args in [&["notarize", &penguins(), "--name", "more", "--attest-only"][..], &["log"]] {
            let refused = limited(&workdir, "-v 700000", args);
            assert_eq!(refused.code, Some(2), "{args:?}: {}", refused.stderr);
            assert!(refused.stderr.contains("hint: raise the limit"), "{}", refused.stderr);
        }
        workdir.ok(&["fsck"]);
    }

    #[test]
    fn only_what_needs_keys_asks_for_a_directory_of_keys() {
        let workdir = Workdir::new();
        let run = |args: &[&str], variables: &[(&str, &str)]| {
            let mut command = workdir.command(args);
            answer(&command.env_remove("ZKL_KEYS").envs(variables.iter().copied()).output().unwrap())
        };
        // There is no home, or nothing can be made in it.
        for variables in [&[][..], &[("HOME", "/proc/self")]] {
            let dir = format!("ledger-{}", variables.len());
            let ok = |args: &[&str]| {
                let found = run(&[&["--ledger", &dir][..], args].concat(), variables);
                assert_eq!(found.code, Some(0), "{args:?}: {}", found.stderr);
            };
            ok(&["init"]);
            ok(&["notarize", &penguins(), "--name", "t", "--attest-only"]);
            ok(&["log"]);
            ok(&["datasets"]);
            ok(&["fsck"]);
            let proved = run(&["--ledger", &dir, "notarize", &penguins(), "--name", "u"], variables);
            assert_eq!(proved.code, Some(2), "{}", proved.stderr);
            assert!(proved.stderr.contains("keys"), "{}", proved.stderr);
        }
        let without = run(&["--ledger", "ledger-0", "notarize", &penguins(), "--name", "u"], &[]);
        assert!(without.stderr.contains("hint: name a directory with --keys DIR"), "{}", without.stderr);
    }
}

mod messages {
    use super::*;

    #[test]
    fn an_entry_whose_receipt_could_not_be_written_is_said_to_be_logged() {
        let workdir = Workdir::with_penguins();
        let args = ["notarize", &penguins(), "--name", "more", "--attest-only", "-o", "/dev/full"];
        let error = workdir.fails(2, &args);
        assert!(error.contains("the entry was logged, but its receipt was not written"), "{error}");
        assert!(error.contains("No space left") && error.contains("zkl receipt 1 -o"), "{error}");
        workdir.ok(&["receipt", "1", "-o", "more.receipt"]);
    }

    #[test]
    fn a_ledger_under_another_name_is_not_listed_as_usual() {
        let workdir = Workdir::with_penguins();
        let path = workdir.path(".zkl/ledger.toml");
        let settings = std::fs::read_to_string(&path).unwrap();
        let other: String = settings
            .lines()
            .map(|line| match line.starts_with("origin") {
                true => "origin = \"other.example\"\n".to_owned(),
                false => format!("{line}\n"),
            })
            .collect();
        std::fs::write(&path, other).unwrap();
        workdir.fails(2, &["log"]);
    }

    #[test]
    fn round_bounds_of_salaries_and_of_money_are_provable_and_closer_ones_name_one_that_is() {
        for (file, round, closer, provable) in [
            ("salaries.csv", "max(salary) <= 100000", "max(salary) <= 99999", "bound is 100000"),
            ("money.csv", "max(amt) <= 1000", "max(amt) <= 999.99", "bound is 1000"),
        ] {
            let workdir = with_case(file, &[]);
            let said = workdir.ok(&["prove", "t", round, "--dry-run"]);
            assert!(said.contains("holds and can be proved"), "{said}");
            let error = workdir.fails(2, &["prove", "t", closer]);
            assert!(error.contains("true but not provable") && error.contains(provable), "{error}");
        }
        // What people are shown is in the table's own units.
        let profile = with_case("money.csv", &[]).json(&["profile", "t"]);
        let column = &profile["columns"][0];
        assert_eq!([&column["min"], &column["max"], &column["sum"]], ["10.50", "999.99", "1010.49"]);
        assert_eq!(column["mean"], "505.245");
    }

    #[test]
    fn a_correlation_that_is_too_close_names_a_bound_that_is_provable() {
        let workdir = Workdir::new();
        workdir.ok(&["init"]);
        workdir.write("t.csv", "a,b\n1,2\n3,4\n5,7\n");
        workdir.ok(&["notarize", "t.csv", "--product", "a,b", "--attest-only"]);
        let error = workdir.fails(2, &["prove", "t", "corr(a, b) >= 0.99"]);
        let (_, named) = error.split_once("roots; corr ").expect(&error);
        let (bound, _) = named.split_once(" is provable").expect(&error);
        let said = workdir.ok(&["prove", "t", &format!("corr(a, b) {bound}"), "--dry-run"]);
        assert!(said.contains("holds and can be proved"), "{said}");
    }
}
