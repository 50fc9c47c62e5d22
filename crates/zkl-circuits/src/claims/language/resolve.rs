//! A claim matched to a table: names become positions, thresholds become exact fractions in the columns' integer units.

use num_bigint::BigInt;
use num_traits::{Signed as _, ToPrimitive as _};

use super::{
    Claim, Comparison, Decimal, Estimator, Literal, NullGroups, NullUnit, ShareBase,
    error::{ClaimError, PairKind, Unsupported},
};
use zkl_core::{
    column::ColumnType,
    layout::{ColumnLayout, Encoding, Layout, PairLayout},
};

/// One end of a range: the statistic `x` satisfies `denominator * x <= numerator` or `>=`, strictly or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bound {
    /// Numerator, of magnitude below `2^`[`Bound::NUMERATOR_BITS`].
    pub numerator: i128,
    /// Denominator, from 1 to below `2^`[`Bound::DENOMINATOR_BITS`], prime to the numerator.
    pub denominator: u64,
    /// Whether equality is excluded.
    pub strict: bool,
}

impl Bound {
    /// Bits of a numerator's magnitude.
    pub const NUMERATOR_BITS: u32 = 127;
    /// Bits of a denominator.
    pub const DENOMINATOR_BITS: u32 = 56;
}

/// A range of a statistic. At least one end is there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bounds {
    /// The lower end.
    pub lower: Option<Bound>,
    /// The upper end.
    pub upper: Option<Bound>,
}

/// Which axis of the sealed joint table holds the groups of a gap claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GapAxes {
    /// The pair was declared as group, label.
    GroupFirst,
    /// The pair was declared as label, group.
    LabelFirst,
}

/// What a smallest group is taken over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GroupTarget {
    /// The values of a category column with every count sealed.
    Category {
        /// Position of the column.
        column: usize,
        /// Slots of its dictionary.
        capacity: u32,
    },
    /// The values of a category column of which only the smallest count is sealed.
    Grouped {
        /// Position of the column.
        column: usize,
    },
    /// The cells of a joint table.
    Joint {
        /// Position of the pair.
        pair: usize,
        /// Slots of the first dictionary.
        group_capacity: u32,
        /// Slots of the second dictionary.
        label_capacity: u32,
    },
}

/// A claim about one layout. Positions are those of [`Layout::columns`] and [`Layout::pairs`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ResolvedClaim {
    /// Row count.
    Rows {
        /// The range, in rows.
        is: Bounds,
    },
    /// Valid count.
    Count {
        /// Position of the column.
        column: usize,
        /// The range, in rows.
        is: Bounds,
    },
    /// Null count or rate.
    Nulls {
        /// Position of the column.
        column: usize,
        /// Rows, or a part of all rows.
        unit: NullUnit,
        /// The range.
        is: Bounds,
    },
    /// Mean, in the column's integer units.
    Mean {
        /// Position of the column.
        column: usize,
        /// The range, in integer units.
        is: Bounds,
    },
    /// Sum, in the column's integer units.
    Sum {
        /// Position of the column.
        column: usize,
        /// The range, in integer units.
        is: Bounds,
    },
    /// Variance, in the column's squared integer units.
    Variance {
        /// Position of the column.
        column: usize,
        /// Divisor.
        estimator: Estimator,
        /// The range, in squared integer units.
        is: Bounds,
    },
    /// Every value, in the column's integer units.
    Values {
        /// Position of the column.
        column: usize,
        /// Limbs of the column.
        limbs: u8,
        /// Every value is at least this, of magnitude at most [`ResolvedClaim::MAX_VALUE`].
        lower: Option<i128>,
        /// Every value is at most this, of magnitude at most [`ResolvedClaim::MAX_VALUE`].
        upper: Option<i128>,
    },
    /// Share of one value.
    Share {
        /// Position of the column.
        column: usize,
        /// Slots of its dictionary.
        capacity: u32,
        /// The value.
        value: String,
        /// What it is a part of.
        over: ShareBase,
        /// The range, out of 1.
        is: Bounds,
    },
    /// Gap of a label's rate between two groups.
    Gap {
        /// Position of the pair.
        pair: usize,
        /// Which axis holds the groups.
        axes: GapAxes,
        /// Position of the group column.
        group: usize,
        /// Slots of the group column's dictionary.
        group_capacity: u32,
        /// Position of the label column.
        label: usize,
        /// Slots of the label column's dictionary.
        label_capacity: u32,
        /// The label.
        value: String,
        /// The two groups.
        groups: [String; 2],
        /// The range, out of 1.
        is: Bounds,
    },
    /// Rows of every group that occurs.
    MinGroup {
        /// What is grouped.
        target: GroupTarget,
        /// Whether rows with a null are groups too.
        nulls: NullGroups,
        /// Every group has at least so many rows: from 0 to 2^32 - 1.
        at_least: u32,
    },
    /// Smallest class over largest class.
    Balance {
        /// Position of the column.
        column: usize,
        /// Slots of its dictionary.
        capacity: u32,
        /// The lower end, out of 1.
        at_least: Bound,
    },
    /// Correlation.
    Correlation {
        /// Position of the pair.
        pair: usize,
        /// The range, from -1 to 1. Magnitudes below 2^56.
        is: Bounds,
    },
}

impl ResolvedClaim {
    /// Largest magnitude of a threshold of [`ResolvedClaim::Values`]: beyond every sealed bound, which are below 2^65.
    pub const MAX_VALUE: i128 = 1 << 65;

    /// The claim's function in the language.
    pub const fn function(&self) -> &'static str {
        match self {
            Self::Rows { .. } => "rows",
            Self::Count { .. } => "count",
            Self::Nulls { .. } => "nulls",
            Self::Mean { .. } => "mean",
            Self::Sum { .. } => "sum",
            Self::Variance { estimator: Estimator::Population, .. } => "var",
            Self::Variance { estimator: Estimator::Sample, .. } => "var_sample",
            Self::Values { .. } => "values",
            Self::Share { .. } => "share",
            Self::Gap { .. } => "gap",
            Self::MinGroup { .. } => "min_group",
            Self::Balance { .. } => "balance",
            Self::Correlation { .. } => "corr",
        }
    }
}

/// Matches `claim` to the table of `layout`.
///
/// # Errors
/// [`ClaimError`] for a column that is absent or of a type that the claim is not provable about, a pair that was not
/// declared, and a threshold of another type, outside what the statistic can be, or too wide for the circuit.
pub fn resolve(claim: &Claim, layout: &Layout) -> Result<ResolvedClaim, ClaimError> {
    let table = Table { layout, function: claim.function() };
    let longest = claim.columns().into_iter().chain(values_of(claim)).map(str::len).max().unwrap_or(0);
    if longest > Claim::MAX_LEN {
        return Err(ClaimError::TooLong { max: Claim::MAX_LEN, got: longest });
    }
    Ok(match claim {
        Claim::Rows { is } => ResolvedClaim::Rows { is: table.whole(is)? },
        Claim::Count { column, is } => ResolvedClaim::Count { column: table.column(column)?.0, is: table.whole(is)? },
        Claim::Nulls { column, unit, is } => {
            let is = match unit {
                NullUnit::Rows => table.whole(is)?,
                NullUnit::Rate => table.rate(is)?,
            };
            ResolvedClaim::Nulls { column: table.column(column)?.0, unit: *unit, is }
        }
        Claim::Mean { column, is } => {
            let (column, scale) = table.quantity(column)?;
            ResolvedClaim::Mean { column, is: bounds(is, scale, Bound::NUMERATOR_BITS)? }
        }
        Claim::Sum { column, is } => {
            let (column, scale) = table.quantity(column)?;
            ResolvedClaim::Sum { column, is: bounds(is, scale, Bound::NUMERATOR_BITS)? }
        }
        Claim::Variance { column, estimator, is } => {
            let (column, scale) = table.quantity(column)?;
            let is = bounds(is, 2 * scale, Bound::NUMERATOR_BITS)?;
            ResolvedClaim::Variance { column, estimator: *estimator, is }
        }
        Claim::Values { column, is } => table.values(column, is)?,
        Claim::Share { column, value, over, is } => {
            let (column, capacity) = table.category(column, Some(value))?;
            ResolvedClaim::Share { column, capacity, value: value.clone(), over: *over, is: table.rate(is)? }
        }
        Claim::Gap { column, value, by, groups, is } => table.gap(column, value, by, groups, is)?,
        Claim::MinGroup { columns, nulls, is } => table.min_group(columns, *nulls, is)?,
        Claim::Balance { column, is } => {
            let (column, capacity) = table.category(column, None)?;
            let at_least = table.rate(is)?.lower_only().ok_or(table.lower_bound_only())?;
            ResolvedClaim::Balance { column, capacity, at_least }
        }
        Claim::Correlation { left, right, is } => {
            let (left, right) = table.two(left, right)?;
            let (left_index, right_index) = (table.quantity(left)?.0, table.quantity(right)?.0);
            let pair = table
                .pair(|pair| match pair {
                    PairLayout::Product { left, right } => {
                        let pair = (left as usize, right as usize);
                        pair == (left_index, right_index) || pair == (right_index, left_index)
                    }
                    PairLayout::Joint { .. } => false,
                })
                .ok_or_else(|| table.missing(PairKind::Product, left, right))?;
            ResolvedClaim::Correlation { pair, is: table.within(is, -1, 1)? }
        }
    })
}

impl Bounds {
    /// The lower end when there is no upper one.
    const fn lower_only(self) -> Option<Bound> {
        match self {
            Self { lower, upper: None } => lower,
            _ => None,
        }
    }
}

/// A layout and the claim's function, for errors.
struct Table<'a> {
    layout: &'a Layout,
    function: &'static str,
}

impl<'a> Table<'a> {
    fn column(&self, name: &str) -> Result<(usize, &'a ColumnLayout), ClaimError> {
        let columns = self.layout.columns();
        if let Some(index) = self.layout.index_of(name) {
            return Ok((index, &columns[index]));
        }
        let closest = columns
            .iter()
            .filter_map(|column| Some((distance(name, &column.name)?, column.name.as_str())))
            .min_by_key(|(distance, _)| *distance);
        let suggestion = closest.map(|(_, name)| name.to_owned());
        Err(ClaimError::UnknownColumn { column: name.to_owned(), suggestion })
    }

    fn unsupported(&self, column: &ColumnLayout, reason: Unsupported) -> ClaimError {
        ClaimError::Unsupported {
            function: self.function,
            column: column.name.clone(),
            ty: column.ty,
            reason,
            supported: supported(column),
        }
    }

    /// Position and scale of a column of numbers.
    fn quantity(&self, name: &str) -> Result<(usize, u32), ClaimError> {
        let (index, column) = self.column(name)?;
        if !column.ty.is_quantity() {
            return Err(self.unsupported(column, Unsupported::NeedsQuantity));
        }
        Ok((index, u32::from(column.ty.scale())))
    }

    /// Position and capacity of a category column with every count sealed, that can hold `value`.
    fn category(&self, name: &str, value: Option<&str>) -> Result<(usize, u32), ClaimError> {
        let (index, column) = self.column(name)?;
        let Encoding::Category { capacity } = column.encoding else {
            return Err(self.unsupported(column, Unsupported::NeedsCategory));
        };
        match value {
            Some(value) if column.ty == ColumnType::Bool && value != "true" && value != "false" => {
                Err(ClaimError::NotABoolean { column: name.to_owned(), got: value.to_owned() })
            }
            _ => Ok((index, capacity)),
        }
    }

    fn two<'n>(&self, first: &'n str, second: &'n str) -> Result<(&'n str, &'n str), ClaimError> {
        if first == second {
            return Err(ClaimError::Repeated { function: self.function, name: first.to_owned() });
        }
        Ok((first, second))
    }

    fn pair(&self, fits: impl Fn(PairLayout) -> bool) -> Option<usize> {
        self.layout.pairs().iter().position(|&pair| fits(pair))
    }

    fn joint(&self, group: usize, label: usize) -> Option<(usize, GapAxes)> {
        let declared = |a: usize, b: usize| {
            self.pair(|pair| match pair {
                PairLayout::Joint { group, label } => (group as usize, label as usize) == (a, b),
                PairLayout::Product { .. } => false,
            })
        };
        let reversed = || declared(label, group).map(|pair| (pair, GapAxes::LabelFirst));
        declared(group, label).map(|pair| (pair, GapAxes::GroupFirst)).or_else(reversed)
    }

    fn missing(&self, kind: PairKind, first: &str, second: &str) -> ClaimError {
        ClaimError::MissingPair { function: self.function, kind, first: first.to_owned(), second: second.to_owned() }
    }

    const fn lower_bound_only(&self) -> ClaimError {
        ClaimError::LowerBoundOnly { function: self.function }
    }

    fn values(&self, name: &str, is: &Comparison<Literal>) -> Result<ResolvedClaim, ClaimError> {
        let (column, about) = self.column(name)?;
        let Encoding::Numeric { limbs } = about.encoding else {
            return Err(self.unsupported(about, Unsupported::NeedsNumeric));
        };
        let is = (*is).try_map(|literal| in_units(literal, about))?;
        let ends = ends(&is, |value: &(BigInt, BigInt)| value.clone());
        if let Comparison::Between(lower, upper) = &is
            && &lower.0 * &upper.1 > &upper.0 * &lower.1
        {
            return Err(ClaimError::EmptyRange { lower: fraction(lower), upper: fraction(upper) });
        }
        // Values are integers: v >= a/b is v >= ceil(a/b), v > a/b is v >= floor(a/b) + 1, and so on.
        let narrow = |value: BigInt| {
            let fits = value.to_i128().filter(|v| v.abs() <= ResolvedClaim::MAX_VALUE);
            fits.ok_or_else(|| ClaimError::ThresholdTooWide {
                got: value.to_string(),
                numerator_bits: 65,
                denominator_bits: Bound::DENOMINATOR_BITS,
            })
        };
        use num_integer::Integer as _;
        let lower = ends.lower.map(|((a, b), strict)| if strict { a.div_floor(&b) + 1 } else { a.div_ceil(&b) });
        let upper = ends.upper.map(|((a, b), strict)| if strict { a.div_ceil(&b) - 1 } else { a.div_floor(&b) });
        let (lower, upper) = (lower.map(narrow).transpose()?, upper.map(narrow).transpose()?);
        Ok(ResolvedClaim::Values { column, limbs, lower, upper })
    }

    fn gap(
        &self,
        column: &str,
        value: &str,
        by: &str,
        groups: &[String; 2],
        is: &Comparison<Decimal>,
    ) -> Result<ResolvedClaim, ClaimError> {
        self.two(column, by)?;
        self.two(&groups[0], &groups[1])?;
        let (label, label_capacity) = self.category(column, Some(value))?;
        let (group, group_capacity) = self.category(by, Some(&groups[0]))?;
        self.category(by, Some(&groups[1]))?;
        let is = self.rate(is)?;
        let (pair, axes) = self.joint(group, label).ok_or_else(|| self.missing(PairKind::Joint, by, column))?;
        let (value, groups) = (value.to_owned(), groups.clone());
        Ok(ResolvedClaim::Gap { pair, axes, group, group_capacity, label, label_capacity, value, groups, is })
    }

    fn min_group(
        &self,
        columns: &[String],
        nulls: NullGroups,
        is: &Comparison<Decimal>,
    ) -> Result<ResolvedClaim, ClaimError> {
        let target = match columns {
            [one] => {
                let (column, about) = self.column(one)?;
                match about.encoding {
                    Encoding::Category { capacity } => GroupTarget::Category { column, capacity },
                    Encoding::Grouped { .. } => GroupTarget::Grouped { column },
                    Encoding::Numeric { .. } | Encoding::Opaque => {
                        return Err(self.unsupported(about, Unsupported::NeedsGroups));
                    }
                }
            }
            [first, second] => {
                let (first, second) = self.two(first, second)?;
                let (a, b) = (self.category(first, None)?, self.category(second, None)?);
                let (pair, axes) = self.joint(a.0, b.0).ok_or_else(|| self.missing(PairKind::Joint, first, second))?;
                let (group_capacity, label_capacity) = match axes {
                    GapAxes::GroupFirst => (a.1, b.1),
                    GapAxes::LabelFirst => (b.1, a.1),
                };
                GroupTarget::Joint { pair, group_capacity, label_capacity }
            }
            _ => return Err(ClaimError::GroupColumns { got: columns.len() }),
        };
        let bound = self.whole(is)?.lower_only().ok_or(self.lower_bound_only())?;
        let least = bound.numerator + i128::from(bound.strict);
        let at_least = u32::try_from(least.max(0)).map_err(|_| ClaimError::ThresholdTooWide {
            got: least.to_string(),
            numerator_bits: 32,
            denominator_bits: 1,
        })?;
        Ok(ResolvedClaim::MinGroup { target, nulls, at_least })
    }

    /// A range of a number of rows.
    fn whole(&self, is: &Comparison<Decimal>) -> Result<Bounds, ClaimError> {
        (*is).try_map(|value| match value.to_integer() {
            Some(_) => Ok(()),
            None => Err(ClaimError::NotWhole { function: self.function, got: value }),
        })?;
        bounds(is, 0, Bound::NUMERATOR_BITS)
    }

    /// A range of a part of 1.
    fn rate(&self, is: &Comparison<Decimal>) -> Result<Bounds, ClaimError> {
        self.within(is, 0, 1)
    }

    /// A range inside `[lowest, highest]`.
    fn within(&self, is: &Comparison<Decimal>, lowest: i8, highest: i8) -> Result<Bounds, ClaimError> {
        let (low, high) = (Decimal::from(i64::from(lowest)), Decimal::from(i64::from(highest)));
        (*is).try_map(|got| {
            if (low..=high).contains(&got) {
                return Ok(());
            }
            Err(ClaimError::OutsideRange { function: self.function, lowest, highest, got })
        })?;
        bounds(is, 0, Bound::DENOMINATOR_BITS)
    }
}

/// How far `name` is from being `column`, or `None` when they have little in common.
fn distance(name: &str, column: &str) -> Option<usize> {
    const LONGEST: usize = 128;
    if name.len() > LONGEST || column.len() > LONGEST {
        return None;
    }
    let (name, column) = (name.to_lowercase(), column.to_lowercase());
    let edits = strsim::osa_distance(&name, &column);
    let contained = name.len() >= 3 && (column.contains(&name) || name.contains(&column));
    (contained || edits <= (name.chars().count() / 3).max(1)).then_some(edits)
}

/// The functions that are provable about a column.
fn supported(column: &ColumnLayout) -> Vec<&'static str> {
    let mut functions = vec!["count", "nulls"];
    match column.encoding {
        Encoding::Numeric { .. } => {
            functions.extend(["min", "max", "values"]);
            if column.ty.is_quantity() {
                functions.extend(["mean", "sum", "var", "std", "corr"]);
            }
        }
        Encoding::Category { .. } => functions.extend(["share", "gap", "min_group", "balance"]),
        Encoding::Grouped { .. } => functions.push("min_group"),
        Encoding::Opaque => {}
    }
    functions
}

fn values_of(claim: &Claim) -> Vec<&str> {
    match claim {
        Claim::Share { value, .. } => vec![value],
        Claim::Gap { value, groups, .. } => vec![value, &groups[0], &groups[1]],
        _ => Vec::new(),
    }
}

/// Both ends of a comparison and whether they are strict.
struct Ends<T> {
    lower: Option<(T, bool)>,
    upper: Option<(T, bool)>,
}

fn ends<T, U>(is: &Comparison<T>, value: impl Fn(&T) -> U) -> Ends<U> {
    let (lower, upper) = match is {
        Comparison::AtMost(t) => (None, Some((t, false))),
        Comparison::Below(t) => (None, Some((t, true))),
        Comparison::AtLeast(t) => (Some((t, false)), None),
        Comparison::Above(t) => (Some((t, true)), None),
        Comparison::Equal(t) => (Some((t, false)), Some((t, false))),
        Comparison::Between(lower, upper) => (Some((lower, false)), Some((upper, false))),
    };
    Ends { lower: lower.map(|(t, strict)| (value(t), strict)), upper: upper.map(|(t, strict)| (value(t), strict)) }
}

/// The range of a statistic whose integer unit is `10^-scale`.
fn bounds(is: &Comparison<Decimal>, scale: u32, numerator_bits: u32) -> Result<Bounds, ClaimError> {
    if let Comparison::Between(lower, upper) = is
        && lower > upper
    {
        return Err(ClaimError::EmptyRange { lower: lower.to_string(), upper: upper.to_string() });
    }
    let ends = ends(is, |value| *value);
    let bound = |(value, strict)| bound(value, scale, strict, numerator_bits);
    Ok(Bounds { lower: ends.lower.map(bound).transpose()?, upper: ends.upper.map(bound).transpose()? })
}

fn bound(value: Decimal, scale: u32, strict: bool, numerator_bits: u32) -> Result<Bound, ClaimError> {
    let exact = value.to_rational() * BigInt::from(10).pow(scale);
    let fits = exact.numer().abs().bits() <= u64::from(numerator_bits)
        && exact.denom().bits() <= u64::from(Bound::DENOMINATOR_BITS);
    let parts = exact.numer().to_i128().zip(exact.denom().to_u64()).filter(|_| fits);
    let (numerator, denominator) = parts.ok_or_else(|| ClaimError::ThresholdTooWide {
        got: value.to_string(),
        numerator_bits,
        denominator_bits: Bound::DENOMINATOR_BITS,
    })?;
    Ok(Bound { numerator, denominator, strict })
}

/// A literal as a fraction in the integer units of `column`.
fn in_units(literal: Literal, column: &ColumnLayout) -> Result<(BigInt, BigInt), ClaimError> {
    match (literal, column.ty) {
        (Literal::Number(value), ColumnType::Int | ColumnType::Decimal { .. }) => {
            let exact = value.to_rational() * BigInt::from(10).pow(u32::from(column.ty.scale()));
            Ok((exact.numer().clone(), exact.denom().clone()))
        }
        (Literal::Date(day), ColumnType::Date) => Ok((BigInt::from(day.days()), BigInt::from(1))),
        (Literal::Timestamp(time), ColumnType::Timestamp { unit }) => {
            Ok((BigInt::from(time.nanoseconds()), BigInt::from(1_000_000_000 / unit.per_second())))
        }
        _ => Err(ClaimError::ThresholdType { column: column.name.clone(), ty: column.ty, got: literal.to_string() }),
    }
}

fn fraction((numerator, denominator): &(BigInt, BigInt)) -> String {
    num_rational::BigRational::new(numerator.clone(), denominator.clone()).to_string()
}
