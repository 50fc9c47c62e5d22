//! Small random circuits with satisfying assignments, and committed columns to link them with.

use std::sync::OnceLock;

use rand_chacha::ChaCha20Rng;
use zeroize::Zeroizing;
use zkl_argument::{
    chain::HashChain,
    commit::{Commitment, RowGroups, commit_group},
    hyperkzg::{CombinedColumns, CommittedColumn, Mask, OpeningColumn},
    msm::Scalars,
    srs::Srs,
};
use zkl_core::circuit::CircuitId;

use super::super::{
    Link, Linked, Proof, Prover, VerifyError, VerifyingKey,
    masks::Randomness,
    prove::Witness,
    transcript::{Oracle, Transcript},
    verify::{row_group, verify_in},
};
use crate::{
    ark::{
        Fr, G1Affine,
        ec::CurveGroup as _,
        ff::{AdditiveGroup as _, Field as _, UniformRand as _},
        std::rand::{Rng as _, SeedableRng as _},
    },
    assignment::Assignment,
    matrices::Matrices,
};

/// Row by row, `(coefficient, variable)`.
pub(super) type Rows = Vec<Vec<(Fr, usize)>>;

pub(super) fn rng(seed: u64) -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(seed)
}

pub(super) fn id() -> CircuitId {
    CircuitId::new("test/random", 1).unwrap()
}

/// A string longer than most blocks of these tests: nothing may depend on its length.
pub(super) fn system() -> Prover<'static> {
    static SRS: OnceLock<Srs> = OnceLock::new();
    Prover::new(SRS.get_or_init(|| Srs::dev(256, Srs::DEV_SEED).unwrap()))
}

/// A circuit with an assignment, and columns when it has a link.
pub(super) struct Case {
    pub(super) rows: [Rows; 3],
    pub(super) inputs: usize,
    pub(super) key: VerifyingKey,
    /// `(1, public, private)`.
    pub(super) values: Vec<Fr>,
    pub(super) columns: Option<Columns>,
}

impl Case {
    /// A random circuit that a random assignment satisfies. Some of its rows are `x * 1 = x`-like and empty ones.
    pub(super) fn random(seed: u64, columns: Option<Columns>) -> Self {
        let random = &mut rng(seed);
        let inputs = random.gen_range(0..4);
        let variables = 1 + inputs + random.gen_range(1..30);
        let constraints = random.gen_range(1..20);
        let mut values = vec![Fr::ONE];
        values.extend((1..variables).map(|_| Fr::rand(random)));
        let mut rows: [Rows; 3] = Default::default();
        for _ in 0..constraints {
            let mut combination = || -> Vec<(Fr, usize)> {
                let terms = random.gen_range(0..4);
                (0..terms)
                    .map(|_| {
                        let coefficient = if random.gen_bool(0.5) { Fr::ONE } else { Fr::rand(random) };
                        (coefficient, random.gen_range(0..variables))
                    })
                    .collect()
            };
            let (a, b) = (combination(), combination());
            let product = dot(&a, &values) * dot(&b, &values);
            let variable = random.gen_range(0..variables);
            let c = vec![(product / values[variable], variable)];
            rows[0].push(a);
            rows[1].push(b);
            rows[2].push(c);
        }
        Self::new(rows, inputs, values, columns)
    }

    pub(super) fn new(rows: [Rows; 3], inputs: usize, values: Vec<Fr>, columns: Option<Columns>) -> Self {
        let matrices = Matrices::new(inputs + 1, values.len(), [&rows[0], &rows[1], &rows[2]]);
        let key = VerifyingKey::new(id(), columns.is_some(), matrices).unwrap();
        Self { rows, inputs, key, values, columns }
    }

    /// `x0 x0 = x1` for two public inputs and a private copy, which is false for nearly all of them, in a circuit with more rows.
    pub(super) fn square(columns: Option<Columns>) -> Self {
        let one = |variable| vec![(Fr::ONE, variable)];
        let rows = [
            vec![one(1), one(3), one(4), one(5)],
            vec![one(0), one(3), one(4), one(3)],
            vec![one(3), one(4), one(5), one(6)],
        ];
        // The fifth: the private square is the public one.
        let [mut a, mut b, mut c] = rows;
        a.push(one(2));
        b.push(one(0));
        c.push(one(4));
        let x = Fr::from(3);
        let values = vec![Fr::ONE, x, x.square(), x, x.square(), x.square().square(), x.pow([5])];
        Self::new([a, b, c], 2, values, columns)
    }

    pub(super) fn x(&self) -> &[Fr] {
        &self.values[1..=self.inputs]
    }

    pub(super) fn linked(&self) -> Option<Linked> {
        self.columns.as_ref().map(Columns::linked)
    }

    pub(super) fn randomness(&self, seed: u64) -> Randomness {
        let sizes = self.sizes();
        Randomness::sample(&sizes, row_group(&sizes).unwrap(), &mut rng(seed))
    }

    pub(super) fn sizes(&self) -> super::super::Sizes {
        self.key.sizes(self.columns.as_ref().map(|columns| columns.groups.kappa())).unwrap()
    }

    /// A proof with challenges of `oracle`, whether the assignment satisfies the circuit or not.
    pub(super) fn prove_in(&self, oracle: impl Oracle, randomness: Randomness) -> Proof {
        self.prove_link(oracle, self.columns.as_ref().map(Columns::link), randomness)
    }

    /// A proof in which the columns are said to be those of `linked`.
    pub(super) fn prove_for(&self, linked: Linked, seed: u64) -> Proof {
        let link = self.columns.as_ref().map(|columns| Link { linked, ..columns.link() });
        self.prove_link(chain(), link, self.randomness(seed))
    }

    fn prove_link(&self, oracle: impl Oracle, link: Option<Link>, randomness: Randomness) -> Proof {
        let values = Zeroizing::new(self.values.clone());
        let combinations = Zeroizing::new(self.key.matrices().evaluate(&values));
        let assignment = Assignment { values, num_inputs: self.inputs + 1 };
        let witness = Witness { assignment, combinations, link: link.map(Into::into) };
        system().prove_in(oracle, &self.key, &self.sizes(), witness, randomness).unwrap()
    }

    pub(super) fn prove(&self, seed: u64) -> Proof {
        self.prove_in(chain(), self.randomness(seed))
    }

    pub(super) fn verify(&self, proof: &Proof) -> Result<(), VerifyError> {
        self.verify_for(self.x(), self.linked().as_ref(), proof)
    }

    pub(super) fn verify_for(&self, x: &[Fr], link: Option<&Linked>, proof: &Proof) -> Result<(), VerifyError> {
        self.key.verify(system().srs().verifier_key(), x, link, proof)
    }

    pub(super) fn verify_in(&self, oracle: impl Oracle, proof: &Proof) -> Result<(), VerifyError> {
        let srs = system().srs().verifier_key();
        verify_in(oracle, &self.key, srs, self.x(), self.linked().as_ref(), proof)
    }

    /// Whether the assignment satisfies the circuit.
    pub(super) fn holds(&self) -> bool {
        let [a, b, c] = &self.rows;
        a.iter().zip(b).zip(c).all(|((a, b), c)| dot(a, &self.values) * dot(b, &self.values) == dot(c, &self.values))
    }
}

pub(super) fn chain() -> HashChain {
    Transcript::<HashChain>::chain()
}

fn dot(terms: &[(Fr, usize)], values: &[Fr]) -> Fr {
    terms.iter().map(|(coefficient, variable)| *coefficient * values[*variable]).sum()
}

/// Two committed columns in two row groups, and a mask whose first entry is random.
#[derive(Clone)]
pub(super) struct Columns {
    pub(super) groups: RowGroups,
    pub(super) point: Vec<Fr>,
    pub(super) weights: Vec<Fr>,
    pub(super) values: Vec<Vec<Fr>>,
    pub(super) blinders: Vec<Vec<Fr>>,
    pub(super) rho: Fr,
    /// Seed of the mask.
    pub(super) mask: u64,
    /// Added to the value that is claimed.
    pub(super) offset: Fr,
}

impl Columns {
    pub(super) fn random(kappa: u32, seed: u64) -> Self {
        let random = &mut rng(seed);
        let groups = RowGroups::new(kappa, 2).unwrap();
        let mut many = |count: usize| (0..count).map(|_| Fr::rand(random)).collect::<Vec<Fr>>();
        Self {
            groups,
            point: many(groups.kappa() + 1),
            weights: many(2),
            values: vec![many(2 * groups.rows()), many(2 * groups.rows() - 1)],
            blinders: vec![many(2), many(2)],
            rho: many(1)[0],
            mask: seed,
            offset: Fr::ZERO,
        }
    }

    fn mask(&self) -> Mask {
        Mask::sample_first(self.groups, &mut rng(self.mask))
    }

    pub(super) fn commitments(&self) -> Vec<Vec<Commitment>> {
        let srs = system().srs();
        self.values
            .iter()
            .zip(&self.blinders)
            .map(|(values, blinders)| {
                values
                    .chunks(self.groups.rows())
                    .zip(blinders)
                    .map(|(values, blinder)| {
                        Commitment::new(commit_group(srs, Scalars::Full(values), blinder).unwrap().into_affine())
                    })
                    .collect()
            })
            .collect()
    }

    fn combined(&self) -> CombinedColumns {
        let columns: Vec<OpeningColumn<'_>> = (self.weights.iter().zip(&self.values).zip(&self.blinders))
            .map(|((weight, values), blinders)| OpeningColumn {
                weight: *weight,
                values: Scalars::Full(values),
                blinders,
            })
            .collect();
        CombinedColumns::new(self.groups, &self.point, &columns).unwrap()
    }

    pub(super) fn linked(&self) -> Linked {
        self.linked_with(&self.commitments())
    }

    /// The link with other commitments to the columns.
    pub(super) fn linked_with(&self, commitments: &[Vec<Commitment>]) -> Linked {
        let columns: Vec<CommittedColumn<'_>> = self
            .weights
            .iter()
            .zip(commitments)
            .map(|(weight, commitments)| CommittedColumn { weight: *weight, commitments })
            .collect();
        let mask = self.mask().commit(system().srs()).unwrap();
        let low = &self.point[..self.groups.kappa()];
        let masked = self.rho * self.mask().evaluate(low).unwrap();
        let value = self.combined().evaluate(low).unwrap() + masked + self.offset;
        Linked::new(self.groups, &self.point, &columns, &mask, self.rho, value).unwrap()
    }

    pub(super) fn link(&self) -> Link {
        Link { linked: self.linked(), combined: self.combined(), mask: self.mask() }
    }
}

/// The commitments with a point added to the first of them.
pub(super) fn shift_first(commitments: &[Vec<Commitment>], by: G1Affine) -> Vec<Vec<Commitment>> {
    let mut commitments = commitments.to_vec();
    let first = &mut commitments[0][0];
    *first = Commitment::new((first.point() + by).into_affine());
    commitments
}
