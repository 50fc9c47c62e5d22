//! The verifier of the scan argument over constraints: field elements become variables, checks become constraints.

use std::{
    cell::RefCell,
    ops::{Add, AddAssign, Mul, Sub, SubAssign},
    rc::Rc,
};

use zkl_argument::{Context, ScanError, transcript::TRANSCRIPT_DOMAIN};
use zkl_core::ark::{
    Fr,
    ff::{Field as _, PrimeField as _},
};
use zkl_poseidon::Domain;
use zkl_snark::gadgets::{BoolVar, Cs, DuplexVar, FieldVar, GadgetError, decompose, recompose};

/// Where products are written. They are operators and cannot fail, so the first error waits here for
/// [`CircuitVerifier::finish`].
struct Board {
    cs: Cs,
    fault: RefCell<Option<GadgetError>>,
}

/// A variable that knows its constraint system.
#[derive(Clone)]
pub(crate) struct Wire {
    var: FieldVar,
    board: Rc<Board>,
}

impl Wire {
    pub(crate) const fn var(&self) -> &FieldVar {
        &self.var
    }

    fn with(&self, var: FieldVar) -> Self {
        Self { var, board: Rc::clone(&self.board) }
    }
}

impl AddAssign<&Self> for Wire {
    fn add_assign(&mut self, other: &Self) {
        self.var += &other.var;
    }
}

impl SubAssign<&Self> for Wire {
    fn sub_assign(&mut self, other: &Self) {
        self.var -= &other.var;
    }
}

impl Add<&Self> for Wire {
    type Output = Self;

    fn add(mut self, other: &Self) -> Self {
        self += other;
        self
    }
}

impl Sub<&Self> for Wire {
    type Output = Self;

    fn sub(mut self, other: &Self) -> Self {
        self -= other;
        self
    }
}

impl Mul<&Self> for Wire {
    type Output = Self;

    /// One constraint, none when either is a constant.
    fn mul(self, other: &Self) -> Self {
        let product = self.var.mul(&self.board.cs, &other.var).unwrap_or_else(|error| {
            self.board.fault.borrow_mut().get_or_insert(error);
            FieldVar::zero()
        });
        self.with(product)
    }
}

macro_rules! by_value {
    ($($operator:ident :: $method:ident),*) => {
        $(impl $operator for Wire {
            type Output = Self;

            fn $method(self, other: Self) -> Self {
                $operator::$method(self, &other)
            }
        })*
    };
}

by_value!(Add::add, Sub::sub, Mul::mul);

/// [`zkl_argument::PlainVerifier`] over constraints, with the same schedule of absorbing and squeezing.
pub(crate) struct CircuitVerifier<'a> {
    board: Rc<Board>,
    duplex: DuplexVar,
    /// Messages that are left; `None` while keys are made.
    messages: Option<&'a [Fr]>,
}

impl<'a> CircuitVerifier<'a> {
    /// A verifier whose transcript has absorbed `t0` and a private salt. There must be exactly `expected` messages.
    pub(crate) fn new(
        cs: &Cs,
        t0: &FieldVar,
        salt: Option<Fr>,
        messages: Option<&'a [Fr]>,
        expected: usize,
    ) -> Result<Self, GadgetError> {
        Self::in_domain(cs, TRANSCRIPT_DOMAIN, t0, salt, messages, expected)
    }

    /// The verifier of another argument.
    pub(crate) fn in_domain(
        cs: &Cs,
        domain: Domain,
        t0: &FieldVar,
        salt: Option<Fr>,
        messages: Option<&'a [Fr]>,
        expected: usize,
    ) -> Result<Self, GadgetError> {
        if let Some(got) = messages.map(<[Fr]>::len)
            && got != expected
        {
            return Err(GadgetError::Length { expected, got });
        }
        let mut duplex = DuplexVar::new(domain);
        duplex.absorb(&[t0.clone(), FieldVar::witness(cs, salt)?]);
        let board = Rc::new(Board { cs: cs.clone(), fault: RefCell::new(None) });
        Ok(Self { board, duplex, messages })
    }

    /// A variable of the circuit as the verifier takes it.
    pub(crate) fn wire(&self, var: &FieldVar) -> Wire {
        Wire { var: var.clone(), board: Rc::clone(&self.board) }
    }

    /// The error of a product, if any, and whether every message was used.
    pub(crate) fn finish(self) -> Result<(), GadgetError> {
        if let Some(error) = self.board.fault.borrow_mut().take() {
            return Err(error);
        }
        match self.messages.map(<[Fr]>::len) {
            Some(got) if got > 0 => Err(GadgetError::Length { expected: 0, got }),
            _ => Ok(()),
        }
    }

    fn wires(&self, vars: Vec<FieldVar>) -> Vec<Wire> {
        vars.into_iter().map(|var| Wire { var, board: Rc::clone(&self.board) }).collect()
    }
}

impl Context for CircuitVerifier<'_> {
    type Value = Wire;
    type Error = GadgetError;

    fn constant_field(&mut self, value: Fr) -> Wire {
        self.wire(&FieldVar::constant(value))
    }

    fn receive(&mut self, len: usize) -> Result<Vec<Wire>, GadgetError> {
        let received = match self.messages {
            None => None,
            Some(messages) => {
                let parts = messages.split_at_checked(len);
                let (head, rest) = parts.ok_or(GadgetError::Length { expected: len, got: messages.len() })?;
                self.messages = Some(rest);
                Some(head)
            }
        };
        let value = |i: usize| received.and_then(|received| received.get(i).copied());
        let vars: Vec<FieldVar> =
            (0..len).map(|i| FieldVar::witness(&self.board.cs, value(i))).collect::<Result<_, _>>()?;
        self.duplex.absorb(&vars);
        Ok(self.wires(vars))
    }

    fn absorb(&mut self, values: &[Wire]) -> Result<(), GadgetError> {
        let vars: Vec<FieldVar> = values.iter().map(|value| value.var.clone()).collect();
        self.duplex.absorb(&vars);
        Ok(())
    }

    fn challenge(&mut self) -> Result<Wire, GadgetError> {
        let challenge = self.duplex.squeeze(&self.board.cs)?;
        Ok(self.wire(&challenge))
    }

    fn assert_equal(&mut self, left: &Wire, right: &Wire, _check: ScanError) -> Result<(), GadgetError> {
        left.var.enforce_equal(&self.board.cs, &right.var)
    }

    fn inverse(&mut self, value: &Wire, _check: ScanError) -> Result<Wire, GadgetError> {
        let cs = &self.board.cs;
        // Zero has no inverse: whatever stands here, the product is not 1.
        let inverse = FieldVar::witness(cs, value.var.value().map(|value| value.inverse().unwrap_or_default()))?;
        FieldVar::enforce_product(cs, &value.var, &inverse, &FieldVar::one())?;
        Ok(self.wire(&inverse))
    }

    fn is_zero(&mut self, value: &Wire) -> Result<Wire, GadgetError> {
        let is_zero = value.var.is_zero(&self.board.cs)?;
        Ok(self.wire(is_zero.field()))
    }

    fn bits(&mut self, value: &Wire, width: usize, _check: ScanError) -> Result<Vec<Wire>, GadgetError> {
        let cs = &self.board.cs;
        let integer = value.var.value().map(|value| value.into_bigint().into());
        let bits = decompose(cs, integer.as_ref(), width as u64)?;
        recompose(&bits).enforce_equal(cs, &value.var)?;
        Ok(self.wires(bits.iter().map(BoolVar::field).cloned().collect()))
    }
}
