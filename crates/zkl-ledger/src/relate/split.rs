//! Which rows go into which part of a split: at random, reproducibly, in the same proportion in every stratum.
//!
//! The random numbers are the 64-bit little-endian words of the stream of ChaCha20 (RFC 8439) with the seed as its first eight
//! little-endian bytes of key, zeros for the rest of it, and a nonce of zeros. A number below n is a word modulo n; words in the
//! incomplete last interval of n are skipped, so that no number is more likely than another. Within each stratum, in the order in which
//! the strata appear, rows are shuffled from the last to the first (Fisher and Yates): row i is exchanged with row `below(i + 1)`. The
//! first rows of the result go into the first part, and so on; within the parts they are in the order of the table again.

use std::{collections::HashMap, fmt, str::FromStr};

use rand_chacha::{
    ChaCha20Rng,
    rand_core::{RngCore as _, SeedableRng as _},
};
use zkl_argument::ColumnData;

use super::rows::RelatedRows;

/// Bits of a limb, and of a part of a digest.
const LIMB_BITS: usize = 16;

/// How large the parts are in proportion to each other: two or three numbers, as in `80/20`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ratio(Vec<u32>);

/// A text that is no [`Ratio`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected two or three whole numbers from 1 to {}, as in 80/20 or 70/15/15", Ratio::MAX)]
pub struct RatioError;

impl Ratio {
    /// Largest share.
    pub const MAX: u32 = 1_000_000;

    /// The shares.
    pub fn shares(&self) -> &[u32] {
        &self.0
    }
}

impl FromStr for Ratio {
    type Err = RatioError;

    fn from_str(text: &str) -> Result<Self, RatioError> {
        let share = |text: &str| text.parse::<u32>().ok().filter(|share| (1..=Self::MAX).contains(share));
        let shares: Option<Vec<u32>> = text.split('/').map(|text| share(text.trim())).collect();
        let shares = shares.filter(|shares| (2..=3).contains(&shares.len()));
        shares.map(Self).ok_or(RatioError)
    }
}

impl fmt::Display for Ratio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shares: Vec<String> = self.0.iter().map(ToString::to_string).collect();
        f.pad(&shares.join("/"))
    }
}

/// The part of every row. `strata` has the stratum of each, numbered from 0 in the order in which they appear.
pub(super) fn parts(ratio: &Ratio, strata: &[usize], seed: u64) -> Vec<u8> {
    let mut rows: Vec<Vec<usize>> = Vec::new();
    for (row, &stratum) in strata.iter().enumerate() {
        if rows.len() <= stratum {
            rows.resize_with(stratum + 1, Vec::new);
        }
        if let Some(rows) = rows.get_mut(stratum) {
            rows.push(row);
        }
    }
    let mut random = Random::new(seed);
    let mut shares = Shares::new(ratio);
    let mut parts = vec![0; strata.len()];
    for mut rows in rows {
        for last in (1..rows.len()).rev() {
            rows.swap(last, random.below(last as u64 + 1) as usize);
        }
        let mut shuffled = rows.into_iter();
        for (part, size) in (0..).zip(shares.next(shuffled.len())) {
            for row in shuffled.by_ref().take(size) {
                if let Some(place) = parts.get_mut(row) {
                    *place = part;
                }
            }
        }
    }
    parts
}

/// How many rows of each stratum go into each part: less than one more or fewer than its share is, in every stratum, with what was rounded
/// so far made good where it can be.
struct Shares {
    shares: Vec<u128>,
    sum: u128,
    /// What the parts should have beyond what they got, in rows times `sum`.
    owed: Vec<i128>,
}

impl Shares {
    fn new(ratio: &Ratio) -> Self {
        let shares: Vec<u128> = ratio.shares().iter().map(|&share| share.into()).collect();
        Self { sum: shares.iter().sum(), owed: vec![0; shares.len()], shares }
    }

    fn next(&mut self, rows: usize) -> Vec<usize> {
        let rows = rows as u128;
        let exact: Vec<u128> = self.shares.iter().map(|share| rows * share).collect();
        let mut sizes: Vec<u128> = exact.iter().map(|exact| exact / self.sum).collect();
        for (owed, exact) in self.owed.iter_mut().zip(&exact) {
            *owed += (exact % self.sum) as i128;
        }
        for _ in 0..rows - sizes.iter().sum::<u128>() {
            // Whoever got a whole number of rows gets no other one: as many others are left as there are rows.
            let can_take = |part: &usize| {
                let (exact, size) = (exact.get(*part), sizes.get(*part));
                exact.zip(size).is_some_and(|(exact, size)| exact % self.sum > 0 && *size == exact / self.sum)
            };
            let parts = (0..sizes.len()).filter(can_take);
            // The first of equals.
            let most = parts.max_by_key(|part| (self.owed.get(*part).copied(), std::cmp::Reverse(*part)));
            let Some(part) = most else { break };
            if let (Some(size), Some(owed)) = (sizes.get_mut(part), self.owed.get_mut(part)) {
                *size += 1;
                *owed -= self.sum as i128;
            }
        }
        sizes.into_iter().map(|size| size as usize).collect()
    }
}

struct Random(ChaCha20Rng);

impl Random {
    fn new(seed: u64) -> Self {
        let mut key = [0; 32];
        for (place, byte) in key.iter_mut().zip(seed.to_le_bytes()) {
            *place = byte;
        }
        Self(ChaCha20Rng::from_seed(key))
    }

    /// A number below `n`, each as likely as any other.
    fn below(&mut self, n: u64) -> u64 {
        let incomplete = (u64::MAX % n + 1) % n;
        loop {
            let word = self.0.next_u64();
            if word <= u64::MAX - incomplete {
                return word % n;
            }
        }
    }
}

/// The strata of a table by the cells of its column at `position`; `None` when its values are not committed to.
pub(super) fn strata(rows: &RelatedRows, position: usize) -> Option<Vec<usize>> {
    let mut known: HashMap<Option<i128>, usize> = HashMap::new();
    let mut strata = Vec::new();
    for segment in &rows.segments {
        let columns = segment.columns.data();
        let column = columns.get(position)?;
        for row in 0..usize::try_from(segment.profile.rows).ok()? {
            let next = known.len();
            strata.push(*known.entry(cell(column, row)?).or_insert(next));
        }
    }
    Some(strata)
}

/// A cell of a table, by which its rows are told apart: equal values of one column have equal ones, and null has its own.
fn cell(column: &ColumnData<'_>, row: usize) -> Option<Option<i128>> {
    match column {
        ColumnData::Numeric { limbs, valid } => {
            let is_valid = valid.is_none_or(|valid| valid.get(row).copied().unwrap_or(false));
            let limb =
                |(at, limb): (usize, &&[u16])| i128::from(limb.get(row).copied().unwrap_or(0)) << (LIMB_BITS * at);
            Some(is_valid.then(|| limbs.iter().enumerate().map(limb).sum()))
        }
        ColumnData::Codes16(codes) => Some(codes.get(row).map(|&code| code.into())),
        ColumnData::Codes32(codes) => Some(codes.get(row).map(|&code| code.into())),
        ColumnData::Hashed { parts, .. } => {
            let parts = parts.iter().rev().map(|part| u128::from(part.get(row).copied().unwrap_or(0)));
            Some(Some(parts.fold(0u128, |digest, part| digest << LIMB_BITS | part) as i128))
        }
        ColumnData::Opaque { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sizes(parts: &[u8]) -> [usize; 3] {
        [0, 1, 2].map(|part| parts.iter().filter(|&&other| other == part).count())
    }

    #[test]
    fn ratios_are_two_or_three_whole_numbers() {
        assert_eq!("80/20".parse::<Ratio>().unwrap().shares(), [80, 20]);
        assert_eq!("70 / 15/15".parse::<Ratio>().unwrap().to_string(), "70/15/15");
        for text in ["", "80", "80/0", "80/-20", "0.8/0.2", "1/2/3/4", "1000001/1", "a/b", "80/20/"] {
            assert_eq!(text.parse::<Ratio>(), Err(RatioError), "{text}");
        }
    }

    /// The stream of ChaCha20 with a key of zeros (RFC 8439, A.1, test vector 1), and that nothing is drawn twice.
    #[test]
    fn the_generator_is_the_published_one() {
        let mut random = Random::new(0);
        assert_eq!(random.below(u64::MAX), 0x903d_f1a0_ade0_b876);
        assert_eq!(random.below(1_000), 0x28bd_8653_e56a_5d40 % 1_000);
    }

    #[test]
    fn the_same_seed_gives_the_same_parts_and_another_one_others() {
        let (ratio, strata) = ("80/20".parse().unwrap(), [0; 10]);
        let of = |seed| parts(&ratio, &strata, seed);
        assert_eq!(of(7), of(7));
        let different = (0..20).map(of).collect::<std::collections::BTreeSet<_>>();
        assert!(different.len() > 10, "{}", different.len());
        assert!((0..20).all(|seed| sizes(&of(seed)) == [8, 2, 0]));
    }

    #[test]
    fn every_choice_of_rows_is_as_likely_as_any_other() {
        let ratio = "1/1".parse().unwrap();
        let mut counts: HashMap<Vec<u8>, u32> = HashMap::new();
        for seed in 0..6_000 {
            *counts.entry(parts(&ratio, &[0; 4], seed)).or_default() += 1;
        }
        // Six choices of two rows out of four, 1,000 each; the deviation of one is 29.
        assert_eq!(counts.len(), 6);
        assert!(counts.values().all(|count| (850..1_150).contains(count)), "{counts:?}");
    }

    #[test]
    fn strata_and_the_whole_are_split_in_the_ratio() {
        for (ratio, seed) in [("80/20", 1), ("1/1", 2), ("70/15/15", 3), ("1/999999", 4), ("3/3/1", 5)] {
            let ratio: Ratio = ratio.parse().unwrap();
            let sum: u32 = ratio.shares().iter().sum();
            let mut random = Random::new(seed);
            let strata: Vec<usize> = (0..2_000).map(|_| (random.below(40) * random.below(40) / 40) as usize).collect();
            let parts = parts(&ratio, &strata, seed);
            for stratum in (0..40).map(Some).chain([None]) {
                let is_in = |row: &usize| stratum.is_none_or(|stratum| strata[*row] == stratum);
                let here: Vec<u8> = (0..2_000).filter(is_in).map(|row| parts[row]).collect();
                let got = sizes(&here);
                for (part, &share) in ratio.shares().iter().enumerate() {
                    let exact = here.len() as f64 * f64::from(share) / f64::from(sum);
                    assert!((got[part] as f64 - exact).abs() < 1.0, "{ratio} {stratum:?} {part}: {got:?}");
                }
            }
        }
        // Strata of one row each: the whole is in the ratio all the same.
        let single: Vec<usize> = (0..100).collect();
        assert_eq!(sizes(&parts(&"80/20".parse().unwrap(), &single, 1)), [80, 20, 0]);
    }
}
