//! The store as it is written, and the checks that it can be meant.

use serde::Deserialize;
use zkl_core::{circuit::CircuitId, digest::KeyDigest, tree::TreeSize};
use zkl_merkle::{
    keys::{Origin, VerifyingKey},
    note::NoteVerifier,
};

use super::{SizeRange, TrustStore, TrustStoreError, Trusted};

const VERSION: u32 = 1;
/// Most items of one list.
const MAX_ITEMS: usize = 1_000;
/// Longest piece of the file in an error, in characters.
const EXCERPT: usize = 80;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StoreText {
    version: u32,
    #[serde(default)]
    log: Vec<LogText>,
    #[serde(default)]
    notary: Vec<KeyText>,
    #[serde(default)]
    string: Vec<StringText>,
    #[serde(default)]
    circuit: Vec<CircuitText>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LogText {
    key: String,
    from: Option<u64>,
    until: Option<u64>,
    label: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyText {
    key: String,
    log: Option<String>,
    from: Option<u64>,
    until: Option<u64>,
    label: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StringText {
    digest: String,
    log: Option<String>,
    from: Option<u64>,
    until: Option<u64>,
    label: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CircuitText {
    circuit: String,
    key: String,
    log: Option<String>,
    from: Option<u64>,
    until: Option<u64>,
    label: Option<String>,
}

impl TryFrom<StoreText> for TrustStore {
    type Error = TrustStoreError;

    fn try_from(text: StoreText) -> Result<Self, TrustStoreError> {
        let StoreText { version, log, notary, string, circuit } = text;
        if version != VERSION {
            return Err(TrustStoreError::Version { expected: VERSION, got: version });
        }
        let mut logs = List::new("log", &[]);
        for LogText { key, from, until, label } in log {
            let item: NoteVerifier = logs.parse("key", &key, "a log key (origin+hash+base64)")?;
            // What is said of a log's key is about its own log.
            logs.push(item, None, Some((from, until)), label)?;
        }
        let logs = logs.items;
        if logs.is_empty() {
            return Err(TrustStoreError::NoLog);
        }
        let mut notaries = List::new("notary", &logs);
        for KeyText { key, log, from, until, label } in notary {
            let item: VerifyingKey = notaries.parse("key", &key, "a notary's key (64 hexadecimal digits)")?;
            notaries.push_in(item, log, (from, until), label)?;
        }
        let mut strings = List::new("string", &logs);
        for StringText { digest, log, from, until, label } in string {
            let item: KeyDigest = strings.parse("digest", &digest, "a digest (64 hexadecimal digits)")?;
            strings.push_in(item, log, (from, until), label)?;
        }
        let mut circuits = List::new("circuit", &logs);
        for CircuitText { circuit, key, log, from, until, label } in circuit {
            let id: CircuitId = circuits.parse("circuit", &circuit, "a circuit (NAME@VERSION)")?;
            let key: KeyDigest = circuits.parse("key", &key, "a digest (64 hexadecimal digits)")?;
            circuits.push_in((id, key), log, (from, until), label)?;
        }
        let (notaries, strings, circuits) = (notaries.items, strings.items, circuits.items);
        Ok(Self { logs, notaries, strings, circuits })
    }
}

/// A list of the store that is being read.
struct List<'a, T> {
    table: &'static str,
    logs: &'a [Trusted<NoteVerifier>],
    items: Vec<Trusted<T>>,
}

type Ends = (Option<u64>, Option<u64>);

impl<'a, T: PartialEq> List<'a, T> {
    const fn new(table: &'static str, logs: &'a [Trusted<NoteVerifier>]) -> Self {
        Self { table, logs, items: Vec::new() }
    }

    /// Number of the item that comes next.
    const fn number(&self) -> usize {
        self.items.len() + 1
    }

    fn parse<V: std::str::FromStr>(
        &self,
        field: &'static str,
        text: &str,
        expected: &'static str,
    ) -> Result<V, TrustStoreError> {
        let got = || text.chars().take(EXCERPT).collect();
        let (table, number) = (self.table, self.number());
        text.parse().map_err(|_| TrustStoreError::Text { table, number, field, expected, got: got() })
    }

    /// Adds an item that may be about one log, and must be when it has a range.
    fn push_in(
        &mut self,
        item: T,
        log: Option<String>,
        ends: Ends,
        label: Option<String>,
    ) -> Result<(), TrustStoreError> {
        let (table, number) = (self.table, self.number());
        let Some(text) = log else {
            if ends != (None, None) {
                return Err(TrustStoreError::RangeOfNoLog { table, number });
            }
            return self.push(item, None, None, label);
        };
        let origin: Origin = self.parse("log", &text, "the origin of a log")?;
        if !self.logs.iter().any(|log| *log.item.name() == origin) {
            return Err(TrustStoreError::OtherLog { table, number, origin: text.chars().take(EXCERPT).collect() });
        }
        self.push(item, Some(origin), Some(ends), label)
    }

    fn push(
        &mut self,
        item: T,
        log: Option<Origin>,
        ends: Option<Ends>,
        label: Option<String>,
    ) -> Result<(), TrustStoreError> {
        let (table, number) = (self.table, self.number());
        if self.items.len() == MAX_ITEMS {
            return Err(TrustStoreError::TooMany { table, max: MAX_ITEMS });
        }
        let (from, until) = ends.unwrap_or_default();
        let from = from.unwrap_or(0);
        let range = SizeRange::new(TreeSize(from), until.map(TreeSize));
        let until = until.unwrap_or(u64::MAX);
        let range = range.ok_or(TrustStoreError::EmptyRange { table, number, from, until })?;
        // Once for every log and once more for one of them would say two things about that one.
        let same =
            |other: &Trusted<T>| other.item == item && (other.log.is_none() || log.is_none() || other.log == log);
        if let Some(first) = self.items.iter().position(same) {
            return Err(TrustStoreError::Repeated { table, number, first: first + 1 });
        }
        self.items.push(Trusted { item, log, range, label });
        Ok(())
    }
}
