//! Digests of the dev verifying keys of the circuits that come with the project.
//!
//! A verifier that meets one of these knows that the key was made from the public dev seed. The table is printed by
//! `cargo test -p zkl-circuits --release -- --ignored --nocapture prints_the_table_of_dev_keys` and compared with fresh keys
//! by a test.

use zkl_core::{
    circuit::{Circuit, CircuitId},
    digest::KeyDigest,
};

use super::{Setup, dev_seed};
use crate::{
    claims::all_shapes,
    groth16::Groth16,
    proof_system::ProofSystem as _,
    scan::{standard_circuits, standard_table_circuits},
};

/// `(circuit id, SHA-256 of the dev verifying key)`.
const DEV_KEYS: &[(&str, &str)] = &[
    ("claim/rows@1", "d79116afe77c30529b442cd75464805cf4a228118c261b2ccbb0de23c31484e6"),
    ("claim/count@1", "360887c3a3dda79d415be2442a76f5afb89f1e8dcb5a0aba59424497d7f9a00b"),
    ("claim/nulls@1", "2ea54189a80fc6e40c43da5ef007e22cabf2e273de919e4ac1dfbfcc8543aa8d"),
    ("claim/mean@1", "d4fd6ded18a10358c9be1e6d113b1c70beeb1e72c5532500bf1d441afef8a1b4"),
    ("claim/sum@1", "937b1a67a0b21cfd2fcdfd7911530a0d0069b5b15976870cb0305c22cd379a97"),
    ("claim/variance@1", "7a3c3fe7a0349c2d2ba768575cd915563fd6d10efd7ad46f65e017d46afb0c95"),
    ("claim/values@1", "a8b05ff142df51313a8996fbefa8692bc78a11e5d4d8852cba189b19c6ad56fd"),
    ("claim/correlation@1", "f8b0783b05afb873a56e5975a78259803c74bf98a66340a4a3cd76bd1ab03d49"),
    ("claim/share-4@1", "0f76a7e762aad30d972a16704366fe6fa7a5f45d557c50c4ecbcdc375a495478"),
    ("claim/share-16@1", "ecc3c98213956b5c4b273097b26bb1c8e06cdf0dc2bbb87c73a0ef87d7d4e0ec"),
    ("claim/share-64@1", "04e811ff01e343976f3686a78a97b741b8b0429bec63e3c0d003eb3dbd0ccc77"),
    ("claim/share-256@1", "78ae02bb735aea9ccb89b4b850de33c869d8be5b5697eb5fdb66a458ded7e4c6"),
    ("claim/min-group-4@1", "8e83d76dfa0bd03f972c7d30b61402e855aa1cc70d1b2238481f678dff3c9d7b"),
    ("claim/min-group-16@1", "4ecdff4dd2acf7b0f2a48cba645ec4e435d914ee101b827da4d44485401b2c5e"),
    ("claim/min-group-64@1", "478d60e9da5df774587dc4d49f29920262d3a90846c797b49c71758bd3ae83f4"),
    ("claim/min-group-256@1", "1d1c4bbc35467420afbfac77abea7b491d84c42ec7de0280b36cd9f1b920b2b7"),
    ("claim/min-group-large@1", "263c08420d825c4bc2480191f7f55fe47099bdfd323b5a1144c75cd5270319ba"),
    ("claim/balance-4@1", "c067d7206e356977a38ead00ff732404233a63fc2a829650d54a84e72339df5c"),
    ("claim/balance-16@1", "91dce3e9f198c12d784c1507b58ff74243cbc19504d8ce7c7232502b3c61f029"),
    ("claim/balance-64@1", "820a9080015d1761a5cbd9ff2deaa68325e83d92a896c7142ee86946db57920e"),
    ("claim/balance-256@1", "1344a0c2e749f3ae9049f92e4adea2fc0945e42e5578ea81ab0ce9ae87068e42"),
    ("claim/min-group-4x4@1", "58e52c81710bbd1af6771934aa8caa4bbf959c01c8e6022703cd31ad7bd8e676"),
    ("claim/min-group-4x16@1", "33e114087314e650f96050c58790f85db1bd15e47546c9c1e2e9bb436d8d6d2e"),
    ("claim/min-group-4x64@1", "53d618e6dad33447edfdcb798857394f6f001ec5fddb23d5b917146c08ae44c6"),
    ("claim/min-group-16x4@1", "56175565458c7bcfafaa417ee2d9dd045895e46cb39514d0c3f32a37516e787f"),
    ("claim/min-group-16x16@1", "09fb271a3b2375c8db00323745d92650d19ee73e46676d7342dc789781931123"),
    ("claim/min-group-64x4@1", "4d08a68abea5bfdf81ed1e79ea9cac5ed971c29e4ea1b2a2fb3462c80bf07e49"),
    ("claim/gap-4x4@1", "69fc6922d8b74f78cefe32aa1e7a2ce0f6c05351cda7cf27f659499ec6cec1ef"),
    ("claim/gap-4x16@1", "f63c28f85ec9b2d5034fa0e771faf4d8d323ce8236d265675009e70e814f9b6d"),
    ("claim/gap-4x64@1", "b7bdec4b2c9f42402c93a78987351096f836b39562e753ffd869c5f8269668a2"),
    ("claim/gap-16x4@1", "a52bbd1dacca4e4a55a9c11157cfc2adcacb6b2637a00bd2a05ee336b7ea5ecc"),
    ("claim/gap-16x16@1", "672d064003f541cc2ea52f78d4558461c1dd9eb48a762abbc23264b755a21da5"),
    ("claim/gap-64x4@1", "4db0f2232d4f67958b8edd6f384c821abc094b3d53b35dbc14606431f9d37c81"),
    ("claim/gap-4x4-label-first@1", "4b5882f5c6f613b85e5eb15d704962c885cf4a522804bf4fff24bbcaec293596"),
    ("claim/gap-4x16-label-first@1", "f7940e805eeefd88e138de546bf1812e98afbbe0a6792502cbc91465421424ae"),
    ("claim/gap-4x64-label-first@1", "25410e0187a4b9ef1c89cf4ce746405bef7ccd5dc02e0dd56985ddce7001c2e9"),
    ("claim/gap-16x4-label-first@1", "823be120f68b543d992bc14da61ae269276b1703fefd36ffe5826b18c0aca2d7"),
    ("claim/gap-16x16-label-first@1", "4e278a6a2db410786e958e216742284a64ea704ca8e539c5cc2a541ecf06bbab"),
    ("claim/gap-64x4-label-first@1", "923ec821b3c4adfff97d79c2d70a734fc74d7ff18b8a7ad789cf87ca4b426463"),
    ("scan/16-l6-n3-o2-c2-1-0-0-j1-0-0-g0-p1@1", "39db936ae37e9744fa2967e21a8823256f25364e233968eeeb3c510d47fd3348"),
    ("scan/16-l12-n6-o4-c3-2-1-0-j1-0-0-g1-p1@1", "bb28bb0834c0010b2a52bba741616794b76b453e7cc9cf69c7dc8bf1594127b5"),
    ("scan/16-l26-n12-o8-c4-4-2-1-j2-1-0-g1-p2@1", "40dfdc3e3b8c2e9acaed1659395555c05573695e23e68f0b8c1339b28a2cdf38"),
    ("scan/17-l6-n3-o2-c2-1-0-0-j1-0-0-g0-p1@1", "56992f0393f9e0e68fe6ef16cfe4d1d49799be7889d0feeb6be024c0ae98f67d"),
    ("scan/17-l12-n6-o4-c3-2-1-0-j1-0-0-g1-p1@1", "f4089ed29fe0d2bfd47391b8a0a672f6008231309eab31e0f389f8dcef4ecf0d"),
    ("scan/17-l26-n12-o8-c4-4-2-1-j2-1-0-g1-p2@1", "3888f9cdc8327013422e958e87f0921c09b9b6a8a4f1b099ad01fd8baef6be5c"),
    ("scan/18-l6-n3-o2-c2-1-0-0-j1-0-0-g0-p1@1", "1ded278b7e69a095cbd7994f81854ba5a36e133fc0694f78dc7a1cfd1191e429"),
    ("scan/18-l12-n6-o4-c3-2-1-0-j1-0-0-g1-p1@1", "cd29cee3066a83b7fef563fdaa39b6f6c21ea6093c9c4ef02e06dcf2af895256"),
    ("scan/18-l26-n12-o8-c4-4-2-1-j2-1-0-g1-p2@1", "a78b947dc5a0857eecaaf72f041be9e653825c0918fc006c4dbac23eba911b1f"),
    ("scan/19-l6-n3-o2-c2-1-0-0-j1-0-0-g0-p1@1", "f078643a2da35239c581c4a6a22a988d73a8da79795e8afe11aeb1c2be685b3a"),
    ("scan/19-l12-n6-o4-c3-2-1-0-j1-0-0-g1-p1@1", "35a21e10799510974fa1db082b24bb87ac40cfa04c760e412fb72cb2135595c5"),
    ("scan/19-l26-n12-o8-c4-4-2-1-j2-1-0-g1-p2@1", "80e338d9057b2bda9aa3d7beae850fb76f42839b78aa41033d5506bae613968a"),
    ("scan/20-l6-n3-o2-c2-1-0-0-j1-0-0-g0-p1@1", "c484b4161b9476b291f55945dea8dfd7c09e047ea06a989631baea86f425700c"),
    ("scan/20-l12-n6-o4-c3-2-1-0-j1-0-0-g1-p1@1", "7e814961cb227de4af47e44bb19b1b547fdcf1b57b6a1209a0102f60457eed1a"),
    ("scan/20-l26-n12-o8-c4-4-2-1-j2-1-0-g1-p2@1", "3cb55dabdd897eec73c3d7002422b8f90a11ac4636d8121c48efc5a8efdf4c3c"),
    ("merge/4-n3-o2-c2-1-0-0-j1-0-0-g0-p1@1", "5619263d5e5568e98f216a72a6aed5df9a7135f4d846fcabe0a443b5176708cb"),
    ("merge/4-n6-o4-c3-2-1-0-j1-0-0-g1-p1@1", "f71b8d44630c8f08c05d6cad19e64dc12aaf83a1aa43b56213996acebc379e66"),
    ("merge/4-n12-o8-c4-4-2-1-j2-1-0-g1-p2@1", "4af3cdbbf6cb434ec0e237f6fbd54d93f41d743a19b9b2f39efdd715e4d4df37"),
    ("scan/16-l0-n0-o0-c0-0-0-0-j0-0-0-g1-p0@1", "7d16b16e1630892ba7826350b58951d8c8c09cd994955b05b74b3c2e0c8b5914"),
];

/// One instance of every circuit that comes with the project, for making keys; the assignments mean nothing.
pub fn builtin_circuits() -> Vec<Box<dyn Circuit>> {
    let claims = all_shapes().into_iter().map(|(_, circuit)| circuit);
    let scans = standard_circuits().into_iter().map(|circuit| -> Box<dyn Circuit> { Box::new(circuit) });
    claims.chain(scans).chain(standard_table_circuits()).collect()
}

/// Digest of the dev verifying key of circuit `id`, when that circuit comes with the project.
pub fn builtin_digest(id: &CircuitId) -> Option<KeyDigest> {
    let id = id.to_string();
    DEV_KEYS.iter().find(|(name, _)| *name == id).and_then(|(_, digest)| digest.parse().ok())
}

/// How the key with `digest` for circuit `id` was made, when it is one that this program pins.
pub fn builtin_setup(id: &CircuitId, digest: KeyDigest) -> Option<Setup> {
    (builtin_digest(id)? == digest).then_some(Setup::Dev)
}

/// Whether the key with `digest` is the dev key of `circuit`, found out by making it: some seconds for a large circuit. For
/// circuits that follow from a layout and are too many to pin.
pub fn is_dev_key(circuit: &dyn Circuit, digest: KeyDigest) -> bool {
    let keys = Groth16.danger_setup_from_seed(circuit, dev_seed(&circuit.id()));
    keys.is_ok_and(|(_, verifying)| verifying.digest() == digest)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn fresh_digest(circuit: &dyn Circuit) -> KeyDigest {
        let id = circuit.id();
        Groth16.danger_setup_from_seed(circuit, dev_seed(&id)).unwrap().1.digest()
    }

    #[test]
    fn every_circuit_of_the_project_is_pinned_once_and_nothing_else_is() {
        let circuits: HashSet<String> = builtin_circuits().iter().map(|circuit| circuit.id().to_string()).collect();
        let pinned: HashSet<String> = DEV_KEYS.iter().map(|(id, _)| (*id).to_owned()).collect();
        assert_eq!(circuits.len(), builtin_circuits().len(), "two circuits share an id");
        assert_eq!(pinned.len(), DEV_KEYS.len(), "an id is pinned twice");
        assert_eq!(pinned, circuits, "print the table anew: see the head of this file");
        assert!(DEV_KEYS.iter().all(|(_, digest)| digest.parse::<KeyDigest>().is_ok()));
    }

    /// One circuit, so that the test is quick; the next test makes the keys of all.
    #[test]
    fn a_pinned_digest_is_that_of_the_key_from_the_dev_seed() {
        let circuits = builtin_circuits();
        let circuit = circuits.first().unwrap();
        let digest = fresh_digest(circuit);
        assert_eq!(builtin_digest(&circuit.id()), Some(digest));
        assert_eq!(builtin_setup(&circuit.id(), digest), Some(Setup::Dev));
        assert_eq!(builtin_setup(&circuit.id(), KeyDigest::of(b"another key")), None);
        assert_eq!(builtin_setup(&circuits[1].id(), digest), None, "a key counts for its own circuit only");
    }

    #[test]
    #[ignore = "makes the keys of every circuit: half a minute"]
    fn every_pinned_digest_is_that_of_the_key_from_the_dev_seed() {
        for circuit in builtin_circuits() {
            assert_eq!(builtin_digest(&circuit.id()), Some(fresh_digest(&circuit)), "{}", circuit.id());
        }
    }

    #[test]
    #[ignore = "prints the table above"]
    fn prints_the_table_of_dev_keys() {
        for circuit in builtin_circuits() {
            println!("    (\"{}\", \"{}\"),", circuit.id(), fresh_digest(&circuit));
        }
    }
}
