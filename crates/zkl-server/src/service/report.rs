//! Reports: what receipts show, for readers who know no cryptography, as `zkl report` writes it.

use zkl_ledger::{EntryRef, types::Timestamp};
use zkl_report::Reported;

use super::Service;
use crate::{
    access::{Browse, Permit, Verify},
    error::ServiceError,
    failure::chain,
};

/// Most receipts of a report: each is verified for it.
pub(crate) const MAX_REPORTED: usize = 20;

impl Service {
    /// A page about the receipts of entries, which the subject must be allowed to read, and which are verified for it.
    ///
    /// # Errors
    /// As [`Service::receipt`] and [`Service::verify`]; [`ServiceError::ReportLength`].
    pub async fn report_of_entries(
        &self,
        browse: &Permit<Browse>,
        verify: &Permit<Verify>,
        entries: Vec<EntryRef>,
    ) -> Result<String, ServiceError> {
        check_length(entries.len())?;
        let mut reported = Vec::with_capacity(entries.len());
        for entry in entries {
            let name = format!("of entry {entry}");
            let receipt = self.receipt(browse, entry, true).await?;
            reported.push(self.reported(verify, name, &receipt).await?);
        }
        Ok(zkl_report::report(&reported, Timestamp::now()))
    }

    /// A page about receipts that somebody has. One that is not valid is said to be so.
    ///
    /// # Errors
    /// As [`Service::verify`]; [`ServiceError::ReportLength`].
    pub async fn report_of_receipts(
        &self,
        permit: &Permit<Verify>,
        receipts: Vec<Vec<u8>>,
    ) -> Result<String, ServiceError> {
        Ok(zkl_report::report(&self.reported_all(permit, receipts).await?, Timestamp::now()))
    }

    /// Receipts with their verdicts, in order.
    ///
    /// # Errors
    /// As [`Service::report_of_receipts`].
    pub(crate) async fn reported_all(
        &self,
        permit: &Permit<Verify>,
        receipts: Vec<Vec<u8>>,
    ) -> Result<Vec<Reported>, ServiceError> {
        check_length(receipts.len())?;
        let of = receipts.len();
        let mut reported = Vec::with_capacity(of);
        for (number, receipt) in (1..).zip(receipts) {
            // What its file is called is not shown: it says nothing that was verified.
            let name = if of == 1 { "as it was sent".to_owned() } else { format!("{number} of {of}") };
            reported.push(self.reported(permit, name, &receipt).await?);
        }
        Ok(reported)
    }

    async fn reported(&self, permit: &Permit<Verify>, name: String, receipt: &[u8]) -> Result<Reported, ServiceError> {
        let outcome = self.verified(permit, receipt.to_vec()).await?.map_err(|error| chain(&error));
        Ok(Reported::new(name, receipt, outcome))
    }
}

const fn check_length(got: usize) -> Result<(), ServiceError> {
    if got == 0 || got > MAX_REPORTED { Err(ServiceError::ReportLength { max: MAX_REPORTED }) } else { Ok(()) }
}
