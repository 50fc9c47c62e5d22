//! The tree of the fractional sum and its layers.

use rand_chacha::{ChaCha20Rng, rand_core::RngCore as _};
use zkl_core::ark::{
    Fr,
    ff::{AdditiveGroup as _, Field as _},
};
use zkl_kernel::{
    Form, Kernel, KernelTask,
    fraction::{Denominator, LayerRounds, Leaf, LeafGroup, Numerator},
};

use super::{Columns, both, challenges, element, rng};

/// Proves every layer with fixed challenges and gives everything a prover would send.
#[derive(Clone)]
struct WholeTree<'a> {
    groups: Vec<LeafGroup<'a>>,
    log_rows: usize,
    challenges: Vec<Fr>,
}

fn rounds(layer: &mut impl LayerRounds, weights: &[Fr], z: &[Fr], challenges: &[Fr]) -> Vec<[Fr; 4]> {
    let mut sent = Vec::new();
    for (round, r) in challenges.iter().take(z.len()).enumerate() {
        assert_eq!(layer.free(), z.len() - round);
        sent.push(layer.sums(weights, &z[round + 1..]));
        layer.bind(*r);
    }
    assert_eq!(layer.free(), 0);
    sent
}

type Sent = Vec<(Vec<Fr>, Vec<Fr>, Vec<[Fr; 4]>, Vec<([Fr; 4], [Fr; 4])>)>;

impl KernelTask for WholeTree<'_> {
    type Output = Sent;

    fn run<K: Kernel>(self, kernel: K) -> Sent {
        let lambda = self.challenges[0];
        let mut sent = Vec::new();
        let mut levels = vec![kernel.above_leaves(&self.groups, self.log_rows)];
        while let Some(level) = levels.last().filter(|level| kernel.nodes(level) >= 4).map(|level| kernel.above(level))
        {
            levels.push(level);
        }
        for level in levels {
            let (p, q) = kernel.fractions(&level);
            assert_eq!((p.len(), q.len()), (kernel.nodes(&level), kernel.nodes(&level)));
            if p.len() < 4 {
                sent.push((p, q, Vec::new(), Vec::new()));
                continue;
            }
            let free = (p.len() / 4).trailing_zeros() as usize;
            let mut layer = kernel.layer(level, lambda);
            let rounds = rounds(&mut layer, &[Fr::ONE], &self.challenges[5..5 + free], &self.challenges[40..]);
            sent.push((p, q, rounds, layer.ends()));
        }
        let mut layer = kernel.leaf_layer(&self.groups, self.log_rows, lambda);
        let weights: Vec<Fr> = (0..self.groups.len()).map(|i| lambda + Fr::from(i as u64)).collect();
        let z = &self.challenges[5..5 + self.log_rows];
        let rounds = rounds(&mut layer, &weights, z, &self.challenges[40..]);
        sent.push((Vec::new(), Vec::new(), rounds, layer.ends()));
        sent
    }
}

fn leaf<'a>(rng: &mut ChaCha20Rng, columns: &'a Columns, rows: usize, with_fields: bool) -> Leaf<'a> {
    let below = [0, 1, rows / 2, rows - rows / 5, rows - 1, rows][rng.next_u32() as usize % 6];
    let p = match rng.next_u32() % 8 {
        0 => return Leaf::TRIVIAL,
        1 => Numerator::Zero,
        2 => Numerator::One,
        3..=5 => Numerator::Below(below),
        6 => Numerator::Form(Form { constant: Fr::ZERO, terms: vec![(-Fr::ONE, columns.any(rng, with_fields))] }),
        _ => Numerator::Form(columns.form(rng, with_fields)),
    };
    let q = match rng.next_u32() % 8 {
        0 => Denominator::One,
        1..=5 => {
            Denominator::Form(Form { constant: element(rng), terms: vec![(-Fr::ONE, columns.any(rng, with_fields))] })
        }
        _ => Denominator::Form(columns.form(rng, with_fields)),
    };
    Leaf { p, q }
}

#[test]
fn trees_and_layers_agree_for_every_kind_of_leaf() {
    let mut rng = rng(10);
    for log_rows in [1, 3, 7, 8, 9, 10, 11, 12] {
        let rows = 1 << log_rows;
        for round in 0..12 {
            let columns = Columns::new(&mut rng, rows);
            let groups = 1 << (round % 3);
            let with_fields = round % 4 == 3;
            let mut leaves = || std::array::from_fn(|_| leaf(&mut rng, &columns, rows, with_fields));
            let groups: Vec<LeafGroup<'_>> = (0..groups).map(|_| leaves()).collect();
            let challenges = challenges(&mut rng, 80);
            let kinds = format!("{log_rows} {groups:?}");
            let Some((expected, got)) = both(WholeTree { groups, log_rows, challenges }) else { return };
            assert!(got == expected, "{}", &kinds[..kinds.len().min(2000)]);
        }
    }
}

#[test]
fn large_layers_agree_where_tables_have_many_segments() {
    let mut rng = rng(11);
    let log_rows = 15;
    let rows = 1 << log_rows;
    let columns = Columns::new(&mut rng, rows);
    let code = |column: usize| {
        Denominator::Form(Form {
            constant: Fr::from(1u64 << 40).square().square().square(),
            terms: vec![(-Fr::ONE, zkl_kernel::Cells::U16(&columns.u16s[column]))],
        })
    };
    let lookup = |column| Leaf { p: Numerator::Below(rows - 1234), q: code(column) };
    // Multiplicities that end where a chunk does: what is left in memory behind them must not count.
    let table = Leaf {
        p: Numerator::Form(Form {
            constant: Fr::ZERO,
            terms: vec![(-Fr::ONE, zkl_kernel::Cells::U32(&columns.u32s[1][..4096]))],
        }),
        q: Denominator::Form(Form {
            constant: Fr::from(7u64).inverse().expect("7 is not 0"),
            terms: vec![(-Fr::ONE, zkl_kernel::Cells::Periodic { bits: 10 })],
        }),
    };
    let groups = vec![
        [lookup(0), lookup(1), lookup(2), lookup(3)],
        [lookup(0), lookup(1), lookup(3), table],
        [lookup(0), lookup(1), lookup(2), Leaf::TRIVIAL],
        [lookup(0), Leaf::TRIVIAL, lookup(3), Leaf::TRIVIAL],
    ];
    let challenges = challenges(&mut rng, 80);
    let Some((expected, got)) = both(WholeTree { groups, log_rows, challenges }) else { return };
    assert!(got == expected);
}
