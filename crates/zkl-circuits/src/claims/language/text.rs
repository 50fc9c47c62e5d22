//! The canonical text of a claim: one spelling, which reads back as the same claim.
//!
//! Version 2 is what people read and what new entries are tied to: only ASCII identifiers are bare, and inside quotes
//! everything [hidden](zkl_core::text::is_hidden) is escaped, so that two claims that differ look different. Version 1 is what the proofs of claims
//! of version 1 are tied to, and never changes.

use std::fmt;

use zkl_core::text::write_visible;

use super::{Claim, words::is_word};

/// How names and values are spelt in a canonical text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextForm {
    /// Names of letters and digits are bare; controls and some characters without a width are escaped.
    V1,
    /// ASCII identifiers are bare unless they are keywords; everything hidden is escaped.
    V2,
}

/// Words of the grammar that are no functions. Part of version 2.
const KEYWORDS: [&str; 12] =
    ["all", "and", "between", "by", "false", "in", "nulls", "over", "rows", "true", "valid", "with"];

impl TextForm {
    /// A column name, quoted when it is no bare word.
    pub(in crate::claims) const fn name(self, name: &str) -> Name<'_> {
        Name { form: self, name }
    }

    /// A category's value.
    pub(in crate::claims) const fn value(self, value: &str) -> Value<'_> {
        Value { form: self, value }
    }

    fn is_bare(self, name: &str) -> bool {
        match self {
            Self::V1 => is_word(name),
            Self::V2 => is_identifier(name) && !KEYWORDS.iter().any(|keyword| name.eq_ignore_ascii_case(keyword)),
        }
    }

    /// Writes `text` in `quote`s so that it is read back as it is.
    pub(super) fn write_quoted(self, f: &mut impl fmt::Write, text: &str, quote: char) -> fmt::Result {
        f.write_char(quote)?;
        for c in text.chars() {
            match c {
                '\n' => f.write_str("\\n")?,
                '\r' => f.write_str("\\r")?,
                '\t' => f.write_str("\\t")?,
                c if c == quote || c == '\\' => write!(f, "\\{c}")?,
                c if self == Self::V2 => write_visible(f, c)?,
                c if c.is_control() || was_invisible(c) => write!(f, "\\u{{{:x}}}", u32::from(c))?,
                c => f.write_char(c)?,
            }
        }
        f.write_char(quote)
    }
}

fn is_identifier(name: &str) -> bool {
    let mut bytes = name.bytes();
    let first = bytes.next().is_some_and(|b| b.is_ascii_alphabetic() || b == b'_');
    first && bytes.all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

/// What version 1 escapes beside controls.
pub(super) const fn was_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// A column name in a text.
pub(in crate::claims) struct Name<'a> {
    form: TextForm,
    name: &'a str,
}

impl fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.form.is_bare(self.name) { f.write_str(self.name) } else { self.form.write_quoted(f, self.name, '"') }
    }
}

/// A category's value in a text.
pub(in crate::claims) struct Value<'a> {
    form: TextForm,
    value: &'a str,
}

impl fmt::Display for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.form.write_quoted(f, self.value, '\'')
    }
}

/// A claim in a canonical text.
struct Canonical<'a> {
    claim: &'a Claim,
    form: TextForm,
}

impl fmt::Display for Canonical<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.claim.write(f, self.form)
    }
}

impl Claim {
    /// The canonical text of one version.
    pub fn canonical(&self, form: TextForm) -> String {
        Canonical { claim: self, form }.to_string()
    }
}

impl fmt::Display for Claim {
    /// The canonical text of version 2. Names that are no bare words are in double quotes, rates are percentages.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f, TextForm::V2)
    }
}
