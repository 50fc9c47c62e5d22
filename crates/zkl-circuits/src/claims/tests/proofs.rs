//! Groth16 round trips.

use crate::claims::language::{Claim, TextForm};
use zkl_core::{ark::Fr, digest::TransactionId};
use zkl_snark::groth16::{VerifyError, danger_setup_from_seed, prove, verify};

use super::{
    super::{all_shapes, context, statement},
    fixture::{Table, ctx, mixed},
};

fn round_trip(table: &Table, text: &str) {
    let proved = table.prove(text).unwrap();
    let (_, blank) = all_shapes().into_iter().find(|(id, _)| *id == proved.circuit().id()).unwrap();
    // Keys come from the blank circuit, the proof from the instance.
    let (proving, verifying) = danger_setup_from_seed(blank.as_ref(), [3; 32]).unwrap();
    let proof = prove(&proving, proved.circuit()).unwrap();
    let (id, inputs) = statement(&table.resolve(text), &table.layout, &table.seal.commitment(), ctx()).unwrap();
    assert_eq!(id, proved.circuit().id());
    assert_eq!(verify(&verifying, &inputs, &proof), Ok(()));
    for position in 0..inputs.len() {
        for change in [Fr::from(1u64), -Fr::from(1u64)] {
            let mut other = inputs.clone();
            other[position] += change;
            assert_eq!(verify(&verifying, &other, &proof), Err(VerifyError::Invalid), "input {position}");
        }
    }
    let short = VerifyError::Inputs { expected: inputs.len(), got: inputs.len() - 1 };
    assert_eq!(verify(&verifying, &inputs[1..], &proof), Err(short));
}

#[test]
fn a_mean_is_proved_and_every_public_input_is_bound() {
    round_trip(&mixed(), "mean(age) between 30 and 60");
}

#[test]
fn a_share_is_proved_and_every_public_input_is_bound() {
    round_trip(&mixed(), "share(hired = 'yes') >= 60%");
}

#[test]
fn a_correlation_is_proved_and_every_public_input_is_bound() {
    round_trip(&mixed(), "corr(age, price) between -0.99 and 0.99");
}

#[test]
fn contexts_differ_by_claim_entry_key_and_nonce() {
    let claim: Claim = "mean(age) <= 50".parse().unwrap();
    let other: Claim = "mean(age) < 50".parse().unwrap();
    let entry = TransactionId::new;
    let base = context(TextForm::V2, &claim, entry([1; 32]), &[2; 32], &[3; 32]);
    assert_eq!(base, context(TextForm::V2, &"mean( age )<=50.0".parse().unwrap(), entry([1; 32]), &[2; 32], &[3; 32]));
    assert_ne!(base, context(TextForm::V1, &claim, entry([1; 32]), &[2; 32], &[3; 32]));
    assert_ne!(base, context(TextForm::V2, &other, entry([1; 32]), &[2; 32], &[3; 32]));
    assert_ne!(base, context(TextForm::V2, &claim, entry([9; 32]), &[2; 32], &[3; 32]));
    assert_ne!(base, context(TextForm::V2, &claim, entry([1; 32]), &[9; 32], &[3; 32]));
    assert_ne!(base, context(TextForm::V2, &claim, entry([1; 32]), &[2; 32], &[9; 32]));
    assert_ne!(base, context(TextForm::V2, &claim, entry([2; 32]), &[1; 32], &[3; 32]));
}

/// The table of `docs/claims.md`: `cargo test --release -p zkl-circuits -- --ignored --nocapture print_claim_figures`.
#[test]
#[ignore = "prints figures, asserts nothing"]
fn print_claim_figures() {
    use std::time::Instant;
    let table = mixed();
    let (mut base, claims) = (
        None,
        [
            "rows >= 5",
            "mean(age) between 30 and 60",
            "values(age) between 0 and 120",
            "var(age) <= 1000",
            "corr(age, price) <= 0.99",
            "share(sex = 'f') >= 20%",
            "share(dept = 'a') >= 20%",
            "balance(hired) >= 0.4",
            "min_group(hired) >= 2",
            "min_group(zip3) >= 2",
            "gap(hired = 'yes' by sex: 'f', 'm') <= 99%",
            "gap(dept = 'a' by sex: 'f', 'm') <= 99%",
        ],
    );
    for text in claims {
        let proved = table.prove(text).unwrap();
        let (proving, verifying) = danger_setup_from_seed(proved.circuit(), [3; 32]).unwrap();
        let start = Instant::now();
        let proof = prove(&proving, proved.circuit()).unwrap();
        let took = start.elapsed().as_secs_f64() * 1e3;
        let inputs = proved.circuit().public_inputs();
        let start = Instant::now();
        verify(&verifying, &inputs, &proof).unwrap();
        let check = start.elapsed().as_secs_f64() * 1e3;
        let ratio = took / *base.get_or_insert(took);
        let (key, id) = (proving.to_bytes().len() / 1024, proved.circuit().id());
        let vk = verifying.as_bytes().len();
        println!("| `{id}` | {key} KiB | {vk} B | {took:.0} ms | {ratio:.1} | {check:.1} ms |");
    }
}
