//! The canonical text of a claim: one spelling, which reads back as the same claim.

use std::fmt;

use super::{
    Claim,
    lex::{is_bare_name, write_quoted},
};

/// How names and values are spelt in a canonical text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::claims) enum TextForm {
    /// Names of letters and digits are bare.
    V1,
}

impl TextForm {
    /// A column name, quoted when it is no bare word.
    pub(in crate::claims) const fn name(self, name: &str) -> Name<'_> {
        Name(name)
    }

    /// A category's value.
    pub(in crate::claims) const fn value(self, value: &str) -> Value<'_> {
        Value(value)
    }
}

/// A column name in a text.
pub(in crate::claims) struct Name<'a>(&'a str);

impl fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if is_bare_name(self.0) { f.write_str(self.0) } else { write_quoted(f, self.0, '"') }
    }
}

/// A category's value in a text.
pub(in crate::claims) struct Value<'a>(&'a str);

impl fmt::Display for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_quoted(f, self.0, '\'')
    }
}

impl fmt::Display for Claim {
    /// The canonical text. Names that are no bare words are in double quotes, rates are percentages.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f, TextForm::V1)
    }
}
