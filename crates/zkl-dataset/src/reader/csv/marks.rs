//! Where the bytes stand that end a cell, found 64 bytes at a time.

/// Bytes that are looked at together: one for each bit of a mask.
const STEP: usize = 64;
const LOW_7: u64 = 0x7f7f_7f7f_7f7f_7f7f;
const HIGH: u64 = !LOW_7;

/// Finds three bytes in a text that is gone through from its start to its end.
pub(super) struct Marks {
    /// Each of them, eight times.
    wanted: [u64; 3],
    /// Where the bytes begin that were looked at last.
    start: usize,
    /// Bit `i` tells whether byte `start + i` is one of them.
    mask: u64,
    /// How many bytes were looked at.
    len: usize,
}

impl Marks {
    pub(super) fn new(wanted: [u8; 3]) -> Self {
        Self { wanted: wanted.map(|byte| u64::from_ne_bytes([byte; 8])), start: 0, mask: 0, len: 0 }
    }

    /// Forgets what it knows: the text has moved.
    pub(super) const fn reset(&mut self) {
        self.len = 0;
    }

    /// The first of the bytes in `text` at or after `from`; the length of the text if there is none.
    #[inline]
    pub(super) fn next(&mut self, text: &[u8], mut from: usize) -> usize {
        loop {
            let offset = from.wrapping_sub(self.start);
            if offset < self.len {
                let mask = self.mask >> offset;
                if mask != 0 {
                    return from + mask.trailing_zeros() as usize;
                }
                from = self.start + self.len;
            }
            let Some(rest) = text.get(from..).filter(|rest| !rest.is_empty()) else { return text.len() };
            self.look_at(from, rest);
        }
    }

    fn look_at(&mut self, start: usize, rest: &[u8]) {
        self.start = start;
        match rest.first_chunk() {
            Some(bytes) => (self.mask, self.len) = (self.mask_of(bytes), STEP),
            None => {
                let mut bytes = [0; STEP];
                bytes[..rest.len()].copy_from_slice(rest);
                (self.mask, self.len) = (self.mask_of(&bytes) & !(u64::MAX << rest.len()), rest.len());
            }
        }
    }

    /// One bit a byte. Eight bytes are compared as one word: adding `0x7f` to the low bits of a byte sets its highest bit unless they are 0.
    #[inline]
    fn mask_of(&self, bytes: &[u8; STEP]) -> u64 {
        // Multiplied by it, the lowest bits of eight bytes stand side by side in the highest byte.
        const GATHER: u64 = 0x0102_0408_1020_4080;
        let mut mask = 0;
        for (index, word) in bytes.as_chunks::<8>().0.iter().enumerate() {
            let word = u64::from_le_bytes(*word);
            let others = self.wanted.iter().fold(HIGH, |others, wanted| {
                let differs = word ^ wanted;
                others & (((differs & LOW_7) + LOW_7) | differs)
            });
            let found = (!others & HIGH) >> 7;
            mask |= (found.wrapping_mul(GATHER) >> 56) << (8 * index);
        }
        mask
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn marks_are_where_a_byte_by_byte_search_finds_them(
            text in prop::collection::vec(prop_oneof![Just(b','), Just(b'\n'), Just(b'\r'), Just(0), Just(0x80), Just(0xac), any::<u8>()], 0..300),
            steps in prop::collection::vec(0usize..90, 1..30),
        ) {
            let mut marks = Marks::new([b',', b'\n', b'\r']);
            let mut from = 0;
            for step in steps {
                let rest = text.get(from..).unwrap_or_default();
                let expected = rest.iter().position(|byte| b",\n\r".contains(byte)).map_or(text.len(), |at| from + at);
                prop_assert_eq!(marks.next(&text, from.min(text.len())), expected.max(from.min(text.len())));
                from += step;
                if step % 7 == 0 {
                    marks.reset();
                }
            }
        }
    }
}
