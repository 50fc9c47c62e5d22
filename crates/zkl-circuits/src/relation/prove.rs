//! Making a relation's proof, and checking one.

use zkl_argument::{
    CellData, ColumnData, ScanError, TranscriptSeed,
    commit::{CommitError, Commitment, CommitmentSeed, commit_column},
    msm::Scalars,
    relation::{
        ColumnShape, ExtraCells, RelationShape, SealedTable, UnitCells, extra_columns, prove_relation as prove_plain,
        verify_plain_relation,
    },
    srs::{Srs, SrsVerifierKey},
};
use zkl_core::ark::Fr;
use zkl_snark::proof_system::{Link, ProvingKey, VerifyingKey};

use super::{
    circuit::{RecordOpening, RelationCircuit, RelationInputs, Secret, TableInputs},
    error::{ProveRelationError, VerifyRelationError},
    link::{OwnedColumn, combine, link},
    plan::{RelationPlan, RelationUnit},
    proof::RelationProof,
    statement::RelationStatement,
};
use crate::{
    scan::segment_seed,
    seal::{Seal, SealedRecord},
};

/// A table of a relation as its owner has it. Secret.
pub struct RelationSecrets<'a> {
    /// The seal of the whole table.
    pub seal: &'a Seal,
    /// Seed of the blinders of its columns.
    pub seed: &'a CommitmentSeed,
    /// The columns of every segment, in layout order.
    pub segments: Vec<Vec<ColumnData<'a>>>,
}

/// Proves `statement`, whose tables `secrets` open, and verifies the result.
///
/// `keys` are those of [`RelationCircuit::blank`] of the plan's shape. The relation's own columns are committed to under a fresh seed, mask and
/// salt are fresh: proofs of one relation have nothing in common.
///
/// # Errors
/// [`ProveRelationError`]; [`ProveRelationError::False`] for a relation that does not hold.
pub fn prove_relation(
    srs: &Srs,
    keys: &dyn ProvingKey,
    statement: &RelationStatement<'_>,
    secrets: &[RelationSecrets<'_>],
) -> Result<RelationProof, ProveRelationError> {
    prove_with(srs, keys, statement, secrets, &|_| ())
}

/// Proves with what `change` makes of the extra columns, which a test may do.
pub(super) fn prove_with(
    srs: &Srs,
    keys: &dyn ProvingKey,
    statement: &RelationStatement<'_>,
    secrets: &[RelationSecrets<'_>],
    change: &dyn Fn(&mut ExtraCells),
) -> Result<RelationProof, ProveRelationError> {
    prove_if(srs, keys, statement, secrets, change, |holds| holds)
}

/// The proof of whoever does not care whether the relation holds, for tests that want a verifier to. It has a key of its own, which does not
/// care either.
///
/// # Errors
/// [`ProveRelationError`].
#[cfg(feature = "testing")]
pub fn force_relation(
    srs: &Srs,
    _keys: &dyn ProvingKey,
    statement: &RelationStatement<'_>,
    secrets: &[RelationSecrets<'_>],
) -> Result<RelationProof, ProveRelationError> {
    let key = zkl_snark::testing::forced_key(&RelationCircuit::blank(statement.plan.shape().clone()));
    prove_if(srs, &key, statement, secrets, &|_| (), |_| Ok(()))
}

fn prove_if(
    srs: &Srs,
    keys: &dyn ProvingKey,
    statement: &RelationStatement<'_>,
    secrets: &[RelationSecrets<'_>],
    change: &dyn Fn(&mut ExtraCells),
    goes_on: fn(Result<(), ScanError>) -> Result<(), ScanError>,
) -> Result<RelationProof, ProveRelationError> {
    check_form(statement)?;
    let plan = statement.plan;
    let records = records(statement, secrets)?;
    let sealed = sealed(plan, &records);
    let digests = digests(plan, secrets)?;
    let mut units = unit_cells(plan, secrets, &digests)?;
    let mut extra = extra_columns(plan.shape(), &sealed, &units)?;
    change(&mut extra);
    let fresh = CommitmentSeed::generate().map_err(ProveRelationError::Entropy)?;
    let commitments = commit_fresh(srs, plan, secrets, &digests, &extra, &fresh)?;
    for (unit, columns) in units.iter_mut().zip(&extra.columns) {
        unit.cells.extend(columns.iter().cloned());
    }
    let mask = keys.mask(plan.groups())?;
    let mask_commitment = mask.commit(srs)?;
    let t0 = statement.t0(srs.digest(), keys.verifying(), &commitments, &mask_commitment);
    let transcript = TranscriptSeed::fresh(t0).map_err(ProveRelationError::Entropy)?;

    let proof = prove_plain(plan.shape(), &sealed, &units, &extra.firsts, mask.values(), &transcript)?;
    // Cheap beside what follows, and it names the check that a false relation fails.
    let holds = verify_plain_relation(plan.shape(), &sealed, &transcript, &proof.messages).map(drop);
    goes_on(holds).map_err(ProveRelationError::False)?;

    let claim = proof.opening.clone();
    let inputs = inputs(statement, t0, &claim);
    let secret = Secret { salt: transcript.salt, messages: proof.messages.clone(), records };
    let circuit = RelationCircuit::new(plan.shape().clone(), inputs, secret);
    let linked =
        link(plan, statement.roles, &commitments, &mask_commitment, &claim).map_err(VerifyRelationError::Columns)?;
    let owned = owned_columns(plan, secrets, &units, &fresh);
    let combined = combine(plan, &owned, &claim)?;
    let proof = keys.prove(&circuit, Some(srs), Some(Link { linked, combined, mask }))?;
    Ok(RelationProof { fresh: commitments, mask: mask_commitment, claim, proof })
}

/// Verifies `proof` for public inputs that are recomputed from `statement`, with the opening of the committed columns.
///
/// # Errors
/// [`VerifyRelationError`], one variant per check, in their order.
///
/// # Soundness
/// `srs` and `key` must be trusted by their digests, `key` for the circuit of the plan's shape. The roles' seals, roots and commitments must be
/// those of verified scan proofs under the same string, and the plan must be made of their layouts.
pub fn verify_relation(
    srs: &SrsVerifierKey,
    key: &dyn VerifyingKey,
    statement: &RelationStatement<'_>,
    proof: &RelationProof,
) -> Result<(), VerifyRelationError> {
    check_form(statement)?;
    let plan = statement.plan;
    let units = plan.units().count();
    let form = |what, expected, got| {
        if expected == got { Ok(()) } else { Err(VerifyRelationError::Form { what, expected, got }) }
    };
    form("units with fresh columns", units, proof.fresh.len())?;
    for (unit, columns) in proof.fresh.iter().enumerate() {
        form("fresh columns of a unit", plan.fresh_columns(unit), columns.len())?;
    }
    let shape = plan.shape();
    form("coordinates of the row point", shape.log_rows(), proof.claim.r_star.len())?;
    form("coordinates of the block point", shape.block_bits(), proof.claim.z_blk.len())?;
    let t0 = statement.t0(srs.digest(), key, &proof.fresh, &proof.mask);
    let inputs = inputs(statement, t0, &proof.claim).to_vec();
    let linked =
        link(plan, statement.roles, &proof.fresh, &proof.mask, &proof.claim).map_err(VerifyRelationError::Columns)?;
    key.verify(&inputs, Some(srs), Some(&linked), &proof.proof).map_err(VerifyRelationError::Proof)
}

/// One role per table, no table in two roles, all segments of each.
fn check_form(statement: &RelationStatement<'_>) -> Result<(), VerifyRelationError> {
    let (tables, roles) = (statement.plan.tables(), statement.roles);
    let form = |what, expected, got| {
        if expected == got { Ok(()) } else { Err(VerifyRelationError::Form { what, expected, got }) }
    };
    form("tables", tables.len(), roles.len())?;
    for (second, role) in roles.iter().enumerate() {
        if let Some(first) = roles.iter().take(second).position(|other| other.entry == role.entry) {
            return Err(VerifyRelationError::Repeated { first, second });
        }
    }
    for (table, role) in tables.iter().zip(roles) {
        form("segments", table.len(), role.segments.len())?;
    }
    for unit in statement.plan.units() {
        let got = statement.roles.get(unit.table).and_then(|role| role.segments.get(unit.segment));
        let got = got.map_or(0, |segment| segment.columns().len());
        form("committed columns of a segment", unit.scan.cells().len(), got)?;
    }
    Ok(())
}

pub(super) fn inputs(
    statement: &RelationStatement<'_>,
    t0: Fr,
    claim: &zkl_argument::relation::RelationOpening<Fr>,
) -> RelationInputs {
    let plan = statement.plan;
    let table = |(index, role): (usize, &super::statement::RelationRole<'_>)| {
        let rows = plan.units().filter(|unit| unit.table == index).map(|unit| unit.rows()).collect();
        TableInputs::new(role.h, rows, plan.leaves(index))
    };
    let tables = statement.roles.iter().enumerate().map(table).collect();
    RelationInputs { t0, tables, opening: claim.clone() }
}

/// The records of the compared columns, `[table][column]`.
pub(super) fn records(
    statement: &RelationStatement<'_>,
    secrets: &[RelationSecrets<'_>],
) -> Result<Vec<Vec<RecordOpening>>, ProveRelationError> {
    let plan = statement.plan;
    let (expected, got) = (plan.tables().len(), secrets.len());
    if expected != got {
        return Err(VerifyRelationError::Form { what: "tables with secrets", expected, got }.into());
    }
    let mut records = Vec::with_capacity(expected);
    for (table, (own, role)) in secrets.iter().zip(statement.roles).enumerate() {
        let (expected, got) = (role.h, own.seal.commitment());
        if expected != got {
            return Err(ProveRelationError::OtherSeal { table, expected, got });
        }
        let columns = columns_of(plan.shape(), table).iter().zip(plan.positions(table));
        records.push(
            columns
                .map(|(&column, &position)| RecordOpening::new(own.seal, column, position))
                .collect::<Result<_, _>>()?,
        );
    }
    Ok(records)
}

pub(super) fn sealed(plan: &RelationPlan<'_>, records: &[Vec<RecordOpening>]) -> Vec<SealedTable<Fr>> {
    let table = |(index, records): (usize, &Vec<RecordOpening>)| SealedTable {
        rows: plan.units().filter(|unit| unit.table == index).map(|unit| Fr::from(unit.rows())).collect(),
        columns: records.iter().map(RecordOpening::sealed).collect(),
    };
    records.iter().enumerate().map(table).collect()
}

fn columns_of(shape: &RelationShape, table: usize) -> &[ColumnShape] {
    shape.tables().get(table).map(|table| table.columns.as_slice()).unwrap_or_default()
}

/// The digest of every row's value, `[unit][dictionary]`.
pub(super) fn digests(
    plan: &RelationPlan<'_>,
    secrets: &[RelationSecrets<'_>],
) -> Result<Vec<Vec<Vec<Fr>>>, ProveRelationError> {
    let of_unit = |unit: RelationUnit<'_>| {
        let error = || ProveRelationError::Rows { table: unit.table, segment: unit.segment };
        let own = secrets.get(unit.table).ok_or_else(error)?;
        let positions = plan.positions(unit.table);
        let digests = plan.dictionaries().into_iter().map(|place| {
            let position = *positions.get(place).ok_or_else(error)?;
            let codes = own.segments.get(unit.segment).and_then(|columns| columns.get(position)).ok_or_else(error)?;
            let Some(SealedRecord::Category(record)) = own.seal.columns().get(position) else { return Err(error()) };
            let rows = usize::try_from(unit.rows()).map_err(|_| error())?;
            let digest = |code: usize| record.values.get(code).copied().ok_or_else(error);
            match codes {
                ColumnData::Codes16(codes) => codes.iter().take(rows).map(|&code| digest(code.into())).collect(),
                ColumnData::Codes32(codes) => codes.iter().take(rows).map(|&code| digest(code as usize)).collect(),
                _ => Err(error()),
            }
        });
        digests.collect::<Result<Vec<Vec<Fr>>, _>>()
    };
    plan.units().map(of_unit).collect()
}

/// The digests of a unit as they are committed to: by code, where rows have few different ones.
fn digest_scalars<'a>(
    plan: &RelationPlan<'_>,
    unit: &RelationUnit<'_>,
    secrets: &'a [RelationSecrets<'_>],
    digests: &'a [Vec<Fr>],
) -> impl Iterator<Item = Scalars<'a>> {
    let own = secrets.get(unit.table);
    let columns = own.and_then(|own| own.segments.get(unit.segment));
    let positions = plan.positions(unit.table);
    plan.dictionaries().into_iter().zip(digests).map(move |(place, digests)| {
        let column = |position: &usize| Some((columns?.get(*position)?, own?.seal.columns().get(*position)?));
        match positions.get(place).and_then(column) {
            Some((ColumnData::Codes16(codes), SealedRecord::Category(record))) => {
                Scalars::Coded { codes: codes.get(..digests.len()).unwrap_or(codes), values: &record.values }
            }
            _ => Scalars::Full(digests),
        }
    })
}

/// Commitments to the digests, then to the extra columns; every unit has a seed of its own.
fn commit_fresh(
    srs: &Srs,
    plan: &RelationPlan<'_>,
    secrets: &[RelationSecrets<'_>],
    digests: &[Vec<Vec<Fr>>],
    extra: &ExtraCells,
    seed: &CommitmentSeed,
) -> Result<Vec<Vec<Vec<Commitment>>>, CommitError> {
    let mut commitments = Vec::with_capacity(digests.len());
    for (index, ((unit, digests), extra)) in plan.units().zip(digests).zip(&extra.columns).enumerate() {
        let seed = seed.segment(index as u32);
        let columns = digest_scalars(plan, &unit, secrets, digests)
            .chain(extra.iter().map(CellData::scalars))
            .enumerate()
            .map(|(column, values)| commit_column(srs, unit.groups, column as u32, values, &seed));
        commitments.push(columns.collect::<Result<_, _>>()?);
    }
    Ok(commitments)
}

/// The committed columns of every unit, in the order of the argument.
pub(super) fn unit_cells<'a>(
    plan: &RelationPlan<'_>,
    secrets: &'a [RelationSecrets<'_>],
    digests: &'a [Vec<Vec<Fr>>],
) -> Result<Vec<UnitCells<'a>>, ProveRelationError> {
    let of_unit = |(unit, digests): (RelationUnit<'_>, &'a Vec<Vec<Fr>>)| {
        let error = || ProveRelationError::Rows { table: unit.table, segment: unit.segment };
        let columns = secrets.get(unit.table).and_then(|own| own.segments.get(unit.segment)).ok_or_else(error)?;
        let mut digests = digests.iter();
        let mut cells: Vec<CellData<'a>> = Vec::new();
        for (&position, shape) in plan.positions(unit.table).iter().zip(columns_of(plan.shape(), unit.table)) {
            match (columns.get(position).ok_or_else(error)?, *shape) {
                (ColumnData::Numeric { limbs, valid }, ColumnShape::Numeric { limbs: count, nullable, .. })
                    if limbs.len() == usize::from(count) && valid.is_some() == nullable =>
                {
                    cells.extend(limbs.iter().map(|limb| CellData::U16((*limb).into())));
                    cells.extend(valid.iter().map(|valid| CellData::Bits((*valid).into())));
                }
                (ColumnData::Codes16(codes), ColumnShape::Code { .. }) => cells.push(CellData::U16((*codes).into())),
                (ColumnData::Codes32(codes), ColumnShape::Code { .. }) => cells.push(CellData::U32((*codes).into())),
                (ColumnData::Codes16(codes), ColumnShape::Category { .. }) => {
                    cells.push(CellData::U16((*codes).into()));
                    cells.push(CellData::Field(digests.next().ok_or_else(error)?.as_slice().into()));
                }
                (ColumnData::Codes32(codes), ColumnShape::Category { .. }) => {
                    cells.push(CellData::U32((*codes).into()));
                    cells.push(CellData::Field(digests.next().ok_or_else(error)?.as_slice().into()));
                }
                (ColumnData::Hashed { parts, .. }, ColumnShape::Hashed) => {
                    cells.extend(parts.iter().map(|part| CellData::U16((*part).into())));
                }
                _ => return Err(error()),
            }
        }
        let rows = usize::try_from(unit.rows()).map_err(|_| error())?;
        Ok(UnitCells { rows, cells })
    };
    plan.units().zip(digests).map(of_unit).collect()
}

/// The columns with their blinders: those of the notarization, and the fresh ones of digests and extra columns.
fn owned_columns<'a>(
    plan: &RelationPlan<'_>,
    secrets: &[RelationSecrets<'_>],
    units: &'a [UnitCells<'_>],
    fresh: &CommitmentSeed,
) -> Vec<Vec<OwnedColumn<'a>>> {
    let mut all = Vec::with_capacity(units.len());
    for (index, (unit, cells)) in plan.units().zip(units).enumerate() {
        let groups = unit.groups.count() as u32;
        let blinders = |seed: &CommitmentSeed, column: usize| -> Vec<Fr> {
            (0..groups).map(|group| seed.blinder(column as u32, group)).collect()
        };
        let (Some(own), Some(table)) = (secrets.get(unit.table), plan.tables().get(unit.table)) else { continue };
        let (seed, fresh) = (segment_seed(table, own.seed, unit.segment), fresh.segment(index as u32));
        let (dictionaries, mut own_columns) = (plan.dictionaries(), 0..plan.fresh_columns(index));
        let mut blinded = Vec::with_capacity(cells.cells.len());
        for (place, columns) in unit.cells(plan.positions(unit.table)).into_iter().enumerate() {
            blinded.extend(columns.into_iter().map(|column| blinders(&seed, column)));
            if dictionaries.contains(&place) {
                blinded.extend(own_columns.next().map(|column| blinders(&fresh, column)));
            }
        }
        blinded.extend(own_columns.map(|column| blinders(&fresh, column)));
        all.push(cells.cells.iter().zip(blinded).map(|(cell, blinders)| (cell.scalars(), blinders)).collect());
    }
    all
}
