//! Every message, changed in every way, is rejected by the check that it belongs to.

use zkl_argument::{ScanError, check_columns, verify_plain};
use zkl_core::ark::Fr;

use super::table::{Case, Table, random_field, small};

/// The check that each message decides, in the order of the tape.
fn owners(case: &Case) -> Vec<ScanError> {
    let shape = case.plan.shape();
    let mut owners = vec![ScanError::RootSum; 2];
    if shape.slots().small_tables().is_empty() {
        // 0 = q 0 holds for every q; the first layer notices.
        owners[1] = ScanError::LayerEnd { layer: 0 };
    }
    let mut bound = 0;
    for (layer, log_arity) in shape.layers().into_iter().enumerate() {
        let messages = bound * (1 << log_arity) + (2 << log_arity);
        owners.extend(vec![ScanError::LayerEnd { layer }; messages]);
        bound += log_arity;
    }
    owners.extend(vec![ScanError::MomentsEnd; 4 * shape.log_rows() + shape.value_count() + 1]);
    owners.push(ScanError::OpeningEnd);
    owners
}

fn outcome(case: &Case, messages: &[Fr]) -> Result<(), ScanError> {
    let opening = verify_plain(&case.plan, &case.sealed, &case.seed, messages)?;
    check_columns(&case.plan, &case.witness(), &case.mask, &opening)
}

fn tampers(case: &Case) {
    let honest = case.prove().messages.clone();
    let owners = owners(case);
    assert_eq!(honest.len(), owners.len());
    outcome(case, &honest).unwrap();
    let leaves = owners.iter().rposition(|owner| matches!(owner, ScanError::LayerEnd { .. })).unwrap();
    let leaf_denominators = leaves - 3..leaves;
    for (index, owner) in owners.iter().enumerate() {
        let mut messages = honest.clone();
        messages[index] += small(1);
        assert_eq!(outcome(case, &messages).as_ref(), Err(owner), "message {index} + 1");
        let mut messages = honest.clone();
        messages[index] = -messages[index] - small(3);
        assert_eq!(outcome(case, &messages).as_ref(), Err(owner), "message {index} replaced");
        if index + 1 < honest.len() && honest[index] != honest[index + 1] {
            let mut messages = honest.clone();
            messages.swap(index, index + 1);
            // Children with equal numerators may change places in their sum; then the claim about the leaves is false.
            let equal = leaf_denominators.contains(&index) && honest[index - 4] == honest[index - 3];
            let owner = if equal { &ScanError::MomentsEnd } else { owner };
            assert_eq!(outcome(case, &messages).as_ref(), Err(owner), "messages {index} and {} swapped", index + 1);
        }
    }
}

#[test]
fn rejects_every_changed_message_with_the_check_that_it_belongs_to() {
    tampers(&Table::random(21, 4, 13).case());
    tampers(&Table::random(22, 5, 32).case());
}

#[test]
fn rejects_every_changed_message_about_groups() {
    let case = Table::random_grouped(23, 300).case();
    let honest = case.prove().messages.clone();
    let owners = owners(&case);
    // The lookups are covered above: here every 7th of them, and all of the rest.
    for (index, owner) in owners.iter().enumerate() {
        if matches!(owner, ScanError::LayerEnd { .. }) && index % 7 != 0 {
            continue;
        }
        let mut messages = honest.clone();
        messages[index] += small(1);
        assert_eq!(outcome(&case, &messages).as_ref(), Err(owner), "message {index}");
    }
}

#[test]
fn rejects_truncated_extended_and_empty_messages() {
    let case = Table::random(24, 4, 13).case();
    let honest = case.prove().messages.clone();
    let expected = honest.len();
    let count = |got| Err(ScanError::MessageCount { expected, got });
    for got in [0, 1, 2, 10, expected - 5, expected - 1] {
        assert_eq!(outcome(&case, &honest[..got]), count(got));
    }
    let mut extended = honest.clone();
    extended.push(small(0));
    assert_eq!(outcome(&case, &extended), count(expected + 1));
    // A layer cut out and the end filled up.
    let mut cut = honest.clone();
    cut.drain(2..10);
    cut.resize(expected, small(0));
    assert_eq!(outcome(&case, &cut), Err(ScanError::LayerEnd { layer: 0 }));
}

#[test]
fn rejects_a_root_without_denominator() {
    let case = Table::random(25, 4, 13).case();
    let mut messages = case.prove().messages.clone();
    (messages[0], messages[1]) = (small(0), small(0));
    assert_eq!(outcome(&case, &messages), Err(ScanError::RootDenominator));
}

#[test]
fn never_panics_on_random_messages() {
    let case = Table::random(26, 4, 13).case();
    let len = case.prove().messages.len();
    for seed in 0..50 {
        let messages: Vec<Fr> = (0..len as u64).map(|i| random_field(seed * 1_000 + i)).collect();
        assert_eq!(outcome(&case, &messages), Err(ScanError::RootSum));
    }
}

/// Bytes of version 1: the transcript's domain and order, the block order, the terms of the moments. A change of this value
/// is a new version of the protocol.
#[test]
fn messages_of_version_1_are_unchanged() {
    let digest = |case: &Case| {
        let messages = case.prove().messages.clone();
        zkl_poseidon::hash_many(zkl_poseidon::Domain::new("test/scan/v1"), &messages).to_string()
    };
    assert_eq!(
        digest(&Table::random(27, 4, 13).case()),
        "430610967505712768450082103777097062741094702685497119912542828951569080196"
    );
    assert_eq!(
        digest(&Table::random_grouped(27, 100).case()),
        "10578747358785519748510614913377698956095112937581452543580005790955050155059"
    );
}
