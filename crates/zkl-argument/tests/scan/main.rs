//! The plain scan protocol: completeness, a naive verifier, dishonest provers, tampered messages.

mod cheating;
mod completeness;
mod naive;
mod opening;
mod statement;
mod table;
mod tamper;
