//! Entries that are not to be relied on any more, and what has taken their place.

use std::collections::BTreeMap;

use zkl_core::{
    digest::TransactionId,
    storage::{Query, StorageBackendExt as _},
    time::Timestamp,
    transaction::OperationKind,
    tree::LeafIndex,
};
use zkl_receipt::{Nonce, NotaryRotations, Predicate, WithdrawalRecord};

use crate::{
    entry::Entry,
    error::LedgerError,
    ledger::{EntryRef, Ledger},
    rotation,
};

/// What was recorded about an entry that was withdrawn.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Withdrawn {
    /// Position of the withdrawal.
    pub index: LeafIndex,
    /// The entry that has taken the place, if one has.
    pub replacement: Option<TransactionId>,
    /// Why, in the notary's words.
    pub reason: String,
}

impl Ledger {
    /// Records that an entry of this ledger's notary is not to be relied on any more, or that `replacement` has taken its place. The log
    /// keeps it, and receipts of it stay valid: the withdrawal is for those who read the log, and has a receipt of its own.
    ///
    /// # Errors
    /// [`LedgerError::NotWithdrawable`] for an entry about keys or a policy, a withdrawal, or the entry of another notary; [`LedgerError::Sign`] when
    /// there is no reason, or one of more than [`WithdrawalRecord::MAX_REASON`] bytes; [`LedgerError::ReadOnly`], and as
    /// [`Ledger::append`].
    pub async fn withdraw(
        &self,
        entry: &Entry,
        replacement: Option<&Entry>,
        reason: impl Into<String>,
    ) -> Result<Entry, LedgerError> {
        let notary = self.notary()?.verifying_key();
        let record = WithdrawalRecord {
            entry: entry.id,
            replacement: replacement.map(|entry| entry.id),
            reason: reason.into(),
            notary,
            recorded_at: Timestamp::now(),
            nonce: Nonce::generate().map_err(LedgerError::randomness)?,
        };
        let notaries = rotation::of_notaries(&*self.storage, self.log_key().name()).await?;
        for named in std::iter::once(entry).chain(replacement) {
            let lasting =
                matches!(named.predicate(), Predicate::Key(_) | Predicate::Withdrawal(_) | Predicate::Policy(_));
            // Behind everything that is there.
            let end = LeafIndex(u64::MAX);
            if lasting || !notaries.is_same(named.predicate().notary(), &notary, self.log_key().name(), end) {
                return Err(LedgerError::NotWithdrawable { id: named.id });
            }
        }
        self.append(self.sign(Predicate::Withdrawal(record)).await?).await
    }

    /// The entries that were withdrawn by their own notaries, with the newest withdrawal of each.
    ///
    /// # Errors
    /// As [`Ledger::entries`].
    pub async fn withdrawals(&self) -> Result<BTreeMap<TransactionId, Withdrawn>, LedgerError> {
        let mut withdrawn = BTreeMap::new();
        let mut notaries: Option<NotaryRotations> = None;
        let (storage, origin) = (&*self.storage, self.log_key().name().clone());
        let mut pages = storage.pages(Query { kind: Some(OperationKind::WITHDRAWAL), ..Query::default() });
        while let Some(page) = pages.next().await? {
            for stored in &page {
                let entry = Entry::from_stored(stored)?;
                let Predicate::Withdrawal(record) = entry.predicate() else { continue };
                let notaries = match &mut notaries {
                    Some(notaries) => notaries,
                    none => none.insert(rotation::of_notaries(storage, &origin).await?),
                };
                // What names nothing, or something of somebody else, says nothing: neither to withdraw it nor to put it in a place.
                let mut is_own = true;
                for id in std::iter::once(record.entry).chain(record.replacement) {
                    is_own &= match self.entry(EntryRef::Id(id)).await {
                        Err(LedgerError::UnknownEntry { .. }) => false,
                        named => {
                            let named = named?;
                            let notary = named.predicate().notary();
                            named.index < entry.index && notaries.is_same(notary, &record.notary, &origin, entry.index)
                        }
                    };
                }
                if is_own {
                    let WithdrawalRecord { replacement, reason, .. } = record.clone();
                    withdrawn.insert(record.entry, Withdrawn { index: entry.index, replacement, reason });
                }
            }
        }
        Ok(withdrawn)
    }
}
