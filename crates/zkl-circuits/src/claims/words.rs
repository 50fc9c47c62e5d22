//! Claims as sentences, for readers who do not know the language of claims.

use std::fmt::Display;

use zkl_core::text::visible;

use super::language::Comparison;

impl<T: Display> Comparison<T> {
    /// The range as a predicate: `is at most 3`.
    pub(super) fn in_words(&self) -> String {
        match self {
            Self::AtMost(t) => format!("is at most {t}"),
            Self::Below(t) => format!("is below {t}"),
            Self::AtLeast(t) => format!("is at least {t}"),
            Self::Above(t) => format!("is above {t}"),
            Self::Equal(t) => format!("is exactly {t}"),
            Self::Between(lower, upper) => format!("is between {lower} and {upper}, both included"),
        }
    }
}

/// The name of a column or a value in a sentence, with hidden characters as escapes.
pub(super) fn quoted(text: &str) -> String {
    format!("\u{201c}{}\u{201d}", visible(text))
}
