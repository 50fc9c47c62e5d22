//! Running `zkl` as a user does: a directory of its own, nothing inherited from the environment.

use std::{
    path::{Path, PathBuf},
    process::{Command, Output},
};

use tempfile::TempDir;

/// A working directory without a ledger.
pub(crate) struct Workdir {
    pub(crate) dir: TempDir,
}

/// What a command printed and answered.
pub(crate) struct Answer {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Workdir {
    pub(crate) fn new() -> Self {
        Self { dir: tempfile::tempdir().expect("a temporary directory") }
    }

    /// A working directory with a ledger and the bundled table notarized, attested only: what does not ask for the proof over
    /// every row need not wait for it.
    pub(crate) fn with_penguins() -> Self {
        let workdir = Self::new();
        workdir.ok(&["init"]);
        workdir.ok(&["notarize", &penguins(), "--name", "penguins", "--joint", "species,sex", "--attest-only"]);
        workdir
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        std::fs::write(self.path(name), content).expect("a file is written");
        name.to_owned()
    }

    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_zkl"));
        // Dev keys outlive a run; what is proved otherwise says so.
        command.current_dir(self.dir.path()).args(args).env_clear().env("ZKL_KEYS", key_dir()).env("ZKL_PROOF", "dev");
        command
    }

    pub(crate) fn run(&self, args: &[&str]) -> Answer {
        answer(&self.command(args).output().expect("zkl runs"))
    }

    /// Runs a command that must succeed and returns its stdout.
    #[track_caller]
    pub(crate) fn ok(&self, args: &[&str]) -> String {
        let answer = self.run(args);
        assert_eq!(answer.code, Some(0), "zkl {args:?}: {}", answer.stderr);
        answer.stdout
    }

    /// Runs a command that must fail with `code` and returns its stderr, which must say something.
    #[track_caller]
    pub(crate) fn fails(&self, code: i32, args: &[&str]) -> String {
        let answer = self.run(args);
        assert_eq!(answer.code, Some(code), "zkl {args:?}: {} {}", answer.stdout, answer.stderr);
        assert_eq!(answer.stdout, "", "data goes to stdout, errors do not");
        assert!(answer.stderr.starts_with("error: "), "{}", answer.stderr);
        assert!(!answer.stderr.contains("panicked"), "{}", answer.stderr);
        answer.stderr
    }

    /// Runs lines of a page of the documentation as its reader would.
    pub(crate) fn shell(&self, lines: &str, variables: &[(&str, &str)]) -> Answer {
        let zkl = Path::new(env!("CARGO_BIN_EXE_zkl")).parent().expect("a directory").display().to_string();
        let mut command = Command::new("bash");
        command.args(["-euo", "pipefail", "-c", lines]).current_dir(self.dir.path()).env_clear();
        command.env("PATH", format!("{zkl}:/usr/bin:/bin")).env("ZKL_KEYS", key_dir());
        command.env("TABLE", penguins()).envs(variables.iter().copied());
        answer(&command.output().expect("bash runs"))
    }

    pub(crate) fn json(&self, args: &[&str]) -> serde_json::Value {
        let mut args = args.to_vec();
        args.extend(["--format", "json"]);
        serde_json::from_str(&self.ok(&args)).expect("JSON on stdout")
    }
}

/// A ledger that a program keeps to itself, as a server does.
pub(crate) fn keep_open(workdir: &Workdir) -> zkl_ledger::Ledger {
    let runtime = tokio::runtime::Runtime::new().expect("threads");
    let keys = zkl_ledger::circuit::KeyStore::open(key_dir()).expect("a key store");
    runtime.block_on(zkl_ledger::Ledger::builder().keys(keys).open(workdir.path(".zkl"))).expect("a ledger")
}

pub(crate) fn answer(output: &Output) -> Answer {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Answer { code: output.status.code(), stdout: text(&output.stdout), stderr: text(&output.stderr) }
}

/// The block of a page in docs that begins with this line after its backquotes.
pub(crate) fn block(page: &str, name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs").join(page);
    let text = std::fs::read_to_string(path).expect(page);
    let (_, block) = text.split_once(&format!("```{name}\n")).expect(name);
    block.split_once("\n```").expect("an end").0.to_owned()
}

pub(crate) fn penguins() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/data/penguins.csv");
    path.canonicalize().expect("the bundled table").display().to_string()
}

/// Generated keys are shared by all tests and outlive a run.
pub(crate) fn key_dir() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("zkl-keys")
}
