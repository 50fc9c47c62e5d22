//! The one arkworks line of the project. Every other crate names arkworks items through this module, so that two
//! incompatible versions cannot meet in one build.

pub use ark_bn254::{self as bn254, Bn254, Fq, Fr, G1Affine, G1Projective, G2Affine, G2Projective};
pub use ark_ec as ec;
pub use ark_ff as ff;
pub use ark_groth16 as groth16;
pub use ark_poly as poly;
pub use ark_r1cs_std as r1cs_std;
pub use ark_relations as relations;
pub use ark_serialize as serialize;
pub use ark_snark as snark;
pub use ark_std as std;
