//! The field kernel in one table: portable, vectorised and stock arkworks, one after another in one run.
//!
//! `cargo run --release -p zkl-benches --bin kernels`
//!
//! Each figure is the least of several runs: other work on the machine can only add to it. Output is Markdown. The criterion
//! benchmarks `kernel` and `msm` have more sizes and threads.
#![expect(clippy::print_stdout, reason = "a table on stdout is what this program is for")]

use std::{
    error::Error,
    hint::black_box,
    time::{Duration, Instant},
};

use clap::Parser;
use zkl_argument::msm::{Curve, FixedBase, MsmBases, Scalars};
use zkl_benches::{
    clock,
    implementations::kernels,
    sumchecks::{Pass, Proof, Table, elements},
    text_table::TextTable,
};
use zkl_core::ark::{
    Fr,
    bn254::{g1, g2},
    ec::{
        PrimeGroup as _, VariableBaseMSM,
        short_weierstrass::{Affine, Projective},
    },
    ff::PrimeField as _,
};
use zkl_kernel::{Choice, Kernel, KernelTask};

#[derive(Parser)]
struct Args {
    /// Runs of each measurement, of which the quickest counts.
    #[arg(long, default_value_t = 7)]
    runs: usize,
}

/// Elements of a vector that stays in the second-level cache.
const VECTOR: usize = 1 << 13;

fn main() -> Result<(), Box<dyn Error>> {
    let Args { runs } = Args::parse();
    println!("{}; load average before {}", clock::processors(), clock::load_average());
    let kernels = kernels();
    let mut table = TextTable::new(["", "arkworks", "portable", "avx512", "to arkworks", "to portable"]);

    let one = rayon::ThreadPoolBuilder::new().num_threads(1).build()?;
    let times: Vec<Duration> = kernels.iter().map(|kernel| one.install(|| kernel.run(Multiply { runs }))).collect();
    let mut product = elements(VECTOR, 1);
    let factor = elements(VECTOR, 2);
    let stock = least(runs, || product.iter_mut().zip(black_box(&factor)).for_each(|(a, b)| *a *= b));
    let each = |time: Duration| time.as_secs_f64() * 1e9 / VECTOR as f64;
    row(
        &mut table,
        "product of two elements, 1 thread, ns",
        Some(each(stock)),
        &times.into_iter().map(each).collect::<Vec<_>>(),
    );

    let bases = FixedBase::new(Projective::<g1::Config>::generator()).multiply(&elements(1 << 20, 3));
    let full = elements(1 << 17, 4);
    let small: Vec<u16> = elements(1 << 20, 5).iter().map(|value| value.into_bigint().0[0] as u16).collect();
    let ms = |time: Duration| time.as_secs_f64() * 1e3;
    let sums = [
        ("sum of 2^20 points, scalars of 16 bits, ms", Scalars::U16(&small)),
        ("sum of 2^16 points, full scalars, ms", Scalars::Full(&full[..1 << 16])),
        ("sum of 2^17 points, full scalars, ms", Scalars::Full(&full)),
    ];
    for (name, scalars) in sums {
        let (stock, times) = sum_of_points::<g1::Config>(runs, &kernels, &bases, scalars)?;
        row(&mut table, name, Some(ms(stock)), &times.into_iter().map(ms).collect::<Vec<_>>());
    }
    let bases = FixedBase::new(Projective::<g2::Config>::generator()).multiply(&elements(1 << 16, 6));
    let scalars = Scalars::Full(&full[..1 << 16]);
    let (stock, times) = sum_of_points::<g2::Config>(runs, &kernels, &bases, scalars)?;
    row(
        &mut table,
        "sum of 2^16 points of G2, full scalars, ms",
        Some(ms(stock)),
        &times.into_iter().map(ms).collect::<Vec<_>>(),
    );

    let rows = Table::new(20);
    for (name, pass) in [
        ("lookups of 13 columns, 10^6 rows, ms", Pass::Lookups),
        ("moments of 6 columns, 10^6 rows, ms", Pass::Moments),
    ] {
        let proof = Proof { table: &rows, pass };
        let times: Vec<f64> = kernels.iter().map(|kernel| ms(least(runs.min(3), || kernel.run(proof)))).collect();
        row(&mut table, name, None, &times);
    }
    println!("load average after {}\n\n{table}", clock::load_average());
    Ok(())
}

/// The least time of `runs` runs.
fn least<R>(runs: usize, mut work: impl FnMut() -> R) -> Duration {
    let time = |_| {
        let start = Instant::now();
        black_box(work());
        start.elapsed()
    };
    (0..runs.max(1)).map(time).min().unwrap_or_default()
}

/// Times of stock arkworks and of each kernel; the sums are compared.
fn sum_of_points<C: Curve>(
    runs: usize,
    kernels: &[Choice],
    bases: &[Affine<C>],
    scalars: Scalars<'_>,
) -> Result<(Duration, Vec<Duration>), Box<dyn Error>>
where
    Projective<C>: VariableBaseMSM<ScalarField = Fr, MulBase = Affine<C>>,
{
    let bases = &bases[..scalars.len()];
    let stock = || match scalars {
        Scalars::U16(values) => Projective::<C>::msm_u16(bases, values),
        Scalars::Full(values) => Projective::<C>::msm_unchecked(bases, values),
        _ => Projective::<C>::default(),
    };
    let expected = stock();
    let mut times = Vec::with_capacity(kernels.len());
    for kernel in kernels {
        let bases = MsmBases::prepared_for(*kernel, bases.to_vec());
        if bases.msm(scalars)? != expected {
            return Err(format!("the kernel {} sums differently", kernel.name()).into());
        }
        times.push(least(runs, || bases.msm(scalars)));
    }
    Ok((least(runs, stock), times))
}

struct Multiply {
    runs: usize,
}

impl KernelTask for Multiply {
    type Output = Duration;

    fn run<K: Kernel>(self, kernel: K) -> Duration {
        let (mut product, factor) = (kernel.vector(&elements(VECTOR, 1)), kernel.vector(&elements(VECTOR, 2)));
        // A run is short: many of them, for a clock's resolution.
        let once = least(self.runs, || (0..100).all(|_| kernel.multiply(&mut product, black_box(&factor)).is_ok()));
        once / 100
    }
}

fn row(table: &mut TextTable, name: &str, stock: Option<f64>, kernels: &[f64]) {
    let figure = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), |value| format!("{value:.1}"));
    let ratio = |from: Option<f64>, to: Option<f64>| match (from, to) {
        (Some(from), Some(to)) if to > 0.0 => format!("{:.1}x", from / to),
        _ => "-".to_owned(),
    };
    let (portable, vectorised) = (kernels.first().copied(), kernels.get(1).copied());
    let best = vectorised.or(portable);
    table.row([
        name.to_owned(),
        figure(stock),
        figure(portable),
        figure(vectorised),
        ratio(stock, best),
        ratio(portable, vectorised),
    ]);
}
