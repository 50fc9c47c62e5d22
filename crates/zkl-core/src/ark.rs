//! The one arkworks line of the project: algebra and constraint systems. Every other crate names arkworks items through
//! this module or, for proof systems and gadgets, through `zkl_snark::ark`, so that two incompatible versions cannot meet in
//! one build.

pub use ark_bn254::{self as bn254, Bn254, Fq, Fr, G1Affine, G1Projective, G2Affine, G2Projective};
pub use ark_ec as ec;
pub use ark_ff as ff;
pub use ark_poly as poly;
pub use ark_relations as relations;
pub use ark_serialize as serialize;
pub use ark_std as std;
