//! The kinds of claims: a file each, and the list.

pub(super) mod balance;
pub(super) mod correlation;
mod count;
pub(super) mod gap;
mod mean;
pub(super) mod min_group;
mod nulls;
mod range;
mod rows;
pub(super) mod share;
mod std_dev;
mod sum;
pub(super) mod values;
mod variance;

use std::fmt;

use serde::{Deserialize, Serialize};
use zkl_core::{
    circuit::{Circuit, CircuitId},
    layout::{ColumnLayout, Layout},
};

use super::{
    kind::{ClaimKind, Kind, Page},
    language::{ClaimError, TextForm},
    resolve::{ResolvedClaim, Table},
};

pub(crate) use self::values::whole_ends;
pub use self::{min_group::NullGroups, nulls::NullUnit, range::Limit, share::ShareBase, variance::Estimator};

/// Makes the type of all claims and everything that goes through all kinds.
macro_rules! claims {
    ($($module:ident::$kind:ident,)+) => {
        $(pub use self::$module::$kind;)+

        /// A statement about a table. The text form is read with [`str::parse`] and printed by
        /// [`Display`](std::fmt::Display); both name the same claim. The JSON form is tagged by `claim`.
        #[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(tag = "claim", rename_all = "snake_case")]
        #[non_exhaustive]
        pub enum Claim {
            $(
                #[doc = concat!("[`", stringify!($kind), "`]")]
                $kind($kind),
            )+
        }

        $(
            impl From<$kind> for Claim {
                fn from(claim: $kind) -> Self {
                    Self::$kind(claim)
                }
            }
        )+

        impl Claim {
            /// The claim's function in the language, as `mean`.
            pub fn function(&self) -> &'static str {
                match self {
                    $(Self::$kind(claim) => claim.function(),)+
                }
            }

            /// The columns that the claim names, in the order of the text.
            pub fn columns(&self) -> Vec<&str> {
                match self {
                    $(Self::$kind(claim) => claim.columns(),)+
                }
            }

            /// The values that the claim names.
            pub(super) fn values(&self) -> Vec<&str> {
                match self {
                    $(Self::$kind(claim) => claim.values(),)+
                }
            }

            pub(super) fn write(&self, f: &mut fmt::Formatter<'_>, text: TextForm) -> fmt::Result {
                match self {
                    $(Self::$kind(claim) => claim.write(f, text),)+
                }
            }

            /// The claim as a sentence for readers who do not know the language, with hidden characters of names as escapes.
            pub fn in_words(&self) -> String {
                match self {
                    $(Self::$kind(claim) => ClaimKind::in_words(claim),)+
                }
            }

            /// The claim to prove of the committed values, where some were rounded.
            pub(super) fn inwards(&self, layout: &Layout) -> Result<Option<Self>, ClaimError> {
                Ok(match self {
                    $(Self::$kind(claim) => ClaimKind::inwards(claim, layout)?.map(Into::into),)+
                })
            }

            pub(super) fn resolve(&self, table: &Table<'_>) -> Result<ResolvedClaim, ClaimError> {
                match self {
                    $(Self::$kind(claim) => claim.resolve(table),)+
                }
            }
        }

        /// Every kind, in the order of `docs/claims.md`.
        pub(super) const KINDS: &[Kind] = &[$(Kind::of::<$kind>(),)+];
    };
}

claims! {
    rows::Rows,
    count::Count,
    nulls::Nulls,
    mean::Mean,
    sum::Sum,
    variance::Variance,
    std_dev::Std,
    values::Values,
    range::Range,
    share::Share,
    gap::Gap,
    min_group::MinGroup,
    balance::Balance,
    correlation::Correlation,
}

impl Claim {
    /// Longest text and longest name or value in bytes.
    pub const MAX_LEN: usize = 4_096;
}

/// What `docs/claims.md` says about each kind.
pub fn pages() -> impl Iterator<Item = Page> {
    KINDS.iter().map(|kind| kind.page)
}

/// Every claim circuit with its id, blank: what keys are generated from. The order is fixed.
pub fn all_shapes() -> Vec<(CircuitId, Box<dyn Circuit>)> {
    let circuits = KINDS.iter().flat_map(|kind| (kind.shapes)());
    circuits.map(|circuit| (circuit.id(), circuit)).collect()
}

/// The functions that are provable about a column.
pub(super) fn functions_of(column: &ColumnLayout) -> Vec<&'static str> {
    let kinds = KINDS.iter().filter(|kind| (kind.serves)(column));
    kinds.flat_map(|kind| kind.functions.iter().copied()).collect()
}
