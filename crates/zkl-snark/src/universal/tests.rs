//! Tests of the universal proof system.

mod agreement;
mod beyond;
mod challenges;
mod circuits;
mod fixture;
mod forgeries;
mod keys;
mod naive;
mod tamper;
mod weights;
