//! The sumchecks of the moments and of the opening.

use rand_chacha::{ChaCha20Rng, rand_core::RngCore as _};
use zkl_core::ark::{
    Fr,
    ff::{AdditiveGroup as _, Field as _},
};
use zkl_kernel::{
    Kernel, KernelTask,
    moments::{MomentsInput, MomentsRounds, Series, Term},
    weighted::{WeightedForm, WeightedRounds},
};

use super::{Columns, both, challenges, element, rng};

#[derive(Clone)]
struct Moments<'a> {
    input: MomentsInput<'a>,
    challenges: Vec<Fr>,
}

impl KernelTask for Moments<'_> {
    type Output = (Vec<[Fr; 4]>, Vec<Fr>);

    fn run<K: Kernel>(self, kernel: K) -> Self::Output {
        let mut moments = kernel.moments(&self.input);
        let mut sent = Vec::new();
        for r in &self.challenges {
            sent.push(moments.sums());
            moments.bind(*r);
        }
        (sent, moments.ends())
    }
}

fn term(rng: &mut ChaCha20Rng, series: usize, groups: usize) -> Term {
    let place = |rng: &mut ChaCha20Rng| -> Series {
        let place = rng.next_u32() as usize % (series + 2);
        (place < series).then_some(place)
    };
    let bit = |rng: &mut ChaCha20Rng| Fr::from(u64::from(rng.next_u32() % 2));
    let powers: [Fr; 6] = std::array::from_fn(|_| element(rng));
    let [t0, t1, t2, t3, t4, _] = powers;
    match rng.next_u32() % 5 {
        0 | 1 => Term::Numeric { powers: [t0, t1, t2, t3, t4], u: place(rng), b: place(rng), full: bit(rng) },
        2 => Term::Opaque { powers: [t0, t1], b: place(rng), full: bit(rng) },
        3 => Term::Grouped {
            powers: [t0, t1, t2],
            m: place(rng),
            rest: place(rng),
            smallest: element(rng),
            group: rng.next_u32() as usize % groups,
        },
        _ => Term::Product {
            powers,
            u: [place(rng), place(rng)],
            b: [place(rng), place(rng)],
            full: [bit(rng), bit(rng)],
        },
    }
}

#[test]
fn moments_agree_for_every_kind_of_term() {
    let mut rng = rng(20);
    for log_rows in [1, 4, 8, 9, 10, 12, 14] {
        let rows = 1usize << log_rows;
        for round in 0..(if log_rows == 14 { 3 } else { 12 }) {
            let columns = Columns::new(&mut rng, rows);
            let series = (0..5).map(|_| columns.form(&mut rng, round % 4 == 3)).collect();
            let limits = vec![1, rows / 3 + 1, rows];
            let count = 1 + rng.next_u32() % 6;
            let input = MomentsInput {
                log_rows,
                below: [1, rows / 2, rows - rows / 7, rows][round % 4],
                z: challenges(&mut rng, log_rows),
                series,
                terms: (0..count).map(|_| term(&mut rng, 5, limits.len())).collect(),
                limits,
            };
            let terms = format!("{:?}", input.terms);
            let challenges = challenges(&mut rng, log_rows);
            let Some((expected, got)) = both(Moments { input, challenges }) else { return };
            assert!(got == expected, "{log_rows} {round} {terms}");
        }
    }
}

#[test]
fn the_first_round_of_the_moments_sums_to_the_table() {
    // One numeric column without nulls: sum of u and of u^2 over the rows that count, by hand.
    let mut rng = rng(21);
    let (log_rows, below) = (11, 1500);
    let values: Vec<u16> = (0..1 << log_rows).map(|_| rng.next_u32() as u16).collect();
    let series = vec![zkl_kernel::Form { constant: Fr::ZERO, terms: vec![(Fr::ONE, zkl_kernel::Cells::U16(&values))] }];
    let powers = [Fr::from(3u64), Fr::from(5u64), Fr::from(7u64), Fr::ZERO, Fr::ZERO];
    let terms = vec![Term::Numeric { powers, u: Some(0), b: None, full: Fr::ONE }];
    let input = MomentsInput { log_rows, below, z: challenges(&mut rng, log_rows), series, terms, limits: Vec::new() };
    let task = Moments { input, challenges: challenges(&mut rng, log_rows) };
    let u = |odd: usize| {
        let rows = (0..below).filter(|row| row % 2 == odd);
        rows.map(|row| u64::from(values[row])).map(|u| 3 * u + 5 * u * u + 7).sum::<u64>()
    };
    let (sent, _) = zkl_kernel::Choice::Portable(zkl_kernel::Portable).run(task.clone());
    assert_eq!(sent[0][0], Fr::from(u(0)));
    // Degree 3 in the boundary row's weight; here only the values at 0 and 1 are known by hand.
    let Some((expected, got)) = both(task) else { return };
    assert_eq!(got, expected);
}

#[derive(Clone)]
struct Weighted<'a> {
    forms: Vec<WeightedForm<'a>>,
    challenges: Vec<Fr>,
}

impl KernelTask for Weighted<'_> {
    type Output = (Vec<[Fr; 2]>, Vec<Fr>);

    fn run<K: Kernel>(self, kernel: K) -> Self::Output {
        let mut weighted = kernel.weighted(&self.forms, self.challenges.len());
        let mut sent = Vec::new();
        for r in &self.challenges {
            sent.push(weighted.sums());
            weighted.bind(*r);
        }
        (sent, weighted.ends())
    }
}

#[test]
fn weighted_forms_agree() {
    let mut rng = rng(22);
    for log_rows in [1, 5, 8, 9, 10, 11, 14] {
        for round in 0..6 {
            let columns = Columns::new(&mut rng, 1 << log_rows);
            let forms = (0..2)
                .map(|_| WeightedForm {
                    form: columns.form(&mut rng, round % 3 == 2),
                    z: challenges(&mut rng, log_rows),
                })
                .collect();
            let challenges = challenges(&mut rng, log_rows);
            let Some((expected, got)) = both(Weighted { forms, challenges }) else { return };
            assert!(got == expected, "{log_rows} {round}");
        }
    }
}
