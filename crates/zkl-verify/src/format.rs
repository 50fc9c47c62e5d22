//! Forms of the output.

use clap::ValueEnum;

/// Form of the output.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// For people.
    #[default]
    Table,
    /// For programs; the fields are stable.
    Json,
    /// The same fields as YAML.
    Yaml,
    /// A line for each statement of each receipt (of verification alone).
    Csv,
}
