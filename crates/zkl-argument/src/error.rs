//! What can go wrong: a proof that does not verify, and a caller who asks for the impossible.

use thiserror::Error;

use crate::hyperkzg::MaskedError;

/// A check of the scan argument that failed. One variant per check, in the order in which the verifier makes them.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ScanError {
    /// The proof has another number of messages than the shape says.
    #[error("the proof has {got} messages, the shape has {expected}")]
    MessageCount {
        /// Messages of the shape, in field elements.
        expected: usize,
        /// Messages of the proof, in field elements.
        got: usize,
    },
    /// The sealed profile or the layout vector has another number of elements than the shape says.
    #[error("{what} has {got} elements, the shape has {expected}")]
    StatementLength {
        /// Which vector.
        what: &'static str,
        /// Elements of the shape.
        expected: usize,
        /// Elements that were given.
        got: usize,
    },
    /// The row count is 0 or does not fit the shape.
    #[error("the row count is outside 1..=2^{log_rows}")]
    RowCount {
        /// Binary logarithm of the most rows.
        log_rows: usize,
    },
    /// A column that is never null has a sealed null count.
    #[error("a column that is never null seals null cells (dictionary {dictionary})")]
    NullsInFullColumn {
        /// Position among the categories, then the grouped columns, of the shape.
        dictionary: usize,
    },
    /// A challenge met an entry of a small table; happens with probability 2^-240 to an honest prover.
    #[error("the lookup challenge meets entry {entry} of small table {table}")]
    TableDenominator {
        /// Position among the small tables of the shape.
        table: usize,
        /// Entry of the table.
        entry: usize,
    },
    /// The common denominator of all lookups is zero.
    #[error("the denominator of the lookup sum is zero")]
    RootDenominator,
    /// The rows do not look up what the sealed counts and the multiplicities say.
    #[error("the lookups differ from the sealed counts and the multiplicities")]
    RootSum,
    /// A value of a dictionary has two codes, or rows have a code without value: equal keys could look different.
    #[error("column {column} of the key has one value under two codes")]
    CodesOfOneValue {
        /// Position among the columns of the relation.
        column: usize,
    },
    /// A challenge met a pole that the postings add up to; happens with probability 2^-250 to an honest prover.
    #[error("the challenge meets target {target} of the postings")]
    TargetDenominator {
        /// Position among the targets of the shape.
        target: usize,
    },
    /// The tables of a relation do not hold the rows that they should, or a committed column is not what it is said to be: digests those of the
    /// sealed dictionary, selectors bits, gaps in range and from each key to the next.
    #[error(
        "the tables do not hold the rows that the relation says, or values of a column are not those of its sealed dictionary"
    )]
    PostingSum,
    /// The rows that count in a relation are not those of the statement.
    #[error("the rows that count are not those of the statement")]
    PostingWeights,
    /// The end of a sumcheck of the lookup tree does not match the values below it.
    #[error("layer {layer} of the lookup tree does not follow from the layer below")]
    LayerEnd {
        /// Layer, 0 at the root.
        layer: usize,
    },
    /// The number of groups does not fit its dictionary.
    #[error("grouped column {grouped} seals more groups than its dictionary holds")]
    GroupCount {
        /// Position among the grouped columns of the shape.
        grouped: usize,
    },
    /// The sums over the rows differ from the sealed profile, a null rule is broken, or the lookups claim something else
    /// about the columns.
    #[error("the sums over the rows differ from the sealed profile or the lookups, or a null cell holds a value")]
    MomentsEnd,
    /// The mask challenge is zero; happens with probability 2^-254 to an honest prover.
    #[error("the mask challenge is zero")]
    MaskChallenge,
    /// The values of the moments are not those of the committed columns.
    #[error("the columns do not open to the claimed value")]
    OpeningEnd,
}

/// A layout or a table that the argument cannot take.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum PlanError {
    /// The table has more rows than the shape.
    #[error("{got} rows do not fit 2^{log_rows}")]
    Rows {
        /// Rows of the table.
        got: u64,
        /// Binary logarithm of the most rows.
        log_rows: usize,
    },
    /// The layout needs more slots of one kind than the shape has.
    #[error("the layout needs {got} slots of kind {kind}, the shape has {have}")]
    Slots {
        /// Kind of slot.
        kind: &'static str,
        /// Slots needed.
        got: usize,
        /// Slots of the shape.
        have: usize,
    },
    /// Rows, limbs or blocks outside what the argument supports.
    #[error("{what} is {got}, outside {min}..={max}")]
    Size {
        /// Which parameter.
        what: &'static str,
        /// Its value.
        got: usize,
        /// Least supported.
        min: usize,
        /// Most supported.
        max: usize,
    },
    /// A column is given in another form than the layout says, or with too few rows.
    #[error("column {index} does not have the form or the rows that the layout says")]
    Column {
        /// Position in the layout.
        index: usize,
    },
    /// The profile has other columns or pairs than the layout.
    #[error("record {index} of the profile does not have the form that the layout says")]
    Profile {
        /// Position among columns, then pairs.
        index: usize,
    },
    /// A cell is outside its range, so that no proof exists.
    #[error("a cell of committed column {cell} is outside its range")]
    Range {
        /// Position of the committed column.
        cell: usize,
    },
    /// A random challenge hit a value for which the prover has no message; happens with probability 2^-254. Prove again.
    #[error("a challenge is degenerate, prove again")]
    Degenerate,
}

/// Why the committed columns do not open to what the scan argument claims.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ColumnsError {
    /// Not one list of commitments per committed column.
    #[error("{got} committed columns, the layout has {expected}")]
    ColumnCount {
        /// Columns of the plan.
        expected: usize,
        /// Columns that were given.
        got: usize,
    },
    /// The opening.
    #[error(transparent)]
    Masked(#[from] MaskedError),
}
