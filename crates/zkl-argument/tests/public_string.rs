//! The string that comes with the project, strings with a base of their own, and how one is derived from a key.

#![expect(clippy::unwrap_used, reason = "a helper that fails is a test that fails")]

use std::{io::Cursor, sync::OnceLock};

use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
use sha2::{Digest, Sha256};
use zkl_argument::{
    commit::Commitment,
    hyperkzg::{HyperKzgError, open, verify},
    msm::Scalars,
    snarkjs::{SnarkjsError, ZkeyError},
    srs::{CEREMONIES, DeriveError, Setup, Srs, SrsError, SrsFault, SrsVerifierKey, ceremony, derive_powers},
};
use zkl_core::ark::{
    Fq, Fr, G1Affine, G1Projective, G2Affine,
    ec::{AffineRepr, CurveGroup},
    ff::{BigInteger, Field, One, PrimeField, UniformRand},
    poly::{EvaluationDomain, Radix2EvaluationDomain},
};

const DERIVED: u32 = 2;
const G1_BYTES: usize = 64;

fn public() -> &'static Srs {
    static SRS: OnceLock<Srs> = OnceLock::new();
    SRS.get_or_init(|| Srs::public().unwrap())
}

fn le(values: &[Fq]) -> Vec<u8> {
    values.iter().flat_map(|value| value.into_bigint().to_bytes_le()).collect()
}

fn g1_bytes(point: &G1Affine) -> Vec<u8> {
    le(&[point.x, point.y])
}

fn g2_bytes(point: &G2Affine) -> Vec<u8> {
    le(&[point.x.c0, point.x.c1, point.y.c0, point.y.c1])
}

fn key_bytes(kind: u32, base: Option<&G1Affine>, tau_g2: &G2Affine) -> Vec<u8> {
    let mut bytes = kind.to_le_bytes().to_vec();
    bytes.extend(base.into_iter().flat_map(g1_bytes));
    bytes.extend(g2_bytes(tau_g2));
    bytes
}

/// The file of a string of kind 2 whose secrets are known here.
fn file(powers: &[G1Affine], tau: Fr) -> Vec<u8> {
    let mut bytes = b"zkl-srs\0".to_vec();
    for field in [1, DERIVED, powers.len() as u32] {
        bytes.extend(field.to_le_bytes());
    }
    bytes.extend(g2_bytes(&(G2Affine::generator() * tau).into_affine()));
    bytes.extend(powers.iter().flat_map(g1_bytes));
    let digest = Sha256::digest(&bytes);
    bytes.extend_from_slice(&digest);
    bytes
}

fn powers(base: Fr, tau: Fr, count: usize) -> Vec<G1Affine> {
    let scalars = std::iter::successors(Some(base), |power| Some(*power * tau)).take(count);
    scalars.map(|scalar| (G1Affine::generator() * scalar).into_affine()).collect()
}

#[test]
fn the_public_string_is_one_string_of_the_ceremony() {
    let srs = public();
    assert_eq!(srs.powers().len(), 1 << 16);
    assert_eq!(srs.setup(), Setup::DerivedBase);
    assert_ne!(srs.verifier_key().base(), G1Affine::generator());
    srs.check_powers().unwrap();
    assert_eq!(Some(srs.digest()), CEREMONIES[0].digest().ok());
    assert_eq!(srs.verifier_key(), &SrsVerifierKey::public().unwrap());
    // The points, as anybody can write them down.
    let points: Vec<u8> = srs.powers().iter().flat_map(g1_bytes).collect();
    let expected = "e0f7636de67bc7177f15c8944ea0fdb2434d7c9c6786dbad4edd6890c58ea94e";
    assert_eq!(hex(&Sha256::digest(points)), expected);
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// `[tau]_2` of each ceremony, as contracts that verify proofs under it have it: `x_1, x_0, y_1, y_0`, big-endian.
const TAU_G2: [(&str, [&str; 4]); 3] = [
    (
        "hez",
        [
            "26186a2d65ee4d2f9c9a5b91f86597d35f192cd120caf7e935d8443d1938e23d",
            "30441fd1b5d3370482c42152a8899027716989a6996c2535bc9f7fee8aaef79e",
            "1970ea81dd6992adfbc571effb03503adbbb6a857f578403c6c40e22d65b3c02",
            "054793348f12c0cf5622c340573cb277586319de359ab9389778f689786b1e48",
        ],
    ),
    (
        "ppot-80",
        [
            "17cc93077f56f654da727c1def86010339c2b4131094547285adb083e48c197b",
            "285b1f14edd7e6632340a37dfae9005ff762edcfecfe1c732a7474c0708bef80",
            "219edfceee1723de674f5b2f6fdb69d9e32dd53b15844956a630d3c7cdaa6ed9",
            "2bad9a374aec49d329ec66e8f530f68509313450580c4c17c6db5ddb9bde7fd0",
        ],
    ),
    (
        "ignition",
        [
            "260e01b251f6f1c7e7ff4e580791dee8ea51d87a358e038b4efe30fac09383c1",
            "0118c4d5b837bcc2bc89b5b398b5974e9f5944073b32078b7e231fec938883b0",
            "04fc6369f7110fe3d25156c1bb9a72859cf2a04641f99ba4ee413c80da6a5fe4",
            "22febda3c0c0632a56475b4214e5615e11e6dd3f96e6cea2854a87d4dacc5e55",
        ],
    ),
];

#[test]
fn known_ceremonies_are_known_by_their_second_power() {
    assert_eq!(CEREMONIES.map(|ceremony| ceremony.name), ["hez-derived", "hez", "ppot-80", "ignition"]);
    for (name, coordinates) in TAU_G2 {
        let [x1, x0, y1, y0] = coordinates.map(|text| {
            let bytes: Vec<u8> =
                (0..64).step_by(2).rev().map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect();
            bytes
        });
        let bytes = [1u32.to_le_bytes().to_vec(), x0, x1, y0, y1].concat();
        let key = SrsVerifierKey::from_bytes(&bytes).unwrap();
        assert_eq!(ceremony(key.digest()).map(|found| found.name), Some(name));
        if name == "hez" {
            assert_eq!(key.tau_g2(), public().verifier_key().tau_g2());
        }
    }
    assert_eq!(ceremony(Srs::dev(2, Srs::DEV_SEED).unwrap().digest()), None);
}

#[test]
fn keys_with_a_base_of_their_own_have_one_encoding() {
    let bytes = public().verifier_key().to_bytes();
    assert_eq!(bytes.len(), 196);
    assert_eq!(bytes.len(), SrsVerifierKey::encoded_bytes(Setup::DerivedBase));
    assert_eq!(&SrsVerifierKey::from_bytes(&bytes).unwrap(), public().verifier_key());
    assert_eq!(SrsVerifierKey::encoded_bytes_at(&[&bytes[..], b"more"].concat()).unwrap(), 196);
    for len in 0..bytes.len() {
        assert!(matches!(SrsVerifierKey::from_bytes(&bytes[..len]), Err(SrsError::Truncated { .. })), "{len}");
    }
    let longer = [&bytes[..], &[0]].concat();
    assert!(matches!(SrsVerifierKey::from_bytes(&longer), Err(SrsError::TrailingBytes { extra: 1 })));
    let unknown = key_bytes(3, None, &public().verifier_key().tau_g2());
    assert!(matches!(SrsVerifierKey::from_bytes(&unknown), Err(SrsError::UnknownSetup { got: 3 })));
}

#[test]
fn a_base_is_neither_zero_nor_the_generator_nor_off_the_curve() {
    let tau_g2 = public().verifier_key().tau_g2();
    let fault = |base: &G1Affine| match SrsVerifierKey::from_bytes(&key_bytes(DERIVED, Some(base), &tau_g2)) {
        Err(SrsError::Invalid(fault)) => fault,
        other => panic!("{other:?}"),
    };
    assert_eq!(fault(&G1Affine::generator()), SrsFault::BaseIsGenerator);
    let off = G1Affine::new_unchecked(Fq::one(), Fq::one());
    assert_eq!(fault(&off), SrsFault::NotOnCurve { group: "G1", index: 0 });
    let zero = G1Affine::new_unchecked(Fq::from(0u64), Fq::from(0u64));
    let fault = fault(&zero);
    assert!(matches!(fault, SrsFault::Zero { index: 0, .. } | SrsFault::NotOnCurve { index: 0, .. }), "{fault:?}");
}

#[test]
fn the_kind_and_the_base_are_part_of_the_digest() {
    let key = public().verifier_key();
    let over_generator = SrsVerifierKey::from_bytes(&key_bytes(1, None, &key.tau_g2())).unwrap();
    let other_base = public().powers()[1];
    let shifted = SrsVerifierKey::from_bytes(&key_bytes(DERIVED, Some(&other_base), &key.tau_g2())).unwrap();
    assert_ne!(key.digest(), over_generator.digest());
    assert_ne!(key.digest(), shifted.digest());
}

#[test]
fn files_with_another_first_power_than_their_kind_asks_for_are_refused() {
    let (base, tau) = (Fr::from(77u64), Fr::from(5u64));
    let good = file(&powers(base, tau, 9), tau);
    let srs = Srs::from_bytes(&good).unwrap();
    srs.check_powers().unwrap();
    assert_eq!(srs.to_bytes(), good);
    let over_generator = file(&powers(Fr::one(), tau, 9), tau);
    assert!(matches!(Srs::from_bytes(&over_generator), Err(SrsError::Invalid(SrsFault::BaseIsGenerator))));
    let mut relabelled = good.clone();
    relabelled[12..16].copy_from_slice(&1u32.to_le_bytes());
    let end = relabelled.len() - 32;
    let digest = Sha256::digest(&relabelled[..end]);
    relabelled[end..].copy_from_slice(&digest);
    assert!(matches!(Srs::from_bytes(&relabelled), Err(SrsError::Invalid(SrsFault::Generator { group: "G1" }))));
    // Powers of another secret are read, since they harm nobody but their prover, and do not pass the check.
    let other = Srs::from_bytes(&file(&powers(base, Fr::from(6u64), 9), tau)).unwrap();
    assert!(matches!(other.check_powers(), Err(SrsFault::Powers { group: "G1" })));
}

#[test]
fn openings_verify_under_the_base_that_they_were_made_for_and_no_other() {
    let mut rng = ChaCha20Rng::seed_from_u64(9);
    let srs = public();
    let polynomial: Vec<_> = (0..1 << 6).map(|_| Fr::rand(&mut rng)).collect();
    let point: Vec<_> = (0..6).map(|_| Fr::rand(&mut rng)).collect();
    let value = polynomial.iter().enumerate().fold(Fr::from(0u64), |sum, (index, coefficient)| {
        let weight = point
            .iter()
            .enumerate()
            .fold(Fr::one(), |weight, (bit, x)| weight * if index >> bit & 1 == 1 { *x } else { Fr::one() - x });
        sum + *coefficient * weight
    });
    let commitment = Commitment::new(srs.bases().msm(Scalars::Full(&polynomial)).unwrap().into_affine());
    let proof = open(srs, b"context", &commitment, &polynomial, &point, &value).unwrap();
    let check = |key: &SrsVerifierKey, value: &Fr| verify(key, b"context", &commitment, &point, value, &proof);
    check(srs.verifier_key(), &value).unwrap();
    assert!(check(srs.verifier_key(), &(value + Fr::one())).is_err());
    let tau_g2 = srs.verifier_key().tau_g2();
    for key in [key_bytes(1, None, &tau_g2), key_bytes(DERIVED, Some(&srs.powers()[1]), &tau_g2)] {
        let key = SrsVerifierKey::from_bytes(&key).unwrap();
        let error = check(&key, &value).unwrap_err();
        assert!(matches!(error, HyperKzgError::Pairing | HyperKzgError::Fold { .. }), "{error:?}");
    }
}

/// A Groth16 key of snarkjs over a domain of `size` points with the H points that `tau` and `delta` give, and nothing else
/// that [`derive_powers`] does not read.
fn zkey(size: usize, tau: Fr, delta: Fr) -> Vec<u8> {
    let domain = Radix2EvaluationDomain::<Fr>::new(2 * size).unwrap();
    let lagrange = domain.evaluate_all_lagrange_coefficients(tau);
    let inverse = delta.inverse().unwrap();
    let mut points = Vec::new();
    for odd in lagrange.iter().skip(1).step_by(2) {
        let point = (G1Projective::from(G1Affine::generator()) * (*odd * inverse)).into_affine();
        points.extend([point.x, point.y].iter().flat_map(|c| c.0.to_bytes_le()));
    }
    let mut header = Vec::new();
    header.extend(32u32.to_le_bytes());
    header.extend(Fq::MODULUS.to_bytes_le());
    header.extend(32u32.to_le_bytes());
    header.extend(Fr::MODULUS.to_bytes_le());
    for field in [10u32, 2, size as u32] {
        header.extend(field.to_le_bytes());
    }
    let mut bytes = b"zkey".to_vec();
    bytes.extend(1u32.to_le_bytes());
    bytes.extend(3u32.to_le_bytes());
    for (id, content) in [(1u32, 1u32.to_le_bytes().to_vec()), (2, header), (9, points)] {
        bytes.extend(id.to_le_bytes());
        bytes.extend((content.len() as u64).to_le_bytes());
        bytes.extend(content);
    }
    bytes
}

fn ceremony_of(tau: Fr) -> SrsVerifierKey {
    let tau_g2 = (G2Affine::generator() * tau).into_affine();
    SrsVerifierKey::from_bytes(&key_bytes(1, None, &tau_g2)).unwrap()
}

#[test]
fn powers_are_derived_from_the_quotient_points_of_a_groth16_key() {
    let mut rng = ChaCha20Rng::seed_from_u64(3);
    let (tau, delta) = (Fr::rand(&mut rng), Fr::rand(&mut rng));
    let srs = derive_powers(Cursor::new(zkey(16, tau, delta)), &ceremony_of(tau)).unwrap();
    let base = (tau.pow([16]) - Fr::one()) / delta;
    assert_eq!(srs.powers(), powers(base, tau, 16));
    assert_eq!(srs.setup(), Setup::DerivedBase);
}

#[test]
fn keys_that_do_not_follow_from_the_ceremony_give_no_string() {
    let mut rng = ChaCha20Rng::seed_from_u64(4);
    let (tau, delta) = (Fr::rand(&mut rng), Fr::rand(&mut rng));
    let good = zkey(16, tau, delta);
    let derive = |bytes: &[u8], tau| derive_powers(Cursor::new(bytes.to_vec()), &ceremony_of(tau)).unwrap_err();
    assert!(matches!(derive(&good, tau + Fr::one()), DeriveError::Invalid(SrsFault::Powers { group: "G1" })));
    // Two points exchanged.
    let mut exchanged = good.clone();
    let at = good.len() - 2 * G1_BYTES;
    exchanged[at..].rotate_left(G1_BYTES);
    assert!(matches!(derive(&exchanged, tau), DeriveError::Invalid(SrsFault::Powers { .. })));
    let mut off = good.clone();
    off[at] ^= 1;
    assert!(matches!(
        derive(&off, tau),
        DeriveError::Key(ZkeyError::File(SnarkjsError::Invalid(SrsFault::NotOnCurve { index: 14, .. })))
    ));
    let small = zkey(1, tau, delta);
    assert!(matches!(derive(&small, tau), DeriveError::Domain { got: 1, .. }));
    // The section of the protocol lacks a byte.
    let mut short = good.clone();
    short.remove(27);
    short[16] = 3;
    let refused = derive(&short, tau);
    assert!(matches!(
        refused,
        DeriveError::Key(ZkeyError::File(SnarkjsError::SectionLength { id: 1, expected: 4, got: 3 }))
    ));
    let mut plonk = good.clone();
    plonk[24] = 2;
    assert!(matches!(derive(&plonk, tau), DeriveError::Key(ZkeyError::Protocol { got: 2 })));
    let domain = 24 + 4 + 12 + 4 + 32 + 4 + 32 + 8;
    let mut odd = good.clone();
    odd[domain] = 17;
    assert!(matches!(derive(&odd, tau), DeriveError::Key(ZkeyError::Domain { got: 17, .. })));
    odd[domain] = 8;
    assert!(matches!(derive(&odd, tau), DeriveError::Key(ZkeyError::File(SnarkjsError::SectionLength { id: 9, .. }))));
    let mut curve = good.clone();
    curve[24 + 4 + 12 + 4] ^= 1;
    assert!(matches!(derive(&curve, tau), DeriveError::Key(ZkeyError::File(SnarkjsError::Curve))));
    let mut ptau = good;
    ptau[..4].copy_from_slice(b"ptau");
    assert!(matches!(derive(&ptau, tau), DeriveError::Key(ZkeyError::File(SnarkjsError::Magic { expected: "zkey" }))));
}
