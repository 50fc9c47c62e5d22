//! Bad input: a clear error, the documented exit code, and a ledger that is as it was.

use std::io::Write as _;

use crate::common::Workdir;

/// Notarizes a file that must be refused; the error must contain every one of `expected`.
#[track_caller]
fn refused(workdir: &Workdir, file: &str, extra: &[&str], expected: &[&str]) {
    let mut args = vec!["notarize", file, "--name", "bad"];
    args.extend(extra);
    let error = workdir.fails(2, &args);
    for text in expected {
        assert!(error.contains(text), "{file}: {error:?} does not contain {text:?}");
    }
    assert!(error.contains(file), "{error}");
}

#[test]
fn bad_tables_are_refused_and_the_ledger_is_unchanged() {
    let workdir = Workdir::new();
    workdir.ok(&["init"]);
    let csv = |name: &str, content: &[u8]| workdir.write(name, content);
    refused(&workdir, &csv("empty.csv", b""), &[], &["empty"]);
    refused(&workdir, &csv("header.csv", b"a,b\n"), &[], &["no rows"]);
    refused(&workdir, &csv("ragged.csv", b"a,b\n1,2\n3\n"), &[], &["ragged.csv:3:"]);
    refused(&workdir, &csv("latin1.csv", b"a\ncaf\xe9\n"), &[], &["latin1.csv:2:", "UTF-8"]);
    refused(&workdir, &csv("inf.csv", b"x\n1.5\ninf\n"), &[], &["inf.csv:3:", "\"x\""]);
    refused(&workdir, &csv("big.csv", b"x\n1\n9223372036854775808\n"), &[], &["big.csv:3:", "\"x\"", "hint:"]);
    let wide = (0..10_000).map(|i| format!("c{i}")).collect::<Vec<_>>().join(",");
    refused(&workdir, &csv("wide.csv", format!("{wide}\n").as_bytes()), &[], &["more than 1023 columns"]);
    refused(&workdir, "absent.csv", &[], &["absent.csv"]);
    std::fs::create_dir(workdir.path("dir.csv")).unwrap();
    refused(&workdir, "dir.csv", &[], &["directory"]);
    refused(&workdir, &csv("cut.parquet", b"PAR1\0\0\0\0"), &[], &[]);
    refused(&workdir, &csv("cut.csv.gz", b"\x1f\x8b\x08\0\0\0\0\0\0\x03\x4b"), &[], &[]);
    refused(&workdir, &csv("bad.json", b"[{\"a\": 1}, {\"a\": }]"), &[], &["bad.json:1:"]);
    let schema = workdir.write("s.toml", "version = 1\n[[columns]]\nname = \"a\"\ntype = \"int\"\n");
    refused(&workdir, &csv("typed.csv", b"a\n1\nx\n"), &["--schema", &schema], &["typed.csv:3:", "\"a\""]);
    let error = workdir.fails(2, &["notarize", "typed.csv", "--name", "bad name"]);
    assert!(error.contains("dataset name"), "{error}");
    assert_eq!(workdir.json(&["log"])["entries"].as_array().unwrap().len(), 0);
}

#[test]
fn a_gigantic_cell_is_refused_without_being_held_in_memory() {
    let workdir = Workdir::new();
    workdir.ok(&["init"]);
    let mut file = std::fs::File::create(workdir.path("cell.csv")).unwrap();
    file.write_all(b"a,b\n1,").unwrap();
    let mebibyte = vec![b'x'; 1 << 20];
    for _ in 0..1024 {
        file.write_all(&mebibyte).unwrap();
    }
    file.write_all(b"\n").unwrap();
    drop(file);
    // Twice the cell as address space, stacks and allocator arenas included: a buffer that doubles until it holds the cell
    // would not fit.
    let mut command = workdir.command(&["notarize", "cell.csv", "--name", "bad"]);
    let shell = format!("ulimit -v 2000000; exec {:?} \"$@\"", command.get_program());
    let args: Vec<_> = command.get_args().map(ToOwned::to_owned).collect();
    command = std::process::Command::new("bash");
    command.current_dir(workdir.dir.path()).arg("-c").arg(shell).arg("zkl").args(args).env_clear();
    command.env("ZKL_KEYS", crate::common::key_dir()).env("MALLOC_ARENA_MAX", "2");
    let answer = crate::common::answer(&command.output().unwrap());
    assert_eq!(answer.code, Some(2), "{}", answer.stderr);
    assert!(answer.stderr.contains("cell.csv:2: column \"b\": the cell is larger than"), "{}", answer.stderr);
}

#[test]
fn a_damaged_ledger_is_an_error_and_not_a_panic() {
    let workdir = Workdir::with_penguins();
    let notarize = ["notarize", &crate::common::penguins(), "--name", "again", "--attest-only"];
    let settings = ("ledger.toml", "version = 9\norigin = \"a\"\n");
    for (name, content) in [settings, ("log-public.txt", "not a key"), ("ledger.key", "not a key")] {
        let path = workdir.path(".zkl").join(name);
        let before = std::fs::read(&path).unwrap();
        std::fs::write(&path, content).unwrap();
        workdir.fails(2, &notarize);
        // The private key is not what readers read, unless there is nothing else.
        if name == "ledger.key" {
            workdir.ok(&["log"]);
            std::fs::remove_file(workdir.path(".zkl/log-public.txt")).unwrap();
        }
        workdir.fails(2, &["log"]);
        std::fs::write(&path, before).unwrap();
    }
    // The key of another ledger did not sign this head.
    let other = Workdir::new();
    other.ok(&["init"]);
    let path = workdir.path(".zkl/ledger.key");
    let before = std::fs::read(&path).unwrap();
    std::fs::copy(other.path(".zkl/ledger.key"), &path).unwrap();
    let error = workdir.fails(2, &["notarize", &crate::common::penguins(), "--name", "again"]);
    assert!(error.contains("not this ledger's"), "{error}");
    assert!(!workdir.path(".zkl/log-public.txt").exists(), "nor is it taken for the ledger's from now on");
    std::fs::write(&path, &before).unwrap();
    workdir.ok(&notarize);
    workdir.ok(&["log"]);
    // With the public key at hand, the wrong one is told before anything is opened.
    std::fs::copy(other.path(".zkl/ledger.key"), &path).unwrap();
    let error = workdir.fails(2, &notarize);
    assert!(error.contains("ledger.key has the fingerprint"), "{error}");
    std::fs::write(&path, before).unwrap();
    workdir.fails(2, &["--ledger", "nowhere", "log"]);
}

#[test]
fn a_full_disk_is_said() {
    let workdir = Workdir::with_penguins();
    let error = workdir.fails(2, &["receipt", "0", "-o", "/dev/full"]);
    assert!(error.starts_with("error: cannot write /dev/full\n  cause: No space left"), "{error}");
}

#[test]
fn a_file_that_cannot_be_written_is_refused_before_anything_is_recorded() {
    let workdir = Workdir::with_penguins();
    workdir.fails(2, &["prove", "penguins", "rows >= 300", "-o", "no/such/dir/a.receipt"]);
    workdir.fails(2, &["prove", "penguins", "rows >= 300", "-o", "."]);
    assert_eq!(workdir.json(&["log"])["entries"].as_array().unwrap().len(), 1);
}

#[test]
fn deleting_the_opening_shreds_the_dataset() {
    let workdir = Workdir::with_penguins();
    std::fs::remove_dir_all(workdir.path(".zkl/openings")).unwrap();
    let error = workdir.fails(2, &["prove", "penguins", "rows >= 300"]);
    assert!(error.contains("hint:"), "{error}");
    workdir.fails(2, &["profile", "penguins"]);
    workdir.ok(&["log"]);
}
