//! The state: kept across restarts, by one process, whole or refused.

use std::{fs, sync::Arc, thread};

use zkl_core::tree::TreeSize;
use zkl_receipt::{checkpoint::SignedCheckpoint, keys::SigningKey, note::NoteSigner};
use zkl_witness::{KeyPlace, KeyPlaceError, Witness, WitnessError, WitnessHome};

use crate::history::{History, reopen, witness, witness_signer};

#[test]
fn a_restarted_witness_goes_on_from_what_it_cosigned() {
    let history = History::new(40, 40, 0);
    let (mut witness, dir) = witness();
    let mut old = 0;
    for new in [1, 1, 7, 40] {
        assert_eq!(witness.add_checkpoint(&history.body(old, new)).unwrap().status, 200);
        drop(witness);
        witness = reopen(&dir);
        let conflict = witness.add_checkpoint(&history.body(0, 40)).unwrap();
        assert_eq!((conflict.status, conflict.body), (409, format!("{new}\n")));
        old = new;
    }
}

#[test]
fn of_two_histories_offered_at_once_only_one_is_ever_cosigned() {
    let branches = [History::new(30, 10, 1), History::new(30, 10, 2)];
    for round in 0..20_u64 {
        let (witness, _dir) = witness();
        assert_eq!(witness.add_checkpoint(&branches[0].body(0, 10)).unwrap().status, 200);
        let witness = Arc::new(witness);
        let asked: Vec<_> = (0..8_u64)
            .map(|i| {
                let body = branches[(i % 2) as usize].body(10, 11 + (i + round) % 15);
                let witness = Arc::clone(&witness);
                thread::spawn(move || (i % 2, witness.add_checkpoint(&body).unwrap().status))
            })
            .collect();
        let answers: Vec<_> = asked.into_iter().map(|thread| thread.join().unwrap()).collect();
        let cosigned: Vec<_> = answers.iter().filter(|(_, status)| *status == 200).collect();
        assert_eq!(cosigned.len(), 1, "every request named the same old size: {answers:?}");
        assert!(answers.iter().all(|(_, status)| matches!(status, 200 | 409)), "{answers:?}");
        // From where it is now, the other branch is refused.
        let (branch, other) = (cosigned[0].0 as usize, 1 - cosigned[0].0 as usize);
        let conflict = witness.add_checkpoint(&branches[branch].body(0, 30)).unwrap();
        let latest: u64 = conflict.body.trim_end().parse().unwrap();
        assert_eq!(witness.add_checkpoint(&branches[other].body(latest, 30)).unwrap().status, 422);
        assert_eq!(witness.add_checkpoint(&branches[branch].body(latest, 30)).unwrap().status, 200);
    }
}

#[test]
fn a_second_process_cannot_have_the_state() {
    let (_witness, dir) = witness();
    let second = Witness::open(&dir.path().join("state"), witness_signer(), vec![History::new(0, 0, 0).key()]);
    assert!(matches!(second, Err(WitnessError::InUse { .. })));
}

#[test]
fn a_state_that_is_not_what_was_cosigned_is_refused() {
    let history = History::new(9, 9, 0);
    let (witness, dir) = witness();
    assert_eq!(witness.add_checkpoint(&history.body(0, 9)).unwrap().status, 200);
    drop(witness);
    let state = dir.path().join("state");
    let file = fs::read_dir(&state)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| path.file_name().unwrap() != "lock")
        .unwrap();
    let original = fs::read_to_string(&file).unwrap();
    let signed = SignedCheckpoint::parse(original.as_bytes()).unwrap();
    assert_eq!(signed.unverified().size(), TreeSize(9));
    // An older checkpoint that the log signed, but this witness did not; and damage of other kinds.
    let unsigned = history.checkpoint(3).to_string();
    for bad in [&unsigned, &original.replace("\n9\n", "\n8\n"), &original[..original.len() - 9], ""] {
        fs::write(&file, bad).unwrap();
        let opened = Witness::open(&state, witness_signer(), vec![history.key()]);
        assert!(matches!(opened, Err(WitnessError::State { .. })), "{bad:?}");
    }
    fs::write(&file, original).unwrap();
    assert_eq!(reopen(&dir).add_checkpoint(&history.body(9, 9)).unwrap().status, 200);
}

#[test]
fn a_failed_write_ends_all_cosigning_until_a_restart() {
    let history = History::new(9, 9, 0);
    let (witness, dir) = witness();
    assert_eq!(witness.add_checkpoint(&history.body(0, 3)).unwrap().status, 200);
    fs::rename(dir.path().join("state"), dir.path().join("gone")).unwrap();
    assert!(matches!(witness.add_checkpoint(&history.body(3, 5)), Err(WitnessError::Io { .. })));
    fs::rename(dir.path().join("gone"), dir.path().join("state")).unwrap();
    // Which of the two checkpoints is on the disk is not guessed.
    assert!(matches!(witness.add_checkpoint(&history.body(3, 5)), Err(WitnessError::Poisoned)));
    drop(witness);
    assert_eq!(reopen(&dir).add_checkpoint(&history.body(3, 5)).unwrap().status, 200);
}

#[test]
fn a_witness_has_a_directory_of_its_own_with_a_private_key() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("witness");
    let log = History::new(0, 0, 0).key();
    assert!(matches!(WitnessHome::open(&path), Err(WitnessError::NoWitness { .. })));
    let home = WitnessHome::create(&path, "w.example/1".parse().unwrap(), vec![log.clone()], None).unwrap();
    let again = WitnessHome::create(&path, "w.example/1".parse().unwrap(), Vec::new(), None);
    assert!(matches!(again, Err(WitnessError::WitnessExists { .. })));
    let mode = std::os::unix::fs::PermissionsExt::mode(&fs::metadata(path.join("witness.key")).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);
    let opened = WitnessHome::open(&path).unwrap();
    assert_eq!((opened.key().unwrap(), opened.logs()), (home.key().unwrap(), [log].as_slice()));
    assert!(opened.witness().is_ok());
    // The public key needs no private one, and holds a private one to it.
    fs::rename(path.join("witness.key"), path.join("elsewhere.key")).unwrap();
    assert_eq!(opened.key().unwrap(), home.key().unwrap());
    assert!(matches!(opened.witness(), Err(WitnessError::Key(_))));
    KeyPlace::File(path.join("witness.key")).generate().unwrap();
    assert!(matches!(opened.witness(), Err(WitnessError::Key(KeyPlaceError::OtherKey { .. }))));
    // A witness of an earlier version has no public file.
    fs::rename(path.join("elsewhere.key"), path.join("witness.key")).unwrap();
    fs::remove_file(path.join("witness-public.txt")).unwrap();
    assert_eq!(opened.key().unwrap(), home.key().unwrap());
    assert!(opened.witness().is_ok());
    fs::write(path.join("witness-public.txt"), "something else\n").unwrap();
    assert!(matches!(opened.key(), Err(WitnessError::PublicKey { .. })));
    fs::remove_file(path.join("witness-public.txt")).unwrap();
    fs::write(path.join("witness.toml"), "version = 1\nname = \"w.example/1\"\nlogs = [\"x\"]\n").unwrap();
    assert!(matches!(WitnessHome::open(&path), Err(WitnessError::LogKey { .. })));
    for bad in ["version = 2\nname = \"w\"\n", "version = 1\nname = \"a b\"\n", "version = 1\n", "name"] {
        fs::write(path.join("witness.toml"), bad).unwrap();
        assert!(matches!(WitnessHome::open(&path), Err(WitnessError::Settings { .. })), "{bad:?}");
    }
}

#[test]
fn a_witness_cosigns_with_a_key_where_its_trust_store_has_it_count() {
    let history = History::new(9, 9, 0);
    let store = |from: u64, until: u64| {
        let text =
            format!("version = 1\n[[log]]\nkey = {:?}\nfrom = {from}\nuntil = {until}\n", history.key().to_string());
        toml::from_str::<zkl_receipt::TrustStore>(&text).unwrap()
    };
    let (witness, dir) = witness();
    let witness = witness.limited_by(store(2, 5));
    let early = witness.add_checkpoint(&history.body(0, 1)).unwrap();
    assert!(early.status == 403 && early.body.contains("counts from 2 to 5 entries of the log"), "{early:?}");
    assert_eq!(witness.add_checkpoint(&history.body(0, 2)).unwrap().status, 200);
    assert_eq!(witness.add_checkpoint(&history.body(2, 5)).unwrap().status, 200);
    assert_eq!(witness.add_checkpoint(&history.body(5, 6)).unwrap().status, 403);
    drop(witness);
    // Nothing was cosigned beyond the end, and a store of another log says nothing about this one.
    let witness = reopen(&dir);
    assert_eq!(witness.add_checkpoint(&history.body(5, 6)).unwrap().status, 200);

    // The logs of the store are witnessed as well as those of the settings.
    let elsewhere = tempfile::tempdir().unwrap();
    let home = WitnessHome::create(elsewhere.path(), "w.example/2".parse().unwrap(), Vec::new(), None).unwrap();
    assert_eq!(home.witness().unwrap().add_checkpoint(&history.body(0, 3)).unwrap().status, 404);
    let home = home.with_trust_store(store(0, 5));
    assert_eq!(home.logs(), [history.key()]);
    let witness = home.witness().unwrap();
    assert_eq!(witness.add_checkpoint(&history.body(0, 3)).unwrap().status, 200);
    assert_eq!(witness.add_checkpoint(&history.body(3, 6)).unwrap().status, 403);
}

#[test]
fn a_witness_goes_over_to_a_new_key_and_cosigns_nothing_of_the_old_one_alone() {
    let secret = |seed: u8| SigningKey::from_seed(&[seed; 32]);
    let signer = |seed: u8| NoteSigner::new("example.com/log".parse().unwrap(), secret(seed));
    let mut history = History::new(9, 9, 0);
    let text = format!(
        "version = 1\n[[log]]\nkey = {:?}\nuntil = 5\n[[log]]\nkey = {:?}\nfrom = 4\n",
        signer(1).verifier().to_string(),
        signer(2).verifier().to_string()
    );
    let dir = tempfile::tempdir().unwrap();
    let home = WitnessHome::create(dir.path(), "w.example/1".parse().unwrap(), vec![history.key()], None).unwrap();
    let witness = home.with_trust_store(toml::from_str(&text).unwrap()).witness().unwrap();
    let status = |history: &History, old, new| witness.add_checkpoint(&history.body(old, new)).unwrap().status;
    assert_eq!(status(&history, 0, 3), 200);
    // Both sign during the overlap; afterwards the old key alone signs nothing that counts.
    history.signer = signer(2).with_also(secret(1));
    assert_eq!(status(&history, 3, 5), 200);
    history.signer = signer(1);
    assert_eq!(status(&history, 5, 6), 403);
    history.signer = signer(2);
    assert_eq!(status(&history, 5, 7), 200);
    // Nor does a thief get a small tree cosigned beside the real one, or set the log back.
    let stolen = History::new(9, 3, 1);
    assert_eq!((status(&stolen, 7, 8), status(&stolen, 0, 5), status(&stolen, 3, 4)), (403, 409, 409));
}
