//! Matrices as a `.r1cs` file, for ceremonies of other programs.
//!
//! Published format (iden3, `r1csfile`), little-endian:
//!
//! ```text
//! "r1cs" || version (u32) = 1 || sections (u32) = 3 || { id (u32) || bytes (u64) || content }
//!
//! 1  header         size and modulus of the field || variables || public outputs = 0 || public inputs || private inputs (u32 each) ||
//!                   labels (u64) || constraints (u32)
//! 2  constraints    A, B, C of each: terms (u32) || { variable (u32) || coefficient (32) }
//! 3  labels         of every variable (u64 each): its position
//! ```
//! Variables are the constant 1, public inputs, private ones: the order of that format, too.

use zkl_argument::chain::scalar_bytes;

use super::Matrices;
use crate::ark::{
    Fr,
    ff::{BigInteger as _, PrimeField as _},
};

const VERSION: u32 = 1;

impl Matrices {
    /// The file: some ten megabytes.
    pub fn to_r1cs(&self) -> Vec<u8> {
        let coefficients: Vec<[u8; 32]> = self.coefficients.iter().map(scalar_bytes).collect();
        let mut constraints = Vec::new();
        for index in self.rows.as_flattened() {
            let terms = self.combination(*index as usize);
            constraints.extend((terms.len() as u32).to_le_bytes());
            for term in terms {
                constraints.extend(term.column.to_le_bytes());
                constraints.extend(coefficients[term.coefficient as usize]);
            }
        }
        let labels: Vec<u8> = (0..self.num_variables as u64).flat_map(u64::to_le_bytes).collect();
        let sections = [(1, self.header()), (2, constraints), (3, labels)];
        let mut file = b"r1cs".to_vec();
        file.extend([VERSION, sections.len() as u32].map(u32::to_le_bytes).as_flattened());
        for (id, content) in sections {
            file.extend(u32::to_le_bytes(id));
            file.extend((content.len() as u64).to_le_bytes());
            file.extend(content);
        }
        file
    }

    fn header(&self) -> Vec<u8> {
        let modulus = Fr::MODULUS.to_bytes_le();
        let mut header = (modulus.len() as u32).to_le_bytes().to_vec();
        header.extend(modulus);
        let private = self.num_variables - self.num_inputs;
        for count in [self.num_variables, 0, self.public_inputs(), private] {
            header.extend((count as u32).to_le_bytes());
        }
        header.extend((self.num_variables as u64).to_le_bytes());
        header.extend((self.num_constraints() as u32).to_le_bytes());
        header
    }
}
