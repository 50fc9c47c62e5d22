//! Digests of the universal keys of the project's circuits.
//!
//! A key has nothing secret and no setup: whoever has the circuit computes it. So a digest here says which constraints a circuit of
//! this id has, and a build whose circuits differ fails a test instead of refusing receipts. The table is printed by
//! `cargo test -p zkl-circuits --release -- --ignored --nocapture prints_the_table_of_universal_keys`.

/// `(circuit id, SHA-256 of the universal key)`.
pub(super) const KEYS: &[(&str, &str)] = &[
    ("claim/rows@1", "b77aed26a41bffe64cfb6bc36ef52763dd4bb060225df760e4793a8eeee27ba5"),
    ("claim/count@1", "8ac032001d9205417a349efe41d6730e30d5de04f79f65a5cbc8e6854c74ed76"),
    ("claim/nulls@1", "b503261f195271830c2166ae78a4400cf1f3b48572d6a12cc06f46d3ad6c5650"),
    ("claim/mean@1", "41b1e8e5c63112bf638c5632387e4a8b6f97526877baa2c06bef8f4e4f51eec9"),
    ("claim/sum@1", "991eb2db17019b245df17bb6a10ef60af7c1a961e040247ec77526f302f16046"),
    ("claim/variance@1", "140e940d9e186d7a035b335ee718daf4092523919b119a03f06dba8d6300319a"),
    ("claim/values@1", "a26b53ceb7f73fadec40fed7044b56813b1136ebd862f91baba98864c487bcff"),
    ("claim/range@1", "98a677dabc119563f4385ea1036d5490c65368c32eada277176c98994961d7e7"),
    ("claim/share-4@1", "a4506e51789b55d70ae1b2971ebef9a213800fb860a0f7f7a2f6293787797644"),
    ("claim/share-16@1", "846a321d488a725e6bb71441531e783d16238598dbec16c30b35bc9fb2ee924f"),
    ("claim/share-64@1", "e10ff7c9985add69454d51fc703c2da6fa763b3990bcaef79b9ae784be4544cd"),
    ("claim/share-256@1", "35b2d43c314cecfb530c3d5c338fe794bf276eac86b36042021a8220baeb051b"),
    ("claim/gap-4x4@1", "907bb5758d4ea3bb7d3a8d0ade9e68270c2dfe293707f65a9035570ce60cbb9a"),
    ("claim/gap-4x16@1", "659aa017ef4fd4cf1dd560e50999efbdb92a8d5e87ff22e257350b6e0d07ea80"),
    ("claim/gap-4x64@1", "d835dbb23443363f00ea45289a8da866709eb5b43db0719a213889ea18ad42c9"),
    ("claim/gap-16x4@1", "830649dd19e923d5757d786b404b1a8d3ebf575f449c215c07826ce51ed5209d"),
    ("claim/gap-16x16@1", "2b9a52427f49587a5763dd6486a2444fab929d105c4747b203971225458059f5"),
    ("claim/gap-64x4@1", "ee03d3e0b9c5a392451da3d163ae0db6d449afc932df147fea6a7e4ca361cb02"),
    ("claim/gap-4x4-label-first@1", "17dc020565188a094ca4c1c6a5f2247ef5d86d822ca336b6aeb69eec3ed1faa9"),
    ("claim/gap-4x16-label-first@1", "75d810fa5d99e59a19cd8e3b619cbbd5c7d4a58d4d0b0313b29450ef79cc48bd"),
    ("claim/gap-4x64-label-first@1", "4757d674679311450d61a60038630d78ece1412a7b78069bc558e013fe258ff8"),
    ("claim/gap-16x4-label-first@1", "114b37af8076655585d6069f365145e4220203485c977d27d8797d88fb929531"),
    ("claim/gap-16x16-label-first@1", "abbdfadc4a7706cf07209dae8e0a60c3d951d82035a1487c4ddd5b72837a9495"),
    ("claim/gap-64x4-label-first@1", "e9c69b2f9d11bbd41f074ec5196820fd94329ea2b7c4e723048ea68ca9811641"),
    ("claim/min-group-4@1", "237cbed0d4f32ced7f9f8b7b9025c0726fb55fc8015b9ee28247e15fca077e44"),
    ("claim/min-group-16@1", "6b7909be67e74f3854a29b87bdc4d5f654c2f89065b0bb83b90f9106a328fac8"),
    ("claim/min-group-64@1", "d2f62a05d1369d4e49d348370c11f1481e217ca2e3f922694cb3ea0bf0242b8a"),
    ("claim/min-group-256@1", "0ec981fc467ed0ad23fd366f14582728f2c231ce297019b9ecd072222b374902"),
    ("claim/min-group-large@1", "8d8dda8197e384c01e07beba41492f3d63f5815b8495d0d73007cecf7d863ed4"),
    ("claim/min-group-4x4@1", "362d96f9fdd0608fecf79a128fd84c47725514b54eb7206a56cfbd97c6702a98"),
    ("claim/min-group-4x16@1", "c81776598fc61f3fd61bafdc2d4de9975e0e93558a909c4230f8e972ac35324b"),
    ("claim/min-group-4x64@1", "18b6e9dad375157980e6b5b97b9a98c68012ce70674757396f71f3ad67fcc2a1"),
    ("claim/min-group-16x4@1", "2379e5a992926c9414c85d0bd196c6dca06e578ef7d3d5835e7d1918a5ca0bb2"),
    ("claim/min-group-16x16@1", "2d9783ad97d2bd8e512a78fd0cf0e38fe656400ac8f02bb107fbbfb99beed327"),
    ("claim/min-group-64x4@1", "0b45c8551c43d9b7955974ee403c4c87e3931531d6b736a33cb451df3ea74b8c"),
    ("claim/balance-4@1", "c7e433b0e25e318bdd415a55ae2916213e305e6fc0382c7d92678669cf35139a"),
    ("claim/balance-16@1", "34dc6c056ecdff98d266773afee67d85b3d39e6d1caa0a4d6192f681ecbc801e"),
    ("claim/balance-64@1", "3795ae5207a432b1141b85b6810dfffedd4c2e7d8a3fae28dcd38ff1c525eee2"),
    ("claim/balance-256@1", "5cddf5716ca4c51e21b8e160eecfabb23f70545341f76fa3a2d790ac2d84e504"),
    ("claim/correlation@1", "1ef5aaec3aad59edb1fec914763b22f133119bed83e0f01afff92bfd227d9717"),
    ("scan/16-l6-n3-o2-c2-1-0-0-j1-1-0-g0-p1@1", "0da49b0d7b480ad17f32a925ddfdb91cdc59f4f45013bb80dee8011622cfa77c"),
    ("scan/16-l11-n7-o4-c3-3-1-0-j1-1-0-g1-p1@1", "24064f4068c3596ca4633de5aa154e88f08ac6ea8fbc8682cef14b6e5fcccd5f"),
    ("scan/16-l26-n12-o8-c8-4-2-2-j2-1-0-g1-p2@1", "df4d933628448a1e32cad4a7bbe9baede3cd02837e306fb245d4b2a918fd4049"),
    ("scan/16-l40-n16-o8-c8-6-3-2-j3-2-1-g2-p4@1", "dc9d44b575737b26980fd73cbd335d4c5db473e60e4e893baa3f8bd1bdde0a11"),
    ("scan/17-l6-n3-o2-c2-1-0-0-j1-1-0-g0-p1@1", "5e5c5df7f3630767f4a4f7c6dbd1091b8beb0015b6e4143b2bee5ea4d3b1082e"),
    ("scan/17-l11-n7-o4-c3-3-1-0-j1-1-0-g1-p1@1", "0e51496c1071d9205b3cc50cd4b7a9b5f2e443dfed9a16f6b91cc6eca28a88e8"),
    ("scan/17-l26-n12-o8-c8-4-2-2-j2-1-0-g1-p2@1", "8e6d6bd64c31fa7f3d4b38f424a751b94a77ec02f2967da123a9c74ce21809a7"),
    ("scan/17-l40-n16-o8-c8-6-3-2-j3-2-1-g2-p4@1", "78093dbdc5e11e5e1561083a35b65f1b7c0acf64a25f1907bed1807e981a7cdf"),
    ("scan/18-l6-n3-o2-c2-1-0-0-j1-1-0-g0-p1@1", "2ea9d40a5544a29e707de2f00a912da245f6bcf05618fb827a39bd5c2dbe1fff"),
    ("scan/18-l11-n7-o4-c3-3-1-0-j1-1-0-g1-p1@1", "d50d38356092541603ef2a0664588f6dbf7ccb488cd40a88a2058d783e43f131"),
    ("scan/18-l26-n12-o8-c8-4-2-2-j2-1-0-g1-p2@1", "ea83ab7bc418ccc8f35ae0ed1ae9efc348af7731c6092b4c1dd6771fde5d9baf"),
    ("scan/18-l40-n16-o8-c8-6-3-2-j3-2-1-g2-p4@1", "686445f3240cfd788051dbc0e1599ab840dd1edb43da3c22b4bad70e648c3a9e"),
    ("scan/19-l6-n3-o2-c2-1-0-0-j1-1-0-g0-p1@1", "0a996ecea0f59117c76e74776b1f603e58260fe141ed5dcfec1211b67adf22d1"),
    ("scan/19-l11-n7-o4-c3-3-1-0-j1-1-0-g1-p1@1", "8a67534317f03f41faabcfbd2416dc090309e8d712566f4e1dbd6374af0d5ee8"),
    ("scan/19-l26-n12-o8-c8-4-2-2-j2-1-0-g1-p2@1", "deafbdd0ae4ef59abfd1d91bb7c415b4267f107aff2fee86a152d06089b64a88"),
    ("scan/19-l40-n16-o8-c8-6-3-2-j3-2-1-g2-p4@1", "ab7df0addc0ea3d5f9f092000011e6f3e7b2cba0d7efb7250443b23d6a117714"),
    ("scan/20-l6-n3-o2-c2-1-0-0-j1-1-0-g0-p1@1", "83e28e4eff50219a16cc1146d57beaefafec7c60d3a39f2da746a78d1de630cd"),
    ("scan/20-l11-n7-o4-c3-3-1-0-j1-1-0-g1-p1@1", "fe93fdef2482a0b731faa2049aa9606453fa9b1ff6de02119f7137cd724aed87"),
    ("scan/20-l26-n12-o8-c8-4-2-2-j2-1-0-g1-p2@1", "a0828b2d16a82237ae9febb0d85ad073dc329ecd012d7e94939ab01e9f82bbc6"),
    ("scan/20-l40-n16-o8-c8-6-3-2-j3-2-1-g2-p4@1", "3c241bb5b0a5f6d72f5b841f5af64a2cc2aa300f7f33c2ec36889c84c822e07e"),
    ("merge/4-n3-o2-c2-1-0-0-j1-1-0-g0-p1@1", "c7aa1ee89538b78db45a6832ed5158cc5a20032503f71dcf21fadf9c824dad26"),
    ("merge/4-n7-o4-c3-3-1-0-j1-1-0-g1-p1@1", "4c7be800d113047b1fa6e01f61d966e404d5eea3f9435234dd7f32af32b963d3"),
    ("merge/4-n12-o8-c8-4-2-2-j2-1-0-g1-p2@1", "35a983f26c1ba72eb9d023d6c049e268422e9e15c4888cbfecd3c9c0a8fcf4f1"),
    ("merge/4-n16-o8-c8-6-3-2-j3-2-1-g2-p4@1", "36467c652bb8dc3385f957262f5a303a4508c183bd7159e4c5421d517d16085a"),
    ("scan/16-l0-n0-o0-c0-0-0-0-j0-0-0-g1-p0@1", "d1b5ed94628c8cd0e8299ec75c6f6e406524062822c8f6d8ad489e73dce0d968"),
];

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use zkl_core::{
        circuit::{Circuit, CircuitId},
        digest::{KeyDigest, Sha256Digest},
    };
    use zkl_snark::{
        keys::Setup,
        proof_system::{COMPACT, UNIVERSAL},
    };

    use super::super::{builtin_circuits, builtin_keys};
    use super::*;

    fn fresh_digest(circuit: &dyn Circuit) -> KeyDigest {
        UNIVERSAL.derived_key(circuit).unwrap().0.digest()
    }

    #[test]
    fn the_universal_key_of_every_circuit_of_the_project_is_pinned_and_is_what_the_circuit_gives() {
        let mut pinned: HashSet<&str> = KEYS.iter().map(|(id, _)| *id).collect();
        assert_eq!(pinned.len(), KEYS.len(), "an id is pinned twice");
        for circuit in builtin_circuits() {
            let id = circuit.id();
            assert!(pinned.remove(id.to_string().as_str()), "{id} is not pinned");
            let digest = fresh_digest(&*circuit);
            assert_eq!(builtin_keys().digest(UNIVERSAL, &id), Some(digest), "{id}");
            assert_eq!(builtin_keys().setup(UNIVERSAL, &id, digest), Some(Setup::Ceremony));
            assert_ne!(builtin_keys().digest(COMPACT, &id), Some(digest), "a key counts for its own proof system only");
        }
        assert!(pinned.is_empty(), "pinned, but no circuit: {pinned:?}");
    }

    /// The list that other verifiers take: the digest of a key follows from what stands beside it.
    #[test]
    fn the_circuits_of_the_pages_are_those_of_the_program() {
        #[derive(serde::Deserialize)]
        struct Line {
            id: CircuitId,
            linked: bool,
            inputs: u32,
            variables: u32,
            constraints: u32,
            matrices: Sha256Digest,
            key: KeyDigest,
            dev_key: KeyDigest,
        }
        let file = std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/verifying/circuits.json")).unwrap();
        let mut file: serde_json::Value = serde_json::from_slice(&file).unwrap();
        let lines: Vec<Line> = serde_json::from_value(file["circuits"].take()).unwrap();
        let circuits = builtin_circuits();
        assert_eq!(lines.len(), circuits.len());
        for (line, circuit) in lines.iter().zip(&circuits) {
            assert_eq!((&line.id, line.linked), (&circuit.id(), circuit.is_linked()));
            assert_eq!(Some(line.key), builtin_keys().digest(UNIVERSAL, &line.id), "{}", line.id);
            assert_eq!(Some(line.dev_key), builtin_keys().digest(COMPACT, &line.id), "{}", line.id);
            let id = line.id.to_string();
            let mut key =
                [b"zkl-r1cs\x01\0\0\0".as_slice(), &[id.len() as u8], id.as_bytes(), &[line.linked.into()]].concat();
            let counts = [line.inputs, line.variables, line.constraints];
            counts.iter().for_each(|count| key.extend(count.to_le_bytes()));
            key.extend_from_slice(line.matrices.as_bytes());
            assert_eq!(KeyDigest::of(&key), line.key, "{id}");
        }
    }

    #[test]
    #[ignore = "prints the table above"]
    fn prints_the_table_of_universal_keys() {
        for circuit in builtin_circuits() {
            println!("    (\"{}\", \"{}\"),", circuit.id(), fresh_digest(&*circuit));
        }
    }
}
