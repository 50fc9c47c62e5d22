//! Progress and notes on stderr.

use std::{
    io::{self, IsTerminal as _},
    time::Duration,
};

use indicatif::{ProgressBar, ProgressStyle};
use zkl_ledger::progress::{Stage, StageReporter};
use zkl_verify::eprint_line;

/// Shows what the ledger is doing: a bar where an amount is known, a spinner elsewhere; nothing when quiet or when
/// stderr is not a terminal.
pub(crate) struct TerminalProgress {
    bar: ProgressBar,
}

impl TerminalProgress {
    pub(crate) fn new(quiet: bool) -> Self {
        let visible = !quiet && io::stderr().is_terminal();
        let bar = if visible { ProgressBar::new_spinner() } else { ProgressBar::hidden() };
        if visible {
            bar.enable_steady_tick(Duration::from_millis(100));
        }
        Self { bar }
    }
}

impl StageReporter for TerminalProgress {
    fn stage(&self, stage: Stage) {
        match stage {
            Stage::Read { pass, bytes_done, bytes_total, rows } => {
                if self.bar.length() != Some(bytes_total) {
                    self.bar.set_style(bytes_style());
                    self.bar.set_length(bytes_total);
                }
                self.bar.set_position(bytes_done);
                self.bar.set_message(format!("pass {pass}, {rows} rows"));
            }
            Stage::Check { entries, of } | Stage::Copy { entries, of } => {
                if self.bar.length() != Some(of) {
                    self.bar.set_style(entries_style());
                    self.bar.set_length(of);
                }
                self.bar.set_position(entries);
            }
            other => {
                self.bar.set_style(ProgressStyle::default_spinner());
                self.bar.set_message(other.to_string());
            }
        }
    }
}

impl Drop for TerminalProgress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// Writes a note to stderr.
pub(crate) fn note(quiet: bool, text: &str) {
    if !quiet {
        eprint_line(&format!("note: {}", crate::output::printable(text)));
    }
}

/// Writes a note to stderr that quiet commands give, too: something that was asked for was not done.
pub(crate) fn warn(text: &str) {
    eprint_line(&format!("warning: {}", crate::output::printable(text)));
}

fn bytes_style() -> ProgressStyle {
    ProgressStyle::with_template("{spinner} reading {bar:30} {bytes}/{total_bytes} {bytes_per_sec} {msg}")
        .unwrap_or_else(|_| ProgressStyle::default_bar())
}

fn entries_style() -> ProgressStyle {
    ProgressStyle::with_template("{spinner} {bar:30} entry {pos} of {len}, {per_sec}, {eta} left")
        .unwrap_or_else(|_| ProgressStyle::default_bar())
}
