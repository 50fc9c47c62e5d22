//! What the verifier evaluates, beside the columns that the prover sums over.

use super::{
    super::{rounds::eq_table, weights::Weights},
    fixture::{Case, Columns, rng},
};
use crate::ark::{
    Fr,
    ff::{AdditiveGroup as _, Field as _, UniformRand as _},
    std::rand::Rng as _,
};

/// Combinations of one to forty terms over all variables, so that most of them are cut at the borders of blocks.
fn wide(seed: u64, constraints: usize, variables: usize) -> Case {
    let random = &mut rng(seed);
    let mut combination = |_| -> Vec<(Fr, usize)> {
        let len = if random.gen_bool(0.8) { random.gen_range(1..4) } else { random.gen_range(4..40) };
        (0..len).map(|_| (Fr::from(random.gen_range(1..50u64)), random.gen_range(0..variables))).collect()
    };
    let rows = [(); 3].map(|()| (0..constraints).map(&mut combination).collect());
    Case::new(rows, 3, vec![Fr::ONE; variables], Some(Columns::random(4, seed)))
}

#[test]
fn the_weights_of_every_block_are_those_of_its_columns() {
    for (seed, constraints, variables) in [(1, 1, 5), (2, 40, 30), (3, 3_000, 400)] {
        let case = wide(seed, constraints, variables);
        let sizes = case.sizes();
        assert!(variables < 16 || sizes.blocks > 1, "{sizes:?}");
        let random = &mut rng(!seed);
        let mut many = |count: usize| (0..count).map(|_| Fr::rand(random)).collect::<Vec<Fr>>();
        let (t, rx, ry, x) = (many(sizes.rounds), many(sizes.rounds), many(sizes.kappa), many(sizes.inputs));
        let weights = Weights { matrices: case.key.matrices(), sizes: &sizes, t: &t, rx: &rx, rho: many(1)[0] };
        let evaluated = weights.evaluate(&x, &ry);

        let (public, extended) = weights.columns();
        let inner = |a: &[Fr], b: &[Fr]| a.iter().zip(b).fold(Fr::ZERO, |sum, (a, b)| sum + *a * b);
        let one_and_x = [&[Fr::ONE], x.as_slice()].concat();
        assert_eq!(evaluated.public, inner(&public, &one_and_x));
        let eq = eq_table(&ry);
        let blocks: Vec<Fr> = extended.chunks(eq.len()).map(|block| inner(block, &eq)).collect();
        assert_eq!(evaluated.blocks, blocks);
    }
}
