//! What a key is good for.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use thiserror::Error;
use zkl_ledger::DatasetName;

/// What may be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Permission {
    /// See a dataset: its entries, its history, its receipts.
    ReadDataset,
    /// Notarize a version of a dataset.
    WriteDataset,
    /// Prove claims about a dataset.
    GenerateProof,
    /// Have receipts verified.
    VerifyProof,
    /// See, make, change and revoke keys.
    Administer,
}

impl Permission {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::ReadDataset, Self::WriteDataset, Self::GenerateProof, Self::VerifyProof, Self::Administer];

    /// The word for it in grants.
    pub const fn word(self) -> &'static str {
        match self {
            Self::ReadDataset => "read",
            Self::WriteDataset => "write",
            Self::GenerateProof => "prove",
            Self::VerifyProof => "verify",
            Self::Administer => "administer",
        }
    }

    /// Whether it is given on datasets, and not on the ledger as a whole.
    pub const fn is_on_datasets(self) -> bool {
        matches!(self, Self::ReadDataset | Self::WriteDataset | Self::GenerateProof)
    }
}

/// The datasets that a grant is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// All of them, and what the log holds besides.
    All,
    /// Those in this namespace: all whose names begin with it and a `/`.
    Under(DatasetName),
    /// One.
    Dataset(DatasetName),
}

impl Scope {
    fn covers(&self, name: &DatasetName) -> bool {
        match self {
            Self::All => true,
            // `team` covers `team/a`, and neither `team` nor `teams/a`.
            Self::Under(namespace) => {
                name.as_str().strip_prefix(namespace.as_str()).is_some_and(|rest| rest.starts_with('/'))
            }
            Self::Dataset(one) => one == name,
        }
    }

    /// Whether it covers everything that `other` does.
    fn includes(&self, other: &Self) -> bool {
        match other {
            Self::All => *self == Self::All,
            Self::Dataset(name) => self.covers(name),
            // What covers a namespace's own name, as an item of a wider one, covers all that is in it.
            Self::Under(namespace) => match self {
                Self::Dataset(_) => false,
                _ => self == other || self.covers(namespace),
            },
        }
    }
}

/// A permission on some datasets, or on the ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// What may be done.
    pub permission: Permission,
    /// With what.
    pub scope: Scope,
}

/// A text that is no [`Grant`].
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error(
    "{got:?} is no grant: expected read:SCOPE, write:SCOPE, prove:SCOPE, verify or administer, SCOPE being NAME, NAMESPACE/* or *"
)]
pub struct GrantParseError {
    /// The beginning of the text.
    pub got: String,
}

impl Grant {
    /// Whether it gives `permission` on `dataset`; on the whole ledger if there is none.
    pub(super) fn gives(&self, permission: Permission, dataset: Option<&DatasetName>) -> bool {
        let covered = || dataset.map_or(self.scope == Scope::All, |name| self.scope.covers(name));
        self.permission == permission && covered()
    }

    /// Whether it gives everything that `other` does.
    pub(super) fn includes(&self, other: &Self) -> bool {
        self.permission == other.permission && self.scope.includes(&other.scope)
    }
}

impl FromStr for Grant {
    type Err = GrantParseError;

    fn from_str(s: &str) -> Result<Self, GrantParseError> {
        let error = || GrantParseError { got: s.chars().take(80).collect() };
        let (word, scope) = s.split_once(':').map_or((s, None), |(word, scope)| (word, Some(scope)));
        let permission = Permission::ALL.into_iter().find(|permission| permission.word() == word).ok_or_else(error)?;
        let scope = match (permission.is_on_datasets(), scope) {
            (false, None) | (true, Some("*")) => Scope::All,
            (true, Some(scope)) => match scope.strip_suffix("/*") {
                Some(namespace) => Scope::Under(namespace.parse().map_err(|_| error())?),
                None => Scope::Dataset(scope.parse().map_err(|_| error())?),
            },
            _ => return Err(error()),
        };
        Ok(Self { permission, scope })
    }
}

impl fmt::Display for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = self.permission.word();
        match &self.scope {
            Scope::All if self.permission.is_on_datasets() => write!(f, "{word}:*"),
            Scope::All => f.write_str(word),
            Scope::Under(namespace) => write!(f, "{word}:{namespace}/*"),
            Scope::Dataset(name) => write!(f, "{word}:{name}"),
        }
    }
}

impl Serialize for Grant {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Grant {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grant(text: &str) -> Grant {
        text.parse().unwrap()
    }

    #[test]
    fn a_grant_is_written_as_it_is_read() {
        for text in ["read:*", "write:team/*", "prove:team/penguins", "prove:a/b/*", "verify", "administer"] {
            assert_eq!(grant(text).to_string(), text);
        }
        let bad = [
            "",
            "read",
            "read:",
            "read:/",
            "read:/*",
            "read:team*",
            "read:../x",
            "read:*/*",
            "verify:*",
            "administer:x",
            "Read:*",
            "sign:*",
            "read:team/",
            "read:a,b",
        ];
        for text in bad {
            assert!(text.parse::<Grant>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_grant_includes_what_it_gives_all_of() {
        let includes = |one: &str, other: &str| grant(one).includes(&grant(other));
        let orders = ["read:*", "read:a/*", "read:a/b/*", "read:a/b/c"];
        for (wide, one) in orders.iter().enumerate() {
            for (narrow, other) in orders.iter().enumerate() {
                assert_eq!(includes(one, other), wide <= narrow, "{one} {other}");
            }
        }
        for (one, other) in
            [("read:a/*", "read:a"), ("read:a", "read:a/*"), ("read:a/*", "read:ab/*"), ("write:*", "read:a")]
        {
            assert!(!includes(one, other), "{one} {other}");
        }
        assert!(includes("verify", "verify") && !includes("verify", "administer"));
    }

    #[test]
    fn a_grant_covers_its_scope_and_nothing_else() {
        let read = Permission::ReadDataset;
        let name = |text: &str| text.parse::<DatasetName>().unwrap();
        let gives = |text: &str, on: Option<&str>| grant(text).gives(read, on.map(name).as_ref());
        assert!(gives("read:*", Some("team/a")) && gives("read:*", None));
        assert!(gives("read:team/*", Some("team/a")) && gives("read:team/*", Some("team/a/b")));
        for other in ["team", "teams/a", "team-b/a", "a/team/b"] {
            assert!(!gives("read:team/*", Some(other)), "{other}");
        }
        assert!(gives("read:team/a", Some("team/a")) && !gives("read:team/a", Some("team/a/b")));
        assert!(!gives("read:team/*", None) && !gives("read:team/a", None));
        assert!(!grant("write:*").gives(read, Some(&name("team/a"))), "writing is not reading");
    }
}
