//! Names and values in what people read of a relation.

use std::fmt;

/// Words that stand between names and values.
const KEYWORDS: [&str; 2] = ["and", "between"];

/// A column or a value as the language of relations has it: in double quotes, a quote inside twice, unless it is a word of ASCII letters, digits, `.`, `_`,
/// `-` and `/`, or a time. So no name and no value reads as another condition.
#[derive(Clone, Copy, Debug)]
pub struct Word<T>(pub T);

impl<T: AsRef<str>> Word<T> {
    fn is_bare(&self) -> bool {
        let text = self.0.as_ref();
        let starts_with_digit = text.starts_with(|c: char| c.is_ascii_digit());
        let is_part = |c: char| {
            c.is_ascii_alphanumeric()
                || matches!(c, '.' | '_' | '-' | '/')
                || starts_with_digit && matches!(c, ':' | '+')
        };
        !text.is_empty() && text.chars().all(is_part) && !KEYWORDS.contains(&text)
    }
}

impl<T: AsRef<str>> fmt::Display for Word<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.is_bare() {
            true => f.write_str(self.0.as_ref()),
            false => write!(f, "\"{}\"", self.0.as_ref().replace('"', "\"\"")),
        }
    }
}

/// Names with commas between.
pub fn words(names: &[impl AsRef<str>]) -> String {
    names.iter().map(|name| Word(name).to_string()).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{claims::language::Comparison, relation::Condition};

    #[test]
    fn plain_words_numbers_and_times_are_bare_and_all_else_is_quoted() {
        for bare in ["age", "a.b/c-d_1", "-1.5", "2024-01-11", "2024-02-29T10:30:00+01:00", "1e5"] {
            assert_eq!(Word(bare).to_string(), bare);
        }
        let quoted = [
            ("", r#""""#),
            ("red oak", r#""red oak""#),
            ("x\"", r#""x""""#),
            ("and", r#""and""#),
            ("a,b", r#""a,b""#),
            ("a:b", r#""a:b""#),
            ("\u{430}ge", "\"\u{430}ge\""),
        ];
        for (text, shown) in quoted {
            assert_eq!(Word(text).to_string(), shown);
        }
        assert_eq!(words(&["id", "a, b"]), r#"id, "a, b""#);
    }

    /// A notary chooses names and values: none may read as conditions that were not proved.
    #[test]
    fn conditions_that_differ_are_written_in_different_ways() {
        let condition = |column: &str, value: &str| {
            Condition { column: column.to_owned(), is: Comparison::Equal(value.to_owned()) }.to_string()
        };
        let honest = format!("{} and {}", condition("kind", "oak"), condition("age", "18"));
        assert_eq!(honest, "kind = oak and age = 18");
        assert_eq!(condition("kind", "oak and age = 18"), r#"kind = "oak and age = 18""#);
        assert_eq!(condition("kind = oak and age", "18"), r#""kind = oak and age" = 18"#);
        assert_ne!(condition("kind", "oak\" and age = \"18"), r#"kind = "oak" and age = "18""#);
        let between =
            Condition { column: "n".to_owned(), is: Comparison::Between("0 and 9".to_owned(), "x".to_owned()) };
        assert_eq!(between.to_string(), r#"n between "0 and 9" and x"#);
    }
}
