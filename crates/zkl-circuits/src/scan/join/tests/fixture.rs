//! Tables of a few columns, for slots that hold even fewer.

use std::sync::OnceLock;

use zkl_argument::{ColumnData, Shape, Slots, srs::Srs};
use zkl_core::{
    circuit::Circuit,
    layout::{Layout, PairLayout},
    profile::Profile,
};
use zkl_snark::proof_system::UNIVERSAL;

use super::super::{
    plan::JoinedPlan,
    proof::JoinedProof,
    prover::{JoinedProver, JoinedTable},
    verify::{JoinedStatement, verify_any_limbs_joined},
};
use crate::{
    scan::{
        TableKeys, TablePlan, VerifiedTable, VerifyTableError,
        table::tests::{
            fixture::Tall,
            proofs::{context, secrets},
        },
        tests::fixture::{Column, keys_of},
    },
    seal::SealCommitment,
};

/// Row groups long enough that a witness has at most 1,024 blocks of that length.
const KAPPA: u32 = 7;

/// What a group holds at most.
pub(super) fn widest() -> Slots {
    Slots { limbs: 2, numeric: 2, opaque: 1, categories: [2, 1, 0, 0], joints: [1, 1, 0], grouped: 0, products: 1 }
}

/// Twelve columns of every kind but large dictionaries, and pairs whose columns are in different groups.
pub(super) fn wide(rows: usize) -> Tall {
    let mut table = Tall::mixed(1, rows);
    table.columns.extend(Tall::mixed(2, rows).columns);
    // Text that is hashed, in another group than the first.
    let Column::Opaque { valid } = table.columns[10].clone() else { unreachable!() };
    table.columns[10] = Column::hashed(valid);
    table.pairs = vec![
        PairLayout::Product { left: 0, right: 6 },
        PairLayout::Joint { group: 2, label: 8 },
        PairLayout::Joint { group: 5, label: 9 },
        PairLayout::Joint { group: 11, label: 3 },
    ];
    (table.log_rows, table.segment_rows) = (7, 100);
    table
}

/// The plan of a table in groups that `widest` holds, all in the same shape.
pub(super) fn plan(table: &Tall, widest: &Slots) -> JoinedPlan {
    let shape = |_: &Layout| Shape::with_limb_bits(table.log_rows, table.limb_bits, widest.clone());
    let cut = |group| TablePlan::cut(group, KAPPA, table.segment_rows as u64, table.limb_bits, &shape);
    JoinedPlan::cut(table.layout(), widest, &cut).unwrap()
}

/// A proved table.
pub(super) struct Wide {
    pub(super) table: Tall,
    pub(super) plan: JoinedPlan,
    pub(super) proof: JoinedProof,
    pub(super) h: SealCommitment,
    pub(super) proved: JoinedTable,
}

impl Wide {
    pub(super) fn new(table: Tall, widest: &Slots, secret: u8) -> Self {
        Self::proved_as(table, widest, secret, &|_, _, _, prove| prove(None))
    }

    /// A table of which group by group and segment by segment other columns can be given.
    pub(super) fn proved_as(table: Tall, widest: &Slots, secret: u8, change: Change<'_>) -> Self {
        let plan = plan(&table, widest);
        let mut prover = JoinedProver::new(srs(), &keys, context(1), &plan, secrets(secret));
        for segment in 0..plan.segments() {
            let range = table.range(&plan.groups()[0].plan().segment(segment).unwrap());
            let (rows, profile) = (table.encode(range.clone()), table.profile(range));
            for group in 0..plan.groups().len() {
                change(group, &rows.data(), &profile, &mut |other: Option<(&[ColumnData<'_>], &Profile)>| {
                    let own = rows.data();
                    let (columns, profile) = other.unwrap_or((own.as_slice(), &profile));
                    prover.prove_group(group, columns, profile).unwrap();
                });
            }
        }
        let proved = prover.finish().unwrap();
        let (proof, h) = (proved.proof.clone(), proved.seal.commitment());
        Self { table, plan: plan.clone(), proof, h, proved }
    }

    pub(super) fn statement(&self) -> JoinedStatement<'_> {
        JoinedStatement { context: context(1), plan: &self.plan, h: self.h }
    }

    pub(super) fn verify(&self, proof: &JoinedProof) -> Result<VerifiedTable, VerifyTableError> {
        verify(&self.statement(), proof)
    }

    /// What becomes of the proof when this is changed.
    pub(super) fn changed(&self, change: impl FnOnce(&mut JoinedProof)) -> VerifyTableError {
        let mut proof = self.proof.clone();
        change(&mut proof);
        self.verify(&proof).unwrap_err()
    }
}

/// Is given a group, the columns and profile of a segment, and what proves it, with other columns and another profile if there are some.
pub(super) type Change<'c> =
    &'c dyn Fn(usize, &[ColumnData<'_>], &Profile, &mut dyn FnMut(Option<(&[ColumnData<'_>], &Profile)>));

/// One segment.
pub(super) fn wide_table() -> &'static Wide {
    static PROVED: OnceLock<Wide> = OnceLock::new();
    PROVED.get_or_init(|| Wide::new(wide(90), &widest(), 20))
}

/// As many powers as merges are proved under.
pub(super) fn srs() -> &'static Srs {
    static SRS: OnceLock<Srs> = OnceLock::new();
    SRS.get_or_init(|| Srs::dev(1 << 16, Srs::DEV_SEED).unwrap())
}

pub(super) fn keys(
    circuit: &dyn Circuit,
) -> Result<std::sync::Arc<dyn zkl_snark::proof_system::ProvingKey>, zkl_snark::keys::KeyError> {
    keys_of(UNIVERSAL, circuit)
}

pub(super) fn verify(statement: &JoinedStatement<'_>, proof: &JoinedProof) -> Result<VerifiedTable, VerifyTableError> {
    with_keys(statement.plan, |keys| verify_any_limbs_joined(srs().verifier_key(), keys, statement, proof))
}

/// Calls `work` with the verifying keys of a table.
pub(super) fn with_keys<T>(plan: &JoinedPlan, work: impl FnOnce(&TableKeys<'_>) -> T) -> T {
    let circuits = plan.circuits();
    let pairs: Vec<_> = circuits.iter().map(|circuit| keys(circuit.as_ref()).unwrap()).collect();
    work(&TableKeys::new(UNIVERSAL, pairs.iter().map(|pair| (pair.id().clone(), pair.verifying()))))
}
