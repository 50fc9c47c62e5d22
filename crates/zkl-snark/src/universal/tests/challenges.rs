//! Challenges: what comes before each, those that would unmask something, and randomness that is used twice.

use super::{
    super::{VerifyError, transcript::Oracle},
    fixture::{Case, Columns, chain, rng, system},
    forgeries::Preset,
};
use crate::{
    ark::{
        Fr,
        ff::{AdditiveGroup as _, Field as _},
    },
    proof_system::Challenge,
};
use zkl_argument::chain::{HashChain, points_bytes, scalars_bytes};

/// The chain, but for one challenge that is 0.
struct Zero {
    chain: HashChain,
    label: &'static str,
}

impl Oracle for Zero {
    fn absorb(&mut self, label: &'static str, bytes: &[u8]) {
        self.chain.absorb(label, bytes);
    }

    fn challenge(&mut self, label: &'static str) -> Fr {
        let drawn = self.chain.challenge(label);
        if label == self.label { Fr::ZERO } else { drawn }
    }

    fn context(&self) -> [u8; 64] {
        *self.chain.state()
    }
}

#[test]
fn a_challenge_that_would_unmask_a_message_is_refused() {
    for columns in [None, Some(Columns::random(2, 21))] {
        let case = Case::square(columns);
        let proof = case.prove(21);
        let with_zero = |label| case.verify_in(Zero { chain: chain(), label }, &proof);
        assert_eq!(with_zero("alpha"), Err(VerifyError::ZeroChallenge { challenge: Challenge::Alpha }));
        assert_eq!(with_zero("delta"), Err(VerifyError::ZeroChallenge { challenge: Challenge::Delta }));
        assert!(matches!(with_zero("rho"), Err(VerifyError::Opening(_))));
    }
}

/// `sigma` and the messages of both sumchecks.
fn messages(case: &Case, seed: u64) -> Vec<Fr> {
    let proof = case.prove_in(Preset(rng(1)), case.randomness(seed));
    let scalars = [&proof.sigma].into_iter().chain(proof.outer.as_flattened()).chain(&proof.ends);
    scalars.chain(proof.inner.as_flattened()).copied().collect()
}

#[test]
fn two_proofs_with_the_same_randomness_show_how_their_witnesses_differ() {
    let case = Case::square(None);
    let mut other = Case::square(None);
    *other.values.last_mut().unwrap() += Fr::ONE;
    let difference = |seeds: [u64; 2]| -> Vec<Fr> {
        let (one, two) = (messages(&case, seeds[0]), messages(&other, seeds[1]));
        one.iter().zip(two).map(|(one, two)| *one - two).collect()
    };
    let shown = difference([31, 31]);
    assert_eq!(shown, difference([32, 32]), "the masks cancel");
    assert!(shown.iter().any(|difference| *difference != Fr::ZERO));
    assert_ne!(shown, difference([31, 32]), "fresh masks hide it");
}

/// The chain, and what went into it and came out of it, in order. A challenge is a label without bytes.
struct Recorded<'a> {
    chain: HashChain,
    record: &'a mut Vec<(&'static str, Option<Vec<u8>>)>,
}

impl Oracle for Recorded<'_> {
    fn absorb(&mut self, label: &'static str, bytes: &[u8]) {
        self.record.push((label, Some(bytes.to_vec())));
        self.chain.absorb(label, bytes);
    }

    fn challenge(&mut self, label: &'static str) -> Fr {
        self.record.push((label, None));
        self.chain.challenge(label)
    }

    fn context(&self) -> [u8; 64] {
        *self.chain.state()
    }
}

/// Nothing of the statement or of the proof is left out, and nothing is absorbed after what depends on it is drawn.
#[test]
fn everything_is_absorbed_before_the_challenges_that_depend_on_it() {
    for columns in [None, Some(Columns::random(2, 41))] {
        let case = Case::square(columns);
        let (proof, sizes, linked) = (case.prove(41), case.sizes(), case.linked());
        let mut record = Vec::new();
        case.verify_in(Recorded { chain: chain(), record: &mut record }, &proof).unwrap();

        let srs = system().srs().verifier_key();
        let masks = [proof.masks.u, proof.masks.v, proof.masks.d];
        let mut expected = vec![
            ("key", Some(case.key.digest().as_bytes().to_vec())),
            ("srs", Some(srs.digest().as_bytes().to_vec())),
            ("link", Some(linked.map(|linked| linked.to_bytes()).unwrap_or_default())),
            ("x", Some(scalars_bytes(case.x()))),
            ("witness", Some(points_bytes(&proof.witness))),
            ("masks", Some(points_bytes(&masks))),
            ("sigma", Some(scalars_bytes(&[proof.sigma]))),
        ];
        expected.extend((0..sizes.rounds).map(|_| ("t", None)));
        for message in &proof.outer {
            expected.extend([("outer", Some(scalars_bytes(message))), ("rx", None)]);
        }
        expected.push(("ab", Some(scalars_bytes(&proof.ends))));
        expected.extend([("rho", None), ("gamma", None), ("alpha", None)]);
        for message in &proof.inner {
            expected.extend([("inner", Some(scalars_bytes(message))), ("ry", None)]);
        }
        expected.extend([("d", Some(scalars_bytes(&[proof.d]))), ("delta", None)]);
        assert_eq!(record, expected);
    }
}
