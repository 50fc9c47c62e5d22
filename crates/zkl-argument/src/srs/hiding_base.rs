//! The hiding base `H`: a G1 point whose discrete logarithm nobody knows.
//!
//! Try and increment: for `counter = 0, 1, ...` (u32, big-endian) let `d = SHA-256(TAG || counter)`. The top bit of `d`
//! is the sign, the next bit is dropped, the remaining 254 bits are `x`, big-endian. The first `x` below the modulus
//! for which `x^3 + 3` is a square gives `H`; of the two roots, `y` is the one whose parity is the sign. The cofactor
//! is 1.
//!
//! Everybody who verifies recomputes it: with a known logarithm of `H` a commitment could be opened to any column.

use std::sync::OnceLock;

use sha2::{Digest, Sha256};
use zkl_core::ark::{
    Fq, G1Affine,
    ff::{BigInteger, Field, PrimeField},
};

/// The string that `H` is hashed from.
const TAG: &[u8] = b"zkp-dataset-ledger/hiding-base/bn254-g1/v1";

/// The hiding base `H`.
pub fn hiding_base() -> G1Affine {
    static H: OnceLock<G1Affine> = OnceLock::new();
    *H.get_or_init(|| {
        let mut counter = 0u32;
        loop {
            if let Some(point) = candidate(counter) {
                return point;
            }
            // More than one candidate in three succeeds: the counter does not come near its end.
            counter = counter.wrapping_add(1);
        }
    })
}

fn candidate(counter: u32) -> Option<G1Affine> {
    let mut digest: [u8; 32] = Sha256::new().chain_update(TAG).chain_update(counter.to_be_bytes()).finalize().into();
    let odd = digest[0] & 0x80 != 0;
    digest[0] &= 0x3f;
    let mut limbs = [0u64; 4];
    for (limb, chunk) in limbs.iter_mut().rev().zip(digest.chunks_exact(8)) {
        *limb = chunk.iter().fold(0, |limb, byte| limb << 8 | u64::from(*byte));
    }
    let x = Fq::from_bigint(zkl_core::ark::ff::BigInt(limbs))?;
    let y = (x.square() * x + Fq::from(3u64)).sqrt()?;
    let y = if y.into_bigint().is_odd() == odd { y } else { -y };
    Some(G1Affine::new_unchecked(x, y))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_point_that_an_independent_script_computed() {
        // The script is in docs/srs.md.
        let h = hiding_base();
        assert_eq!(h.x.to_string(), X);
        assert_eq!(h.y.to_string(), Y);
        assert!(h.is_on_curve());
    }

    const X: &str = "18574379706536682691279249708808390477393852079543939685530265431215723724837";
    const Y: &str = "1854256923785842387306258013889957427619712234236787938062229437003243586386";
}
