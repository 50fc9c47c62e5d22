//! Keys on a PKCS#11 token: SoftHSM with a fresh token in a directory of its own.

use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{
    common::{Answer, Workdir, answer, penguins},
    custody::Serving,
    secrets::documented,
};

const PIN: &str = "271828";

/// A working directory and a token that nobody else has.
struct Hsm {
    workdir: Workdir,
    module: PathBuf,
}

/// `None`, and said so, where there is no SoftHSM. `ZKL_REQUIRE_HSM`, which `make ci` sets, makes that a failure.
fn hsm() -> Option<Hsm> {
    let places = ["/usr/lib/softhsm/libsofthsm2.so", "/usr/lib64/softhsm/libsofthsm2.so", "/usr/lib/libsofthsm2.so"];
    let Some(module) = places.iter().map(PathBuf::from).find(|path| path.exists()) else {
        assert!(std::env::var_os("ZKL_REQUIRE_HSM").is_none(), "SoftHSM is required and not installed");
        // Straight to stderr: what tests print otherwise is only seen when they fail.
        let told = "SKIPPED: SoftHSM is not installed (make setup): keys on tokens were NOT tested\n";
        std::io::stderr().write_all(told.as_bytes()).unwrap();
        return None;
    };
    let workdir = Workdir::new();
    fs::create_dir(workdir.path("tokens")).unwrap();
    let tokens = workdir.path("tokens").display().to_string();
    workdir.write("softhsm2.conf", format!("directories.tokendir = {tokens}\nobjectstore.backend = file\n"));
    workdir.write("pin", format!("{PIN}\n"));
    let hsm = Hsm { workdir, module };
    let mut init = Command::new("softhsm2-util");
    init.args(["--init-token", "--free", "--label", "zkl", "--so-pin", "12345678", "--pin", PIN]);
    let made = init.env("SOFTHSM2_CONF", hsm.workdir.path("softhsm2.conf")).output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    Some(hsm)
}

impl Hsm {
    fn environment(&self) -> [(&'static str, String); 3] {
        [
            ("SOFTHSM2_CONF", self.workdir.path("softhsm2.conf").display().to_string()),
            ("ZKL_PKCS11_MODULE", self.module.display().to_string()),
            ("ZKL_PKCS11_PIN_FILE", self.workdir.path("pin").display().to_string()),
        ]
    }

    fn run(&self, args: &[&str]) -> Answer {
        answer(&self.workdir.command(args).envs(self.environment()).output().unwrap())
    }

    #[track_caller]
    fn ok(&self, args: &[&str]) -> String {
        let answer = self.run(args);
        assert_eq!(answer.code, Some(0), "zkl {args:?}: {}", answer.stderr);
        answer.stdout
    }

    #[track_caller]
    fn fails(&self, args: &[&str]) -> String {
        let answer = self.run(args);
        assert_eq!(answer.code, Some(2), "zkl {args:?}: {} {}", answer.stdout, answer.stderr);
        assert!(!answer.stderr.contains(PIN), "{}", answer.stderr);
        answer.stderr
    }

    #[track_caller]
    fn documented(&self, block: &str) {
        let environment = self.environment();
        let variables: Vec<(&str, &str)> = environment.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let answer = documented(&self.workdir, block, &variables);
        assert_eq!(answer.code, Some(0), "{} {}", answer.stdout, answer.stderr);
    }

    fn settings(&self) -> String {
        fs::read_to_string(self.workdir.path(".zkl/ledger.toml")).unwrap()
    }
}

fn contains(path: &Path, text: &[u8]) -> bool {
    fs::read(path).is_ok_and(|bytes| bytes.windows(text.len()).any(|window| window == text))
}

/// From the token to a verifier who knows nothing of it.
#[test]
fn a_ledger_whose_keys_are_on_a_token_notarizes_proves_exports_and_verifies() {
    let Some(hsm) = hsm() else { return };
    hsm.documented("hsm-new-ledger");
    assert!(!hsm.workdir.path(".zkl/ledger.key").exists());
    hsm.ok(&["notarize", &penguins(), "--name", "penguins", "--attest-only"]);
    let claim = "mean(body_mass_g) between 4000 and 4500";
    hsm.ok(&["prove", "penguins", claim, "-o", "mean.receipt", "--proof", "universal"]);
    hsm.ok(&["export", "public"]);
    let doctor = hsm.ok(&["doctor"]);
    assert!(doctor.contains("the log's key at pkcs11:"), "{doctor}");

    // Verifiers and readers have no token, no PIN and no private key.
    let workdir = &hsm.workdir;
    let shown = workdir.json(&["key", "show"]);
    let key = shown["keys"][0]["public"].as_str().unwrap().to_owned();
    assert_eq!(shown["keys"][0]["movable"], false);
    let verified = workdir.json(&["verify", "mean.receipt", "--trust", ".zkl/log-public.txt"]);
    assert_eq!((&verified["valid"], &verified["log"]["pinned"]), (&true.into(), &true.into()));
    workdir.ok(&["verify", "mean.receipt", "--trust", &key]);
    workdir.ok(&["fsck", "--export", "public", "--trust", &key]);
    for reading in [vec!["log"], vec!["show", "0"], vec!["fsck"], vec!["receipt", "1", "-o", "again.receipt"]] {
        workdir.ok(&reading);
    }
    // What signs says what it misses.
    let told = workdir.fails(2, &["notarize", &penguins(), "--name", "more", "--attest-only"]);
    assert!(told.contains("ZKL_PKCS11_MODULE"), "{told}");

    // The PIN is in none of the ledger's files, nor can the key be taken from the token.
    let stays = hsm.fails(&["key", "move", "stolen.pem"]);
    assert!(stays.contains("cannot leave its token") && stays.contains("rotate"), "{stays}");
    for path in fs::read_dir(workdir.path(".zkl")).unwrap() {
        let path = path.unwrap().path();
        assert!(!contains(&path, PIN.as_bytes()), "{path:?}");
    }
}

#[test]
fn a_key_moves_from_its_file_to_the_token_and_signs_the_same_log() {
    let Some(hsm) = hsm() else { return };
    hsm.ok(&["init"]);
    hsm.ok(&["notarize", &penguins(), "--name", "before", "--attest-only"]);
    let public = fs::read(hsm.workdir.path(".zkl/log-public.txt")).unwrap();
    let pem = fs::read(hsm.workdir.path(".zkl/ledger.key")).unwrap();
    hsm.documented("hsm-move");
    assert!(!hsm.workdir.path(".zkl/ledger.key").exists());
    assert_eq!(fs::read(hsm.workdir.path(".zkl/log-public.txt")).unwrap(), public);
    hsm.ok(&["notarize", &penguins(), "--name", "after", "--attest-only", "-o", "after.receipt"]);
    hsm.workdir.ok(&["verify", "after.receipt", "--trust", ".zkl/log-public.txt"]);
    hsm.ok(&["doctor"]);

    // Interrupted before the settings changed, the key is in both places, and the command can be repeated.
    let moved = hsm.settings();
    fs::write(hsm.workdir.path(".zkl/ledger.key"), &pem).unwrap();
    let before: String = moved.split_inclusive('\n').filter(|line| !line.starts_with("log_key")).collect();
    fs::write(hsm.workdir.path(".zkl/ledger.toml"), before).unwrap();
    hsm.ok(&["notarize", &penguins(), "--name", "between", "--attest-only"]);
    hsm.documented("hsm-move");
    assert_eq!(hsm.settings(), moved);
}

/// A token is asked by name, and names are not keys.
#[test]
fn another_key_of_the_same_name_is_never_taken_for_the_ledgers() {
    let Some(hsm) = hsm() else { return };
    hsm.ok(&["key", "generate", "pkcs11:token=zkl;object=log;id=%01"]);
    hsm.ok(&["key", "generate", "pkcs11:token=zkl;object=log;id=%02"]);
    let twice = hsm.fails(&["init", "--log-key", "pkcs11:token=zkl;object=log"]);
    assert!(twice.contains("2 Ed25519 keys fit") && twice.contains("hint: say which one"), "{twice}");
    let taken = hsm.fails(&["key", "generate", "pkcs11:token=zkl;object=log"]);
    assert!(taken.contains("there is a key at"), "{taken}");

    hsm.ok(&["init", "--log-key", "pkcs11:token=zkl;object=log;id=%02"]);
    let public = hsm.workdir.json(&["key", "show"])["keys"][0]["public"].clone();
    // By the label alone, the ledger's own is found among both by its signature.
    let settings = hsm.settings();
    let set = |id: &str| fs::write(hsm.workdir.path(".zkl/ledger.toml"), settings.replace(";id=%02", id)).unwrap();
    set("");
    hsm.ok(&["notarize", &penguins(), "--name", "penguins", "--attest-only"]);
    assert_eq!(hsm.workdir.json(&["key", "show"])["keys"][0]["public"], public);
    // The other one is refused, by the doctor too.
    set(";id=%01");
    let other = hsm.fails(&["notarize", &penguins(), "--name", "more", "--attest-only"]);
    assert!(other.contains("holds no Ed25519 key that fits") && other.contains("signs as expected"), "{other}");
    assert!(hsm.run(&["doctor"]).stdout.contains("PROBLEM  key"));
    // So is another file, and a key that the public file does not name.
    hsm.ok(&["key", "generate", "other.pem"]);
    let place = hsm.workdir.path("other.pem").display().to_string();
    fs::write(hsm.workdir.path(".zkl/ledger.toml"), settings.replace("pkcs11:token=zkl;object=log;id=%02", &place))
        .unwrap();
    let other = hsm.fails(&["notarize", &penguins(), "--name", "more", "--attest-only"]);
    assert!(other.contains("other.pem has the fingerprint") && other.contains("rotate"), "{other}");
}

#[test]
fn pins_are_not_repeated_guessed_or_taken_from_where_others_see_them() {
    let Some(hsm) = hsm() else { return };
    hsm.ok(&["key", "generate", "pkcs11:token=zkl;object=log"]);
    for place in [format!("pkcs11:token=zkl?pin-value={PIN}"), format!("pkcs11:token=zkl;pin-value={PIN}")] {
        let refused = hsm.fails(&["init", "--log-key", &place]);
        assert!(refused.contains("must not hold the PIN"), "{refused}");
        hsm.fails(&["key", "generate", &place]);
        hsm.fails(&["key", "move", &place]);
        hsm.fails(&["witness", "init", "--name", "w.example/1", "--key", &place]);
    }
    hsm.workdir.write("pin", "314159");
    let wrong = hsm.fails(&["init", "--log-key", "pkcs11:token=zkl;object=log"]);
    assert!(wrong.contains("refused the PIN") && !wrong.contains("314159"), "{wrong}");
    assert!(!hsm.workdir.path(".zkl/ledger.toml").exists(), "nothing was made");
    fs::remove_file(hsm.workdir.path("pin")).unwrap();
    let absent = hsm.fails(&["init", "--log-key", "pkcs11:token=zkl;object=log"]);
    assert!(absent.contains("the PIN cannot be read"), "{absent}");
    // From the URI's own file, which is looked for first; and from the environment, last.
    hsm.workdir.write("own", PIN);
    let own = format!("pkcs11:token=zkl;object=log?pin-source=file:{}", hsm.workdir.path("own").display());
    let mut environment = hsm.environment().to_vec();
    environment.retain(|(name, _)| *name != "ZKL_PKCS11_PIN_FILE");
    let run = |args: &[&str], more: &[(&str, &str)]| {
        let mut command = hsm.workdir.command(args);
        answer(&command.envs(environment.iter().cloned()).envs(more.iter().copied()).output().unwrap())
    };
    let made = run(&["init", "--log-key", &own], &[]);
    assert_eq!(made.code, Some(0), "{}", made.stderr);
    let made =
        run(&["--ledger", "second", "init", "--log-key", "pkcs11:token=zkl;object=log"], &[("ZKL_PKCS11_PIN", PIN)]);
    assert_eq!(made.code, Some(0), "{}", made.stderr);
    let none = run(&["--ledger", "third", "init", "--log-key", "pkcs11:token=zkl;object=log"], &[]);
    assert!(none.stderr.contains("wants a PIN") && none.stderr.contains("ZKL_PKCS11_PIN_FILE"), "{}", none.stderr);
    let absent = hsm.fails(&["init", "--log-key", "pkcs11:token=other;object=log"]);
    assert!(absent.contains("no token fits") || absent.contains("there already is a ledger"), "{absent}");
}

#[test]
fn log_notary_and_witness_have_keys_of_their_own_on_the_token() {
    let Some(hsm) = hsm() else { return };
    for object in ["log", "notary", "witness"] {
        hsm.ok(&["key", "generate", &format!("pkcs11:token=zkl;object={object}")]);
    }
    hsm.ok(&["init", "--log-key", "pkcs11:token=zkl;object=log", "--notary-key", "pkcs11:token=zkl;object=notary"]);
    hsm.ok(&["notarize", &penguins(), "--name", "penguins", "--attest-only", "-o", "p.receipt"]);
    let shown = hsm.workdir.json(&["key", "show"]);
    let notary = &shown["keys"][1];
    assert_eq!(notary["role"], "notary");
    let verified = hsm.workdir.json(&["verify", "p.receipt"]);
    assert_eq!(verified["notary"], notary["public"], "{verified}");
    assert_ne!(shown["keys"][0]["fingerprint"], notary["fingerprint"]);

    let log = shown["keys"][0]["public"].as_str().unwrap();
    hsm.ok(&["witness", "init", "--name", "w.example/1", "--log", log, "--key", "pkcs11:token=zkl;object=witness"]);
    assert!(!hsm.workdir.path(".zkl-witness/witness.key").exists());
    // Its public key needs no token; cosigning does.
    let key = hsm.workdir.json(&["witness", "key"])["key"].as_str().unwrap().to_owned();
    let serve = ["witness", "serve", "--listen", "127.0.0.1:0", "--format", "json"];
    let witness = Serving::of(hsm.workdir.command(&serve).envs(hsm.environment()));
    assert!(witness.flag().starts_with(&key));
    let cosigned = hsm.ok(&["cosign", "--witness", &witness.flag()]);
    assert!(cosigned.contains("w.example/1"), "{cosigned}");

    // A wrong PIN is tried once, for however many keys.
    hsm.workdir.write("pin", "314159");
    let doctor = hsm.run(&["doctor"]);
    assert_eq!(doctor.stdout.matches("refused the PIN").count(), 1, "{}", doctor.stdout);
    assert!(!doctor.stdout.contains("314159"), "{}", doctor.stdout);
}

/// Made on the token, replaced there, and revoked: each by the procedure of the page.
#[test]
fn keys_on_a_token_are_rotated_and_revoked_as_documented() {
    let Some(hsm) = hsm() else { return };
    hsm.documented("hsm-new-ledger");
    let old = hsm.workdir.json(&["key", "show"])["keys"][0]["public"].as_str().unwrap().to_owned();
    hsm.ok(&["notarize", &penguins(), "--name", "before", "--attest-only", "-o", "before.receipt"]);
    hsm.documented("hsm-rotate");
    assert!(hsm.settings().contains("former_log_key = "), "{}", hsm.settings());
    hsm.ok(&["notarize", &penguins(), "--name", "during", "--attest-only", "-o", "during.receipt"]);
    hsm.documented("end-overlap");
    assert!(!hsm.settings().contains("former_log_key"), "{}", hsm.settings());
    hsm.ok(&["notarize", &penguins(), "--name", "after", "--attest-only", "-o", "after.receipt"]);
    for receipt in ["before.receipt", "during.receipt", "after.receipt"] {
        hsm.workdir.ok(&["verify", receipt, "--trust", &old, "--require", "pinned"]);
    }
    let environment = hsm.environment();
    let mut variables: Vec<(&str, &str)> = environment.iter().map(|(name, value)| (*name, value.as_str())).collect();
    variables.extend([("OLD_KEY", old.as_str()), ("SIZE", "3")]);
    let revoked = documented(&hsm.workdir, "revoke", &variables);
    assert_eq!(revoked.code, Some(0), "{}", revoked.stderr);
    let (_, lines) = revoked.stdout.split_once("\n\n").unwrap();
    hsm.workdir.write("trust.toml", format!("version = 1\n{lines}"));
    for (receipt, code) in [("before.receipt", 0), ("during.receipt", 0), ("after.receipt", 0)] {
        let verified = hsm.workdir.run(&["verify", receipt, "--trust-store", "trust.toml", "--require", "pinned"]);
        assert_eq!(verified.code, Some(code), "{receipt}: {} {}", verified.stdout, verified.stderr);
    }
    hsm.ok(&["doctor"]);
}

#[test]
fn a_pem_file_elsewhere_signs_and_moves() {
    let workdir = Workdir::new();
    workdir.ok(&["key", "generate", "first.pem"]);
    workdir.ok(&["init", "--log-key", "first.pem"]);
    workdir.ok(&["notarize", &penguins(), "--name", "penguins", "--attest-only"]);
    let moved = workdir.json(&["key", "move", "second.pem"]);
    assert_eq!(moved["removed"], true);
    assert!(!workdir.path("first.pem").exists());
    workdir.ok(&["notarize", &penguins(), "--name", "again", "--attest-only"]);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = fs::metadata(workdir.path("second.pem")).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600);
    }
    // Onto itself nothing is lost; another file of the same name is not replaced.
    workdir.ok(&["key", "move", "second.pem"]);
    assert!(workdir.path("second.pem").exists());
    workdir.write("third.pem", "something else");
    let refused = workdir.fails(2, &["key", "move", "third.pem"]);
    assert!(refused.contains("third.pem"), "{refused}");
    assert_eq!(fs::read_to_string(workdir.path("third.pem")).unwrap(), "something else");
    let refused = workdir.fails(2, &["key", "move", "--role", "notary", "fourth.pem"]);
    assert!(refused.contains("its notary has none"), "{refused}");
}

/// Whoever only reads has no use for the private key, and need not have it.
#[test]
fn readers_need_no_private_key() {
    let workdir = Workdir::with_penguins();
    let key = fs::read(workdir.path(".zkl/ledger.key")).unwrap();
    fs::remove_file(workdir.path(".zkl/ledger.key")).unwrap();
    for reading in [
        vec!["log"],
        vec!["show", "0"],
        vec!["history", "penguins"],
        vec!["datasets"],
        vec!["profile", "penguins"],
        vec!["receipt", "0", "-o", "p.receipt"],
        vec!["export", "public"],
        vec!["fsck"],
        vec!["audit", "--since", "public/checkpoint"],
        vec!["backup", "rocks:copy"],
        vec!["prove", "penguins", "rows >= 300", "--dry-run"],
        vec!["key", "show"],
        vec!["doctor"],
    ] {
        workdir.ok(&reading);
    }
    workdir.fails(2, &["notarize", &penguins(), "--name", "more", "--attest-only"]);

    // A ledger of an earlier version has no public file: the key is read once more, and the first writer leaves the file.
    fs::write(workdir.path(".zkl/ledger.key"), key).unwrap();
    let public = fs::read(workdir.path(".zkl/log-public.txt")).unwrap();
    fs::remove_file(workdir.path(".zkl/log-public.txt")).unwrap();
    workdir.ok(&["log"]);
    workdir.ok(&["notarize", &penguins(), "--name", "more", "--attest-only"]);
    assert_eq!(fs::read(workdir.path(".zkl/log-public.txt")).unwrap(), public);
    workdir.write(".zkl/log-public.txt", "something else\n");
    let refused = workdir.fails(2, &["log"]);
    assert!(refused.contains("does not hold this ledger's public key"), "{refused}");
}
