//! Entries as bytes: the index (u64, big-endian), then as [`StoredTransaction::encode`] makes them.

use zkl_core::{storage::StorageErrorKind, transaction::StoredTransaction, tree::LeafIndex};

use crate::error::S3Error;

pub(crate) fn encode(transaction: &StoredTransaction) -> Vec<u8> {
    [transaction.index.0.to_be_bytes().as_slice(), &transaction.encode()].concat()
}

pub(crate) fn decode(bytes: &[u8]) -> Result<StoredTransaction, S3Error> {
    let short = StorageErrorKind::Corrupt("a stored transaction cannot be decoded");
    let (index, rest) = bytes.split_first_chunk().ok_or(short)?;
    Ok(StoredTransaction::decode(LeafIndex(u64::from_be_bytes(*index)), rest)?)
}

#[cfg(test)]
mod tests {
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
            let decoded = decode(&bytes[..len]);
            assert!(matches!(decoded, Err(S3Error::Contract(StorageErrorKind::Corrupt(_)))), "{len} bytes");
        }
    }
}
