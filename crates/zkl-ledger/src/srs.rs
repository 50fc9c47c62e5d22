//! Reference strings: the public one that comes with the program, those of other ceremonies, and what is here.

use std::{
    fs::File,
    io::BufReader,
    path::{Path, PathBuf},
};

use zkl_argument::srs::{CEREMONIES, Ceremony, Srs, ceremony, derive_powers, import_ptau};
use zkl_core::digest::KeyDigest;
use zkl_snark::keys::{
    KeyStore, SRS_LOG_POWERS, Setup, builtin_srs_setup, dev_srs_digest, public_srs_digest, srs_setup,
};

use crate::error::LedgerError;

/// A reference string that was taken into the directory of keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportedSrs {
    /// What notarizations name it by, and what verifiers trust.
    pub digest: KeyDigest,
    /// The ceremony whose digest this is, when the program knows it: then no verifier has to trust it by hand.
    pub ceremony: Option<&'static Ceremony>,
    /// Powers that were taken over.
    pub powers: usize,
    /// Where it is kept.
    pub path: PathBuf,
}

/// A reference string that this program knows or has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KnownSrs {
    /// Its digest.
    pub digest: KeyDigest,
    /// What a proof under it is worth to whoever trusts its digest.
    pub setup: Setup,
    /// The ceremony, when the program knows it.
    pub ceremony: Option<&'static Ceremony>,
    /// Whether a notarization can use it on this machine without an import.
    pub is_here: bool,
    /// Whether notarizations use it unless told otherwise.
    pub is_default: bool,
    /// Whether its file is here and cannot be used: import it again.
    pub is_damaged: bool,
}

/// Imports a `.ptau` file of snarkjs into the directory of keys: every point that is taken over is checked, and that they are
/// consecutive powers of one secret. Blocking: some seconds.
///
/// # Errors
/// [`LedgerError::Io`], [`LedgerError::Ptau`] by the check that fails, [`LedgerError::Keys`].
///
/// # Soundness
/// That the ceremony had an honest contributor is for its transcript to show: `docs/srs.md`.
pub fn import(keys: &KeyStore, ptau: &Path) -> Result<ImportedSrs, LedgerError> {
    keep(keys, &import_ptau(open(ptau)?, 1 << SRS_LOG_POWERS)?)
}

/// Derives a string from a Groth16 key of snarkjs (`.zkey`) over a domain of 2^16 points or more, under the ceremony whose
/// `[tau]_2` the `.ptau` file of any size has, and takes it into the directory of keys. Blocking: half a minute.
///
/// # Errors
/// As [`import`], and [`LedgerError::DeriveSrs`] when the points are not consecutive powers of the ceremony's
/// secret.
///
/// # Soundness
/// Nothing is believed of the key: `docs/adr/0017-public-string.md` shows why any base will do.
pub fn derive(keys: &KeyStore, zkey: &Path, ptau: &Path) -> Result<ImportedSrs, LedgerError> {
    let known = import_ptau(open(ptau)?, Srs::MIN_POWERS)?;
    keep(keys, &derive_powers(open(zkey)?, known.verifier_key())?)
}

/// Checks with a pairing that the string with this digest, as it lies here, consists of consecutive powers of one secret, and
/// returns their number. Blocking: some seconds.
///
/// # Errors
/// [`LedgerError::Keys`]: it is not here, its file cannot be used, or its points are no such powers.
pub fn check(keys: &KeyStore, digest: KeyDigest) -> Result<usize, LedgerError> {
    let srs = keys.srs(digest, &|_| ())?;
    keys.check_srs(&srs)?;
    Ok(srs.powers().len())
}

/// The strings that this program knows or has: the default first, then other ceremonies, imported ones, the dev string.
///
/// # Errors
/// [`LedgerError::Keys`].
pub fn list(keys: &KeyStore) -> Result<Vec<KnownSrs>, LedgerError> {
    let kept = keys.srs_digests()?;
    let default = public_srs_digest()?;
    let known = |digest, setup| KnownSrs {
        digest,
        setup,
        ceremony: ceremony(digest),
        is_here: digest == default || setup == Setup::Dev || kept.contains(&digest),
        is_default: digest == default,
        is_damaged: false,
    };
    let ceremonies = CEREMONIES.iter().filter_map(|ceremony| Some(known(ceremony.digest().ok()?, Setup::Ceremony)));
    let mut strings: Vec<KnownSrs> = ceremonies.collect();
    strings.sort_by_key(|string| !string.is_default);
    for &digest in &kept {
        if builtin_srs_setup(digest).is_none() {
            // One file that cannot be used is no reason to hide the others.
            strings.push(match keys.srs(digest, &|_| ()) {
                Ok(srs) => known(digest, srs_setup(srs.verifier_key())),
                Err(_) => KnownSrs { is_here: false, is_damaged: true, ..known(digest, Setup::External) },
            });
        }
    }
    strings.push(known(dev_srs_digest()?, Setup::Dev));
    Ok(strings)
}

/// The digest of the string that people call `name`: the name of a ceremony that the program knows, `dev`, or a digest.
pub fn digest(name: &str) -> Option<KeyDigest> {
    if name == "dev" {
        return dev_srs_digest().ok();
    }
    let known = CEREMONIES.iter().find(|ceremony| ceremony.name == name);
    known.map_or_else(|| name.parse().ok(), |ceremony| ceremony.digest().ok())
}

fn open(path: &Path) -> Result<BufReader<File>, LedgerError> {
    let failed = |source| LedgerError::Io { action: "read", path: path.to_owned(), source };
    Ok(BufReader::new(File::open(path).map_err(failed)?))
}

fn keep(keys: &KeyStore, srs: &Srs) -> Result<ImportedSrs, LedgerError> {
    let path = keys.add_srs(srs)?;
    Ok(ImportedSrs { digest: srs.digest(), ceremony: ceremony(srs.digest()), powers: srs.powers().len(), path })
}
