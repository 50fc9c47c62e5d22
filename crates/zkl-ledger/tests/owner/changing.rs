//! A table that is written to while it is read.

use std::{
    io,
    path::Path,
    sync::atomic::{AtomicUsize, Ordering},
};

use zkl_ledger::{
    Ledger, LedgerError, Table,
    dataset::{Contents, Fault, Source, TableSource},
};

/// Holds larger numbers from one opening on.
struct Growing {
    opened: AtomicUsize,
    from: usize,
}

impl TableSource for Growing {
    fn name(&self) -> &Path {
        Path::new("growing.csv")
    }

    fn open(&self) -> io::Result<Contents> {
        let grown = self.opened.fetch_add(1, Ordering::Relaxed) >= self.from;
        let rows = if grown { "x\n1\n900000\n" } else { "x\n1\n2\n" };
        Ok(Contents::Bytes(rows.as_bytes().to_vec().into()))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn values_beyond_what_was_found_before_are_a_change_and_no_fault_of_the_prover() {
    let ledger = Ledger::in_memory().unwrap();
    let mut changed = 0;
    // Format, types and rows are read in openings of their own; between which of them it changes is not said here.
    for from in 0..6 {
        let table = Table::new(Source::new(Growing { opened: AtomicUsize::new(0), from }));
        let Err(error) = ledger.notarize(table.named("growing".parse().unwrap())).await else { continue };
        assert!(matches!(&error, LedgerError::Dataset(error) if matches!(error.fault(), Fault::Changed)), "{error:?}");
        changed += 1;
    }
    assert!(changed > 0);
}
