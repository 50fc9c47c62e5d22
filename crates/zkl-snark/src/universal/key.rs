//! Which relation a proof is about: a circuit by the digest of its matrices.
//!
//! ```text
//! universal key    "zkl-r1cs" || version (4) || length of the id (1) || id || link (1) || l || N || m (4 each) || SHA-256 of the matrices
//! digest           SHA-256 of that
//! ```
//! Integers are little-endian. The numbers belong to the relation: over the same matrices a smaller l makes a private variable
//! of a public input. So what is pinned and compared is the digest of the key, never that of the matrices alone.

use std::{fmt, sync::Arc};

use zkl_argument::srs::SrsVerifierKey;
use zkl_core::{
    circuit::{Circuit, CircuitId},
    digest::{KeyDigest, Sha256Digest},
};

use super::{
    error::KeyError,
    proof::Proof,
    sizes::{MAX_LEN, MAX_ROUNDS, Sizes},
    verify,
};
use crate::{
    ark::Fr,
    matrices::{Counts, Matrices},
    proof_system::{Linked, VerifyError},
};

const MAGIC: &[u8; 8] = b"zkl-r1cs";
const VERSION: u32 = 1;
/// Bytes without the id.
const FIXED_LEN: usize = 8 + 4 + 1 + 1 + 3 * 4 + 32;

/// A circuit's matrices and what identifies them. There is nothing secret in it and no setup behind it: whoever has the
/// circuit computes the same.
#[derive(Clone, PartialEq, Eq)]
pub struct VerifyingKey {
    id: CircuitId,
    link: bool,
    matrices: Arc<Matrices>,
    bytes: Vec<u8>,
    digest: KeyDigest,
}

impl VerifyingKey {
    /// The key of `circuit`, whose assignment is not read. `link` says whether its proofs open committed columns too, which is a
    /// property of the circuit and not the choice of a caller.
    ///
    /// # Errors
    /// [`KeyError::Circuit`], and [`KeyError::Size`] for a circuit without constraints or with too many.
    pub fn of(circuit: &dyn Circuit, link: bool) -> Result<Self, KeyError> {
        Self::new(circuit.id(), link, Matrices::of(circuit)?)
    }

    pub(super) fn new(id: CircuitId, link: bool, matrices: Matrices) -> Result<Self, KeyError> {
        let bytes = encode(&id, link, matrices.counts(), matrices.digest())?;
        Ok(Self { id, link, matrices: Arc::new(matrices), digest: KeyDigest::of(&bytes), bytes })
    }

    /// Reads [`Self::as_bytes`], and the matrices that it names from [`Self::matrices_bytes`]. Lengths are compared before anything is
    /// allocated.
    ///
    /// # Errors
    /// [`KeyError`]: what is no key, matrices of another digest, matrices in another encoding than the one they have.
    ///
    /// # Soundness
    /// Matrices that anything satisfies have a key, too. Compare [`Self::digest`] with one that is pinned or trusted, or with that of
    /// [`Self::of`]; never take both from whoever wants to convince.
    pub fn from_bytes(key: &[u8], matrices: &[u8]) -> Result<Self, KeyError> {
        let Header { id, link, counts, digest } = decode(key)?;
        if Sha256Digest::of(matrices) != digest {
            return Err(KeyError::OtherMatrices);
        }
        let key = Self::new(id, link, Matrices::from_bytes(counts, matrices)?)?;
        Ok(key)
    }

    /// The circuit.
    pub const fn id(&self) -> &CircuitId {
        &self.id
    }

    /// Whether proofs need a link.
    pub const fn link(&self) -> bool {
        self.link
    }

    /// The encoded key, without the matrices: about a hundred bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// SHA-256 of the encoded key.
    pub const fn digest(&self) -> KeyDigest {
        self.digest
    }

    /// The encoded matrices: megabytes.
    pub fn matrices_bytes(&self) -> Vec<u8> {
        self.matrices.to_bytes()
    }

    /// Public inputs that proofs for this key have.
    pub fn num_inputs(&self) -> usize {
        self.matrices.num_inputs.saturating_sub(1)
    }

    /// Number of constraints.
    pub fn num_constraints(&self) -> usize {
        self.matrices.num_constraints()
    }

    /// Sizes of a proof, with a link of `variables` variables or without one.
    ///
    /// # Errors
    /// [`VerifyError::Link`] unless there is a link exactly where the key needs one, [`VerifyError::LinkVariables`] and
    /// [`VerifyError::Blocks`] for links that no proof can have.
    pub fn sizes(&self, variables: Option<usize>) -> Result<Sizes, VerifyError> {
        if variables.is_some() != self.link {
            return Err(VerifyError::Link { needed: self.link });
        }
        Sizes::new(self.matrices.counts(), variables)
    }

    /// Verifies `proof` for the public inputs `x`: that somebody knows an assignment that satisfies the circuit and, with a link, that
    /// the linked columns have their value.
    ///
    /// # Errors
    /// [`VerifyError`], one variant per check.
    ///
    /// # Soundness
    /// [`Self::digest`] and the digest of `srs` must be trusted ones. Point, value, weights and commitments of the link must follow from
    /// the statement, and the weights must have been drawn after the columns were fixed.
    pub fn verify(
        &self,
        srs: &SrsVerifierKey,
        x: &[Fr],
        link: Option<&Linked>,
        proof: &Proof,
    ) -> Result<(), VerifyError> {
        verify::verify(self, srs, x, link, proof)
    }

    pub(super) fn matrices(&self) -> &Matrices {
        &self.matrices
    }
}

impl fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VerifyingKey({}, {}, {} constraints)", self.id, self.digest, self.num_constraints())
    }
}

struct Header {
    id: CircuitId,
    link: bool,
    counts: Counts,
    digest: Sha256Digest,
}

fn encode(id: &CircuitId, link: bool, counts: Counts, digest: Sha256Digest) -> Result<Vec<u8>, KeyError> {
    check(counts)?;
    let id = id.to_string();
    let mut bytes = Vec::with_capacity(FIXED_LEN + id.len());
    bytes.extend_from_slice(MAGIC);
    bytes.extend_from_slice(&VERSION.to_le_bytes());
    // An id has at most 96 bytes of name and a version.
    bytes.push(id.len() as u8);
    bytes.extend_from_slice(id.as_bytes());
    bytes.push(u8::from(link));
    for count in [counts.num_inputs - 1, counts.num_variables, counts.num_constraints] {
        bytes.extend_from_slice(&(count as u32).to_le_bytes());
    }
    bytes.extend_from_slice(digest.as_bytes());
    Ok(bytes)
}

fn decode(bytes: &[u8]) -> Result<Header, KeyError> {
    let length = |expected| KeyError::Length { expected, got: bytes.len() };
    let (head, rest) = bytes.split_first_chunk::<13>().ok_or(length(FIXED_LEN))?;
    let (magic, version) = head.split_at(8);
    if magic != MAGIC || version.first_chunk() != Some(&VERSION.to_le_bytes()) {
        return Err(KeyError::Format);
    }
    let expected = FIXED_LEN + usize::from(head[12]);
    let (id, rest) = rest.split_at_checked(usize::from(head[12])).ok_or(length(expected))?;
    let fixed: &[u8; 45] = rest.try_into().map_err(|_| length(expected))?;
    let id = std::str::from_utf8(id).ok().and_then(|id| id.parse().ok()).ok_or(KeyError::Id)?;
    let (link, rest) = (fixed[0], &fixed[1..]);
    if link > 1 {
        return Err(KeyError::Format);
    }
    let (numbers, digest) = rest.split_at(12);
    let mut counts = [0usize; 3];
    for (count, bytes) in counts.iter_mut().zip(numbers.as_chunks::<4>().0) {
        *count = u32::from_le_bytes(*bytes) as usize;
    }
    let [inputs, num_variables, num_constraints] = counts;
    let counts = Counts { num_inputs: inputs + 1, num_variables, num_constraints };
    check(counts)?;
    let digest = digest.try_into().map(Sha256Digest::new).map_err(|_| length(expected))?;
    Ok(Header { id, link: link == 1, counts, digest })
}

/// Bounds of everything that follows from a key.
fn check(counts: Counts) -> Result<(), KeyError> {
    let size = |what, min: usize, max: usize, got: usize| {
        if (min..=max).contains(&got) { Ok(()) } else { Err(KeyError::Size { what, min, max, got }) }
    };
    size("constraints", 1, (1 << MAX_ROUNDS) - 1, counts.num_constraints)?;
    size("variables", 1, MAX_LEN - 3 - 2 * MAX_ROUNDS, counts.num_variables)?;
    size("public inputs", 0, counts.num_variables - 1, counts.num_inputs - 1)
}
