//! Dishonest provers: each takes an honest instance and changes one thing.

use num_bigint::BigUint;
use zkl_core::{ark::Fr, layout::PairLayout};

use super::fixture::{Table, ctx, mixed, numbers, satisfied, words};
use crate::{
    claims::{
        kinds::{Mean, NullGroups, balance, correlation, gap, min_group, share, values},
        language::{Claim, ClaimError},
        prove_instance,
        ratio::Ratio,
        relation::{FrameInputs, Instance, Relation},
        resolve::{Place, Table as Matched},
        statement,
    },
    seal::{CategoryRecord, HeaderRecord, Opening, Record as _, RecordIndex, SealSeed, layout_digest},
};

fn frame(table: &Table) -> FrameInputs {
    FrameInputs { h: table.seal.commitment().field(), ctx: ctx(), layout: layout_digest(&table.layout) }
}

pub(super) fn instance<R: Relation>(table: &Table, relation: R) -> Instance<R> {
    let secret = Some((table.seal.header(), relation.open(&table.seal).unwrap()));
    Instance { relation, inputs: frame(table), secret }
}

fn place(table: &Table, name: &str) -> Place {
    let position = table.layout.index_of(name).unwrap();
    Place { position, record: RecordIndex::column(&table.layout, position).unwrap() }
}

/// The relation of a claim of one kind.
macro_rules! relation {
    ($kind:ident, $table:expr, $text:expr) => {{
        let Ok(Claim::$kind(claim)) = $text.parse() else { panic!("{}", $text) };
        claim.relation(&Matched { layout: &$table.layout, function: stringify!($kind) }).unwrap()
    }};
}

fn mean_of(table: &Table, text: &str) -> Ratio<Mean> {
    let Ok(Claim::Mean(claim)) = text.parse() else { panic!("{text}") };
    Ratio::new(claim, &Matched { layout: &table.layout, function: "mean" }).unwrap()
}

fn mean(table: &Table, text: &str) -> Instance<Ratio<Mean>> {
    instance(table, mean_of(table, text))
}

/// Seals a record that no honest notary would: the tree of one column under a header of `layout`.
pub(super) fn reseal<R: Relation<Witness = W>, W>(
    table: &Table,
    relation: R,
    change: impl FnOnce(&mut W) -> (Fr, RecordIndex, crate::seal::MerklePath),
) -> Instance<R> {
    let mut instance = instance(table, relation);
    let (header, witness) = instance.secret.as_mut().unwrap();
    let (leaf, index, path) = change(witness);
    instance.inputs.h = path.root(leaf, index);
    // The header's path changes with the record next to it: the first sibling of leaf 0 is leaf 1.
    assert_eq!(index.get(), 1);
    header.path = sibling_path(&header.path, leaf);
    assert_eq!(header.root(), instance.inputs.h);
    instance
}

pub(super) fn sibling_path(path: &crate::seal::MerklePath, first: Fr) -> crate::seal::MerklePath {
    let mut siblings = *path.siblings();
    siblings[0] = first;
    crate::seal::MerklePath::of_siblings(siblings)
}

#[test]
fn a_seal_context_or_layout_of_another_statement_is_refused() {
    let (table, other) = (mixed(), Table::of_numbers(&[1]));
    let honest = mean(&table, "mean(age) <= 50");
    assert!(satisfied(&honest));
    let mut wrong = mean(&table, "mean(age) <= 50");
    wrong.inputs.h = other.seal.commitment().field();
    assert!(!satisfied(&wrong));
    let mut wrong = mean(&table, "mean(age) <= 50");
    wrong.inputs.layout = layout_digest(&other.layout);
    assert!(!satisfied(&wrong));
    // Another header that says what the verifier wants to read is not behind h.
    let (header, _) = wrong.secret.as_mut().unwrap();
    header.record = HeaderRecord { layout: layout_digest(&other.layout), ..header.record.clone() };
    assert!(!satisfied(&wrong));
}

#[test]
fn another_context_needs_another_proof() {
    use zkl_snark::testing::Instance as Synthesized;
    let table = mixed();
    let honest = Synthesized::new(&mean(&table, "mean(age) <= 50")).unwrap();
    let mut replayed = honest;
    assert_eq!(replayed.assignment[2], ctx());
    replayed.assignment[2] += Fr::from(1u64);
    assert!(replayed.first_violated().is_some());
}

#[test]
fn a_record_of_another_column_or_kind_is_refused() {
    let table = mixed();
    // The mean of price passed off as the mean of age, with price's path and with age's.
    let mut wrong = mean(&table, "mean(age) >= 100");
    let price = table.seal.numeric(1).unwrap();
    wrong.secret.as_mut().unwrap().1 = price.clone();
    assert!(!satisfied(&wrong));
    wrong.secret.as_mut().unwrap().1.path = table.seal.numeric(0).unwrap().path;
    assert!(!satisfied(&wrong));
    // A category column's record read as numbers: same leaf fields, another kind.
    let mut wrong = Instance {
        relation: Ratio { column: Place { position: 0, ..place(&table, "sex") }, ..mean_of(&table, "mean(age) >= 0") },
        inputs: frame(&table),
        secret: Some((table.seal.header(), table.seal.numeric(0).unwrap())),
    };
    let (_, opening) = wrong.secret.as_mut().unwrap();
    opening.path = table.seal.category(2).unwrap().path;
    opening.record.valid = table.seal.category(2).unwrap().record.valid;
    opening.record.salt = table.seal.category(2).unwrap().record.salt;
    assert!(!satisfied(&wrong));
}

#[test]
fn a_changed_record_does_not_open() {
    let table = mixed();
    let changes: [fn(&mut crate::seal::NumericRecord); 5] =
        [|r| r.valid += 1, |r| r.sum += 1u32, |r| r.min -= 1, |r| r.top_limb ^= 1, |r| r.salt += Fr::from(1u64)];
    for change in changes {
        let mut wrong = mean(&table, "mean(age) <= 50");
        change(&mut wrong.secret.as_mut().unwrap().1.record);
        assert!(!satisfied(&wrong));
    }
    let mut wrong = mean(&table, "mean(age) <= 50");
    wrong.secret.as_mut().unwrap().0.record.rows += 1;
    assert!(!satisfied(&wrong));
}

#[test]
fn a_standard_deviation_has_the_estimator_of_its_text() {
    let table = Table::of_numbers(&[3, 4]);
    let of = |text: &str| {
        let Ok(Claim::Std(claim)) = text.parse() else { panic!("{text}") };
        Ratio::new(claim, &Matched { layout: &table.layout, function: "std" }).unwrap()
    };
    let population = instance(&table, of("std(x) <= 0.5"));
    assert!(satisfied(&population));
    assert!(!satisfied(&instance(&table, of("std_sample(x) <= 0.5"))), "the root of a half");
    let inputs =
        |text: &str| statement(&table.resolve(text), &table.layout, &table.seal.commitment(), ctx()).unwrap().1;
    assert_eq!(inputs("std(x) <= 0.5"), inputs("var(x) <= 0.25"), "one circuit, one statement");
    assert_ne!(inputs("std(x) <= 0.5"), inputs("std_sample(x) <= 0.5"));
    let mut wrong = instance(&table, of("std(x) <= 0.25"));
    assert!(!satisfied(&wrong));
    wrong.secret.as_mut().unwrap().1.record.sum_squares = BigUint::ZERO;
    assert!(!satisfied(&wrong));
    // Squares that are too small for their sum are a variance below 0, which no range from 0 on holds.
    let negative = reseal(&table, of("std(x) >= 0"), |opening| {
        opening.record.sum_squares = BigUint::ZERO;
        (opening.record.leaf(), opening.index, opening.path.clone())
    });
    assert!(!satisfied(&negative));
}

fn share(table: &Table, text: &str) -> share::ShareOf {
    relation!(Share, table, text)
}

pub(super) fn category_path(opening: &mut Opening<CategoryRecord>) -> (Fr, RecordIndex, crate::seal::MerklePath) {
    (opening.record.leaf(), opening.index, opening.path.clone())
}

#[test]
fn a_value_split_over_two_codes_still_counts_as_one() {
    let table = Table::new(&[words("c", 4, "yes yes yes no no no")], &[]);
    let split = |text: &str| {
        reseal(&table, share(&table, text), |opening| {
            let yes = opening.record.values.iter().position(|hv| *hv == share(&table, text).digest).unwrap();
            let unused = opening.record.counts.iter().rposition(|count| *count == 0).unwrap();
            opening.record.values[unused] = opening.record.values[yes];
            opening.record.counts[unused] = 2;
            opening.record.counts[yes] = 1;
            category_path(opening)
        })
    };
    assert!(satisfied(&split("share(c = 'yes') = 50%")));
    assert!(!satisfied(&split("share(c = 'yes') <= 49.9%")));
    assert!(!satisfied(&split("share(c = 'yes') <= 17%")));
}

#[test]
fn nulls_cannot_carry_a_value_and_counts_must_add_up() {
    let table = Table::new(&[words("c", 4, "yes yes no no - -")], &[]);
    let null_is_yes = reseal(&table, share(&table, "share(c = 'yes') = 50%"), |opening| {
        opening.record.values[0] = share(&table, "share(c = 'yes') = 50%").digest;
        category_path(opening)
    });
    assert!(!satisfied(&null_is_yes));
    let inflated = reseal(&table, share(&table, "share(c = 'yes') <= 25%"), |opening| {
        opening.record.valid = 8;
        category_path(opening)
    });
    assert!(!satisfied(&inflated));
    let threshold = threshold(&table, "c", 2);
    let uncounted = reseal(&table, min_group::SmallestValue { threshold, capacity: 4 }, |opening| {
        opening.record.counts[1] = 0;
        category_path(opening)
    });
    assert!(!satisfied(&uncounted));
}

pub(super) fn threshold(table: &Table, column: &str, at_least: u32) -> min_group::Threshold {
    min_group::Threshold { place: place(table, column), at_least, nulls: NullGroups::Excluded }
}

#[test]
fn counts_beyond_32_bits_and_negative_counts_are_no_counts() {
    let table = Table::new(&[words("c", 4, "yes yes yes no no no")], &[]);
    for count in [1u64 << 32, u64::MAX] {
        let wide = reseal(&table, share(&table, "share(c = 'yes') >= 0%"), |opening| {
            opening.record.counts[1] = count;
            category_path(opening)
        });
        assert!(!satisfied(&wide));
    }
    let wide = reseal(&table, share(&table, "share(c = 'yes') >= 0%"), |opening| {
        opening.record.valid = (1 << 32) + 6;
        category_path(opening)
    });
    assert!(!satisfied(&wide));
}

#[test]
fn sums_beyond_their_bits_are_refused_wherever_they_come_from() {
    let table = Table::of_numbers(&[5, 6, 7]);
    // Bits that spill into the next field of the packed element, and bits beyond all fields.
    for sum in [BigUint::from(1u32) << 97, BigUint::from(1u32) << 251] {
        let wide = reseal(&table, mean_of(&table, "mean(x) >= 0"), |opening| {
            opening.record.sum = sum;
            (opening.record.leaf(), opening.index, opening.path.clone())
        });
        assert!(!satisfied(&wide));
    }
}

#[test]
fn balance_with_wrong_extremes_is_refused() {
    let table = Table::new(&[words("c", 4, "x x x y z z")], &[]);
    let balance = |text: &str, smallest: u64, largest: u64| {
        let mut instance = instance(&table, relation!(Balance, table, text));
        let (_, witness): &mut (_, balance::BalanceWitness) = instance.secret.as_mut().unwrap();
        (witness.smallest, witness.largest) = (smallest, largest);
        satisfied(&instance)
    };
    assert!(balance("balance(c) >= 33%", 1, 3));
    assert!(balance("balance(c) >= 25%", 1, 4), "a prover may understate");
    assert!(!balance("balance(c) >= 50%", 2, 3));
    assert!(!balance("balance(c) >= 50%", 1, 2));
    assert!(!balance("balance(c) >= 0", 0, 3), "a class of no rows");
}

#[test]
fn one_class_cannot_be_said_to_be_two() {
    let table = Table::new(&[words("c", 4, "x x x")], &[]);
    for smallest in [0, 1, 3] {
        let mut instance = instance(&table, relation!(Balance, table, "balance(c) >= 0"));
        instance.secret.as_mut().unwrap().1.smallest = smallest;
        assert!(!satisfied(&instance));
    }
}

#[test]
fn wrong_integer_roots_are_refused() {
    let x = [10, 20, 30, 40, 50].map(Some).to_vec();
    let y = [20, 10, 40, 30, 50].map(Some).to_vec();
    let table = Table::new(&[numbers("x", 1, x), numbers("y", 1, y)], &[PairLayout::Product { left: 0, right: 1 }]);
    let with_roots = |text: &str, change: fn(&mut [BigUint; 2])| {
        let mut instance = instance(&table, relation!(Correlation, table, text));
        let (_, witness): &mut (_, correlation::CorrelationWitness) = instance.secret.as_mut().unwrap();
        change(&mut witness.roots);
        satisfied(&instance)
    };
    // r = 0.8. Larger roots would make it look smaller, smaller roots larger.
    assert!(with_roots("corr(x, y) <= 0.85", |_| ()));
    assert!(!with_roots("corr(x, y) <= 0.85", |roots| roots[0] += 1u32));
    assert!(!with_roots("corr(x, y) <= 0.75", |roots| roots[0] *= 2u32));
    assert!(!with_roots("corr(x, y) >= 0.7", |roots| roots[1] -= 1u32));
    assert!(!with_roots("corr(x, y) >= 0.85", |roots| roots.fill(BigUint::from(1u32))));
    assert!(!with_roots("corr(x, y) >= 0.85", |roots| roots.fill(BigUint::ZERO)));
    assert!(!with_roots("corr(x, y) <= 0.75", |roots| roots[0] = (BigUint::from(1u32) << 96) - 1u32));
}

#[test]
fn thresholds_other_than_the_claims_are_other_inputs() {
    let table = mixed();
    let inputs =
        |text: &str| statement(&table.resolve(text), &table.layout, &table.seal.commitment(), ctx()).unwrap().1;
    let texts = [
        "mean(age) <= 50",
        "mean(age) < 50",
        "mean(age) <= 50.1",
        "mean(age) >= 50",
        "mean(price) <= 50",
        "mean(age) = 50",
        "mean(age) between 0 and 50",
        "mean(age) <= -50",
    ];
    for (i, a) in texts.iter().enumerate() {
        for b in &texts[..i] {
            assert_ne!(inputs(a), inputs(b), "{a} / {b}");
        }
    }
}

#[test]
fn a_gap_between_swapped_or_foreign_dictionaries_is_refused() {
    let table = mixed();
    let gap: gap::RateGap = relation!(Gap, table, "gap(hired = 'yes' by sex: 'f', 'm') <= 100%");
    let honest = instance(&table, gap.clone());
    assert!(satisfied(&honest));
    let mut wrong = instance(&table, gap.clone());
    let (_, witness) = wrong.secret.as_mut().unwrap();
    std::mem::swap(&mut witness.group, &mut witness.label);
    assert!(!satisfied(&wrong));
    let mut wrong = instance(&table, gap);
    wrong.secret.as_mut().unwrap().1.joint.record.counts.swap(5, 6);
    assert!(!satisfied(&wrong));
}

#[test]
fn the_smallest_large_group_cannot_be_invented() {
    let table = mixed();
    let mut wrong = instance(&table, min_group::SmallestSealed { threshold: threshold(&table, "zip3", 4) });
    assert!(!satisfied(&wrong));
    wrong.secret.as_mut().unwrap().1.record.smallest_group = 4;
    assert!(!satisfied(&wrong));
    wrong.secret.as_mut().unwrap().1.record.valid = 0;
    assert!(!satisfied(&wrong));
}

#[test]
fn the_sealed_upper_bound_follows_the_sealed_limbs() {
    let table = mixed();
    let column = place(&table, "price");
    let values = |upper| values::ValueRange { column, limbs: 2, lower: None, upper: Some(upper) };
    assert!(satisfied(&instance(&table, values(130_796))));
    for limbs in [1, 3, 4] {
        let mut wrong = instance(&table, values(130_796));
        wrong.secret.as_mut().unwrap().1.record.limbs = limbs;
        assert!(!satisfied(&wrong));
    }
}

#[test]
fn a_range_has_the_sealed_limits_of_its_own_column_and_at_least_one_value() {
    let table = mixed();
    let of = |table: &Table, text: &str| {
        let Ok(Claim::Range(claim)) = text.parse() else { panic!("{text}") };
        Ratio::new(claim, &Matched { layout: &table.layout, function: "range" }).unwrap()
    };
    assert!(satisfied(&instance(&table, of(&table, "range(price) <= 1310.71"))));
    let changes: [fn(&mut crate::seal::NumericRecord); 4] =
        [|r| r.limbs = 1, |r| r.top_limb = 0, |r| r.min += 130_000, |r| r.valid = 0];
    for change in changes {
        let mut wrong = instance(&table, of(&table, "range(price) <= 1310.71"));
        change(&mut wrong.secret.as_mut().unwrap().1.record);
        assert!(!satisfied(&wrong));
    }
    let mut wrong = instance(&table, of(&table, "range(price) <= 38"));
    wrong.secret.as_mut().unwrap().1 = table.seal.numeric(0).unwrap();
    assert!(!satisfied(&wrong), "the range of age");
    // Sealed as having no value: nothing is said.
    let sealed = Table::of_numbers(&[5, 6, 7]);
    let with = |valid: u64| {
        reseal(&sealed, of(&sealed, "range(x) < 281474976710656"), |opening| {
            opening.record.valid = valid;
            (opening.record.leaf(), opening.index, opening.path.clone())
        })
    };
    assert!(satisfied(&with(1)));
    assert!(!satisfied(&with(0)));
}

#[test]
fn an_instance_of_another_seal_is_refused_before_proving() {
    let table = mixed();
    let other = Table::of_numbers(&[30, 40]);
    let claim = table.resolve("mean(age) <= 50");
    let proved = prove_instance(&claim, &table.layout, &table.profile, &other.seal, ctx());
    assert_eq!(proved.map(|_| ()), Err(ClaimError::ProfileMismatch));
    let seed = SealSeed::from_bytes([8; 32]);
    let resealed = crate::seal::Seal::new(&table.layout, &table.profile, &seed).unwrap();
    assert_ne!(resealed.commitment(), table.seal.commitment());
}
