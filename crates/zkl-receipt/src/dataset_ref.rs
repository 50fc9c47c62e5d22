//! Notarized tables as other statements name them: by role.

use std::{collections::BTreeSet, fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, de::Error as _};
use zkl_core::{
    digest::{DatasetId, TransactionId},
    name::DatasetName,
};

use crate::entry::EntryError;

/// Most datasets of a statement.
pub const MAX_DATASETS: usize = 16;

/// A notarized table that a statement is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DatasetRef {
    /// What the table is in the statement.
    pub role: Role,
    /// Name of the dataset.
    pub name: DatasetName,
    /// Id of the notarized version.
    pub id: DatasetId,
    /// The entry that notarized it.
    pub entry: TransactionId,
}

impl DatasetRef {
    /// Checks that no two of a statement's datasets have one role, and that there are not too many.
    ///
    /// # Errors
    /// [`EntryError::Datasets`].
    pub fn check_roles(datasets: &[Self]) -> Result<(), EntryError> {
        let roles: BTreeSet<&Role> = datasets.iter().map(|dataset| &dataset.role).collect();
        if datasets.len() > MAX_DATASETS || roles.len() != datasets.len() {
            return Err(EntryError::Datasets);
        }
        Ok(())
    }
}

/// What a table is in a statement: 1 to 32 characters out of `a-z 0-9 _`, the first a letter.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Role(String);

/// A text that is no [`Role`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a role is 1 to {} characters out of a-z 0-9 _, the first a letter", Role::MAX_LEN)]
pub struct RoleError;

impl Role {
    /// Longest role in bytes.
    pub const MAX_LEN: usize = 32;

    /// The role of the one dataset of a claim.
    pub fn dataset() -> Self {
        Self("dataset".to_owned())
    }

    /// The role as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Role {
    type Err = RoleError;

    fn from_str(text: &str) -> Result<Self, RoleError> {
        let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
        let starts = text.bytes().next().is_some_and(|b| b.is_ascii_lowercase());
        let valid = starts && text.len() <= Self::MAX_LEN && text.bytes().all(allowed);
        if valid { Ok(Self(text.to_owned())) } else { Err(RoleError) }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl<'de> Deserialize<'de> for Role {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_is_a_short_lower_case_word() {
        for good in ["a", "dataset", "train_2", &"r".repeat(32)] {
            assert_eq!(good.parse::<Role>().unwrap().as_str(), good);
        }
        for bad in ["", "_a", "1a", "A", "a-b", "a b", "é", &"r".repeat(33)] {
            assert_eq!(bad.parse::<Role>(), Err(RoleError), "{bad:?}");
            assert!(serde_json::from_value::<Role>(bad.into()).is_err(), "{bad:?}");
        }
        assert_eq!(Role::dataset(), "dataset".parse().unwrap());
    }
}
