//! Relations between notarized tables: the rows of one are those of others together, each as often, or some of them, or all different, or meet conditions.
//!
//! # Statement
//! Given the seals and the committed columns of one to four tables: the prover knows openings of both such that the tuples of the compared
//! columns, as values, are one multiset on either side; or those on the right some of those on the left; or all different, of one
//! table. [`zkl_argument::relation`] shows it with messages in the clear; here they stay
//! private.
//!
//! # Relation
//! ```text
//! relation circuit        messages exist that zkl_argument::relation accepts, Fiat-Shamir included, for the minima and dictionaries in the
//!                         seals; they end in the public claim (r*, z_blk, Y, eta, rho, y)
//! link of that circuit    the committed columns of all tables, and those that were committed to for this relation, open to y, with
//!                         weights that everybody derives
//! ```
//! All is one instance: no column is committed to again, no sum between parts is published.
//!
//! # Soundness
//! That of the argument (below 2^-200), of the proof system and of the commitments, Poseidon as an oracle inside its circuit. `t0` binds the
//! entry, the statement, every table by entry, dataset commitment, seal and layout, string and key, fresh columns and mask. That the seals are
//! those of the committed columns is what the tables' scan proofs say: the caller verifies them.
//!
//! | symbol | here |
//! |---|---|
//! | `t0`, `h`, `n` | fields of [`RelationInputs`] |
//! | the claim | [`zkl_argument::relation::RelationOpening`] |

mod circuit;
mod compare;
mod condition;
mod error;
mod link;
mod operation;
mod operations;
mod plan;
mod proof;
mod prove;
mod sentence;
mod statement;
#[cfg(test)]
mod tests;
mod word;

pub use circuit::{RelationCircuit, RelationInputs, relation_circuit_id};
pub use compare::{Compared, NotCompared, Reason, compare};
pub use condition::{Condition, ConditionProblem, Details, hashed_element};
pub use error::{ProveRelationError, RelationDecodeError, RelationPlanError, VerifyRelationError};
pub use operation::{Breach, BreakingRows, Detail, Flow, Grammar, Names, Selection};
pub use operations::{Operation, OperationError};
pub use plan::{RelationPlan, RelationUnit};
pub use proof::RelationProof;
#[cfg(feature = "testing")]
pub use prove::force_relation;
pub use prove::{RelationSecrets, prove_relation, verify_relation};
pub use sentence::{Said, either};
pub use statement::{RelationContext, RelationRole, RelationStatement};
pub use word::{Word, words};
