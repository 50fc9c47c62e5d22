//! How Ed25519 keys look on a token (PKCS#11 3.0, section 2.3.5).

use cryptoki::object::{Attribute, KeyType, ObjectClass};
use zeroize::Zeroize as _;
use zkl_merkle::keys::{PUBLIC_KEY_LEN, SigningKey, VerifyingKey};

use crate::uri::Pkcs11Uri;

/// OBJECT IDENTIFIER 1.3.101.112, as RFC 8410 names the curve.
const ED25519: [u8; 5] = [0x06, 0x03, 0x2b, 0x65, 0x70];
/// OCTET STRING of 32 bytes.
const OCTET_STRING: [u8; 2] = [0x04, PUBLIC_KEY_LEN as u8];

/// What the private keys are found by.
pub(super) fn search(uri: &Pkcs11Uri, class: ObjectClass) -> Vec<Attribute> {
    let mut template = vec![Attribute::Class(class), Attribute::KeyType(KeyType::EC_EDWARDS)];
    template.extend(uri.object.as_ref().map(|label| Attribute::Label(label.clone().into_bytes())));
    template.extend(uri.id.clone().map(Attribute::Id));
    template
}

/// The public key in a point: most tokens wrap it in an OCTET STRING, as the standard says, some do not.
pub(super) fn public_key(point: &[u8]) -> Option<VerifyingKey> {
    let bytes = point.strip_prefix(&OCTET_STRING).unwrap_or(point);
    VerifyingKey::from_bytes(bytes.try_into().ok()?).ok()
}

/// A private key that stays on the token, whoever asks.
pub(super) fn private_template(label: &str, id: &[u8]) -> Vec<Attribute> {
    vec![
        Attribute::Token(true),
        Attribute::Private(true),
        Attribute::Sensitive(true),
        Attribute::Extractable(false),
        Attribute::Sign(true),
        Attribute::Label(label.as_bytes().to_vec()),
        Attribute::Id(id.to_vec()),
    ]
}

/// A public key beside it, so that others find out what it verifies.
pub(super) fn public_template(label: &str, id: &[u8]) -> Vec<Attribute> {
    vec![
        Attribute::Token(true),
        Attribute::Private(false),
        Attribute::Verify(true),
        Attribute::EcParams(ED25519.to_vec()),
        Attribute::Label(label.as_bytes().to_vec()),
        Attribute::Id(id.to_vec()),
    ]
}

/// The templates of both halves of a key that comes from a file.
pub(super) fn imported(key: &SigningKey, label: &str, id: &[u8]) -> (Secret, Vec<Attribute>) {
    let mut private = private_template(label, id);
    private.extend([
        Attribute::Class(ObjectClass::PRIVATE_KEY),
        Attribute::KeyType(KeyType::EC_EDWARDS),
        Attribute::EcParams(ED25519.to_vec()),
        Attribute::Value(key.seed().to_vec()),
    ]);
    let mut public = public_template(label, id);
    let point = [OCTET_STRING.as_slice(), key.verifying_key().as_bytes()].concat();
    public.extend([
        Attribute::Class(ObjectClass::PUBLIC_KEY),
        Attribute::KeyType(KeyType::EC_EDWARDS),
        Attribute::EcPoint(point),
    ]);
    (Secret(private), public)
}

/// A template with the seed in it, which is wiped afterwards.
pub(super) struct Secret(pub(super) Vec<Attribute>);

impl Drop for Secret {
    fn drop(&mut self) {
        for attribute in &mut self.0 {
            if let Attribute::Value(seed) = attribute {
                seed.zeroize();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_are_read_wrapped_and_bare_and_nothing_else_is() {
        let key = SigningKey::from_seed(&[7; 32]).verifying_key();
        let wrapped = [OCTET_STRING.as_slice(), key.as_bytes()].concat();
        assert_eq!((public_key(&wrapped), public_key(key.as_bytes())), (Some(key), Some(key)));
        for bad in [&wrapped[..33], &[wrapped.as_slice(), &[0]].concat(), &[0; 32], &[]] {
            assert_eq!(public_key(bad), None);
        }
    }
}
