//! Encodings of proving keys, and keys whose parts do not belong together.

use super::*;

/// [`Cube`] with the factors of its second constraint exchanged for others: as many variables and constraints.
struct Square(Cube);

impl Circuit for Square {
    fn id(&self) -> CircuitId {
        self.0.id()
    }

    fn public_inputs(&self) -> Vec<Fr> {
        vec![self.0.y, self.0.y * self.0.y]
    }

    fn synthesize(&self, cs: Cs) -> Result<(), SynthesisError> {
        let y = FieldVar::input(&cs, Some(self.0.y))?;
        let z = FieldVar::input(&cs, Some(self.0.y * self.0.y))?;
        let x = FieldVar::witness(&cs, Some(self.0.x))?;
        FieldVar::enforce_product(&cs, &x, &x, &y)?;
        FieldVar::enforce_product(&cs, &y, &y, &z)?;
        Ok(())
    }
}

#[test]
fn a_decoded_key_is_the_key() {
    let (key, verifying) = keys();
    let bytes = key.to_bytes();
    let decoded = ProvingKey::from_bytes_unchecked(&bytes, verifying.clone()).unwrap();
    assert_eq!(decoded.to_bytes(), bytes);
    assert!(decoded.to_ark() == key.to_ark());
    assert_eq!(decoded.matrices, key.matrices);
    prove(&decoded, &Cube::of(5)).unwrap();
}

#[test]
fn no_encoding_makes_the_prover_panic() {
    let (key, verifying) = keys();
    let bytes = key.to_bytes();
    for len in (0..bytes.len()).step_by(7) {
        assert!(ProvingKey::from_bytes_unchecked(&bytes[..len], verifying.clone()).is_err(), "{len}");
    }
    let longer = [bytes.as_slice(), &[0]].concat();
    let expected = DecodeError::Length { expected: bytes.len(), got: bytes.len() + 1 };
    assert_eq!(ProvingKey::from_bytes_unchecked(&longer, verifying.clone()).unwrap_err(), expected);
    let mut refused = 0;
    for position in 0..bytes.len() {
        for change in [0x01, 0x80, 0xff] {
            let mut other = bytes.clone();
            other[position] ^= change;
            match ProvingKey::from_bytes_unchecked(&other, verifying.clone()) {
                Err(_) => refused += 1,
                // Whatever is wrong with it, what it proves is true or it proves nothing.
                Ok(key) => match prove(&key, &Cube::of(5)) {
                    Ok(proof) => assert_eq!(verify(verifying, &Cube::of(5).public_inputs(), &proof), Ok(())),
                    Err(error) => assert!(matches!(
                        error,
                        ProveError::SelfCheck(_) | ProveError::Unsatisfied { .. } | ProveError::Key { .. }
                    )),
                },
            }
        }
    }
    assert!(refused > 8 * 24, "every change of a count is noticed");
}

#[test]
fn coordinates_and_coefficients_that_are_not_reduced_are_refused() {
    let (key, verifying) = keys();
    let bytes = key.to_bytes();
    let coefficient = 8 * 24;
    let beta = bytes.len()
        - 64 * (key.h.len() + key.h.block_sums().len())
        - [&key.a, &key.b_g1, &key.l].map(|query| query_bytes(&[&query.bits, &query.full], 64)).iter().sum::<usize>()
        - query_bytes(&[&key.b_g2.bits, &key.b_g2.full], 128)
        - 2 * 64;
    for at in [coefficient, beta] {
        let mut other = bytes.clone();
        other[at..at + 32].fill(0xff);
        assert_eq!(ProvingKey::from_bytes_unchecked(&other, verifying.clone()).unwrap_err(), DecodeError::Point);
    }
}

fn query_bytes<P: zkl_argument::msm::Curve>(parts: &[&Part<P>; 2], point: usize) -> usize {
    parts.iter().map(|part| (4 + point) * part.bases.len() + point * part.bases.block_sums().len()).sum()
}

#[test]
fn a_key_with_the_matrices_of_another_circuit_proves_nothing() {
    let (key, _) = keys();
    let matrices = Matrices::of(&Square(Cube::of(1))).unwrap();
    assert_eq!(matrices.num_constraints(), key.num_constraints());
    let mixed = ProvingKey::from_ark(&key.to_ark(), matrices).unwrap();
    assert!(matches!(prove(&mixed, &Cube::of(5)), Err(ProveError::Unsatisfied { constraint: 1, .. })));
    // The matrices are satisfied, the key is not theirs.
    let refused = prove(&mixed, &Square(Cube::of(5)));
    assert!(matches!(refused, Err(ProveError::SelfCheck(VerifyError::Invalid))));
    let other = Matrices::of(&Cube { extra: true, ..Cube::of(5) }).unwrap();
    // One more variable, for which the key has no points.
    assert_eq!(ProvingKey::from_ark(&key.to_ark(), other).err(), Some(DecodeError::Matrices));
    let longer = Matrices { rows: [key.matrices.rows.clone(), vec![[0; 3]; 4]].concat(), ..key.matrices.clone() };
    assert_eq!(ProvingKey::from_ark(&key.to_ark(), longer).err(), Some(DecodeError::Matrices));
    let mut inputs = key.to_ark();
    inputs.vk.gamma_abc_g1.pop();
    assert_eq!(ProvingKey::from_ark(&inputs, key.matrices.clone()).err(), Some(DecodeError::Matrices));
}
