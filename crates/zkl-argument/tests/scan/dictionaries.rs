//! The scan over the dictionaries of a table in segments: sums of multiplicities, with their smallest group.

use std::borrow::Cow;

use zkl_argument::{
    Cell, CellData, PlanError, ScanError, ScanPlan, ScanWitness, SealedGroups, SealedProfile, TranscriptSeed,
    check_columns, prove_plain, verify_plain,
};
use zkl_core::{
    ark::Fr,
    column::ColumnType,
    layout::{ColumnLayout, Encoding, Layout},
};

use super::table::small;

const LIMB_BITS: usize = 9;
/// Rows of the whole table.
const ROWS: u64 = 5_000;
const NULLS: u32 = 700;

/// Two large dictionaries beside a number: the first one nullable with 4 groups, the second one full with 512 codes.
struct Case {
    plan: ScanPlan,
    sealed: SealedProfile<Fr>,
    sums: Vec<Vec<u32>>,
}

fn case() -> Case {
    let encoding = Encoding::Grouped { capacity: 512 };
    let grouped = |name, nullable| ColumnLayout::new(name, ColumnType::Category, encoding).nullable(nullable);
    let number = ColumnLayout::new("n", ColumnType::Int, Encoding::Numeric { limbs: 1 });
    let layout = Layout::new(ROWS, vec![grouped("a", true), number, grouped("b", false)], Vec::new()).unwrap();
    let plan = ScanPlan::dictionaries(&layout, LIMB_BITS).unwrap().unwrap();
    let first = vec![NULLS, 1_200, 900, 600, 1_600];
    let mut second = vec![0];
    second.extend((1..512u32).map(|code| 9 + u32::from(code == 3)));
    let rest = ROWS as u32 - second.iter().sum::<u32>();
    second[7] += rest;
    let groups = |valid: u64, distinct, smallest| SealedGroups {
        nulls: small(1) - small(valid),
        distinct: small(distinct),
        smallest: small(smallest),
    };
    let sealed = SealedProfile {
        numeric: Vec::new(),
        opaque: Vec::new(),
        category: Vec::new(),
        joint: Vec::new(),
        grouped: vec![groups(ROWS - u64::from(NULLS), 4, 600), groups(ROWS, 511, 9)],
        product: Vec::new(),
    };
    Case { plan, sealed, sums: vec![first, second] }
}

impl Case {
    fn witness(&self) -> ScanWitness<'_> {
        ScanWitness::dictionaries(&self.plan, &self.sums, &self.sealed).unwrap()
    }

    fn seed() -> TranscriptSeed {
        TranscriptSeed { t0: small(3), salt: small(4) }
    }

    fn outcome(&self, witness: &ScanWitness<'_>, sealed: &SealedProfile<Fr>) -> Result<(), ScanError> {
        let mask = [5u64, 6, 7, 8].map(small);
        let proof = prove_plain(&self.plan, witness, sealed, &mask, &Self::seed()).unwrap();
        let opening = verify_plain(&self.plan, sealed, &Self::seed(), &proof.messages)?;
        check_columns(&self.plan, witness, &mask, &opening)
    }

    /// The honest columns as field elements.
    fn cells(&self) -> Vec<Vec<Fr>> {
        let rows = self.plan.shape().rows();
        self.witness().cells().iter().map(|cell| (0..rows).map(|row| cell.value(row)).collect()).collect()
    }

    fn cheat(&self, cells: Vec<Vec<Fr>>, sealed: &SealedProfile<Fr>) -> Result<(), ScanError> {
        let cells = cells.into_iter().map(|cell| CellData::Field(Cow::Owned(cell))).collect();
        self.outcome(&ScanWitness::from_cells_unchecked(&self.plan, cells).unwrap(), sealed)
    }

    fn at(&self, cell: Cell) -> usize {
        self.plan.position(cell).unwrap()
    }
}

#[test]
fn accepts_the_true_groups_of_two_dictionaries() {
    let case = case();
    assert_eq!(case.plan.cells().len(), 2 + 3 * 2 + 1);
    case.outcome(&case.witness(), &case.sealed).unwrap();
    // A smaller bound is a bound.
    let mut looser = case.sealed.clone();
    looser.grouped[0].smallest = small(10);
    let witness = ScanWitness::dictionaries(&case.plan, &case.sums, &looser).unwrap();
    case.outcome(&witness, &looser).unwrap();
}

#[test]
fn rejects_a_smallest_group_that_is_too_large() {
    let case = case();
    let mut sealed = case.sealed.clone();
    sealed.grouped[0].smallest += small(1);
    assert_eq!(case.outcome(&case.witness(), &sealed), Err(ScanError::MomentsEnd));
    let refused = ScanWitness::dictionaries(&case.plan, &case.sums, &sealed).err();
    let sums = case.at(Cell::GroupSum { column: 0 });
    assert_eq!(refused, Some(PlanError::Range { cell: sums }));
    // Remainders that fit: those of code 3 is -1, no limb.
    let mut cells = case.cells();
    let (low, counts) = (case.at(Cell::RestLow { column: 0 }), case.at(Cell::LimbMultiplicity));
    let limbs: Vec<Fr> = cells[low][1..=4].to_vec();
    for rest in &mut cells[low][1..=4] {
        *rest -= small(1);
    }
    let limb = |value: Fr| (0..512).find(|&limb| small(limb) == value);
    for old in limbs {
        cells[counts][limb(old).unwrap() as usize] -= small(1);
        if let Some(new) = limb(old - small(1)) {
            cells[counts][new as usize] += small(1);
        }
    }
    assert_eq!(case.cheat(cells, &sealed), Err(ScanError::RootSum));
}

#[test]
fn rejects_other_numbers_of_groups_and_of_valid_rows() {
    let case = case();
    for distinct in [3, 0, 5] {
        let mut sealed = case.sealed.clone();
        sealed.grouped[0].distinct = small(distinct);
        assert_eq!(case.outcome(&case.witness(), &sealed), Err(ScanError::MomentsEnd), "{distinct}");
    }
    let mut sealed = case.sealed.clone();
    sealed.grouped[1].distinct = small(512);
    assert_eq!(case.outcome(&case.witness(), &sealed), Err(ScanError::GroupCount { grouped: 1 }));
    for valid in [0, 1, ROWS] {
        let mut sealed = case.sealed.clone();
        sealed.grouped[0].nulls = small(1) - small(valid);
        assert_eq!(case.outcome(&case.witness(), &sealed), Err(ScanError::MomentsEnd), "{valid}");
    }
}

/// The verifier computes the commitments of the sums and of the public columns: a prover with others cannot open them.
#[test]
fn rejects_sums_and_public_columns_of_the_provers_choice() {
    let case = case();
    let mask = [5u64, 6, 7, 8].map(small);
    for (cell, row) in [
        (Cell::GroupSum { column: 0 }, 3),
        (Cell::GroupSum { column: 1 }, 0),
        (Cell::Origin, 0),
        (Cell::Origin, 9),
        (Cell::Nothing, 0),
    ] {
        let mut cells = case.cells();
        let position = case.at(cell);
        cells[position][row] += small(100);
        let lie = cells.into_iter().map(|cell| CellData::Field(Cow::Owned(cell))).collect();
        let lie = ScanWitness::from_cells_unchecked(&case.plan, lie).unwrap();
        let proof = prove_plain(&case.plan, &lie, &case.sealed, &mask, &Case::seed()).unwrap();
        let outcome = verify_plain(&case.plan, &case.sealed, &Case::seed(), &proof.messages)
            .and_then(|opening| check_columns(&case.plan, &case.witness(), &mask, &opening));
        assert!(outcome.is_err(), "{cell:?}");
    }
    // Sums that lift a group, with remainders to match: only the opening objects.
    let mut cells = case.cells();
    let (sums, low) = (case.at(Cell::GroupSum { column: 0 }), case.at(Cell::RestLow { column: 0 }));
    let counts = case.at(Cell::LimbMultiplicity);
    cells[sums][3] += small(5);
    cells[low][3] += small(5);
    cells[counts][0] -= small(1);
    cells[counts][5] += small(1);
    let lie = cells.into_iter().map(|cell| CellData::Field(Cow::Owned(cell))).collect();
    let lie = ScanWitness::from_cells_unchecked(&case.plan, lie).unwrap();
    case.outcome(&lie, &case.sealed).unwrap();
    let proof = prove_plain(&case.plan, &lie, &case.sealed, &mask, &Case::seed()).unwrap();
    let opening = verify_plain(&case.plan, &case.sealed, &Case::seed(), &proof.messages).unwrap();
    let refused = check_columns(&case.plan, &case.witness(), &mask, &opening);
    assert_eq!(refused, Err(ScanError::OpeningEnd));
}

#[test]
fn tables_without_large_dictionaries_have_no_such_scan() {
    let number = ColumnLayout::new("n", ColumnType::Int, Encoding::Numeric { limbs: 1 });
    let layout = Layout::new(ROWS, vec![number], Vec::new()).unwrap();
    assert!(ScanPlan::dictionaries(&layout, LIMB_BITS).unwrap().is_none());
}

#[test]
fn witnesses_refuse_counts_that_do_not_fit() {
    let case = case();
    let refused = |sums: &[Vec<u32>]| ScanWitness::dictionaries(&case.plan, sums, &case.sealed).err();
    assert_eq!(refused(&case.sums[..1]), Some(PlanError::Column { index: 2 }));
    let long = [case.sums[0].clone(), vec![9; 513]];
    assert_eq!(refused(&long), Some(PlanError::Column { index: 1 }));
}
