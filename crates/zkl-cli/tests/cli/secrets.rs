//! Encrypted openings: every command works with them, nothing decrypted reaches the disk, and the documented way back is walked.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Instant,
};

use crate::common::{Answer, Workdir, answer, block, penguins};

const PASSPHRASE: &str = "correct horse battery staple";

/// Runs the block of shell called `name` of docs/keys.md in the directory of `workdir`.
pub(crate) fn documented(workdir: &Workdir, name: &str, variables: &[(&str, &str)]) -> Answer {
    workdir.shell(&block("keys.md", &format!("sh {name}")), variables)
}

#[track_caller]
fn succeeds(answer: &Answer) {
    assert_eq!(answer.code, Some(0), "{} {}", answer.stdout, answer.stderr);
}

/// A file that only its owner can read: the doctor has a look at that.
fn passphrase(workdir: &Workdir) -> String {
    let name = workdir.write("passphrase", format!("{PASSPHRASE}\n"));
    set_mode(&workdir.path(&name), 0o600);
    name
}

fn set_mode(path: &Path, mode: u32) {
    #[cfg(unix)]
    fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(mode)).unwrap();
    // Elsewhere files have the access of their directory.
    #[cfg(not(unix))]
    let _ = (path, mode);
}

/// Every file below a directory.
fn files(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found
}

/// The files of which one contains any of `secrets`.
fn leaks(dir: &Path, secrets: &[&str]) -> Vec<PathBuf> {
    let holds = |path: &PathBuf| {
        let bytes = fs::read(path).unwrap();
        secrets.iter().any(|secret| bytes.windows(secret.len()).any(|window| window == secret.as_bytes()))
    };
    files(dir).into_iter().filter(holds).collect()
}

fn openings(workdir: &Workdir) -> Vec<PathBuf> {
    files(&workdir.path(".zkl/openings"))
}

fn is_age(path: &Path) -> bool {
    fs::read(path).unwrap().starts_with(b"age-encryption.org/v1\n")
}

#[test]
fn nothing_of_an_encrypted_opening_is_ever_on_the_disk() {
    let workdir = Workdir::new();
    let file = passphrase(&workdir);
    fs::create_dir(workdir.path("tmp")).unwrap();
    let run = |args: &[&str]| {
        let output = workdir.command(args).env("TMPDIR", workdir.path("tmp")).output().unwrap();
        let answer = answer(&output);
        assert_eq!(answer.code, Some(0), "zkl {args:?}: {}", answer.stderr);
        answer.stdout
    };
    run(&["init", "--encrypt-openings", "--passphrase-file", &file]);
    // Notarizing needs no secret.
    run(&["notarize", &penguins(), "--name", "penguins", "--attest-only", "-o", "p.receipt"]);
    let shown = run(&["openings", "show", "penguins", "--passphrase-file", &file]);
    let opening: serde_json::Value = serde_json::from_str(&shown).unwrap();
    let seed = opening["seed"].as_str().unwrap();
    run(&["profile", "penguins", "--passphrase-file", &file]);
    run(&["prove", "penguins", "rows >= 300", "--passphrase-file", &file]);
    run(&["doctor", "--passphrase-file", &file]);
    let encrypted = openings(&workdir).remove(0).display().to_string();
    run(&["verify", "p.receipt", "--data", &penguins(), "--opening", &encrypted, "--passphrase-file", &file]);

    assert!(openings(&workdir).iter().all(|path| is_age(path)));
    // The seed, values that only the profile holds, and the key under the passphrase.
    assert_eq!(leaks(workdir.dir.path(), &[seed, "Biscoe", "sum_squares", "AGE-SECRET-KEY"]), Vec::<PathBuf>::new());
}

#[test]
fn what_does_not_open_an_opening_is_told_apart() {
    let workdir = Workdir::new();
    let file = passphrase(&workdir);
    workdir.ok(&["init", "--encrypt-openings", "--passphrase-file", &file]);
    workdir.ok(&["notarize", &penguins(), "--name", "penguins", "--attest-only"]);

    let locked = workdir.fails(2, &["profile", "penguins"]);
    assert!(locked.contains("neither a key nor a passphrase was given"), "{locked}");
    assert!(locked.contains("hint: ") && locked.contains("ZKL_PASSPHRASE_FILE"), "{locked}");

    let wrong = workdir.write("wrong", "correct horse battery stapler\n");
    let wrong = workdir.fails(2, &["profile", "penguins", "--passphrase-file", &wrong]);
    assert!(wrong.contains("the passphrase does not open the key of the openings"), "{wrong}");
    assert!(!wrong.contains("stapler"), "{wrong}");

    // A key file that is absent is made for encrypting only.
    let absent = workdir.fails(2, &["profile", "penguins", "--openings-key", "absent.txt"]);
    assert!(absent.contains("absent.txt") && !workdir.path("absent.txt").exists(), "{absent}");
    let other = Workdir::new();
    other.ok(&["init", "--encrypt-openings", "--openings-key", "key.txt"]);
    let key = other.path("key.txt").display().to_string();
    let other = workdir.fails(2, &["profile", "penguins", "--openings-key", &key]);
    assert!(other.contains("the opening was encrypted to another key"), "{other}");
    // Nor does the ledger change to that key by a slip.
    let other = workdir.fails(2, &["openings", "encrypt", "--openings-key", &key]);
    assert!(other.contains("not to the given key age1"), "{other}");

    let nothing = workdir.fails(2, &["openings", "encrypt"]);
    assert!(nothing.contains("hint: name the passphrase"), "{nothing}");
    let empty = workdir.write("empty", "\n");
    let empty = workdir.fails(2, &["profile", "penguins", "--passphrase-file", &empty]);
    assert!(empty.contains("a passphrase is one line of text"), "{empty}");
    // Commands that read no opening ask for nothing.
    workdir.ok(&["log", "--passphrase-file", "not-there"]);
}

#[test]
fn openings_are_encrypted_later_and_decrypted_again() {
    let workdir = Workdir::with_penguins();
    let plain = openings(&workdir);
    let before = fs::read(&plain[0]).unwrap();
    let report = workdir.json(&["openings", "encrypt", "--openings-key", "key.txt"]);
    assert_eq!((&report["converted"], &report["already"]), (&1.into(), &0.into()));
    assert!(report["encrypted_to"].as_str().unwrap().starts_with("age1"), "{report}");
    assert!(is_age(&plain[0]));
    // Settings of the owner's stay as they are.
    workdir.ok(&["notarize", &penguins(), "--name", "again", "--attest-only"]);
    workdir.ok(&["profile", "again", "--openings-key", "key.txt"]);
    // A copy that came back from before stays readable, is reported, and encrypted by repeating the command.
    fs::write(&plain[0], &before).unwrap();
    workdir.ok(&["profile", "penguins"]);
    let answer = workdir.run(&["doctor", "--openings-key", "key.txt"]);
    assert!(answer.stdout.contains("1 openings are not encrypted yet"), "{}", answer.stdout);
    let report = workdir.json(&["openings", "encrypt", "--openings-key", "key.txt"]);
    assert_eq!((&report["converted"], &report["already"]), (&1.into(), &1.into()));

    workdir.ok(&["openings", "decrypt", "--openings-key", "key.txt"]);
    assert_eq!(fs::read(&plain[0]).unwrap(), before);
    workdir.ok(&["notarize", &penguins(), "--name", "plain", "--attest-only"]);
    assert!(openings(&workdir).iter().all(|path| !is_age(path)));
    workdir.ok(&["doctor"]);
}

#[test]
fn a_new_passphrase_opens_what_the_old_one_opened() {
    let workdir = Workdir::new();
    let file = passphrase(&workdir);
    workdir.ok(&["init", "--encrypt-openings", "--passphrase-file", &file]);
    workdir.ok(&["notarize", &penguins(), "--name", "penguins", "--attest-only"]);
    let new = workdir.write("new", "another one");
    workdir.ok(&["openings", "passphrase", "--passphrase-file", &file, "--new-passphrase-file", &new]);
    workdir.fails(2, &["profile", "penguins", "--passphrase-file", &file]);
    workdir.ok(&["profile", "penguins", "--passphrase-file", &new]);
}

#[test]
fn the_documented_recovery_brings_everything_back() {
    let workdir = Workdir::new();
    let file = passphrase(&workdir);
    let safe = tempfile::tempdir().unwrap();
    let safe = safe.path().display().to_string();
    succeeds(&documented(&workdir, "encrypt-from-the-beginning", &[("PASSPHRASE", &file)]));
    succeeds(&documented(&workdir, "back-up", &[("SAFE", &safe)]));

    let elsewhere = Workdir::new();
    let file = passphrase(&elsewhere);
    let recovered = documented(&elsewhere, "recover", &[("SAFE", &safe), ("PASSPHRASE", &file)]);
    succeeds(&recovered);
    assert!(recovered.stdout.contains("1 open their profile commitments, 0 are missing"), "{}", recovered.stdout);
    elsewhere.ok(&["prove", "penguins", "rows >= 300", "--passphrase-file", &file]);

    // The passphrase is lost: the log goes on, under a new key of the openings.
    let new = elsewhere.write("new", "a new one\n");
    succeeds(&documented(&elsewhere, "passphrase-lost", &[("NEW_PASSPHRASE", &new)]));
    elsewhere.ok(&["prove", "penguins", "rows >= 300", "--passphrase-file", &new]);
    elsewhere.ok(&["receipt", "0", "-o", "old.receipt"]);
    elsewhere.ok(&["verify", "old.receipt"]);
}

#[test]
fn the_documented_way_encrypts_a_ledger_that_was_not() {
    let workdir = Workdir::with_penguins();
    let file = passphrase(&workdir);
    let done = documented(&workdir, "encrypt-later", &[("PASSPHRASE", &file)]);
    succeeds(&done);
    assert!(openings(&workdir).iter().all(|path| is_age(path)));
    set_mode(&workdir.path(&file), 0o644);
    let doctor = workdir.run(&["doctor", "--passphrase-file", &file]);
    assert!(!cfg!(unix) || doctor.stdout.contains("others can read it"), "{}", doctor.stdout);
}

/// At whatever moment it is killed: every opening is whole, in one form or the other, and what is half written is encrypted.
#[cfg(unix)]
#[test]
fn encrypting_can_be_killed_at_any_moment() {
    let workdir = Workdir::with_penguins();
    let plain = openings(&workdir).remove(0);
    let bytes = fs::read(&plain).unwrap();
    for number in 0..400 {
        fs::write(workdir.path(&format!(".zkl/openings/{number:064x}.json")), &bytes).unwrap();
    }
    let encrypt = ["openings", "encrypt", "--openings-key", "key.txt"];
    let begun = Instant::now();
    workdir.ok(&encrypt);
    let whole = begun.elapsed();
    // At a sixth of that time, two sixths and so on; once more if the machine was busy meanwhile.
    let mut killed_midway = 0;
    for trial in 0..15 {
        if killed_midway == 5 {
            break;
        }
        for path in openings(&workdir) {
            fs::write(path, &bytes).unwrap();
        }
        let mut child = workdir.command(&encrypt).spawn().unwrap();
        std::thread::sleep(whole * (trial % 5 + 1) / 6);
        child.kill().unwrap();
        child.wait().unwrap();
        let mut encrypted = 0;
        for path in openings(&workdir) {
            let content = fs::read(&path).unwrap();
            let half = path.file_name().unwrap().to_string_lossy().starts_with(".tmp");
            if half {
                assert!(!content.windows(11).any(|window| window == b"zkl-opening"), "{path:?}");
                fs::remove_file(path).unwrap();
            } else if content != bytes {
                assert!(is_age(&path) && content.len() > bytes.len(), "{path:?}");
                encrypted += 1;
            }
        }
        killed_midway += u64::from(0 < encrypted && encrypted < 401);
    }
    assert!(killed_midway > 0, "no trial hit the middle");
    let report = workdir.json(&encrypt);
    assert_eq!(report["converted"].as_u64().unwrap() + report["already"].as_u64().unwrap(), 401);
    workdir.ok(&["profile", "penguins", "--openings-key", "key.txt"]);
}

#[cfg(unix)]
#[test]
fn secrets_stay_private_and_links_are_not_followed() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    let workdir = Workdir::with_penguins();
    let outside = workdir.write("outside", "not an opening");
    let link = workdir.path(&format!(".zkl/openings/{:064x}.json", 1));
    symlink(workdir.path(&outside), &link).unwrap();
    let file = passphrase(&workdir);
    let inner = workdir.command(&["openings", "encrypt", "--openings-key", "key.txt", "--passphrase-file", &file]);
    let mut command = Command::new("bash");
    command.args(["-c", "umask 000; exec \"$@\"", "bash"]).arg(inner.get_program()).args(inner.get_args());
    command.current_dir(workdir.dir.path()).env_clear().env("ZKL_KEYS", crate::common::key_dir());
    let answer = answer(&command.output().unwrap());
    succeeds(&answer);
    assert!(answer.stdout.contains("left alone: "), "{}", answer.stdout);
    assert_eq!(fs::read_to_string(workdir.path("outside")).unwrap(), "not an opening");
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    fs::remove_file(link).unwrap();
    let mut secret = openings(&workdir);
    secret.extend([workdir.path("key.txt"), workdir.path(".zkl/ledger.toml")]);
    for path in secret {
        assert_eq!(mode(&path), 0o600, "{path:?}");
    }
    // The key file was made under the passphrase.
    assert!(is_age(&workdir.path("key.txt")));
    let told = workdir.fails(2, &["profile", "penguins", "--openings-key", "key.txt"]);
    assert!(told.contains("the key of the openings is encrypted, and no passphrase was given"), "{told}");
    workdir.ok(&["profile", "penguins", "--openings-key", "key.txt", "--passphrase-file", &file]);
}
