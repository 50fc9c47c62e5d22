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
    ("scan/16-l6-n3-o2-c2-1-0-0-j1-1-0-g0-p1@1", "b269621b5d2d0262e78d4e4bcf1682b54f5f55e518e9d8de3ed18d1001d738a5"),
    ("scan/16-l18-n8-o4-c4-3-1-0-j1-1-0-g1-p1@1", "7f00948ae5f8c563bc3e251fa6be06e542f5f767a75b024cd81c321b85837d14"),
    ("scan/16-l26-n12-o8-c8-4-2-2-j2-1-0-g1-p2@1", "b6cfcff97ece1727097a0b1c705a74533933f1dfeca09be91bc1e6a4d3ac4409"),
    ("scan/16-l40-n16-o8-c8-6-3-2-j3-2-1-g2-p4@1", "ed2f7c6d0853af68d0cc2d769e061d9a5ecce68b32c7b2d040d5fec7ffe482ae"),
    ("scan/17-l6-n3-o2-c2-1-0-0-j1-1-0-g0-p1@1", "a859d9ed7913a8cdd90892f78aad6946904bc6cc20b8618177191a23198788df"),
    ("scan/17-l18-n8-o4-c4-3-1-0-j1-1-0-g1-p1@1", "a2e392fddc304d886bb80d372949f7988f2ca010d0a756f7fb86b129c9b39027"),
    ("scan/17-l26-n12-o8-c8-4-2-2-j2-1-0-g1-p2@1", "bbcd8ad50976d339bac3c3f9bb095b7d945b16d90485055980d564a2a6411a52"),
    ("scan/17-l40-n16-o8-c8-6-3-2-j3-2-1-g2-p4@1", "8175dd2c8464d19d3dd3a071bdfce0199019ac075c86c1359687bdfa8db05ab3"),
    ("scan/18-l6-n3-o2-c2-1-0-0-j1-1-0-g0-p1@1", "ad6cfb4b71c51a2d21609de7f1dae11c80287571a82a806ca1c277dc394c649f"),
    ("scan/18-l18-n8-o4-c4-3-1-0-j1-1-0-g1-p1@1", "7c5fec44053f0839ad9aba64dbc3b49d3d12944d5bfc439f40566ae399ad04a4"),
    ("scan/18-l26-n12-o8-c8-4-2-2-j2-1-0-g1-p2@1", "1a974fd1f9c987bd395597d1ce9db69c485c1b8c9ac44286906a628f64bb2a3c"),
    ("scan/18-l40-n16-o8-c8-6-3-2-j3-2-1-g2-p4@1", "24a78e33cbc7df5590d41c46d97c8594ce4776c9e735e4bcb7dfeff4ac59d8ab"),
    ("scan/19-l6-n3-o2-c2-1-0-0-j1-1-0-g0-p1@1", "444a9828f8469a61ea1e923479db716bc4b4c86ecc3b09520d7f17c600fc25b7"),
    ("scan/19-l18-n8-o4-c4-3-1-0-j1-1-0-g1-p1@1", "413e73401395d6c4130850086775fd96747c616d5fcfcdaaa749b80db3f747ea"),
    ("scan/19-l26-n12-o8-c8-4-2-2-j2-1-0-g1-p2@1", "1d19e873b4ac0f0297409aeb43199c74a9cd179458e1392ac99deb0e1cfaab75"),
    ("scan/19-l40-n16-o8-c8-6-3-2-j3-2-1-g2-p4@1", "95b2e8cee40a807bca6a7e32d7fe24bcb5576003bafbc229135f7989655c55e4"),
    ("scan/20-l6-n3-o2-c2-1-0-0-j1-1-0-g0-p1@1", "b0521bbf8b3a52481c57049c419920619b8a29b50970cc745c7b37b3ed25febb"),
    ("scan/20-l18-n8-o4-c4-3-1-0-j1-1-0-g1-p1@1", "73cf03b13bcf4b84518a4f6329e78512c1e375ffa4d28cc371b4a521d077c69f"),
    ("scan/20-l26-n12-o8-c8-4-2-2-j2-1-0-g1-p2@1", "c16a3b9d88a0111db94ab42390a46a2e4c20628bbdda9750b4d3b91c1b036e67"),
    ("scan/20-l40-n16-o8-c8-6-3-2-j3-2-1-g2-p4@1", "a78e16a63aa84ae3e2ca22c79deb454ff385f2be3614ed3764ed2e2666aedb72"),
    ("merge/4-n3-o2-c2-1-0-0-j1-1-0-g0-p1@1", "f769d08c8e30c800a737888204604b417d5ba69766ee9b11a6f8a528425e9e96"),
    ("merge/4-n8-o4-c4-3-1-0-j1-1-0-g1-p1@1", "16bc856cd0424da38810170f1ed5139cc2783dd5f90e010ee54aac10acf01d59"),
    ("merge/4-n12-o8-c8-4-2-2-j2-1-0-g1-p2@1", "fda73fd004692d2ca778683ef75b78ea13f592b7f1d475beadcd62ab309d7c96"),
    ("merge/4-n16-o8-c8-6-3-2-j3-2-1-g2-p4@1", "1fa3eb75defcb38aaa05abb743f28d9c69dd5a68cd9ea17f5088f827fc3dc3d2"),
    ("scan/16-l0-n0-o0-c0-0-0-0-j0-0-0-g1-p0@1", "cdefff32b1b24fcb000db8b2d8294fa5f49653e2010a7bed917148eda26c2674"),
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
