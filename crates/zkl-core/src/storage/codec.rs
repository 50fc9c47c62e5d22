//! Entries and summaries as bytes, for the stores that keep them so.
//!
//! An entry is `id (32) | recorded_at (u64) | kind length (u8) | kind | name length (u8) | name | entry`, integers big-endian; a name of
//! length 0 means that it is about no dataset. Its index is not in it: stores know where they keep what.

use super::{DatasetSummary, StorageErrorKind};
use crate::{
    digest::TransactionId, name::DatasetName, time::Timestamp, transaction::StoredTransaction, tree::LeafIndex,
};

const DAMAGED: StorageErrorKind = StorageErrorKind::Corrupt("a stored transaction cannot be decoded");

impl StoredTransaction {
    /// The entry as bytes, without its index.
    pub fn encode(&self) -> Vec<u8> {
        let kind = self.kind.as_str().as_bytes();
        let name = self.dataset.as_ref().map_or("", DatasetName::as_str).as_bytes();
        let mut bytes = Vec::with_capacity(32 + 8 + 2 + kind.len() + name.len() + self.entry.len());
        bytes.extend_from_slice(self.id.as_bytes());
        bytes.extend_from_slice(&self.recorded_at.0.to_be_bytes());
        for text in [kind, name] {
            // Kinds have at most 32 bytes and names 128.
            bytes.push(text.len() as u8);
            bytes.extend_from_slice(text);
        }
        bytes.extend_from_slice(&self.entry);
        bytes
    }

    /// The entry at `index` out of the bytes that [`StoredTransaction::encode`] made.
    ///
    /// # Errors
    /// [`StorageErrorKind::Corrupt`] for other bytes.
    pub fn decode(index: LeafIndex, bytes: &[u8]) -> Result<Self, StorageErrorKind> {
        let (id, rest) = bytes.split_first_chunk::<32>().ok_or(DAMAGED)?;
        let (time, rest) = rest.split_first_chunk::<8>().ok_or(DAMAGED)?;
        let (kind, rest) = split_text(rest)?;
        let (name, entry) = split_text(rest)?;
        let dataset = match name {
            "" => None,
            name => Some(name.parse().map_err(|_| DAMAGED)?),
        };
        Ok(Self {
            index,
            id: TransactionId::new(*id),
            kind: kind.parse().map_err(|_| DAMAGED)?,
            dataset,
            recorded_at: Timestamp(u64::from_be_bytes(*time)),
            entry: entry.to_vec(),
        })
    }

    /// The time in the bytes that [`StoredTransaction::encode`] made, without decoding the rest.
    ///
    /// # Errors
    /// [`StorageErrorKind::Corrupt`] for bytes that are too short.
    pub fn decode_time(bytes: &[u8]) -> Result<Timestamp, StorageErrorKind> {
        let time = bytes.get(32..).and_then(<[u8]>::first_chunk::<8>).ok_or(DAMAGED)?;
        Ok(Timestamp(u64::from_be_bytes(*time)))
    }
}

fn split_text(bytes: &[u8]) -> Result<(&str, &[u8]), StorageErrorKind> {
    let (&len, rest) = bytes.split_first().ok_or(DAMAGED)?;
    let (text, rest) = rest.split_at_checked(usize::from(len)).ok_or(DAMAGED)?;
    Ok((std::str::from_utf8(text).map_err(|_| DAMAGED)?, rest))
}

impl DatasetSummary {
    /// Number of entries and index of the newest, big-endian. The name is the key.
    pub fn encode(&self) -> [u8; 16] {
        encode_pair(self.transactions, self.latest.0)
    }

    /// The summary of `name` out of the bytes that [`DatasetSummary::encode`] made.
    ///
    /// # Errors
    /// [`StorageErrorKind::Corrupt`] for other bytes, and for a name that is none.
    pub fn decode(name: &[u8], bytes: &[u8]) -> Result<Self, StorageErrorKind> {
        const DAMAGED: StorageErrorKind = StorageErrorKind::Corrupt("a dataset summary cannot be decoded");
        let name = std::str::from_utf8(name).ok().and_then(|name| name.parse().ok()).ok_or(DAMAGED)?;
        let (transactions, latest) = decode_pair(bytes).ok_or(DAMAGED)?;
        Ok(Self { name, transactions, latest: LeafIndex(latest) })
    }
}

/// Two numbers, big-endian.
pub fn encode_pair(first: u64, second: u64) -> [u8; 16] {
    (u128::from(first) << 64 | u128::from(second)).to_be_bytes()
}

/// The numbers that [`encode_pair`] encoded, or `None` for bytes of another length.
pub fn decode_pair(bytes: &[u8]) -> Option<(u64, u64)> {
    let (first, second) = bytes.split_first_chunk::<8>()?;
    Some((u64::from_be_bytes(*first), u64::from_be_bytes(second.try_into().ok()?)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::transaction::OperationKind;

    fn sample() -> StoredTransaction {
        StoredTransaction {
            index: LeafIndex(9),
            id: TransactionId::new([7; 32]),
            kind: OperationKind::CLAIM,
            dataset: Some("team/penguins".parse().unwrap()),
            recorded_at: Timestamp(1_700_000_000_000),
            entry: b"{}".to_vec(),
        }
    }

    #[test]
    fn the_bytes_of_stores_that_exist_are_pinned() {
        let head = format!("{}0000018bcfe56800", "07".repeat(32));
        let cases = [
            (OperationKind::NOTARIZATION, None, "0c6e6f746172697a6174696f6e", "00"),
            (OperationKind::CLAIM, sample().dataset, "05636c61696d", "0d7465616d2f70656e6775696e73"),
            (OperationKind::CUSTOM, None, "06637573746f6d", "00"),
            ("x-1".parse().unwrap(), None, "03782d31", "00"),
        ];
        for (kind, dataset, kind_bytes, name_bytes) in cases {
            let transaction = StoredTransaction { kind, dataset, ..sample() };
            let bytes = hex::decode(format!("{head}{kind_bytes}{name_bytes}7b7d")).unwrap();
            assert_eq!(transaction.encode(), bytes, "{transaction:?}");
            assert_eq!(StoredTransaction::decode(LeafIndex(9), &bytes), Ok(transaction));
            assert_eq!(StoredTransaction::decode_time(&bytes), Ok(sample().recorded_at));
        }
        let summary = DatasetSummary { name: "a/b".parse().unwrap(), transactions: 258, latest: LeafIndex(1 << 40) };
        let bytes = hex::decode("00000000000001020000010000000000").unwrap();
        assert_eq!(summary.encode().as_slice(), bytes);
        assert_eq!(DatasetSummary::decode(b"a/b", &bytes), Ok(summary));
    }

    #[test]
    fn every_truncation_before_the_entry_is_corrupt() {
        let bytes = sample().encode();
        for len in 0..bytes.len() - 2 {
            assert_eq!(StoredTransaction::decode(LeafIndex(9), &bytes[..len]), Err(DAMAGED), "{len} bytes");
        }
    }

    #[test]
    fn a_kind_or_a_name_that_is_none_is_corrupt() {
        let bytes = sample().encode();
        for (at, byte) in [(41, b'C'), (41, b'-'), (47, b'/'), (59, b'/'), (45, 0xff)] {
            let mut bytes = bytes.clone();
            bytes[at] = byte;
            assert_eq!(StoredTransaction::decode(LeafIndex(9), &bytes), Err(DAMAGED), "{byte} at {at}");
        }
    }

    proptest! {
        #[test]
        fn decoding_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = StoredTransaction::decode(LeafIndex(0), &bytes);
            let _ = StoredTransaction::decode_time(&bytes);
            let _ = DatasetSummary::decode(&bytes, &bytes);
        }
    }
}
