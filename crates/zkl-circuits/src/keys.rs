//! The circuits that come with the project, and digests of their keys: of the dev keys of Groth16 here, of the universal ones in a file
//! of their own.
//!
//! A verifier that meets one of the dev keys knows that it was made from the public dev seed. The table is printed by
//! `cargo test -p zkl-circuits --release -- --ignored --nocapture prints_the_table_of_dev_keys` and compared with fresh keys
//! by a test.

mod matrices;

use std::sync::OnceLock;

use zkl_core::circuit::{Circuit, CircuitId};
use zkl_snark::{
    keys::{PinnedKeys, Setup},
    proof_system::{COMPACT, UNIVERSAL},
};

use crate::{
    claims::all_shapes,
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
    ("claim/range@1", "9b1e157ebbf7dc14582101dab464e22408c733c23b1eff911211a309158e505f"),
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
    ("scan/16-l6-n3-o2-c2-1-0-0-j1-1-0-g0-p1@1", "14ad4d4ad5306d6a495ffa5e8424090c6a200590e657f4620ea09401d342e7f9"),
    ("scan/16-l11-n7-o4-c3-3-1-0-j1-1-0-g1-p1@1", "6c6a812093366ed553fb89fc6692b76dc5e839f1e20c27eb024e5dea0dce2b5d"),
    ("scan/16-l26-n12-o8-c8-4-2-2-j2-1-0-g1-p2@1", "5a5c364cdcc6d7df237b50b9842460fabc0de09f8824f53d3f1fa634bf0bdcf8"),
    ("scan/16-l40-n16-o8-c8-6-3-2-j3-2-1-g2-p4@1", "44c475e3846f34a1826e65035942ee5d515513421b4abcd2487deff42b3f0295"),
    ("scan/17-l6-n3-o2-c2-1-0-0-j1-1-0-g0-p1@1", "4fdbb160288dd008b7549a81d17eb72f272d35beffd30634ef5a92c44679034a"),
    ("scan/17-l11-n7-o4-c3-3-1-0-j1-1-0-g1-p1@1", "8153966c94d9b9f25ff7abfe7c9d7c36b428ce3a58612832341f7049f01892ed"),
    ("scan/17-l26-n12-o8-c8-4-2-2-j2-1-0-g1-p2@1", "4edc825fde20bd9db054166ea9473abd47ee432ec88aacaa31e47920e60036cf"),
    ("scan/17-l40-n16-o8-c8-6-3-2-j3-2-1-g2-p4@1", "d49833248a89b0368402cde98af0b4109a707db6be064ae3ecefcd2fe1749c85"),
    ("scan/18-l6-n3-o2-c2-1-0-0-j1-1-0-g0-p1@1", "28d24a1d010885b83ad7dd6bff792d46cb9fdf317032c15ac9692cbdf31a391a"),
    ("scan/18-l11-n7-o4-c3-3-1-0-j1-1-0-g1-p1@1", "15e7742eb30df7ee36c07a54bc37ed3cc2e736b6b60a31bfb9430bbe74796f58"),
    ("scan/18-l26-n12-o8-c8-4-2-2-j2-1-0-g1-p2@1", "dd8e18e5a3c75ca063ffcdddaf140b28d965aead8b91b3ec320eadac2773eb6c"),
    ("scan/18-l40-n16-o8-c8-6-3-2-j3-2-1-g2-p4@1", "583513d028b947ac28b31877041ef72fcb7f03720683c32bc76576fe3a90bb97"),
    ("scan/19-l6-n3-o2-c2-1-0-0-j1-1-0-g0-p1@1", "09bb483dc5adb6e506f2151a46889c25edba8973fa3dad2f8f240209f01162bf"),
    ("scan/19-l11-n7-o4-c3-3-1-0-j1-1-0-g1-p1@1", "f13eab60bcec8bf7e80c47702c25d7876ff5f29ee05d2deea59bcdfa3fd68819"),
    ("scan/19-l26-n12-o8-c8-4-2-2-j2-1-0-g1-p2@1", "1ebf22976c8a789ccfb9564fe6694d297718424b96c04a2dc86190989de7ee1f"),
    ("scan/19-l40-n16-o8-c8-6-3-2-j3-2-1-g2-p4@1", "e3d9dcfee176dc51f9ff921d41c57097f7cc3a6fb31cfedd6aa321402501ebf5"),
    ("scan/20-l6-n3-o2-c2-1-0-0-j1-1-0-g0-p1@1", "629bc57c93df4a76de121d87f65790a5aeed04c07cbffa098fba95c5e8e4b5a2"),
    ("scan/20-l11-n7-o4-c3-3-1-0-j1-1-0-g1-p1@1", "c1f1dc5cc63f70bc2f561ac3fbf519e21f4a9a3d0cea4657ab55ae1aad9309d3"),
    ("scan/20-l26-n12-o8-c8-4-2-2-j2-1-0-g1-p2@1", "7178199f0b62a5d00db86cfe7654588344bda1d598eedae17163845a77a0691f"),
    ("scan/20-l40-n16-o8-c8-6-3-2-j3-2-1-g2-p4@1", "d32afe6a0e67dc94c17163786c47fefad90fb90a4978ae94864392ef18e4b38a"),
    ("merge/4-n3-o2-c2-1-0-0-j1-1-0-g0-p1@1", "f769d08c8e30c800a737888204604b417d5ba69766ee9b11a6f8a528425e9e96"),
    ("merge/4-n7-o4-c3-3-1-0-j1-1-0-g1-p1@1", "53ca343582e096b9832481c477990820c5534e12eb31e845752bfbacf1204f8f"),
    ("merge/4-n12-o8-c8-4-2-2-j2-1-0-g1-p2@1", "fda73fd004692d2ca778683ef75b78ea13f592b7f1d475beadcd62ab309d7c96"),
    ("merge/4-n16-o8-c8-6-3-2-j3-2-1-g2-p4@1", "1fa3eb75defcb38aaa05abb743f28d9c69dd5a68cd9ea17f5088f827fc3dc3d2"),
    ("scan/16-l0-n0-o0-c0-0-0-0-j0-0-0-g1-p0@1", "01cc8ccdfa7f546d9cf05dcccc3ae855c74ebdafeaebc3de787d17e0e6967d5a"),
];

/// One instance of every circuit that comes with the project, for making keys; the assignments mean nothing.
pub fn builtin_circuits() -> Vec<Box<dyn Circuit>> {
    let claims = all_shapes().into_iter().map(|(_, circuit)| circuit);
    let scans = standard_circuits().into_iter().map(|circuit| -> Box<dyn Circuit> { Box::new(circuit) });
    claims.chain(scans).chain(standard_table_circuits()).collect()
}

/// The keys of [`builtin_circuits`]: dev keys of Groth16, and universal keys.
pub fn builtin_keys() -> &'static PinnedKeys {
    static KEYS: OnceLock<PinnedKeys> = OnceLock::new();
    // A line that cannot be read pins nothing; a test reads them all.
    let read = |(id, digest): &(&str, &str)| Some((id.parse().ok()?, digest.parse().ok()?));
    KEYS.get_or_init(|| {
        let dev = PinnedKeys::new(COMPACT, Setup::Dev, DEV_KEYS.iter().filter_map(read));
        // There is no setup that anybody could have cheated in.
        dev.with(&PinnedKeys::new(UNIVERSAL, Setup::Ceremony, matrices::KEYS.iter().filter_map(read)))
    })
}

/// A blank instance of the circuit of a claim with this id.
pub fn claim_circuit(id: &CircuitId) -> Option<Box<dyn Circuit>> {
    all_shapes().into_iter().find(|(own, _)| own == id).map(|(_, circuit)| circuit)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng as _};
    use zkl_core::{circuit::Synthesizer, digest::KeyDigest};
    use zkl_snark::{
        ark::{Bn254, groth16::Groth16 as Arkworks, serialize::CanonicalSerialize as _, snark::SNARK as _},
        groth16::danger_setup_from_seed,
        keys::dev_seed,
    };

    use super::*;

    fn fresh_digest(circuit: &dyn Circuit) -> KeyDigest {
        let id = circuit.id();
        danger_setup_from_seed(circuit, dev_seed(&id)).unwrap().1.digest()
    }

    #[test]
    fn every_circuit_of_the_project_is_pinned_once_and_nothing_else_is() {
        let circuits: HashSet<String> = builtin_circuits().iter().map(|circuit| circuit.id().to_string()).collect();
        let pinned: HashSet<String> = DEV_KEYS.iter().map(|(id, _)| (*id).to_owned()).collect();
        assert_eq!(circuits.len(), builtin_circuits().len(), "two circuits share an id");
        assert_eq!(pinned.len(), DEV_KEYS.len(), "an id is pinned twice");
        assert_eq!(pinned, circuits, "print the table anew: see the head of this file");
        assert!(DEV_KEYS.iter().all(|(_, digest)| digest.parse::<KeyDigest>().is_ok()));
        assert!(builtin_circuits().iter().all(|circuit| builtin_keys().digest(COMPACT, &circuit.id()).is_some()));
    }

    /// One circuit, so that the test is quick; the next test makes the keys of all.
    #[test]
    fn a_pinned_digest_is_that_of_the_key_from_the_dev_seed() {
        let circuits = builtin_circuits();
        let circuit = circuits.first().unwrap();
        let digest = fresh_digest(circuit);
        let keys = builtin_keys();
        assert_eq!(keys.digest(COMPACT, &circuit.id()), Some(digest));
        assert_eq!(keys.setup(COMPACT, &circuit.id(), digest), Some(Setup::Dev));
        assert_eq!(keys.setup(COMPACT, &circuit.id(), KeyDigest::of(b"another key")), None);
        assert_eq!(keys.setup(COMPACT, &circuits[1].id(), digest), None, "a key counts for its own circuit only");
    }

    #[test]
    fn a_pinned_key_is_the_one_that_arkworks_makes_out_of_the_dev_seed() {
        let circuits = builtin_circuits();
        let circuit = circuits.first().unwrap();
        let mut random = ChaCha20Rng::from_seed(dev_seed(&circuit.id()));
        let (_, key) = Arkworks::<Bn254>::circuit_specific_setup(Synthesizer(circuit), &mut random).unwrap();
        let mut bytes = Vec::new();
        key.serialize_compressed(&mut bytes).unwrap();
        assert_eq!(builtin_keys().digest(COMPACT, &circuit.id()), Some(KeyDigest::of(&bytes)));
    }

    #[test]
    fn keys_are_recognised_by_circuit_and_digest() {
        let keys = builtin_keys();
        let [mean, sum]: [CircuitId; 2] = ["claim/mean@1", "claim/sum@1"].map(|id| id.parse().unwrap());
        let pinned = keys.digest(COMPACT, &mean).unwrap();
        assert_eq!(keys.setup(COMPACT, &mean, pinned), Some(Setup::Dev));
        assert_eq!(keys.setup(COMPACT, &mean, KeyDigest::of(b"some key")), None);
        assert_eq!(keys.setup(COMPACT, &sum, pinned), None, "the key of one circuit is none of another");
        assert_eq!(keys.digest(COMPACT, &"test/root@1".parse().unwrap()), None);
    }

    #[test]
    #[ignore = "makes the keys of every circuit: half a minute"]
    fn every_pinned_digest_is_that_of_the_key_from_the_dev_seed() {
        for circuit in builtin_circuits() {
            assert_eq!(builtin_keys().digest(COMPACT, &circuit.id()), Some(fresh_digest(&circuit)), "{}", circuit.id());
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
