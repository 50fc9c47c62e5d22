//! How far a scan has come.

/// What the current pass over the file is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Pass {
    /// Finds the type, the bounds and the dictionary of every column.
    Infer,
    /// Builds dictionaries of columns whose values turned out to be of mixed types. Rarely needed.
    Dictionary,
    /// Encodes the rows and sums the profile.
    Encode,
}

/// A report of progress.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProgressUpdate {
    /// The pass.
    pub pass: Pass,
    /// Bytes of the stored (possibly compressed) file that this pass has read. Parquet and Arrow files are read by
    /// position: there, an estimate from the rows.
    pub bytes_done: u64,
    /// Length of the stored file; 0 for record batches, which are not stored.
    pub bytes_total: u64,
    /// Rows that this pass has read.
    pub rows: u64,
}

/// Receives a [`ProgressUpdate`] about once per 8,192 rows. Closures implement it; `()` ignores everything.
pub trait Progress {
    /// Called on the thread that runs the scan; it should return soon.
    fn update(&mut self, update: ProgressUpdate);

    /// Whether the scan is to end early, with [`crate::Fault::Cancelled`]. Asked after each update.
    fn is_cancelled(&self) -> bool {
        false
    }
}

impl Progress for () {
    fn update(&mut self, _: ProgressUpdate) {}
}

impl<F: FnMut(ProgressUpdate)> Progress for F {
    fn update(&mut self, update: ProgressUpdate) {
        self(update);
    }
}
