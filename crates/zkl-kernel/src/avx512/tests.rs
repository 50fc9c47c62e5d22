//! Every operation against arkworks, on random integers and on those at the borders of what its type allows.

use rand_chacha::{
    ChaCha20Rng,
    rand_core::{RngCore as _, SeedableRng as _},
};
use zkl_core::ark::{Fq, Fr};

use super::{Accumulator, Avx512, Block, Coefficient, Lanes, Product, SmallSum, Word};
use crate::modulus::{LIMB_MASK, LIMBS, Modulus};

/// The processor's proof, or `None` with a word about it.
fn cpu() -> Option<Avx512> {
    let cpu = Avx512::detect();
    if cpu.is_none() {
        println!("not tested: this processor has no AVX-512 IFMA");
    }
    cpu
}

fn rng(seed: u64) -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(seed)
}

type Integer = [u64; LIMBS];

/// The element that an integer stands for, by arkworks alone.
fn element<F: Modulus>(integer: &Integer) -> F {
    let shift = F::from(1u64 << 52);
    let value = integer.iter().rev().fold(F::zero(), |value, limb| value * shift + F::from(*limb));
    value / shift.pow([LIMBS as u64])
}

fn is_below(a: &Integer, b: &Integer) -> bool {
    a.iter().rev().lt(b.iter().rev())
}

fn minus_one(mut integer: Integer) -> Integer {
    for limb in &mut integer {
        if *limb > 0 {
            *limb -= 1;
            return integer;
        }
        *limb = LIMB_MASK;
    }
    integer
}

/// Integers below `K p` at every border: multiples of p and their neighbours, limbs that are empty, full, or nearly so.
fn borders<F: Modulus, const K: u32>() -> Vec<Integer> {
    let bound = F::MULTIPLES[K as usize];
    let mut integers = Vec::new();
    for k in [0, 1, 2, K / 2, K - 1, K] {
        let multiple = F::MULTIPLES[k as usize];
        let mut next = multiple;
        next[0] += 1;
        integers.extend([multiple, next, minus_one(multiple)]);
    }
    let values = [0, 1, LIMB_MASK - 1, LIMB_MASK];
    for pattern in 0..4usize.pow(5) {
        let mut integer: Integer = std::array::from_fn(|i| values[pattern >> (2 * i) & 3]);
        // The top limb decides about the bound: also as large as it may be.
        integer[4] = integer[4].min(bound[4]);
        integers.push(integer);
        integer[4] = integer[4].min(bound[4] - 1);
        integers.push(integer);
    }
    integers.retain(|integer| is_below(integer, &bound) && integer.iter().all(|limb| *limb <= LIMB_MASK));
    integers
}

/// A random integer below `K p`, often close to it.
fn random<F: Modulus, const K: u32>(rng: &mut ChaCha20Rng) -> Integer {
    let bound = F::MULTIPLES[K as usize];
    loop {
        let mut integer: Integer = std::array::from_fn(|_| rng.next_u64() & LIMB_MASK);
        integer[4] = match rng.next_u32() % 4 {
            0 => bound[4],
            _ => rng.next_u64() % (bound[4] + 1),
        };
        if is_below(&integer, &bound) {
            return integer;
        }
    }
}

fn lanes<F: Modulus, const K: u32>(cpu: Avx512, integers: &[Integer; 8]) -> Lanes<F, K> {
    let bound = F::MULTIPLES[K as usize];
    assert!(integers.iter().all(|integer| is_below(integer, &bound)), "a test within the bounds");
    Lanes::from_limbs(std::array::from_fn(|i| Word::load(cpu, &integers.map(|integer| integer[i]))))
}

fn integers<F: Modulus, const K: u32>(lanes: Lanes<F, K>) -> [Integer; 8] {
    let limbs = lanes.limbs.map(Word::to_array);
    std::array::from_fn(|lane| limbs.map(|limb| limb[lane]))
}

/// Checks the invariant of the type and the elements.
#[track_caller]
fn holds<F: Modulus, const K: u32>(lanes: Lanes<F, K>, expected: &[F; 8]) {
    for (integer, expected) in integers(lanes).iter().zip(expected) {
        assert!(integer.iter().all(|limb| *limb <= LIMB_MASK), "limbs of 52 bits: {integer:x?}");
        assert!(is_below(integer, &F::MULTIPLES[K as usize]), "below {K} p: {integer:x?}");
        assert_eq!(element::<F>(integer), *expected);
    }
}

/// Calls `check` with pairs of eight integers: borders against borders in a random order, and random ones.
fn pairs<F: Modulus, const A: u32, const B: u32>(check: impl Fn(&[Integer; 8], &[Integer; 8])) {
    let mut rng = rng(u64::from(A) << 32 | u64::from(B));
    let (left, right) = (borders::<F, A>(), borders::<F, B>());
    for _ in 0..300 {
        let a = std::array::from_fn(|_| left[rng.next_u32() as usize % left.len()]);
        let b = std::array::from_fn(|_| right[rng.next_u32() as usize % right.len()]);
        check(&a, &b);
    }
    let (largest_a, largest_b) = (minus_one(F::MULTIPLES[A as usize]), minus_one(F::MULTIPLES[B as usize]));
    check(&[largest_a; 8], &[largest_b; 8]);
    for _ in 0..300 {
        let a = std::array::from_fn(|_| random::<F, A>(&mut rng));
        let b = std::array::from_fn(|_| random::<F, B>(&mut rng));
        check(&a, &b);
    }
}

fn zip<F: Modulus>(a: &[Integer; 8], b: &[Integer; 8], f: impl Fn(F, F) -> F) -> [F; 8] {
    std::array::from_fn(|i| f(element(&a[i]), element(&b[i])))
}

fn times_agrees<F: Modulus, const A: u32, const B: u32>(cpu: Avx512) {
    pairs::<F, A, B>(|a, b| {
        let product = lanes::<F, A>(cpu, a).times(lanes::<F, B>(cpu, b));
        holds(product, &zip(a, b, |a, b| a * b));
    });
}

fn square_agrees<F: Modulus, const A: u32>(cpu: Avx512) {
    pairs::<F, A, 1>(|a, _| {
        let square = lanes::<F, A>(cpu, a).square();
        holds(square, &zip(a, a, |a, b| a * b));
    });
}

#[test]
fn products_are_those_of_arkworks_up_to_the_bounds_of_their_types() {
    fn all<F: Modulus>(cpu: Avx512) {
        times_agrees::<F, 1, 1>(cpu);
        times_agrees::<F, 2, 2>(cpu);
        times_agrees::<F, 9, 9>(cpu);
        times_agrees::<F, 16, 5>(cpu);
        times_agrees::<F, 2, 42>(cpu);
        times_agrees::<F, 84, 1>(cpu);
        square_agrees::<F, 1>(cpu);
        square_agrees::<F, 2>(cpu);
        square_agrees::<F, 9>(cpu);
    }
    let Some(cpu) = cpu() else { return };
    all::<Fr>(cpu);
    all::<Fq>(cpu);
}

fn sums_agree<F: Modulus, const A: u32, const B: u32, const C: u32>(cpu: Avx512) {
    pairs::<F, A, B>(|a, b| {
        let (x, y) = (lanes::<F, A>(cpu, a), lanes::<F, B>(cpu, b));
        holds(x.plus::<B, C>(y), &zip(a, b, |a, b| a + b));
        holds(x.minus::<B, C>(y), &zip(a, b, |a, b| a - b));
        holds(y.negate::<C>(), &zip(b, b, |b: F, _| -b));
    });
}

#[test]
fn sums_and_differences_are_those_of_arkworks_up_to_the_bounds_of_their_types() {
    fn all<F: Modulus>(cpu: Avx512) {
        sums_agree::<F, 1, 1, 2>(cpu);
        sums_agree::<F, 2, 2, 4>(cpu);
        sums_agree::<F, 3, 16, 19>(cpu);
        sums_agree::<F, 42, 42, 84>(cpu);
        sums_agree::<F, 1, 83, 84>(cpu);
    }
    let Some(cpu) = cpu() else { return };
    all::<Fr>(cpu);
    all::<Fq>(cpu);
}

fn reductions_agree<F: Modulus, const A: u32>(cpu: Avx512) {
    pairs::<F, A, 2>(|a, b| {
        holds(lanes::<F, A>(cpu, a).reduce(), &zip(a, a, |a, _| a));
        let canonical = lanes::<F, 2>(cpu, b).canonical();
        holds(canonical, &zip(b, b, |b, _| b));
        let zeros = canonical.zeros();
        let equal = canonical.equals(Lanes::splat(cpu, element::<F>(&b[3])));
        for (lane, integer) in b.iter().enumerate() {
            assert_eq!(zeros >> lane & 1 == 1, element::<F>(integer) == F::zero());
            assert_eq!(equal >> lane & 1 == 1, element::<F>(integer) == element::<F>(&b[3]));
        }
    });
}

#[test]
fn reductions_keep_the_elements_and_reach_their_bounds() {
    fn all<F: Modulus>(cpu: Avx512) {
        reductions_agree::<F, 2>(cpu);
        reductions_agree::<F, 5>(cpu);
        reductions_agree::<F, 16>(cpu);
        reductions_agree::<F, 84>(cpu);
        pairs::<F, 84, 4>(|a, b| {
            holds(lanes::<F, 84>(cpu, a).halve::<42>(), &zip(a, a, |a, _| a));
            holds(lanes::<F, 4>(cpu, b).halve::<2>(), &zip(b, b, |b, _| b));
        });
    }
    let Some(cpu) = cpu() else { return };
    all::<Fr>(cpu);
    all::<Fq>(cpu);
}

#[test]
fn sums_of_products_take_one_reduction() {
    fn all<F: Modulus>(cpu: Avx512) {
        pairs::<F, 9, 2>(|a, b| {
            let (x, y) = (lanes::<F, 9>(cpu, a), lanes::<F, 2>(cpu, b));
            let sum = {
                let squares: Product<F, 82> = Product::<F, 81>::square(x).plus(Product::<F, 1>::of(one(cpu), one(cpu)));
                let products = Product::<F, 18>::of(x, y).plus_product::<9, 2, 36>(x, y).plus_product::<2, 2, 40>(y, y);
                (squares.reduce(), products.reduce())
            };
            holds(sum.0, &zip(a, b, |a, _| a * a + F::one()));
            holds(sum.1, &zip(a, b, |a, b| a * b + a * b + b * b));
        });
    }
    let Some(cpu) = cpu() else { return };
    all::<Fr>(cpu);
    all::<Fq>(cpu);
}

fn one<F: Modulus>(cpu: Avx512) -> Lanes<F, 1> {
    Lanes::splat(cpu, F::one())
}

#[test]
fn accumulators_hold_any_number_of_the_largest_products() {
    fn all<F: Modulus>(cpu: Avx512) {
        let largest: [Integer; 8] = [minus_one(F::MULTIPLES[27]); 8];
        let other: [Integer; 8] = [minus_one(F::MULTIPLES[2]); 8];
        for count in [0, 1, 127, 128, 129, 1000] {
            let total = {
                let mut sum = Accumulator::new(cpu);
                for _ in 0..count {
                    sum.add(lanes::<F, 27>(cpu, &largest), lanes::<F, 2>(cpu, &other));
                }
                sum.total()
            };
            holds(total, &zip(&largest, &other, |a, b| a * b * F::from(count as u64)));
        }
        let mut expected = [F::zero(); 8];
        let mut sum = Accumulator::new(cpu);
        let mut rng = rng(5);
        for _ in 0..300 {
            let a = std::array::from_fn(|_| random::<F, 6>(&mut rng));
            let b = std::array::from_fn(|_| random::<F, 9>(&mut rng));
            sum.add(lanes::<F, 6>(cpu, &a), lanes::<F, 9>(cpu, &b));
            for (expected, product) in expected.iter_mut().zip(zip::<F>(&a, &b, |a, b| a * b)) {
                *expected += product;
            }
        }
        holds(sum.total(), &expected);
    }
    let Some(cpu) = cpu() else { return };
    all::<Fr>(cpu);
    all::<Fq>(cpu);
}

#[test]
fn products_with_small_integers_are_those_of_arkworks() {
    fn all<F: Modulus>(cpu: Avx512) {
        let mut rng = rng(6);
        let borders = [0, 1, 0xffff, 1 << 16, (1 << 32) - 1, 1 << 32, (1 << 51) - 1];
        for round in 0..500 {
            let coefficients: [F; 2] = std::array::from_fn(|_| match round {
                0 => -F::one(),
                1 => F::zero(),
                _ => F::rand(&mut rng),
            });
            let mut word = || match rng.next_u32() % 3 {
                0 => rng.next_u64() >> 13,
                _ => borders[rng.next_u32() as usize % borders.len()],
            };
            let words: [[u64; 8]; 2] = std::array::from_fn(|_| std::array::from_fn(|_| word()));
            let sum = {
                coefficients
                    .iter()
                    .zip(&words)
                    .fold(SmallSum::new(cpu), |sum, (c, w)| sum.plus(&Coefficient::new(*c), Word::load(cpu, w)))
                    .reduce()
            };
            let term = |k: usize, i: usize| coefficients[k] * F::from(words[k][i]);
            holds(sum, &std::array::from_fn(|i| term(0, i) + term(1, i)));
        }
        let many = {
            let largest = Coefficient::new(-F::one());
            let word = Word::splat(cpu, (1 << 32) - 1);
            (0..1 << 10).fold(SmallSum::new(cpu), |sum, _| sum.plus(&largest, word)).reduce()
        };
        holds(many, &[-F::from(((1u64 << 32) - 1) << 10); 8]);
    }
    let Some(cpu) = cpu() else { return };
    all::<Fr>(cpu);
    all::<Fq>(cpu);
}

#[test]
fn elements_survive_the_way_to_the_kernel_form_and_back() {
    fn all<F: Modulus>(cpu: Avx512) {
        let mut rng = rng(7);
        let fixed = [F::zero(), F::one(), -F::one(), F::from(1u64 << 52), F::from(LIMB_MASK)];
        for round in 0..300 {
            let values: [F; 8] = std::array::from_fn(|i| match fixed.get(i + round) {
                Some(value) => *value,
                None => F::rand(&mut rng),
            });
            let there = Lanes::from_ark(cpu, &values);
            holds(there, &values);
            assert_eq!(there.to_ark(), values);
            holds(Lanes::splat(cpu, values[0]), &[values[0]; 8]);
            assert_eq!(there.sum(), values.iter().sum::<F>());
            let inverses = values.map(|value| value.inverse().unwrap_or(F::zero()));
            holds(there.invert(), &inverses);
        }
        pairs::<F, 84, 1>(|a, _| {
            assert_eq!(lanes::<F, 84>(cpu, a).to_ark(), zip(a, a, |a, _| a));
        });
    }
    let Some(cpu) = cpu() else { return };
    all::<Fr>(cpu);
    all::<Fq>(cpu);
}

#[test]
fn lanes_move_as_the_indices_say() {
    let Some(cpu) = cpu() else { return };
    let values: [Fr; 16] = std::array::from_fn(|i| Fr::from(i as u64 + 1));
    let (first, second) = (std::array::from_fn(|i| values[i]), std::array::from_fn(|i| values[i + 8]));
    let (a, b) = (Lanes::from_ark(cpu, &first), Lanes::from_ark(cpu, &second));
    let (even, odd) = a.even_odd(b);
    assert_eq!(even.to_ark(), std::array::from_fn(|i| values[2 * i]));
    assert_eq!(odd.to_ark(), std::array::from_fn(|i| values[2 * i + 1]));
    let rotated = a.permute(Word::load(cpu, &[1, 2, 3, 4, 5, 6, 7, 0]));
    assert_eq!(rotated.to_ark(), std::array::from_fn(|i| first[(i + 1) % 8]));
    assert_eq!(
        a.replace(0b1000_0001, b).to_ark(),
        std::array::from_fn(|i| if i % 7 == 0 { second[i] } else { first[i] })
    );
    let mut block = Block::ZERO;
    a.store(&mut block);
    assert_eq!(Lanes::load(cpu, &block).to_ark(), first);
    assert_eq!(Lanes::load(cpu, &Block::<Fr>::ZERO).to_ark(), [Fr::from(0u64); 8]);
}

/// Chains of products, eight lanes against arkworks. Each lane is multiplied by its own factor, so that values wander through
/// the field; a lane that once differs differs for ever.
fn long_run<F: Modulus>(cpu: Avx512, seed: u64, steps: u64) {
    let mut rng = rng(seed);
    let mut scalar: [F; 8] = std::array::from_fn(|_| F::rand(&mut rng));
    let factors: [F; 8] = std::array::from_fn(|_| F::rand(&mut rng));
    let mut vector: Lanes<F, 2> = Lanes::from_ark(cpu, &scalar).reduce();
    let factor: Lanes<F, 16> = Lanes::from_ark(cpu, &factors);
    for step in 0..steps {
        // Sums keep the integers away from the smallest representative.
        vector = vector.plus::<2, 4>(vector).times(factor);
        for (value, factor) in scalar.iter_mut().zip(&factors) {
            *value = value.double() * factor;
        }
        if step % 1024 == 0 || step + 1 == steps {
            holds(vector, &scalar);
        }
    }
}

#[test]
fn chains_of_products_agree_with_arkworks() {
    let Some(cpu) = cpu() else { return };
    long_run::<Fr>(cpu, 1, 20_000);
    long_run::<Fq>(cpu, 2, 20_000);
}

#[test]
#[ignore = "a minute and more: 10^9 products, half of them in each field, or ZKL_KERNEL_PRODUCTS"]
fn a_billion_products_agree_with_arkworks() {
    let Some(cpu) = cpu() else { return };
    let products = std::env::var("ZKL_KERNEL_PRODUCTS").ok().and_then(|value| value.parse().ok()).unwrap_or(1u64 << 30);
    let threads = std::thread::available_parallelism().map_or(1, usize::from) as u64;
    let steps = products.div_ceil(16 * threads);
    std::thread::scope(|scope| {
        for thread in 0..threads {
            scope.spawn(move || {
                long_run::<Fr>(cpu, 100 + thread, steps);
                long_run::<Fq>(cpu, 200 + thread, steps);
            });
        }
    });
    println!("{} products of each field agree", steps * 8 * threads);
}
