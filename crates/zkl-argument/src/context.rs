//! What the verifier runs on. The verifier of the scan argument is written once, over [`Context`]; it runs natively on
//! field elements ([`PlainVerifier`]) and, in `zkl-circuits`, on the variables of a constraint system.
//!
//! The prover's messages are a **tape**: the verifier asks for the next `k` elements, and asking absorbs them. So every
//! size comes from the shape, every message is absorbed before any challenge that follows it, and the order of the tape is
//! the absorb order.

use std::ops::{Add, AddAssign, Mul, Sub, SubAssign};

use zkl_core::ark::Fr;
use zkl_poseidon::Domain;

use crate::{
    error::ScanError,
    transcript::{TRANSCRIPT_DOMAIN, Transcript, TranscriptSeed},
};

/// Something that adds and multiplies as field elements do. Sums over many slots are added up in place: in a circuit a copy of such a
/// sum costs as much as all that was added to it.
pub trait Value:
    Clone
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + for<'a> Add<&'a Self, Output = Self>
    + for<'a> Sub<&'a Self, Output = Self>
    + for<'a> Mul<&'a Self, Output = Self>
    + for<'a> AddAssign<&'a Self>
    + for<'a> SubAssign<&'a Self>
{
}

impl<T> Value for T where
    T: Clone
        + Add<Output = Self>
        + Sub<Output = Self>
        + Mul<Output = Self>
        + for<'a> Add<&'a Self, Output = Self>
        + for<'a> Sub<&'a Self, Output = Self>
        + for<'a> Mul<&'a Self, Output = Self>
        + for<'a> AddAssign<&'a Self>
        + for<'a> SubAssign<&'a Self>
{
}

/// A place where the verifier can run.
///
/// # Soundness
/// An implementation must absorb what it hands out in [`Context::receive`] before the next [`Context::challenge`], make
/// [`Context::assert_equal`] binding, and return from [`Context::bits`] the only decomposition of that width.
pub trait Context {
    /// A field element, or a variable that stands for one.
    type Value: Value;
    /// Why the verifier stops.
    type Error;

    /// A constant. In a circuit, products with it cost nothing.
    fn constant_field(&mut self, value: Fr) -> Self::Value;

    /// A small constant.
    fn constant(&mut self, value: u64) -> Self::Value {
        self.constant_field(Fr::from(value))
    }

    /// The prover's next `len` elements, absorbed into the transcript.
    ///
    /// # Errors
    /// When the messages are used up.
    fn receive(&mut self, len: usize) -> Result<Vec<Self::Value>, Self::Error>;

    /// Absorbs values that the verifier computed.
    ///
    /// # Errors
    /// In a circuit, whatever the sponge answers.
    fn absorb(&mut self, values: &[Self::Value]) -> Result<(), Self::Error>;

    /// The next challenge.
    ///
    /// # Errors
    /// In a circuit, whatever the sponge answers.
    fn challenge(&mut self) -> Result<Self::Value, Self::Error>;

    /// Requires `left = right`.
    ///
    /// # Errors
    /// `check` when they differ; a circuit writes a constraint instead.
    fn assert_equal(&mut self, left: &Self::Value, right: &Self::Value, check: ScanError) -> Result<(), Self::Error>;

    /// `1 / value`; requires `value != 0`.
    ///
    /// # Errors
    /// `check` when the value is zero; a circuit writes a constraint instead.
    fn inverse(&mut self, value: &Self::Value, check: ScanError) -> Result<Self::Value, Self::Error>;

    /// 1 if `value` is 0, else 0.
    ///
    /// # Errors
    /// In a circuit, those of the constraint system.
    fn is_zero(&mut self, value: &Self::Value) -> Result<Self::Value, Self::Error>;

    /// The `width` bits of `value`, lowest first; requires `value < 2^width`, with `width <= 64`.
    ///
    /// # Errors
    /// `check` when the value is larger; a circuit writes constraints instead.
    fn bits(&mut self, value: &Self::Value, width: usize, check: ScanError) -> Result<Vec<Self::Value>, Self::Error>;
}

/// The verifier's native context: messages in the clear.
pub struct PlainVerifier<'a> {
    transcript: Transcript,
    messages: &'a [Fr],
    expected: usize,
}

impl<'a> PlainVerifier<'a> {
    /// A verifier for `messages`, of which there must be exactly `expected`.
    ///
    /// # Errors
    /// [`ScanError::MessageCount`] when there are more or fewer.
    pub fn new(seed: &TranscriptSeed, messages: &'a [Fr], expected: usize) -> Result<Self, ScanError> {
        Self::in_domain(TRANSCRIPT_DOMAIN, seed, messages, expected)
    }

    /// The verifier of another argument.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn in_domain(
        domain: Domain,
        seed: &TranscriptSeed,
        messages: &'a [Fr],
        expected: usize,
    ) -> Result<Self, ScanError> {
        if messages.len() != expected {
            return Err(ScanError::MessageCount { expected, got: messages.len() });
        }
        Ok(Self { transcript: Transcript::in_domain(domain, seed), messages, expected })
    }
}

impl Context for PlainVerifier<'_> {
    type Value = Fr;
    type Error = ScanError;

    fn constant_field(&mut self, value: Fr) -> Fr {
        value
    }

    fn receive(&mut self, len: usize) -> Result<Vec<Fr>, ScanError> {
        let Some((head, rest)) = self.messages.split_at_checked(len) else {
            return Err(ScanError::MessageCount { expected: self.expected, got: self.expected - self.messages.len() });
        };
        self.messages = rest;
        self.transcript.absorb(head);
        Ok(head.to_vec())
    }

    fn absorb(&mut self, values: &[Fr]) -> Result<(), ScanError> {
        self.transcript.absorb(values);
        Ok(())
    }

    fn challenge(&mut self) -> Result<Fr, ScanError> {
        Ok(self.transcript.challenge())
    }

    fn assert_equal(&mut self, left: &Fr, right: &Fr, check: ScanError) -> Result<(), ScanError> {
        if left == right { Ok(()) } else { Err(check) }
    }

    fn inverse(&mut self, value: &Fr, check: ScanError) -> Result<Fr, ScanError> {
        zkl_core::ark::ff::Field::inverse(value).ok_or(check)
    }

    fn is_zero(&mut self, value: &Fr) -> Result<Fr, ScanError> {
        Ok(Fr::from(zkl_core::ark::ff::Zero::is_zero(value)))
    }

    fn bits(&mut self, value: &Fr, width: usize, check: ScanError) -> Result<Vec<Fr>, ScanError> {
        use zkl_core::ark::ff::{BigInteger as _, PrimeField as _};
        let integer = value.into_bigint();
        if integer.num_bits() as usize > width {
            return Err(check);
        }
        Ok((0..width).map(|i| Fr::from(integer.get_bit(i))).collect())
    }
}

/// The native field as a context for functions that only compute.
pub(crate) struct Native;

impl Context for Native {
    type Value = Fr;
    type Error = ScanError;

    fn constant_field(&mut self, value: Fr) -> Fr {
        value
    }

    fn receive(&mut self, _len: usize) -> Result<Vec<Fr>, Self::Error> {
        Ok(Vec::new())
    }

    fn absorb(&mut self, _values: &[Fr]) -> Result<(), Self::Error> {
        Ok(())
    }

    fn challenge(&mut self) -> Result<Fr, Self::Error> {
        Ok(Fr::default())
    }

    fn assert_equal(&mut self, _: &Fr, _: &Fr, _: Self::Error) -> Result<(), Self::Error> {
        Ok(())
    }

    fn inverse(&mut self, value: &Fr, check: Self::Error) -> Result<Fr, Self::Error> {
        zkl_core::ark::ff::Field::inverse(value).ok_or(check)
    }

    fn is_zero(&mut self, value: &Fr) -> Result<Fr, Self::Error> {
        Ok(Fr::from(zkl_core::ark::ff::Zero::is_zero(value)))
    }

    fn bits(&mut self, _: &Fr, _: usize, check: Self::Error) -> Result<Vec<Fr>, Self::Error> {
        Err(check)
    }
}
