//! What a server lets others do, as the lines that it records on the log (ADR 36).
//!
//! ```text
//! everybody may read:*                                    --public-log
//! everybody may verify                                    --public-verify
//! key 3f9a0c1b2d4e5f60 may read:team/*                    a line for each grant
//! key 3f9a0c1b2d4e5f60 until 2027-02-27T04:05:00.000Z     when it expires, if it does
//! key 3f9a0c1b2d4e5f60 token ~5b1f...                     changes when another token opens it
//! issuer corp at https://login.example.com/realms/data    and for, type, algorithms, leeway, keys, ca
//! issuer corp where groups=~0c2d... may read:team/*       a line for each grant of each rule
//! ```
//!
//! The log may be public, so what names people is a pseudonym there: `~` and a keyed hash, whose key does not leave the server's directory.

use std::{
    fmt::Write as _,
    fs, io,
    path::{Path, PathBuf},
};

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use thiserror::Error;
use zeroize::Zeroizing;
use zkl_ledger::{home::write_private_file, receipt::PolicyLine};

use super::{Access, ApiKey, Grant, Subject};

const FILE: &str = "pseudonyms.key";
/// Bytes of the key.
const KEY: usize = 32;
/// Bytes of a pseudonym: enough that two of them are never the same.
const BYTES: usize = 12;
/// Longest text that stands in a line as it is, in bytes.
const MAX_TEXT: usize = PolicyLine::MAX_LEN / 2;

/// Names that tell who is the same, and not who it is.
pub(crate) struct Pseudonyms(Zeroizing<[u8; KEY]>);

/// The key of pseudonyms could not be read or made.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum PseudonymError {
    /// The file could not be read or written.
    #[error("cannot {action} {path}", path = path.display())]
    Io {
        /// `read` or `write`.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// The system's answer.
        #[source]
        source: io::Error,
    },
    /// The file holds something else.
    #[error("{path} does not hold the key of pseudonyms: {KEY} bytes in hexadecimal", path = path.display())]
    Format {
        /// The file.
        path: PathBuf,
    },
    /// The system has no randomness.
    #[error("the operating system has no randomness")]
    Randomness(#[from] getrandom::Error),
}

impl Pseudonyms {
    /// Those of the server in `dir`, if it has any. Blocking.
    ///
    /// # Errors
    /// [`PseudonymError::Io`], [`PseudonymError::Format`].
    pub(crate) fn find(dir: &Path) -> Result<Option<Self>, PseudonymError> {
        let path = dir.join(FILE);
        let text = match fs::read_to_string(&path) {
            Ok(text) => Zeroizing::new(text),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(PseudonymError::Io { action: "read", path, source }),
        };
        let mut key = Zeroizing::new([0; KEY]);
        match hex::decode_to_slice(text.trim_end(), key.as_mut_slice()) {
            Ok(()) => Ok(Some(Self(key))),
            Err(_) => Err(PseudonymError::Format { path }),
        }
    }

    /// Those of the server in `dir`, made if it has none. Blocking.
    ///
    /// # Errors
    /// [`PseudonymError`].
    pub(crate) fn open(dir: &Path) -> Result<Self, PseudonymError> {
        if let Some(found) = Self::find(dir)? {
            return Ok(found);
        }
        let mut key = Zeroizing::new([0; KEY]);
        getrandom::fill(key.as_mut_slice())?;
        let (path, text) = (dir.join(FILE), Zeroizing::new(hex::encode(*key)));
        let written = write_private_file(&path, text.as_bytes());
        written.map_err(|source| PseudonymError::Io { action: "write", path, source })?;
        Ok(Self(key))
    }

    /// The name of the server: nobody chose it, and it stays as long as the key does.
    pub(crate) fn server(&self) -> PolicyLine {
        self.line("", &self.hash("server", ""))
    }

    /// Who asks.
    pub(crate) fn subject(&self, subject: &Subject) -> PolicyLine {
        match subject {
            Subject::Anonymous => self.line("", "everybody"),
            Subject::Key(key) => self.line("key ", key.id.as_str()),
            Subject::Token(holder) => {
                let name = self.name("subject", holder.id());
                self.line(&format!("token of {} to ", holder.issuer()), &name)
            }
        }
    }

    /// A text that may name somebody.
    pub(crate) fn name(&self, domain: &str, text: &str) -> String {
        format!("~{}", self.hash(domain, text))
    }

    fn hash(&self, domain: &str, text: &str) -> String {
        // A key of any length is taken.
        let Ok(mut hash) = Hmac::<Sha256>::new_from_slice(self.0.as_slice()) else { return String::new() };
        hash.update(domain.as_bytes());
        hash.update(&[0]);
        hash.update(text.as_bytes());
        let hash = hash.finalize().into_bytes();
        hex::encode(&hash[..BYTES])
    }

    /// A line that ends with `text`, or with a pseudonym of it where it is none that a line can hold.
    pub(crate) fn line(&self, beginning: &str, text: &str) -> PolicyLine {
        // What is no line by itself would not show where it begins or ends.
        let is_line = text.len() <= MAX_TEXT && PolicyLine::try_from(text.to_owned()).is_ok();
        let whole = is_line.then(|| PolicyLine::try_from(format!("{beginning}{text}")).ok()).flatten();
        whole.unwrap_or_else(|| {
            // What comes before is the server's own words, and short.
            let hidden = format!("{beginning}{}", self.name("text", text));
            PolicyLine::try_from(hidden).unwrap_or_else(|_| self.server())
        })
    }

    /// What a key is good for.
    pub(crate) fn of_key(&self, key: &ApiKey) -> Vec<PolicyLine> {
        let line = |what: &str, text: &str| self.line(&format!("key {} {what} ", key.id), text);
        let mut lines: Vec<PolicyLine> = key.grants.iter().map(|grant| line("may", &grant.to_string())).collect();
        lines.extend(key.expires_at.map(|end| line("until", &end.to_string())));
        lines.push(line("token", &self.name("token", key.secret_sha256())));
        lines
    }

    /// What a rule of an issuer gives: conditions are names of claims and what they have to be.
    pub(super) fn of_rule<'c>(
        &self,
        issuer: &str,
        conditions: impl Iterator<Item = (&'c str, Option<&'c str>, String)>,
        grants: &[Grant],
    ) -> Vec<PolicyLine> {
        let mut met = String::new();
        for (claim, text, plain) in conditions {
            let wanted = text.map_or(plain, |text| self.name("claim", text));
            let and = if met.is_empty() { "" } else { " and " };
            // Writing to a text does not fail.
            let _ = write!(met, "{and}{claim}={wanted}");
        }
        // Long ones, and names of claims that are not plain, are a pseudonym as a whole.
        let met = self.line("", &met);
        grants.iter().map(|grant| self.line(&format!("issuer {issuer} where {met} may "), &grant.to_string())).collect()
    }
}

/// What is open to everybody.
pub(crate) fn of_everybody(access: Access, names: &Pseudonyms) -> Vec<PolicyLine> {
    let open = [(access.public_log, "read:*"), (access.public_verify, "verify")];
    open.iter().filter(|(is_open, _)| *is_open).map(|(_, what)| names.line("everybody may ", what)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> (Pseudonyms, tempfile::TempDir) {
        let dir = tempfile::tempdir().unwrap();
        (Pseudonyms::open(dir.path()).unwrap(), dir)
    }

    #[test]
    fn a_pseudonym_stays_the_same_as_long_as_its_key_does() {
        let (names, dir) = names();
        let again = Pseudonyms::find(dir.path()).unwrap().unwrap();
        assert_eq!(names.name("claim", "jane@example.com"), again.name("claim", "jane@example.com"));
        assert_eq!(names.server(), again.server());
        assert_ne!(names.name("claim", "jane@example.com"), names.name("subject", "jane@example.com"));
        let (other, _dir) = self::names();
        assert_ne!(names.name("claim", "jane@example.com"), other.name("claim", "jane@example.com"));
        assert!(Pseudonyms::find(tempfile::tempdir().unwrap().path()).unwrap().is_none());
        fs::write(dir.path().join(FILE), "00").unwrap();
        assert!(matches!(Pseudonyms::open(dir.path()), Err(PseudonymError::Format { .. })));
    }

    #[cfg(unix)]
    #[test]
    fn only_the_owner_can_read_the_key() {
        use std::os::unix::fs::PermissionsExt as _;

        let (_names, dir) = names();
        let mode = fs::metadata(dir.path().join(FILE)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_key_is_told_by_its_id_and_nothing_that_opens_it() {
        let (names, _dir) = names();
        let grants: Vec<Grant> = ["read:team/*", "verify"].map(|text| text.parse().unwrap()).to_vec();
        let (key, token) =
            ApiKey::generate("jane's laptop".to_owned(), grants, Some(zkl_ledger::types::Timestamp(0))).unwrap();
        let lines: Vec<String> = names.of_key(&key).iter().map(ToString::to_string).collect();
        let id = key.id.as_str();
        assert_eq!(
            lines[..3],
            [
                format!("key {id} may read:team/*"),
                format!("key {id} may verify"),
                format!("key {id} until 1970-01-01T00:00:00.000Z"),
            ]
        );
        let text = lines.join("\n");
        let secret = token.reveal().rsplit('_').next().unwrap().to_owned();
        assert!(!text.contains("jane") && !text.contains(&secret) && !text.contains(key.secret_sha256()), "{text}");
        assert!(lines[3].starts_with(&format!("key {id} token ~")) && lines.len() == 4, "{text}");
    }

    #[test]
    fn what_no_line_can_hold_is_a_pseudonym() {
        let (names, _dir) = names();
        for text in ["a\nb", "", " a", &"x".repeat(MAX_TEXT + 1)] {
            let line = names.line("issuer corp for ", text);
            assert!(line.as_str().starts_with("issuer corp for ~") && line.as_str().len() == 41, "{line}");
        }
    }
}
