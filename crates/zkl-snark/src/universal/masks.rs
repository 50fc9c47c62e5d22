//! Randomness of one attempt, and what it hides.
//!
//! | symbol | here | hides |
//! |---|---|---|
//! | `R1, R2`, `R3 = R1 R2` | [`Randomness::row`], a row of the scheme's own | `a`, `b` |
//! | `c_j1, c_j2` | [`Randomness::outer`], one pair a round | the outer messages |
//! | `U(y) = u + sum u_j y_j`, `V(y) = sum v_j y_j` | [`InnerMask`] | `sigma` and the inner messages |
//! | `D` | [`Mask`] | the opening |
//! | blinders | one for every commitment | commitments |
//!
//! Each number hides one message, and appears otherwise only inside what another one hides: that is why the messages are
//! independent of the witness. Two proofs that share a number reveal differences of witnesses, so all of it is sampled together, for
//! one attempt, and consumed by it.

use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};
use zkl_argument::{
    commit::{CommitError, Commitment, RowGroups},
    hyperkzg::Mask,
    srs::Srs,
};

use super::sizes::Sizes;
use crate::ark::{
    Fr, G1Affine, G1Projective,
    ec::{CurveGroup as _, VariableBaseMSM as _},
    ff::{AdditiveGroup as _, Field as _, UniformRand as _},
    std::rand::{CryptoRng, RngCore},
};

/// Everything random in one proof attempt. Secret: zeroised, not `Debug`, used once.
#[derive(Zeroize, ZeroizeOnDrop)]
pub(super) struct Randomness {
    pub(super) row: [Fr; 2],
    pub(super) outer: Vec<[Fr; 2]>,
    pub(super) inner: InnerMask,
    /// Blinders of the blocks of the witness.
    pub(super) blocks: Vec<Fr>,
    /// Blinders of `U` and `V`.
    pub(super) affine: [Fr; 2],
    #[zeroize(skip)]
    pub(super) opening: Option<Mask>,
}

impl Randomness {
    /// Samples everything. `groups` is one row group of `2^kappa` entries.
    pub(super) fn sample(sizes: &Sizes, groups: RowGroups, rng: &mut (impl RngCore + CryptoRng)) -> Self {
        let mut pair = || [Fr::rand(rng), Fr::rand(rng)];
        let row = pair();
        let outer = (0..sizes.rounds).map(|_| pair()).collect();
        let affine = pair();
        let mut many = |count| (0..count).map(|_| Fr::rand(rng)).collect::<Vec<Fr>>();
        let blocks = many(sizes.blocks);
        let inner = InnerMask { slopes: many(sizes.kappa), weighted: many(sizes.kappa), constant: Fr::rand(rng) };
        Self { row, outer, inner, blocks, affine, opening: Some(Mask::sample(groups, rng)) }
    }
}

/// `U(y) + (sum_j y_j) V(y)`: of degree 2 in every coordinate, with as many coefficients as the inner sumcheck has messages.
#[derive(Zeroize, ZeroizeOnDrop)]
pub(super) struct InnerMask {
    /// `u_j`.
    pub(super) slopes: Vec<Fr>,
    /// `v_j`.
    pub(super) weighted: Vec<Fr>,
    /// `u`.
    pub(super) constant: Fr,
}

impl InnerMask {
    /// `sigma`, the sum over the cube: `2^kappa (u + sum u_j / 2 + (kappa + 1) / 4 sum v_j)`.
    pub(super) fn sum(&self) -> Fr {
        let kappa = self.slopes.len();
        let slopes: Fr = self.slopes.iter().sum();
        let weighted: Fr = self.weighted.iter().sum();
        let quarter = half().square();
        power_of_two(kappa) * (self.constant + half() * slopes + quarter * Fr::from(kappa as u64 + 1) * weighted)
    }

    /// Coefficients 1 and 2 of round `bound.len()`, the coordinates before it bound to `bound`. With k later coordinates, S the sum of
    /// the bound ones and W that of the later `v`:
    ///
    /// ```text
    /// 2^k ( u_j X  +  (S + X + k/2) (sum_{i<j} v_i r_i + v_j X)  +  (S + X) W/2 )  +  constants
    /// ```
    pub(super) fn round(&self, bound: &[Fr]) -> [Fr; 2] {
        let j = bound.len();
        let (Some(slope), Some(weighted)) = (self.slopes.get(j), self.weighted.get(j)) else { return [Fr::ZERO; 2] };
        let later = self.slopes.len() - 1 - j;
        let sum: Fr = bound.iter().sum();
        let before: Fr = bound.iter().zip(&self.weighted).map(|(r, v)| *r * v).sum();
        let after: Fr = self.weighted.iter().skip(j + 1).sum();
        let scale = power_of_two(later);
        let middle = sum + half() * Fr::from(later as u64);
        [scale * (*slope + before + middle * weighted + half() * after), scale * weighted]
    }

    /// `U(y) + (sum_j y_j) V(y)` for a `y` with coordinate sum `sum`, as a multilinear table: entry i at the bits of i.
    pub(super) fn table(&self, sum: &Fr) -> Zeroizing<Vec<Fr>> {
        let mut table = Zeroizing::new(Vec::with_capacity(1 << self.slopes.len()));
        table.push(self.constant);
        for (slope, weighted) in self.slopes.iter().zip(&self.weighted) {
            let step = *slope + *sum * weighted;
            for index in 0..table.len() {
                let upper = table[index] + step;
                table.push(upper);
            }
        }
        table
    }
}

/// Commitments to the masks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct MaskCommitments {
    pub(super) u: Commitment,
    pub(super) v: Commitment,
    pub(super) d: Commitment,
}

impl MaskCommitments {
    pub(super) const COUNT: usize = 3;

    pub(super) const fn to_array(self) -> [Commitment; Self::COUNT] {
        [self.u, self.v, self.d]
    }

    pub(super) fn from_slice(points: &[Commitment]) -> Option<Self> {
        let [u, v, d] = *points else { return None };
        Some(Self { u, v, d })
    }
}

/// Sums of powers that affine functions are committed to with: `kappa + 2` products instead of `2^kappa`.
pub(super) struct AffineBases {
    /// `sum of G_i over all i`, then for each coordinate j `sum of G_i over the i with bit j`, then `H`.
    bases: Vec<G1Affine>,
}

impl AffineBases {
    pub(super) fn new(srs: &Srs, kappa: usize) -> Result<Self, CommitError> {
        let mut bases = srs.coordinate_sums(kappa)?.to_vec();
        bases.push(srs.h());
        Ok(Self { bases })
    }

    /// Commitments to `U` and `V`, each with its blinder.
    pub(super) fn commit(&self, mask: &InnerMask, blinders: &[Fr; 2]) -> [Commitment; 2] {
        let commit = |constant: Fr, slopes: &[Fr], blinder: Fr| {
            let scalars: Zeroizing<Vec<Fr>> =
                Zeroizing::new([&[constant], slopes, &[blinder]].into_iter().flatten().copied().collect());
            Commitment::new(G1Projective::msm_unchecked(&self.bases, &scalars).into_affine())
        };
        let [u, v] = *blinders;
        [commit(mask.constant, &mask.slopes, u), commit(Fr::ZERO, &mask.weighted, v)]
    }
}

fn half() -> Fr {
    Fr::ONE.double().inverse().unwrap_or_default()
}

fn power_of_two(exponent: usize) -> Fr {
    Fr::from(1u64 << exponent)
}
