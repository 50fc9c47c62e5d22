//! The promise of format compatibility: receipts and openings of every version still read, and docs/formats.md states
//! their bytes as they are. The worked values are computed here from the fixtures with hash functions alone, and each must
//! stand in the document.

#![expect(clippy::unwrap_used, clippy::panic, clippy::expect_used, reason = "a test that fails should stop")]

#[path = "fixtures/generate.rs"]
mod generate;
#[path = "common/product.rs"]
mod product;

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use generate::{KEY_SEED, ORIGIN};
use num_bigint::BigUint;
use product::Product;
use sha2::{Digest as _, Sha256, Sha512};
use zkl_core::{column::ColumnType, hashed::ValueHasher};
use zkl_ledger::{
    Table, Trust,
    circuit::{Circuit as _, KeyStore, Setup, proof_system::COMPACT},
    data::{DataMismatch, check_data},
    home::{LedgerHome, NewLedger},
    openings::Opening,
    receipt::{
        ClaimRecord, FileEvidence, Notarization, Predicate, ProfileEvidence, Receipt, ReceiptEntry, SignedEntry,
        VerifiedStatement,
    },
    transparency::keys::SigningKey,
    types::DigestRule,
    verify,
};

const RECEIPTS: [&str; 4] = ["notarization", "claim", "custom", "public-notarization"];

fn version(number: u32) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/fixtures/v{number}"))
}

fn dir() -> PathBuf {
    version(1)
}

fn receipt(name: &str) -> Receipt {
    Receipt::decode(&fs::read(dir().join(format!("{name}.receipt"))).unwrap()).unwrap()
}

/// The entry that a receipt of one entry is for: what it names stands before it.
fn logged(name: &str) -> ReceiptEntry {
    receipt(name).entries.pop().unwrap()
}

fn entry(name: &str) -> SignedEntry {
    SignedEntry::open(&logged(name).envelope).unwrap()
}

fn notarization(name: &str) -> Notarization {
    let Predicate::Notarization(record) = entry(name).predicate().clone() else { panic!("{name} is another kind") };
    record
}

fn opening() -> Opening {
    Opening::read(&dir().join("opening.json")).unwrap()
}

fn sha256(parts: &[&[u8]]) -> [u8; 32] {
    parts.iter().fold(Sha256::new(), sha2::Digest::chain_update).finalize().into()
}

/// Checks that docs/formats.md states `value`.
fn documented(what: &str, value: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/formats.md");
    let document = fs::read_to_string(path).unwrap();
    assert!(document.contains(value), "docs/formats.md does not state the {what}: {value}");
}

#[test]
fn digests_of_text_are_those_of_the_documented_bytes() {
    let digest = Sha512::digest(b"zkl/value/v1\0text\0abc");
    let part = |bytes: &[u8]| u16::from_le_bytes([bytes[0], bytes[1]]);
    let parts: Vec<u16> = digest[..16].chunks(2).map(part).collect();
    assert_eq!(ValueHasher::new(ColumnType::Text).cells("abc")[..], parts);
    let parts: Vec<String> = parts.iter().map(u16::to_string).collect();
    documented("parts of a digest", &parts.join(" "));
}

fn trust() -> Trust {
    let Predicate::Custom(record) = entry("custom").predicate().clone() else { panic!("another kind") };
    let log = SigningKey::from_seed(&KEY_SEED).verifying_key().note_verifier(ORIGIN.parse().unwrap());
    Trust::default().with_log(log).with_verifying_key(record.proof.circuit, record.proof.key)
}

#[tokio::test]
#[ignore = "makes the fixtures of the current versions anew"]
async fn writes_the_fixtures_of_version_5() {
    generate::write_records(&version(5)).await;
}

#[tokio::test]
#[ignore = "makes the fixtures of the current versions anew"]
async fn writes_the_fixture_of_version_6() {
    generate::write_rotation(&version(6)).await;
}

#[tokio::test]
#[ignore = "makes the fixtures of the current versions anew"]
async fn writes_the_fixture_of_a_withdrawal() {
    generate::write_withdrawal(&version(6)).await;
}

#[tokio::test]
#[ignore = "makes the fixtures of the current versions anew"]
async fn writes_the_fixture_of_a_policy() {
    generate::write_policy(&version(6)).await;
}

/// What a server lets others do, after its second change.
#[test]
fn policies_of_version_6_still_verify() {
    let bytes = fs::read(version(6).join("policy.receipt")).unwrap();
    let verified = verify(&bytes, &trust()).unwrap();
    let subject = verified.subject().unwrap();
    let VerifiedStatement::Policy { record } = &subject.statement else { panic!("another kind") };
    let [before, after] = generate::POLICIES.map(generate::policy);
    assert_eq!((record.before, record.after), (Some(before.digest()), after.digest()));
    assert_eq!(before.after(record), Some(after));
    assert_eq!((record.removed.len(), record.added.len(), record.by.as_str()), (1, 2, "operator"));
    assert_eq!(Receipt::decode(&bytes).unwrap().encode().unwrap(), bytes);
    documented("policy's id", &subject.id.to_string());
}

/// An entry that was taken back in favour of another one.
#[test]
fn withdrawals_of_version_6_still_verify() {
    let bytes = fs::read(version(6).join("withdrawn.receipt")).unwrap();
    let verified = verify(&bytes, &trust()).unwrap();
    let subject = verified.subject().unwrap();
    let VerifiedStatement::Withdrawal { record } = &subject.statement else { panic!("another kind") };
    assert_eq!((record.entry, record.replacement), (verified.entries[0].id, Some(verified.entries[1].id)));
    assert_eq!(record.reason, "two rows were missing");
    assert_eq!(Receipt::decode(&bytes).unwrap().encode().unwrap(), bytes);
    documented("withdrawal's id", &subject.id.to_string());
}

/// A log whose key was replaced: whoever pinned the old one is led to the new one.
#[test]
fn receipts_of_version_6_still_lead_to_the_new_key() {
    let bytes = fs::read(version(6).join("rotated.receipt")).unwrap();
    let key = |seed| SigningKey::from_seed(seed).verifying_key().note_verifier(ORIGIN.parse().unwrap());
    let (old, new) = (key(&KEY_SEED), key(&generate::NEW_KEY_SEED));
    let verified = verify(&bytes, &Trust::default().with_log(old.clone())).unwrap();
    assert_eq!((&verified.log.key, &verified.log.followed_from), (&new.to_string(), &Some(old.to_string())));
    let subjects: Vec<_> = verified.subjects().map(|subject| &subject.statement).collect();
    let [VerifiedStatement::Notarization { .. }, VerifiedStatement::Key { record }] = subjects[..] else {
        panic!("other kinds")
    };
    assert_eq!((record.old_verifier(), record.new_verifier(), record.from.unwrap().0), (old, new, 2));
    assert_eq!(Receipt::decode(&bytes).unwrap().encode().unwrap(), bytes);
    let rotation = verified.entries[0].id.to_string();
    documented("rotation's id", &rotation);
}

/// What the one subject of a receipt says, verified.
fn subject(bytes: &[u8]) -> VerifiedStatement {
    verify(bytes, &trust()).unwrap().subject().unwrap().statement.clone()
}

/// Records that name their proof system and their datasets; nobody had to trust a key.
#[tokio::test]
async fn receipts_and_openings_of_version_5_still_verify() {
    let read = |name: &str| fs::read(version(5).join(format!("{name}.receipt"))).unwrap();
    let log = SigningKey::from_seed(&KEY_SEED).verifying_key().note_verifier(ORIGIN.parse().unwrap());
    let trust = Trust::default().with_log(log).with_circuit(Product);
    let claims = verify(&read("claims"), &trust).unwrap();
    assert_eq!((claims.log.witnesses.len(), claims.log.size.0), (1, 5));
    assert_eq!(claims.subjects().count(), 2);
    for subject in claims.subjects() {
        let VerifiedStatement::Claim { proof, .. } = &subject.statement else { panic!("another kind") };
        assert_eq!((proof.scheme, subject.statement.setup()), ("universal", Some(Setup::Ceremony)));
    }
    let custom = verify(&read("custom"), &trust).unwrap();
    let VerifiedStatement::Custom { record, proof } = &custom.subject().unwrap().statement else {
        panic!("another kind")
    };
    assert_eq!((record.about.datasets()[0].role.as_str(), proof.setup), ("train", Setup::Ceremony));
    let public = verify(&read("public-notarization"), &trust).unwrap();
    let VerifiedStatement::Notarization { notarization, profile, .. } = &public.subject().unwrap().statement else {
        panic!("another kind")
    };
    assert_eq!((notarization.covers, profile), (Some(DigestRule::StoredBytes), &ProfileEvidence::Attested));
    for name in ["claims", "custom", "public-notarization"] {
        assert_eq!(Receipt::decode(&read(name)).unwrap().encode().unwrap(), read(name), "{name}");
    }

    let opening = Opening::read(&version(5).join("opening.json")).unwrap();
    let VerifiedStatement::Notarization { notarization, .. } = &claims.entries[0].statement else {
        panic!("another kind")
    };
    opening.check(notarization, claims.entries[0].id).unwrap();
    let elsewhere = tempfile::tempdir().unwrap();
    let keys = Arc::new(KeyStore::open(elsewhere.path()).unwrap());
    let table = Table::path(version(5).join("staff.csv"));
    assert_eq!(
        check_data(table, Arc::new(opening), (**notarization).clone(), keys, ()).await.unwrap().unwrap().rows,
        6
    );
}

#[test]
fn records_that_name_their_proof_system_are_as_documented() {
    let receipt = Receipt::decode(&fs::read(version(5).join("claims.receipt")).unwrap()).unwrap();
    let predicate = |index: usize| receipt.entries[index].open().unwrap();
    let (first, second) = (predicate(0), predicate(1));
    let (Predicate::Notarization(table), Predicate::Claim(claim)) = (first.predicate(), second.predicate()) else {
        panic!("other kinds")
    };
    assert!(first.predicate().type_uri().ends_with(":notarization:v3"));
    assert!(second.predicate().type_uri().ends_with(":claim:v2"));
    let FileEvidence::Salted(salted) = &table.file else { panic!("private notarizations are salted") };
    let digests = [salted.sha256, salted.sha3_256, salted.blake3].map(|digest| *digest.as_bytes()).concat();
    let evidence = sha256(&[b"salted\0stored-bytes\0", &digests]);
    let commitments = table.scan.as_ref().unwrap().commitments;
    let parts = [table.manifest.as_bytes(), &evidence, &table.seal.to_bytes(), commitments.as_bytes()]
        .map(|part| &part[..])
        .concat();
    assert_eq!(table.dataset_id.as_bytes(), &sha256(&[b"zkl dataset id v3\0", &parts]));
    let public = Receipt::decode(&fs::read(version(5).join("public-notarization.receipt")).unwrap()).unwrap();
    let public = public.entries[0].open().unwrap();
    let Predicate::Notarization(public) = public.predicate() else { panic!("another kind") };
    let FileEvidence::Plain(plain) = &public.file else { panic!("public notarizations are plain") };
    let digests =
        [plain.sha256.as_bytes(), plain.sha3_256.as_bytes(), plain.blake3.as_bytes()].map(|part| &part[..]).concat();
    let evidence = sha256(&[b"plain\0stored-bytes\0", &digests, &plain.bytes.to_be_bytes()]);
    let parts =
        [public.manifest.as_bytes(), &evidence, &public.seal.to_bytes(), &[0; 32]].map(|part| &part[..]).concat();
    assert_eq!(public.dataset_id.as_bytes(), &sha256(&[b"zkl dataset id v3\0", &parts]));

    assert_eq!((claim.dataset.entry, claim.dataset.id), (first.id(), table.dataset_id));
    let ctx = context_of(b"zkl/claim/v2/context", claim);
    documented("context of version 2", &ctx);
}

/// The context of a claim, from its fields.
fn context_of(label: &[u8], record: &ClaimRecord) -> String {
    let (notary, nonce) = (record.notary.as_bytes(), record.nonce.as_bytes());
    let text = sha256(&[record.claim.to_string().as_bytes()]);
    let message = [&text[..], record.dataset.entry.as_bytes(), notary, nonce].concat();
    let hash = Sha512::new()
        .chain_update(b"zkl/hash-to-field/v1")
        .chain_update((label.len() as u64).to_le_bytes())
        .chain_update(label)
        .chain_update(message)
        .finalize();
    let order = "21888242871839275222246405745257275088548364400416034343698204186575808495617";
    let ctx = BigUint::from_bytes_le(&hash) % order.parse::<BigUint>().unwrap();
    let found = zkl_circuits::claims::context(record.text, &record.claim, record.dataset.entry, notary, nonce);
    assert_eq!(found.to_string(), ctx.to_string());
    ctx.to_string()
}

/// One receipt of two claims, which share notarization, scan proof and a cosigned checkpoint.
#[test]
fn receipts_of_version_4_still_verify() {
    let bytes = fs::read(version(4).join("claims.receipt")).unwrap();
    let verified = verify(&bytes, &trust()).unwrap();
    assert_eq!((verified.log.witnesses.len(), verified.log.size.0), (1, 4));
    let claims: Vec<String> = verified
        .subjects()
        .map(|subject| match &subject.statement {
            VerifiedStatement::Claim { claim, profile: ProfileEvidence::Proved(_), .. } => claim.to_string(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(claims, ["mean(age) between 25 and 30", "rows >= 6"]);
    assert_eq!(verified.entries.len(), 3);
    assert_eq!(Receipt::decode(&bytes).unwrap().encode().unwrap(), bytes);
    documented("format", "zkl-receipt/4");

    let custom = subject(&fs::read(version(4).join("custom.receipt")).unwrap());
    let VerifiedStatement::Custom { proof, .. } = custom else { panic!("another kind") };
    assert_eq!(proof.setup, Setup::Dev, "the key is trusted by digest, and the notary admits its dev setup");
}

/// What is shown of a receipt of an older format is what is shown of the same list in the newest.
#[test]
fn receipts_of_older_formats_say_the_same_in_the_newest() {
    for path in ["v1/notarization", "v1/claim", "v1/custom", "v2/notarization", "v2/claim", "v3/claim"] {
        let bytes = fs::read(version(1).join(format!("../{path}.receipt"))).unwrap();
        let list = Receipt::decode(&bytes).unwrap().encode().unwrap();
        assert_ne!(list, bytes, "{path}");
        let (old, new) = (verify(&bytes, &trust()).unwrap(), verify(&list, &trust()).unwrap());
        assert_eq!(format!("{old:?}"), format!("{new:?}"), "{path}");
        assert_eq!(old.subjects().count(), 1, "{path}");
    }
}

/// Cosigned, with a scan proof.
#[test]
fn receipts_of_version_3_still_verify() {
    let bytes = fs::read(version(3).join("claim.receipt")).unwrap();
    assert!(bytes.starts_with(b"{\n  \"format\": \"zkl-receipt/3\","));
    assert_eq!(verify(&bytes, &trust()).unwrap().log.witnesses.len(), 1);
    assert!(matches!(subject(&bytes), VerifiedStatement::Claim { profile: ProfileEvidence::Proved(_), .. }));
}

/// Receipts with a scan proof, and the opening that commits to the file again.
#[tokio::test]
async fn receipts_and_openings_of_version_2_still_verify() {
    let read = |name: &str| fs::read(version(2).join(format!("{name}.receipt"))).unwrap();
    let setup = |profile: &ProfileEvidence| match profile {
        ProfileEvidence::Proved(report) => report.setup,
        other => panic!("{other:?}"),
    };
    let VerifiedStatement::Claim { profile, claim, notarization_id, .. } = subject(&read("claim")) else {
        panic!("another kind");
    };
    assert_eq!((setup(&profile), claim.to_string().as_str()), (Setup::Dev, "mean(age) between 25 and 30"));
    let VerifiedStatement::Notarization { notarization, profile, .. } = subject(&read("notarization")) else {
        panic!("another kind");
    };
    assert_eq!(setup(&profile), Setup::Dev);
    let opening = Arc::new(Opening::read(&version(2).join("opening.json")).unwrap());
    opening.check(&notarization, notarization_id).unwrap();
    let elsewhere = tempfile::tempdir().unwrap();
    let keys = Arc::new(KeyStore::open(elsewhere.path()).unwrap());
    let check = async |file: &Path| {
        let (opening, keys) = (Arc::clone(&opening), Arc::clone(&keys));
        check_data(Table::path(file), opening, (*notarization).clone(), keys, ()).await.unwrap()
    };
    assert_eq!(check(&version(2).join("staff.csv")).await.unwrap().rows, 6);
    let changed = elsewhere.path().join("staff.csv");
    let table = fs::read_to_string(version(2).join("staff.csv")).unwrap();
    fs::write(&changed, table.replacen('3', "4", 1)).unwrap();
    assert!(check(&changed).await.is_err());
}

#[test]
fn receipts_of_version_1_still_verify() {
    for name in RECEIPTS {
        let bytes = fs::read(dir().join(format!("{name}.receipt"))).unwrap();
        let verified = verify(&bytes, &trust()).unwrap_or_else(|error| panic!("{name}: {error:?}"));
        assert!(verified.log.pinned);
        match (name, verified.subject().unwrap().statement.clone()) {
            ("claim", VerifiedStatement::Claim { claim, proof, .. }) => {
                assert_eq!(claim.to_string(), "mean(age) between 25 and 30");
                assert_eq!(proof.setup, Setup::Dev);
            }
            ("custom", VerifiedStatement::Custom { record, proof }) => {
                // Trusted by digest, which does not make a dev setup a good one.
                assert_eq!(proof.setup, Setup::Dev);
                assert_eq!(record.description, "two factors of the public input");
            }
            ("notarization" | "public-notarization", VerifiedStatement::Notarization { layout, .. }) => {
                assert_eq!(layout.rows(), 6);
            }
            (name, statement) => panic!("{name} is {statement:?}"),
        }
    }
}

#[tokio::test]
async fn an_opening_of_version_1_still_opens_its_seal_and_its_file() {
    let record = notarization("notarization");
    opening().check(&record, entry("notarization").id()).unwrap();
    let table = dir().join("staff.csv");
    let keys = Arc::new(KeyStore::open(tempfile::tempdir().unwrap().path()).unwrap());
    let check = async |record| {
        check_data(Table::path(&table), Arc::new(opening()), record, Arc::clone(&keys), ()).await.unwrap()
    };
    assert_eq!(check(record).await.unwrap().rows, 6);

    let other = notarization("public-notarization");
    assert_eq!(check(other).await, Err(DataMismatch::Opening));
}

#[test]
fn entries_are_signed_as_documented() {
    let public = ed25519_dalek::SigningKey::from_bytes(&KEY_SEED).verifying_key();
    for name in RECEIPTS {
        let envelope: serde_json::Value = serde_json::from_str(&logged(name).envelope).unwrap();
        let payload = BASE64_STANDARD.decode(envelope["payload"].as_str().unwrap()).unwrap();
        let mut signed = format!("DSSEv1 28 application/vnd.in-toto+json {} ", payload.len()).into_bytes();
        signed.extend_from_slice(&payload);
        let signature = BASE64_STANDARD.decode(envelope["signatures"][0]["sig"].as_str().unwrap()).unwrap();
        let signature = ed25519_dalek::Signature::from_slice(&signature).unwrap();
        public.verify_strict(&signed, &signature).unwrap();
        let prefix = hex::decode("302a300506032b6570032100").unwrap();
        let key_id = hex::encode(sha256(&[&prefix, public.as_bytes()]));
        assert_eq!(envelope["signatures"][0]["keyid"], *key_id);
        documented("key id", &key_id);
    }
}

#[test]
fn ids_and_the_root_follow_from_the_envelopes() {
    let leaves = RECEIPTS.map(|name| sha256(&[&[0], logged(name).envelope.as_bytes()]));
    for (name, leaf) in RECEIPTS.iter().zip(&leaves) {
        let id = hex::encode(leaf);
        assert_eq!(entry(name).id().to_string(), id);
        documented("transaction id", &id);
    }
    let node = |left: &[u8; 32], right: &[u8; 32]| sha256(&[&[1], left, right]);
    let root = BASE64_STANDARD.encode(node(&node(&leaves[0], &leaves[1]), &node(&leaves[2], &leaves[3])));
    documented("root", &root);
    let proof = receipt("notarization").tlog_proof(&logged("notarization")).unwrap();
    let (head, checkpoint) = proof.encode().split_once("\n\n").map(own).unwrap();
    assert!(checkpoint.starts_with(&format!("{ORIGIN}\n4\n{root}\n\n\u{2014} {ORIGIN} ")), "{checkpoint}");
    let path = format!(
        "c2sp.org/tlog-proof@v1\nindex 0\n{}\n{}",
        BASE64_STANDARD.encode(leaves[1]),
        BASE64_STANDARD.encode(node(&leaves[2], &leaves[3]))
    );
    assert_eq!(head, path);
    documented("inclusion proof", &path);
}

fn own((a, b): (&str, &str)) -> (String, String) {
    (a.to_owned(), b.to_owned())
}

#[test]
fn the_log_key_is_as_documented() {
    let public = ed25519_dalek::SigningKey::from_bytes(&KEY_SEED).verifying_key();
    let id = sha256(&[ORIGIN.as_bytes(), b"\n\x01", public.as_bytes()]);
    let typed = [&[1][..], public.as_bytes()].concat();
    let key = format!("{ORIGIN}+{}+{}", hex::encode(&id[..4]), BASE64_STANDARD.encode(typed));
    assert_eq!(receipt("claim").log, key);
    documented("log key", &key);

    let pem = SigningKey::from_seed(&KEY_SEED).to_pkcs8_pem().unwrap();
    let body: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    let der = hex::encode(BASE64_STANDARD.decode(body).unwrap());
    assert_eq!(der, format!("302e020100300506032b657004220420{}", hex::encode(KEY_SEED)));
    documented("private key", &der);
}

#[test]
fn dataset_ids_and_salted_digests_are_as_documented() {
    let opening = opening();
    let record = notarization("notarization");
    let json: serde_json::Value = serde_json::from_slice(&fs::read(dir().join("opening.json")).unwrap()).unwrap();
    let seed: [u8; 32] = hex::decode(json["seed"].as_str().unwrap()).unwrap().try_into().unwrap();
    documented("seed", &hex::encode(seed));

    let salt = *blake3::keyed_hash(&seed, b"zkl/ledger/v1/file-salt").as_bytes();
    assert_eq!(opening.file_salt(), salt);
    documented("file salt", &hex::encode(salt));
    documented("dictionary key", blake3::keyed_hash(&seed, b"zkl/ledger/v1/dictionary-key").to_hex().as_str());

    let table = fs::read(dir().join("staff.csv")).unwrap();
    let plain = sha256(&[&table]);
    assert_eq!(opening.digests.sha256.as_bytes(), &plain);
    documented("digest of the table", &hex::encode(plain));
    let salted =
        |algorithm: &[u8], digest: &[u8]| sha256(&[b"zkl salted digest v1\0", &salt, algorithm, b"\0", digest]);
    let expected = [
        salted(b"sha256", &plain),
        salted(b"sha3-256", opening.digests.sha3_256.as_bytes()),
        salted(b"blake3", blake3::hash(&table).as_bytes()),
    ];
    let FileEvidence::Salted(found) = &record.file else { panic!("private notarizations are salted") };
    assert_eq!([found.sha256, found.sha3_256, found.blake3].map(|digest| *digest.as_bytes()), expected);
    expected.iter().for_each(|digest| documented("salted digest", &hex::encode(digest)));

    let manifest = logged("notarization").evidence.manifest.unwrap().encode().unwrap();
    documented("manifest", str::from_utf8(&manifest).unwrap());
    let manifest = sha256(&[&manifest]);
    assert_eq!(record.manifest.as_bytes(), &manifest);
    documented("manifest digest", &hex::encode(manifest));
    let evidence = sha256(&[b"salted\0", &expected.concat()]);
    documented("digest of the evidence", &hex::encode(evidence));
    let id = sha256(&[b"zkl dataset id v1\0", &manifest, &evidence, &record.seal.to_bytes()]);
    assert_eq!(record.dataset_id.as_bytes(), &id);
    documented("seal", &record.seal.to_string());
    documented("dataset id", &hex::encode(id));

    // The same file notarized publicly: other evidence, another seed.
    let public = notarization("public-notarization");
    let digests = &opening.digests;
    let length = (table.len() as u64).to_be_bytes();
    let evidence = sha256(&[
        b"plain\0",
        digests.sha256.as_bytes(),
        digests.sha3_256.as_bytes(),
        digests.blake3.as_bytes(),
        &length,
    ]);
    documented("digest of the plain evidence", &hex::encode(evidence));
    let id = sha256(&[b"zkl dataset id v1\0", public.manifest.as_bytes(), &evidence, &public.seal.to_bytes()]);
    assert_eq!(public.dataset_id.as_bytes(), &id);
    documented("public dataset id", &hex::encode(id));
}

#[test]
fn claims_and_proofs_are_as_documented() {
    let claim = entry("claim");
    let Predicate::Claim(record) = claim.predicate() else { panic!("another kind") };
    let json = serde_json::to_string(&record.claim).unwrap();
    documented("claim", &json);
    documented("context", &context_of(b"zkl/claim/v1/context", record));

    for name in ["claim", "custom"] {
        let part = logged(name).evidence.proof.unwrap();
        let key = BASE64_STANDARD.decode(part.key).unwrap();
        assert_eq!(BASE64_STANDARD.decode(part.bytes).unwrap().len(), 128);
        // alpha, three points of G2, the number of input points, the points.
        let count = u64::from_le_bytes(key[224..232].try_into().unwrap()) as usize;
        assert_eq!(key.len(), 232 + 32 * count);
        documented("verifying key digest", &hex::encode(sha256(&[&key])));
    }
}

#[test]
fn the_ledger_directory_is_as_documented() {
    let dir = tempfile::tempdir().unwrap();
    LedgerHome::create(dir.path(), ORIGIN.parse().unwrap(), &NewLedger::default()).unwrap();
    let settings = fs::read_to_string(dir.path().join("ledger.toml")).unwrap();
    assert_eq!(settings, format!("version = 1\norigin = \"{ORIGIN}\"\n"));
    documented("settings", settings.trim_end());
}

#[test]
fn the_proving_key_file_is_as_documented() {
    let dir = tempfile::tempdir().unwrap();
    let keys = KeyStore::open(dir.path()).unwrap().keys(COMPACT, &Product, &|_| {}).unwrap();
    let bytes = fs::read(dir.path().join("example.product@1.dev.key")).unwrap();
    let id = Product.id().to_string();
    let (header, rest) = bytes.split_at(8 + 4 + 2 + id.len());
    assert_eq!(
        header,
        [&b"zkl-key\n"[..], &2u32.to_le_bytes(), &(id.len() as u16).to_le_bytes(), id.as_bytes()].concat()
    );
    documented("start of a key file", &hex::encode(header));
    let (digests, rest) = rest.split_at(64);
    let (lengths, rest) = rest.split_at(16);
    let verifying = u64::from_le_bytes(lengths[..8].try_into().unwrap()) as usize;
    let proving = u64::from_le_bytes(lengths[8..].try_into().unwrap()) as usize;
    assert_eq!(rest.len(), verifying + proving);
    let (verifying, proving) = rest.split_at(verifying);
    assert_eq!(verifying, keys.verifying().as_bytes());
    assert_eq!(digests, [sha256(&[verifying]), sha256(&[&sha256(&[verifying]), proving])].concat());
    // The dev set-up is a function of the circuit's id: the key that made the stored proof comes out again.
    let Predicate::Custom(record) = entry("custom").predicate().clone() else { panic!("another kind") };
    assert_eq!(keys.verifying().digest(), record.proof.key);
}
