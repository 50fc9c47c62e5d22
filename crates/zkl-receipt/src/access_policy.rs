//! Who may do what on a server, as lines, and how it is followed through the entries of a log (ADR 36).
//!
//! ```text
//! policy    a set of lines, each of which says one thing: `key 3f9a0c1b2d4e5f60 may read:team/*`
//! digest    SHA-256 of "zkl-policy-v1\n" and the lines in the order of their bytes, each with "\n" after it
//! entry     the lines that went and those that came, with the digest before and after: the entries of a server are a chain
//! ```

use std::{collections::BTreeSet, fmt};

use serde::{Deserialize, Serialize};
use thiserror::Error;
use zkl_core::digest::Sha256Digest;

use crate::kind::PolicyRecord;

const DOMAIN: &str = "zkl-policy-v1\n";

/// A line of a policy: 1 to [`PolicyLine::MAX_LEN`] bytes, no control characters, no blanks at its ends.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PolicyLine(String);

/// A text that is no [`PolicyLine`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("a line of a policy has 1 to {max} bytes, no control characters, and no blanks at its ends", max = PolicyLine::MAX_LEN)]
pub struct PolicyLineError;

impl PolicyLine {
    /// Longest line, in bytes.
    pub const MAX_LEN: usize = 1_024;

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for PolicyLine {
    type Error = PolicyLineError;

    fn try_from(text: String) -> Result<Self, PolicyLineError> {
        let fits = (1..=Self::MAX_LEN).contains(&text.len());
        let plain = text.trim() == text && !text.chars().any(char::is_control);
        if fits && plain { Ok(Self(text)) } else { Err(PolicyLineError) }
    }
}

impl From<PolicyLine> for String {
    fn from(line: PolicyLine) -> Self {
        line.0
    }
}

impl fmt::Display for PolicyLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// Who may do what on a server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccessPolicy {
    lines: BTreeSet<PolicyLine>,
}

impl FromIterator<PolicyLine> for AccessPolicy {
    fn from_iter<I: IntoIterator<Item = PolicyLine>>(lines: I) -> Self {
        Self { lines: lines.into_iter().collect() }
    }
}

impl AccessPolicy {
    /// The lines, in the order of their bytes.
    pub fn lines(&self) -> impl ExactSizeIterator<Item = &PolicyLine> {
        self.lines.iter()
    }

    /// Whether it has no lines: nobody may do anything.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// The digest of the whole.
    pub fn digest(&self) -> Sha256Digest {
        let mut text = DOMAIN.to_owned();
        for line in &self.lines {
            text.push_str(line.as_str());
            text.push('\n');
        }
        Sha256Digest::of(text.as_bytes())
    }

    /// The lines that are in `self` and not in `other`, in order.
    pub fn beyond<'p>(&'p self, other: &'p Self) -> impl Iterator<Item = &'p PolicyLine> {
        self.lines.difference(&other.lines)
    }

    /// The policy without and with these lines.
    #[must_use]
    pub fn with<'l>(
        &self,
        removed: impl IntoIterator<Item = &'l PolicyLine>,
        added: impl IntoIterator<Item = &'l PolicyLine>,
    ) -> Self {
        let mut lines = self.lines.clone();
        for line in removed {
            lines.remove(line);
        }
        lines.extend(added.into_iter().cloned());
        Self { lines }
    }

    /// The policy after an entry, if the entry continues the chain: it begins one, or its digests are those of what was before and of what
    /// comes out, and it removes what is there and adds what is not.
    pub fn after(&self, record: &PolicyRecord) -> Option<Self> {
        let before = match record.before {
            None => Self::default(),
            Some(digest) if digest == self.digest() => self.clone(),
            Some(_) => return None,
        };
        let removes = record.removed.iter().all(|line| before.lines.contains(line));
        let adds = record.added.iter().all(|line| !before.lines.contains(line));
        let after = before.with(&record.removed, &record.added);
        (removes && adds && after.digest() == record.after).then_some(after)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(texts: &[&str]) -> AccessPolicy {
        texts.iter().map(|text| PolicyLine::try_from((*text).to_owned()).unwrap()).collect()
    }

    #[test]
    fn a_line_is_plain_text() {
        for good in ["a", "key 00 may read:team/*", "é", &"x".repeat(PolicyLine::MAX_LEN)] {
            assert_eq!(PolicyLine::try_from(good.to_owned()).unwrap().as_str(), good);
        }
        for bad in ["", " a", "a ", "a\nb", "a\u{7f}", "\u{85}a", &"x".repeat(PolicyLine::MAX_LEN + 1)] {
            assert!(PolicyLine::try_from(bad.to_owned()).is_err(), "{bad:?}");
            assert!(serde_json::from_value::<PolicyLine>(bad.into()).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn the_digest_is_that_of_the_lines_in_order() {
        // printf 'zkl-policy-v1\na\nb\n' | sha256sum, and of the first line alone.
        let both = "8e7e52ec35867a0ac08797bbc4bc4a25480fc8b88f163550cc58dc2fec6d9660";
        assert_eq!(lines(&["b", "a"]).digest().to_string(), both);
        assert_eq!(lines(&["a", "b", "a"]).digest().to_string(), both);
        let none = "a428a0fe0fa066315c5d30dbd6f08f5b0a1a6f1e7a19e41369a7b9c48d5067d5";
        assert_eq!(AccessPolicy::default().digest().to_string(), none);
    }
}
