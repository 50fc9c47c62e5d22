//! What a verdict rests on and what would break it: as a verdict for programs, and in sentences for people who are no cryptographers.

use std::fmt;

use serde::Serialize;
use zkl_snark::keys::{Setup, public_srs_digest};

use super::report::{VerifiedReceipt, VerifiedStatement};
use crate::scan::ProfileEvidence;

/// What a receipt that verified is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Verdict {
    /// Every check passed, and nobody is known to be able to forge a proof.
    Valid,
    /// Every check passed, and means nothing: a proof rests on dev material, whose secrets are public.
    Forgeable,
}

impl Verdict {
    /// Whether the receipt may be taken for what it says.
    pub const fn is_valid(self) -> bool {
        matches!(self, Self::Valid)
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Valid => "VALID",
            Self::Forgeable => "FORGEABLE",
        })
    }
}

impl VerifiedReceipt {
    /// The verdict about all entries together, those that the subjects name included.
    pub fn verdict(&self) -> Verdict {
        if self.setup().is_some_and(Setup::is_forgeable) { Verdict::Forgeable } else { Verdict::Valid }
    }

    /// What the weakest of all proofs in the receipt rests on; `None` when there is none.
    pub fn setup(&self) -> Option<Setup> {
        self.entries.iter().filter_map(|entry| entry.statement.setup()).min()
    }

    /// What the verdict rests on and what would break it, a sentence each.
    pub fn grounds(&self) -> Vec<&'static str> {
        let mut grounds = vec![proofs(self.setup())];
        grounds.extend(self.is_over_derived_base().then_some(
            "The ceremony's powers are used over a base that was derived from them. The project's ADR 17 argues that this gives \
             nobody an advantage; no outside reviewer has confirmed that yet.",
        ));
        grounds.extend(self.tables());
        grounds.push(if self.log.followed_from.is_some() {
            "The log's key was named by one that you trust, in the log itself: whoever steals that key or a later one can make another \
             log that looks like it."
        } else if self.log.pinned {
            "The log's key is one that you trust: whoever steals it can record false entries in the name of the log."
        } else {
            "Nobody vouched for the log's key: anybody could have made this log, its entries and their dates."
        });
        grounds.push(if self.log.policy {
            "A quorum of your witnesses saw this state of the log: the log can show others another history only with their help."
        } else {
            "No witness of yours saw this state of the log: the log could show others another history."
        });
        grounds
    }

    /// Whether a proof is under the public string, whose base is none of the ceremony's own.
    fn is_over_derived_base(&self) -> bool {
        let Ok(public) = public_srs_digest() else { return false };
        let mut strings = self.entries.iter().flat_map(|entry| entry.statement.strings());
        strings.any(|string| string == public)
    }

    /// What the profiles of the tables rest on, when the receipt is about tables.
    fn tables(&self) -> Option<&'static str> {
        let mut profiles = self.entries.iter().filter_map(|entry| match &entry.statement {
            VerifiedStatement::Notarization { profile, .. } => Some(profile),
            _ => None,
        });
        let first = profiles.next()?;
        let all_proved = std::iter::once(first).chain(profiles).all(ProfileEvidence::is_proved);
        Some(if all_proved {
            "A proof counted every row of what was committed; that this is the table that it should be is the word of the \
             notary, and only somebody who has the table can check it."
        } else {
            "That a table has the profile that was committed is the word of the notary alone: nothing here would show a lie."
        })
    }
}

const fn proofs(weakest: Option<Setup>) -> &'static str {
    match weakest {
        None => "Nothing is proved: what the receipt says is what the notary says.",
        Some(Setup::Ceremony) => {
            "The proofs rest on a public ceremony: a false statement passes only if everybody who took part in it kept their \
             secret and they join them, or if the cryptography is broken."
        }
        Some(Setup::External) => {
            "A proof rests on material that you chose to trust: whoever made it can make false statements pass, unless they \
             destroyed its secret."
        }
        Some(Setup::Dev) => {
            "A proof rests on test material whose secret is public: the notary can make any false statement pass, so the \
             receipt proves nothing."
        }
    }
}
