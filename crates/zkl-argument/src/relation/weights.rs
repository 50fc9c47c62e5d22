//! The public weights of the committed columns in the last claim.

use zkl_core::ark::{
    Fr,
    ff::{AdditiveGroup as _, Field as _},
};

use super::{
    RelationOpening,
    shape::{ColumnShape, RelationBlock, RelationShape, Side},
};
use crate::{context::Native, mle, shape::LIMB_BITS};

/// `w_c` of every committed column, `[unit][column]`, units counted over all tables: per compared column the limbs, lowest first, then
/// validity if it is nullable; or the codes, then the digests of their values. They depend on public values only.
pub fn relation_weights(shape: &RelationShape, opening: &RelationOpening<Fr>) -> Vec<Vec<Fr>> {
    let eq = mle::eq_values(&mut Native, &opening.z_blk);
    let powers = shape.powers(&opening.tuple);
    let base = Fr::from(1u64 << LIMB_BITS);
    let mut units: Vec<Vec<Fr>> = Vec::new();
    let mut scale = Fr::ONE;
    for (block, eq) in shape.blocks().iter().zip(eq) {
        match *block {
            RelationBlock::Rows { table, .. } => {
                let Some(own) = shape.tables().get(table) else { continue };
                let eq = match own.side {
                    Side::Left => -eq,
                    Side::Right => eq,
                };
                let mut weights = Vec::new();
                for (column, [first, second]) in own.columns.iter().zip(&powers) {
                    match *column {
                        ColumnShape::Numeric { limbs, nullable } => {
                            let limbs = (0..u64::from(limbs)).map(|limb| eq * first * base.pow([limb]));
                            weights.extend(limbs);
                            if nullable {
                                scale *= opening.eta;
                                weights.push(eq * second + scale);
                            }
                        }
                        ColumnShape::Category { .. } => weights.extend([Fr::ZERO, eq * first]),
                    }
                }
                units.push(weights);
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
        }
    }
    units
}
