//! A verifier's context for challenges that no honest transcript draws.

use zkl_argument::{Context, ScanError};
use zkl_core::ark::{Fr, ff::Field as _};

/// A context that accepts everything and draws the challenges it is told.
pub(crate) struct Scripted {
    pub(crate) challenge: Fr,
}

impl Context for Scripted {
    type Value = Fr;
    type Error = ScanError;

    fn constant_field(&mut self, value: Fr) -> Fr {
        value
    }

    fn receive(&mut self, len: usize) -> Result<Vec<Fr>, ScanError> {
        Ok(vec![Fr::from(1u64); len])
    }

    fn absorb(&mut self, _values: &[Fr]) -> Result<(), ScanError> {
        Ok(())
    }

    fn challenge(&mut self) -> Result<Fr, ScanError> {
        Ok(self.challenge)
    }

    fn assert_equal(&mut self, _: &Fr, _: &Fr, _: ScanError) -> Result<(), ScanError> {
        Ok(())
    }

    fn inverse(&mut self, value: &Fr, check: ScanError) -> Result<Fr, ScanError> {
        value.inverse().ok_or(check)
    }

    fn is_zero(&mut self, value: &Fr) -> Result<Fr, ScanError> {
        Ok(Fr::from(*value == Fr::from(0u64)))
    }

    fn bits(&mut self, _: &Fr, width: usize, _: ScanError) -> Result<Vec<Fr>, ScanError> {
        Ok(vec![Fr::from(0u64); width])
    }
}
