//! A long table in standard shapes, by hand: time and memory.

use std::{fs, time::Instant};

use zkl_argument::{ColumnData, ScanWitness, SealedProfile, srs::Srs};
use zkl_core::{
    circuit::Circuit as _,
    column::ColumnType,
    layout::{ColumnLayout, Encoding, Layout},
    profile::{CategoryCount, CategoryStats, ColumnProfile, ColumnStats, GroupedStats, NumericStats, Profile},
};
use zkl_snark::proof_system::COMPACT;

use super::{
    super::{
        keys::TableKeys,
        plan::TablePlan,
        proof::TableProof,
        prover::TableProver,
        verify::{TableStatement, verify_table},
    },
    proofs::{context, secrets},
};
use crate::scan::tests::fixture::dev_keys;

const ROWS: u64 = 2 * (1 << 20) + 70_000;
const GROUPS: u64 = 300;

fn number(row: u64) -> u16 {
    (row.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 48) as u16
}

fn category(row: u64) -> u16 {
    1 + (row % 3 == 1) as u16
}

/// Groups come one after another: no segment holds all of them.
fn group(row: u64) -> u16 {
    1 + (row * GROUPS / ROWS) as u16
}

fn profile(rows: std::ops::Range<u64>) -> Profile {
    let moment = |power: u32| rows.clone().map(|row| u128::from(number(row)).pow(power)).sum::<u128>().into();
    let count = |code: u16, of: fn(u64) -> u16| rows.clone().filter(|&row| of(row) == code).count() as u64;
    let entry = |value: String, count| CategoryCount { value, count };
    let mut groups = vec![0u64; GROUPS as usize];
    rows.clone().for_each(|row| groups[usize::from(group(row)) - 1] += 1);
    let groups = groups.into_iter().enumerate().map(|(code, count)| entry(format!("g{code}"), count)).collect();
    let categories = vec![entry("a".to_owned(), count(1, category)), entry("b".to_owned(), count(2, category))];
    let stats = [
        ColumnStats::Numeric(NumericStats { min: -5, max: 65_530, sum: moment(1), sum_squares: moment(2) }),
        ColumnStats::Category(CategoryStats { entries: categories }),
        ColumnStats::Grouped(GroupedStats { entries: groups }),
    ];
    let valid = rows.end - rows.start;
    let columns = stats.map(|stats| ColumnProfile { valid, stats }).to_vec();
    Profile { rows: valid, columns, pairs: Vec::new() }
}

/// Most memory of this process so far, in MiB.
fn peak() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or("0 kB");
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap_or(0) / 1_024
}

/// `cargo test --release -p zkl-circuits --lib proves_a_table_of_two_million_rows -- --ignored --nocapture`
#[test]
#[ignore = "makes the keys of four standard circuits: minutes"]
fn proves_a_table_of_two_million_rows() {
    let column = |name: &str, ty, encoding| ColumnLayout {
        name: name.to_owned(),
        ty,
        nullable: false,
        encoding,
        rounding: None,
        zone: None,
    };
    let columns = vec![
        column("number", ColumnType::Int, Encoding::Numeric { limbs: 1 }),
        column("code", ColumnType::Category, Encoding::Category { capacity: 4 }),
        column("group", ColumnType::Category, Encoding::Grouped { capacity: 512 }),
    ];
    let plan = TablePlan::new(Layout::new(ROWS, columns, Vec::new()).unwrap(), 16).unwrap();
    let mut last = Instant::now();
    let mut report = |stage: &str| {
        println!("{stage}: {:.2} s, {} MiB", last.elapsed().as_secs_f64(), peak());
        last = Instant::now();
    };
    for circuit in plan.circuits() {
        dev_keys(circuit.as_ref()).unwrap();
        report(&format!("keys of {}", circuit.id()));
    }
    let srs = Srs::dev(1 << 16, Srs::DEV_SEED).unwrap();
    report("reference string");
    let mut prover = TableProver::new(&srs, &dev_keys, context(1), &plan, secrets(1));
    while let Some(segment) = prover.next_segment() {
        let rows = segment.first_row..segment.first_row + segment.rows();
        let numbers: Vec<u16> = rows.clone().map(number).collect();
        let (codes, groups): (Vec<u16>, Vec<u16>) = rows.clone().map(|row| (category(row), group(row))).unzip();
        let profile = profile(rows);
        let data = [
            ColumnData::Numeric { limbs: vec![&numbers], valid: None },
            ColumnData::Codes16(&codes),
            ColumnData::Codes16(&groups),
        ];
        let sealed = SealedProfile::from_profile(segment.scan, &profile).unwrap();
        let witness = ScanWitness::new(segment.scan, &data, &sealed).unwrap();
        report(&format!("rows of segment {}", segment.index));
        prover.push_segment(&witness, &profile).unwrap();
        report(&format!("proof of segment {}", segment.index));
    }
    let proved = prover.finish().unwrap();
    report("dictionaries and merge");
    assert!(proved.profile == profile(0..ROWS));
    let smallest = proved.seal.grouped(2).unwrap().record.smallest_group;
    assert_eq!(smallest, ROWS / GROUPS, "every group is exact");
    let bytes = proved.proof.to_bytes();
    let pairs: Vec<_> = plan.circuits().iter().map(|circuit| dev_keys(circuit.as_ref()).unwrap()).collect();
    let keys = TableKeys::new(COMPACT, pairs.iter().map(|pair| (pair.id().clone(), pair.verifying())));
    let statement = TableStatement { context: context(1), plan: &plan, h: proved.seal.commitment() };
    report("checks");
    let proof = TableProof::from_bytes(&plan, &keys, &bytes).unwrap();
    verify_table(srs.verifier_key(), &keys, &statement, &proof).unwrap();
    report("verification");
    println!("{} bytes, {} segments", bytes.len(), plan.len());
}
