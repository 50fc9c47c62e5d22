//! Keys, their digests, and sizes.

use super::{
    super::{KeyError, MatricesError, VerifyError, VerifyingKey},
    fixture::{Case, Columns, id},
};
use crate::{ark::Fr, matrices::Matrices};

#[test]
fn a_key_is_read_back_with_its_matrices() {
    for case in [Case::square(None), Case::square(Some(Columns::random(3, 1)))] {
        let (key, matrices) = (case.key.as_bytes(), case.key.matrices_bytes());
        assert_eq!(VerifyingKey::from_bytes(key, &matrices).unwrap(), case.key);
        assert_eq!(key.len(), 58 + "test/random@1".len());
        assert_eq!(&key[..8], b"zkl-r1cs");
    }
}

#[test]
fn id_link_and_numbers_are_in_the_digest() {
    let case = Case::square(None);
    let matrices = || Matrices::new(3, 7, [&case.rows[0], &case.rows[1], &case.rows[2]]);
    assert_eq!(VerifyingKey::new(id(), false, matrices()).unwrap().digest(), case.key.digest());
    let others = [
        VerifyingKey::new("test/other@1".parse().unwrap(), false, matrices()),
        VerifyingKey::new("test/random@2".parse().unwrap(), false, matrices()),
        VerifyingKey::new(id(), true, matrices()),
        // A public input becomes private, over the same matrices.
        VerifyingKey::new(id(), false, Matrices { num_inputs: 2, ..matrices() }),
        VerifyingKey::new(id(), false, Matrices { num_variables: 8, ..matrices() }),
    ];
    let mut digests: Vec<_> = others.into_iter().map(|key| key.unwrap().digest()).collect();
    digests.push(case.key.digest());
    digests.sort();
    digests.dedup();
    assert_eq!(digests.len(), 6);
}

#[test]
fn what_is_no_key_is_refused() {
    let case = Case::square(None);
    let (key, matrices) = (case.key.as_bytes().to_vec(), case.key.matrices_bytes());
    let refused = |key: &[u8]| VerifyingKey::from_bytes(key, &matrices).unwrap_err();
    for cut in 0..key.len() {
        assert!(matches!(refused(&key[..cut]), KeyError::Length { .. }), "{cut}");
    }
    assert!(matches!(refused(&[key.as_slice(), &[0]].concat()), KeyError::Length { .. }));
    let with = |at: usize, byte: u8| {
        let mut key = key.clone();
        key[at] = byte;
        refused(&key)
    };
    assert!(matches!(with(0, b'Z'), KeyError::Format));
    assert!(matches!(with(8, 2), KeyError::Format), "another version");
    assert!(matches!(with(13, b'T'), KeyError::Id));
    let link = 13 + key[12] as usize;
    assert!(matches!(with(link, 2), KeyError::Format));
    assert!(matches!(with(link + 4, 1), KeyError::Size { what: "public inputs", .. }));
    assert!(matches!(with(link + 8, 1), KeyError::Size { what: "variables", .. }));
    assert!(matches!(with(link + 12, 1), KeyError::Size { what: "constraints", .. }));
    // Numbers that are possible, and not those of the matrices.
    assert!(matches!(with(link + 9, 6), KeyError::Matrices(MatricesError::Length { .. })));
    assert!(matches!(with(key.len() - 1, key[key.len() - 1] ^ 1), KeyError::OtherMatrices));
    let mut other = matrices.clone();
    other[24] ^= 1;
    assert!(matches!(VerifyingKey::from_bytes(&key, &other), Err(KeyError::OtherMatrices)));
}

#[test]
fn circuits_without_constraints_have_no_key() {
    let none = Matrices::new(1, 2, [&[], &[], &[]]);
    assert!(matches!(VerifyingKey::new(id(), false, none), Err(KeyError::Size { what: "constraints", .. })));
}

#[test]
fn sizes_follow_from_key_and_link() {
    let case = Case::square(None);
    // 5 rows and one of the scheme: 3 rounds; 4 private variables, 3 and 6 of the scheme: 13 entries.
    let sizes = case.key.sizes(None).unwrap();
    assert_eq!((sizes.rounds, sizes.len, sizes.kappa, sizes.blocks), (3, 13, 4, 1));
    assert_eq!(sizes.proof_bytes(), 32 * (1 + 2 * 3 + 6 * 4 + 10));
    assert_eq!(case.prove(1).to_bytes().len(), sizes.proof_bytes());
    assert_eq!(case.key.sizes(Some(4)).unwrap_err(), VerifyError::Link { needed: false });

    let linked = Case::square(Some(Columns::random(2, 1)));
    let sizes = linked.key.sizes(Some(2)).unwrap();
    assert_eq!((sizes.kappa, sizes.blocks), (2, 4));
    assert_eq!(linked.prove(1).to_bytes().len(), sizes.proof_bytes());
    assert_eq!(linked.key.sizes(None).unwrap_err(), VerifyError::Link { needed: true });
    for got in [0, 18] {
        assert_eq!(linked.key.sizes(Some(got)).unwrap_err(), VerifyError::LinkVariables { max: 17, got });
    }
    let wide =
        Matrices { num_variables: 5000, ..Matrices::new(1, 2, [&[vec![(Fr::from(1), 1)]], &[vec![]], &[vec![]]]) };
    let wide = VerifyingKey::new(id(), true, wide).unwrap();
    assert_eq!(wide.sizes(Some(2)).unwrap_err(), VerifyError::Blocks { max: 1024, got: 1251 });
}
