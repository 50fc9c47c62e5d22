//! Values: transactions and dataset summaries as bytes.
//!
//! A transaction is `id (32) | recorded_at (u64) | kind length (u8) | kind | name length (u8) | name | entry`; a name of
//! length 0 means that the entry is about no dataset. The index is the key.

use zkl_core::{
    digest::TransactionId, name::DatasetName, storage::DatasetSummary, time::Timestamp, transaction::StoredTransaction,
    tree::LeafIndex,
};

use crate::error::RocksError;

const DAMAGED: RocksError = RocksError::Corrupt { what: "a stored transaction cannot be decoded" };

pub(crate) fn encode(transaction: &StoredTransaction) -> Vec<u8> {
    let kind = transaction.kind.as_str().as_bytes();
    let name = transaction.dataset.as_ref().map_or("", DatasetName::as_str).as_bytes();
    let mut bytes = Vec::with_capacity(32 + 8 + 2 + kind.len() + name.len() + transaction.entry.len());
    bytes.extend_from_slice(transaction.id.as_bytes());
    bytes.extend_from_slice(&transaction.recorded_at.0.to_be_bytes());
    for text in [kind, name] {
        // Kinds are short words and names have at most 128 bytes.
        bytes.push(text.len() as u8);
        bytes.extend_from_slice(text);
    }
    bytes.extend_from_slice(&transaction.entry);
    bytes
}

pub(crate) fn decode(index: u64, bytes: &[u8]) -> Result<StoredTransaction, RocksError> {
    let (id, rest) = bytes.split_first_chunk::<32>().ok_or(DAMAGED)?;
    let (time, rest) = rest.split_first_chunk::<8>().ok_or(DAMAGED)?;
    let (kind, rest) = split_text(rest)?;
    let (name, entry) = split_text(rest)?;
    let dataset = match name {
        "" => None,
        name => Some(name.parse().map_err(|_| DAMAGED)?),
    };
    Ok(StoredTransaction {
        index: LeafIndex(index),
        id: TransactionId::new(*id),
        kind: kind.parse().map_err(|_| DAMAGED)?,
        dataset,
        recorded_at: Timestamp(u64::from_be_bytes(*time)),
        entry: entry.to_vec(),
    })
}

/// The time of an encoded transaction, without decoding the rest.
pub(crate) fn recorded_at(bytes: &[u8]) -> Result<Timestamp, RocksError> {
    let time = bytes.get(32..).and_then(<[u8]>::first_chunk::<8>).ok_or(DAMAGED)?;
    Ok(Timestamp(u64::from_be_bytes(*time)))
}

fn split_text(bytes: &[u8]) -> Result<(&str, &[u8]), RocksError> {
    let (&len, rest) = bytes.split_first().ok_or(DAMAGED)?;
    let (text, rest) = rest.split_at_checked(usize::from(len)).ok_or(DAMAGED)?;
    Ok((std::str::from_utf8(text).map_err(|_| DAMAGED)?, rest))
}

/// Count and latest index of a dataset.
pub(crate) fn encode_summary(transactions: u64, latest: u64) -> [u8; 16] {
    encode_pair(transactions, latest)
}

pub(crate) fn decode_summary(name: &[u8], bytes: &[u8]) -> Result<DatasetSummary, RocksError> {
    let damaged = || RocksError::Corrupt { what: "a dataset summary cannot be decoded" };
    let name = std::str::from_utf8(name).ok().and_then(|name| name.parse().ok()).ok_or_else(damaged)?;
    let (transactions, latest) = decode_pair(bytes).ok_or_else(damaged)?;
    Ok(DatasetSummary { name, transactions, latest: LeafIndex(latest) })
}

pub(crate) fn encode_pair(first: u64, second: u64) -> [u8; 16] {
    (u128::from(first) << 64 | u128::from(second)).to_be_bytes()
}

pub(crate) fn decode_pair(bytes: &[u8]) -> Option<(u64, u64)> {
    let (first, second) = bytes.split_first_chunk::<8>()?;
    Some((u64::from_be_bytes(*first), u64::from_be_bytes(second.try_into().ok()?)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use zkl_core::transaction::OperationKind;

    use super::*;

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
    fn a_transaction_survives_its_encoding() {
        for dataset in [None, sample().dataset] {
            let transaction = StoredTransaction { dataset, ..sample() };
            let bytes = encode(&transaction);
            assert_eq!(decode(9, &bytes).unwrap(), transaction);
            assert_eq!(recorded_at(&bytes).unwrap(), transaction.recorded_at);
        }
    }

    #[test]
    fn every_truncation_before_the_entry_is_corrupt() {
        let bytes = encode(&sample());
        for len in 0..bytes.len() - 2 {
            assert!(matches!(decode(9, &bytes[..len]), Err(RocksError::Corrupt { .. })), "{len} bytes");
        }
    }

    proptest! {
        #[test]
        fn decoding_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = decode(0, &bytes);
            let _ = recorded_at(&bytes);
            let _ = decode_summary(&bytes, &bytes);
        }
    }
}
