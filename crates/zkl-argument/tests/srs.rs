//! Reference strings: the file format, imported ceremonies, and what is refused.

#![expect(clippy::unwrap_used, reason = "a helper that fails is a test that fails")]

use std::{
    io::{self, Cursor, Read, Seek, SeekFrom},
    sync::OnceLock,
};

use sha2::{Digest, Sha256};
use zkl_argument::srs::{Setup, SnarkjsError, Srs, SrsError, SrsFault, SrsVerifierKey, hiding_base, import_ptau};
use zkl_core::ark::{
    Bn254, Fq, G1Affine, G2Affine,
    bn254::Fq2,
    ec::{AffineRepr, pairing::Pairing},
    ff::{BigInteger, PrimeField},
};

/// Made with snarkjs 0.7.6; the commands are in docs/srs.md. Power 4: 31 points of G1, 16 of G2.
const CEREMONY: &[u8] = include_bytes!("data/snarkjs_bn128_power4.ptau");
const G1_BYTES: usize = 64;
const G2_BYTES: usize = 128;
const HEADER_BYTES: usize = 20;

fn dev() -> &'static Srs {
    static SRS: OnceLock<Srs> = OnceLock::new();
    SRS.get_or_init(|| Srs::dev(33, Srs::DEV_SEED).unwrap())
}

fn import(bytes: &[u8], powers: usize) -> Result<Srs, SnarkjsError> {
    import_ptau(Cursor::new(bytes), powers)
}

/// Replaces part of a string's file and repairs the checksum.
fn edited(at: usize, bytes: &[u8]) -> Vec<u8> {
    let mut file = dev().to_bytes();
    file[at..at + bytes.len()].copy_from_slice(bytes);
    let end = file.len() - 32;
    let digest = Sha256::digest(&file[..end]);
    file[end..].copy_from_slice(&digest);
    file
}

fn montgomery(value: &Fq) -> Vec<u8> {
    value.0.to_bytes_le()
}

fn plain(value: &Fq) -> Vec<u8> {
    value.into_bigint().to_bytes_le()
}

/// Start of the content of a section of [`CEREMONY`].
fn section(id: u32) -> usize {
    let mut at = 12;
    loop {
        let found = u32::from_le_bytes(CEREMONY[at..at + 4].try_into().unwrap());
        let bytes = u64::from_le_bytes(CEREMONY[at + 4..at + 12].try_into().unwrap());
        if found == id {
            return at + 12;
        }
        at += 12 + bytes as usize;
    }
}

/// [`CEREMONY`] with some bytes replaced.
fn forged(at: usize, bytes: &[u8]) -> Vec<u8> {
    let mut file = CEREMONY.to_vec();
    file[at..at + bytes.len()].copy_from_slice(bytes);
    file
}

/// A point of the twist outside the group of prime order.
fn outside_the_subgroup() -> G2Affine {
    (0u64..)
        .filter_map(|x| G2Affine::get_point_from_x_unchecked(Fq2::new(x.into(), 1u64.into()), true))
        .find(|point| !point.is_in_correct_subgroup_assuming_on_curve())
        .unwrap()
}

#[test]
fn a_dev_string_has_consecutive_powers_and_says_that_it_is_one() {
    let srs = dev();
    assert_eq!(srs.setup(), Setup::Dev);
    assert_eq!(srs.setup().to_string(), "dev setup: forgeable");
    assert_eq!(srs.powers().len(), 33);
    assert_eq!(srs.powers()[0], G1Affine::generator());
    srs.check_powers().unwrap();
    let key = srs.verifier_key();
    for pair in srs.powers().windows(2) {
        assert_eq!(Bn254::pairing(pair[1], key.g2()), Bn254::pairing(pair[0], key.tau_g2()));
    }
}

#[test]
fn the_dev_string_and_its_digest_are_pinned() {
    // Computed from the formats in docs/srs.md with Python integers, not with this code.
    assert_eq!(dev().digest().to_string(), DEV_DIGEST);
    assert_eq!(hex(&Sha256::digest(dev().to_bytes())), DEV_FILE_SHA256);
}

const DEV_DIGEST: &str = "63e1268d5a89895cd10a57aaaa92fefd52b20b869a666f5a9f42a1be55e76342";
const DEV_FILE_SHA256: &str = "04b1f50fba97bf2cb8f9f69774950ba8e1009224a6ad1e7cc4fc2998d2bc919c";

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn the_digest_tells_seeds_and_setups_apart_but_not_lengths() {
    let longer = Srs::dev(40, Srs::DEV_SEED).unwrap();
    assert_eq!(longer.digest(), dev().digest());
    assert_eq!(&longer.powers()[..33], dev().powers());
    assert_ne!(Srs::dev(33, b"another seed").unwrap().digest(), dev().digest());
    let relabelled = Srs::from_bytes(&edited(12, &1u32.to_le_bytes())).unwrap();
    assert_eq!(relabelled.setup(), Setup::Ceremony);
    assert_ne!(relabelled.digest(), dev().digest());
}

#[test]
fn powers_outside_the_bounds_are_refused() {
    for got in [0, 1, Srs::MAX_POWERS + 1, usize::MAX] {
        let error = Srs::dev(got, Srs::DEV_SEED).unwrap_err();
        assert!(matches!(error, SrsError::PowerCount { got: g, .. } if g == got as u64), "{error}");
    }
}

#[test]
fn a_string_is_read_back_as_it_was_written() {
    let bytes = dev().to_bytes();
    assert_eq!(bytes.len(), HEADER_BYTES + G2_BYTES + 33 * G1_BYTES + 32);
    let read = Srs::from_bytes(&bytes).unwrap();
    assert_eq!(read.powers(), dev().powers());
    assert_eq!(read.verifier_key(), dev().verifier_key());
    assert_eq!(read.to_bytes(), bytes);
    assert_eq!(read.h(), hiding_base());
}

#[test]
fn every_damaged_byte_of_a_string_is_noticed() {
    let bytes = dev().to_bytes();
    for at in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[at] ^= 0x10;
        let error = Srs::from_bytes(&damaged).unwrap_err();
        match at {
            0..8 => assert!(matches!(error, SrsError::Magic)),
            8..12 => assert!(matches!(error, SrsError::Version { expected: 1, .. })),
            12..16 => assert!(matches!(error, SrsError::UnknownSetup { .. })),
            16..20 => assert!(matches!(
                error,
                SrsError::PowerCount { .. } | SrsError::Truncated { .. } | SrsError::TrailingBytes { .. }
            )),
            _ => assert!(matches!(error, SrsError::Checksum), "{at} {error}"),
        }
    }
}

#[test]
fn truncated_and_extended_strings_are_refused() {
    let bytes = dev().to_bytes();
    for len in 0..bytes.len() {
        assert!(matches!(Srs::from_bytes(&bytes[..len]), Err(SrsError::Truncated { .. })), "{len}");
    }
    let longer = [bytes.as_slice(), &[0]].concat();
    assert!(matches!(Srs::from_bytes(&longer), Err(SrsError::TrailingBytes { extra: 1 })));
}

#[test]
fn a_lying_length_allocates_nothing() {
    let mut bytes = dev().to_bytes();
    for count in [u32::MAX, 1 << 31, Srs::MAX_POWERS as u32 + 1] {
        bytes[16..20].copy_from_slice(&count.to_le_bytes());
        assert!(matches!(Srs::from_bytes(&bytes), Err(SrsError::PowerCount { .. })));
    }
    bytes[16..20].copy_from_slice(&(Srs::MAX_POWERS as u32).to_le_bytes());
    assert!(matches!(Srs::from_bytes(&bytes), Err(SrsError::Truncated { .. })));
}

#[test]
fn impossible_points_in_a_string_are_refused() {
    let g1 = |index: usize| HEADER_BYTES + G2_BYTES + index * G1_BYTES;
    let fault = |file: Vec<u8>| match Srs::from_bytes(&file) {
        Err(SrsError::Invalid(fault)) => fault,
        other => panic!("{other:?}"),
    };
    let modulus = Fq::MODULUS.to_bytes_le();
    assert_eq!(fault(edited(g1(3), &modulus)), SrsFault::Coordinate { group: "G1", index: 3, coordinate: 0 });
    assert_eq!(fault(edited(g1(3) + 32, &[0xff; 32])), SrsFault::Coordinate { group: "G1", index: 3, coordinate: 1 });
    assert_eq!(fault(edited(g1(4), &[0; 64])), SrsFault::Zero { group: "G1", index: 4 });
    assert_eq!(fault(edited(g1(5), &plain(&1u64.into()))), SrsFault::NotOnCurve { group: "G1", index: 5 });
    let other: Vec<u8> = [plain(&dev().powers()[1].x), plain(&dev().powers()[1].y)].concat();
    assert_eq!(fault(edited(g1(0), &other)), SrsFault::Generator { group: "G1" });
    assert_eq!(fault(edited(HEADER_BYTES, &[0; 128])), SrsFault::Zero { group: "G2", index: 1 });
    assert_eq!(fault(edited(HEADER_BYTES, &[1; 32])), SrsFault::NotOnCurve { group: "G2", index: 1 });
    assert_eq!(
        fault(edited(HEADER_BYTES + 64, &modulus)),
        SrsFault::Coordinate { group: "G2", index: 1, coordinate: 2 }
    );
    let p = outside_the_subgroup();
    let bytes = [plain(&p.x.c0), plain(&p.x.c1), plain(&p.y.c0), plain(&p.y.c1)].concat();
    assert_eq!(fault(edited(HEADER_BYTES, &bytes)), SrsFault::Subgroup { index: 1 });
}

#[test]
fn swapped_powers_are_read_but_do_not_pass_the_pairing_check() {
    let [a, b] = [dev().powers()[7], dev().powers()[8]];
    let bytes = [plain(&b.x), plain(&b.y), plain(&a.x), plain(&a.y)].concat();
    let srs = Srs::from_bytes(&edited(HEADER_BYTES + G2_BYTES + 7 * G1_BYTES, &bytes)).unwrap();
    assert_eq!(srs.check_powers(), Err(SrsFault::Powers { group: "G1" }));
    let last = [plain(&a.x), plain(&a.y)].concat();
    let srs = Srs::from_bytes(&edited(HEADER_BYTES + G2_BYTES + 32 * G1_BYTES, &last)).unwrap();
    assert_eq!(srs.check_powers(), Err(SrsFault::Powers { group: "G1" }));
}

#[test]
fn a_verifier_key_is_read_back_and_bound_to_its_digest() {
    let key = dev().verifier_key();
    let bytes = key.to_bytes();
    assert_eq!(bytes.len(), SrsVerifierKey::encoded_bytes(Setup::Dev));
    assert_eq!(&SrsVerifierKey::from_bytes(&bytes).unwrap(), key);
    for len in 0..bytes.len() {
        assert!(matches!(SrsVerifierKey::from_bytes(&bytes[..len]), Err(SrsError::Truncated { .. })));
    }
    let longer = [bytes.as_slice(), &[0]].concat();
    assert!(matches!(SrsVerifierKey::from_bytes(&longer), Err(SrsError::TrailingBytes { extra: 1 })));
    let mut unknown = bytes.clone();
    unknown[0] = 9;
    assert!(matches!(SrsVerifierKey::from_bytes(&unknown), Err(SrsError::UnknownSetup { got: 9 })));
    let mut off = bytes;
    off[4] ^= 1;
    assert!(matches!(SrsVerifierKey::from_bytes(&off), Err(SrsError::Invalid(SrsFault::NotOnCurve { .. }))));
}

#[test]
fn a_snarkjs_ceremony_is_imported() {
    let srs = import(CEREMONY, 31).unwrap();
    assert_eq!(srs.setup(), Setup::Ceremony);
    assert_eq!(srs.powers().len(), 31);
    srs.check_powers().unwrap();
    for powers in [2, 3, 15, 16, 17] {
        let shorter = import(CEREMONY, powers).unwrap();
        assert_eq!(shorter.digest(), srs.digest());
        assert_eq!(shorter.powers(), &srs.powers()[..powers]);
    }
    assert_eq!(Srs::from_bytes(&srs.to_bytes()).unwrap().digest(), srs.digest());
    for powers in [0, 1, 32, usize::MAX] {
        assert!(matches!(import(CEREMONY, powers), Err(SnarkjsError::PowerCount { min: 2, max: 31, .. })));
    }
}

#[test]
fn truncated_and_extended_ceremonies_are_refused() {
    for len in 0..CEREMONY.len() {
        assert!(matches!(import(&CEREMONY[..len], 31), Err(SnarkjsError::Truncated { .. })), "{len}");
    }
    assert!(matches!(import(&[CEREMONY, &[0]].concat(), 31), Err(SnarkjsError::TrailingBytes { extra: 1 })));
}

#[test]
fn a_ceremony_with_a_foreign_header_is_refused() {
    assert!(matches!(import(&forged(0, b"zkey"), 31), Err(SnarkjsError::Magic { expected: "ptau" })));
    assert!(matches!(import(&forged(4, &[2]), 31), Err(SnarkjsError::Version { expected: 1, got: 2 })));
    assert!(matches!(import(&forged(8, &[17]), 31), Err(SnarkjsError::SectionCount { max: 16, got: 17 })));
    let header = section(1);
    assert!(matches!(import(&forged(header, &[48]), 31), Err(SnarkjsError::Curve)));
    assert!(matches!(import(&forged(header + 4, &[0]), 31), Err(SnarkjsError::Curve)));
    for power in [0, 29, 255] {
        let file = forged(header + 36, &[power]);
        assert!(matches!(import(&file, 31), Err(SnarkjsError::Power { max: 28, got }) if got == u32::from(power)));
    }
    for power in [3, 5, 28] {
        let file = forged(header + 36, &[power]);
        assert!(matches!(import(&file, 31), Err(SnarkjsError::SectionLength { id: 2, .. })));
    }
}

#[test]
fn lying_sections_are_refused() {
    for length in [u64::MAX, u64::MAX - 100, 1 << 40] {
        let file = forged(section(2) - 8, &length.to_le_bytes());
        assert!(matches!(import(&file, 31), Err(SnarkjsError::Truncated { .. })));
    }
    // Renumbering hides one section and duplicates another.
    for id in [1u8, 2, 3] {
        let at = section(id.into()) - 12;
        assert!(
            matches!(import(&forged(at, &[99]), 31), Err(SnarkjsError::MissingSection { id: i }) if i == u32::from(id))
        );
        let at = section(4) - 12;
        assert!(
            matches!(import(&forged(at, &[id]), 31), Err(SnarkjsError::DuplicateSection { id: i }) if i == u32::from(id))
        );
    }
    // One point fewer in a section, and a section less.
    let mut shorter = CEREMONY.to_vec();
    shorter.drain(section(2)..section(2) + 64);
    shorter[section(2) - 8..section(2)].copy_from_slice(&(30 * 64u64).to_le_bytes());
    assert!(matches!(import(&shorter, 30), Err(SnarkjsError::SectionLength { id: 2, expected: 1984, got: 1920 })));
    let mut file = CEREMONY[..section(2) - 12].to_vec();
    file[8] = 1;
    assert!(matches!(import(&file, 2), Err(SnarkjsError::MissingSection { id: 2 })));
}

#[test]
fn impossible_points_in_a_ceremony_are_refused() {
    let fault = |file: Vec<u8>| match import(&file, 31) {
        Err(SnarkjsError::Invalid(fault)) => fault,
        other => panic!("{other:?}"),
    };
    let [g1, g2] = [section(2), section(3)];
    let modulus = Fq::MODULUS.to_bytes_le();
    assert_eq!(fault(forged(g1 + 9 * 64, &modulus)), SrsFault::Coordinate { group: "G1", index: 9, coordinate: 0 });
    assert_eq!(fault(forged(g1 + 9 * 64, &[0; 64])), SrsFault::Zero { group: "G1", index: 9 });
    assert_eq!(fault(forged(g1 + 9 * 64, &[1])), SrsFault::NotOnCurve { group: "G1", index: 9 });
    assert_eq!(fault(forged(g2 + 3 * 128, &[0; 128])), SrsFault::Zero { group: "G2", index: 3 });
    assert_eq!(fault(forged(g2 + 3 * 128, &[1])), SrsFault::NotOnCurve { group: "G2", index: 3 });
    let p = outside_the_subgroup();
    let bytes: Vec<u8> = [p.x.c0, p.x.c1, p.y.c0, p.y.c1].iter().flat_map(montgomery).collect();
    assert_eq!(fault(forged(g2 + 128, &bytes)), SrsFault::Subgroup { index: 1 });
    let second = CEREMONY[g1 + 64..g1 + 128].to_vec();
    assert_eq!(fault(forged(g1, &second)), SrsFault::Generator { group: "G1" });
    let second = CEREMONY[g2 + 128..g2 + 256].to_vec();
    assert_eq!(fault(forged(g2, &second)), SrsFault::Generator { group: "G2" });
}

#[test]
fn powers_that_are_not_consecutive_are_refused_in_both_groups() {
    let fault = |file: Vec<u8>, powers| match import(&file, powers) {
        Err(SnarkjsError::Invalid(fault)) => fault,
        other => panic!("{other:?}"),
    };
    let [g1, g2] = [section(2), section(3)];
    for (from, to) in [(1, 2), (5, 6), (29, 30)] {
        let point = CEREMONY[g1 + from * 64..g1 + (from + 1) * 64].to_vec();
        assert_eq!(fault(forged(g1 + to * 64, &point), 31), SrsFault::Powers { group: "G1" }, "{to}");
    }
    for (from, to) in [(1, 2), (5, 6), (14, 15)] {
        let point = CEREMONY[g2 + from * 128..g2 + (from + 1) * 128].to_vec();
        assert_eq!(fault(forged(g2 + to * 128, &point), 31), SrsFault::Powers { group: "G2" }, "{to}");
    }
    // tau in G1 and tau in G2 of two ceremonies.
    let other = dev().verifier_key().tau_g2();
    let bytes: Vec<u8> = [other.x.c0, other.x.c1, other.y.c0, other.y.c1].iter().flat_map(montgomery).collect();
    assert_eq!(fault(forged(g2 + 128, &bytes), 2), SrsFault::Powers { group: "G2" });
}

#[test]
fn a_failing_reader_is_an_io_error() {
    struct Broken;
    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("broken"))
        }
    }
    impl Seek for Broken {
        fn seek(&mut self, _: SeekFrom) -> io::Result<u64> {
            Ok(100)
        }
    }
    assert!(matches!(import_ptau(Broken, 2), Err(SnarkjsError::Io(_))));
}
