//! Challenges that would unmask something, and randomness that is used twice.

use super::{
    super::{VerifyError, transcript::Oracle},
    fixture::{Case, Columns, chain, rng},
    forgeries::Preset,
};
use crate::{
    ark::{
        Fr,
        ff::{AdditiveGroup as _, Field as _},
    },
    proof_system::Challenge,
};
use zkl_argument::chain::HashChain;

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
