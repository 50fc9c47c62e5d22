//! Dishonest provers: one for every line of the statement. Each runs the real prover on columns or claims of its choice.

use zkl_argument::{Cell, ScanError, SealedProfile, verify_plain};
use zkl_core::{ark::Fr, layout::PairLayout};

use super::table::{Case, Column, Table, category, nullable, numeric, random_field, small};

/// Two limbs, one null, one category, one full column: 8 rows of 4-bit limbs, in blocks that are
/// long enough for vectorised passes.
fn case() -> Case {
    let values = [Some(3), None, Some(200), Some(17), Some(16), None, Some(15), Some(99)];
    let columns = vec![
        nullable(2, &values),
        numeric(1, &[1, 2, 3, 4, 5, 6, 7, 8]),
        category(4, &[1, 2, 1, 3, 0, 1, 2, 2]),
        category(4, &[1, 1, 1, 2, 2, 2, 1, 1]),
    ];
    let pairs = vec![PairLayout::Joint { group: 2, label: 3 }, PairLayout::Product { left: 0, right: 1 }];
    Table::new(10, 4, 8, columns, pairs).case()
}

fn position(case: &Case, cell: Cell) -> usize {
    case.plan.position(cell).unwrap()
}

const LIMB: Cell = Cell::Limb { column: 1, limb: 0 };

/// Moves a lookup of the limb table from `old` to `new`, where `new` may be no entry at all.
fn adjust_limb_counts(case: &Case, cells: &mut [Vec<Fr>], old: &[usize], new: &[usize]) {
    let counts = position(case, Cell::LimbMultiplicity);
    for &old in old {
        cells[counts][old] -= small(1);
    }
    for &new in new {
        cells[counts][new] += small(1);
    }
}

/// Recomputes what the moments of column 1 must be for the given limb values, so that only the lookups can object.
fn reseal_full_column(case: &Case, values: &[Fr]) -> SealedProfile<Fr> {
    let mut sealed = case.sealed.clone();
    sealed.numeric[1].sum = values[..8].iter().sum();
    sealed.numeric[1].sum_squares = values[..8].iter().map(|v| *v * v).sum();
    let left: Vec<Fr> = [3u64, 0, 200, 17, 16, 0, 15, 99].map(Fr::from).to_vec();
    let valid: Vec<Fr> = [1u64, 0, 1, 1, 1, 0, 1, 1].map(Fr::from).to_vec();
    let sum = |f: &dyn Fn(usize) -> Fr| (0..8).map(f).sum::<Fr>();
    sealed.product[0].products = sum(&|i| left[i] * values[i]);
    sealed.product[0].right_sum = sum(&|i| valid[i] * values[i]);
    sealed.product[0].right_squares = sum(&|i| valid[i] * values[i] * values[i]);
    sealed
}

#[test]
fn the_helpers_of_these_tests_change_nothing_by_themselves() {
    let case = case();
    let cells = case.cells();
    let values = cells[position(&case, LIMB)].clone();
    case.cheat(cells, &reseal_full_column(&case, &values)).unwrap();
}

#[test]
fn rejects_a_limb_out_of_range_even_with_foreign_multiplicities_adjusted() {
    let case = case();
    // 16 is no limb. Every table's counts are tried as the place to put it.
    for (wrong, top) in [(small(16), small(16)), (-small(1), small(8)), (random_field(1), small(8))] {
        let mut cells = case.cells();
        let limb = position(&case, LIMB);
        cells[limb][7] = wrong;
        adjust_limb_counts(&case, &mut cells, &[8, 0], &[0]);
        let mut sealed = reseal_full_column(&case, &cells[limb]);
        sealed.numeric[1].top = top;
        assert_eq!(case.cheat(cells.clone(), &sealed), Err(ScanError::RootSum));
        let mut foreign = sealed.clone();
        foreign.category[0][0] += small(1);
        assert_eq!(case.cheat(cells.clone(), &foreign), Err(ScanError::RootSum));
        let mut foreign = sealed;
        foreign.joint[0][0] += small(1);
        assert_eq!(case.cheat(cells, &foreign), Err(ScanError::RootSum));
    }
}

#[test]
fn rejects_a_top_limb_above_its_bound() {
    let case = case();
    let mut sealed = case.sealed.clone();
    sealed.numeric[1].top = small(7);
    // T - V = -1 for the last row, 1 less for the others: no multiplicities make up for it.
    let mut cells = case.cells();
    adjust_limb_counts(&case, &mut cells, &[7], &[]);
    assert_eq!(case.cheat(cells, &sealed), Err(ScanError::RootSum));
    assert_eq!(case.outcome_of_cells(&sealed), Err(ScanError::RootSum));
}

#[test]
fn accepts_a_looser_bound_and_nothing_else_about_it() {
    // The bound is a bound, not an attained value.
    let mut looser = case();
    looser.sealed.numeric[1].top = small(15);
    looser.outcome_of(&looser.sealed).unwrap();
}

#[test]
fn rejects_a_code_outside_its_dictionary() {
    let case = case();
    let mut cells = case.cells();
    cells[position(&case, Cell::Code { column: 3 })][0] = small(4);
    let mut sealed = case.sealed.clone();
    sealed.category[1][1] -= small(1);
    // 4 g + l: the joint code of (1, 4) is that of (2, 0).
    sealed.joint[0][5] -= small(1);
    sealed.joint[0][8] += small(1);
    assert_eq!(case.cheat(cells, &sealed), Err(ScanError::RootSum));
}

#[test]
fn rejects_a_wrong_count_and_a_wrong_joint_count() {
    let case = case();
    for (from, to) in [(1, 2), (0, 3)] {
        let mut sealed = case.sealed.clone();
        sealed.category[0][from] -= small(1);
        sealed.category[0][to] += small(1);
        assert_eq!(case.outcome_of(&sealed), Err(ScanError::RootSum));
    }
    let mut sealed = case.sealed.clone();
    sealed.joint[0][5] -= small(1);
    sealed.joint[0][6] += small(1);
    assert_eq!(case.outcome_of(&sealed), Err(ScanError::RootSum));
}

#[test]
fn rejects_a_category_split_between_two_tables() {
    // Rows of one dictionary counted in another of the same size.
    let case = case();
    let mut sealed = case.sealed.clone();
    sealed.category[0][1] -= small(1);
    sealed.category[1][1] += small(1);
    assert_eq!(case.outcome_of(&sealed), Err(ScanError::RootSum));
}

#[test]
fn rejects_a_null_cell_with_a_value() {
    let case = case();
    let mut cells = case.cells();
    let limb = position(&case, Cell::Limb { column: 0, limb: 0 });
    cells[limb][1] = small(5);
    adjust_limb_counts(&case, &mut cells, &[0], &[5]);
    let mut sealed = case.sealed.clone();
    sealed.numeric[0].sum += small(5);
    sealed.numeric[0].sum_squares += small(25);
    sealed.product[0].products += small(10);
    sealed.product[0].left_sum += small(5);
    sealed.product[0].left_squares += small(25);
    assert_eq!(case.cheat(cells, &sealed), Err(ScanError::MomentsEnd));
}

#[test]
fn rejects_a_validity_that_is_no_bit() {
    let case = case();
    let mut cells = case.cells();
    // 2 in place of 0 in a row whose value is 0, and the counts that follow from it.
    cells[position(&case, Cell::Valid { column: 0 })][1] = small(2);
    let mut sealed = case.sealed.clone();
    sealed.numeric[0].valid += small(2);
    sealed.product[0].valid += small(2);
    sealed.product[0].right_sum += small(4);
    sealed.product[0].right_squares += small(8);
    assert_eq!(case.cheat(cells, &sealed), Err(ScanError::MomentsEnd));
}

#[test]
fn rejects_every_sum_that_is_off_by_one() {
    let case = case();
    let sums: [fn(&mut SealedProfile<Fr>) -> &mut Fr; 9] = [
        |s| &mut s.numeric[0].sum,
        |s| &mut s.numeric[0].sum_squares,
        |s| &mut s.numeric[0].valid,
        |s| &mut s.product[0].valid,
        |s| &mut s.product[0].products,
        |s| &mut s.product[0].left_sum,
        |s| &mut s.product[0].right_sum,
        |s| &mut s.product[0].left_squares,
        |s| &mut s.product[0].right_squares,
    ];
    for sum in sums {
        for wrong in [small(1), -small(1), small(1 << 32)] {
            let mut sealed = case.sealed.clone();
            *sum(&mut sealed) += wrong;
            assert_eq!(case.outcome_of(&sealed), Err(ScanError::MomentsEnd));
        }
    }
}

#[test]
fn rejects_a_valid_count_below_n_for_a_column_that_is_never_null() {
    let case = case();
    let mut sealed = case.sealed.clone();
    sealed.numeric[1].valid -= small(1);
    assert_eq!(case.outcome_of(&sealed), Err(ScanError::MomentsEnd));
    let mut sealed = case.sealed.clone();
    sealed.category[1][0] += small(1);
    assert_eq!(case.outcome_of(&sealed), Err(ScanError::RootSum));
    // With a null in the data the lookups agree, and the layout objects.
    let mut cells = case.cells();
    cells[position(&case, Cell::Code { column: 3 })][0] = small(0);
    let mut sealed = case.sealed.clone();
    sealed.category[1][1] -= small(1);
    sealed.category[1][0] += small(1);
    sealed.joint[0][5] -= small(1);
    sealed.joint[0][4] += small(1);
    assert_eq!(case.cheat(cells, &sealed), Err(ScanError::NullsInFullColumn { dictionary: 1 }));
}

#[test]
fn rejects_a_wrong_valid_count_of_an_opaque_column() {
    let column = Column::Opaque { nullable: true, valid: vec![true, false, true] };
    let case = Table::new(10, 4, 3, vec![column], Vec::new()).case();
    let mut sealed = case.sealed.clone();
    sealed.opaque[0] += small(1);
    assert_eq!(case.outcome_of(&sealed), Err(ScanError::MomentsEnd));
}

#[test]
fn rejects_a_sum_that_wraps_around() {
    // -1 in one row and 1 more in another leave the sum as it is.
    let case = case();
    let mut cells = case.cells();
    let limb = position(&case, LIMB);
    cells[limb][0] = -small(1);
    cells[limb][1] = small(4);
    adjust_limb_counts(&case, &mut cells, &[1, 2, 7, 6], &[4, 4, 4]);
    let sealed = reseal_full_column(&case, &cells[limb]);
    assert_eq!(sealed.numeric[1].sum, case.sealed.numeric[1].sum);
    assert_eq!(case.cheat(cells, &sealed), Err(ScanError::RootSum));
}

#[test]
fn does_not_count_data_in_padding_rows() {
    let case = case();
    let mut cells = case.cells();
    for cell in &mut cells[..position(&case, Cell::LimbMultiplicity)] {
        for (row, value) in cell.iter_mut().enumerate().skip(8) {
            *value = random_field(row as u64);
        }
    }
    case.cheat(cells.clone(), &case.sealed).unwrap();
    let mut longer = case.table.clone();
    longer.rows = 9;
    for column in &mut longer.columns {
        match column {
            Column::Numeric { values, .. } => values.push(Some(1)),
            Column::Category { codes, .. } | Column::Grouped { codes, .. } => codes.push(1),
            Column::Opaque { valid, .. } => valid.push(true),
        }
    }
    let sealed = longer.seal(&longer.plan());
    assert_eq!(case.cheat(cells.clone(), &sealed), Err(ScanError::RootSum));
    let mut only_sums = case.sealed.clone();
    only_sums.numeric = sealed.numeric;
    assert_eq!(case.cheat(cells, &only_sums), Err(ScanError::MomentsEnd));
}

#[test]
fn rejects_columns_swapped_between_commitments() {
    let case = case();
    let proof = case.prove();
    let mut cells = case.witness().into_cells();
    cells.swap(0, 1);
    let swapped = zkl_argument::ScanWitness::from_cells_unchecked(&case.plan, cells).unwrap();
    assert_eq!(case.verify(&swapped, &proof.messages), Err(ScanError::OpeningEnd));
}

#[test]
fn rejects_the_profile_of_another_table() {
    let (one, two) = (Table::random(1, 5, 30).case(), Table::random(2, 5, 30).case());
    assert_eq!(one.outcome_of(&two.sealed), Err(ScanError::RootSum));
    let (one, two) = (numeric(1, &[1, 2, 3]), numeric(1, &[3, 2, 2]));
    let of = |column| Table::new(10, 4, 3, vec![column], Vec::new()).case();
    assert_eq!(of(one).outcome_of(&of(two).sealed), Err(ScanError::MomentsEnd));
}

#[test]
fn rejects_a_proof_replayed_under_another_statement() {
    let case = case();
    let proof = case.prove();
    let mut seed = case.seed.clone();
    seed.t0 += small(1);
    let replay = |seed| verify_plain(&case.plan, &case.sealed, seed, &proof.messages).unwrap_err();
    assert_eq!(replay(&seed), ScanError::RootSum);
    let mut seed = case.seed.clone();
    seed.salt += small(1);
    assert_eq!(replay(&seed), ScanError::RootSum);
    // Without small tables the root says nothing about X and Y; the first layer with a round does.
    let case = Table::new(10, 4, 3, vec![numeric(1, &[1, 2, 3])], Vec::new()).case();
    let proof = case.prove();
    let mut seed = case.seed.clone();
    seed.t0 += small(1);
    let error = verify_plain(&case.plan, &case.sealed, &seed, &proof.messages).unwrap_err();
    assert_eq!(error, ScanError::LayerEnd { layer: 1 });
}

#[test]
fn rejects_another_layout_of_the_same_shape_behind_the_same_t0() {
    // The same columns, but one of them declared never null.
    let table = Table::new(10, 4, 2, vec![category(4, &[0, 1])], Vec::new());
    let mut declared = table.clone();
    let Column::Category { nullable, .. } = &mut declared.columns[0] else { unreachable!() };
    *nullable = false;
    let (case, declared) = (table.case(), declared.case());
    let error = verify_plain(&declared.plan, &case.sealed, &case.seed, &case.prove().messages).unwrap_err();
    assert_eq!(error, ScanError::NullsInFullColumn { dictionary: 0 });

    // Limbs grouped into other columns: [2, 1] as [1, 2].
    let values = [5, 6, 7];
    let one = Table::new(10, 4, 3, vec![numeric(2, &values), numeric(1, &values)], Vec::new()).case();
    let two = Table::new(10, 4, 3, vec![numeric(1, &values), numeric(2, &values)], Vec::new()).case();
    assert_eq!(one.plan.shape(), two.plan.shape());
    let opening = verify_plain(&two.plan, &one.sealed, &one.seed, &one.prove().messages).unwrap();
    let opens = zkl_argument::check_columns(&two.plan, &one.witness(), &one.mask, &opening);
    assert_eq!(opens, Err(ScanError::OpeningEnd));

    // One row fewer.
    let fewer = Table::new(10, 4, 2, vec![numeric(1, &values)], Vec::new()).case();
    let full = Table::new(10, 4, 3, vec![numeric(1, &values)], Vec::new()).case();
    let error = verify_plain(&fewer.plan, &full.sealed, &full.seed, &full.prove().messages).unwrap_err();
    assert_eq!(error, ScanError::MomentsEnd);
}

#[test]
fn rejects_data_in_slots_that_are_not_in_use() {
    let mut table = Table::new(10, 4, 3, vec![numeric(1, &[1, 2, 3])], Vec::new());
    table.spare = Some(zkl_argument::Slots { limbs: 2, numeric: 2, categories: [1, 0, 0, 0], ..Default::default() });
    let case = table.case();
    case.outcome_of(&case.sealed).unwrap();
    let mut sealed = case.sealed.clone();
    sealed.category[0][2] = small(3);
    assert_eq!(case.outcome_of(&sealed), Err(ScanError::RootSum));
    let mut sealed = case.sealed.clone();
    sealed.numeric[1].sum = small(3);
    assert_eq!(case.outcome_of(&sealed), Err(ScanError::MomentsEnd));
}

/// 40 rows: code 0 once, 1 twelve times, 2 nine times, 3 eighteen times.
fn groups() -> Case {
    groups_in(9)
}

/// With values of a column below `2^limb_bits`.
fn groups_in(limb_bits: usize) -> Case {
    let mut codes = vec![0u16];
    for (code, count) in [(1, 12), (2, 9), (3, 18)] {
        codes.extend(std::iter::repeat_n(code, count));
    }
    let column = Column::Grouped { capacity: 512, nullable: true, codes };
    Table::new(limb_bits + 1, limb_bits, 40, vec![column], Vec::new()).case()
}

const MULTIPLICITY: Cell = Cell::Multiplicity { column: 0 };
const LOW: Cell = Cell::RestLow { column: 0 };

#[test]
fn rejects_a_smallest_group_that_is_too_large() {
    let case = groups();
    assert_eq!(case.sealed.grouped[0].smallest, small(9));
    let mut sealed = case.sealed.clone();
    sealed.grouped[0].smallest = small(10);
    assert_eq!(case.outcome_of(&sealed), Err(ScanError::MomentsEnd));
    // Remainders that fit: 2, -1, 8. The middle one is no limb.
    let mut cells = case.cells();
    let low = position(&case, LOW);
    for rest in &mut cells[low][1..=3] {
        *rest -= small(1);
    }
    adjust_limb_counts(&case, &mut cells, &[3, 0, 9], &[2, 8]);
    assert_eq!(case.cheat(cells, &sealed), Err(ScanError::RootSum));
}

#[test]
fn accepts_a_smaller_bound_on_the_smallest_group() {
    let mut case = groups();
    case.sealed.grouped[0].smallest = small(4);
    case.outcome_of(&case.sealed).unwrap();
}

#[test]
fn rejects_a_group_hidden_beyond_the_number_of_groups() {
    let case = groups();
    let mut cells = case.cells();
    let (code, counts) = (position(&case, Cell::Code { column: 0 }), position(&case, MULTIPLICITY));
    // One row of group 3 becomes a group of its own, with code 400.
    cells[code][39] = small(400);
    cells[counts][3] -= small(1);
    cells[counts][400] += small(1);
    let low = position(&case, LOW);
    cells[low][3] -= small(1);
    adjust_limb_counts(&case, &mut cells, &[9], &[8]);
    assert_eq!(case.cheat(cells, &case.sealed), Err(ScanError::MomentsEnd));
}

#[test]
fn rejects_multiplicities_shifted_between_copies_of_the_table() {
    // The table of 2^9 codes repeats in a block of 2^10 rows: m(2) + 3 and m(2 + 2^9) = -3 leave the lookups alone.
    let case = groups();
    let mut cells = case.cells();
    let counts = position(&case, MULTIPLICITY);
    cells[counts][2] += small(3);
    cells[counts][2 + 512] -= small(3);
    let low = position(&case, LOW);
    let mut sealed = case.sealed.clone();
    sealed.grouped[0].smallest = small(12);
    // Remainders 3, 0, 9 become 0, 0, 6.
    for (code, rest) in [(1, 0), (2, 0), (3, 6)] {
        cells[low][code] = small(rest);
    }
    adjust_limb_counts(&case, &mut cells, &[3, 0, 9], &[0, 0, 6]);
    assert_eq!(case.cheat(cells, &sealed), Err(ScanError::MomentsEnd));
}

#[test]
fn rejects_a_number_of_groups_that_is_wrong_or_impossible() {
    let case = groups();
    for distinct in [small(2), small(0)] {
        let mut sealed = case.sealed.clone();
        sealed.grouped[0].distinct = distinct;
        assert_eq!(case.outcome_of(&sealed), Err(ScanError::MomentsEnd));
    }
    // A dictionary of as many codes as a limb has values, and a smaller one, where each bound has a case that the other one lets pass.
    for (case, values) in
        [(case, [small(512), -small(1), random_field(5)]), (groups_in(11), [small(512), -small(1), small(600)])]
    {
        for distinct in values {
            let mut sealed = case.sealed.clone();
            sealed.grouped[0].distinct = distinct;
            assert_eq!(case.outcome_of(&sealed), Err(ScanError::GroupCount { grouped: 0 }));
        }
    }
}

#[test]
fn rejects_a_wrong_null_count_of_a_grouped_column() {
    let case = groups();
    let mut sealed = case.sealed.clone();
    sealed.grouped[0].nulls = small(0);
    assert_eq!(case.outcome_of(&sealed), Err(ScanError::MomentsEnd));

    let mut table = case.table.clone();
    let Column::Grouped { nullable, .. } = &mut table.columns[0] else { unreachable!() };
    *nullable = false;
    let never_null = table.case();
    let error = never_null.outcome_of(&never_null.sealed);
    assert_eq!(error, Err(ScanError::NullsInFullColumn { dictionary: 0 }));
}

impl Case {
    /// The honest columns with another profile: multiplicities stay those of the honest profile.
    fn outcome_of_cells(&self, sealed: &SealedProfile<Fr>) -> Result<(), ScanError> {
        self.cheat(self.cells(), sealed)
    }
}

/// Remainders are indexed by code. Where only rows below n were checked, a table of one row could claim a smallest group
/// of any size: the remainder of its code sits in row 1.
#[test]
fn rejects_a_remainder_beyond_the_rows_of_the_table() {
    let column = Column::Grouped { capacity: 512, nullable: false, codes: vec![1] };
    let case = Table::new(9, 9, 1, vec![column], Vec::new()).case();
    assert_eq!(case.sealed.grouped[0].smallest, small(1));
    case.outcome_of(&case.sealed).unwrap();
    for claimed in [2, 300, 1 << 20] {
        let mut sealed = case.sealed.clone();
        sealed.grouped[0].smallest = small(claimed);
        // m(1) - k_min = 1 - claimed: the rules about groups are satisfied.
        let mut cells = case.cells();
        cells[position(&case, LOW)][1] = small(1) - small(claimed);
        // Multiplicities as if that row were not looked up, and as if no row from n on were.
        adjust_limb_counts(&case, &mut cells, &[0], &[]);
        assert_eq!(case.cheat(cells.clone(), &sealed), Err(ScanError::RootSum));
        let counts = position(&case, Cell::LimbMultiplicity);
        cells[counts][0] = small(2);
        assert_eq!(case.cheat(cells, &sealed), Err(ScanError::RootSum));
    }
}
