//! A generated table of loan applications: ids, ages, amounts, timestamps, categories of 2, 12 and 300 values, nulls.
//!
//! The same seed and size give the same bytes on every machine, so that figures of two machines are about one file.

use std::{
    fs::File,
    io::{self, BufWriter, Write},
    path::Path,
    sync::Arc,
};

use arrow_array::{ArrayRef, Date32Array, Float64Array, Int64Array, RecordBatch, StringArray, TimestampSecondArray};
use parquet::{arrow::ArrowWriter, basic::Compression, file::properties::WriterProperties};
use rand_chacha::{
    ChaCha8Rng,
    rand_core::{RngCore as _, SeedableRng as _},
};
use zkl_ledger::ReadOptions;

/// Values of the category of 12.
const REGIONS: [&str; 12] =
    ["north", "south", "east", "west", "centre", "coast", "lakes", "hills", "valley", "islands", "border", "capital"];
/// Values of the category of 300.
const PRODUCTS: u32 = 300;
const SEED: u64 = 20_261_122;

/// How many columns a table has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Width {
    /// `age`, `amount`, `approved`, `region`: what the claims of [`CLAIMS`] are about.
    Four,
    /// Those, and `id`, `applied_at`, `balance`, `visits`, `product`, `closed_on`.
    Ten,
    /// Those, and 18 of a survey: 8 scores of one decimal, 6 answers of five, 4 counts with nulls.
    TwentyEight,
}

/// Rows that are written to Parquet at a time.
const PARQUET_BATCH: usize = 65_536;

/// Answers to a question of the survey.
const ANSWERS: [&str; 5] = ["never", "rarely", "sometimes", "often", "always"];

impl Width {
    /// The width of `columns` columns, if there is one.
    pub const fn new(columns: u32) -> Option<Self> {
        match columns {
            4 => Some(Self::Four),
            10 => Some(Self::Ten),
            28 => Some(Self::TwentyEight),
            _ => None,
        }
    }

    /// Number of columns.
    pub const fn columns(self) -> u32 {
        match self {
            Self::Four => 4,
            Self::Ten => 10,
            Self::TwentyEight => 28,
        }
    }

    /// Rows as typed columns.
    fn batch(self, rows: &[Row]) -> Result<RecordBatch, arrow_schema::ArrowError> {
        fn of_columns(
            columns: impl IntoIterator<Item = (&'static str, ArrayRef)>,
        ) -> Result<RecordBatch, arrow_schema::ArrowError> {
            RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, column)| (name, column, true)))
        }
        fn column<A: FromIterator<T> + arrow_array::Array + 'static, T>(
            rows: &[Row],
            value: impl Fn(&Row) -> T,
        ) -> ArrayRef {
            Arc::new(rows.iter().map(value).collect::<A>())
        }
        let narrow = [
            ("age", column::<Int64Array, _>(rows, |row| row.age.map(i64::from))),
            ("amount", column::<Float64Array, _>(rows, |row| Some(f64::from(row.amount) / 100.0))),
            ("approved", column::<StringArray, _>(rows, |row| Some(row.approved))),
            ("region", column::<StringArray, _>(rows, |row| Some(row.region))),
        ];
        if self == Self::Four {
            return of_columns(narrow);
        }
        let [age, amount, approved, region] = narrow;
        let wide = [
            ("id", column::<Int64Array, _>(rows, |row| Some(row.id as i64))),
            ("applied_at", column::<TimestampSecondArray, _>(rows, |row| Some(row.applied_at.seconds()))),
            age,
            amount,
            ("balance", column::<Float64Array, _>(rows, |row| row.balance.map(|cents| cents as f64 / 100.0))),
            ("visits", column::<Int64Array, _>(rows, |row| row.visits.map(i64::from))),
            approved,
            region,
            ("product", column::<StringArray, _>(rows, |row| Some(format!("product {:03}", row.product)))),
            ("closed_on", column::<Date32Array, _>(rows, |row| row.closed_on.as_ref().map(|at| at.days() as i32))),
        ];
        of_columns(wide)
    }
}

/// Claims that hold for every table of at least 10,000 rows, one of each family: mean, share, gap, correlation.
pub const CLAIMS: [&str; 4] = [
    "mean(amount) between 20000 and 30000",
    "share(approved = 'yes') between 35% and 45%",
    "gap(approved = 'yes' by region: 'north', 'south') <= 10%",
    "corr(age, amount) between 0.1 and 0.3",
];

/// The table of `rows` rows.
#[derive(Clone, Copy, Debug)]
pub struct MixedTable {
    /// Rows, without the header.
    pub rows: u64,
    /// Columns.
    pub width: Width,
}

/// One application. All fields are drawn whatever the width, so that a narrow table is a projection of the wide one.
struct Row {
    id: u64,
    applied_at: Moment,
    age: Option<u32>,
    /// In cents.
    amount: u32,
    /// In cents.
    balance: Option<i64>,
    visits: Option<u32>,
    approved: &'static str,
    region: &'static str,
    product: u32,
    closed_on: Option<Moment>,
}

/// A moment on one of the first 28 days of a month: every calendar has it.
struct Moment {
    year: u32,
    month: u32,
    day: u32,
    second_of_day: u32,
}

impl MixedTable {
    /// Writes the table as CSV and returns its length in bytes.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write_file(self, path: &Path) -> io::Result<u64> {
        let mut out = BufWriter::new(File::create(path)?);
        self.write(&mut out)?;
        out.into_inner()?.metadata().map(|metadata| metadata.len())
    }

    /// Writes the table as CSV, row by row.
    ///
    /// # Errors
    /// As `out`.
    pub fn write(self, out: &mut impl Write) -> io::Result<()> {
        let mut rng = ChaCha8Rng::seed_from_u64(SEED);
        match self.width {
            Width::Four => writeln!(out, "age,amount,approved,region")?,
            Width::Ten | Width::TwentyEight => {
                write!(out, "id,applied_at,age,amount,balance,visits,approved,region,product,closed_on")?;
                (10..self.width.columns()).try_for_each(|column| write!(out, ",survey_{column}"))?;
                writeln!(out)?;
            }
        }
        // A stream of its own: the other columns are the same in every width.
        let mut survey = ChaCha8Rng::seed_from_u64(SEED + 1);
        for index in 0..self.rows {
            Row::draw(index, &mut rng).write(self.width, out)?;
            if self.width == Width::TwentyEight {
                write_survey(&mut survey, out)?;
            }
            out.write_all(b"\n")?;
        }
        Ok(())
    }

    /// Writes the first ten columns of the table as Parquet, with the types that programs find in the CSV file by default, and returns its length
    /// in bytes.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write_parquet(self, path: &Path) -> io::Result<u64> {
        let mut rng = ChaCha8Rng::seed_from_u64(SEED);
        let properties = WriterProperties::builder().set_compression(Compression::SNAPPY).build();
        let mut writer = None;
        let mut left = 0..self.rows;
        while !left.is_empty() {
            let rows: Vec<Row> = left.by_ref().take(PARQUET_BATCH).map(|index| Row::draw(index, &mut rng)).collect();
            let batch = self.width.batch(&rows).map_err(io::Error::other)?;
            if writer.is_none() {
                let file = File::create(path)?;
                let new = ArrowWriter::try_new(file, batch.schema(), Some(properties.clone()));
                writer = Some(new.map_err(io::Error::other)?);
            }
            writer.iter_mut().try_for_each(|writer| writer.write(&batch)).map_err(io::Error::other)?;
        }
        writer.into_iter().try_for_each(|writer| writer.close().map(drop)).map_err(io::Error::other)?;
        path.metadata().map(|metadata| metadata.len())
    }

    /// How the table is read: with the pairs that [`CLAIMS`] need.
    pub fn read_options() -> ReadOptions {
        let pair = |left: &str, right: &str| vec![(left.to_owned(), right.to_owned())];
        ReadOptions { joint: pair("region", "approved"), product: pair("age", "amount"), ..ReadOptions::default() }
    }
}

impl Row {
    fn draw(index: u64, rng: &mut ChaCha8Rng) -> Self {
        let mut below = |bound: u32| rng.next_u32() % bound;
        let age = 18 + below(73);
        Self {
            id: 1_000_000 + index,
            applied_at: Moment::draw(&mut below),
            // Grows with the age, so that there is a correlation to prove.
            amount: 50_000 + 10_000 * age + below(4_000_000),
            age: (below(50) > 0).then_some(age),
            balance: (below(20) > 0).then(|| i64::from(below(120_000_000)) - 20_000_000),
            visits: (below(10) > 2).then(|| below(400)),
            approved: if below(10) < 4 { "yes" } else { "no" },
            region: REGIONS[below(12) as usize],
            // Small numbers are more frequent, as products are.
            product: below(PRODUCTS).min(below(PRODUCTS)),
            closed_on: (below(10) > 2).then(|| Moment::draw(&mut below)),
        }
    }

    fn write(&self, width: Width, out: &mut impl Write) -> io::Result<()> {
        if width != Width::Four {
            let Moment { year, month, day, second_of_day } = self.applied_at;
            let (hour, minute, second) = (second_of_day / 3_600, second_of_day / 60 % 60, second_of_day % 60);
            write!(out, "{},{year}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02},", self.id)?;
        }
        optional(out, self.age)?;
        write!(out, ",{}.{:02},", self.amount / 100, self.amount % 100)?;
        if width != Width::Four {
            if let Some(cents) = self.balance {
                let sign = if cents < 0 { "-" } else { "" };
                write!(out, "{sign}{}.{:02}", cents.abs() / 100, cents.abs() % 100)?;
            }
            out.write_all(b",")?;
            optional(out, self.visits)?;
            out.write_all(b",")?;
        }
        write!(out, "{},{}", self.approved, self.region)?;
        if width != Width::Four {
            write!(out, ",product {:03},", self.product)?;
            if let Some(Moment { year, month, day, .. }) = self.closed_on {
                write!(out, "{year}-{month:02}-{day:02}")?;
            }
        }
        Ok(())
    }
}

/// The columns of the survey, each after a comma.
fn write_survey(rng: &mut ChaCha8Rng, out: &mut impl Write) -> io::Result<()> {
    let mut below = |bound: u32| rng.next_u32() % bound;
    for _ in 0..8 {
        let score = below(1_001);
        write!(out, ",{}.{}", score / 10, score % 10)?;
    }
    for _ in 0..6 {
        write!(out, ",{}", ANSWERS[below(5) as usize])?;
    }
    for _ in 0..4 {
        out.write_all(b",")?;
        optional(out, (below(10) > 0).then(|| below(50)))?;
    }
    Ok(())
}

impl Moment {
    fn draw(below: &mut impl FnMut(u32) -> u32) -> Self {
        Self { year: 2022 + below(4), month: 1 + below(12), day: 1 + below(28), second_of_day: below(86_400) }
    }

    /// Days since 1970-01-01.
    fn days(&self) -> i64 {
        let before = |month| [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334][month as usize - 1];
        let leap = i64::from(self.year.is_multiple_of(4) && self.month > 2);
        // Every fourth year since then had a leap day.
        i64::from((self.year - 1970) * 365 + (self.year - 1969) / 4) + before(self.month) + leap + i64::from(self.day)
            - 1
    }

    /// Seconds since 1970-01-01T00:00:00.
    fn seconds(&self) -> i64 {
        self.days() * 86_400 + i64::from(self.second_of_day)
    }
}

fn optional(out: &mut impl Write, value: Option<u32>) -> io::Result<()> {
    value.map_or(Ok(()), |value| write!(out, "{value}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(rows: u64, width: Width) -> String {
        let mut out = Vec::new();
        MixedTable { rows, width }.write(&mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn every_row_has_all_columns() {
        for width in [Width::Four, Width::Ten, Width::TwentyEight] {
            let text = text(500, width);
            assert_eq!(text.lines().count(), 501);
            assert!(text.lines().all(|line| line.split(',').count() == width.columns() as usize));
        }
    }

    #[test]
    fn the_narrow_table_is_a_projection_of_the_wide_one() {
        let (narrow, wide) = (text(500, Width::Four), text(500, Width::Ten));
        for (narrow, wide) in narrow.lines().zip(wide.lines()) {
            let wide: Vec<&str> = wide.split(',').collect();
            assert_eq!(narrow, [wide[2], wide[3], wide[6], wide[7]].join(","));
        }
    }

    #[test]
    fn both_files_hold_one_table() {
        let directory = tempfile::tempdir().unwrap();
        for width in [Width::Four, Width::Ten] {
            let table = MixedTable { rows: 3_000, width };
            let profiles = ["table.csv", "table.parquet"].map(|name| {
                let path = directory.path().join(name);
                if name.ends_with("csv") { table.write_file(&path) } else { table.write_parquet(&path) }.unwrap();
                let scan = MixedTable::read_options().scan(zkl_ledger::dataset::Source::path(path));
                let output = scan.run(&[1; 32], &mut ()).unwrap();
                zkl_dataset::view::view(&output.layout, &output.profile)
            });
            assert_eq!(profiles[0], profiles[1]);
        }
    }

    #[test]
    fn longer_tables_begin_with_shorter_ones() {
        assert!(text(700, Width::Ten).starts_with(&text(500, Width::Ten)));
    }
}
