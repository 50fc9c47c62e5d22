//! Both implementations side by side: every result of the vectorised one is that of the portable one, bit by bit.

#![expect(
    clippy::print_stdout,
    clippy::expect_used,
    reason = "a test that compares nothing says so, and one that fails should stop"
)]

mod layers;
mod sumchecks;
mod vectors;

use rand_chacha::{
    ChaCha20Rng,
    rand_core::{RngCore as _, SeedableRng as _},
};
use zkl_core::ark::{
    Fr,
    ff::{AdditiveGroup as _, Field as _, UniformRand as _},
};
use zkl_kernel::{Cells, Choice, Form, KernelTask, Portable};

/// Runs `task` with both implementations. `None` where the processor has only the portable one.
fn both<T: KernelTask + Clone>(task: T) -> Option<(T::Output, T::Output)> {
    let expected = Choice::Portable(Portable).run(task.clone());
    match Choice::named("avx512") {
        Ok(vector) => Some((expected, vector.run(task))),
        Err(error) => {
            println!("not compared: {error}");
            None
        }
    }
}

fn rng(seed: u64) -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(seed)
}

/// A random element, or one of those at a border: 0, 1, p - 1, and limbs of 52 bits that are full or start over.
fn element(rng: &mut ChaCha20Rng) -> Fr {
    match rng.next_u32() % 8 {
        0 => Fr::ZERO,
        1 => Fr::ONE,
        2 => -Fr::ONE,
        3 => Fr::from(2u64).pow([52 * u64::from(rng.next_u32() % 5)]) - Fr::from(u64::from(rng.next_u32() % 2)),
        _ => Fr::rand(rng),
    }
}

fn elements(rng: &mut ChaCha20Rng, len: usize) -> Vec<Fr> {
    (0..len).map(|_| element(rng)).collect()
}

/// Challenges, none of them at a border: a zero coordinate would hide what it multiplies.
fn challenges(rng: &mut ChaCha20Rng, len: usize) -> Vec<Fr> {
    (0..len).map(|_| Fr::rand(rng)).collect()
}

/// Columns of small integers of every kind, of different lengths.
struct Columns {
    u16s: Vec<Vec<u16>>,
    u32s: Vec<Vec<u32>>,
    bits: Vec<Vec<bool>>,
    fields: Vec<Vec<Fr>>,
}

impl Columns {
    fn new(rng: &mut ChaCha20Rng, rows: usize) -> Self {
        let mut length = |kind: usize| match kind {
            0 => rows,
            1 => rows - rows / 3,
            _ => rng.next_u32() as usize % (rows + 1),
        };
        let lengths: [usize; 4] = std::array::from_fn(|kind| length(kind % 3));
        let mut u16s = vec![Vec::new(); 4];
        let mut u32s = vec![Vec::new(); 4];
        let mut bits = vec![Vec::new(); 4];
        for (k, &len) in lengths.iter().enumerate() {
            let largest = [u32::MAX, 3, 0xffff, 300][k];
            u16s[k] = (0..len).map(|_| (rng.next_u32() & largest & 0xffff) as u16).collect();
            u32s[k] = (0..len).map(|_| rng.next_u32() & largest).collect();
            bits[k] = (0..len).map(|_| rng.next_u32().is_multiple_of(3)).collect();
        }
        let fields = vec![elements(rng, lengths[1])];
        Self { u16s, u32s, bits, fields }
    }

    fn any(&self, rng: &mut ChaCha20Rng, with_fields: bool) -> Cells<'_> {
        let k = rng.next_u32() as usize % 4;
        match rng.next_u32() % (if with_fields { 6 } else { 5 }) {
            0 | 1 => Cells::U16(&self.u16s[k]),
            2 => Cells::U32(&self.u32s[k]),
            3 => Cells::Bits(&self.bits[k]),
            4 => Cells::Periodic { bits: rng.next_u32() % 17 },
            _ => Cells::Field(&self.fields[0]),
        }
    }

    fn form(&self, rng: &mut ChaCha20Rng, with_fields: bool) -> Form<'_> {
        let terms = 1 + rng.next_u32() % 4;
        let constant = if rng.next_u32().is_multiple_of(2) { Fr::ZERO } else { element(rng) };
        Form { constant, terms: (0..terms).map(|_| (element(rng), self.any(rng, with_fields))).collect() }
    }
}
