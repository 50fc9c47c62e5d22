//! arkworks as circuits and proof systems need it: what [`zkl_core::ark`] has, and proof systems and gadgets.

pub use ark_groth16 as groth16;
pub use ark_r1cs_std as r1cs_std;
pub use ark_snark as snark;
pub use zkl_core::ark::{
    Bn254, Fq, Fr, G1Affine, G1Projective, G2Affine, G2Projective, bn254, ec, ff, poly, relations, serialize, std,
};
