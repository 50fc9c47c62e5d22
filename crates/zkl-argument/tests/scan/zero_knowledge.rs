//! What is published of a proof tells nothing about the table: real openings against each other and against those of a
//! simulator that has no table.

use zkl_argument::{
    Opening, ScanPlan, TranscriptSeed, cell_weights,
    commit::{Commitment, CommitmentSeed, RowGroups},
    commit_columns,
    hyperkzg::{
        CombinedColumns, CommittedColumn, Evaluations, Mask, MaskedOpening, combine_commitments, masked_opening,
    },
    open_columns, prove_plain,
    srs::Srs,
    verify_columns, verify_plain,
};
use zkl_core::ark::{
    Fr,
    ec::CurveGroup as _,
    ff::{BigInteger as _, Field as _, PrimeField as _, UniformRand as _},
    std::rand::{CryptoRng, Error, RngCore},
};

use super::table::{Case, Table, category, nullable, numeric, rng};

const CONTEXT: &[u8] = b"all public inputs";
/// Proofs per population: 16 of each nibble on average.
const SAMPLES: u64 = 256;

fn groups() -> RowGroups {
    RowGroups::new(2, 4).unwrap()
}

fn srs() -> &'static Srs {
    static SRS: std::sync::OnceLock<Srs> = std::sync::OnceLock::new();
    SRS.get_or_init(|| Srs::dev(4, Srs::DEV_SEED).unwrap())
}

/// What a verifier sees beside the outer proof.
struct Published {
    commitments: Vec<Vec<Commitment>>,
    mask: Commitment,
    claim: Opening<Fr>,
    opening: MaskedOpening,
}

impl Published {
    fn verify(&self, plan: &ScanPlan) {
        let Self { commitments, mask, claim, opening } = self;
        verify_columns(srs().verifier_key(), CONTEXT, groups(), plan, commitments, mask, claim, opening).unwrap();
    }

    /// Low nibbles of everything in it, in one order for all.
    fn nibbles(&self) -> Vec<usize> {
        let proof = &self.opening.proof;
        let scalars = [self.claim.y, self.opening.s, self.claim.rho]
            .into_iter()
            .chain(proof.evaluations.iter().flat_map(Evaluations::scalars))
            .chain(self.claim.r_star.iter().copied())
            .map(|value| value.into_bigint().to_bytes_le()[0]);
        let points = proof.folds.iter().chain(&proof.witnesses).chain([&self.mask]);
        let points = points.chain(self.commitments.iter().flatten()).map(|point| point.to_bytes()[0]);
        scalars.chain(points).map(|byte| usize::from(byte % 16)).collect()
    }
}

/// The weights of the columns for a claim, as the verifier has them.
fn committed<'a>(weights: &[Fr], commitments: &'a [Vec<Commitment>]) -> Vec<CommittedColumn<'a>> {
    let columns = weights.iter().zip(commitments);
    columns.map(|(&weight, commitments)| CommittedColumn { weight, commitments }).collect()
}

/// An honest proof with randomness of its own.
fn real(case: &Case, seed: u64, mask_rng: &mut (impl RngCore + CryptoRng)) -> Published {
    let mut random = rng(seed);
    let witness = case.witness();
    let mut bytes = [0; 32];
    random.fill_bytes(&mut bytes);
    let blinders = CommitmentSeed::from_bytes(bytes);
    let commitments = commit_columns(srs(), groups(), &witness, &blinders).unwrap();
    let mask = Mask::sample(groups(), mask_rng);
    let mask_commitment = mask.commit(srs()).unwrap();
    let transcript = TranscriptSeed { t0: Fr::rand(&mut random), salt: Fr::rand(&mut random) };
    let proof = prove_plain(&case.plan, &witness, &case.sealed, mask.values(), &transcript).unwrap();
    let claim = verify_plain(&case.plan, &case.sealed, &transcript, &proof.messages).unwrap();
    let (plan, columns) = (&case.plan, &commitments);
    let opening = open_columns(srs(), CONTEXT, groups(), plan, &witness, &blinders, columns, mask, &claim).unwrap();
    Published { commitments, mask: mask_commitment, claim, opening }
}

/// Section 12: challenges, then f* and s and every C, then the mask's commitment that makes it fit.
fn simulated(plan: &ScanPlan, seed: u64) -> Published {
    let random = &mut rng(seed);
    let mut draw = |count: usize| -> Vec<Fr> { (0..count).map(|_| Fr::rand(random)).collect() };
    let (r_star, z_blk) = (draw(plan.shape().log_rows()), draw(plan.shape().block_bits()));
    let rest = draw(3);
    let [beta, eta, rho] = rest.as_slice() else { unreachable!() };
    let blinders = draw(plan.cells().len() * groups().count());
    let point = |blinder: &Fr| Commitment::new((srs().h() * blinder).into_affine());
    let commitments: Vec<Vec<Commitment>> =
        blinders.chunks(groups().count()).map(|column| column.iter().map(point).collect()).collect();
    // A random f* and s, opened: a mask over no columns at all.
    let mask = Mask::sample(groups(), random);
    let own = mask.commit(srs()).unwrap();
    let nothing = CombinedColumns::new(groups(), &r_star, &[]).unwrap();
    let (y, opening) = masked_opening(srs(), CONTEXT, groups(), &r_star, &nothing, &[], mask, rho).unwrap();
    let claim = Opening { r_star, z_blk, beta: *beta, eta: *eta, rho: *rho, y };
    let weights = cell_weights(plan, &claim);
    let (h, s, none) = (srs().h(), &opening.s, Commitment::default());
    let target = combine_commitments(h, groups(), &claim.r_star, &[], &own, rho, s).unwrap();
    let columns = committed(&weights, &commitments);
    let without = combine_commitments(h, groups(), &claim.r_star, &columns, &none, rho, s).unwrap();
    let mask = (target.point() - without.point()) * rho.inverse().unwrap();
    Published { commitments, mask: Commitment::new(mask.into_affine()), claim, opening }
}

/// Chi squared of nibbles against equal shares, 15 degrees of freedom, for every published value.
fn chi_squared(population: &[Published]) -> Vec<f64> {
    let mut counts: Vec<[f64; 16]> = Vec::new();
    for published in population {
        for (index, nibble) in published.nibbles().into_iter().enumerate() {
            if counts.len() == index {
                counts.push([0.0; 16]);
            }
            counts[index][nibble] += 1.0;
        }
    }
    let expected = population.len() as f64 / 16.0;
    let deviation = |count: &f64| (count - expected).powi(2) / expected;
    counts.iter().map(|counts| counts.iter().map(deviation).sum()).collect()
}

/// Exceeded with probability 10^-6 by equal shares; the randomness here is seeded.
const LIMIT: f64 = 56.5;

fn zeros() -> Case {
    let columns = vec![numeric(1, &[0; 16]), nullable(1, &[None; 16]), category(4, &[0; 16])];
    Table::new(4, 4, 16, columns, Vec::new()).case()
}

fn noise() -> Case {
    let values: Vec<u64> = (0..16u64).map(|row| row.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 60).collect();
    let some: Vec<Option<u64>> = values.iter().map(|value| (value % 3 != 0).then_some(*value)).collect();
    let codes: Vec<u16> = values.iter().map(|value| (*value % 4) as u16).collect();
    Table::new(4, 4, 16, vec![numeric(1, &values), nullable(1, &some), category(4, &codes)], Vec::new()).case()
}

#[test]
fn a_simulator_without_a_table_makes_openings_that_verify() {
    let plan = &noise().plan;
    for seed in 0..8 {
        simulated(plan, seed).verify(plan);
    }
    // The same seal, layout and shape: a real proof is checked by the same call.
    let case = noise();
    real(&case, 1, &mut rng(2)).verify(plan);
}

#[test]
fn real_and_simulated_openings_are_distributed_alike() {
    let (zeros, noise) = (zeros(), noise());
    assert_eq!(zeros.plan.shape(), noise.plan.shape());
    let population = |make: &dyn Fn(u64) -> Published| (0..SAMPLES).map(make).collect::<Vec<_>>();
    let populations = [
        population(&|seed| real(&zeros, seed, &mut rng(10_000 + seed))),
        population(&|seed| real(&noise, seed, &mut rng(20_000 + seed))),
        population(&|seed| simulated(&noise.plan, 30_000 + seed)),
    ];
    let lengths: Vec<usize> = populations.iter().map(|population| population[0].nibbles().len()).collect();
    assert_eq!(lengths, [lengths[0]; 3]);
    for (index, population) in populations.iter().enumerate() {
        let worst = chi_squared(population).into_iter().fold(0.0, f64::max);
        assert!(worst < LIMIT, "population {index}: {worst}");
    }
}

/// Randomness that is none.
struct Zeros;

impl RngCore for Zeros {
    fn next_u32(&mut self) -> u32 {
        0
    }

    fn next_u64(&mut self) -> u64 {
        0
    }

    fn fill_bytes(&mut self, bytes: &mut [u8]) {
        bytes.fill(0);
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Error> {
        bytes.fill(0);
        Ok(())
    }
}

impl CryptoRng for Zeros {}

/// The measure above can fail: without a mask, y and the evaluations of a column of zeros are zero, and y of another table
/// is what the columns hold.
#[test]
fn openings_without_a_mask_are_told_apart() {
    let zeros = Table::new(4, 4, 16, vec![category(4, &[0; 16])], Vec::new()).case();
    let noise = noise();
    let population: Vec<Published> = (0..64).map(|seed| real(&zeros, seed, &mut Zeros)).collect();
    assert!(population.iter().all(|published| published.mask == Commitment::default()));
    assert!(chi_squared(&population)[0] > LIMIT);
    // y is the columns' value itself.
    let bare = real(&noise, 3, &mut Zeros);
    let weights = cell_weights(&noise.plan, &bare.claim);
    let value = |cell: &Vec<Fr>| zkl_argument::mle::evaluate(cell, &bare.claim.r_star).unwrap();
    let v: Fr = weights.iter().zip(&noise.cells()).map(|(weight, cell)| *weight * value(cell)).sum();
    assert_eq!(bare.claim.y, v);
    let masked = real(&noise, 3, &mut rng(1));
    let weights = cell_weights(&noise.plan, &masked.claim);
    let value = |cell: &Vec<Fr>| zkl_argument::mle::evaluate(cell, &masked.claim.r_star).unwrap();
    let v: Fr = weights.iter().zip(&noise.cells()).map(|(weight, cell)| *weight * value(cell)).sum();
    assert_ne!(masked.claim.y, v);
}

#[test]
fn nothing_that_is_published_repeats() {
    let case = noise();
    let mut seen = std::collections::HashSet::new();
    let mut total = 0;
    for seed in 0..16 {
        let Published { claim, opening, mask, .. } = real(&case, seed, &mut rng(50 + seed));
        let Opening { r_star, z_blk, beta, eta, rho, y } = claim;
        let values: Vec<Fr> = [beta, eta, rho, y, opening.s]
            .into_iter()
            .chain(r_star)
            .chain(z_blk)
            .chain(opening.proof.evaluations.iter().flat_map(Evaluations::scalars))
            .collect();
        let points = opening.proof.folds.iter().chain(&opening.proof.witnesses).chain([&mask]);
        let points: Vec<Vec<u8>> = points.map(|point| point.to_bytes().to_vec()).collect();
        total += values.len() + points.len();
        seen.extend(values.iter().map(|value| value.into_bigint().to_bytes_le()).chain(points));
    }
    assert_eq!(seen.len(), total);
}
