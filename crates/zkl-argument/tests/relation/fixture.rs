//! Small tables by value, encoded each in its own way, with junk in the rows that do not count.

use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng as _};
use zkl_argument::{
    CellData, ScanError, TranscriptSeed,
    relation::{
        ColumnShape, ColumnTest, RelationKind, RelationOpening, RelationProof, RelationShape, SealedColumn,
        SealedTable, Side, TableShape, UnitCells, extra_columns, prove_relation, relation_constant, relation_weights,
        verify_plain_relation,
    },
};
use zkl_core::{
    ark::{
        Fr,
        ff::{AdditiveGroup as _, UniformRand as _},
        std::rand::{Rng as _, RngCore as _},
    },
    hashed::DIGEST_CELLS,
};

pub(crate) const LOG_ROWS: usize = 3;
/// Bits of a looked-up limb.
pub(crate) const LIMB_BITS: usize = 3;
/// Mask entries.
const KAPPA: usize = 2;

pub(crate) fn rng(seed: u64) -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(seed)
}

/// Random tables of one test: `usual` in every run of the tests, `ZKL_RELATION_TRIALS` if that is set.
pub(crate) fn trials(usual: u64) -> u64 {
    std::env::var("ZKL_RELATION_TRIALS").map_or(usual, |count| count.parse().unwrap())
}

/// A number, a dictionary, and a number: a row by value. `None` is null.
pub(crate) type Row = (Option<i64>, Option<u8>, i64);

/// A table as its notary encodes it.
#[derive(Clone)]
pub(crate) struct Table {
    pub(crate) side: Side,
    /// Rows of each unit.
    pub(crate) units: Vec<Vec<Row>>,
    /// The minima of both numbers: no value is below.
    pub(crate) min: [i64; 2],
    /// Code of each of the values 0, 1, 2 of the dictionary, from 1 on.
    pub(crate) codes: [u16; 3],
    /// Whether the first number is said to be nullable.
    pub(crate) nullable: bool,
    /// The first number is committed times 2 to this.
    pub(crate) fraction_bits: u8,
    /// The word is committed to by its digest, and not by a code of a dictionary.
    pub(crate) hashed: bool,
}

impl Table {
    /// A table whose encoding follows from the seed.
    pub(crate) fn new(side: Side, units: &[&[Row]], seed: u64) -> Self {
        let mut rng = rng(seed);
        let rows = || units.iter().copied().flatten();
        let lowest =
            |values: Vec<i64>, rng: &mut ChaCha20Rng| values.into_iter().min().unwrap_or(0) - rng.gen_range(0..3);
        let first = lowest(rows().filter_map(|row| row.0).collect(), &mut rng);
        let last = lowest(rows().map(|row| row.2).collect(), &mut rng);
        let mut codes = [1, 2, 3];
        codes.rotate_left(rng.gen_range(0..3));
        let nullable = rows().any(|row| row.0.is_none()) || rng.next_u32().is_multiple_of(2);
        let span = rows().filter_map(|row| row.0).map(|value| value.abs_diff(first)).max().unwrap_or(0);
        let fraction_bits = [0, 14, 5][(seed % 3) as usize].min(span.leading_zeros().saturating_sub(32)) as u8;
        let units = units.iter().map(|rows| rows.to_vec()).collect();
        Self { side, units, min: [first, last], codes, nullable, fraction_bits, hashed: false }
    }

    fn columns(&self, kind: RelationKind) -> Vec<ColumnShape> {
        vec![
            ColumnShape::Numeric { limbs: 2, nullable: self.nullable, fraction_bits: self.fraction_bits(kind) },
            match kind.has_digests() {
                _ if self.hashed => ColumnShape::Hashed,
                false => ColumnShape::Code { capacity: 4 },
                true => ColumnShape::Category { capacity: 4 },
            },
            ColumnShape::Numeric { limbs: 1, nullable: false, fraction_bits: 0 },
        ]
    }

    /// Where cells are compared and not values, these are whole.
    fn fraction_bits(&self, kind: RelationKind) -> u8 {
        if kind.has_values() { self.fraction_bits } else { 0 }
    }

    /// The table with its word hashed.
    pub(crate) fn hashed(self) -> Self {
        Self { hashed: true, ..self }
    }

    /// Without the others, these columns.
    fn only(shape: &mut TableShape, sealed: &mut SealedTable<Fr>, units: &mut [UnitCells<'static>], keep: &[usize]) {
        let cells = |columns: &[ColumnShape]| -> usize {
            let of = |column: &ColumnShape| match *column {
                ColumnShape::Numeric { limbs, nullable, .. } => usize::from(limbs) + usize::from(nullable),
                ColumnShape::Category { .. } => 2,
                ColumnShape::Code { .. } => 1,
                ColumnShape::Hashed => DIGEST_CELLS,
            };
            columns.iter().map(of).sum()
        };
        for unit in units {
            let of_column = |&at: &usize| {
                let (first, count) = (cells(&shape.columns[..at]), cells(&shape.columns[at..=at]));
                unit.cells[first..first + count].to_vec()
            };
            unit.cells = keep.iter().flat_map(of_column).collect();
        }
        shape.columns = keep.iter().map(|&at| shape.columns[at]).collect();
        sealed.columns = keep.iter().map(|&at| sealed.columns[at].clone()).collect();
    }

    pub(crate) fn shape_of(&self, kind: RelationKind) -> TableShape {
        TableShape { side: self.side, columns: self.columns(kind), units: self.units.len() }
    }

    fn code(&self, value: Option<u8>) -> u16 {
        value.map_or(0, |value| self.codes[usize::from(value)])
    }

    fn sealed(&self, kind: RelationKind) -> SealedTable<Fr> {
        let mut counts = vec![0u64; 4];
        for row in self.units.iter().flatten() {
            counts[usize::from(self.code(row.1))] += 1;
        }
        let mut values = vec![Fr::ZERO; 4];
        for (value, &code) in self.codes.iter().enumerate() {
            values[usize::from(code)] = digest(value as u8);
        }
        SealedTable {
            rows: self.units.iter().map(|rows| Fr::from(rows.len() as u64)).collect(),
            columns: vec![
                SealedColumn::Numeric { min: Fr::from(self.min[0]) * Fr::from(1u64 << self.fraction_bits(kind)) },
                match self.hashed {
                    true => SealedColumn::Hashed,
                    false => SealedColumn::Category { counts: counts.into_iter().map(Fr::from).collect(), values },
                },
                SealedColumn::Numeric { min: Fr::from(self.min[1]) },
            ],
        }
    }

    /// The committed columns of a unit.
    fn cells(&self, kind: RelationKind, rows: &[Row]) -> UnitCells<'static> {
        let offset = |value: i64, min: i64| (value - min) as u32;
        let first = |row: &Row| row.0.map_or(0, |value| offset(value, self.min[0]) << self.fraction_bits(kind));
        let mut cells = vec![
            CellData::U16(rows.iter().map(|row| first(row) as u16).collect::<Vec<_>>().into()),
            CellData::U16(rows.iter().map(|row| (first(row) >> 16) as u16).collect::<Vec<_>>().into()),
        ];
        if self.nullable {
            cells.push(CellData::Bits(rows.iter().map(|row| row.0.is_some()).collect::<Vec<_>>().into()));
        }
        if self.hashed {
            let part =
                |part: usize| rows.iter().map(move |row| row.1.map_or(0, |word| (hash(word) >> (16 * part)) as u16));
            cells.extend((0..DIGEST_CELLS).map(|at| CellData::U16(part(at).collect::<Vec<_>>().into())));
        } else {
            cells.push(CellData::U16(rows.iter().map(|row| self.code(row.1)).collect::<Vec<_>>().into()));
            if kind.has_digests() {
                cells.push(self.digests(rows));
            }
        }
        cells.push(CellData::U16(rows.iter().map(|row| offset(row.2, self.min[1]) as u16).collect::<Vec<_>>().into()));
        UnitCells { rows: rows.len(), cells }
    }

    fn digests(&self, rows: &[Row]) -> CellData<'static> {
        CellData::Field(rows.iter().map(|row| row.1.map_or(Fr::ZERO, digest)).collect::<Vec<_>>().into())
    }
}

/// What stands for a word: in all eight parts of a digest.
pub(crate) const fn hash(value: u8) -> u128 {
    0x0123_4567_89ab_cdef_0123_4567_89ab_cdef * (value as u128 + 1)
}

pub(crate) fn digest(value: u8) -> Fr {
    Fr::from(hash(value))
}

/// Tables with everything that prover and verifier need.
pub(crate) struct Case {
    pub(crate) shape: RelationShape,
    pub(crate) sealed: Vec<SealedTable<Fr>>,
    pub(crate) units: Vec<UnitCells<'static>>,
    pub(crate) firsts: Vec<Fr>,
    pub(crate) mask: Vec<Fr>,
    pub(crate) seed: TranscriptSeed,
}

impl Case {
    pub(crate) fn new(tables: &[Table], seed: u64) -> Self {
        Self::of(RelationKind::SameRows, tables, seed)
    }

    pub(crate) fn of(kind: RelationKind, tables: &[Table], seed: u64) -> Self {
        Self::with_tests(kind, tables, &[], seed)
    }

    /// The relation of one number of a table: the first, which may be null, or the last.
    pub(crate) fn of_number(kind: RelationKind, table: &Table, last: bool, seed: u64) -> Self {
        Self::of_numbers(kind, std::slice::from_ref(table), last, seed)
    }

    /// The same, of several tables.
    pub(crate) fn of_numbers(kind: RelationKind, tables: &[Table], last: bool, seed: u64) -> Self {
        Self::of_columns(kind, tables, if last { &[2] } else { &[0] }, seed)
    }

    /// The relation in some of the columns.
    pub(crate) fn of_columns(kind: RelationKind, tables: &[Table], columns: &[usize], seed: u64) -> Self {
        let (mut shapes, mut seals, mut all) = (Vec::new(), Vec::new(), Vec::new());
        for table in tables {
            let (mut shape, mut sealed) = (table.shape_of(kind), table.sealed(kind));
            let mut units: Vec<_> = table.units.iter().map(|rows| table.cells(kind, rows)).collect();
            Table::only(&mut shape, &mut sealed, &mut units, columns);
            shapes.push(shape);
            seals.push(sealed);
            all.extend(units);
        }
        let shape = RelationShape::of(kind, LIMB_BITS, LOG_ROWS, shapes).unwrap();
        Self::filled(shape, seals, all, seed)
    }

    pub(crate) fn with_tests(kind: RelationKind, tables: &[Table], tests: &[ColumnTest], seed: u64) -> Self {
        let shapes = tables.iter().map(|table| table.shape_of(kind)).collect();
        let shape = match kind {
            RelationKind::SameRows => RelationShape::new(LOG_ROWS, shapes),
            _ => RelationShape::with_tests(kind, LIMB_BITS, LOG_ROWS, shapes, tests.to_vec()),
        };
        let sealed = tables.iter().map(|table| table.sealed(kind)).collect();
        let units = tables.iter().flat_map(|table| table.units.iter().map(|rows| table.cells(kind, rows))).collect();
        Self::filled(shape.unwrap(), sealed, units, seed)
    }

    fn filled(shape: RelationShape, sealed: Vec<SealedTable<Fr>>, units: Vec<UnitCells<'static>>, seed: u64) -> Self {
        let mut rng = rng(seed);
        let mask = (0..1 << KAPPA).map(|_| Fr::rand(&mut rng)).collect();
        let seed = TranscriptSeed { t0: Fr::rand(&mut rng), salt: Fr::rand(&mut rng) };
        let mut case = Self { shape, sealed, units, firsts: Vec::new(), mask, seed };
        case.add_junk(&mut rng);
        let extra = extra_columns(&case.shape, &case.sealed, &case.units).unwrap();
        for (unit, columns) in case.units.iter_mut().zip(&extra.columns) {
            unit.cells.extend(columns.iter().cloned());
        }
        case.firsts.clone_from(&extra.firsts);
        case
    }

    /// An extra column of a unit, as field elements that a test may change.
    pub(crate) fn extra(&mut self, unit: usize, column: usize) -> &mut Vec<Fr> {
        let first = self.units[unit].cells.len() - self.shape.extra(unit).len();
        let cell = &mut self.units[unit].cells[first + column];
        let values: Vec<Fr> = (0..1 << LOG_ROWS).map(|row| cell.value(row)).collect();
        *cell = CellData::Field(values.into());
        let CellData::Field(values) = cell else { unreachable!() };
        values.to_mut()
    }

    /// What a dishonest prover does: changes a value of an extra column of any unit, or exchanges two.
    pub(crate) fn change_a_column(&mut self, rng: &mut ChaCha20Rng) {
        let units: Vec<usize> = (0..self.units.len()).filter(|&unit| !self.shape.extra(unit).is_empty()).collect();
        let unit = units[rng.gen_range(0..units.len())];
        let column = rng.gen_range(0..self.shape.extra(unit).len());
        let one = Fr::from(1u64);
        let change = [one, -one, one + one, Fr::from(1u64 << 40)][rng.gen_range(0..4)];
        let (at, other) = (rng.gen_range(0..1 << LOG_ROWS), rng.gen_range(0..1 << LOG_ROWS));
        let swap = rng.gen_ratio(1, 2);
        let values = self.extra(unit, column);
        if swap {
            values.swap(at, other);
        } else {
            values[at] += change;
        }
    }

    /// And changes a message before the first challenge, now and then.
    pub(crate) fn change_a_first_message(&mut self, rng: &mut ChaCha20Rng) {
        if !self.firsts.is_empty() && rng.gen_ratio(1, 10) {
            let at = rng.gen_range(0..self.firsts.len());
            self.firsts[at] += Fr::from(1u64);
        }
    }

    /// Rows that do not count are committed to as well.
    fn add_junk(&mut self, rng: &mut ChaCha20Rng) {
        for unit in &mut self.units {
            let rows = rng.gen_range(unit.rows..=1 << LOG_ROWS);
            for cell in &mut unit.cells {
                match cell {
                    CellData::U16(values) => values.to_mut().resize_with(rows, || rng.next_u32() as u16),
                    CellData::Bits(values) => values.to_mut().resize_with(rows, || rng.next_u32().is_multiple_of(2)),
                    CellData::Field(values) => values.to_mut().resize_with(rows, || Fr::rand(rng)),
                    CellData::U32(_) => {}
                }
            }
        }
    }

    pub(crate) fn prove(&self) -> RelationProof {
        prove_relation(&self.shape, &self.sealed, &self.units, &self.firsts, &self.mask, &self.seed).unwrap()
    }

    /// What becomes of messages: every check of the argument, and the value of the committed columns.
    pub(crate) fn outcome(&self, messages: &[Fr]) -> Result<(), ScanError> {
        let opening = verify_plain_relation(&self.shape, &self.sealed, &self.seed, messages)?;
        if self.value(&opening) == opening.value { Ok(()) } else { Err(ScanError::OpeningEnd) }
    }

    pub(crate) fn check(&self) -> Result<(), ScanError> {
        self.outcome(&self.prove().messages)
    }

    /// The weighted columns and the mask at the point, by definition.
    pub(crate) fn value(&self, opening: &RelationOpening<Fr>) -> Fr {
        let at = |values: &dyn Fn(usize) -> Fr, point: &[Fr]| -> Fr {
            (0..1usize << point.len()).map(|row| values(row) * eq(row, point)).sum()
        };
        let weights = relation_weights(&self.shape, opening);
        assert_eq!(weights.len(), self.units.len());
        let mut sum = relation_constant(&self.shape, opening);
        sum += opening.rho * at(&|row| self.mask[row], &opening.r_star[..KAPPA]);
        for (unit, weights) in self.units.iter().zip(&weights) {
            assert_eq!(unit.cells.len(), weights.len());
            for (cell, weight) in unit.cells.iter().zip(weights) {
                sum += *weight * at(&|row| cell.value(row), &opening.r_star);
            }
        }
        sum
    }
}

fn eq(index: usize, point: &[Fr]) -> Fr {
    let one = Fr::from(1u64);
    point.iter().enumerate().map(|(j, z)| if index >> j & 1 == 1 { *z } else { one - z }).product()
}

/// Whether the rows on both sides are the same, found by sorting.
pub(crate) fn holds(tables: &[Table]) -> bool {
    let rows = |side: Side| {
        let mut rows: Vec<Row> = tables
            .iter()
            .filter(|table| table.side == side)
            .flat_map(|table| table.units.iter().flatten().copied())
            .collect();
        rows.sort_unstable();
        rows
    };
    rows(Side::Left) == rows(Side::Right)
}

/// A whole of two units and its two parts, with nulls, repeated rows, and parts that lack values of the whole.
pub(crate) fn split() -> Vec<Table> {
    let rows: [Row; 7] = [
        (Some(-5), Some(0), 9),
        (None, Some(1), 9),
        (Some(70_000), None, 10),
        (Some(70_000), None, 10),
        (Some(0), Some(2), 11),
        (None, None, 9),
        (Some(-5), Some(0), 9),
    ];
    let first = [rows[6], rows[2], rows[5], rows[3]];
    let second = [rows[1], rows[4], rows[0]];
    vec![
        Table::new(Side::Left, &[&rows[..5], &rows[5..]], 1),
        Table::new(Side::Right, &[&first], 2),
        Table::new(Side::Right, &[&second], 3),
    ]
}

/// Tables of a relation that [`split`] has.
pub(crate) const fn tables_of(kind: RelationKind) -> usize {
    match kind {
        RelationKind::SameRows => 3,
        RelationKind::Subset
        | RelationKind::Filter
        | RelationKind::Erase
        | RelationKind::Disjoint
        | RelationKind::Dedup { .. } => 2,
        _ => 1,
    }
}
