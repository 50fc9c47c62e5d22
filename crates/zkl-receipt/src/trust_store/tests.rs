use serde_json::{Value, json};

use super::{wire::StoreText, *};

const LOG: &str = "example.com/fixtures+3fedaab5+AepKbGPinFIKvvVQexMuxfmVR3auvr57kkIe6mkURtIs";

fn read(store: Value) -> Result<TrustStore, TrustStoreError> {
    TrustStore::try_from(serde_json::from_value::<StoreText>(store).unwrap())
}

/// A store of one log and what `list` holds.
fn with(table: &str, list: &Value) -> Result<TrustStore, TrustStoreError> {
    read(json!({"version": 1, "log": [{"key": LOG}], table: list}))
}

#[test]
fn a_store_that_cannot_be_meant_is_refused_and_says_why() {
    let digest = "0".repeat(64);
    let errors = [
        (read(json!({"version": 2, "log": [{"key": LOG}]})), "version 2 of trust stores is not supported, expected 1"),
        (read(json!({"version": 1})), "names no log"),
        (read(json!({"version": 1, "string": [{"digest": digest}]})), "names no log"),
        (read(json!({"version": 1, "log": [{"key": "nonsense"}]})), "[[log]] 1: key \"nonsense\" is not a log key"),
        (
            read(json!({"version": 1, "log": [{"key": LOG, "until": 5}, {"key": LOG, "from": 9}]})),
            "[[log]] 2 repeats number 1",
        ),
        (
            read(json!({"version": 1, "log": [{"key": LOG, "from": 7, "until": 6}]})),
            "[[log]] 1: no size is from 7 until 6",
        ),
        (with("string", &json!([{"digest": digest, "until": 6}])), "[[string]] 1: from and until are sizes of a log"),
        (with("string", &json!([{"digest": digest, "log": "example.com/other"}])), "is not the origin of a [[log]]"),
        (with("string", &json!([{"digest": digest, "log": "no origin"}])), "log \"no origin\" is not the origin"),
        (with("string", &json!([{"digest": digest}, {"digest": digest}])), "[[string]] 2 repeats number 1"),
        (
            with("string", &json!([{"digest": digest}, {"digest": digest, "log": "example.com/fixtures"}])),
            "[[string]] 2 repeats number 1",
        ),
        (with("notary", &json!([{"key": "ab"}])), "[[notary]] 1: key \"ab\" is not a notary's key"),
        (with("circuit", &json!([{"circuit": "x", "key": digest}])), "[[circuit]] 1: circuit \"x\" is not a circuit"),
        (
            with("circuit", &json!([{"circuit": "a/b@1", "key": digest}, {"circuit": "a/b@1", "key": digest}])),
            "[[circuit]] 2 repeats number 1",
        ),
        (with("circuit", &json!([{"circuit": "a/b@1", "key": "x"}])), "[[circuit]] 1: key \"x\" is not a digest"),
    ];
    for (store, said) in errors {
        let error = store.unwrap_err().to_string();
        assert!(error.contains(said), "{error} does not say {said}");
    }
    let many: Vec<_> = (0..1_001).map(|number| json!({"digest": format!("{number:064x}")})).collect();
    assert_eq!(with("string", &many.into()), Err(TrustStoreError::TooMany { table: "string", max: 1_000 }));
}

#[test]
fn unknown_fields_are_refused() {
    for store in [
        json!({"version": 1, "log": [{"key": LOG}], "logs": []}),
        json!({"version": 1, "log": [{"key": LOG, "form": 5}]}),
        json!({"version": 1, "log": [{"key": LOG, "from": -1}]}),
        json!({"log": [{"key": LOG}]}),
    ] {
        assert!(serde_json::from_value::<TrustStore>(store.clone()).is_err(), "{store}");
    }
}

#[test]
fn ranges_hold_both_of_their_ends() {
    let range = |from, until: Option<u64>| SizeRange::new(TreeSize(from), until.map(TreeSize));
    let holds = |range: SizeRange| -> Vec<u64> { (0..9).filter(|size| range.contains(TreeSize(*size))).collect() };
    assert_eq!(holds(SizeRange::ALL), (0..9).collect::<Vec<_>>());
    assert_eq!(holds(range(3, Some(5)).unwrap()), [3, 4, 5]);
    assert_eq!(holds(range(5, Some(5)).unwrap()), [5]);
    assert_eq!(holds(range(7, None).unwrap()), [7, 8]);
    assert_eq!(range(5, Some(4)), None);
    let said: Vec<String> = [range(0, None), range(0, Some(4)), range(2, None), range(2, Some(4))]
        .map(|range| range.unwrap().to_string())
        .into();
    let of = "entries of the log";
    assert_eq!(said[1..], [format!("up to 4 {of}"), format!("from 2 {of} on"), format!("from 2 to 4 {of}")]);
}

#[test]
fn an_item_counts_in_the_log_that_it_is_listed_for() {
    let digest = KeyDigest::of(b"a string");
    let (here, other) = ("example.com/fixtures".parse().unwrap(), "example.com/other".parse().unwrap());
    let place = |origin, index| Place::of_entry(origin, LeafIndex(index));
    let list = json!([{"digest": digest.to_string(), "log": "example.com/fixtures", "from": 3, "until": 4}]);
    let store = with("string", &list).unwrap();
    // The entry with index 2 is the third.
    let named: Vec<bool> = (0..5).map(|index| store.names_string(digest, place(&here, index)) == Ok(true)).collect();
    assert_eq!(named, [false, false, true, true, false]);
    assert!(
        matches!(store.names_string(digest, place(&here, 4)), Err(DistrustError::StringRange { size, .. }) if size.0 == 5)
    );
    // The store says nothing about another log, and nothing about another string.
    assert_eq!(store.names_string(digest, place(&other, 4)), Ok(false));
    assert_eq!(store.names_string(KeyDigest::of(b"another"), place(&here, 4)), Ok(false));
    let everywhere = with("string", &json!([{"digest": digest.to_string()}])).unwrap();
    assert_eq!(everywhere.names_string(digest, place(&other, 4)), Ok(true));
}
