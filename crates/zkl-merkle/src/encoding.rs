//! Text encodings with exactly one spelling per value.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use zeroize::Zeroizing;

/// Standard base64 with padding (RFC 4648, section 4).
pub(crate) fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// Reads standard base64. Missing padding, non-zero trailing bits and white space are refused, so that no two texts
/// decode to the same bytes.
pub(crate) fn from_base64(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok()
}

/// Reads the base64 of exactly `N` bytes.
pub(crate) fn from_base64_array<const N: usize>(text: &str) -> Option<[u8; N]> {
    // Bounds the allocation before decoding: N bytes have exactly this many characters.
    if text.len() != N.div_ceil(3) * 4 {
        return None;
    }
    // What is read may be a secret seed.
    let bytes = Zeroizing::new(from_base64(text)?);
    bytes.as_slice().try_into().ok()
}

/// Reads an ASCII decimal without sign and without leading zeroes.
pub(crate) fn from_decimal(text: &str) -> Option<u64> {
    let canonical = text.bytes().all(|b| b.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    if canonical { text.parse().ok() } else { None }
}

/// Reads lower-case hexadecimal of exactly `N` bytes.
pub(crate) fn from_hex_array<const N: usize>(text: &str) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    let canonical = text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    (canonical && hex::decode_to_slice(text, &mut bytes).is_ok()).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_has_one_spelling() {
        assert_eq!(from_base64("Zg=="), Some(b"f".to_vec()));
        for bad in ["Zg", "Zg=", "Zh==", "Zg==\n", " Zg==", "Z g==", "Zg==Zg==", "_-8="] {
            assert_eq!(from_base64(bad), None, "{bad:?}");
        }
        assert_eq!(from_base64_array::<1>("Zg=="), Some([b'f']));
        assert_eq!(from_base64_array::<2>("Zg=="), None);
        assert_eq!(from_base64_array::<1>("Zm9v"), None);
    }

    #[test]
    fn decimals_have_one_spelling() {
        assert_eq!(from_decimal("0"), Some(0));
        assert_eq!(from_decimal("18446744073709551615"), Some(u64::MAX));
        for bad in ["", "00", "01", "+1", "-1", " 1", "1 ", "1_0", "18446744073709551616", "١"] {
            assert_eq!(from_decimal(bad), None, "{bad:?}");
        }
    }
}
