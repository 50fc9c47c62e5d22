//! Poseidon in a circuit: three constraints per S-box, none for anything linear.
//!
//! The partial rounds raise one element to the fifth power each; everything between is linear. So the input of the S-box
//! of partial round r is one linear combination of the T outputs of the last full round and the r outputs before it, whose
//! coefficients depend on the width alone. They are computed once per width from the sparse rounds. A combination has at
//! most T + 63 terms, and none is built from another one.
//!
//! Where only the assignment is wanted, the native permutation runs instead, and the powers in its S-boxes become the
//! variables that the constraints would have had.

use std::sync::OnceLock;

use zkl_poseidon::{
    Domain, FULL_ROUNDS, HASH_MANY_RATE, MAX_WIDTH, Parameters, Poseidon, Width, duplex_blocks, hash_many_capacity,
    permute_with,
};

use super::{Cs, FieldVar, GadgetError};
use crate::ark::{
    Fr,
    ff::{Field as _, One as _, Zero as _},
    relations::gr1cs::SynthesisError,
};

/// `sum weights[i] base[i] + constant`, where the base is the T outputs of the last full round before the partial rounds,
/// followed by the outputs of the partial rounds so far.
struct Combination {
    weights: Vec<Fr>,
    constant: Fr,
}

impl Combination {
    fn evaluate(&self, base: &[FieldVar]) -> FieldVar {
        FieldVar::linear(self.weights.iter().copied().zip(base), self.constant)
    }
}

/// The linear layers of the partial rounds of one width, unrolled.
struct Unrolled {
    /// The S-box input of each partial round.
    inputs: Vec<Combination>,
    /// The state after the last partial round.
    outputs: Vec<Combination>,
}

impl Unrolled {
    fn new<const T: usize>(parameters: &Parameters<T>) -> Self {
        let matrix = parameters.full_matrix(FULL_ROUNDS / 2 - 1);
        let mut state: Vec<Combination> =
            matrix.iter().map(|row| Combination { weights: row.to_vec(), constant: Fr::zero() }).collect();
        let mut inputs = Vec::with_capacity(parameters.partial().len());
        for (index, round) in parameters.partial().iter().enumerate() {
            let len = T + index;
            let mut first = vec![Fr::zero(); len + 1];
            for (element, weight) in state.iter().zip(&round.row).skip(1) {
                for (sum, term) in first.iter_mut().zip(&element.weights) {
                    *sum += *weight * term;
                }
            }
            first[len] = round.row[0];
            for (element, weight) in state.iter_mut().zip(&round.column).skip(1) {
                element.weights.push(*weight);
            }
            let input = std::mem::replace(&mut state[0], Combination { weights: first, constant: Fr::zero() });
            inputs.push(Combination { constant: round.constant, ..input });
        }
        Self { inputs, outputs: state }
    }

    fn of<const T: usize>(parameters: &Parameters<T>) -> &'static Self {
        static CELLS: [OnceLock<Unrolled>; MAX_WIDTH + 1] = [const { OnceLock::new() }; MAX_WIDTH + 1];
        CELLS[T].get_or_init(|| Self::new(parameters))
    }
}

/// The permutation: `3 (8 T + partial rounds)` constraints, 3 fewer per constant in the initial state.
///
/// # Errors
/// Those of the constraint system.
pub fn permute_var<const T: usize>(cs: &Cs, mut state: [FieldVar; T]) -> Result<[FieldVar; T], GadgetError>
where
    Poseidon: Width<T>,
{
    if state.iter().any(|element| element.as_assigned().is_some()) {
        return assign_permutation(cs, &state);
    }
    let parameters: &'static Parameters<T> = <Poseidon as Width<T>>::parameters();
    let unrolled = Unrolled::of(parameters);
    for round in 0..FULL_ROUNDS / 2 {
        state = full_sboxes(cs, parameters, round, &state)?;
        if round + 1 < FULL_ROUNDS / 2 {
            state = multiply(parameters.full_matrix(round), &state);
        }
    }
    let mut base = state.to_vec();
    for input in &unrolled.inputs {
        let output = input.evaluate(&base).fifth_power(cs)?;
        base.push(output);
    }
    state = std::array::from_fn(|i| unrolled.outputs[i].evaluate(&base));
    for round in FULL_ROUNDS / 2..FULL_ROUNDS {
        state = full_sboxes(cs, parameters, round, &state)?;
        state = multiply(parameters.full_matrix(round), &state);
    }
    Ok(state)
}

/// [`permute_var`] in a system without matrices.
fn assign_permutation<const T: usize>(cs: &Cs, state: &[FieldVar; T]) -> Result<[FieldVar; T], GadgetError>
where
    Poseidon: Width<T>,
{
    let mut values = [Fr::zero(); T];
    for (value, element) in values.iter_mut().zip(state) {
        *value = element.value().ok_or(SynthesisError::AssignmentMissing)?;
    }
    // Powers of constants are constants, in the first round; every later S-box has a variable in it.
    let mut constants = state.iter().map(|element| element.as_constant().is_some());
    let mut result = Ok(());
    permute_with(&mut values, |x| {
        let square = x.square();
        let fourth = square.square();
        let fifth = fourth * x;
        if !constants.next().unwrap_or(false) && result.is_ok() {
            let powers = [square, fourth, fifth];
            result = powers.into_iter().try_for_each(|power| cs.new_witness_variable(|| Ok(power)).map(|_| ()));
        }
        fifth
    });
    result?;
    Ok(values.map(FieldVar::assigned))
}

fn full_sboxes<const T: usize>(
    cs: &Cs,
    parameters: &Parameters<T>,
    round: usize,
    state: &[FieldVar; T],
) -> Result<[FieldVar; T], GadgetError> {
    let mut output = state.clone();
    for (element, constant) in output.iter_mut().zip(parameters.full_constants(round)) {
        *element = FieldVar::linear([(Fr::one(), &*element)], *constant).fifth_power(cs)?;
    }
    Ok(output)
}

fn multiply<const T: usize>(matrix: &[[Fr; T]; T], state: &[FieldVar; T]) -> [FieldVar; T] {
    std::array::from_fn(|i| FieldVar::linear(matrix[i].iter().copied().zip(state), Fr::zero()))
}

/// [`zkl_poseidon::hash2`] in a circuit: 240 constraints.
///
/// # Errors
/// Those of the constraint system.
pub fn hash2_var(cs: &Cs, left: &FieldVar, right: &FieldVar) -> Result<FieldVar, GadgetError> {
    let [output, _, _] = permute_var(cs, [FieldVar::zero(), left.clone(), right.clone()])?;
    Ok(output)
}

/// [`zkl_poseidon::Sponge`] in a circuit: the same elements absorbed and squeezed give the same outputs.
#[derive(Clone)]
pub struct SpongeVar<const RATE: usize> {
    /// `RATE + 1` elements.
    state: Vec<FieldVar>,
    mode: Mode,
}

#[derive(Clone, Copy)]
enum Mode {
    Absorbing(usize),
    Squeezing(usize),
}

impl<const RATE: usize> SpongeVar<RATE> {
    const SUPPORTED: () = assert!(RATE >= 1 && RATE < MAX_WIDTH, "unsupported sponge rate");

    /// An empty sponge for one use of the hash.
    pub fn new(domain: Domain) -> Self {
        Self::with_capacity_element(FieldVar::constant(domain.element()))
    }

    /// An empty sponge whose capacity starts as `capacity`.
    pub fn with_capacity_element(capacity: FieldVar) -> Self {
        let () = Self::SUPPORTED;
        let mut state = vec![FieldVar::zero(); RATE + 1];
        state[0] = capacity;
        Self { state, mode: Mode::Absorbing(0) }
    }

    /// Absorbs `elements` in order.
    ///
    /// # Errors
    /// Those of the constraint system.
    pub fn absorb(&mut self, cs: &Cs, elements: &[FieldVar]) -> Result<(), GadgetError> {
        if elements.is_empty() {
            return Ok(());
        }
        let mut position = match self.mode {
            Mode::Absorbing(position) => position,
            Mode::Squeezing(_) => 0,
        };
        for element in elements {
            if position == RATE {
                self.permute(cs)?;
                position = 0;
            }
            self.state[1 + position] = &self.state[1 + position] + element;
            position += 1;
        }
        self.mode = Mode::Absorbing(position);
        Ok(())
    }

    /// Squeezes one element.
    ///
    /// # Errors
    /// Those of the constraint system.
    pub fn squeeze(&mut self, cs: &Cs) -> Result<FieldVar, GadgetError> {
        let position = match self.mode {
            Mode::Squeezing(position) if position < RATE => position,
            Mode::Squeezing(_) | Mode::Absorbing(_) => {
                self.permute(cs)?;
                0
            }
        };
        self.mode = Mode::Squeezing(position + 1);
        Ok(self.state[1 + position].clone())
    }

    fn permute(&mut self, cs: &Cs) -> Result<(), GadgetError> {
        permute_all(cs, &mut self.state)
    }
}

/// [`permute_var`] on all elements of `state`, 2 to [`MAX_WIDTH`].
fn permute_all(cs: &Cs, state: &mut Vec<FieldVar>) -> Result<(), GadgetError> {
    match state.len() {
        2 => permute_exactly::<2>(cs, state),
        3 => permute_exactly::<3>(cs, state),
        4 => permute_exactly::<4>(cs, state),
        5 => permute_exactly::<5>(cs, state),
        6 => permute_exactly::<6>(cs, state),
        7 => permute_exactly::<7>(cs, state),
        8 => permute_exactly::<8>(cs, state),
        _ => permute_exactly::<MAX_WIDTH>(cs, state),
    }
}

fn permute_exactly<const T: usize>(cs: &Cs, state: &mut Vec<FieldVar>) -> Result<(), GadgetError>
where
    Poseidon: Width<T>,
{
    let input: [FieldVar; T] = std::mem::take(state)
        .try_into()
        .map_err(|state: Vec<FieldVar>| GadgetError::Length { expected: T, got: state.len() })?;
    *state = permute_var(cs, input)?.into();
    Ok(())
}

/// [`zkl_poseidon::Duplex`] in a circuit: a block of k elements costs a permutation of k + 1.
#[derive(Clone)]
pub struct DuplexVar {
    capacity: FieldVar,
    /// Absorbed and not yet compressed.
    pending: Vec<FieldVar>,
    /// Not yet squeezed, in reverse order.
    outputs: Vec<FieldVar>,
}

impl DuplexVar {
    /// A duplex for one use of the hash.
    pub fn new(domain: Domain) -> Self {
        Self { capacity: FieldVar::constant(domain.element()), pending: Vec::new(), outputs: Vec::new() }
    }

    /// Absorbs `elements` in order, without a constraint.
    pub fn absorb(&mut self, elements: &[FieldVar]) {
        self.pending.extend_from_slice(elements);
    }

    /// Squeezes one element.
    ///
    /// # Errors
    /// Those of the constraint system.
    pub fn squeeze(&mut self, cs: &Cs) -> Result<FieldVar, GadgetError> {
        let pending = std::mem::take(&mut self.pending);
        let mut rest = pending.as_slice();
        for size in duplex_blocks(pending.len()) {
            let (block, tail) = rest.split_at(size);
            self.compress(cs, block)?;
            rest = tail;
        }
        if let Some(output) = self.outputs.pop() {
            return Ok(output);
        }
        self.capacity = &self.capacity + &FieldVar::one();
        self.compress(cs, &[FieldVar::zero()])?;
        self.outputs.pop().ok_or(GadgetError::Length { expected: 1, got: 0 })
    }

    fn compress(&mut self, cs: &Cs, block: &[FieldVar]) -> Result<(), GadgetError> {
        let mut state = vec![self.capacity.clone()];
        state.extend_from_slice(block);
        permute_all(cs, &mut state)?;
        self.outputs = state.split_off(1);
        self.outputs.reverse();
        self.capacity = state.pop().ok_or(GadgetError::Length { expected: 1, got: 0 })?;
        Ok(())
    }
}

/// [`zkl_poseidon::hash_many`] in a circuit: 324 constraints per five elements, three fewer for the first block (its
/// capacity is a constant) and for each unused position of an only block.
///
/// # Errors
/// Those of the constraint system.
pub fn hash_many_var(cs: &Cs, domain: Domain, elements: &[FieldVar]) -> Result<FieldVar, GadgetError> {
    let capacity = FieldVar::constant(hash_many_capacity(domain, elements.len()));
    let mut sponge = SpongeVar::<HASH_MANY_RATE>::with_capacity_element(capacity);
    sponge.absorb(cs, elements)?;
    sponge.squeeze(cs)
}
