mod agreement;
mod counts;
mod dishonest;
pub(super) mod fixture;
mod proofs;
mod shapes;
