mod agreement;
mod counts;
mod dishonest;
mod fixture;
mod proofs;
mod shapes;
