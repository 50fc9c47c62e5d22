//! Texts that stand for an absent value.

use crate::cell::Cell;

/// A set of texts that are read as null. Matched exactly, case and white space included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NullTokens {
    tokens: Vec<String>,
    /// Which last bytes a token can have: numbers end in a digit, tokens seldom do, so most cells stop here.
    last: [bool; 256],
    empty: bool,
}

impl NullTokens {
    /// What pandas reads as NaN by default.
    pub const PANDAS: [&'static str; 19] = [
        "", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN", "<NA>", "N/A", "NA",
        "NULL", "NaN", "None", "n/a", "nan", "null",
    ];

    /// A set of exactly these texts.
    pub fn new(tokens: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let tokens: Vec<String> = tokens.into_iter().map(Into::into).collect();
        let mut last = [false; 256];
        for byte in tokens.iter().filter_map(|token| token.as_bytes().last()) {
            last[usize::from(*byte)] = true;
        }
        let empty = tokens.iter().any(String::is_empty);
        Self { tokens, last, empty }
    }

    /// The empty set.
    pub fn none() -> Self {
        Self::new([""; 0])
    }

    /// Whether `text` stands for null.
    #[inline]
    pub fn contains(&self, text: &str) -> bool {
        match text.as_bytes().last() {
            None => self.empty,
            Some(byte) => self.last[usize::from(*byte)] && self.tokens.iter().any(|token| token == text),
        }
    }
}

impl Default for NullTokens {
    fn default() -> Self {
        Self::new(Self::PANDAS)
    }
}

/// How one column of a scan tells nulls.
#[derive(Clone, Debug)]
pub(crate) struct NullRule {
    pub(crate) tokens: NullTokens,
    /// Whether strings and numbers of typed formats are compared with the tokens as well: when pinned for the column.
    pub(crate) typed: bool,
    pub(crate) nan: bool,
}

impl NullRule {
    #[inline]
    pub(crate) fn is_null(&self, cell: Cell<'_>) -> bool {
        match cell {
            Cell::Null => true,
            Cell::Text(text) => self.tokens.contains(text),
            Cell::String(text) | Cell::Literal(text) => self.typed && self.tokens.contains(text),
            Cell::Float(value) => self.nan && value.is_nan(),
            Cell::Float32(value) => self.nan && value.is_nan(),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_match_exactly() {
        let tokens = NullTokens::default();
        assert!(NullTokens::PANDAS.iter().all(|token| tokens.contains(token)));
        assert!(!["na", "NAN", " NA", "0", "Null", "none", "-"].iter().any(|text| tokens.contains(text)));
        assert!(!NullTokens::none().contains(""));
    }
}
