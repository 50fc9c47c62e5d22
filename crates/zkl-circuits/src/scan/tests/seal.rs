//! What opens a seal, without the argument: values that it reads must be fixed by `h` alone, because the argument draws its
//! challenges before it looks at them.

use num_bigint::BigUint;
use zkl_argument::Slots;
use zkl_core::ark::{Fr, ff::AdditiveGroup as _};
use zkl_snark::{gadgets::FieldVar, testing::holds};

use super::fixture::{Case, Table};
use crate::{
    scan::{
        lay::{LayoutFields, LayoutVar, layout_element},
        profile::open_seal,
        wire::CircuitVerifier,
    },
    seal::Records,
};

type Lie = (&'static str, fn(&mut Records));

/// Whether `records` open `h`, the seal of the case's own records.
fn opens(case: &Case, records: &Records) -> bool {
    let (shape, h) = (case.plan.shape(), case.root(&case.records));
    let messages = vec![Fr::ZERO; shape.message_count()];
    holds(|cs| {
        let [h, lay, rows] = [h, layout_element(&case.plan), Fr::from(case.plan.layout().rows())]
            .map(|value| FieldVar::witness(cs, Some(value)));
        let layout = LayoutVar::open(cs, shape, Some(&LayoutFields::new(&case.plan)), &lay?)?;
        let t0 = FieldVar::zero();
        let verifier = CircuitVerifier::new(cs, &t0, Some(Fr::ZERO), Some(&messages), shape.message_count())?;
        open_seal(cs, shape, &layout, Some(records), &rows?, &h?, &verifier).map(|_| ())
    })
}

fn refuses(case: &Case, lies: &[Lie]) {
    assert!(opens(case, &case.records));
    for (name, lie) in lies {
        let mut records = case.records.clone();
        lie(&mut records);
        assert!(!opens(case, &records), "{name}");
    }
}

/// Other fields in the same elements: one unit of a field is worth 2^width of its neighbour.
#[test]
fn fields_that_share_an_element_have_one_value_each() {
    refuses(
        &Table::mixed(29, 13).case(),
        &[
            ("sum and minimum", |r| {
                r.numeric[0].sum += BigUint::from(1u8) << 96u32;
                r.numeric[0].min -= 1;
            }),
            ("sums of a product", |r| {
                r.product[0].sums.left_sum += BigUint::from(1u8) << 96u32;
                r.product[0].sums.right_sum -= 1u8;
            }),
            ("counts of a category", |r| {
                r.category[0].counts[0] += 1 << 32;
                r.category[0].counts[1] -= 1;
            }),
            ("counts of a joint table", |r| {
                let counts = &mut r.joint[0].counts;
                let full = (1..counts.len()).find(|&cell| cell % 7 != 0 && counts[cell] > 0).unwrap();
                counts[full] -= 1;
                counts[full - 1] += 1 << 32;
            }),
        ],
    );
    refuses(
        &Table::grouped(30, 300).case(),
        &[("groups and the smallest of them", |r| {
            r.grouped[0].distinct += 1 << 32;
            r.grouped[0].smallest_group -= 1;
        })],
    );
}

/// A value in a slot that is not in use is a value of the argument like any other, and no seal binds it.
#[test]
fn slots_that_are_not_in_use_hold_zeros() {
    let spare =
        Slots { limbs: 1, numeric: 1, opaque: 1, categories: [1, 1, 0, 0], joints: [1, 1, 0], grouped: 0, products: 1 };
    let mut table = Table::mixed(31, 13);
    table.spare = spare;
    refuses(
        &table.case(),
        &[
            ("valid", |r| r.numeric[2].valid = 1),
            ("sum", |r| r.numeric[2].sum = 1u8.into()),
            ("sum of squares", |r| r.numeric[2].sum_squares = 1u8.into()),
            ("T", |r| r.numeric[2].top_limb = 1),
            ("minimum", |r| r.numeric[2].min = 1),
            ("salt", |r| r.numeric[2].salt = Fr::from(1u8)),
            ("valid of an opaque column", |r| r.opaque[1].valid = 1),
            ("nulls of a category", |r| r.category[2].counts[0] = 1),
            ("counts of a category", |r| (r.category[4].counts[3], r.category[4].valid) = (1, 1)),
            ("nulls of a joint table", |r| r.joint[1].counts[0] = 1),
            ("counts of a joint table", |r| r.joint[3].counts[40] = 1),
            ("valid of a product", |r| r.product[1].sums.valid = 1),
            ("products", |r| r.product[1].sums.products = 1u8.into()),
            ("left sum", |r| r.product[1].sums.left_sum = 1u8.into()),
            ("right squares", |r| r.product[1].sums.right_squares = 1u8.into()),
        ],
    );
    let mut table = Table::grouped(32, 40);
    table.spare = Slots { grouped: 1, ..Slots::default() };
    refuses(
        &table.case(),
        &[
            ("valid of groups", |r| r.grouped[1].valid = 1),
            ("number of groups", |r| r.grouped[1].distinct = 1),
            ("smallest group", |r| r.grouped[1].smallest_group = 1),
        ],
    );
}
