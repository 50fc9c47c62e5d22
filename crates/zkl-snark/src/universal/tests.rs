//! Tests of the universal proof system.

mod agreement;
mod fixture;
mod keys;
mod naive;
