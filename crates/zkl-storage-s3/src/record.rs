//! Transactions as bytes.
//!
//! `index (u64) | id (32) | recorded_at (u64) | kind length (u8) | kind | name length (u8) | name | entry`, integers big-endian; a
//! name of length 0 means that the entry is about no dataset.

use zkl_core::{
    digest::TransactionId, name::DatasetName, time::Timestamp, transaction::StoredTransaction, tree::LeafIndex,
};

use crate::error::S3Error;

const DAMAGED: S3Error = S3Error::Corrupt { what: "a stored transaction cannot be decoded" };

pub(crate) fn encode(transaction: &StoredTransaction) -> Vec<u8> {
    let kind = transaction.kind.as_str().as_bytes();
    let name = transaction.dataset.as_ref().map_or("", DatasetName::as_str).as_bytes();
    let mut bytes = Vec::with_capacity(8 + 32 + 8 + 2 + kind.len() + name.len() + transaction.entry.len());
    bytes.extend_from_slice(&transaction.index.0.to_be_bytes());
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

pub(crate) fn decode(bytes: &[u8]) -> Result<StoredTransaction, S3Error> {
    let (index, rest) = bytes.split_first_chunk::<8>().ok_or(DAMAGED)?;
    let (id, rest) = rest.split_first_chunk::<32>().ok_or(DAMAGED)?;
    let (time, rest) = rest.split_first_chunk::<8>().ok_or(DAMAGED)?;
    let (kind, rest) = split_text(rest)?;
    let (name, entry) = split_text(rest)?;
    let dataset = match name {
        "" => None,
        name => Some(name.parse().map_err(|_| DAMAGED)?),
    };
    Ok(StoredTransaction {
        index: LeafIndex(u64::from_be_bytes(*index)),
        id: TransactionId::new(*id),
        kind: kind.parse().map_err(|_| DAMAGED)?,
        dataset,
        recorded_at: Timestamp(u64::from_be_bytes(*time)),
        entry: entry.to_vec(),
    })
}

fn split_text(bytes: &[u8]) -> Result<(&str, &[u8]), S3Error> {
    let (&len, rest) = bytes.split_first().ok_or(DAMAGED)?;
    let (text, rest) = rest.split_at_checked(usize::from(len)).ok_or(DAMAGED)?;
    Ok((std::str::from_utf8(text).map_err(|_| DAMAGED)?, rest))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use zkl_testkit::log::TestLog;

    use super::*;

    #[test]
    fn a_transaction_survives_its_encoding() {
        for index in 0..50 {
            let transaction = TestLog::default().transaction(index);
            assert_eq!(decode(&encode(&transaction)).unwrap(), transaction);
        }
    }

    #[test]
    fn every_truncation_before_the_entry_is_corrupt() {
        let transaction = StoredTransaction { entry: Vec::new(), ..TestLog::default().transaction(3) };
        let bytes = encode(&transaction);
        for len in 0..bytes.len() {
            assert!(matches!(decode(&bytes[..len]), Err(S3Error::Corrupt { .. })), "{len} bytes");
        }
    }

    proptest! {
        #[test]
        fn decoding_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = decode(&bytes);
        }
    }
}
