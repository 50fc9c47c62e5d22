//! The hypothesis about one column's type, and what ends it.

use zkl_core::{
    column::{ColumnType, TimeUnit},
    layout::{ColumnLayout, Encoding, Rounding, Zone},
};

use super::habit;
use super::numbers::{Bad, Fit, Numbers, ScaleRule, Times};
use crate::{
    cell::Cell,
    dictionary::Dictionary,
    error::{DatasetError, Fault},
    nulls::NullRule,
    number::Parsed,
    reader::CellBlock,
    report::{Basis, ColumnReport, RuledOut},
    schema_file::TextEncoding,
};

/// What a file's own schema says about a column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum FileType {
    /// Nothing: CSV and JSON.
    Unknown,
    Bool,
    Number {
        scale: u32,
    },
    Float,
    Date,
    Time(TimeUnit),
    String,
    /// A type of no meaning here, by name.
    Unsupported(String),
}

/// What all values so far are.
enum Kind {
    /// There are none yet.
    Unknown,
    Bool([bool; 2]),
    Number(Numbers),
    Date(Option<(i64, i64)>),
    Time(Times),
    Category(Dictionary),
    /// Text after all; the values that came before have to be read again for the dictionary.
    Mixed,
    Text,
}

/// How the values of a column are encoded.
pub(crate) enum Plan {
    Numeric {
        min: i64,
        max: i64,
        rule: ScaleRule,
        /// Whether some value has more digits than the column keeps.
        rounded: bool,
    },
    Bool([bool; 2]),
    Category(Dictionary),
    Hashed,
    Opaque,
}

/// What was found out about a column.
pub(crate) struct Found {
    pub(crate) report: ColumnReport,
    pub(crate) plan: Plan,
    pub(crate) nulls: NullRule,
    /// What times are.
    pub(crate) zone: Option<Zone>,
}

impl Found {
    /// Distinct values of a dictionary column.
    pub(crate) fn distinct(&self) -> usize {
        match &self.plan {
            Plan::Bool(seen) => seen.iter().filter(|seen| **seen).count(),
            Plan::Category(dictionary) => dictionary.len(),
            Plan::Numeric { .. } | Plan::Hashed | Plan::Opaque => 0,
        }
    }

    /// The column's public shape.
    pub(crate) fn layout(&self) -> ColumnLayout {
        let encoding = match &self.plan {
            Plan::Numeric { min, max, .. } => Encoding::for_span(max.abs_diff(*min)),
            Plan::Bool(_) | Plan::Category(_) => Encoding::for_distinct(self.distinct()).unwrap_or(Encoding::Opaque),
            Plan::Hashed => Encoding::Hashed,
            Plan::Opaque => Encoding::Opaque,
        };
        let ColumnReport { name, ty, nullable, .. } = &self.report;
        let rounding = match &self.plan {
            Plan::Numeric { rounded: true, .. } => Some(Rounding::to_nearest(ty.scale())),
            _ => None,
        };
        let fraction_bits = match &self.plan {
            Plan::Numeric { min, max, .. } => encoding.fraction_bits(*min, *max),
            _ => 0,
        };
        let (name, zone) = (name.clone(), self.zone);
        ColumnLayout { name, ty: *ty, nullable: *nullable, encoding, fraction_bits, rounding, zone }
    }
}

/// What is known about a column before its first value.
pub(crate) struct Expected<'a> {
    pub(crate) name: &'a str,
    pub(crate) pinned: Option<ColumnType>,
    pub(crate) nullable: Option<bool>,
    /// How it is committed to if it is text.
    pub(crate) encoding: Option<TextEncoding>,
    pub(crate) round: bool,
    pub(crate) file: FileType,
    /// Of numbers that may be floats.
    pub(crate) floats: ScaleRule,
    pub(crate) joint: bool,
    pub(crate) nulls: NullRule,
}

/// One column during the first pass.
pub(crate) struct ColumnState {
    pub(crate) name: String,
    kind: Kind,
    basis: Basis,
    pinned: Option<ColumnType>,
    nullable: Option<bool>,
    encoding: Option<TextEncoding>,
    /// Whether some value has no text that could be hashed.
    has_no_text: bool,
    nulls: NullRule,
    null_count: u64,
    first_null: Option<u64>,
    ruled_out: Option<RuledOut>,
    /// Dictionary of a column in a joint pair, kept beside the hypothesis; `None` once it is full.
    joint: Option<Dictionary>,
    in_joint: bool,
    /// Whether this pass looks at the column.
    active: bool,
    /// Of numbers that may be floats.
    floats: ScaleRule,
    scratch: String,
}

impl ColumnState {
    pub(crate) fn new(expected: Expected<'_>) -> Self {
        let Expected { name, pinned, nullable, encoding, round, file, floats, joint, nulls } = expected;
        let kind = match (pinned, &file) {
            (Some(ColumnType::Bool), _) | (None, FileType::Bool) => Kind::Bool([false; 2]),
            (Some(ty @ (ColumnType::Int | ColumnType::Decimal { .. })), _) => {
                let scale = u32::from(ty.scale());
                Kind::Number(Numbers::new(ScaleRule::Pinned { scale, round: round || file == FileType::Float }, scale))
            }
            (None, FileType::Number { scale }) => {
                Kind::Number(Numbers::new(ScaleRule::EXACT, (*scale).min(ScaleRule::EXACT.limit())))
            }
            (None, FileType::Float) => Kind::Number(Numbers::new(floats, 0)),
            (Some(ColumnType::Date), _) | (None, FileType::Date) => Kind::Date(None),
            (Some(ColumnType::Timestamp { unit }), _) => Kind::Time(Times::new(unit, true)),
            (None, FileType::Time(unit)) => Kind::Time(Times::new(*unit, false)),
            (Some(ColumnType::Category), _) | (None, FileType::String) => Kind::Category(Dictionary::default()),
            (Some(ColumnType::Text), _) => Kind::Text,
            (None, FileType::Unknown | FileType::Unsupported(_)) => Kind::Unknown,
        };
        let basis = match (pinned, file) {
            (Some(_), _) => Basis::Pinned,
            (None, FileType::Unknown | FileType::Unsupported(_)) => Basis::Inferred,
            (None, _) => Basis::FileType,
        };
        Self {
            name: name.to_owned(),
            kind,
            basis,
            pinned,
            nullable,
            encoding,
            has_no_text: false,
            nulls,
            null_count: 0,
            first_null: None,
            ruled_out: None,
            joint: joint.then(Dictionary::default),
            in_joint: joint,
            active: true,
            floats,
            scratch: String::new(),
        }
    }

    /// Takes in `count` nulls, the first of them at `at`.
    pub(crate) fn add_nulls(&mut self, count: u64, at: u64) -> Result<(), Box<Bad>> {
        if count == 0 || !self.active {
            return Ok(());
        }
        if self.nullable == Some(false) {
            return Err(Box::new(Bad { at, fault: Fault::UnexpectedNull, value: None }));
        }
        self.null_count += count;
        self.first_null.get_or_insert(at);
        Ok(())
    }

    /// Looks at no further cell: the column is not what it has to be.
    pub(crate) fn give_up(&mut self) {
        self.active = false;
    }

    /// Takes in the cells of `column` of a block, up to the first that is not what it has to be; the answer is the number of its row there, and
    /// what is wrong.
    pub(crate) fn observe_all(
        &mut self,
        column: usize,
        block: &impl CellBlock,
    ) -> Result<Option<(usize, Box<Bad>)>, DatasetError> {
        let mut trouble = None;
        block.each(column, |row, at, cell| match self.observe(at, cell) {
            Ok(()) => true,
            Err(bad) => {
                trouble = Some((row, bad));
                false
            }
        })?;
        Ok(trouble)
    }

    /// Takes in one cell.
    #[inline]
    pub(crate) fn observe(&mut self, at: u64, cell: Cell<'_>) -> Result<(), Box<Bad>> {
        if !self.active {
            return Ok(());
        }
        if self.nulls.is_null(cell) {
            return self.add_nulls(1, at);
        }
        if let Cell::Opaque(what) = cell {
            if !matches!(self.kind, Kind::Text) || self.encoding == Some(TextEncoding::Hashed) {
                let fault = Fault::Unsupported { data_type: what.to_owned() };
                return Err(Box::new(Bad { at, fault, value: None }));
            }
            self.has_no_text = true;
        }
        if matches!(cell, Cell::Infinite) && !matches!(self.kind, Kind::Text | Kind::Category(_)) {
            return Err(Bad::new(at, Fault::NotFinite, cell));
        }
        if let Some(dictionary) = &mut self.joint
            && !dictionary.insert(cell.text(&mut self.scratch))
        {
            self.joint = None;
        }
        if matches!(self.kind, Kind::Unknown) {
            self.guess(at, cell);
        }
        let fits = match &mut self.kind {
            Kind::Number(_) => return self.observe_number(at, cell),
            Kind::Category(dictionary) => {
                if !dictionary.insert(cell.text(&mut self.scratch)) {
                    return self.too_many_values(at, cell);
                }
                true
            }
            Kind::Bool(seen) => {
                let value = match (self.basis, cell) {
                    // One rule for JSON, whatever comes first: a string is no bool and no number.
                    (Basis::Inferred, Cell::String(_)) => None,
                    (Basis::Pinned, _) => cell.declared_bool(),
                    _ => cell.bool(),
                };
                value.map(|value| seen[usize::from(value)] = true).is_some()
            }
            Kind::Date(bounds) => match cell.date() {
                Some(day) => {
                    let (min, max) = bounds.get_or_insert((day, day));
                    (*min, *max) = (day.min(*min), day.max(*max));
                    true
                }
                None => false,
            },
            Kind::Time(times) => cell.moment().is_some_and(|moment| times.add(moment, at)),
            Kind::Unknown | Kind::Mixed | Kind::Text => true,
        };
        if fits { Ok(()) } else { self.demote(at, cell) }
    }

    fn observe_number(&mut self, at: u64, cell: Cell<'_>) -> Result<(), Box<Bad>> {
        if matches!((self.basis, cell), (Basis::Inferred, Cell::String(_))) {
            return self.demote(at, cell);
        }
        let Kind::Number(numbers) = &mut self.kind else { return Ok(()) };
        let fault = match cell.number() {
            Parsed::Number(number) => match numbers.add(number, at) {
                Ok(()) => return Ok(()),
                Err(_) => Fault::TooManyDigits { scale: numbers.rule.limit() as u8 },
            },
            Parsed::NotFinite => Fault::NotFinite,
            Parsed::TooLarge => Fault::IntOverflow,
            Parsed::No => return self.demote(at, cell),
        };
        let bad = Bad::new(at, fault, cell);
        if self.basis != Basis::Inferred {
            return Err(bad);
        }
        numbers.bad.get_or_insert(bad);
        Ok(())
    }

    /// Chooses the narrowest type that the first value reads as.
    fn guess(&mut self, at: u64, cell: Cell<'_>) {
        self.kind = if let Cell::Text(_) | Cell::Bool(_) = cell
            && cell.bool().is_some()
        {
            Kind::Bool([false; 2])
        } else if !matches!(cell, Cell::String(_)) && cell.number() != Parsed::No {
            Kind::Number(Numbers::new(self.floats, 0))
        } else if cell.date().is_some() {
            Kind::Date(None)
        } else if let Some(moment) = cell.moment() {
            Kind::Time(Times::new(moment.unit, false))
        } else {
            self.ruled_out = Some(RuledOut { was: "bool, number or time", line: at, value: Some(cell.excerpt()) });
            Kind::Category(Dictionary::default())
        };
    }

    #[cold]
    fn demote(&mut self, at: u64, cell: Cell<'_>) -> Result<(), Box<Bad>> {
        if let Some(ty) = self.pinned {
            return Err(Bad::new(at, Fault::NotOfType { ty }, cell));
        }
        let was = match &self.kind {
            Kind::Bool(_) => "bool",
            Kind::Number(numbers) => numbers.name(),
            Kind::Date(_) => "date",
            _ => "timestamp",
        };
        self.ruled_out = Some(RuledOut { was, line: at, value: Some(cell.excerpt()) });
        self.basis = Basis::MixedTypes;
        self.kind = Kind::Mixed;
        Ok(())
    }

    #[cold]
    fn too_many_values(&mut self, at: u64, cell: Cell<'_>) -> Result<(), Box<Bad>> {
        if self.pinned.is_some() {
            return Err(Bad::new(at, Fault::TooManyCategories { limit: Dictionary::MAX_VALUES }, cell));
        }
        self.kind = Kind::Text;
        self.basis = Basis::TooManyValues;
        Ok(())
    }

    /// Whether the column has to be read again for its dictionary.
    pub(crate) const fn needs_dictionary(&self) -> bool {
        matches!(self.kind, Kind::Mixed) && !self.in_joint
    }

    /// Prepares for the pass that only builds missing dictionaries.
    pub(crate) fn begin_dictionary_pass(&mut self) {
        self.active = self.needs_dictionary();
        if self.active {
            self.kind = Kind::Category(Dictionary::default());
            self.null_count = 0;
            self.first_null = None;
        }
    }

    /// The finished column.
    pub(crate) fn finish(mut self) -> Result<Found, Box<Bad>> {
        let mut zone = None;
        let text = match self.encoding {
            Some(TextEncoding::Opaque) => Plan::Opaque,
            None if self.has_no_text => Plan::Opaque,
            _ => Plan::Hashed,
        };
        let joint_is_full = self.in_joint && self.joint.is_none();
        let joint = self.joint.take();
        let as_category = self.in_joint && self.pinned.is_none() && !matches!(self.kind, Kind::Bool(_) | Kind::Text);
        let (ty, plan) = match (self.kind, joint) {
            (kind, Some(dictionary)) if as_category => {
                if matches!(kind, Kind::Number(_) | Kind::Date(_) | Kind::Time(_)) {
                    self.basis = Basis::Joint;
                }
                (ColumnType::Category, Plan::Category(dictionary))
            }
            _ if as_category && joint_is_full => (ColumnType::Text, text),
            (Kind::Bool(seen), _) => (ColumnType::Bool, Plan::Bool(seen)),
            (Kind::Number(mut numbers), _) => {
                let Fit { ty, min, max, rounded } = numbers.finish()?;
                (ty, Plan::Numeric { min, max, rule: numbers.rule, rounded })
            }
            (Kind::Date(bounds), _) => {
                let (min, max) = bounds.unwrap_or_default();
                (ColumnType::Date, Plan::Numeric { min, max, rule: ScaleRule::EXACT, rounded: false })
            }
            (Kind::Time(times), _) => {
                zone = times.zone();
                let (min, max) = times.finish()?;
                let ty = ColumnType::Timestamp { unit: times.unit };
                (ty, Plan::Numeric { min, max, rule: ScaleRule::EXACT, rounded: false })
            }
            (Kind::Category(dictionary), _) => (ColumnType::Category, Plan::Category(dictionary)),
            (Kind::Unknown, _) => {
                self.basis = Basis::OnlyNulls;
                (ColumnType::Category, Plan::Category(Dictionary::default()))
            }
            (Kind::Mixed | Kind::Text, _) => (ColumnType::Text, text),
        };
        let distinct = match &plan {
            Plan::Category(dictionary) => Some(dictionary.len()),
            _ => None,
        };
        let report = ColumnReport {
            name: self.name,
            ty,
            nullable: self.nullable.unwrap_or(self.null_count > 0),
            nulls: self.null_count,
            first_null: self.first_null,
            distinct,
            basis: self.basis,
            ruled_out: self.ruled_out,
            suggestion: match &plan {
                Plan::Category(dictionary) if self.basis == Basis::Inferred => {
                    habit::suggestion(|| dictionary.values())
                }
                _ => None,
            },
            rounding: None,
        };
        Ok(Found { report, plan, nulls: self.nulls, zone })
    }
}
