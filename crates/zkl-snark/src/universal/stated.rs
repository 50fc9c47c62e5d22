//! What a receipt says of a key: sizes, of which nothing is believed, and none of the matrices.

use zkl_argument::srs::SrsVerifierKey;
use zkl_core::digest::KeyDigest;

use super::{
    error::KeyError,
    key::{Header, decode},
    sizes::Sizes,
    system::Universal,
};
use crate::{
    ark::Fr,
    matrices::Matrices,
    proof_system::{self, Linked, ProofSystem, VerifyError},
};

/// A key by its bytes. It tells how long proofs are, so that one of another length is refused before matrices are made, and
/// refuses every proof.
#[derive(Debug)]
pub(super) struct StatedKey {
    header: Header,
    bytes: Vec<u8>,
    digest: KeyDigest,
}

impl StatedKey {
    pub(super) fn from_bytes(bytes: &[u8]) -> Result<Self, KeyError> {
        Ok(Self { header: decode(bytes)?, digest: KeyDigest::of(bytes), bytes: bytes.to_vec() })
    }
}

impl proof_system::VerifyingKey for StatedKey {
    fn system(&self) -> &'static dyn ProofSystem {
        &Universal
    }

    fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    fn digest(&self) -> KeyDigest {
        self.digest
    }

    fn proof_len(&self, link: Option<usize>) -> Result<usize, VerifyError> {
        Ok(Sizes::of_key(self.header.link, self.header.counts, link)?.proof_bytes())
    }

    fn matrices(&self) -> Option<&Matrices> {
        None
    }

    fn verify(&self, _: &[Fr], _: Option<&SrsVerifierKey>, _: Option<&Linked>, _: &[u8]) -> Result<(), VerifyError> {
        Err(VerifyError::MatricesMissing)
    }
}
