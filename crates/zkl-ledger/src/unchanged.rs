//! Whether a table is still the one that was notarized, for whoever notarizes what changed.

use std::sync::Arc;

use zkl_circuits::seal::Seal;
use zkl_dataset::ProfileSink;
use zkl_receipt::{FileEvidence, Manifest, Notarization};

use crate::{
    dataset_version::Dataset,
    error::LedgerError,
    opening::{Opening, dictionary_key},
    stage::StageReporter,
    table::Table,
    work::{self, Work},
};

impl Dataset {
    /// Whether notarizing `table` would record what this version says already: the same digests of its bytes and, read with the
    /// options of `table`, the same layout, notes and profile. Bytes that differ are not read as a table. Nothing is recorded.
    ///
    /// Unlike [`check_data`](crate::data::check_data) this is no evidence for anybody else: the table is read as it is asked for
    /// now, and columns are not committed to again.
    ///
    /// # Errors
    /// As [`Dataset::opening`]; the table cannot be read.
    pub async fn is_unchanged(
        &self,
        table: Table,
        reporter: impl StageReporter + 'static,
    ) -> Result<bool, LedgerError> {
        let secrets = self.secrets().await?;
        let notarization = self.notarization().clone();
        work::run(Arc::new(reporter), move |work| is_unchanged(&table, &secrets.opening, &notarization, work)).await
    }
}

fn is_unchanged(
    table: &Table,
    opening: &Opening,
    notarization: &Notarization,
    work: &Work,
) -> Result<bool, LedgerError> {
    let (rule, digests) = table.source().digests()?;
    let evidence = FileEvidence::new(notarization.privacy, &digests, &opening.file_salt());
    if notarization.covers != Some(rule) || evidence != notarization.file {
        return Ok(false);
    }
    let (mut progress, mut sums) = (work, ProfileSink::default());
    // Codes of dictionaries are ordered by the version's key, so that equal values have equal profiles.
    let scan = table.scan().committed_as(&opening.layout);
    let scanned = scan.run_with_sink(&dictionary_key(&opening.seed), &mut progress, &mut sums)?;
    if Manifest::new(scanned.layout.clone(), scanned.notes.clone()).digest()? != notarization.manifest {
        return Ok(false);
    }
    let profile = sums.finish(&scanned.layout).ok_or(LedgerError::NoRows)?;
    Ok(Seal::new(&scanned.layout, &profile, &opening.seed)?.commitment() == notarization.seal)
}
