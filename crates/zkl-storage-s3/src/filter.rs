//! A Bloom filter of transaction ids: says "no" for nearly every id that a segment does not hold.
//!
//! Ids are SHA-256 hashes already, so the eight probes are the eight 32-bit words of the id.

use bytes::Bytes;
use zkl_core::digest::TransactionId;

/// 12 bits and 8 probes answer wrongly for one stranger in 300.
const BITS_PER_ID: usize = 12;

/// The filter under construction; its bytes are the stored form.
pub(crate) struct FilterBuilder {
    bytes: Vec<u8>,
}

impl FilterBuilder {
    pub(crate) fn new(ids: u64) -> Self {
        let bits = usize::try_from(ids).unwrap_or(usize::MAX / BITS_PER_ID).saturating_mul(BITS_PER_ID);
        Self { bytes: vec![0; bits.div_ceil(8).max(1)] }
    }

    pub(crate) fn insert(&mut self, id: &[u8; 32]) {
        let bits = self.bytes.len() as u64 * 8;
        for bit in probes(id, bits) {
            self.bytes[(bit / 8) as usize] |= 1 << (bit % 8);
        }
    }

    pub(crate) fn finish(self) -> Vec<u8> {
        self.bytes
    }
}

/// Whether the segment with this filter can hold `id`.
pub(crate) fn may_hold(filter: &Bytes, id: TransactionId) -> bool {
    let bits = filter.len() as u64 * 8;
    bits == 0 || probes(id.as_bytes(), bits).all(|bit| filter[(bit / 8) as usize] >> (bit % 8) & 1 == 1)
}

fn probes(id: &[u8; 32], bits: u64) -> impl Iterator<Item = u64> {
    id.chunks_exact(4).map(move |word| word.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)) % bits)
}

#[cfg(test)]
mod tests {
    use zkl_testkit::log::TestLog;

    use super::*;

    #[test]
    fn a_filter_knows_its_ids_and_hardly_any_other() {
        const IDS: u64 = 1_000;
        let id = |index| TestLog::default().transaction(index).id;
        let mut filter = FilterBuilder::new(IDS);
        for index in 0..IDS {
            filter.insert(id(index).as_bytes());
        }
        let filter = Bytes::from(filter.finish());
        assert_eq!(filter.len(), 1_500);
        assert!((0..IDS).all(|index| may_hold(&filter, id(index))));
        let wrong = (IDS..11 * IDS).filter(|index| may_hold(&filter, id(*index))).count();
        assert!(wrong < 100, "{wrong} of 10,000 strangers");
    }
}
