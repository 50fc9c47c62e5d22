//! Transforms and quotients against arkworks.

#![expect(clippy::expect_used, reason = "a test that fails should stop")]

use ark_groth16::r1cs_to_qap::{LibsnarkReduction, R1CSToQAP as _};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng as _};
use zkl_core::ark::{
    Fr,
    ff::{FftField as _, Field as _, UniformRand as _, Zero as _},
    poly::{EvaluationDomain as _, GeneralEvaluationDomain},
};
use zkl_kernel::{Choice, Domain, LengthMismatch, Portable, avx512::Avx512, transform::TransformKernel};

fn random(len: usize, seed: u64) -> Vec<Fr> {
    let mut rng = ChaCha20Rng::seed_from_u64(seed);
    // Borders among them: sums of them are what bounds are about.
    let element = |i: usize| match i % 5 {
        0 => -Fr::ONE,
        _ => Fr::rand(&mut rng),
    };
    (0..len).map(element).collect()
}

fn reverse(index: usize, bits: u32) -> usize {
    if bits == 0 { 0 } else { index.reverse_bits() >> (usize::BITS - bits) }
}

fn twiddles(root: Fr, log_size: u32) -> Vec<Fr> {
    let bits = log_size.saturating_sub(1);
    (0..1 << bits).map(|index| root.pow([reverse(index, bits) as u64])).collect()
}

fn transforms_agree<K: TransformKernel>(kernel: K) {
    for log_size in 0..=14 {
        let size = 1 << log_size;
        let ark = GeneralEvaluationDomain::<Fr>::new(size).expect("a domain");
        let root = Fr::get_root_of_unity(size as u64).expect("a root");
        let coefficients = random(size, u64::from(log_size));
        let expected = ark.fft(&coefficients);
        let mut vector = kernel.vector(&coefficients);
        kernel.forward(&mut vector, &kernel.vector(&twiddles(root, log_size))).expect("lengths fit");
        let values = kernel.elements(&vector);
        for (index, expected) in expected.iter().enumerate() {
            assert_eq!(values[reverse(index, log_size)], *expected, "{} {log_size} {index}", K::NAME);
        }
        let inverse = root.inverse().expect("not zero");
        kernel.inverse(&mut vector, &kernel.vector(&twiddles(inverse, log_size))).expect("lengths fit");
        let scaled: Vec<Fr> = coefficients.iter().map(|c| *c * Fr::from(size as u64)).collect();
        assert!(kernel.elements(&vector) == scaled, "{} {log_size}", K::NAME);
    }
    let mut vector = kernel.vector(&random(8, 0));
    let short = kernel.vector(&random(2, 0));
    assert_eq!(kernel.forward(&mut vector, &short), Err(LengthMismatch { left: 8, right: 4 }));
    assert_eq!(kernel.inverse(&mut vector, &short), Err(LengthMismatch { left: 8, right: 4 }));
}

#[test]
fn transforms_agree_with_arkworks_up_to_their_order() {
    transforms_agree(Portable);
    match Avx512::detect() {
        Some(kernel) => transforms_agree(kernel),
        None => println!("one implementation only: this processor has no AVX-512 IFMA"),
    }
}

#[test]
fn the_quotient_is_that_of_arkworks_reduction() {
    for choice in [Some(Choice::Portable(Portable)), Choice::named("avx512").ok()].into_iter().flatten() {
        for log_size in [0, 1, 2, 3, 4, 5, 8, 13] {
            let domain = Domain::new(choice, log_size).expect("a domain");
            let (a, b) = (random(domain.size(), 1), random(domain.size(), 2));
            let c: Vec<Fr> = a.iter().zip(&b).map(|(a, b)| *a * b).collect();
            // A constraint per point whose combinations are one variable each, no inputs.
            let assignment = [a.clone(), b.clone(), c].concat();
            let matrix = |offset: usize| (0..domain.size()).map(|i| vec![(Fr::ONE, offset + i)]).collect::<Vec<_>>();
            let matrices = [0, 1, 2].map(|which| matrix(which * domain.size()));
            let expected = LibsnarkReduction::witness_map_from_matrices::<Fr, GeneralEvaluationDomain<Fr>>(
                &matrices,
                0,
                domain.size(),
                &assignment,
            )
            .expect("a reduction");
            let reversed = |values: &[Fr]| (0..values.len()).map(|i| values[domain.position(i)]).collect::<Vec<_>>();
            let quotient = domain.quotient(&reversed(&a), &reversed(&b)).expect("lengths fit");
            assert_eq!(quotient, expected, "{} {log_size}", choice.name());
            assert!(quotient[domain.size() - 1].is_zero());
        }
        let domain = Domain::new(choice, 3).expect("a domain");
        assert!(domain.quotient(&random(8, 1), &random(4, 1)).is_err());
        assert!(domain.quotient(&random(16, 1), &random(16, 1)).is_err());
        assert!(Domain::new(choice, 29).is_none());
        assert!(Domain::new(choice, 64).is_none());
    }
}
