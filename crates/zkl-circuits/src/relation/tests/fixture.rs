//! Small tables, notarized as far as a relation sees it: sealed, committed to, and cut into segments.

use std::sync::OnceLock;

use zkl_argument::{
    CellData, ColumnData, ScanWitness, SealedProfile, Shape, commit::CommitmentSeed, commit_columns, plan::slots_of,
    relation::ExtraCells, srs::Srs,
};
use zkl_core::{
    ark::Fr,
    column::ColumnType,
    digest::{Sha256Digest, TransactionId},
    hashed::{DIGEST_CELLS, DigestCells, ValueHasher},
    layout::{ColumnLayout, Encoding, Layout},
    profile::{CategoryCount, CategoryStats, ColumnProfile, ColumnStats, NumericStats, Profile},
};
use zkl_snark::proof_system::{ProofSystem, ProvingKey};

use crate::{
    claims::language::Comparison,
    relation::{
        Condition, Details, Operation, ProveRelationError, RelationCircuit, RelationContext, RelationPlan,
        RelationProof, RelationRole, RelationSecrets, RelationStatement, VerifyRelationError, prove_relation,
        verify_relation,
    },
    scan::{ColumnCommitments, TablePlan, segment_seed, tests::fixture::keys_of},
    seal::{Seal, SealSeed},
};

const LIMB_BITS: usize = 4;
/// Row groups long enough that a witness has at most 1,024 blocks of that length.
const KAPPA: u32 = 7;

/// A number that may be null, and a word that may be null.
pub(super) type Row = (Option<i64>, Option<&'static str>);

/// A table of which everything is known.
#[derive(Clone)]
pub(super) struct Table {
    pub(super) plan: TablePlan,
    pub(super) seal: Seal,
    pub(super) seed: CommitmentSeed,
    pub(super) commitments: Vec<ColumnCommitments>,
    segments: Vec<Columns>,
}

#[derive(Clone)]
struct Columns {
    limbs: Vec<u16>,
    valid: Vec<bool>,
    codes: Vec<u16>,
    has_word: Vec<bool>,
    parts: [Vec<u16>; DIGEST_CELLS],
}

pub(super) fn srs() -> &'static Srs {
    static SRS: OnceLock<Srs> = OnceLock::new();
    SRS.get_or_init(|| Srs::dev(1 << KAPPA, Srs::DEV_SEED).unwrap())
}

impl Table {
    /// A table in segments of at most `2^log_rows` rows. `byte` is its secret; it also decides the order of codes.
    pub(super) fn new(rows: &[Row], log_rows: usize, byte: u8) -> Self {
        let mut words: Vec<&str> = rows.iter().filter_map(|row| row.1).collect();
        words.sort_unstable();
        words.dedup();
        let turn = usize::from(byte) % words.len().max(1);
        words.rotate_left(turn);
        let numbers = || rows.iter().filter_map(|row| row.0);
        let bounds = (numbers().min().unwrap_or(0), numbers().max().unwrap_or(0));
        let columns = vec![
            ColumnLayout::new("n", ColumnType::Int, Encoding::Numeric { limbs: 1 })
                .nullable(rows.iter().any(|row| row.0.is_none())),
            ColumnLayout::new("note", ColumnType::Text, Encoding::Opaque),
            ColumnLayout::new("word", ColumnType::Category, Encoding::for_distinct(words.len()).unwrap())
                .nullable(rows.iter().any(|row| row.1.is_none())),
            // The word again. Tables commit to as many columns whether or not a word is missing.
            ColumnLayout::new("id", ColumnType::Text, Encoding::Hashed).nullable(true),
        ];
        let layout = Layout::new(rows.len() as u64, columns, Vec::new()).unwrap();
        let shape = |layout: &Layout| Shape::with_limb_bits(log_rows, LIMB_BITS, slots_of(layout));
        let plan = TablePlan::cut(layout.clone(), KAPPA, 1 << log_rows, LIMB_BITS, &shape).unwrap();
        let seed = CommitmentSeed::from_bytes([byte; 32]);
        let profile = |rows: &[Row]| profile(rows, bounds, &words);
        let seal = Seal::new(&layout, &profile(rows), &SealSeed::from_bytes([byte + 1; 32])).unwrap();
        let (mut segments, mut commitments) = (Vec::new(), Vec::new());
        for segment in plan.segments() {
            let first = segment.first_row as usize;
            let own = &rows[first..first + segment.rows() as usize];
            let code = |word: &str| words.iter().position(|other| *other == word).unwrap() as u16 + 1;
            let hasher = ValueHasher::new(ColumnType::Text);
            let digests: Vec<DigestCells> =
                own.iter().map(|row| row.1.map_or(DigestCells::default(), |word| hasher.cells(word))).collect();
            let columns = Columns {
                limbs: own.iter().map(|row| row.0.map_or(0, |n| (n - bounds.0) as u16)).collect(),
                valid: own.iter().map(|row| row.0.is_some()).collect(),
                codes: own.iter().map(|row| row.1.map_or(0, code)).collect(),
                has_word: own.iter().map(|row| row.1.is_some()).collect(),
                parts: std::array::from_fn(|part| digests.iter().map(|digest| digest[part]).collect()),
            };
            let sealed = SealedProfile::from_profile(segment.scan, &profile(own)).unwrap();
            let witness = ScanWitness::new(segment.scan, &columns.data(&layout), &sealed).unwrap();
            let seed = segment_seed(&plan, &seed, segment.index);
            let points = commit_columns(srs(), segment.groups, &witness, &seed).unwrap();
            commitments.push(ColumnCommitments::new(segment.scan, segment.groups, points).unwrap());
            segments.push(columns);
        }
        Self { plan, seal, seed, commitments, segments }
    }

    pub(super) fn secrets(&self) -> RelationSecrets<'_> {
        let segments = self.segments.iter().map(|columns| columns.data(self.plan.layout())).collect();
        RelationSecrets { seal: &self.seal, seed: &self.seed, segments }
    }

    pub(super) fn role(&self, entry: u8) -> RelationRole<'_> {
        RelationRole {
            entry: TransactionId::new([entry; 32]),
            commitment_root: Sha256Digest::new([entry + 100; 32]),
            h: self.seal.commitment(),
            segments: &self.commitments,
        }
    }
}

impl Columns {
    fn data(&self, layout: &Layout) -> Vec<ColumnData<'_>> {
        let nullable = layout.columns()[0].nullable;
        vec![
            ColumnData::Numeric { limbs: vec![&self.limbs], valid: nullable.then_some(self.valid.as_slice()) },
            ColumnData::Opaque { valid: None },
            ColumnData::Codes16(&self.codes),
            ColumnData::Hashed {
                parts: self.parts.each_ref().map(Vec::as_slice),
                valid: layout.columns()[3].nullable.then_some(self.has_word.as_slice()),
            },
        ]
    }
}

fn profile(rows: &[Row], (min, max): (i64, i64), words: &[&str]) -> Profile {
    let offsets: Vec<u64> = rows.iter().filter_map(|row| row.0).map(|n| (n - min) as u64).collect();
    let sum = offsets.iter().sum::<u64>().into();
    let sum_squares = offsets.iter().map(|u| u * u).sum::<u64>().into();
    let numbers = ColumnStats::Numeric(NumericStats { min, max, sum, sum_squares });
    let entry = |word: &&str| {
        let count = rows.iter().filter(|row| row.1 == Some(*word)).count() as u64;
        CategoryCount { value: (*word).to_owned(), count }
    };
    let entries: Vec<CategoryCount> = words.iter().map(entry).collect();
    let valid = entries.iter().map(|entry| entry.count).sum();
    let columns = vec![
        ColumnProfile { valid: offsets.len() as u64, stats: numbers },
        ColumnProfile { valid: rows.len() as u64, stats: ColumnStats::Opaque },
        ColumnProfile { valid, stats: ColumnStats::Category(CategoryStats { entries }) },
        ColumnProfile { valid, stats: ColumnStats::Opaque },
    ];
    Profile { rows: rows.len() as u64, columns, pairs: Vec::new() }
}

/// A whole of two segments of 256 rows, and two parts in segments of 128: units of different lengths, each part with its own
/// minimum, order of codes and nulls.
pub(super) fn split() -> Vec<Table> {
    let words = [Some("red"), None, Some("blue"), Some("green"), Some("red")];
    let row = |i: usize| -> Row { ((i % 7 != 3).then_some((i * i % 13) as i64 - 6), words[i % 5]) };
    let rows: Vec<Row> = (0..300).map(row).collect();
    let first: Vec<Row> = rows.iter().copied().filter(|row| row.0.is_some_and(|n| n >= -4)).collect();
    let second: Vec<Row> = rows.iter().rev().copied().filter(|row| row.0.is_none_or(|n| n < -4)).collect();
    assert!(first.len() > 128 && second.len() < 128);
    vec![Table::new(&rows, 8, 10), Table::new(&first, 7, 20), Table::new(&second, 7, 30)]
}

pub(super) fn context(nonce: u8) -> RelationContext {
    RelationContext::new("ledger.example", &[3; 32], &[nonce; 32])
}

pub(super) fn columns() -> Vec<String> {
    columns_with("word")
}

fn columns_with(word: &str) -> Vec<String> {
    vec!["n".to_owned(), word.to_owned()]
}

/// What an operation has beside tables and columns, in tests.
pub(super) fn details_of(operation: Operation) -> Details {
    details_with(operation, "word")
}

/// The same with the word in this column.
pub(super) fn details_with(operation: Operation, word: &str) -> Details {
    let condition = |column: &str, is| Condition { column: column.to_owned(), is };
    let text = |text: &str| text.to_owned();
    let conditions = match operation {
        Operation::Bounds => vec![condition("n", Comparison::Between(text("-6"), text("9")))],
        Operation::Filter => vec![condition("n", Comparison::AtLeast(text("1")))],
        Operation::Erase => {
            vec![condition("n", Comparison::AtMost(text("1"))), condition(word, Comparison::Equal(text("b")))]
        }
        Operation::Present | Operation::Absent => {
            vec![condition("n", Comparison::Equal(text("1"))), condition(word, Comparison::Equal(text("b")))]
        }
        _ => Vec::new(),
    };
    let key = if operation.has_key() { columns_with(word) } else { Vec::new() };
    Details { k: operation.has_k().then_some(2), conditions, nulls: operation == Operation::Bounds, key }
}

/// The columns of an operation in tests.
pub(super) fn columns_of(operation: Operation) -> Vec<String> {
    let is_number = matches!(operation, Operation::Bounds | Operation::Disjoint);
    if is_number { vec!["n".to_owned()] } else { columns() }
}

/// Changes a cell of an extra column, as a prover may.
pub(super) fn shift(extra: &mut ExtraCells, unit: usize, column: usize, row: usize, change: Fr) {
    let cell = &mut extra.columns[unit][column];
    let mut values: Vec<Fr> = (0..cell.len().max(16)).map(|row| cell.value(row)).collect();
    values[row] += change;
    *cell = CellData::Field(values.into());
}

/// A relation that was proved, once for all checks of a test.
pub(super) struct Setting<'a> {
    pub(super) tables: &'a [Table],
    pub(super) plan: RelationPlan<'a>,
    pub(super) roles: Vec<RelationRole<'a>>,
    pub(super) keys: std::sync::Arc<dyn ProvingKey>,
}

impl<'a> Setting<'a> {
    pub(super) fn new(system: &dyn ProofSystem, operation: Operation, tables: &'a [Table]) -> Self {
        Self::with(system, operation, &details_of(operation), &columns_of(operation), tables)
    }

    pub(super) fn with(
        system: &dyn ProofSystem,
        operation: Operation,
        details: &Details,
        columns: &[String],
        tables: &'a [Table],
    ) -> Self {
        let plans = tables.iter().map(|table| &table.plan).collect();
        let plan = RelationPlan::with(operation, details, plans, columns).unwrap();
        let roles = tables.iter().zip(1..).map(|(table, entry)| table.role(entry)).collect();
        let keys = keys_of(system, &RelationCircuit::blank(plan.shape().clone())).unwrap();
        Self { tables, plan, roles, keys }
    }

    pub(super) fn statement(&self) -> RelationStatement<'_> {
        let digest = Sha256Digest::new([7; 32]);
        RelationStatement { context: context(1), digest, plan: &self.plan, roles: &self.roles }
    }

    pub(super) fn prove(&self) -> Result<RelationProof, ProveRelationError> {
        self.prove_of(&self.statement())
    }

    pub(super) fn prove_of(&self, statement: &RelationStatement<'_>) -> Result<RelationProof, ProveRelationError> {
        let secrets: Vec<_> = self.tables.iter().map(Table::secrets).collect();
        prove_relation(srs(), self.keys.as_ref(), statement, &secrets)
    }

    pub(super) fn verify(
        &self,
        statement: &RelationStatement<'_>,
        proof: &RelationProof,
    ) -> Result<(), VerifyRelationError> {
        verify_relation(srs().verifier_key(), self.keys.verifying(), statement, proof)
    }
}
