//! Derives the reference string that comes with the project: `derive_string KEY.zkey CEREMONY.ptau POINTS KEY`.
//!
//! `scripts/check_string.sh` fetches the two inputs and compares the outputs with `assets/`.

use std::{error::Error, fs, fs::File, io::BufReader};

use zkl_argument::srs::{Srs, derive_powers, import_ptau};
use zkl_core::ark::serialize::CanonicalSerialize as _;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [zkey, ptau, points, key] = arguments.as_slice() else {
        return Err("expected four paths: KEY.zkey CEREMONY.ptau POINTS KEY".into());
    };
    // Two powers suffice for [tau]_2; the import checks both.
    let ceremony = import_ptau(BufReader::new(File::open(ptau)?), Srs::MIN_POWERS)?;
    let srs = derive_powers(BufReader::new(File::open(zkey)?), ceremony.verifier_key())?;
    let mut compressed = Vec::new();
    for point in srs.powers() {
        point.serialize_compressed(&mut compressed)?;
    }
    fs::write(points, compressed)?;
    fs::write(key, srs.verifier_key().to_bytes())?;
    Ok(())
}
