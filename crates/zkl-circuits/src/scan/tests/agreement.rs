//! The circuit and the plain verifier accept the same messages.

use rand_chacha::rand_core::RngCore as _;
use zkl_argument::{Context, Opening, ScanError, Slots, Transcript, verify};
use zkl_core::ark::{
    Fr,
    ff::{BigInteger as _, Field as _, PrimeField as _},
};

use super::fixture::{Case, Table, is_satisfied, rng};
use crate::testing::{assert_tight, satisfied};

/// A verifier that goes on after a failed check, so that a circuit can be given the outputs that go with any messages and
/// only the checks themselves can fail.
struct Lenient<'a> {
    transcript: Transcript,
    messages: std::slice::Iter<'a, Fr>,
}

impl Context for Lenient<'_> {
    type Value = Fr;
    type Error = ScanError;

    fn constant_field(&mut self, value: Fr) -> Fr {
        value
    }

    fn receive(&mut self, len: usize) -> Result<Vec<Fr>, ScanError> {
        let values: Vec<Fr> = self.messages.by_ref().take(len).copied().collect();
        self.transcript.absorb(&values);
        Ok(values)
    }

    fn absorb(&mut self, values: &[Fr]) -> Result<(), ScanError> {
        self.transcript.absorb(values);
        Ok(())
    }

    fn challenge(&mut self) -> Result<Fr, ScanError> {
        Ok(self.transcript.challenge())
    }

    fn assert_equal(&mut self, _: &Fr, _: &Fr, _: ScanError) -> Result<(), ScanError> {
        Ok(())
    }

    fn inverse(&mut self, value: &Fr, _: ScanError) -> Result<Fr, ScanError> {
        Ok(value.inverse().unwrap_or_default())
    }

    fn bits(&mut self, value: &Fr, width: usize, _: ScanError) -> Result<Vec<Fr>, ScanError> {
        Ok((0..width).map(|bit| Fr::from(value.into_bigint().get_bit(bit))).collect())
    }
}

/// What the verifier computes from any messages, checks apart.
pub(super) fn outputs(case: &Case, messages: &[Fr]) -> Opening<Fr> {
    let mut ctx = Lenient { transcript: Transcript::new(&case.seed), messages: messages.iter() };
    verify(&mut ctx, case.plan.shape(), case.plan.vector(), &case.sealed()).unwrap()
}

#[test]
fn accepts_honest_messages_of_random_tables() {
    for (seed, rows) in [(1, 13), (2, 16), (3, 2)] {
        satisfied(&Table::mixed(seed, rows).case().honest());
    }
}

#[test]
fn accepts_honest_messages_about_groups() {
    satisfied(&Table::grouped(4, 300).case().honest());
}

#[test]
fn accepts_a_table_that_leaves_slots_of_every_kind_empty() {
    let spare =
        Slots { limbs: 2, numeric: 1, opaque: 1, categories: [1, 1, 0, 0], joints: [1, 1, 0], grouped: 0, products: 1 };
    let mut table = Table::mixed(5, 13);
    table.spare = spare;
    satisfied(&table.case().honest());
    let mut table = Table::grouped(6, 40);
    table.spare = Slots { grouped: 1, products: 1, ..Slots::default() };
    satisfied(&table.case().honest());
}

#[test]
fn every_variable_and_every_constraint_matters() {
    assert_tight(&Table::mixed(7, 13).case().honest());
}

/// Changed in each part: the root, layers, layer ends, rounds of the moments, their values, rounds of the opening, w.
#[test]
fn rejects_a_changed_message_exactly_when_the_plain_verifier_does() {
    let case = Table::mixed(8, 13).case();
    let proof = case.prove();
    let (honest, claim) = (&proof.messages, &proof.opening);
    let total = honest.len();
    let mut rng = rng(9);
    let opening = 2 * case.plan.shape().log_rows() + 1;
    let moments = opening + case.plan.shape().value_count();
    let mut positions = vec![0, 1, 2, 9, 17, total - moments - 1, total - moments, total - opening - 1];
    positions.extend([total - opening, total - 2, total - 1]);
    positions.extend((0..3).map(|_| rng.next_u32() as usize % total));
    let (mut accepted, mut rejected) = (0, 0);
    for position in positions {
        let mut messages = honest.clone();
        messages[position] += Fr::from(u64::from(rng.next_u32()) + 1);
        let circuit =
            case.circuit(case.inputs(&case.records, &outputs(&case, &messages)), case.secret(&case.records, &messages));
        let plain = case.plain(&messages);
        assert_eq!(is_satisfied(&circuit), plain, "message {position} of {total}");
        if plain {
            // But not with the claim of the honest messages.
            let circuit = case.circuit(case.inputs(&case.records, claim), case.secret(&case.records, &messages));
            assert!(!is_satisfied(&circuit), "message {position} of {total}");
            accepted += 1;
        } else {
            rejected += 1;
        }
    }
    // Messages of the opening decide nothing before the columns are opened.
    assert!(accepted >= 3 && rejected >= 8, "{accepted} accepted, {rejected} rejected");
}
