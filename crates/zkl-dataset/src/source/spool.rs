//! What comes once, kept in a private temporary file so that it can be read again.

use std::{
    fs::File,
    io::{self, Write as _},
    sync::{Mutex, PoisonError},
};

use tempfile::NamedTempFile;

/// A temporary file that only this user can read, filled when it is first needed and removed with this value.
pub(super) struct Spool(Mutex<State>);

enum State {
    Empty,
    Full(NamedTempFile),
    /// What came once was used up by an attempt that failed.
    Spent,
}

impl Spool {
    pub(super) const fn new() -> Self {
        Self(Mutex::new(State::Empty))
    }

    /// The spooled bytes, from the start; `fill` writes them when this is called for the first time.
    pub(super) fn open(&self, fill: impl FnOnce(&mut File) -> io::Result<()>) -> io::Result<File> {
        // Every state is whole: a panic of `fill` leaves it spent.
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if matches!(*state, State::Empty) {
            *state = State::Spent;
            let mut file = NamedTempFile::with_prefix("zkl-spool-")?;
            fill(file.as_file_mut())?;
            file.flush()?;
            *state = State::Full(file);
        }
        match &*state {
            State::Full(file) => file.reopen(),
            _ => Err(io::Error::other("what was to be read came once and is used up")),
        }
    }
}
