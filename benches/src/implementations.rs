//! Which kernels are measured, and on how many threads.

#![expect(clippy::expect_used, clippy::print_stdout, reason = "a benchmark reports, and needs its threads")]

use zkl_kernel::{Choice, Portable};

/// The implementations of the field kernel that this processor runs; says when one is left out.
pub fn kernels() -> Vec<Choice> {
    let mut kernels = vec![Choice::Portable(Portable)];
    match Choice::named("avx512") {
        Ok(kernel) => kernels.push(kernel),
        Err(error) => println!("avx512 is left out: {error}"),
    }
    kernels
}

/// Runs `work` on this many threads.
///
/// # Panics
/// When the threads cannot be started.
pub fn on<R: Send>(threads: usize, work: impl FnOnce() -> R + Send) -> R {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
    pool.install(work)
}
