//! PKCS#11 URIs (RFC 7512): which key on which token, through which module, and where its PIN is.
//!
//! ```text
//! pkcs11:token=ledger;object=log;id=%01?module-path=/usr/lib/softhsm/libsofthsm2.so&pin-source=file:/run/secrets/pin
//! ```

use std::{fmt, path::PathBuf, str::FromStr};

use thiserror::Error;

const SCHEME: &str = "pkcs11:";

/// A URI of a private key. Its text holds no PIN, and may be shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Pkcs11Uri {
    text: String,
    pub(crate) token: Option<String>,
    pub(crate) manufacturer: Option<String>,
    pub(crate) serial: Option<String>,
    pub(crate) model: Option<String>,
    pub(crate) slot_id: Option<u64>,
    pub(crate) object: Option<String>,
    pub(crate) id: Option<Vec<u8>>,
    pub(crate) module_path: Option<PathBuf>,
    pub(crate) pin_source: Option<PathBuf>,
}

/// Why a text is no URI of a private key.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum UriError {
    /// Not of the form `pkcs11:name=value;..?name=value&..`.
    #[error("not a pkcs11: URI (RFC 7512)")]
    Syntax,
    /// An attribute that is not understood: it could leave out the wrong keys if it were ignored.
    #[error("the pkcs11: URI has the attribute {name:?}, which is not supported")]
    Attribute {
        /// Its name.
        name: String,
    },
    /// An attribute that stands there twice.
    #[error("the pkcs11: URI has the attribute {name:?} twice")]
    Twice {
        /// Its name.
        name: String,
    },
    /// A value that the attribute cannot have.
    #[error("the pkcs11: URI has an unusable {name:?}: {expected} is expected")]
    Value {
        /// The attribute.
        name: String,
        /// What it can be.
        expected: &'static str,
    },
    /// The PIN itself, where everybody can see it.
    #[error("a pkcs11: URI must not hold the PIN: use pin-source=file:/..., ZKL_PKCS11_PIN_FILE or ZKL_PKCS11_PIN")]
    PinValue,
}

impl Pkcs11Uri {
    /// Whether a text is meant to be a URI and not a path.
    pub(crate) fn is_meant(text: &str) -> bool {
        text.get(..SCHEME.len()).is_some_and(|scheme| scheme.eq_ignore_ascii_case(SCHEME))
    }
}

impl FromStr for Pkcs11Uri {
    type Err = UriError;

    fn from_str(s: &str) -> Result<Self, UriError> {
        if !Self::is_meant(s) {
            return Err(UriError::Syntax);
        }
        let rest = &s[SCHEME.len()..];
        let (path, query) = rest.split_once('?').map_or((rest, None), |(path, query)| (path, Some(query)));
        let mut uri = Self {
            text: s.to_owned(),
            token: None,
            manufacturer: None,
            serial: None,
            model: None,
            slot_id: None,
            object: None,
            id: None,
            module_path: None,
            pin_source: None,
        };
        let mut seen = Vec::new();
        for attribute in path.split(';').filter(|attribute| !attribute.is_empty()) {
            let (name, value) = named(attribute, &mut seen)?;
            let text = || text(name, &value);
            match name {
                "token" => uri.token = Some(text()?),
                "manufacturer" => uri.manufacturer = Some(text()?),
                "serial" => uri.serial = Some(text()?),
                "model" => uri.model = Some(text()?),
                "object" => uri.object = Some(text()?),
                "id" => uri.id = Some(value),
                "slot-id" => uri.slot_id = Some(text()?.parse().map_err(|_| unusable(name, "a number"))?),
                "type" if value == b"private" => {}
                "type" => return Err(unusable(name, "private")),
                _ => return Err(UriError::Attribute { name: name.to_owned() }),
            }
        }
        for attribute in query.into_iter().flat_map(|query| query.split('&')).filter(|text| !text.is_empty()) {
            let (name, value) = named(attribute, &mut seen)?;
            match name {
                // A relative library would be searched for, in places that others may write to.
                "module-path" => uri.module_path = Some(absolute(name, text(name, &value)?)?),
                "pin-source" => {
                    let text = text(name, &value)?;
                    let path = text.strip_prefix("file://").or_else(|| text.strip_prefix("file:")).unwrap_or(&text);
                    uri.pin_source = Some(absolute(name, path.to_owned())?);
                }
                "pin-value" => return Err(UriError::PinValue),
                _ => return Err(UriError::Attribute { name: name.to_owned() }),
            }
        }
        Ok(uri)
    }
}

impl fmt::Display for Pkcs11Uri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Pkcs11Uri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.text, f)
    }
}

/// Name and decoded value of an attribute.
fn named<'a>(attribute: &'a str, seen: &mut Vec<&'a str>) -> Result<(&'a str, Vec<u8>), UriError> {
    let (name, value) = attribute.split_once('=').ok_or(UriError::Syntax)?;
    if name == "pin-value" {
        return Err(UriError::PinValue);
    }
    if seen.contains(&name) {
        return Err(UriError::Twice { name: name.to_owned() });
    }
    seen.push(name);
    Ok((name, decode(value).ok_or_else(|| unusable(name, "percent-encoded text"))?))
}

fn decode(value: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(value.len());
    let mut rest = value.as_bytes();
    while let [first, tail @ ..] = rest {
        rest = match (first, tail) {
            (b'%', [high, low, tail @ ..]) => {
                bytes.extend(hex::decode([*high, *low]).ok()?);
                tail
            }
            (b'%', _) => return None,
            // Spaces and control characters have no place in a URI.
            (byte, _) if !byte.is_ascii_graphic() => return None,
            (byte, tail) => {
                bytes.push(*byte);
                tail
            }
        };
    }
    Some(bytes)
}

fn text(name: &str, value: &[u8]) -> Result<String, UriError> {
    let text = str::from_utf8(value).ok().filter(|text| !text.is_empty() && !text.contains(char::is_control));
    text.map(str::to_owned).ok_or_else(|| unusable(name, "text"))
}

fn absolute(name: &str, path: String) -> Result<PathBuf, UriError> {
    let path = PathBuf::from(path);
    if path.is_absolute() { Ok(path) } else { Err(unusable(name, "an absolute path")) }
}

fn unusable(name: &str, expected: &'static str) -> UriError {
    UriError::Value { name: name.to_owned(), expected }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> UriError {
        text.parse::<Pkcs11Uri>().unwrap_err()
    }

    #[test]
    fn reads_what_rfc_7512_writes() {
        // Section 3 of the RFC, with what is supported.
        let uri: Pkcs11Uri =
            "pkcs11:object=my-pubkey;type=private;id=%69%95%3E%5C%F4%BD%EC%91;token=The%20Software%20PKCS%2311%20Softtoken"
                .parse()
                .unwrap();
        assert_eq!(uri.token.as_deref(), Some("The Software PKCS#11 Softtoken"));
        assert_eq!(uri.id.unwrap(), [0x69, 0x95, 0x3e, 0x5c, 0xf4, 0xbd, 0xec, 0x91]);
        let uri: Pkcs11Uri =
            "pkcs11:token=a;slot-id=7?module-path=/lib/p11.so&pin-source=file:/etc/token_pin".parse().unwrap();
        assert_eq!(
            (uri.slot_id, uri.module_path, uri.pin_source),
            (Some(7), Some("/lib/p11.so".into()), Some("/etc/token_pin".into()))
        );
        let shown: Pkcs11Uri = "pkcs11:token=a".parse().unwrap();
        assert_eq!(shown.to_string(), "pkcs11:token=a");
    }

    #[test]
    fn refuses_pins_and_what_it_would_have_to_ignore() {
        for text in ["pkcs11:token=a?pin-value=1234", "pkcs11:pin-value=1234"] {
            assert_eq!(refused(text), UriError::PinValue);
            assert!(!refused(text).to_string().contains("1234"));
        }
        let attribute = |name: &str| UriError::Attribute { name: name.to_owned() };
        assert_eq!(refused("pkcs11:token=a;library-version=3"), attribute("library-version"));
        assert_eq!(refused("pkcs11:token=a?module-name=softhsm2"), attribute("module-name"));
        assert_eq!(refused("pkcs11:token=a;token=b"), UriError::Twice { name: "token".to_owned() });
        assert_eq!(refused("http://example.com"), UriError::Syntax);
        for text in [
            "pkcs11:token=%4",
            "pkcs11:token=%zz",
            "pkcs11:token=%00",
            "pkcs11:token=",
            "pkcs11:token=a b",
            "pkcs11:type=public",
            "pkcs11:slot-id=x",
            "pkcs11:token=a?module-path=lib.so",
            "pkcs11:token=a?pin-source=pin",
            "pkcs11:token=a?pin-source=%7Ccat%20/etc/passwd",
        ] {
            assert!(matches!(refused(text), UriError::Value { .. }), "{text}");
        }
    }
}
