//! Who may choose one message after its challenges proves anything: the simulator, which programs the oracle, and a forger against a
//! verifier that forgets to absorb the message. The real verifier refuses what they make.

use rand_chacha::ChaCha20Rng;
use zkl_argument::{
    chain::HashChain,
    commit::Commitment,
    hyperkzg::{CombinedColumns, Mask, MaskedOpening, OpeningColumn, masked_opening},
    msm::Scalars,
};

use super::{
    super::{
        Proof, VerifyError,
        masks::MaskCommitments,
        transcript::Oracle,
        verify::{Claim, columns, reduce, row_group},
    },
    fixture::{Case, Columns, chain, rng, system},
};
use crate::ark::{
    Fr, G1Projective,
    ec::CurveGroup as _,
    ff::{AdditiveGroup as _, Field as _, UniformRand as _},
};

/// Challenges that were drawn before the proof was made.
#[derive(Clone)]
pub(super) struct Preset(pub(super) ChaCha20Rng);

impl Oracle for Preset {
    fn absorb(&mut self, _: &'static str, _: &[u8]) {}

    fn challenge(&mut self, _: &'static str) -> Fr {
        Fr::rand(&mut self.0)
    }

    fn context(&self) -> [u8; 64] {
        [0; 64]
    }
}

/// The chain of a verifier that forgets to absorb one item.
#[derive(Clone)]
struct Forgetful {
    chain: HashChain,
    item: &'static str,
}

impl Oracle for Forgetful {
    fn absorb(&mut self, label: &'static str, bytes: &[u8]) {
        if label != self.item {
            self.chain.absorb(label, bytes);
        }
    }

    fn challenge(&mut self, label: &'static str) -> Fr {
        self.chain.challenge(label)
    }

    fn context(&self) -> [u8; 64] {
        *self.chain.state()
    }
}

/// A false statement: the square of 3 is 10.
pub(super) fn false_case(columns: Option<Columns>) -> Case {
    let mut case = Case::square(columns);
    case.values[2] += Fr::ONE;
    assert!(!case.holds());
    if let Some(columns) = &mut case.columns {
        columns.offset = Fr::ONE;
    }
    case
}

/// A forger's proof: random messages, commitments to zero vectors with known blinders.
struct Forger {
    proof: Proof,
    /// Blinders of the blocks, of U and of V.
    blinders: Vec<Fr>,
    seed: u64,
}

impl Forger {
    fn new(case: &Case, seed: u64) -> Self {
        let (sizes, random) = (case.sizes(), &mut rng(seed));
        let blinders: Vec<Fr> = (0..sizes.blocks + 2).map(|_| Fr::rand(random)).collect();
        let mut points = blinders
            .iter()
            .map(|blinder| Commitment::new((system().srs().h() * blinder).into_affine()))
            .collect::<Vec<_>>();
        let d = Self::mask(case, seed).commit(system().srs()).unwrap();
        let [v, u] = [points.pop().unwrap(), points.pop().unwrap()];
        let mut pair = || [Fr::rand(random), Fr::rand(random)];
        let (outer, inner) = ((0..sizes.rounds).map(|_| pair()).collect(), (0..sizes.kappa).map(|_| pair()).collect());
        let ([sigma, d_value], ends) = (pair(), pair());
        let opening = case.prove(seed).opening;
        let masks = MaskCommitments { u, v, d };
        let proof = Proof { witness: points, masks, sigma, outer, ends, inner, d: d_value, opening };
        Self { proof, blinders, seed }
    }

    fn mask(case: &Case, seed: u64) -> Mask {
        Mask::sample(row_group(&case.sizes()).unwrap(), &mut rng(seed + 1))
    }

    fn claim(&self, case: &Case, oracle: impl Oracle) -> Claim {
        let srs = system().srs().verifier_key();
        reduce(oracle, &case.key, srs, case.x(), case.linked().as_ref(), &self.proof).unwrap()
    }

    /// Opens `c e_0 + delta D`, where the first term has the blinder `blinder`. The terms must be commitments to it.
    fn open(&mut self, case: &Case, claim: &Claim, c: Fr, blinder: Fr) {
        let values = [c];
        let column = OpeningColumn { weight: Fr::ONE, values: Scalars::Full(&values), blinders: &[blinder] };
        let combined = CombinedColumns::new(claim.groups, &claim.point, &[column]).unwrap();
        let (mask, committed) = (Self::mask(case, self.seed), columns(&claim.terms));
        let (groups, point, delta) = (claim.groups, &claim.point, &claim.delta);
        let srs = system().srs();
        let opened = masked_opening(srs, &claim.context, groups, point, &combined, &committed, mask, delta);
        self.proof.opening = opened.unwrap().1;
    }

    /// Solves for one field element, on which the claimed value depends linearly, and opens zeros.
    fn solve(&mut self, case: &Case, oracle: &(impl Oracle + Clone), field: impl Fn(&mut Proof) -> &mut Fr) {
        let gap = |forger: &Self| {
            let claim = forger.claim(case, oracle.clone());
            claim.value - claim.delta * Self::mask(case, forger.seed).evaluate(&claim.point).unwrap()
        };
        *field(&mut self.proof) = Fr::ZERO;
        let at_zero = gap(self);
        *field(&mut self.proof) = Fr::ONE;
        let slope = gap(self) - at_zero;
        *field(&mut self.proof) = -at_zero / slope;
        assert_eq!(gap(self), Fr::ZERO);
        let claim = self.claim(case, oracle.clone());
        let blinder = claim_blinder(&claim, &self.blinders, case);
        self.open(case, &claim, Fr::ZERO, blinder);
    }

    /// Chooses the commitment at `index` of the terms last: it makes up for a value that is false.
    fn choose(
        &mut self,
        case: &Case,
        oracle: &(impl Oracle + Clone),
        set: impl Fn(&mut Proof) -> &mut Commitment,
        index: usize,
    ) {
        let mask = Self::mask(case, self.seed);
        let claim = self.claim(case, oracle.clone());
        // What is left when the mask has its own value: shown by c e_0.
        let gap = claim.value - claim.delta * mask.evaluate(&claim.point).unwrap();
        let origin: Fr = claim.point.iter().map(|y| Fr::ONE - y).product();
        let (c, blinder) = (gap / origin, Fr::from(5));
        let srs = system().srs();
        let target = srs.powers()[0] * c + srs.h() * blinder;
        let others: G1Projective = (claim.terms.iter().enumerate())
            .filter(|(term, _)| *term != index)
            .map(|(_, (weight, commitment))| commitment.point() * weight)
            .sum();
        let chosen = (target - others) * claim.terms[index].0.inverse().unwrap();
        *set(&mut self.proof) = Commitment::new(chosen.into_affine());
        let claim = self.claim(case, oracle.clone());
        self.open(case, &claim, c, blinder);
    }
}

/// Blinder of the combination of zero vectors. There must be no link.
fn claim_blinder(claim: &Claim, blinders: &[Fr], case: &Case) -> Fr {
    assert!(case.columns.is_none());
    claim.terms.iter().zip(blinders).map(|((weight, _), blinder)| *weight * blinder).sum()
}

pub(super) fn refused(result: &Result<(), VerifyError>) -> bool {
    matches!(result, Err(VerifyError::Opening(_)))
}

#[test]
fn a_message_that_is_not_absorbed_lets_anybody_forge() {
    type Field = fn(&mut Proof) -> &mut Fr;
    let fields: [(&str, Field); 6] = [
        ("sigma", |proof| &mut proof.sigma),
        ("outer", |proof| &mut proof.outer[0][0]),
        ("ab", |proof| &mut proof.ends[0]),
        ("ab", |proof| &mut proof.ends[1]),
        ("inner", |proof| &mut proof.inner[0][1]),
        ("d", |proof| &mut proof.d),
    ];
    let case = false_case(None);
    for (item, field) in fields {
        let weak = Forgetful { chain: chain(), item };
        let mut forger = Forger::new(&case, 3);
        forger.solve(&case, &weak, field);
        assert_eq!(case.verify_in(weak, &forger.proof), Ok(()), "{item}");
        assert!(refused(&case.verify(&forger.proof)), "{item}");
    }
}

#[test]
fn a_commitment_that_is_not_absorbed_lets_anybody_forge() {
    for columns in [None, Some(Columns::random(2, 9))] {
        let case = false_case(columns);
        let terms = Forger::new(&case, 4).claim(&case, chain()).terms.len();
        type Set = fn(&mut Proof) -> &mut Commitment;
        let commitments: [(&str, Set, usize); 3] = [
            ("witness", |proof| &mut proof.witness[0], 0),
            ("masks", |proof| &mut proof.masks.u, terms - 2),
            ("masks", |proof| &mut proof.masks.v, terms - 1),
        ];
        for (item, set, index) in commitments {
            let weak = Forgetful { chain: chain(), item };
            let mut forger = Forger::new(&case, 4);
            forger.choose(&case, &weak, set, index);
            assert_eq!(case.verify_in(weak, &forger.proof), Ok(()), "{item}");
            assert!(refused(&case.verify(&forger.proof)), "{item}");
        }
    }
}

#[test]
fn inputs_that_are_not_absorbed_can_be_chosen_last() {
    // x0 is fixed after every challenge: the forger solves for it.
    let mut case = false_case(None);
    let weak = Forgetful { chain: chain(), item: "x" };
    let mut forger = Forger::new(&case, 5);
    let gap = |case: &Case| {
        let claim = forger.claim(case, weak.clone());
        claim.value - claim.delta * Forger::mask(case, 5).evaluate(&claim.point).unwrap()
    };
    case.values[1] = Fr::ZERO;
    let at_zero = gap(&case);
    case.values[1] = Fr::ONE;
    let slope = gap(&case) - at_zero;
    case.values[1] = -at_zero / slope;
    let claim = forger.claim(&case, weak.clone());
    let blinder = claim_blinder(&claim, &forger.blinders, &case);
    forger.open(&case, &claim, Fr::ZERO, blinder);
    assert_eq!(case.verify_in(weak, &forger.proof), Ok(()));
    assert!(refused(&case.verify(&forger.proof)));
}

/// Everything at random; f* and s too; then the commitment to the mask that makes them fit.
fn simulate(case: &Case, oracle: &Preset, seed: u64) -> Proof {
    let mut forger = Forger::new(case, seed);
    let random = &mut rng(seed + 2);
    let mut point = || Commitment::new(G1Projective::rand(random).into_affine());
    forger.proof.witness.iter_mut().for_each(|commitment| *commitment = point());
    (forger.proof.masks.u, forger.proof.masks.v) = (point(), point());
    forger.proof.d = Fr::ZERO;
    let claim = forger.claim(case, oracle.clone());
    // f* = delta M for a uniform M.
    let mask = Forger::mask(case, seed);
    forger.proof.d = mask.evaluate(&claim.point).unwrap() - claim.value / claim.delta;
    let rest: G1Projective = claim.terms.iter().map(|(weight, commitment)| commitment.point() * weight).sum();
    let srs = system().srs();
    let own = mask.commit(srs).unwrap();
    forger.proof.masks.d = Commitment::new((own.point() - rest * claim.delta.inverse().unwrap()).into_affine());
    let nothing = CombinedColumns::new(claim.groups, &claim.point, &[]).unwrap();
    let (groups, point, delta) = (claim.groups, &claim.point, &claim.delta);
    let opened: MaskedOpening =
        masked_opening(srs, &claim.context, groups, point, &nothing, &[], mask, delta).unwrap().1;
    forger.proof.opening = opened;
    forger.proof
}

#[test]
fn a_simulator_without_a_witness_is_accepted_under_its_own_challenges() {
    for (seed, columns) in [(11, None), (12, Some(Columns::random(2, 12)))] {
        let case = false_case(columns);
        let oracle = Preset(rng(100 + seed));
        let proof = simulate(&case, &oracle, seed);
        assert_eq!(case.verify_in(oracle, &proof), Ok(()));
        assert_eq!(proof.to_bytes().len(), case.sizes().proof_bytes());
        assert!(refused(&case.verify(&proof)), "nobody programs SHA-512");
    }
}

/// Items of a proof before the opening, under challenges that do not depend on it.
fn items(case: &Case, seed: u64, keep: impl Fn(&mut super::super::masks::Randomness)) -> Vec<Fr> {
    let mut randomness = case.randomness(seed);
    keep(&mut randomness);
    let proof = case.prove_in(Preset(rng(1)), randomness);
    let scalars = [&proof.sigma].into_iter().chain(proof.outer.as_flattened()).chain(&proof.ends);
    scalars.chain(proof.inner.as_flattened()).copied().collect()
}

#[test]
fn every_mask_hides_its_own_messages_and_a_zeroed_one_is_noticed() {
    for columns in [None, Some(Columns::random(2, 13))] {
        let case = Case::square(columns);
        let (rounds, kappa) = (case.sizes().rounds, case.sizes().kappa);
        let repeated = |keep: &dyn Fn(&mut super::super::masks::Randomness)| {
            let (first, second) = (items(&case, 1, keep), items(&case, 2, keep));
            (0..first.len()).filter(|index| first[*index] == second[*index]).collect::<Vec<_>>()
        };
        let outer = 1..1 + 2 * rounds;
        let ends = outer.end..outer.end + 2;
        let inner = ends.end..ends.end + 2 * kappa;
        assert_eq!(repeated(&|_| {}), Vec::<usize>::new());
        // Without any mask every message is a function of witness and challenges.
        let nothing = |randomness: &mut super::super::masks::Randomness| {
            randomness.row = [Fr::ZERO; 2];
            randomness.outer.iter_mut().for_each(|pair| *pair = [Fr::ZERO; 2]);
            randomness.inner.slopes.fill(Fr::ZERO);
            randomness.inner.weighted.fill(Fr::ZERO);
            randomness.inner.constant = Fr::ZERO;
        };
        assert_eq!(repeated(&nothing), (0..inner.end).collect::<Vec<_>>());
        // With one of them, its own messages differ and the earlier ones repeat.
        let rows = repeated(&|randomness| {
            let row = randomness.row;
            nothing(randomness);
            randomness.row = row;
        });
        assert!(ends.clone().all(|index| !rows.contains(&index)) && rows.contains(&0));
        let only_outer = repeated(&|randomness| {
            let pairs = randomness.outer.clone();
            nothing(randomness);
            randomness.outer = pairs;
        });
        assert!(outer.clone().all(|index| !only_outer.contains(&index)));
        assert!(ends.clone().all(|index| only_outer.contains(&index)));
        let only_inner = repeated(&|randomness| {
            let mut other = case.randomness(3);
            nothing(&mut other);
            std::mem::swap(&mut randomness.row, &mut other.row);
            std::mem::swap(&mut randomness.outer, &mut other.outer);
        });
        assert_eq!(only_inner, (1..ends.end).collect::<Vec<_>>());
        assert!(inner.clone().all(|index| !only_inner.contains(&index)));
    }
}
