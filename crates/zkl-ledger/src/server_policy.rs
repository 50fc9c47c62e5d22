//! What servers let others do, as the log has it: recorded each time that it changes, and followed from the first entry on (ADR 36).

use std::collections::BTreeSet;

use zkl_core::{
    storage::{Query, StorageBackendExt as _},
    time::Timestamp,
    transaction::OperationKind,
    tree::{LeafIndex, TreeSize},
};
use zkl_merkle::{
    checkpoint::SignedCheckpoint,
    keys::{Origin, VerifyingKey},
    note::NoteVerifier,
    tile::RightEdge,
};
use zkl_receipt::{AccessPolicy, Nonce, NotaryRotations, PolicyLine, PolicyRecord, Predicate};

use crate::{
    audit::AuditError,
    entry::Entry,
    error::LedgerError,
    export::{ExportDir, RemoteExport},
    ledger::Ledger,
    rotation,
    source::LogSource,
    walk::walk,
};

/// Bytes of lines after which an entry is closed. With what encoding adds, an entry stays far below its longest.
const MAX_LINES: usize = 16 * 1024;

/// The policy of a server at a size of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ServerPolicy {
    /// The server, by the name that it chose.
    pub server: PolicyLine,
    /// The notary in whose name it signs, by its newest key.
    pub notary: VerifyingKey,
    /// Who may do what.
    pub policy: AccessPolicy,
    /// Entries that led there.
    pub entries: u64,
    /// The newest of them.
    pub newest: LeafIndex,
    /// When that was recorded, by the notary's clock.
    pub recorded_at: Timestamp,
    /// Entries that do not follow from what was recorded before them, and were passed over.
    pub breaks: Vec<LeafIndex>,
    /// Entries with which the server began anew: what held just before them, nobody says.
    pub restarts: Vec<LeafIndex>,
    /// Whether the policy is what the server says that it is: nothing was passed over since it began, or began anew.
    pub is_whole: bool,
}

impl Ledger {
    /// Records that the policy of a server changed, in as many entries as its lines need: what holds no longer first. Durable on return.
    /// Without `before` the server begins, or begins anew.
    ///
    /// # Errors
    /// As [`Ledger::append`]. When a later one of several entries fails, the earlier ones are in the log: [`Ledger::server_policies`] says
    /// where they led.
    pub async fn record_policy(
        &self,
        server: &PolicyLine,
        before: Option<&AccessPolicy>,
        after: &AccessPolicy,
        by: &PolicyLine,
    ) -> Result<Vec<Entry>, LedgerError> {
        let notary = self.notary()?.verifying_key();
        let mut now = before.cloned().unwrap_or_default();
        let mut digest = before.map(AccessPolicy::digest);
        let mut entries = Vec::new();
        let changes = parts(&now, after);
        for (removed, added) in changes {
            now = now.with(&removed, &added);
            let record = PolicyRecord {
                log: self.log_key().name().clone(),
                server: server.clone(),
                before: digest,
                removed: removed.into_iter().collect(),
                added: added.into_iter().collect(),
                after: now.digest(),
                by: by.clone(),
                notary,
                recorded_at: Timestamp::now(),
                nonce: Nonce::generate().map_err(LedgerError::randomness)?,
            };
            digest = Some(record.after);
            entries.push(self.append(self.sign(Predicate::Policy(record)).await?).await?);
        }
        Ok(entries)
    }

    /// The policies of all servers that recorded one, when the log had `size` entries; now, if none is given.
    ///
    /// # Errors
    /// As [`Ledger::entries`].
    pub async fn server_policies(&self, size: Option<TreeSize>) -> Result<Vec<ServerPolicy>, LedgerError> {
        let (storage, log) = (&*self.storage, self.log_key());
        let mut replay = Replay::new(log.name().clone());
        let index = size.map(|size| 0..size.0);
        let mut pages = storage.pages(Query { kind: Some(OperationKind::POLICY), index, ..Query::default() });
        let mut notaries = None;
        while let Some(page) = pages.next().await? {
            for stored in &page {
                let entry = Entry::from_stored(stored)?;
                let Predicate::Policy(record) = entry.predicate() else { continue };
                if notaries.is_none() {
                    notaries = Some(rotation::of_notaries(storage, log.name()).await?);
                }
                replay.add(entry.index, record, notaries.as_ref());
            }
        }
        Ok(replay.servers)
    }

    /// The policy that this ledger's notary recorded of a server, if it recorded one.
    ///
    /// # Errors
    /// As [`Ledger::entries`]; [`LedgerError::ReadOnly`].
    pub async fn server_policy(&self, server: &PolicyLine) -> Result<Option<ServerPolicy>, LedgerError> {
        let notary = self.notary()?.verifying_key();
        let mut servers = self.server_policies(None).await?;
        servers.retain(|found| found.server == *server);
        if servers.is_empty() {
            return Ok(None);
        }
        let log = self.log_key();
        let notaries = rotation::of_notaries(&*self.storage, log.name()).await?;
        let end = LeafIndex(u64::MAX);
        Ok(servers.into_iter().find(|found| notaries.is_same(&found.notary, &notary, log.name(), end)))
    }
}

impl ExportDir {
    /// As [`Ledger::server_policies`], from the files of an export alone, all of whose entries are checked. `log` is the key that the log
    /// has now.
    ///
    /// # Errors
    /// [`AuditError`], by the first check that fails.
    pub async fn server_policies(
        &self,
        log: &NoteVerifier,
        size: Option<TreeSize>,
    ) -> Result<Vec<ServerPolicy>, AuditError> {
        replay(self, log, size).await
    }
}

impl RemoteExport {
    /// As [`ExportDir::server_policies`].
    ///
    /// # Errors
    /// [`AuditError`], by the first check that fails.
    pub async fn server_policies(
        &self,
        log: &NoteVerifier,
        size: Option<TreeSize>,
    ) -> Result<Vec<ServerPolicy>, AuditError> {
        replay(self, log, size).await
    }
}

type Lines = BTreeSet<PolicyLine>;

/// The changes from one policy to another, each small enough for an entry: there is at least one.
fn parts(before: &AccessPolicy, after: &AccessPolicy) -> Vec<(Lines, Lines)> {
    let mut parts = vec![(Lines::new(), Lines::new())];
    let mut bytes = 0;
    let gone = before.beyond(after).map(|line| (false, line));
    for (comes, line) in gone.chain(after.beyond(before).map(|line| (true, line))) {
        if bytes + line.as_str().len() > MAX_LINES {
            parts.push((Lines::new(), Lines::new()));
            bytes = 0;
        }
        bytes += line.as_str().len();
        if let Some((removed, added)) = parts.last_mut() {
            if comes { added } else { removed }.insert(line.clone());
        }
    }
    parts
}

/// Follows the entries about policies, in the order of the log.
struct Replay {
    log: Origin,
    servers: Vec<ServerPolicy>,
}

impl Replay {
    const fn new(log: Origin) -> Self {
        Self { log, servers: Vec::new() }
    }

    /// What is said of another log says nothing, and nobody says what another notary's server does.
    fn add(&mut self, index: LeafIndex, record: &PolicyRecord, notaries: Option<&NotaryRotations>) {
        if record.log != self.log {
            return;
        }
        let is_same = |server: &ServerPolicy| {
            let led = |notaries: &NotaryRotations| notaries.is_same(&server.notary, &record.notary, &self.log, index);
            server.server == record.server && (server.notary == record.notary || notaries.is_some_and(led))
        };
        let at = self.servers.iter().position(is_same).unwrap_or_else(|| {
            self.servers.push(ServerPolicy {
                server: record.server.clone(),
                notary: record.notary,
                policy: AccessPolicy::default(),
                entries: 0,
                newest: index,
                recorded_at: record.recorded_at,
                breaks: Vec::new(),
                restarts: Vec::new(),
                is_whole: true,
            });
            self.servers.len() - 1
        });
        let Some(server) = self.servers.get_mut(at) else { return };
        if record.before.is_none() && server.entries > 0 {
            server.restarts.push(index);
        }
        server.entries += 1;
        (server.newest, server.recorded_at, server.notary) = (index, record.recorded_at, record.notary);
        match server.policy.after(record).filter(|_| server.is_whole || record.before.is_none()) {
            Some(after) => {
                server.policy = after;
                server.is_whole = true;
            }
            None => {
                server.breaks.push(index);
                server.is_whole = false;
            }
        }
    }
}

/// The policies in a published log, whose tree is built from its entries and compared with the checkpoint.
async fn replay(
    source: &dyn LogSource,
    log: &NoteVerifier,
    size: Option<TreeSize>,
) -> Result<Vec<ServerPolicy>, AuditError> {
    let Some(head) = source.head().await.map_err(LedgerError::from)? else { return Ok(Vec::new()) };
    let signed = SignedCheckpoint::parse(&head.checkpoint).map_err(AuditError::Checkpoint)?;
    let now = signed.open(log).map_err(AuditError::Checkpoint)?;
    let until = size.unwrap_or_else(|| now.size());
    let (mut replay, mut notaries) = (Replay::new(log.name().clone()), NotaryRotations::default());
    walk(source, RightEdge::empty(), &now, &(), |index, _, predicate| {
        match predicate {
            Predicate::Key(record) => notaries.add(index, record, log.name().as_str()),
            Predicate::Policy(record) if index.0 < until.0 => replay.add(index, record, Some(&notaries)),
            _ => {}
        }
        Ok(())
    })
    .await?;
    Ok(replay.servers)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(text: &str) -> PolicyLine {
        PolicyLine::try_from(text.to_owned()).unwrap()
    }

    fn policy(lines: impl IntoIterator<Item = String>) -> AccessPolicy {
        lines.into_iter().map(|text| line(&text)).collect()
    }

    /// What is recorded is what is followed, whatever was changed in between.
    #[tokio::test]
    async fn a_policy_is_followed_to_every_size() {
        let ledger = Ledger::in_memory().unwrap();
        let (server, by) = (line("a"), line("operator"));
        assert_eq!(ledger.server_policies(None).await.unwrap(), []);
        let mut states: Vec<AccessPolicy> = Vec::new();
        for lines in [vec!["x", "y"], vec!["y", "z"], vec![], vec!["x", "y"]] {
            let next = policy(lines.into_iter().map(str::to_owned));
            let entries = ledger.record_policy(&server, states.last(), &next, &by).await.unwrap();
            assert_eq!(entries.len(), 1);
            states.push(next);
        }
        for (size, state) in (1..).zip(&states) {
            let [found] = &ledger.server_policies(Some(TreeSize(size))).await.unwrap()[..] else {
                panic!("one server")
            };
            assert_eq!((&found.policy, found.entries, found.newest), (state, size, LeafIndex(size - 1)));
            assert!(found.is_whole && found.breaks.is_empty() && found.restarts.is_empty());
        }
    }

    #[tokio::test]
    async fn a_large_change_is_several_entries() {
        let ledger = Ledger::in_memory().unwrap();
        let (server, by) = (line("a"), line("operator"));
        let first = policy((0..500).map(|n| format!("{n} {}", "\"".repeat(900))));
        let second = policy((300..800).map(|n| format!("{n} {}", "\\".repeat(1_000))));
        let wrote = ledger.record_policy(&server, None, &first, &by).await.unwrap();
        assert!(wrote.len() > 10, "{}", wrote.len());
        ledger.record_policy(&server, Some(&first), &second, &by).await.unwrap();
        let [found] = &ledger.server_policies(None).await.unwrap()[..] else { panic!("one server") };
        assert!(found.policy == second && found.is_whole);
    }

    #[tokio::test]
    async fn what_does_not_follow_is_passed_over_until_the_server_begins_anew() {
        let ledger = Ledger::in_memory().unwrap();
        let (server, by) = (line("a"), line("operator"));
        let states = ["x", "y", "z"].map(|text| policy([text.to_owned()]));
        let [x, y, z] = &states;
        ledger.record_policy(&server, None, x, &by).await.unwrap();
        // As two servers with a copy of one directory do.
        ledger.record_policy(&server, Some(x), y, &by).await.unwrap();
        ledger.record_policy(&server, Some(x), z, &by).await.unwrap();
        // It would follow, had the one before.
        ledger.record_policy(&server, Some(y), z, &by).await.unwrap();
        let found = ledger.server_policies(None).await.unwrap();
        assert_eq!((&found[0].policy, found[0].is_whole), (y, false));
        assert_eq!(found[0].breaks, [LeafIndex(2), LeafIndex(3)]);
        ledger.record_policy(&server, None, z, &by).await.unwrap();
        // Another server is another matter.
        ledger.record_policy(&line("b"), None, x, &by).await.unwrap();
        let found = ledger.server_policies(None).await.unwrap();
        assert_eq!((found.len(), &found[0].policy, found[0].is_whole), (2, z, true));
        assert_eq!(found[0].restarts, [LeafIndex(4)]);
        assert!(found[1].restarts.is_empty());
        assert_eq!(&found[1].policy, x);
    }
}
