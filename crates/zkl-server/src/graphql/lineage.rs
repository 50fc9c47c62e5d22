//! Where a dataset comes from, as a graph.

use async_graphql::{Enum, SimpleObject};
use zkl_ledger::lineage;

/// Where a dataset comes from and what became of it.
#[derive(SimpleObject)]
pub(super) struct Lineage {
    /// Notarized versions, in the order of the log.
    versions: Vec<LineageVersion>,
    /// Relations between them, in the order of the log.
    statements: Vec<LineageStatement>,
    /// Which version came from which.
    links: Vec<LineageLink>,
    /// Whether there is more than was looked at.
    is_cut: bool,
    /// The same in the language of Mermaid.
    mermaid: String,
}

/// A notarized version of a dataset.
#[derive(SimpleObject)]
struct LineageVersion {
    /// Its place in the log.
    index: u64,
    /// Id of its entry.
    id: String,
    /// Name of the dataset.
    dataset: String,
    /// Its rows.
    rows: Option<u64>,
    /// Whether a proof over every row was recorded with it.
    is_proved: bool,
    /// Place of its newest withdrawal.
    withdrawn: Option<u64>,
}

/// A proved relation between versions.
#[derive(SimpleObject)]
struct LineageStatement {
    /// Its place in the log.
    index: u64,
    /// Id of its entry.
    id: String,
    /// How the versions are related: `filter`, `split` and so on.
    operation: &'static str,
    /// What it asks of rows, such as `age >= 18`.
    details: Option<String>,
    /// The columns in which the versions were compared.
    columns: Vec<String>,
    /// The versions, in the order of their roles.
    tables: Vec<LineageTable>,
    /// Place of its newest withdrawal.
    withdrawn: Option<u64>,
}

/// A version in a relation.
#[derive(SimpleObject)]
struct LineageTable {
    /// What it is in the relation, such as `whole`.
    role: String,
    /// Name of its dataset.
    dataset: String,
    /// Id of its entry.
    id: String,
}

/// A version that came from another one.
#[derive(SimpleObject)]
struct LineageLink {
    /// Id of the entry of the version that it came from.
    from: String,
    /// Id of the entry of the version that came of it.
    to: String,
    /// What says so.
    by: LineageBasis,
    /// Id of the entry of the relation, where it is one.
    statement: Option<String>,
}

/// What says that one version came from another.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
enum LineageBasis {
    /// A relation between their rows, with a proof.
    Relation,
    /// The notary, who named the one to replace the other.
    Replacement,
    /// Their name alone.
    Name,
}

impl From<lineage::Lineage> for Lineage {
    fn from(found: lineage::Lineage) -> Self {
        let mermaid = found.to_mermaid();
        let version = |version: lineage::Version| LineageVersion {
            index: version.index,
            id: version.entry.to_string(),
            dataset: version.dataset.to_string(),
            rows: version.rows,
            is_proved: version.is_proved,
            withdrawn: version.withdrawn,
        };
        let table = |table: lineage::RelatedVersion| LineageTable {
            role: table.role,
            dataset: table.dataset.to_string(),
            id: table.version.to_string(),
        };
        let statement = |statement: lineage::Statement| LineageStatement {
            index: statement.index,
            id: statement.entry.to_string(),
            operation: statement.operation.name(),
            details: statement.details,
            columns: statement.columns,
            tables: statement.tables.into_iter().map(table).collect(),
            withdrawn: statement.withdrawn,
        };
        let link = |link: lineage::Link| LineageLink {
            from: link.from.to_string(),
            to: link.to.to_string(),
            by: match link.by {
                lineage::Basis::Relation => LineageBasis::Relation,
                lineage::Basis::Replacement => LineageBasis::Replacement,
                lineage::Basis::Name => LineageBasis::Name,
            },
            statement: link.statement.map(|id| id.to_string()),
        };
        Self {
            versions: found.versions.into_iter().map(version).collect(),
            statements: found.statements.into_iter().map(statement).collect(),
            links: found.links.into_iter().map(link).collect(),
            is_cut: found.is_cut,
            mermaid,
        }
    }
}
