//! Operations on whole vectors.

use rand_chacha::rand_core::RngCore as _;
use zkl_core::ark::{
    Fr,
    ff::{AdditiveGroup as _, Field as _},
};
use zkl_kernel::{Choice, Form, Kernel, KernelTask, LengthMismatch, Portable, SparseRows, SparseTerm};

use super::{Columns, both, challenges, elements, rng};

const LENGTHS: [usize; 12] = [0, 1, 7, 8, 9, 63, 64, 1023, 1024, 1025, 4096, 10_007];

#[derive(Clone)]
struct EveryOperation {
    a: Vec<Fr>,
    b: Vec<Fr>,
    r: Fr,
}

impl KernelTask for EveryOperation {
    type Output = Vec<Vec<Fr>>;

    fn run<K: Kernel>(self, kernel: K) -> Self::Output {
        let (a, b) = (kernel.vector(&self.a), kernel.vector(&self.b));
        assert_eq!(kernel.len(&a), self.a.len());
        let with = |change: &dyn Fn(&mut K::Vector)| {
            let mut copy = a.clone();
            change(&mut copy);
            kernel.elements(&copy)
        };
        vec![
            kernel.elements(&a),
            with(&|a| kernel.add(a, &b).expect("equal lengths")),
            with(&|a| kernel.subtract(a, &b).expect("equal lengths")),
            with(&|a| kernel.multiply(a, &b).expect("equal lengths")),
            with(&|a| kernel.add_scaled(a, self.r, &b).expect("equal lengths")),
            with(&|a| kernel.fold(a, self.r)),
            with(&|a| {
                kernel.fold(a, self.r);
                kernel.fold(a, self.r + Fr::ONE);
            }),
            with(&|a| kernel.invert(a)),
            vec![kernel.inner_product(&a, &b).expect("equal lengths")],
        ]
    }
}

#[test]
fn operations_on_vectors_agree_with_arkworks_at_every_length() {
    let mut rng = rng(1);
    for len in LENGTHS {
        let (a, b) = (elements(&mut rng, len), elements(&mut rng, len));
        let r = challenges(&mut rng, 1)[0];
        let results = Choice::Portable(Portable).run(EveryOperation { a: a.clone(), b: b.clone(), r });
        let zip = |f: &dyn Fn(Fr, Fr) -> Fr| a.iter().zip(&b).map(|(a, b)| f(*a, *b)).collect::<Vec<_>>();
        let fold = |values: &[Fr], r: Fr| {
            let pair = |pair: &[Fr]| pair[0] + r * (pair.get(1).copied().unwrap_or_default() - pair[0]);
            values.chunks(2).map(pair).collect::<Vec<_>>()
        };
        let by_hand = vec![
            a.clone(),
            zip(&|a, b| a + b),
            zip(&|a, b| a - b),
            zip(&|a, b| a * b),
            zip(&|a, b| a + r * b),
            fold(&a, r),
            fold(&fold(&a, r), r + Fr::ONE),
            a.iter().map(|a| a.inverse().unwrap_or_default()).collect(),
            vec![zip(&|a, b| a * b).into_iter().sum()],
        ];
        assert_eq!(results, by_hand, "{len}");
        if let Some((expected, got)) = both(EveryOperation { a, b, r }) {
            assert_eq!(got, expected, "{len}");
        }
    }
}

#[derive(Clone)]
struct EqSums {
    z: Vec<Fr>,
    values: Vec<Fr>,
}

impl KernelTask for EqSums {
    type Output = (Vec<Fr>, Fr);

    fn run<K: Kernel>(self, kernel: K) -> Self::Output {
        let table = kernel.elements(&kernel.eq_table(&self.z));
        (table, kernel.eq_sum(&self.z, &kernel.vector(&self.values)).expect("not too many values"))
    }
}

#[test]
fn eq_tables_and_sums_weighted_by_them_agree_with_their_definition() {
    let mut rng = rng(2);
    for bits in [0, 1, 2, 3, 4, 9, 10, 11, 13] {
        let z = challenges(&mut rng, bits);
        for len in [0, 1, 1 << bits >> 1, (1 << bits) - 1, 1 << bits] {
            let values = elements(&mut rng, len);
            let (table, sum) = Choice::Portable(Portable).run(EqSums { z: z.clone(), values: values.clone() });
            let eq = |i: usize| -> Fr {
                z.iter().enumerate().map(|(bit, z)| if i >> bit & 1 == 1 { *z } else { Fr::ONE - z }).product()
            };
            assert_eq!(table, (0..1 << bits).map(eq).collect::<Vec<_>>());
            assert_eq!(sum, values.iter().enumerate().map(|(i, value)| eq(i) * value).sum::<Fr>());
            if let Some((expected, got)) = both(EqSums { z: z.clone(), values }) {
                assert_eq!(got, expected, "{bits} {len}");
            }
        }
    }
}

#[derive(Clone)]
struct Tabulate<'a> {
    form: Form<'a>,
    rows: usize,
}

impl KernelTask for Tabulate<'_> {
    type Output = Vec<Fr>;

    fn run<K: Kernel>(self, kernel: K) -> Vec<Fr> {
        kernel.elements(&kernel.tabulate(&self.form, self.rows))
    }
}

#[test]
fn forms_have_the_values_that_their_columns_say() {
    let mut rng = rng(3);
    for rows in [1, 8, 13, 500, 2048, 5000] {
        let columns = Columns::new(&mut rng, rows);
        for _ in 0..20 {
            let form = columns.form(&mut rng, true);
            let by_hand: Vec<Fr> = (0..rows).map(|row| form.value(row)).collect();
            assert_eq!(Choice::Portable(Portable).run(Tabulate { form: form.clone(), rows }), by_hand);
            if let Some((expected, got)) = both(Tabulate { form, rows }) {
                assert_eq!(got, expected, "{rows}");
            }
        }
    }
    // More terms than one sum of small integers holds.
    let columns = Columns::new(&mut rng, 300);
    let terms = (0..200).map(|_| (-Fr::ONE, columns.any(&mut rng, false))).collect();
    let form = Form { constant: Fr::from(5u64), terms };
    if let Some((expected, got)) = both(Tabulate { form, rows: 300 }) {
        assert_eq!(got, expected);
    }
}

#[derive(Clone)]
struct SparseProducts<'a>(SparseRows<'a>, &'a [Fr]);

impl KernelTask for SparseProducts<'_> {
    type Output = Vec<Fr>;

    fn run<K: Kernel>(self, kernel: K) -> Vec<Fr> {
        kernel.sparse_products(&self.0, self.1)
    }
}

#[test]
fn products_of_sparse_rows_are_sums_of_products() {
    let mut rng = rng(4);
    // Lengths of rows: few different ones, many, none, and longer than what is told apart.
    let lengths: [(usize, &[u32]); 7] = [
        (0, &[3]),
        (1, &[1]),
        (7, &[0]),
        (9, &[1, 1, 1, 40]),
        (8192, &[1, 1, 2, 9]),
        (5000, &[0, 1, 2, 3, 5, 8, 13]),
        (20, &[254, 255, 256, 700]),
    ];
    for (rows, lengths) in lengths {
        let coefficients = elements(&mut rng, 50);
        let values = elements(&mut rng, 300);
        let mut ends = Vec::new();
        let mut terms = Vec::new();
        for _ in 0..rows {
            for _ in 0..lengths[rng.next_u32() as usize % lengths.len()] {
                terms.push(SparseTerm { coefficient: rng.next_u32() % 50, column: rng.next_u32() % 300 });
            }
            ends.push(terms.len() as u32);
        }
        let mut start = 0;
        let by_hand: Vec<Fr> = ends
            .iter()
            .map(|&end| {
                let row = &terms[std::mem::replace(&mut start, end) as usize..end as usize];
                row.iter().map(|term| coefficients[term.coefficient as usize] * values[term.column as usize]).sum()
            })
            .collect();
        let task = SparseProducts(SparseRows { coefficients: &coefficients, terms: &terms, ends: &ends }, &values);
        assert_eq!(Choice::Portable(Portable).run(task.clone()), by_hand);
        if let Some((expected, got)) = both(task) {
            assert_eq!(got, expected, "{rows} rows of {lengths:?}");
        }
    }
}

#[derive(Clone)]
struct Mismatches;

impl KernelTask for Mismatches {
    type Output = ();

    fn run<K: Kernel>(self, kernel: K) {
        let (mut long, short) = (kernel.vector(&[Fr::ONE; 9]), kernel.vector(&[Fr::ONE; 8]));
        let error = LengthMismatch { left: 9, right: 8 };
        assert_eq!(kernel.add(&mut long, &short), Err(error));
        assert_eq!(kernel.subtract(&mut long, &short), Err(error));
        assert_eq!(kernel.multiply(&mut long, &short), Err(error));
        assert_eq!(kernel.add_scaled(&mut long, Fr::ONE, &short), Err(error));
        assert_eq!(kernel.inner_product(&long, &short), Err(error));
        let z = [Fr::ZERO; 3];
        assert_eq!(kernel.eq_sum(&z, &long), Err(LengthMismatch { left: 8, right: 9 }));
        assert_eq!(kernel.elements(&long), [Fr::ONE; 9], "a refused operation changes nothing");
    }
}

#[test]
fn vectors_of_different_lengths_are_refused() {
    if both(Mismatches).is_none() {
        Choice::Portable(Portable).run(Mismatches);
    }
}
