//! Tests of the universal proof system.

mod agreement;
mod circuits;
mod fixture;
mod forgeries;
mod keys;
mod naive;
mod tamper;
