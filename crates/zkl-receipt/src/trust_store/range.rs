//! Sizes of a log.

use std::fmt;

use zkl_core::tree::TreeSize;

/// Sizes of a log at which something counts, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SizeRange {
    from: TreeSize,
    until: Option<TreeSize>,
}

impl SizeRange {
    /// Every size.
    pub const ALL: Self = Self { from: TreeSize(0), until: None };

    /// From one size on, to another one if there is an end. `None` when no size is in the range.
    pub fn new(from: TreeSize, until: Option<TreeSize>) -> Option<Self> {
        let range = Self { from, until };
        until.is_none_or(|until| from.0 <= until.0).then_some(range)
    }

    /// Whether a size is in the range.
    pub fn contains(&self, size: TreeSize) -> bool {
        self.from.0 <= size.0 && self.until.is_none_or(|until| size.0 <= until.0)
    }

    /// The last size, if there is one.
    pub const fn until(&self) -> Option<TreeSize> {
        self.until
    }
}

impl fmt::Display for SizeRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.from, self.until) {
            (TreeSize(0), None) => f.write_str("at every size of the log"),
            (TreeSize(0), Some(until)) => write!(f, "up to {until} entries of the log"),
            (from, None) => write!(f, "from {from} entries of the log on"),
            (from, Some(until)) => write!(f, "from {from} to {until} entries of the log"),
        }
    }
}
