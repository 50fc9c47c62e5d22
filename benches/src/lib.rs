//! Shared inputs of the benchmarks: a generated table, clocks, and the measurement of one table from end to end.

pub mod clock;
pub mod end_to_end;
pub mod mixed_table;
pub mod text_table;
