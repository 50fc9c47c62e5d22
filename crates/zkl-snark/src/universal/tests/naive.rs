//! A second verifier: dense matrices, plain loops, a hash chain of its own. It shares the proof's fields and the opening's verifier
//! with the real one, and nothing else.

use sha2::{Digest as _, Sha512};
use zkl_argument::{
    chain::scalar_bytes,
    commit::{Commitment, RowGroups},
    hyperkzg::{CommittedColumn, verify_masked},
};

use super::{
    super::{Linked, Proof},
    fixture::{Case, system},
};
use crate::ark::{
    Fr,
    ff::{AdditiveGroup as _, Field as _, PrimeField as _},
};

struct Chain([u8; 64]);

impl Chain {
    fn absorb(&mut self, label: &str, items: &[[u8; 32]]) {
        self.absorb_bytes(label, &items.concat());
    }

    fn absorb_bytes(&mut self, label: &str, bytes: &[u8]) {
        let mut message = self.0.to_vec();
        message.push(0);
        message.push(label.len() as u8);
        message.extend(label.bytes());
        message.extend((bytes.len() as u64).to_le_bytes());
        message.extend(bytes);
        self.0 = Sha512::digest(&message).into();
    }

    fn draw(&mut self, label: &str) -> Fr {
        let mut message = self.0.to_vec();
        message.push(1);
        message.push(label.len() as u8);
        message.extend(label.bytes());
        self.0 = Sha512::digest(&message).into();
        Fr::from_le_bytes_mod_order(&self.0)
    }
}

/// Extension of the indicator of `i` at `z`.
fn eq(i: usize, z: &[Fr]) -> Fr {
    let mut product = Fr::ONE;
    for (j, z) in z.iter().enumerate() {
        product *= if (i >> j) % 2 == 1 { *z } else { Fr::ONE - z };
    }
    product
}

/// Whether `proof` is one for the circuit of `case`, the inputs `x` and `link`.
pub(super) fn accepts(case: &Case, x: &[Fr], link: Option<&Linked>, proof: &Proof) -> bool {
    let (l, n, m) = (case.inputs, case.values.len(), case.rows[0].len());
    let private = n - 1 - l;
    let mut sx = 0;
    while 1 << sx < m + 1 {
        sx += 1;
    }
    let length = private + 3 + 2 * sx;
    let mut kappa = 0;
    match link {
        Some(link) => kappa = link.point().len(),
        None => {
            while 1 << kappa < length && kappa < 16 {
                kappa += 1;
            }
        }
    }
    let entries = 1 << kappa;
    let mut blocks = 0;
    while blocks * entries < length {
        blocks += 1;
    }
    if x.len() != l || case.key.link() != link.is_some() {
        return false;
    }
    if proof.witness.len() != blocks || proof.outer.len() != sx || proof.inner.len() != kappa {
        return false;
    }

    let mut chain = Chain(Sha512::digest("zkp-dataset-ledger/universal/v1").into());
    let srs = system().srs().verifier_key();
    chain.absorb("key", &[*case.key.digest().as_bytes()]);
    chain.absorb("srs", &[*srs.digest().as_bytes()]);
    let mut bytes = Vec::new();
    if let Some(link) = link {
        bytes.push(kappa as u8);
        for value in link.point() {
            bytes.extend(scalar_bytes(value));
        }
        bytes.extend(scalar_bytes(&link.value()));
        for (weight, commitment) in link.terms() {
            bytes.extend(scalar_bytes(weight));
            bytes.extend(commitment.to_bytes());
        }
    }
    chain.absorb_bytes("link", &bytes);
    chain.absorb("x", &x.iter().map(scalar_bytes).collect::<Vec<_>>());
    chain.absorb("witness", &proof.witness.iter().map(Commitment::to_bytes).collect::<Vec<_>>());
    let masks = [proof.masks.u, proof.masks.v, proof.masks.d];
    chain.absorb("masks", &masks.map(|mask| mask.to_bytes()));
    chain.absorb("sigma", &[scalar_bytes(&proof.sigma)]);
    let t: Vec<Fr> = (0..sx).map(|_| chain.draw("t")).collect();

    // Outer rounds: (1 - t) g(0) + t g(1) is the claim, g(r) the next one.
    let mut e = Fr::ZERO;
    let mut rx = Vec::new();
    for (j, [c1, c2]) in proof.outer.iter().enumerate() {
        chain.absorb("outer", &[scalar_bytes(c1), scalar_bytes(c2)]);
        let r = chain.draw("rx");
        // (1 - t) c0 + t (c0 + c1 + c2) = e
        let c0 = e - t[j] * (*c1 + c2);
        e = c0 + *c1 * r + *c2 * r * r;
        rx.push(r);
    }
    let [a, b] = proof.ends;
    chain.absorb("ab", &[scalar_bytes(&a), scalar_bytes(&b)]);
    let rho = chain.draw("rho");
    let gamma = chain.draw("gamma");
    let alpha = chain.draw("alpha");
    if alpha == Fr::ZERO {
        return false;
    }

    // The matrices at r_x, entry by entry, with the scheme's row after theirs; then the scheme's variables.
    let mut phi = vec![Fr::ZERO; n];
    for (side, power) in [(0, Fr::ONE), (1, rho), (2, rho * rho)] {
        for (row, terms) in case.rows[side].iter().enumerate() {
            for (coefficient, variable) in terms {
                phi[*variable] += power * eq(row, &rx) * coefficient;
            }
        }
    }
    for power in [Fr::ONE, rho, rho * rho] {
        phi.push(power * eq(m, &rx));
    }
    for j in 0..sx {
        phi.push(-rho * rho * (rx[j] - t[j]));
        phi.push(-rho * rho * (rx[j] * rx[j] - t[j]));
    }
    let mut public = phi[0];
    for i in 0..l {
        public += phi[1 + i] * x[i];
    }

    let mut claim = a + rho * b + rho * rho * (a * b - e) - public + alpha * proof.sigma;
    if let Some(link) = link {
        claim += gamma * link.value();
    }
    let mut ry = Vec::new();
    for [c1, c2] in &proof.inner {
        chain.absorb("inner", &[scalar_bytes(c1), scalar_bytes(c2)]);
        let r = chain.draw("ry");
        // c0 + (c0 + c1 + c2) = claim
        let c0 = (claim - c1 - c2) / Fr::from(2);
        claim = c0 + *c1 * r + *c2 * r * r;
        ry.push(r);
    }
    chain.absorb("d", &[scalar_bytes(&proof.d)]);
    let delta = chain.draw("delta");
    if delta == Fr::ZERO {
        return false;
    }

    let mut terms = Vec::new();
    for k in 0..blocks {
        let mut weight = Fr::ZERO;
        for y in 0..entries {
            if k * entries + y < length {
                weight += phi[1 + l + k * entries + y] * eq(y, &ry);
            }
        }
        terms.push((weight, proof.witness[k]));
    }
    if let Some(link) = link {
        let mut at = Fr::ZERO;
        for y in 0..entries {
            at += eq(y, link.point()) * eq(y, &ry);
        }
        for (weight, commitment) in link.terms() {
            terms.push((gamma * at * weight, *commitment));
        }
    }
    let sum: Fr = ry.iter().sum();
    terms.push((alpha, proof.masks.u));
    terms.push((alpha * sum, proof.masks.v));
    let columns: Vec<CommittedColumn<'_>> = terms
        .iter()
        .map(|(weight, commitment)| CommittedColumn { weight: *weight, commitments: std::slice::from_ref(commitment) })
        .collect();
    let groups = RowGroups::new(kappa as u32, 1).unwrap();
    let value = claim + delta * proof.d;
    verify_masked(srs, &chain.0, groups, &ry, &columns, &proof.masks.d, &delta, &value, &proof.opening).is_ok()
}
