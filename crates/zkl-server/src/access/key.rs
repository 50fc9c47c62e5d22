//! API keys. A token is shown once, when its key is made; what is kept is its hash.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;
use zkl_ledger::types::Timestamp;

use super::Grant;

/// How every token begins, so that one that leaked is found by searching for it.
const PREFIX: &str = "zkl_";
/// Bytes of a key's id.
const ID_BYTES: usize = 8;
/// Bytes of a token's secret: with 256 random bits a plain hash is as good as a slow one.
const SECRET_BYTES: usize = 32;

/// The public name of a key: 16 hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct KeyId(String);

impl KeyId {
    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// A key as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApiKey {
    /// Its public name.
    pub id: KeyId,
    /// What its owner calls it.
    pub name: String,
    /// What it is good for.
    pub grants: Vec<Grant>,
    /// When it was made.
    pub created_at: Timestamp,
    /// From when on it is good for nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// SHA-256 of the token's secret, in hexadecimal.
    secret_sha256: String,
}

/// A change of what a key is good for. Its token stays the same.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyUpdate {
    /// What it is good for from now on, instead of what it was; as before, if nothing is said.
    pub grants: Option<Vec<Grant>>,
    /// When it expires, or that it does not; as before, if nothing is said.
    pub expires_at: Option<Option<Timestamp>>,
}

/// What the holder of a key shows: `zkl_<id>_<secret>`. Secret; wiped when it is dropped.
pub struct Token {
    id: KeyId,
    secret: Zeroizing<String>,
}

impl Token {
    /// The whole text, for whoever the key was made for.
    pub fn reveal(&self) -> Zeroizing<String> {
        Zeroizing::new(format!("{PREFIX}{}_{}", self.id, *self.secret))
    }

    /// The key that it claims to be of.
    pub const fn id(&self) -> &KeyId {
        &self.id
    }

    /// Reads what somebody showed. What is no token is not looked at any further.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (id, secret) = text.strip_prefix(PREFIX)?.split_once('_')?;
        let is_hex = |text: &str, bytes: usize| {
            text.len() == 2 * bytes && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
        };
        let valid = is_hex(id, ID_BYTES) && is_hex(secret, SECRET_BYTES);
        valid.then(|| Self { id: KeyId(id.to_owned()), secret: Zeroizing::new(secret.to_owned()) })
    }

    fn hash(&self) -> String {
        hex::encode(Sha256::digest(self.secret.as_bytes()))
    }
}

impl ApiKey {
    /// Makes a key and its token.
    ///
    /// # Errors
    /// When the system has no randomness.
    pub(super) fn generate(
        name: String,
        grants: Vec<Grant>,
        expires_at: Option<Timestamp>,
    ) -> Result<(Self, Token), getrandom::Error> {
        let mut id = [0; ID_BYTES];
        getrandom::fill(&mut id)?;
        let mut secret = Zeroizing::new([0; SECRET_BYTES]);
        getrandom::fill(secret.as_mut_slice())?;
        let token = Token { id: KeyId(hex::encode(id)), secret: Zeroizing::new(hex::encode(*secret)) };
        let secret_sha256 = token.hash();
        let created_at = Timestamp::now();
        Ok((Self { id: token.id.clone(), name, grants, created_at, expires_at, secret_sha256 }, token))
    }

    /// Whether `token` is this key's and the key is good at `now`. How long the comparison takes says nothing about the hash.
    pub(super) fn accepts(&self, token: &Token, now: Timestamp) -> bool {
        let same = self.secret_sha256.as_bytes().ct_eq(token.hash().as_bytes());
        bool::from(same) && self.is_good_at(now)
    }

    /// The same key after a change.
    pub(super) fn updated(&self, update: &KeyUpdate) -> Self {
        let mut key = self.clone();
        if let Some(grants) = &update.grants {
            key.grants.clone_from(grants);
        }
        if let Some(expires_at) = update.expires_at {
            key.expires_at = expires_at;
        }
        key
    }

    /// What both this key and `other` are good for, and no longer than both.
    pub(crate) fn in_common(&self, other: &Self) -> KeyUpdate {
        let within = |grants: &[Grant], others: &[Grant]| -> Vec<Grant> {
            let included = |grant: &&Grant| others.iter().any(|other| other.includes(grant));
            grants.iter().filter(included).cloned().collect()
        };
        let mut grants = within(&self.grants, &other.grants);
        let more = within(&other.grants, &self.grants);
        grants.extend(more.into_iter().filter(|grant| !self.grants.contains(grant)));
        let expires_at = match (self.expires_at, other.expires_at) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        };
        KeyUpdate { grants: Some(grants), expires_at: Some(expires_at) }
    }

    /// What is kept of the token's secret.
    pub(super) fn secret_sha256(&self) -> &str {
        &self.secret_sha256
    }

    /// Whether it has not expired at `now`.
    pub(super) fn is_good_at(&self, now: Timestamp) -> bool {
        self.expires_at.is_none_or(|end| now < end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn generate(expires_at: Option<Timestamp>) -> (ApiKey, Token) {
        ApiKey::generate("ci".to_owned(), vec!["read:*".parse().unwrap()], expires_at).unwrap()
    }

    #[test]
    fn a_token_is_of_its_key_and_of_no_other() {
        let (key, token) = generate(None);
        let text = token.reveal();
        let read = Token::parse(&text).unwrap();
        assert!(key.accepts(&read, Timestamp(0)));
        assert!(!generate(None).0.accepts(&read, Timestamp(0)));
        // Every digit of the secret counts.
        for place in PREFIX.len() + 2 * ID_BYTES + 1..text.len() {
            let mut other = text.to_string().into_bytes();
            other[place] = if other[place] == b'0' { b'1' } else { b'0' };
            let other = Token::parse(&String::from_utf8(other).unwrap()).unwrap();
            assert!(!key.accepts(&other, Timestamp(0)), "{place}");
        }
    }

    #[test]
    fn a_key_is_good_until_it_expires() {
        let (key, token) = generate(Some(Timestamp(1_000)));
        assert!(key.accepts(&token, Timestamp(999)));
        assert!(!key.accepts(&token, Timestamp(1_000)));
    }

    #[test]
    fn keys_have_in_common_what_both_are_good_for() {
        let with = |grants: &[&str], end: Option<u64>| {
            let mut key = generate(end.map(Timestamp)).0;
            key.grants = grants.iter().map(|grant| grant.parse().unwrap()).collect();
            key
        };
        let common = |one: &ApiKey, other: &ApiKey| {
            let KeyUpdate { grants, expires_at } = one.in_common(other);
            let grants: Vec<String> = grants.unwrap().iter().map(ToString::to_string).collect();
            (grants, expires_at.unwrap().map(|end| end.0))
        };
        let wide = with(&["read:*", "write:team/*", "verify"], None);
        let narrow = with(&["read:team/a", "write:*", "administer"], Some(5));
        let both = (vec!["write:team/*".to_owned(), "read:team/a".to_owned()], Some(5));
        assert_eq!(common(&wide, &narrow), both);
        assert_eq!(common(&narrow, &with(&["prove:*"], Some(3))), (vec![], Some(3)));
        assert_eq!(common(&wide, &wide).0, ["read:*", "write:team/*", "verify"]);
    }

    #[test]
    fn what_is_kept_does_not_hold_the_secret() {
        let (key, token) = generate(None);
        let kept = serde_json::to_string(&key).unwrap();
        assert!(!kept.contains(token.secret.as_str()));
        assert_eq!(serde_json::from_str::<ApiKey>(&kept).unwrap(), key);
    }

    #[test]
    fn other_texts_are_no_tokens() {
        let good = generate(None).1.reveal().to_string();
        for bad in
            [String::new(), good.to_uppercase(), good[1..].to_owned(), format!("{good}0"), good.replace('_', "-")]
        {
            assert!(Token::parse(&bad).is_none(), "{bad}");
        }
    }
}
