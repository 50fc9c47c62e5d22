//! The pass of the moments sumcheck: sums of linear and quadratic terms over rows, with rules that hold row by row.
//!
//! The summand, with `ind` the extension of `[x < below]`, `e = eq(z, x)`, `o = eq(0, x)` and `G` the extension of a group's
//! `[x < limit]`:
//!
//! | term | summand |
//! |---|---|
//! | numeric | `ind [t0 u + t1 u^2 + t2 b + e (t4 u - t3 b) (1 - b)]` with `b = b' + full` in the first part; `b = b'` in the rules |
//! | opaque | `ind [t0 b - e t1 b' (1 - b')]`, the same |
//! | grouped | `m (t0 o + t1 (1 - G) e) + (m - smallest - rest) t2 (G - o) e` |
//! | product | `ind [t0 l r + t1 lv rv + t2 l rv + t3 r lv + t4 l^2 rv + t5 r^2 lv]` with `lv`, `rv` validity, `full` added |
//!
//! A column that is never null has no `b'`; then its rules vanish. All series are 0 where they have no form.

use zkl_core::ark::Fr;

use crate::cells::Form;

/// Position of a series, or `None` for one that is 0 everywhere.
pub type Series = Option<usize>;

/// One slot: the powers of the batching challenge, and where its values are.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the module's table names the fields")]
pub enum Term {
    /// A numeric column.
    Numeric { powers: [Fr; 5], u: Series, b: Series, full: Fr },
    /// A column of which only the valid count is summed.
    Opaque { powers: [Fr; 2], b: Series, full: Fr },
    /// A dictionary with multiplicities. `group` is a position in [`MomentsInput::limits`].
    Grouped { powers: [Fr; 3], m: Series, rest: Series, smallest: Fr, group: usize },
    /// A pair of numeric columns, left and right.
    Product { powers: [Fr; 6], u: [Series; 2], b: [Series; 2], full: [Fr; 2] },
}

/// What is summed.
#[derive(Clone, Debug)]
pub struct MomentsInput<'a> {
    /// Binary logarithm of the number of rows.
    pub log_rows: usize,
    /// Rows that count.
    pub below: usize,
    /// The point of the rules, `log_rows` coordinates.
    pub z: Vec<Fr>,
    /// The different forms.
    pub series: Vec<Form<'a>>,
    /// The slots.
    pub terms: Vec<Term>,
    /// Of each group, the rows that belong to it.
    pub limits: Vec<usize>,
}

impl MomentsInput<'_> {
    /// Whether any rule is weighted by `e`.
    pub(crate) fn has_rules(&self) -> bool {
        self.terms.iter().any(|term| match term {
            Term::Numeric { b, .. } | Term::Opaque { b, .. } => b.is_some(),
            Term::Grouped { .. } => true,
            Term::Product { .. } => false,
        })
    }
}

/// The moments sumcheck, coordinate 0 first.
pub trait MomentsRounds {
    /// The round polynomial at 0, 2, -1 and 3.
    fn sums(&mut self) -> [Fr; 4];

    /// Binds coordinate 0 to `r`.
    fn bind(&mut self, r: Fr);

    /// The values of the series when every coordinate is bound.
    fn ends(self) -> Vec<Fr>;
}
