//! What an embedder can tune. The defaults suit a service with a handful of writers.

use std::time::Duration;

/// Settings of one open store. None of them changes the format.
#[derive(Clone, Debug)]
pub struct PgConfig {
    /// Most connections that this handle opens at a time.
    pub max_connections: u32,
    /// How long a call waits for a connection, also while the server starts.
    pub acquire_timeout: Duration,
    /// How long the server works on one statement.
    pub statement_timeout: Duration,
    /// How long a statement waits for a lock: an append for those before it. The server ends a client that falls silent inside
    /// a transaction after half of it.
    pub lock_timeout: Duration,
    /// How long to find out whether an append was committed whose acknowledgement was lost.
    pub settle_timeout: Duration,
    /// How often an operation is tried while it fails in a way that leaves nothing behind: a lost connection, a server
    /// that restarts, a serialization failure, a deadlock.
    pub attempts: u32,
    /// Accepts a server that runs with `fsync` off and so loses acknowledged appends when its machine fails. For tests.
    pub danger_accept_fsync_off: bool,
}

impl Default for PgConfig {
    fn default() -> Self {
        Self {
            max_connections: 8,
            acquire_timeout: Duration::from_secs(15),
            statement_timeout: Duration::from_secs(30),
            lock_timeout: Duration::from_secs(15),
            settle_timeout: Duration::from_secs(30),
            attempts: 8,
            danger_accept_fsync_off: false,
        }
    }
}
