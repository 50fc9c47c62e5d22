//! From a constraint system of arkworks to matrices.
//!
//! Arkworks has a number for every coefficient, and knows the combinations that gadgets register once and use several
//! times. So neither is looked at twice here: most of two million entries are never copied.

use hashbrown::HashMap;

use super::{Matrices, Term, numbering::Numbering};
use crate::ark::{
    Fr,
    relations::gr1cs::{ConstraintSystem, Variable, predicate::polynomial_constraint::R1CS_PREDICATE_LABEL},
};

/// The matrices of a system without combinations of combinations; `None` when it has other than rank-1 constraints.
pub(super) fn number(cs: &ConstraintSystem<Fr>) -> Option<Matrices> {
    let predicates = &cs.predicate_constraint_systems;
    let others = predicates.iter().filter(|(label, _)| *label != R1CS_PREDICATE_LABEL);
    if others.map(|(_, predicate)| predicate.num_constraints()).sum::<usize>() > 0 {
        return None;
    }
    let [a, b, c] = predicates.get(R1CS_PREDICATE_LABEL)?.get_constraints().as_slice() else { return None };
    let num_inputs = cs.num_instance_variables();
    let mut numbering = Numbering::new(num_inputs, num_inputs + cs.num_witness_variables());
    // By their numbers in the system. Coefficients are here only if they are not zero.
    let mut combinations = vec![None; cs.lc_map.num_lcs()];
    let mut coefficients = HashMap::new();
    let mut combination = |variable: Variable| {
        let place = variable.get_lc_index();
        if let Some(number) = place.and_then(|index| *combinations.get(index)?) {
            return number;
        }
        let listed = || place.and_then(|index| cs.lc_map.get(index)).into_iter().flatten();
        let start = numbering.open();
        let mut before = None;
        let as_it_stands = place.is_some()
            && listed().all(|(coefficient, variable)| {
                let column = variable.get_variable_index(num_inputs);
                let known = coefficients.get(coefficient).zip(column).filter(|_| before < column);
                before = column;
                known
                    .map(|(&coefficient, column)| numbering.push(Term { coefficient, column: column as u32 }))
                    .is_some()
            });
        let number = if as_it_stands {
            numbering.close(start)
        } else {
            numbering.give_up(start);
            let combination = cs.get_lc(variable);
            let entry = |&(value, variable): &(Fr, Variable)| Some((value, variable.get_variable_index(num_inputs)?));
            let number = numbering.combination(combination.iter().filter_map(entry));
            let values = combination.iter().map(|(value, _)| *value);
            let known = listed().zip(values).filter_map(|((own, _), value)| Some((own, numbering.known(value)?)));
            coefficients.extend(known);
            number
        };
        if let Some(place) = place.and_then(|index| combinations.get_mut(index)) {
            *place = Some(number);
        }
        number
    };
    let rows = a.iter().zip(b).zip(c).map(|((a, b), c)| [*a, *b, *c].map(&mut combination)).collect();
    Some(numbering.finish(rows))
}
