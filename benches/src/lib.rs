//! Shared inputs of the benchmarks: generated tables and entries, clocks, and the measurements that take more than a loop:
//! one table from end to end, the sumchecks of a proof, concurrent callers, recovery of a killed writer.

pub mod clock;
pub mod end_to_end;
pub mod entries;
pub mod group_commit;
pub mod implementations;
pub mod mixed_table;
pub mod recovery;
pub mod sumchecks;
pub mod text_table;
