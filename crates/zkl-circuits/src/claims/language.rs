//! The language of claims: what can be said about a sealed profile, in one text form, one JSON form and one typed form.
//!
//! [`Claim`] is what a user writes: column names and exact thresholds. The text form is read with [`str::parse`] and
//! printed by [`Display`](std::fmt::Display); the JSON form is tagged by `claim`. `docs/claims.md` says for each kind what
//! it means and whether nulls count.

mod comparison;
mod decimal;
mod error;
mod lex;
mod literal;
pub(super) mod parser;
mod text;

#[cfg(test)]
mod tests;

pub use self::{
    comparison::Comparison,
    decimal::Decimal,
    error::{
        ClaimError, ClaimSyntaxError, Coarse, DecimalError, Expected, LiteralError, OneSided, PairKind, Unsupported,
        Vacuity,
    },
    literal::{DateLiteral, Literal, TimestampLiteral},
};
pub(super) use self::{
    lex::{Fault, Symbol},
    text::TextForm,
};
pub use super::kinds::{self, Claim};
