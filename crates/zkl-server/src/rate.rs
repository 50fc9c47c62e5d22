//! How often somebody may ask.

use std::{net::IpAddr, num::NonZeroU32};

use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

use crate::{
    access::{KeyId, Subject},
    error::ServiceError,
};

/// Subjects after which those that have not asked for a while are forgotten.
const KEPT: usize = 10_000;
/// Bytes of an IPv6 address that count: a host has the rest to choose from.
const V6_PREFIX: usize = 8;

/// Whose share is counted: a key's, that of whoever shows a token, or, of whoever shows none, an address's.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Who {
    Key(KeyId),
    Holder(String),
    V4([u8; 4]),
    V6([u8; V6_PREFIX]),
    /// There is no address, as over a local socket.
    Nobody,
}

impl Who {
    fn is(subject: &Subject, peer: Option<IpAddr>) -> Self {
        match (subject, peer.map(|peer| peer.to_canonical())) {
            (Subject::Key(key), _) => Self::Key(key.id.clone()),
            (Subject::Token(holder), _) => Self::Holder(holder.id().to_owned()),
            (Subject::Anonymous, Some(IpAddr::V4(address))) => Self::V4(address.octets()),
            (Subject::Anonymous, Some(IpAddr::V6(address))) => {
                let mut prefix = [0; V6_PREFIX];
                prefix.copy_from_slice(&address.octets()[..V6_PREFIX]);
                Self::V6(prefix)
            }
            (Subject::Anonymous, None) => Self::Nobody,
        }
    }
}

/// The shares of all subjects.
#[derive(Debug)]
pub(crate) struct Rates(Option<DefaultKeyedRateLimiter<Who>>);

impl Rates {
    /// So many requests a second each, and as many at once; no bound, if there is none.
    pub(crate) fn new(per_second: Option<NonZeroU32>) -> Self {
        Self(per_second.map(|rate| RateLimiter::keyed(Quota::per_second(rate))))
    }

    /// Counts a request.
    ///
    /// # Errors
    /// [`ServiceError::TooManyRequests`].
    pub(crate) fn count(&self, subject: &Subject, peer: Option<IpAddr>) -> Result<(), ServiceError> {
        let Some(limiter) = &self.0 else { return Ok(()) };
        if limiter.len() > KEPT {
            limiter.retain_recent();
        }
        limiter.check_key(&Who::is(subject, peer)).map_err(|_| ServiceError::TooManyRequests)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_counted_by_address_and_a_host_has_one() {
        let rates = Rates::new(NonZeroU32::new(2));
        let ask = |address: &str| rates.count(&Subject::Anonymous, Some(address.parse().unwrap())).is_ok();
        assert!(ask("192.0.2.1") && ask("192.0.2.1") && !ask("192.0.2.1"));
        // The same address, as a socket for both protocols has it.
        assert!(!ask("::ffff:192.0.2.1"));
        assert!(ask("192.0.2.2"));
        assert!(ask("2001:db8::1") && ask("2001:db8::2") && !ask("2001:db8::3"));
        assert!(ask("2001:db8:0:1::1"));
        let unbounded = Rates::new(None);
        assert!((0..100).all(|_| unbounded.count(&Subject::Anonymous, None).is_ok()));
    }
}
