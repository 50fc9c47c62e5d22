//! The prover: assign, check, commit, two sumchecks, one opening, verify.

use tracing::info_span;
use zeroize::Zeroizing;
use zkl_argument::{
    chain::HashChain,
    commit::{CommitError, Commitment, RowGroups, commit_group},
    hyperkzg::{CombinedColumns, Mask, OpeningColumn, masked_opening},
    msm::Scalars,
    srs::Srs,
};
use zkl_core::circuit::Circuit;
use zkl_kernel::threads::{self, prelude::*};

use super::{
    key::VerifyingKey,
    masks::{AffineBases, MaskCommitments, Randomness},
    proof::Proof,
    rounds::{Inner, Outer, Table, eq_at, eq_table, outer_claim, spacious},
    sizes::Sizes,
    transcript::{Oracle, Statement, Transcript},
    verify::{columns, row_group, terms},
    weights::Weights,
};
use crate::{
    ark::{Fr, G1Projective, ec::CurveGroup as _, ff::AdditiveGroup as _},
    assignment::Assignment,
    proof_system::{Link, Linked, ProveError, VerifyError},
    random::fresh_rng,
};

/// The prover under one reference string.
#[derive(Clone, Copy, Debug)]
pub struct Prover<'a> {
    srs: &'a Srs,
}

impl<'a> Prover<'a> {
    /// Proofs under `srs`, which has at least `2^kappa` powers for blocks of `2^kappa` entries: 2^16 serve every circuit.
    pub const fn new(srs: &'a Srs) -> Self {
        Self { srs }
    }

    /// The reference string.
    pub const fn srs(&self) -> &'a Srs {
        self.srs
    }

    /// Proves `circuit`, and the value of the linked columns, with fresh randomness of the operating system, and verifies the result.
    ///
    /// # Errors
    /// [`ProveError`]; an assignment that violates a constraint never leads to a proof.
    pub fn prove(&self, key: &VerifyingKey, circuit: &dyn Circuit, link: Option<Link>) -> Result<Proof, ProveError> {
        let sizes = key.sizes(link.as_ref().map(|link| link.linked.point().len())).map_err(ProveError::Shape)?;
        let assignment = self.assign(key, circuit)?;
        let combinations = info_span!("check").in_scope(|| {
            let values = Zeroizing::new(key.matrices().evaluate(&assignment.values));
            match key.matrices().first_violated(&values) {
                Some(constraint) => Err(ProveError::Unsatisfied { circuit: circuit.id(), constraint }),
                None => Ok(values),
            }
        })?;
        let link = link.map(LinkedColumns::from);
        if let Some(LinkedColumns { linked, combined }) = &link
            && combined.evaluate(linked.point()) != Some(linked.value())
        {
            return Err(ProveError::LinkValue);
        }
        let inputs = assignment.inputs().to_vec();
        let linked = link.as_ref().map(|link| link.linked.clone());
        let proof = self.prove_fresh(key, &sizes, Witness { assignment, combinations, link })?;
        let check = || key.verify(self.srs.verifier_key(), &inputs, linked.as_ref(), &proof);
        info_span!("self-check").in_scope(check).map_err(ProveError::SelfCheck)?;
        Ok(proof)
    }

    /// The proof of whoever does not care whether the circuit is satisfied, for tests that want a verifier to.
    ///
    /// # Errors
    /// [`ProveError`].
    #[cfg(feature = "testing")]
    pub(crate) fn force(
        &self,
        key: &VerifyingKey,
        circuit: &dyn Circuit,
        link: Option<Link>,
    ) -> Result<Proof, ProveError> {
        let sizes = key.sizes(link.as_ref().map(|link| link.linked.point().len())).map_err(ProveError::Shape)?;
        let assignment = self.assign(key, circuit)?;
        let combinations = Zeroizing::new(key.matrices().evaluate(&assignment.values));
        let link = link.map(LinkedColumns::from);
        self.prove_fresh(key, &sizes, Witness { assignment, combinations, link })
    }

    /// A proof with fresh randomness, whether the witness satisfies anything or not.
    fn prove_fresh(&self, key: &VerifyingKey, sizes: &Sizes, witness: Witness) -> Result<Proof, ProveError> {
        let groups = row_group(sizes).map_err(ProveError::Shape)?;
        let randomness = info_span!("sample").in_scope(|| Ok(Randomness::sample(sizes, groups, &mut fresh_rng()?)));
        let randomness = randomness.map_err(ProveError::Entropy)?;
        self.prove_in(Transcript::<HashChain>::chain(), key, sizes, witness, randomness)
    }

    fn assign(&self, key: &VerifyingKey, circuit: &dyn Circuit) -> Result<Assignment, ProveError> {
        let announced = circuit.public_inputs();
        let assignment = info_span!("assign").in_scope(|| Assignment::of(circuit))?;
        if assignment.inputs() != announced {
            let (announced, allocated) = (announced.len(), assignment.inputs().len());
            return Err(ProveError::Inputs { circuit: circuit.id(), announced, allocated });
        }
        let sizes = (key.matrices().num_inputs, key.matrices().num_variables);
        if *key.id() != circuit.id() || sizes != (assignment.num_inputs, assignment.values.len()) {
            return Err(ProveError::Key { circuit: circuit.id() });
        }
        Ok(assignment)
    }

    /// A proof with challenges of `oracle` and given randomness, whether the witness satisfies anything or not.
    pub(super) fn prove_in(
        &self,
        oracle: impl Oracle,
        key: &VerifyingKey,
        sizes: &Sizes,
        witness: Witness,
        mut randomness: Randomness,
    ) -> Result<Proof, ProveError> {
        let (srs, groups) = (self.srs, row_group(sizes).map_err(ProveError::Shape)?);
        let Witness { assignment, combinations, link } = witness;
        let opening_mask = randomness.opening.take().ok_or(ProveError::Degenerate)?;
        let linked = link.as_ref().map(|link| &link.linked);

        // Commitments to everything secret.
        let extended = extended_witness(&assignment, &randomness, sizes);
        let (blocks, masks) = info_span!("commit").in_scope(|| {
            let (blocks, masks) = threads::join(
                || commit_blocks(srs, groups, &extended, &randomness.blocks),
                || self.commit_masks(sizes, &randomness, &opening_mask),
            );
            Ok::<_, CommitError>((blocks?, masks?))
        })?;
        let sigma = randomness.inner.sum();
        let x = assignment.inputs();
        let statement = Statement { key: key.digest(), srs: srs.digest(), link: linked, x };
        let mut transcript = Transcript::new(oracle, &statement);
        let t = transcript.committed(&blocks, &masks, &sigma, sizes.rounds);

        let span = info_span!("outer").entered();
        let mut rounds = Outer::new(outer_tables(key, &combinations, randomness.row), &t);
        let (mut e, mut rx, mut outer) = (Fr::ZERO, Vec::new(), Vec::with_capacity(sizes.rounds));
        for (t, [c1, c2]) in t.iter().zip(&randomness.outer) {
            let [honest1, honest2] = rounds.message();
            let message = [honest1 + c1, honest2 + c2];
            let r = transcript.outer(&message);
            e = outer_claim(e, *t, message, r);
            rounds.bind(r);
            outer.push(message);
            rx.push(r);
        }
        let ends = rounds.ends();
        drop((rounds, combinations, span));
        if eq_at(sizes.constraints, &rx) == Fr::ZERO {
            return Err(ProveError::Degenerate);
        }
        let batch = transcript.ends(&ends).map_err(degenerate)?;

        let span = info_span!("inner").entered();
        let weights = Weights { matrices: key.matrices(), sizes, t: &t, rx: &rx, rho: batch.rho };
        let (_, phi) = weights.columns();
        let mut pairs = vec![(phi, copy(&extended))];
        if let Some(LinkedColumns { linked, combined }) = &link {
            let mut weights = spacious(groups.rows());
            weights.extend(eq_table(linked.point()).iter().map(|eq| batch.gamma * eq));
            pairs.push((weights, copy(combined.values())));
        }
        let mut rounds = Inner::new(pairs, &randomness.inner, batch.alpha);
        let mut inner = Vec::with_capacity(sizes.kappa);
        for _ in 0..sizes.kappa {
            let message = rounds.message();
            rounds.bind(transcript.inner(&message));
            inner.push(message);
        }
        let (ry, mut ends_of_weights) = rounds.ends();
        drop(span);
        let d = opening_mask.evaluate(&ry).ok_or(ProveError::Degenerate)?;
        let delta = transcript.mask(&d).map_err(degenerate)?;

        let span = info_span!("opening").entered();
        let sum: Fr = ry.iter().sum();
        let affine = randomness.inner.table(&sum);
        let affine_blinder = [randomness.affine[0] + sum * randomness.affine[1]];
        let link_weight = if link.is_some() { ends_of_weights.pop() } else { None }.unwrap_or_default();
        let block_weights = ends_of_weights.pop().unwrap_or_default();
        let one = std::slice::from_ref::<Fr>;
        let values = extended.chunks(groups.rows());
        let mut opened: Vec<OpeningColumn<'_>> = block_weights
            .iter()
            .zip(values)
            .zip(&randomness.blocks)
            .map(|((weight, values), blinder)| OpeningColumn {
                weight: *weight,
                values: Scalars::Full(values),
                blinders: one(blinder),
            })
            .collect();
        if let (Some(link), Some(weight)) = (&link, link_weight.first()) {
            let (values, blinders) = (Scalars::Full(link.combined.values()), one(link.combined.blinder()));
            opened.push(OpeningColumn { weight: *weight, values, blinders });
        }
        opened.push(OpeningColumn { weight: batch.alpha, values: Scalars::Full(&affine), blinders: &affine_blinder });
        let combined = CombinedColumns::new(groups, &ry, &opened)?;
        let terms = terms(&batch, &ry, &block_weights, (&blocks, &masks), linked);
        let context = transcript.context();
        let (_, opening) =
            masked_opening(srs, &context, groups, &ry, &combined, &columns(&terms), opening_mask, &delta)?;
        drop(span);
        Ok(Proof { witness: blocks, masks, sigma, outer, ends, inner, d, opening })
    }

    fn commit_masks(
        &self,
        sizes: &Sizes,
        randomness: &Randomness,
        opening: &Mask,
    ) -> Result<MaskCommitments, CommitError> {
        let d = opening.commit(self.srs)?;
        let bases = AffineBases::new(self.srs, sizes.kappa)?;
        let [u, v] = bases.commit(&randomness.inner, &randomness.affine);
        Ok(MaskCommitments { u, v, d })
    }
}

/// What the prover knows. Secret: not `Debug`, zeroised.
pub(super) struct Witness {
    pub(super) assignment: Assignment,
    /// Values of the distinct combinations.
    pub(super) combinations: Zeroizing<Vec<Fr>>,
    pub(super) link: Option<LinkedColumns>,
}

/// A link whose columns and mask are one polynomial. Secret as the link is.
pub(super) struct LinkedColumns {
    linked: Linked,
    /// `F*`.
    combined: CombinedColumns,
}

impl From<Link> for LinkedColumns {
    fn from(Link { linked, mut combined, mask }: Link) -> Self {
        combined.add_mask(&mask, &linked.mask_weight());
        Self { linked, combined }
    }
}

/// `w, R1, R2, R3, c_j1, c_j2`.
pub(super) fn extended_witness(assignment: &Assignment, randomness: &Randomness, sizes: &Sizes) -> Table {
    let [r1, r2] = randomness.row;
    let mut extended = spacious(sizes.len);
    extended.extend_from_slice(assignment.values.get(assignment.num_inputs..).unwrap_or_default());
    extended.extend([r1, r2, r1 * r2]);
    extended.extend_from_slice(randomness.outer.as_flattened());
    extended
}

fn commit_blocks(
    srs: &Srs,
    groups: RowGroups,
    extended: &[Fr],
    blinders: &[Fr],
) -> Result<Vec<Commitment>, CommitError> {
    let points = extended
        .par_chunks(groups.rows())
        .zip(blinders)
        .map(|(block, blinder)| commit_group(srs, Scalars::Full(block), blinder))
        .collect::<Result<Vec<_>, _>>()?;
    Ok(G1Projective::normalize_batch(&points).into_iter().map(Commitment::new).collect())
}

/// `Az`, `Bz`, `Cz`, and the scheme's row `R1 * R2 = R3` after them.
pub(super) fn outer_tables(key: &VerifyingKey, combinations: &[Fr], [r1, r2]: [Fr; 2]) -> [Table; 3] {
    let rows = &key.matrices().rows;
    let own = [r1, r2, r1 * r2];
    std::array::from_fn(|side| {
        let mut table = spacious(rows.len() + 1);
        table.par_extend(rows.par_iter().with_min_len(1 << 11).map(|row| combinations[row[side] as usize]));
        table.push(own[side]);
        table
    })
}

fn copy(values: &[Fr]) -> Table {
    let mut table = spacious(values.len());
    table.extend_from_slice(values);
    table
}

/// A challenge that is zero.
fn degenerate(_: VerifyError) -> ProveError {
    ProveError::Degenerate
}
