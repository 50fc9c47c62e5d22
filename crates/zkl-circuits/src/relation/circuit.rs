//! The relation circuit: one constraint system per shape.

use sha2::{Digest as _, Sha256};
use zeroize::Zeroize as _;
use zkl_argument::relation::{
    ColumnShape, RELATION_DOMAIN, RelationKind, RelationOpening, RelationShape, SealedColumn, SealedTable, Side,
    TableShape, Test, verify_relation,
};
use zkl_core::{
    ark::{
        Fr,
        ff::AdditiveGroup as _,
        relations::gr1cs::{ConstraintSystemRef, SynthesisError},
    },
    circuit::{Circuit, CircuitId},
    error::ParseError,
};
use zkl_snark::gadgets::{Cs, FieldVar, GadgetError};

use crate::{
    scan::CircuitVerifier,
    seal::{
        CategoryRecord, CategoryRecordVar, NumericRecord, NumericRecordVar, Opening, RecordIndex, RecordIndexVar, Seal,
        SealCommitment, SealError,
    },
};

/// Version of every relation circuit.
const VERSION: u32 = 1;

/// Id of the relation circuit of `shape`: `relation/KIND-MU-DIGEST`, where KIND is `rows`, `subset`, `unique`, `classes`, `bounds`, `filter`, `erase`,
/// `present`, `absent`, `disjoint` or `dedup`, and DIGEST are the first 32 hexadecimal digits of the SHA-256 of the text that `shape_text` makes.
pub fn relation_circuit_id(shape: &RelationShape) -> CircuitId {
    let digest = hex::encode(Sha256::digest(shape_text(shape)));
    let kind = match shape.kind() {
        RelationKind::SameRows => "rows",
        RelationKind::Subset => "subset",
        RelationKind::Unique => "unique",
        // Whatever k is: only weights depend on it.
        RelationKind::KAnonymous { .. } => "classes",
        RelationKind::Bounds { .. } => "bounds",
        RelationKind::Filter => "filter",
        RelationKind::Erase => "erase",
        RelationKind::Present => "present",
        RelationKind::Absent => "absent",
        RelationKind::Disjoint => "disjoint",
        RelationKind::Dedup { .. } => "dedup",
    };
    let name = format!("relation/{kind}-{}-{}", shape.log_rows(), digest.get(..32).unwrap_or_default());
    let id: Result<CircuitId, ParseError> = CircuitId::new(&name, VERSION);
    #[expect(clippy::expect_used, reason = "the name has two numbers and a digest of fixed length")]
    id.expect("a valid circuit name")
}

/// `20 l2:n3,n1?,c16 r1:n2,n1,c4`: rows as a binary logarithm; per table its side, units, and columns: limbs of numbers, then fraction bits after
/// a point if there are any, as in `n2.14`, and `?` for those that may be null, capacities of dictionaries, `h` for hashed text. `20/16 l2:n3` where limbs are looked up: after the slash the bits of one. At the end tests, `0> 2< 1=` for what
/// columns are at least, at most and equal to; or the limbs of the distance to a bound, `4`, with `?` where nulls are allowed; or the columns of a
/// key, `k0,2`. Constants are no part of it.
fn shape_text(shape: &RelationShape) -> String {
    let column = |column: &ColumnShape| match *column {
        ColumnShape::Numeric { limbs, nullable, fraction_bits } => {
            let fraction = if fraction_bits > 0 { format!(".{fraction_bits}") } else { String::new() };
            format!("n{limbs}{fraction}{}", if nullable { "?" } else { "" })
        }
        ColumnShape::Category { capacity } | ColumnShape::Code { capacity } => format!("c{capacity}"),
        ColumnShape::Hashed => "h".to_owned(),
    };
    let mut text = shape.log_rows().to_string();
    if shape.kind().has_limbs() {
        text.push_str(&format!("/{}", shape.limb_bits()));
    }
    for table in shape.tables() {
        let side = match table.side {
            Side::Left => 'l',
            Side::Right => 'r',
        };
        let columns: Vec<String> = table.columns.iter().map(column).collect();
        text.push_str(&format!(" {side}{}:{}", table.units, columns.join(",")));
    }
    for test in shape.tests() {
        let sign = match test.test {
            Test::AtLeast(_) => '>',
            Test::AtMost(_) => '<',
            Test::Equal(_) => '=',
        };
        text.push_str(&format!(" {}{sign}", test.column));
    }
    match shape.kind() {
        RelationKind::Bounds { nulls, .. } => {
            // Two distances and the multiplicities.
            let limbs = shape.extra(0).len() / 2;
            text.push_str(&format!(" {limbs}{}", if nulls { "?" } else { "" }));
        }
        RelationKind::Dedup { key } => {
            let columns: Vec<String> = key.iter().map(|column| column.to_string()).collect();
            text.push_str(&format!(" k{}", columns.join(",")));
        }
        RelationKind::SameRows
        | RelationKind::Subset
        | RelationKind::Unique
        | RelationKind::KAnonymous { .. }
        | RelationKind::Filter
        | RelationKind::Erase
        | RelationKind::Present
        | RelationKind::Absent
        | RelationKind::Disjoint => {}
    }
    text
}

/// Public inputs of a relation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RelationInputs {
    /// Digest of everything public that was fixed before the first challenge.
    pub t0: Fr,
    /// The tables.
    pub tables: Vec<TableInputs>,
    /// The claim about the committed columns.
    pub opening: RelationOpening<Fr>,
}

/// Public inputs that are about one table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableInputs {
    /// The sealed profile, as a field element.
    pub h: Fr,
    /// Rows of each unit.
    pub rows: Vec<u64>,
    /// Leaves of the compared columns' records, in order; hashed columns have none.
    pub leaves: Vec<RecordIndex>,
}

impl TableInputs {
    pub(super) fn new(h: SealCommitment, rows: Vec<u64>, leaves: Vec<RecordIndex>) -> Self {
        Self { h: h.field(), rows, leaves }
    }
}

impl RelationInputs {
    /// In the order in which the circuit allocates them: t0; per table h, rows of its units, leaves; `r*`, `z_blk`, Y, eta, rho, `y`.
    pub fn to_vec(&self) -> Vec<Fr> {
        let mut inputs = vec![self.t0];
        for TableInputs { h, rows, leaves } in &self.tables {
            inputs.push(*h);
            inputs.extend(rows.iter().map(|&rows| Fr::from(rows)));
            inputs.extend(leaves.iter().map(|leaf| leaf.public_input()));
        }
        inputs.extend(self.opening.elements());
        inputs
    }

    /// Inputs that mean nothing, as many as there are for `shape`.
    fn blank(shape: &RelationShape) -> Self {
        let table = |table: &TableShape| TableInputs {
            h: Fr::ZERO,
            rows: vec![0; table.units],
            leaves: vec![RecordIndex::HEADER; sealed_columns(table)],
        };
        let zeros = |len: usize| vec![Fr::ZERO; len];
        let opening = RelationOpening {
            r_star: zeros(shape.log_rows()),
            z_blk: zeros(shape.block_bits()),
            tuple: Fr::ZERO,
            eta: Fr::ZERO,
            rho: Fr::ZERO,
            value: Fr::ZERO,
        };
        Self { t0: Fr::ZERO, tables: shape.tables().iter().map(table).collect(), opening }
    }
}

/// Columns of which the seal has a record that the relation reads.
fn sealed_columns(table: &TableShape) -> usize {
    table.columns.iter().filter(|column| column.is_sealed()).count()
}

/// A record that a relation reads, with its place in the seal.
#[derive(Clone)]
pub(super) enum RecordOpening {
    /// Nothing is read.
    Unread,
    Numeric(Opening<NumericRecord>),
    Category(Opening<CategoryRecord>),
}

impl RecordOpening {
    /// The record of a compared column.
    pub(super) fn new(seal: &Seal, column: ColumnShape, position: usize) -> Result<Self, SealError> {
        match column {
            ColumnShape::Numeric { .. } => seal.numeric(position).map(Self::Numeric),
            ColumnShape::Category { .. } | ColumnShape::Code { .. } => seal.category(position).map(Self::Category),
            ColumnShape::Hashed => Ok(Self::Unread),
        }
    }

    /// What the argument takes of it.
    pub(super) fn sealed(&self) -> SealedColumn<Fr> {
        match self {
            Self::Unread => SealedColumn::Hashed,
            Self::Numeric(opening) => SealedColumn::Numeric { min: Fr::from(opening.record.min) },
            Self::Category(opening) => SealedColumn::Category {
                counts: opening.record.counts.iter().map(|&count| Fr::from(count)).collect(),
                values: opening.record.values.clone(),
            },
        }
    }
}

/// The prover's side.
pub(super) struct Secret {
    pub(super) salt: Fr,
    pub(super) messages: Vec<Fr>,
    /// `[table][compared column]`.
    pub(super) records: Vec<Vec<RecordOpening>>,
}

impl Drop for Secret {
    fn drop(&mut self) {
        self.salt.zeroize();
        self.messages.zeroize();
    }
}

/// The statement that messages of the argument verify for what the seals hold, for one shape.
pub struct RelationCircuit {
    shape: RelationShape,
    inputs: RelationInputs,
    secret: Option<Secret>,
}

impl RelationCircuit {
    /// The circuit of `shape` without a witness: enough to make keys, not to prove.
    pub fn blank(shape: RelationShape) -> Self {
        Self { inputs: RelationInputs::blank(&shape), shape, secret: None }
    }

    pub(super) const fn new(shape: RelationShape, inputs: RelationInputs, secret: Secret) -> Self {
        Self { shape, inputs, secret: Some(secret) }
    }

    fn constrain(&self, cs: &Cs) -> Result<(), GadgetError> {
        let (shape, secret) = (&self.shape, self.secret.as_ref());
        let (expected, got) = (shape.tables().len(), self.inputs.tables.len());
        if expected != got {
            return Err(GadgetError::Length { expected, got });
        }
        let input = |value: Fr| FieldVar::input(cs, Some(value));
        let t0 = input(self.inputs.t0)?;
        let (salt, messages) = (secret.map(|secret| secret.salt), secret.map(|secret| secret.messages.as_slice()));
        let mut verifier = CircuitVerifier::in_domain(cs, RELATION_DOMAIN, &t0, salt, messages, shape.message_count())?;
        let mut sealed = Vec::with_capacity(expected);
        for (index, (table, inputs)) in shape.tables().iter().zip(&self.inputs.tables).enumerate() {
            let (columns, leaves) = (sealed_columns(table), inputs.leaves.len());
            if columns != leaves || table.units != inputs.rows.len() {
                return Err(GadgetError::Length { expected: columns + table.units, got: leaves + inputs.rows.len() });
            }
            let h = input(inputs.h)?;
            let rows = inputs.rows.iter().map(|&rows| Ok(verifier.wire(&input(Fr::from(rows))?)));
            let rows = rows.collect::<Result<Vec<_>, GadgetError>>()?;
            let mut own = Vec::with_capacity(table.columns.len());
            let mut leaves = inputs.leaves.iter();
            for (place, column) in table.columns.iter().enumerate() {
                if !column.is_sealed() {
                    own.push(SealedColumn::Hashed);
                    continue;
                }
                let leaf = RecordIndexVar::input(cs, leaves.next().copied())?;
                let record = secret.and_then(|secret| secret.records.get(index)?.get(place));
                own.push(open_record(cs, &verifier, *column, &leaf, record, &h)?);
            }
            sealed.push(SealedTable { rows, columns: own });
        }
        let opening = verify_relation(&mut verifier, shape, &sealed)?.elements();
        let public = self.inputs.opening.elements();
        if opening.len() != public.len() {
            return Err(GadgetError::Length { expected: opening.len(), got: public.len() });
        }
        for (opened, public) in opening.iter().zip(public) {
            opened.var().enforce_equal(cs, &input(public)?)?;
        }
        verifier.finish()
    }
}

/// Opens the record of a compared column and takes out of it what the argument is about.
fn open_record(
    cs: &Cs,
    verifier: &CircuitVerifier<'_>,
    column: ColumnShape,
    leaf: &RecordIndexVar,
    record: Option<&RecordOpening>,
    h: &FieldVar,
) -> Result<SealedColumn<crate::scan::Wire>, GadgetError> {
    match column {
        ColumnShape::Numeric { .. } => {
            let opening = match record {
                Some(RecordOpening::Numeric(opening)) => Some(opening),
                _ => None,
            };
            let record = NumericRecordVar::open(cs, leaf, opening, h)?;
            Ok(SealedColumn::Numeric { min: verifier.wire(record.min.field()) })
        }
        ColumnShape::Hashed => Ok(SealedColumn::Hashed),
        ColumnShape::Category { capacity } | ColumnShape::Code { capacity } => {
            let opening = match record {
                Some(RecordOpening::Category(opening)) => Some(opening),
                _ => None,
            };
            let record = CategoryRecordVar::open(cs, capacity as usize, leaf, opening, h)?;
            Ok(SealedColumn::Category {
                counts: record.counts.iter().map(|count| verifier.wire(count.field())).collect(),
                values: record.values.iter().map(|value| verifier.wire(value)).collect(),
            })
        }
    }
}

impl Circuit for RelationCircuit {
    fn id(&self) -> CircuitId {
        relation_circuit_id(&self.shape)
    }

    /// The id has 128 bits of the digest of the shape.
    fn description(&self) -> String {
        format!("{} {}", self.id(), shape_text(&self.shape))
    }

    fn public_inputs(&self) -> Vec<Fr> {
        self.inputs.to_vec()
    }

    fn synthesize(&self, cs: ConstraintSystemRef<Fr>) -> Result<(), SynthesisError> {
        Ok(self.constrain(&cs)?)
    }

    fn is_linked(&self) -> bool {
        true
    }
}
