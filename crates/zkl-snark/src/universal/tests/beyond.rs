//! Provers that commit to more than they must: masks that are whole columns instead of affine functions, and a witness with entries after
//! its end. No check is about either, so both are accepted; nothing false follows, as weights there are 0 or one challenge.

use zeroize::Zeroizing;
use zkl_argument::{
    commit::{Commitment, commit_group},
    hyperkzg::{CombinedColumns, OpeningColumn, masked_opening},
    msm::Scalars,
};

use super::{
    super::{
        Proof,
        masks::{InnerMask, MaskCommitments},
        prove::{extended_witness, outer_tables},
        rounds::{Inner, Outer, Table},
        transcript::{Statement, Transcript},
        verify::{columns, row_group, terms},
        weights::Weights,
    },
    fixture::{Case, chain, rng, system},
    forgeries::{false_case, refused},
};
use crate::{
    ark::{
        Fr,
        ec::CurveGroup as _,
        ff::{AdditiveGroup as _, UniformRand as _},
    },
    assignment::Assignment,
};

/// What is committed to beyond what the protocol asks for.
struct Beyond {
    u: Vec<Fr>,
    v: Vec<Fr>,
    /// Entries after the end of the extended witness.
    witness: Vec<Fr>,
}

impl Beyond {
    fn random(case: &Case, seed: u64) -> Self {
        let (sizes, random) = (case.sizes(), &mut rng(seed));
        let mut many = |count: usize| (0..count).map(|_| Fr::rand(random)).collect::<Vec<Fr>>();
        let rows = 1 << sizes.kappa();
        Self { u: many(rows), v: many(rows), witness: many(sizes.blocks * rows - sizes.len) }
    }

    /// The prover's steps, with dense masks.
    fn prove(&self, case: &Case, seed: u64) -> Proof {
        let (sizes, srs) = (case.sizes(), system().srs());
        let groups = row_group(&sizes).unwrap();
        let mut randomness = case.randomness(seed);
        let opening_mask = randomness.opening.take().unwrap();
        let assignment = Assignment { values: Zeroizing::new(case.values.clone()), num_inputs: case.inputs + 1 };
        let mut extended = extended_witness(&assignment, &randomness, &sizes);
        extended.extend(&self.witness);
        let commit = |values: &[Fr], blinder: &Fr| {
            Commitment::new(commit_group(srs, Scalars::Full(values), blinder).unwrap().into_affine())
        };
        let blinders = &randomness.blocks;
        let witness: Vec<Commitment> =
            extended.chunks(groups.rows()).zip(blinders).map(|(block, blinder)| commit(block, blinder)).collect();
        let [u, v] = randomness.affine;
        let d = opening_mask.commit(srs).unwrap();
        let masks = MaskCommitments { u: commit(&self.u, &u), v: commit(&self.v, &v), d };
        let coordinates: Vec<Fr> = (0..groups.rows()).map(|y| Fr::from(y.count_ones())).collect();
        let sigma = self.u.iter().sum::<Fr>() + self.v.iter().zip(&coordinates).map(|(v, sum)| *v * sum).sum::<Fr>();

        let statement = Statement { key: case.key.digest(), srs: srs.digest(), link: None, x: case.x() };
        let mut transcript = Transcript::new(chain(), &statement);
        let t = transcript.committed(&witness, &masks, &sigma, sizes.rounds);
        let combinations = case.key.matrices().evaluate(&case.values);
        let mut rounds = Outer::new(outer_tables(&case.key, &combinations, randomness.row), &t);
        let (mut rx, mut outer) = (Vec::new(), Vec::new());
        for [c1, c2] in &randomness.outer {
            let [honest1, honest2] = rounds.message();
            outer.push([honest1 + c1, honest2 + c2]);
            rx.push(transcript.outer(outer.last().unwrap()));
            rounds.bind(*rx.last().unwrap());
        }
        let ends = rounds.ends();
        let batch = transcript.ends(&ends).unwrap();

        let weights = Weights { matrices: case.key.matrices(), sizes: &sizes, t: &t, rx: &rx, rho: batch.rho };
        let (_, mut phi) = weights.columns();
        phi.resize(extended.len(), Fr::ZERO);
        let table = |values: &[Fr]| -> Table { Zeroizing::new(values.to_vec()) };
        let constant = vec![batch.alpha; groups.rows()];
        let sums: Vec<Fr> = coordinates.iter().map(|sum| batch.alpha * sum).collect();
        let pairs = vec![(phi, table(&extended)), (table(&constant), table(&self.u)), (table(&sums), table(&self.v))];
        let none = InnerMask {
            slopes: vec![Fr::ZERO; sizes.kappa],
            weighted: vec![Fr::ZERO; sizes.kappa],
            constant: Fr::ZERO,
        };
        let mut rounds = Inner::new(pairs, &none, Fr::ZERO);
        let mut inner = Vec::new();
        for _ in 0..sizes.kappa {
            let message = rounds.message();
            rounds.bind(transcript.inner(&message));
            inner.push(message);
        }
        let (ry, weights) = rounds.ends();
        let d = opening_mask.evaluate(&ry).unwrap();
        let delta = transcript.mask(&d).unwrap();

        let values = extended.chunks(groups.rows()).chain([&self.u[..], &self.v]);
        let blinders = blinders.iter().chain([&u, &v]);
        let opened: Vec<OpeningColumn<'_>> = (weights.iter().flatten().zip(values).zip(blinders))
            .map(|((weight, values), blinder)| OpeningColumn {
                weight: *weight,
                values: Scalars::Full(values),
                blinders: std::slice::from_ref(blinder),
            })
            .collect();
        let combined = CombinedColumns::new(groups, &ry, &opened).unwrap();
        let terms = terms(&batch, &ry, &weights[0], (&witness, &masks), None);
        let committed = columns(&terms);
        let context = transcript.context();
        let (_, opening) =
            masked_opening(srs, &context, groups, &ry, &combined, &committed, opening_mask, &delta).unwrap();
        Proof { witness, masks, sigma, outer, ends, inner, d, opening }
    }
}

#[test]
fn masks_that_are_whole_columns_and_a_longer_witness_are_accepted_and_prove_nothing_false() {
    for seed in [51, 52] {
        let case = Case::square(None);
        let beyond = Beyond::random(&case, seed);
        assert!(!beyond.witness.is_empty(), "there is room after the end");
        assert_eq!(case.verify(&beyond.prove(&case, seed)), Ok(()));
        let case = false_case(None);
        assert!(refused(&case.verify(&Beyond::random(&case, seed).prove(&case, seed))));
    }
}
