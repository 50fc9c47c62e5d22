//! Distinct values of a column, in bounded memory.

use std::hash::BuildHasher as _;

use hashbrown::{DefaultHashBuilder, HashTable};
use zkl_core::layout::Encoding;

/// Distinct texts, numbered by first appearance. The texts lie in one buffer.
#[derive(Clone, Default)]
pub(crate) struct Dictionary {
    /// Indices into `ends`, by hash of the text. Seeded per process: a file cannot be made to collide.
    table: HashTable<u32>,
    hasher: DefaultHashBuilder,
    text: String,
    /// End of each text in `text`.
    ends: Vec<usize>,
}

impl Dictionary {
    /// Most distinct values: code 0 is null.
    pub(crate) const MAX_VALUES: usize = Encoding::MAX_GROUPED_CAPACITY as usize - 1;
    /// Most bytes of all distinct values together; a column with more is text.
    pub(crate) const MAX_BYTES: usize = 64 << 20;

    /// Adds `value` if it is new; `false` when there is no more room.
    #[inline]
    pub(crate) fn insert(&mut self, value: &str) -> bool {
        let hash = self.hasher.hash_one(value);
        let (text, ends) = (&self.text, &self.ends);
        if self.table.find(hash, |&index| get(text, ends, index) == value).is_some() {
            return true;
        }
        self.add(hash, value)
    }

    #[cold]
    fn add(&mut self, hash: u64, value: &str) -> bool {
        if self.ends.len() == Self::MAX_VALUES || self.text.len() + value.len() > Self::MAX_BYTES {
            return false;
        }
        let index = self.ends.len() as u32;
        self.text.push_str(value);
        self.ends.push(self.text.len());
        let (text, ends, hasher) = (&self.text, &self.ends, &self.hasher);
        self.table.insert_unique(hash, index, |&index| hasher.hash_one(get(text, ends, index)));
        true
    }

    /// Number of `value`, from 0.
    #[inline]
    pub(crate) fn find(&self, value: &str) -> Option<u32> {
        let hash = self.hasher.hash_one(value);
        self.table.find(hash, |&index| get(&self.text, &self.ends, index) == value).copied()
    }

    pub(crate) const fn len(&self) -> usize {
        self.ends.len()
    }

    /// The values, by number.
    pub(crate) fn values(&self) -> impl Iterator<Item = &str> {
        (0..self.ends.len() as u32).map(|index| get(&self.text, &self.ends, index))
    }

    /// Final codes by number: from 1, in the order of the values' BLAKE3 keyed with `key`, so that the order tells
    /// nothing about values or rows.
    pub(crate) fn codes(&self, key: &[u8; 32]) -> Vec<u16> {
        let mut order: Vec<([u8; 32], usize)> = self
            .values()
            .enumerate()
            .map(|(index, value)| (*blake3::keyed_hash(key, value.as_bytes()).as_bytes(), index))
            .collect();
        order.sort_unstable();
        let mut codes = vec![0; order.len()];
        for (code, (_, index)) in (1..=u16::MAX).zip(order) {
            codes[index] = code;
        }
        codes
    }
}

#[inline]
fn get<'a>(text: &'a str, ends: &[usize], index: u32) -> &'a str {
    let index = index as usize;
    let start = if index == 0 { 0 } else { ends[index - 1] };
    &text[start..ends[index]]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_numbered_once_up_to_the_limit() {
        let mut dictionary = Dictionary::default();
        for round in 0..2 {
            for value in 0..Dictionary::MAX_VALUES {
                assert!(dictionary.insert(&value.to_string()), "{round}");
            }
        }
        assert!(!dictionary.insert("one more"));
        assert!(dictionary.insert("0"));
        assert_eq!(dictionary.len(), 65_535);
        assert_eq!(dictionary.find("65534"), Some(65_534));
        assert_eq!(dictionary.find("one more"), None);
        let mut codes = dictionary.codes(&[7; 32]);
        codes.sort_unstable();
        assert!(codes.into_iter().eq(1..=u16::MAX));
    }

    #[test]
    fn codes_depend_on_the_key_and_not_on_the_order_of_appearance() {
        let of = |values: &[&str], key: u8| {
            let mut dictionary = Dictionary::default();
            for value in values {
                assert!(dictionary.insert(value));
            }
            let codes = dictionary.codes(&[key; 32]);
            let mut ordered: Vec<_> = codes.iter().zip(dictionary.values().map(str::to_owned)).collect();
            ordered.sort();
            ordered.into_iter().map(|(_, value)| value).collect::<Vec<_>>()
        };
        let forward = ["a", "b", "c", "d", "e", "f", "g", "h"];
        let mut backward = forward;
        backward.reverse();
        assert_eq!(of(&forward, 1), of(&backward, 1));
        assert_ne!(of(&forward, 1), of(&forward, 2));
    }
}
