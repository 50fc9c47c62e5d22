//! What belongs to the lineage of a dataset, out of everything that was recorded.

use std::collections::{BTreeMap, BTreeSet};

use zkl_core::{digest::TransactionId, name::DatasetName};

use super::{Basis, Flow, Link, MAX_VERSIONS, Statement, Version, Withdrawals};

/// Which way a search goes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Towards {
    Sources,
    Results,
}

/// The relations that lead to a version of `dataset` or on from one, and those about a version on the way by which nothing came from
/// anything; and whether some were left out. `newest` is the newest version of the dataset.
///
/// Other results of an ancestor are no part of it: what a sibling was made into says nothing of the dataset.
pub(super) fn select(
    dataset: &DatasetName,
    newest: TransactionId,
    statements: Vec<Statement>,
) -> (Vec<Statement>, bool) {
    let mut by_version: BTreeMap<TransactionId, Vec<usize>> = BTreeMap::new();
    let mut starts = BTreeSet::from([newest]);
    for (at, statement) in statements.iter().enumerate() {
        for table in &statement.tables {
            by_version.entry(table.version).or_default().push(at);
            if table.dataset == *dataset {
                starts.insert(table.version);
            }
        }
    }
    let mut search = Search { statements: &statements, by_version: &by_version, taken: BTreeSet::new(), is_cut: false };
    let mut reached = search.run(&starts, Towards::Sources);
    reached.extend(search.run(&starts, Towards::Results));
    let Search { mut taken, is_cut, .. } = search;
    let about = reached.iter().filter_map(|version| by_version.get(version)).flatten();
    taken.extend(about.filter(|at| statements.get(**at).is_some_and(|one| one.operation.flow() == Flow::None)));
    let numbered = statements.into_iter().enumerate();
    (numbered.filter(|(at, _)| taken.contains(at)).map(|(_, statement)| statement).collect(), is_cut)
}

struct Search<'s> {
    statements: &'s [Statement],
    by_version: &'s BTreeMap<TransactionId, Vec<usize>>,
    /// Positions of the relations that were followed.
    taken: BTreeSet<usize>,
    is_cut: bool,
}

impl Search<'_> {
    /// Everything that can be reached; every version is looked at once, so it ends whatever leads where.
    fn run(&mut self, starts: &BTreeSet<TransactionId>, towards: Towards) -> BTreeSet<TransactionId> {
        let mut reached = starts.clone();
        let mut waiting: Vec<TransactionId> = starts.iter().copied().collect();
        while let Some(version) = waiting.pop() {
            for &at in self.by_version.get(&version).into_iter().flatten() {
                let Some(statement) = self.statements.get(at) else { continue };
                for next in next(statement, version, towards) {
                    if reached.len() >= MAX_VERSIONS && !reached.contains(&next) {
                        self.is_cut = true;
                        continue;
                    }
                    self.taken.insert(at);
                    if reached.insert(next) {
                        waiting.push(next);
                    }
                }
            }
        }
        reached
    }
}

/// The versions that a statement leads to from `version`.
fn next(statement: &Statement, version: TransactionId, towards: Towards) -> Vec<TransactionId> {
    let is_alike = statement.operation.flow() == Flow::Alike;
    let step = |(from, to): (TransactionId, TransactionId)| {
        let (here, there) = if towards == Towards::Sources { (to, from) } else { (from, to) };
        match version {
            version if version == here => Some(there),
            version if is_alike && version == there => Some(here),
            _ => None,
        }
    };
    statement.steps().filter_map(step).collect()
}

/// What came from what: by relations, by the word of a notary who named a replacement, and between versions of one name that nothing else
/// joins, by that.
pub(super) fn links(versions: &[Version], statements: &[Statement], withdrawals: &Withdrawals) -> Vec<Link> {
    let mut links: Vec<Link> = Vec::new();
    for statement in statements {
        let steps = statement.steps();
        let link = |(from, to)| Link { from, to, by: Basis::Relation, statement: Some(statement.entry) };
        links.extend(steps.map(link));
    }
    let is_here = |id: &TransactionId| versions.iter().any(|version| version.entry == *id);
    for (&from, (_, replacement)) in withdrawals {
        if let Some(to) = replacement.filter(|to| is_here(to) && is_here(&from)) {
            links.push(Link { from, to, by: Basis::Replacement, statement: None });
        }
    }
    let mut newest: BTreeMap<&DatasetName, TransactionId> = BTreeMap::new();
    for version in versions {
        let to = version.entry;
        if let Some(from) = newest.insert(&version.dataset, to) {
            let joins = |link: &Link| (link.from, link.to) == (from, to) || (link.from, link.to) == (to, from);
            if !links.iter().any(joins) {
                links.push(Link { from, to, by: Basis::Name, statement: None });
            }
        }
    }
    links
}
