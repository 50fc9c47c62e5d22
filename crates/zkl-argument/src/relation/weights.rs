//! The public weights of the committed columns in the last claim.

use zkl_core::{
    ark::{
        Fr,
        ff::{AdditiveGroup as _, Field as _},
    },
    hashed::DIGEST_CELLS,
};

use super::{
    RelationOpening,
    posting::Column,
    shape::{ColumnShape, RelationBlock, RelationShape, Side},
};
use crate::{context::Native, mle, shape::LIMB_BITS};

/// `w_c` of every committed column, `[unit][column]`, units counted over all tables: per compared column the limbs, lowest first, then
/// validity if it is nullable; or the codes, then the digests of their values; or the parts of digests, lowest first; at last the extra columns of the unit. They depend on public
/// values only.
pub fn relation_weights(shape: &RelationShape, opening: &RelationOpening<Fr>) -> Vec<Vec<Fr>> {
    let eq = mle::eq_values(&mut Native, &opening.z_blk);
    let powers = shape.powers(&opening.tuple);
    let base = Fr::from(1u64 << LIMB_BITS);
    let mut units: Vec<Vec<Fr>> = shape.units().map(|(_, cells)| vec![Fr::ZERO; cells]).collect();
    // The sum of committed weights is the last of the values.
    let weight_scale = opening.eta.pow([shape.value_count() as u64 + 1]);
    for (block, eq) in shape.blocks().iter().zip(eq) {
        match *block {
            RelationBlock::Rows { table, unit } => {
                let Some(own) = shape.tables().get(table) else { continue };
                let selector = shape.selector(table).map(|selector| {
                    let weight = eq * weight_scale;
                    (selector.cell, if selector.is_inverted { -weight } else { weight })
                });
                let eq = match own.side {
                    Side::Left => -eq,
                    Side::Right => eq,
                };
                let mut weights = Vec::new();
                for (column, [first, second]) in own.columns.iter().zip(&powers) {
                    match *column {
                        ColumnShape::Numeric { limbs, nullable, .. } => {
                            let first = eq * first * column.unit();
                            let limbs = (0..u64::from(limbs)).map(|limb| first * base.pow([limb]));
                            weights.extend(limbs);
                            if nullable {
                                weights.push(eq * second);
                            }
                        }
                        ColumnShape::Category { .. } => weights.extend([Fr::ZERO, eq * first]),
                        ColumnShape::Code { .. } => weights.push(Fr::ZERO),
                        ColumnShape::Hashed => weights.extend(parts(eq * first)),
                    }
                }
                let Some(unit) = units.get_mut(unit) else { continue };
                for (weight, own) in unit.iter_mut().zip(weights) {
                    *weight += own;
                }
                if let Some((cell, weight)) = selector
                    && let Some(selector) = unit.get_mut(cell)
                {
                    *selector += weight;
                }
            }
            RelationBlock::Dictionary { table, unit, column } => {
                let Some(own) = shape.tables().get(table) else { continue };
                let code: usize = own.columns.iter().take(column).map(|column| column.cells()).sum();
                if let Some([codes, digests]) = units.get_mut(unit).and_then(|weights| weights.get_mut(code..code + 2))
                {
                    *codes -= eq * opening.tuple;
                    *digests -= eq * opening.tuple.square();
                }
            }
            RelationBlock::Posting(index) => {
                let Some(posting) = shape.posting(index) else { continue };
                let Some(unit) = units.get_mut(posting.unit) else { continue };
                let mut add = |cell: usize, weight: Fr| {
                    if let Some(own) = unit.get_mut(cell) {
                        *own += weight;
                    }
                };
                let sign = if posting.negative { eq } else { -eq };
                for &(power, factor, column) in &posting.terms {
                    let weight = || sign * factor * opening.tuple.pow([power as u64]);
                    match column {
                        Column::Cell(cell) => add(cell, weight()),
                        Column::Digest(first) => {
                            (first..).zip(parts(weight())).for_each(|(cell, weight)| add(cell, weight));
                        }
                        _ => {}
                    }
                }
                for &(factor, cell) in posting.weight.committed() {
                    add(cell, eq * weight_scale * factor);
                }
            }
        }
    }
    let mut scale = Fr::ONE;
    for valid in shape.valid_columns() {
        scale *= opening.eta;
        if let Some(weight) = units.get_mut(valid.unit).and_then(|unit| unit.get_mut(valid.cell)) {
            *weight += scale;
        }
    }
    units
}

/// The weights of the parts of a digest with this weight.
fn parts(weight: Fr) -> impl Iterator<Item = Fr> {
    let base = Fr::from(1u64 << LIMB_BITS);
    std::iter::successors(Some(weight), move |weight| Some(*weight * base)).take(DIGEST_CELLS)
}

/// What the public constants of tuples add to the value of the committed columns: the columns open to the opening's value less this.
pub fn relation_constant(shape: &RelationShape, opening: &RelationOpening<Fr>) -> Fr {
    let eq = mle::eq_values(&mut Native, &opening.z_blk);
    let mut sum = Fr::ZERO;
    for (block, eq) in shape.blocks().iter().zip(eq) {
        let RelationBlock::Posting(index) = *block else { continue };
        let Some(posting) = shape.posting(index) else { continue };
        let sign = if posting.negative { eq } else { -eq };
        let constants = posting.terms.iter().filter(|term| term.2 == Column::One);
        sum += constants.map(|&(power, factor, _)| sign * factor * opening.tuple.pow([power as u64])).sum::<Fr>();
    }
    sum
}
