//! Tests of the claim circuits.
