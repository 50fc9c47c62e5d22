//! Reading policy files: lines of octets, items between spaces and tabs.

use std::{
    collections::{HashMap, HashSet},
    str::FromStr,
};

use super::{Node, NodeKind, Policy, PolicyLog, PolicyName, PolicySyntaxError, PolicyWitness, Quorum};
use crate::{
    encoding::from_decimal,
    error::{KeyError, NoteError},
    keys::PUBLIC_KEY_LEN,
};

/// Longest piece of a stranger's text in an error, in characters.
const EXCERPT: usize = 60;

/// The quorum that asks for nobody.
const NONE: &[u8] = b"none";

pub(super) fn policy(bytes: &[u8]) -> Result<Policy, PolicySyntaxError> {
    if bytes.len() > Policy::MAX_LEN {
        return Err(PolicySyntaxError::TooLong { max: Policy::MAX_LEN, got: bytes.len() });
    }
    let mut parser = Parser::default();
    for (number, line) in (1..).zip(bytes.split_inclusive(|b| *b == b'\n')) {
        let line = line.strip_suffix(b"\n").ok_or(PolicySyntaxError::UnterminatedLine)?;
        if line.iter().any(|b| matches!(b, 0..=8 | 11..=31 | 127)) {
            return Err(PolicySyntaxError::ControlCharacter { line: number });
        }
        let items: Vec<&[u8]> = line.split(|b| matches!(b, b' ' | b'\t')).filter(|item| !item.is_empty()).collect();
        if items.first().is_some_and(|first| !first.starts_with(b"#")) {
            parser.line(number, &items)?;
        }
    }
    let quorum = parser.quorum.ok_or(PolicySyntaxError::NoQuorum)?;
    Ok(Policy { logs: parser.logs, witnesses: parser.witnesses, nodes: parser.nodes, quorum })
}

#[derive(Default)]
struct Parser {
    logs: Vec<PolicyLog>,
    witnesses: Vec<PolicyWitness>,
    nodes: Vec<Node>,
    /// Positions of the nodes by name.
    names: HashMap<PolicyName, usize>,
    /// Nodes that are members of a group.
    members: HashSet<usize>,
    log_keys: HashSet<[u8; PUBLIC_KEY_LEN]>,
    witness_keys: HashSet<[u8; PUBLIC_KEY_LEN]>,
    quorum: Option<Quorum>,
}

impl Parser {
    fn line(&mut self, line: usize, items: &[&[u8]]) -> Result<(), PolicySyntaxError> {
        let wrong = |expected| Err(PolicySyntaxError::Items { line, expected, got: items.len() });
        match *items {
            [b"log", key] => self.log(line, key, None),
            [b"log", key, url] => self.log(line, key, Some(url)),
            [b"log", ..] => wrong("log KEY [URL]"),
            [b"witness", name, key] => self.witness(line, name, key, None),
            [b"witness", name, key, url] => self.witness(line, name, key, Some(url)),
            [b"witness", ..] => wrong("witness NAME KEY [URL]"),
            [b"group", name, threshold, ref members @ ..] if !members.is_empty() => {
                self.group(line, name, threshold, members)
            }
            [b"group", ..] => wrong("group NAME THRESHOLD MEMBER..."),
            [b"quorum", name] => self.quorum(line, name),
            [b"quorum", ..] => wrong("quorum NAME"),
            _ => Err(PolicySyntaxError::Keyword {
                line,
                got: items.first().map_or_else(String::new, |word| excerpt(word)),
            }),
        }
    }

    fn log(&mut self, line: usize, key: &[u8], url: Option<&[u8]>) -> Result<(), PolicySyntaxError> {
        let log = PolicyLog { key: parse_key(line, key)?, url: parse_url(line, url)? };
        if !self.log_keys.insert(*log.key.key().as_bytes()) {
            return Err(PolicySyntaxError::DuplicateKey { line });
        }
        self.logs.push(log);
        self.check_number()
    }

    fn witness(&mut self, line: usize, name: &[u8], key: &[u8], url: Option<&[u8]>) -> Result<(), PolicySyntaxError> {
        let name = PolicyName(name.to_vec());
        let witness = PolicyWitness { name: name.clone(), key: parse_key(line, key)?, url: parse_url(line, url)? };
        // Under two names one witness would count twice.
        if !self.witness_keys.insert(*witness.key.key().as_bytes()) {
            return Err(PolicySyntaxError::DuplicateKey { line });
        }
        self.define(line, name, NodeKind::Witness(self.witnesses.len()))?;
        self.witnesses.push(witness);
        Ok(())
    }

    fn group(
        &mut self,
        line: usize,
        name: &[u8],
        threshold: &[u8],
        members: &[&[u8]],
    ) -> Result<(), PolicySyntaxError> {
        let threshold = match threshold {
            b"all" => members.len(),
            b"any" => 1,
            number => {
                let parsed = str::from_utf8(number).ok().and_then(from_decimal).and_then(|k| usize::try_from(k).ok());
                let bad = || PolicySyntaxError::Threshold { line, members: members.len(), got: excerpt(number) };
                parsed.filter(|k| (1..=members.len()).contains(k)).ok_or_else(bad)?
            }
        };
        let mut positions = Vec::with_capacity(members.len());
        for member in members {
            let position = self.position(line, member)?;
            if !self.members.insert(position) {
                return Err(PolicySyntaxError::RepeatedMember { line, name: excerpt(member) });
            }
            positions.push(position);
        }
        self.define(line, PolicyName(name.to_vec()), NodeKind::Group { threshold, members: positions })
    }

    fn quorum(&mut self, line: usize, name: &[u8]) -> Result<(), PolicySyntaxError> {
        if self.quorum.is_some() {
            return Err(PolicySyntaxError::SecondQuorum { line });
        }
        self.quorum = Some(if name == NONE { Quorum::None } else { Quorum::Node(self.position(line, name)?) });
        Ok(())
    }

    fn define(&mut self, line: usize, name: PolicyName, kind: NodeKind) -> Result<(), PolicySyntaxError> {
        if name.0 == NONE || self.names.contains_key(&name) {
            return Err(PolicySyntaxError::DuplicateName { line, name: excerpt(&name.0) });
        }
        self.names.insert(name.clone(), self.nodes.len());
        self.nodes.push(Node { name, kind });
        self.check_number()
    }

    fn position(&self, line: usize, name: &[u8]) -> Result<usize, PolicySyntaxError> {
        let known = self.names.get(&PolicyName(name.to_vec())).copied();
        known.ok_or_else(|| PolicySyntaxError::UnknownName { line, name: excerpt(name) })
    }

    fn check_number(&self) -> Result<(), PolicySyntaxError> {
        let max = Policy::MAX_DEFINITIONS;
        if self.logs.len() + self.nodes.len() > max { Err(PolicySyntaxError::TooMany { max }) } else { Ok(()) }
    }
}

fn parse_key<K: FromStr<Err = NoteError>>(line: usize, key: &[u8]) -> Result<K, PolicySyntaxError> {
    let text = str::from_utf8(key).map_err(|_| NoteError::Key(KeyError::PublicKey));
    text.and_then(K::from_str).map_err(|source| PolicySyntaxError::Key { line, source })
}

fn parse_url(line: usize, url: Option<&[u8]>) -> Result<Option<String>, PolicySyntaxError> {
    let url = url.map(|url| String::from_utf8(url.to_vec())).transpose();
    url.map_err(|_| PolicySyntaxError::Url { line })
}

fn excerpt(text: &[u8]) -> String {
    String::from_utf8_lossy(text).chars().take(EXCERPT).collect()
}
