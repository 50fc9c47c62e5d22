//! Keys, against the examples of RFC 8032 and RFC 8410.

use zkl_merkle::{
    error::KeyError,
    keys::{Origin, SigningKey, VerifyingKey},
};

/// RFC 8410, section 10.3 and 10.1.
const PRIVATE_PEM: &str = "-----BEGIN PRIVATE KEY-----\n\
    MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n\
    -----END PRIVATE KEY-----\n";
const PUBLIC_PEM: &str = "-----BEGIN PUBLIC KEY-----\n\
    MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n\
    -----END PUBLIC KEY-----\n";

#[test]
fn the_pem_texts_are_those_of_rfc_8410() {
    let key = SigningKey::from_pkcs8_pem(PRIVATE_PEM).unwrap();
    assert_eq!(*key.to_pkcs8_pem().unwrap(), PRIVATE_PEM);
    let public = VerifyingKey::from_public_key_pem(PUBLIC_PEM).unwrap();
    assert_eq!(key.verifying_key(), public);
    assert_eq!(public.to_public_key_pem().unwrap(), PUBLIC_PEM);
    // openssl pkey -pubin -outform DER < public.pem | sha256sum
    assert_eq!(public.fingerprint().to_string(), FINGERPRINT);
    assert_eq!(public.to_string(), "19bf44096984cdfe8541bac167dc3b96c85086aa30b6b6cb0c5c38ad703166e1");
    assert_eq!(public.to_string().parse(), Ok(public));
}

const FINGERPRINT: &str = "a1e9156054e04fac899ae9f275132cdc07a5dbc4ea2c2ad3a1ffc6e0d253681f";

#[test]
fn signatures_are_those_of_rfc_8032() {
    // Section 7.1, test 1: the empty message.
    let seed = hex::decode("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60").unwrap();
    let key = SigningKey::from_seed(&seed.try_into().unwrap());
    let public = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
    assert_eq!(key.verifying_key().to_string(), public);
    let signature = "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b";
    assert_eq!(hex::encode(key.sign(b"")), signature);
}

#[test]
fn generated_keys_differ_and_survive_the_round_trip() {
    let (a, b) = (SigningKey::generate().unwrap(), SigningKey::generate().unwrap());
    assert_ne!(a.verifying_key(), b.verifying_key());
    let again = SigningKey::from_pkcs8_pem(&a.to_pkcs8_pem().unwrap()).unwrap();
    assert_eq!(again.verifying_key(), a.verifying_key());
}

#[test]
fn malformed_keys_are_refused() {
    for pem in ["", "garbage", PUBLIC_PEM, &PRIVATE_PEM.replace("MC4C", "MC4D"), &PRIVATE_PEM[..60]] {
        assert_eq!(SigningKey::from_pkcs8_pem(pem).map(|_| ()), Err(KeyError::PrivatePem));
    }
    for pem in ["", PRIVATE_PEM, &PUBLIC_PEM.replace("K2Vw", "K2Vx")] {
        assert_eq!(VerifyingKey::from_public_key_pem(pem), Err(KeyError::PublicPem));
    }
    let hex = "19bf44096984cdfe8541bac167dc3b96c85086aa30b6b6cb0c5c38ad703166e1";
    for bad in ["", &hex[1..], &hex.to_uppercase(), &format!("{hex}00")] {
        assert_eq!(bad.parse::<VerifyingKey>(), Err(KeyError::PublicHex));
    }
    // Not the y of any point of the curve.
    let no_point = "0200000000000000000000000000000000000000000000000000000000000000";
    assert_eq!(no_point.parse::<VerifyingKey>(), Err(KeyError::PublicKey));
}

#[test]
fn a_second_spelling_of_a_point_is_refused() {
    // y = p + k for the k from 2 that are on the curve: the same points as y = k.
    let (mut points, mut refused) = (0, 0);
    for k in 2..19u8 {
        let mut small = [0; 32];
        small[0] = k;
        let mut large = [0xff; 32];
        large[0] = 0xed + k;
        large[31] = 0x7f;
        points += usize::from(VerifyingKey::from_bytes(&small).is_ok());
        refused += usize::from(VerifyingKey::from_bytes(&large) == Err(KeyError::PublicKey));
    }
    assert!(points > 0);
    assert_eq!(refused, 17);
}

#[test]
fn keys_of_small_order_are_refused() {
    // The points of order 1, 2, 4 and 8 (curve25519-dalek, EIGHT_TORSION).
    let small_order = [
        "0100000000000000000000000000000000000000000000000000000000000000",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0000000000000000000000000000000000000000000000000000000000000080",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    ];
    for key in small_order {
        assert_eq!(key.parse::<VerifyingKey>(), Err(KeyError::PublicKey), "{key}");
    }
}

#[test]
fn an_origin_is_a_name_that_fits_a_signature_line() {
    for good in ["example.com/datasets", "a", "münchen.example/größe", &"x".repeat(255)] {
        assert_eq!(good.parse::<Origin>().unwrap().as_str(), good);
    }
    for bad in ["", " ", "a b", "a+b", "a\nb", "a\tb", "a\u{a0}b", "a\u{2028}b", "a\u{0}", "a\u{7f}", &"x".repeat(256)]
    {
        assert_eq!(bad.parse::<Origin>(), Err(KeyError::Origin { max: 255 }), "{bad:?}");
    }
}
