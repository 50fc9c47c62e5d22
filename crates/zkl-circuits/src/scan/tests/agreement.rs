//! The circuit and the plain verifier accept the same messages.

use rand_chacha::rand_core::RngCore as _;
use zkl_argument::{Context, Opening, ScanError, Slots, Transcript, verify};
use zkl_core::ark::{
    Fr,
    ff::{BigInteger as _, Field as _, PrimeField as _},
};
use zkl_snark::testing::{assert_tight, satisfied};

use super::fixture::{Case, Table, is_satisfied, rng};

/// A verifier that goes on after a failed check, so that a circuit can be given the outputs that go with any messages
/// and only the checks themselves can fail.
struct Lenient<'a> {
    transcript: Transcript,
    messages: std::slice::Iter<'a, Fr>,
    /// By how much the moments do not end in their values.
    moments_gap: Fr,
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

    fn assert_equal(&mut self, left: &Fr, right: &Fr, check: ScanError) -> Result<(), ScanError> {
        if check == ScanError::MomentsEnd {
            self.moments_gap = *left - right;
        }
        Ok(())
    }

    fn inverse(&mut self, value: &Fr, _: ScanError) -> Result<Fr, ScanError> {
        Ok(value.inverse().unwrap_or_default())
    }

    fn is_zero(&mut self, value: &Fr) -> Result<Fr, ScanError> {
        Ok(Fr::from(*value == Fr::from(0u64)))
    }

    fn bits(&mut self, value: &Fr, width: usize, _: ScanError) -> Result<Vec<Fr>, ScanError> {
        Ok((0..width).map(|bit| Fr::from(value.into_bigint().get_bit(bit))).collect())
    }
}

/// What the verifier computes from any messages, checks apart.
pub(super) fn outputs(case: &Case, messages: &[Fr]) -> Opening<Fr> {
    run(case, messages).0
}

/// The messages with the value of the looked-up columns that makes the moments end as they should: what a prover does who has
/// told something false about these columns.
pub(super) fn with_fitting_lookups(case: &Case, mut messages: Vec<Fr>) -> Vec<Fr> {
    let at = messages.len() - 2;
    let mut gap = |value: Fr| {
        messages[at] = value;
        run(case, &messages).1
    };
    let (at_zero, at_one) = (gap(Fr::from(0)), gap(Fr::from(1)));
    messages[at] = at_zero / (at_zero - at_one);
    messages
}

fn run(case: &Case, messages: &[Fr]) -> (Opening<Fr>, Fr) {
    let (transcript, messages) = (Transcript::new(&case.seed), messages.iter());
    let mut ctx = Lenient { transcript, messages, moments_gap: Fr::from(0) };
    let opening = verify(&mut ctx, case.plan.shape(), case.plan.vector(), &case.sealed()).unwrap();
    (opening, ctx.moments_gap)
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

/// Changes each of these messages and compares the circuit with the plain verifier; how many both accept and reject.
fn compare(case: &Case, positions: impl IntoIterator<Item = usize>) -> [usize; 2] {
    let proof = case.prove();
    let mut rng = rng(9);
    let mut outcomes = [0, 0];
    for position in positions {
        let mut messages = proof.messages.clone();
        messages[position] += Fr::from(u64::from(rng.next_u32()) + 1);
        let instance = |claim: &Opening<Fr>| {
            case.circuit(case.inputs(&case.records, claim), case.secret(&case.records, &messages))
        };
        let plain = case.plain(&messages);
        assert_eq!(is_satisfied(&instance(&outputs(case, &messages))), plain, "message {position}");
        // What is accepted is not accepted with the claim of the honest messages.
        assert!(!plain || !is_satisfied(&instance(&proof.opening)), "message {position}");
        outcomes[usize::from(plain)] += 1;
    }
    outcomes
}

/// One of each part: the root, layers, layer ends, rounds of the moments, their values, the value of the lookups' columns, w.
#[test]
fn rejects_a_changed_message_exactly_when_the_plain_verifier_does() {
    let case = Table::mixed(8, 13).case();
    let shape = case.plan.shape();
    let total = shape.message_count();
    let [mask, lookups] = [total - 1, total - 2];
    let values = lookups - shape.value_count();
    let positions = [0, 1, 2, 9, 17, 60, values - 1, values, lookups];
    assert_eq!(compare(&case, positions), [9, 0]);
    // The mask's value decides nothing before the columns are opened.
    assert_eq!(compare(&case, [mask]), [0, 1]);
}

/// `cargo test -p zkl-circuits --lib every_changed_message -- --ignored`
#[test]
#[ignore = "the test above for every message: a minute"]
fn rejects_every_changed_message_exactly_when_the_plain_verifier_does() {
    for case in [Table::mixed(10, 13).case(), Table::grouped(11, 300).case()] {
        let total = case.plan.shape().message_count();
        assert_eq!(compare(&case, 0..total), [total - 1, 1]);
    }
}
