//! Sums of points: both implementations against arkworks' projective formulas.

#![expect(
    clippy::print_stdout,
    clippy::expect_used,
    reason = "a test that compares nothing says so, and one that fails should stop"
)]

use rand_chacha::{
    ChaCha20Rng,
    rand_core::{RngCore as _, SeedableRng as _},
};
use zkl_core::ark::{
    Fr,
    bn254::{g1, g2},
    ec::{
        CurveGroup as _, PrimeGroup as _,
        short_weierstrass::{Affine, Projective},
    },
    ff::{UniformRand as _, Zero as _},
};
use zkl_kernel::{
    Choice, Portable,
    points::{Curve, Pair, PointKernel, PointTable, PointTask, Run, sums},
};

fn rng(seed: u64) -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(seed)
}

/// The implementations that this processor runs.
fn choices() -> Vec<Choice> {
    let mut choices = vec![Choice::Portable(Portable)];
    match Choice::named("avx512") {
        Ok(vector) => choices.push(vector),
        Err(error) => println!("one implementation only: {error}"),
    }
    choices
}

/// Random points among which some are repeated, negated, neutral, or all of that in a row.
fn awkward_points<C: Curve>(len: usize, rng: &mut ChaCha20Rng) -> Vec<Affine<C>> {
    let mut points = vec![Projective::<C>::zero(); len];
    for i in 0..len {
        points[i] = match rng.next_u32() % 12 {
            0 if i > 0 => points[i - 1],
            1 if i > 0 => -points[i - 1],
            2 => points[i / 2],
            3 => -points[i / 2],
            4 => Projective::zero(),
            5 if i > 1 => points[i - 1] + points[i - 2],
            _ => Projective::generator() * Fr::rand(rng),
        };
    }
    Projective::normalize_batch(&points)
}

/// Adds pairs of a table, then pairs of the sums in place.
#[derive(Clone, Copy)]
struct Twice<'a> {
    pairs: &'a [Pair],
}

impl<C: Curve> PointTask<C> for Twice<'_> {
    type Output = (Vec<Affine<C>>, Vec<Affine<C>>);

    fn run<K: PointKernel<C>>(self, kernel: K, table: &[K::Point]) -> Self::Output {
        let mut scratch = K::Scratch::default();
        let mut out = vec![K::Point::default(); self.pairs.len()];
        kernel.add_apart(table, self.pairs, &mut out, &mut scratch);
        let once = kernel.restore(&out);
        let neighbours = |left: u32| Pair { left, right: left + 1, to: left };
        let pairs: Vec<Pair> = (0..self.pairs.len() as u32 / 2).map(|index| neighbours(2 * index)).collect();
        kernel.add_within(&mut out, &pairs, &mut scratch);
        (once, kernel.restore(&out))
    }
}

fn pairs_agree<C: Curve>() {
    let mut rng = rng(1);
    let some = awkward_points::<C>(3, &mut rng);
    let mut points = vec![Affine::identity(), some[0], -some[0], some[1]];
    points.extend(awkward_points::<C>(40, &mut rng));
    let signed = |index: u32| {
        let point = Projective::from(points[(index >> 1) as usize]);
        if index & 1 == 0 { point } else { -point }
    };
    // Every pair of the first few points and signs, at every place of a group; then random ones.
    let mut cases: Vec<(u32, u32)> = (0..12).flat_map(|left| (0..12).map(move |right| (left, right))).collect();
    let indices = 2 * points.len() as u32;
    cases.extend((0..9_000).map(|_| (rng.next_u32() % indices, rng.next_u32() % indices)));
    for shift in 0..8 {
        let cases = &cases[shift..];
        for len in [0, 1, 7, 8, 9, 15, 16, 17, 150, cases.len()] {
            let place = |(to, &(left, right)): (u32, &(u32, u32))| Pair { left, right, to };
            let pairs: Vec<Pair> = (0..).zip(&cases[..len]).map(place).collect();
            let once: Vec<_> = pairs.iter().map(|pair| signed(pair.left) + signed(pair.right)).collect();
            let mut twice = once.clone();
            for pair in twice.chunks_exact_mut(2) {
                pair[0] += pair[1];
            }
            for choice in choices() {
                let table = PointTable::<C>::new(choice, points.clone());
                let (got_once, got_twice) = table.run(Twice { pairs: &pairs });
                assert!(got_once == Projective::normalize_batch(&once), "{} {len}", choice.name());
                assert!(got_twice == Projective::normalize_batch(&twice), "{} {len}", choice.name());
            }
            if shift > 0 && len > 17 {
                break;
            }
        }
    }
}

#[test]
fn equal_opposite_and_neutral_points_add_up_in_g1() {
    pairs_agree::<g1::Config>();
}

#[test]
fn equal_opposite_and_neutral_points_add_up_in_g2() {
    pairs_agree::<g2::Config>();
}

#[derive(Clone, Copy)]
struct Sums<'a> {
    entries: &'a [u32],
    runs: &'a [Run],
    sets: usize,
}

impl<C: Curve> PointTask<C> for Sums<'_> {
    type Output = Vec<Affine<C>>;

    fn run<K: PointKernel<C>>(self, kernel: K, table: &[K::Point]) -> Self::Output {
        kernel.restore(&sums(kernel, table, self.entries, self.runs, self.sets))
    }
}

/// Compares with sums one by one, on one thread and on three.
fn check_sums<C: Curve>(points: &[Affine<C>], entries: &[u32], runs: &[Run], sets: usize) {
    let mut expected = vec![Projective::<C>::zero(); sets];
    for run in runs {
        for entry in &entries[run.start as usize..][..run.len as usize] {
            let point = points[(entry >> 1) as usize];
            expected[run.set as usize] += if entry & 1 == 0 { point } else { -point };
        }
    }
    let expected = Projective::normalize_batch(&expected);
    for choice in choices() {
        let table = PointTable::<C>::new(choice, points.to_vec());
        for threads in [1, 3] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
            let got = pool.install(|| table.run(Sums { entries, runs, sets }));
            assert!(got == expected, "{} {threads} threads, {} entries, {sets} sets", choice.name(), entries.len());
        }
    }
}

fn random_runs(rng: &mut ChaCha20Rng, entries: usize, sets: usize, longest: u32) -> Vec<Run> {
    let mut runs = Vec::new();
    let mut start = 0;
    while start < entries as u32 {
        let len = (rng.next_u32() % (longest + 1)).min(entries as u32 - start);
        runs.push(Run { set: rng.next_u32() % sets as u32, start, len });
        // Some entries belong to no set.
        start += len + rng.next_u32() % 3;
    }
    runs
}

fn sums_agree<C: Curve>(largest: usize) {
    let mut rng = rng(2);
    let points = awkward_points::<C>(300, &mut rng);
    for (entries, sets, longest) in [
        (0, 0, 1),
        (0, 3, 1),
        (1, 1, 1),
        (2, 1, 2),
        (100, 1, 100),
        (1000, 700, 3),
        (2047, 40, 60),
        (2049, 40, 60),
        (largest, 1, 5),
        (largest, 3, 50_000),
        (largest, 500, 400),
        (largest, 9_000, 3),
    ] {
        let runs = random_runs(&mut rng, entries, sets, longest);
        let entries: Vec<u32> = (0..entries).map(|_| rng.next_u32() % (2 * points.len() as u32)).collect();
        check_sums::<C>(&points, &entries, &runs, sets);
    }
}

#[test]
fn sums_of_random_sets_agree_in_g1() {
    sums_agree::<g1::Config>(40_001);
}

#[test]
fn sums_of_random_sets_agree_in_g2() {
    sums_agree::<g2::Config>(20_001);
}

#[test]
fn sets_of_one_point_and_of_its_opposites_agree() {
    let point = (Projective::<g1::Config>::generator() * Fr::from(7u64)).into_affine();
    let whole = |entries: &[u32]| {
        check_sums(&[point, Affine::identity()], entries, &[Run { set: 0, start: 0, len: entries.len() as u32 }], 1);
    };
    for len in [1, 2, 3, 1000, 20_000] {
        whole(&vec![0; len]);
        whole(&vec![1; len]);
        whole(&vec![2; len]);
        whole(&(0..len as u32).map(|index| index % 2).collect::<Vec<_>>());
        whole(&(0..len as u32).map(|index| index % 4).collect::<Vec<_>>());
    }
}

#[test]
fn points_survive_the_way_into_the_kernel_and_back() {
    struct Back;
    impl<C: Curve> PointTask<C> for Back {
        type Output = (Vec<Affine<C>>, Vec<Affine<C>>);

        fn run<K: PointKernel<C>>(self, kernel: K, table: &[K::Point]) -> Self::Output {
            let negated: Vec<_> = table.iter().map(|point| kernel.negated(point)).collect();
            (kernel.restore(table), kernel.restore(&negated))
        }
    }
    fn check<C: Curve>() {
        for len in [0, 1, 7, 8, 9, 100] {
            let points = awkward_points::<C>(len, &mut rng(3));
            for choice in choices() {
                let table = PointTable::new(choice, points.clone());
                let (same, negated) = table.run(Back);
                assert_eq!((&same, table.points(), table.len()), (&points, points.as_slice(), len));
                assert_eq!(negated, points.iter().map(|point| -*point).collect::<Vec<_>>());
            }
        }
    }
    check::<g1::Config>();
    check::<g2::Config>();
}

/// Two million random additions in each group, about a minute with optimisation: `cargo test --release -p zkl-kernel --test
/// points -- --ignored`.
#[test]
#[ignore = "long"]
fn millions_of_additions_agree() {
    fn check<C: Curve>() {
        let mut rng = rng(4);
        for _ in 0..20 {
            let points = awkward_points::<C>(3_000, &mut rng);
            let runs = random_runs(&mut rng, 100_000, 2_000, 200);
            let entries: Vec<u32> = (0..100_000).map(|_| rng.next_u32() % (2 * points.len() as u32)).collect();
            check_sums::<C>(&points, &entries, &runs, 2_000);
        }
    }
    check::<g1::Config>();
    check::<g2::Config>();
}
