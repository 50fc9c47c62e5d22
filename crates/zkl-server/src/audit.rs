//! The audit log: every verification and every operation that was asked for, and what came of it.
//!
//! One JSON object a line, appended to `audit.jsonl` and durable before anybody is answered: what cannot be written down is not done. The
//! file is opened for each line, so that whoever renames it away keeps the old one and gets a new one.

use std::{
    fs::{File, OpenOptions},
    io::{self, Read as _, Seek as _, SeekFrom, Write as _},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use serde::Serialize;
use zkl_ledger::types::Timestamp;

use crate::{
    error::ServiceError,
    operations::{Operation, Outcome, State},
};

/// The audit log of a server.
#[derive(Debug)]
pub(crate) struct AuditLog {
    path: PathBuf,
    /// One line at a time.
    turn: Mutex<()>,
}

/// A line.
#[derive(Debug, Serialize)]
struct Line<'a> {
    at: String,
    #[serde(flatten)]
    event: Event<'a>,
}

#[derive(Debug, Serialize)]
#[serde(tag = "event", rename_all = "lowercase")]
enum Event<'a> {
    /// A receipt was verified.
    Verified {
        by: &'a str,
        /// SHA-256 of the receipt.
        receipt: &'a str,
        valid: bool,
        #[serde(skip_serializing_if = "Option::is_none")]
        reason: Option<&'a str>,
    },
    /// An operation was asked for, and is about to be accepted.
    Accepted {
        by: &'a str,
        operation: &'a str,
        work: &'a str,
        dataset: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        claim: Option<&'a str>,
    },
    /// Who may do what has changed.
    Policy {
        by: &'a str,
        /// What the log calls them.
        name: &'a str,
        entry: u64,
    },
    /// An operation ended.
    Ended {
        operation: &'a str,
        outcome: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        entry: Option<u64>,
        #[serde(skip_serializing_if = "Option::is_none")]
        problem: Option<&'a str>,
    },
}

impl AuditLog {
    /// The log in `dir`, which must be there. Blocking.
    ///
    /// # Errors
    /// [`ServiceError::Io`].
    pub(crate) fn open(dir: &Path) -> Result<Arc<Self>, ServiceError> {
        let log = Self { path: dir.join("audit.jsonl"), turn: Mutex::new(()) };
        let whole = log.file().and_then(|mut file| end_line(&mut file));
        whole.map_err(|source| log.io("open", source))?;
        Ok(Arc::new(log))
    }

    /// A receipt was verified.
    ///
    /// # Errors
    /// [`ServiceError::Io`], [`ServiceError::Task`].
    pub(crate) async fn verified(
        self: &Arc<Self>,
        by: &str,
        receipt: &str,
        valid: bool,
        reason: Option<&str>,
    ) -> Result<(), ServiceError> {
        self.append(Event::Verified { by, receipt, valid, reason }).await
    }

    /// An operation is about to be accepted.
    ///
    /// # Errors
    /// As [`AuditLog::verified`].
    pub(crate) async fn accepted(self: &Arc<Self>, operation: &Operation) -> Result<(), ServiceError> {
        self.append(Event::Accepted {
            by: &operation.by,
            operation: operation.id.as_str(),
            work: operation.work.as_str(),
            dataset: operation.dataset.as_str(),
            claim: operation.claim.as_deref(),
        })
        .await
    }

    /// Who may do what has changed, which the log says of them by another name.
    ///
    /// # Errors
    /// As [`AuditLog::verified`].
    pub(crate) async fn policy(self: &Arc<Self>, by: &str, name: &str, entry: u64) -> Result<(), ServiceError> {
        self.append(Event::Policy { by, name, entry }).await
    }

    /// An operation ended.
    ///
    /// # Errors
    /// As [`AuditLog::verified`].
    pub(crate) async fn ended(self: &Arc<Self>, operation: &Operation) -> Result<(), ServiceError> {
        let State::Ended { outcome, .. } = &operation.state else { return Ok(()) };
        let (entry, problem) = match outcome {
            Outcome::Succeeded(recorded) => (Some(recorded.index), None),
            Outcome::Failed(failure) => (None, Some(failure.code.as_str())),
            Outcome::Cancelled => (None, None),
        };
        let (operation, outcome) = (operation.id.as_str(), outcome.as_str());
        self.append(Event::Ended { operation, outcome, entry, problem }).await
    }

    async fn append(self: &Arc<Self>, event: Event<'_>) -> Result<(), ServiceError> {
        let line = serde_json::to_vec(&Line { at: Timestamp::now().to_string(), event });
        let mut line = line.map_err(|error| self.io("write", io::Error::other(error)))?;
        line.push(b'\n');
        let this = Arc::clone(self);
        let written = tokio::task::spawn_blocking(move || this.write(&line)).await?;
        written.map_err(|source| self.io("write", source))
    }

    fn write(&self, line: &[u8]) -> io::Result<()> {
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let mut file = self.file()?;
        file.write_all(line)?;
        file.sync_data()
    }

    fn file(&self) -> io::Result<File> {
        let mut options = OpenOptions::new();
        options.create(true).append(true).read(true);
        // It says who asked for what.
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options.open(&self.path)
    }

    fn io(&self, action: &'static str, source: io::Error) -> ServiceError {
        ServiceError::Io { action, path: self.path.clone(), source }
    }
}

/// Ends a line that a crash cut, so that the next one begins where lines do.
fn end_line(file: &mut File) -> io::Result<()> {
    let len = file.seek(SeekFrom::End(0))?;
    if len == 0 {
        return Ok(());
    }
    file.seek(SeekFrom::Start(len - 1))?;
    let mut last = [0];
    file.read_exact(&mut last)?;
    if last == *b"\n" { Ok(()) } else { file.write_all(b"\n") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_line_that_was_cut_does_not_swallow_the_next() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("audit.jsonl"), "{\"at\":\"2026-").unwrap();
        let log = AuditLog::open(dir.path()).unwrap();
        log.verified("a", "00", true, None).await.unwrap();
        let text = std::fs::read_to_string(dir.path().join("audit.jsonl")).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 2);
        let line: serde_json::Value = serde_json::from_str(lines[1]).unwrap();
        assert_eq!((&line["event"], &line["valid"]), (&"verified".into(), &true.into()));
    }

    #[tokio::test]
    async fn a_log_that_is_renamed_away_is_begun_anew() {
        let dir = tempfile::tempdir().unwrap();
        let (now, before) = (dir.path().join("audit.jsonl"), dir.path().join("audit.1"));
        let log = AuditLog::open(dir.path()).unwrap();
        log.verified("a", "00", true, None).await.unwrap();
        std::fs::rename(&now, &before).unwrap();
        log.verified("b", "11", false, Some("x")).await.unwrap();
        for (path, by) in [(before, "\"a\""), (now, "\"b\"")] {
            let text = std::fs::read_to_string(path).unwrap();
            assert!(text.lines().count() == 1 && text.contains(by), "{text}");
        }
    }

    #[tokio::test]
    async fn what_cannot_be_written_down_is_an_error() {
        let dir = tempfile::tempdir().unwrap();
        let log = AuditLog::open(dir.path()).unwrap();
        std::fs::remove_file(dir.path().join("audit.jsonl")).unwrap();
        std::fs::create_dir(dir.path().join("audit.jsonl")).unwrap();
        assert!(matches!(log.verified("a", "00", true, None).await, Err(ServiceError::Io { .. })));
    }
}
