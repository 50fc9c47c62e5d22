//! Scalars as digits.

use zkl_core::ark::ff::{BigInt, BigInteger};

/// Widest window: its counters stay in the second-level cache.
pub(super) const MAX_WIDTH: u32 = 16;

/// A scalar that can be cut into digits.
pub(super) trait Digits: Copy + Sync {
    /// Number of bits up to the highest that is set.
    fn bits(&self) -> u32;

    /// Bits `shift .. shift + width`, `width <= 16`.
    fn digit(&self, shift: u32, width: u32) -> usize;
}

macro_rules! digits_of_integer {
    ($($integer:ty),*) => {$(
        impl Digits for $integer {
            fn bits(&self) -> u32 {
                Self::BITS - self.leading_zeros()
            }

            fn digit(&self, shift: u32, width: u32) -> usize {
                (u64::from(*self) >> shift) as usize & ((1 << width) - 1)
            }
        }
    )*};
}

digits_of_integer!(u8, u16, u32, u64);

impl Digits for bool {
    fn bits(&self) -> u32 {
        u32::from(*self)
    }

    fn digit(&self, shift: u32, _width: u32) -> usize {
        usize::from(*self && shift == 0)
    }
}

impl Digits for BigInt<4> {
    fn bits(&self) -> u32 {
        self.num_bits()
    }

    fn digit(&self, shift: u32, width: u32) -> usize {
        let (limb, bit) = ((shift / 64) as usize, shift % 64);
        let low = self.0.get(limb).map_or(0, |limb| limb >> bit);
        let high = if bit == 0 { 0 } else { self.0.get(limb + 1).map_or(0, |limb| limb << (64 - bit)) };
        (low | high) as usize & ((1 << width) - 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_put_together_are_the_scalar() {
        let scalar = BigInt([0x0123_4567_89ab_cdef, 0xfedc_ba98_7654_3210, u64::MAX, 1 << 61]);
        for width in 1..=MAX_WIDTH {
            let mut bits = Vec::new();
            for j in 0..scalar.bits().div_ceil(width) {
                let digit = scalar.digit(j * width, width);
                bits.extend((0..width).map(|bit| digit >> bit & 1 == 1));
            }
            bits.truncate(254);
            assert_eq!(BigInt::<4>::from_bits_le(&bits), scalar, "{width}");
        }
    }
}
