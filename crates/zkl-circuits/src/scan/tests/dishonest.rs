//! Provers who change what only they see.

use zkl_argument::{ScanError, Slots, check_columns};
use zkl_core::ark::{Fr, ff::One as _};
use zkl_snark::testing::satisfied;

use super::{
    agreement::{outputs, with_fitting_lookups},
    fixture::{Case, Table, is_satisfied},
};
use crate::{scan::circuit::Secret, seal::Records};

type Change<T> = (&'static str, fn(&mut T));

/// The notary seals changed records, and everything else is computed from them.
fn seals(case: &mut Case, change: impl Fn(&mut Records)) -> bool {
    let honest = case.prove().messages.clone();
    let truth = case.records.clone();
    change(&mut case.records);
    let inputs = case.inputs(&case.records, &outputs(case, &honest));
    let circuit = case.circuit(inputs, case.secret(&case.records, &honest));
    case.records = truth;
    is_satisfied(&circuit)
}

/// The prover opens other records than the sealed ones.
fn opens(case: &Case, change: impl Fn(&mut Secret)) -> bool {
    let proof = case.prove();
    let inputs = case.inputs(&case.records, &proof.opening);
    let mut secret = case.secret(&case.records, &proof.messages);
    change(&mut secret);
    is_satisfied(&case.circuit(inputs, secret))
}

#[test]
fn rejects_a_seal_that_lies_about_numbers() {
    let mut case = Table::mixed(21, 13).case();
    let lies: [Change<Records>; 6] = [
        ("valid", |r| r.numeric[1].valid += 1),
        ("sum", |r| r.numeric[0].sum += 1u64),
        ("sum of squares", |r| r.numeric[0].sum_squares += 1u64),
        ("limbs", |r| r.numeric[1].limbs = 1),
        ("product sum", |r| r.product[0].sums.products += 1u64),
        ("product count", |r| r.product[0].sums.valid += 1),
    ];
    for (name, lie) in lies {
        assert!(!seals(&mut case, lie), "{name}");
    }
}

/// T is a constant part of the leaves: a prover who adapts one message is not contradicted by the others, but by the
/// committed columns.
#[test]
fn leaves_a_false_bound_to_the_opening_of_the_columns() {
    let [truth, mut case] = [(), ()].map(|()| Table::mixed(20, 13).case());
    let honest = truth.prove().messages.clone();
    case.records.numeric[0].top_limb -= 1;
    assert!(!case.plain(&honest));
    let messages = with_fitting_lookups(&case, honest);
    let claim = outputs(&case, &messages);
    let circuit = case.circuit(case.inputs(&case.records, &claim), case.secret(&case.records, &messages));
    assert!(is_satisfied(&circuit) && case.plain(&messages));
    assert_eq!(check_columns(&case.plan, &truth.witness(), &case.mask, &claim), Err(ScanError::OpeningEnd));
}

/// Other fields with the same packed elements, so with the same leaf: one unit of a field is worth 2^width of its neighbour.
#[test]
fn rejects_records_whose_fields_overflow_into_their_neighbours() {
    let truth = Table::mixed(29, 13).case();
    let lies: [Change<Records>; 4] = [
        ("sum", |r| {
            r.numeric[0].sum += num_bigint::BigUint::from(1u8) << 96u32;
            r.numeric[0].min -= 1;
        }),
        ("product sums", |r| {
            r.product[0].sums.left_sum += num_bigint::BigUint::from(1u8) << 96u32;
            r.product[0].sums.right_sum -= 1u8;
        }),
        ("category", |r| {
            r.category[0].counts[0] += 1 << 32;
            r.category[0].counts[1] -= 1;
        }),
        ("joint", |r| {
            let full = (1..r.joint[0].counts.len()).find(|&cell| cell % 7 != 0 && r.joint[0].counts[cell] > 0).unwrap();
            r.joint[0].counts[full] -= 1;
            r.joint[0].counts[full - 1] += 1 << 32;
        }),
    ];
    let honest = truth.prove().messages.clone();
    for (name, lie) in lies {
        let mut case = Table::mixed(29, 13).case();
        lie(&mut case.records);
        assert!(!case.plain(&honest), "{name}");
        let opens = |messages: &[Fr]| {
            let claim = outputs(&case, messages);
            is_satisfied(&case.circuit(truth.inputs(&truth.records, &claim), case.secret(&case.records, messages)))
        };
        assert!(!opens(&honest), "{name}");
        assert!(!opens(&with_fitting_lookups(&case, honest.clone())), "{name}");
    }
}

/// Values in slots that are not in use would make up for a false sum: nothing but the constant record is accepted there.
#[test]
fn rejects_sums_that_are_made_up_for_in_a_slot_that_is_not_in_use() {
    let table = || {
        let mut table = Table::mixed(33, 13);
        table.spare = Slots { limbs: 1, numeric: 1, ..Slots::default() };
        table.case()
    };
    let truth = table();
    let honest = truth.prove().messages.clone();
    let mut case = table();
    case.records.numeric[0].sum += 1u8;
    let sealed = case.records.clone();
    case.records.numeric[2].sum = 5u8.into();
    let messages = with_fitting_lookups(&case, honest);
    assert!(case.plain(&messages), "the argument alone is content");
    let claim = outputs(&case, &messages);
    let circuit = case.circuit(case.inputs(&sealed, &claim), case.secret(&case.records, &messages));
    assert!(!is_satisfied(&circuit));
}

#[test]
fn rejects_a_seal_that_lies_about_counts() {
    let mut case = Table::mixed(22, 13).case();
    let lies: [Change<Records>; 8] = [
        ("rows", |r| r.header.rows += 1),
        ("layout", |r| r.header.layout += Fr::one()),
        ("opaque", |r| r.opaque[0].valid -= 1),
        ("category", |r| r.category[0].counts[1] += 1),
        ("category's valid rows", |r| r.category[0].valid += 1),
        ("joint", |r| r.joint[0].counts.rotate_left(1)),
        ("joint's valid rows", |r| r.joint[1].valid += 1),
        ("joint's axes", |r| r.joint[1].label_capacity = 16),
    ];
    for (name, lie) in lies {
        assert!(!seals(&mut case, lie), "{name}");
    }
}

#[test]
fn rejects_a_seal_that_lies_about_groups() {
    let mut case = Table::grouped(23, 100).case();
    let lies: [Change<Records>; 3] = [
        ("valid", |r| r.grouped[0].valid -= 1),
        ("distinct", |r| r.grouped[0].distinct += 1),
        ("smallest", |r| r.grouped[0].smallest_group += 1),
    ];
    for (name, lie) in lies {
        assert!(!seals(&mut case, lie), "{name}");
    }
}

/// Minima, dictionaries and salts are what the notary says: no row contradicts them.
#[test]
fn takes_the_notary_at_their_word_for_minima_values_and_salts() {
    let mut case = Table::mixed(24, 13).case();
    assert!(seals(&mut case, |records| {
        records.header.nonce += Fr::one();
        records.numeric[0].min = i64::MIN;
        records.numeric[1].salt += Fr::one();
        records.category[0].values.swap(1, 2);
    }));
}

#[test]
fn rejects_records_that_are_not_the_sealed_ones() {
    let case = Table::mixed(25, 13).case();
    let others: [Change<Secret>; 8] = [
        ("nonce", |s| s.records.header.nonce += Fr::one()),
        ("minimum", |s| s.records.numeric[0].min += 1),
        ("salt", |s| s.records.numeric[0].salt += Fr::one()),
        ("opaque salt", |s| s.records.opaque[0].salt += Fr::one()),
        ("dictionary", |s| s.records.category[1].values.swap(0, 1)),
        ("joint salt", |s| s.records.joint[0].salt += Fr::one()),
        ("product salt", |s| s.records.product[0].salt += Fr::one()),
        ("two columns exchanged", |s| s.records.category.swap(0, 1)),
    ];
    for (name, change) in others {
        assert!(!opens(&case, change), "{name}");
    }
}

#[test]
fn rejects_another_layout_and_another_salt() {
    let case = Table::mixed(26, 13).case();
    let last = case.secret(&case.records, &[]).layout.values.len() - 1;
    assert!(!opens(&case, |secret| secret.layout.digest += Fr::one()));
    for field in [0, 3, last - 1, last] {
        assert!(!opens(&case, |secret| secret.layout.values[field] ^= 1), "field {field}");
    }
    assert!(!opens(&case, |secret| secret.salt += Fr::one()));
}

#[test]
fn rejects_other_public_inputs() {
    let case = Table::mixed(27, 13).case();
    let proof = case.prove();
    let inputs = case.inputs(&case.records, &proof.opening);
    satisfied(&case.circuit(inputs.clone(), case.secret(&case.records, &proof.messages)));
    // `every_variable_and_every_constraint_matters` covers the others.
    for index in [0, 1, 2, 3, 4, inputs.len() - 1] {
        let mut other = inputs.clone();
        other[index] += Fr::one();
        let circuit = case.circuit(other, case.secret(&case.records, &proof.messages));
        assert!(!is_satisfied(&circuit), "public input {index}");
    }
}

#[test]
fn refuses_too_few_and_too_many_messages() {
    let case = Table::mixed(28, 13).case();
    let proof = case.prove();
    let inputs = case.inputs(&case.records, &proof.opening);
    let mut messages = proof.messages.clone();
    messages.push(Fr::one());
    for messages in [&messages[..], &messages[..messages.len() - 2], &[]] {
        let circuit = case.circuit(inputs.clone(), case.secret(&case.records, messages));
        let refusal = zkl_snark::testing::refusal(&circuit);
        assert!(matches!(refusal, zkl_snark::proof_system::ProveError::Synthesis(_)), "{refusal}");
    }
}
