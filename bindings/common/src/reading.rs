//! How a table is read and notarized, as the packages say it.

use serde::Deserialize;
use zkl_ledger::{
    ReadOptions,
    dataset::{ColumnPin, DateOrder, Format, TextEncoding},
    requests::{EvidenceRequest, ProofSetting},
    types::{ColumnType, PrivacyLevel},
};

use crate::failure::{Failure, invalid, parsed};

/// How a table is notarized, as a package writes it in JSON.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Notarizing {
    privacy: Option<PrivacyLevel>,
    attest_only: bool,
    reference_string: Option<String>,
    proof: Option<String>,
    reading: Reading,
}

/// How a table is notarized, and the ledger that does it.
pub(crate) struct HowNotarized {
    pub(crate) ledger: zkl_ledger::Ledger,
    pub(crate) evidence: EvidenceRequest,
    pub(crate) privacy: PrivacyLevel,
    pub(crate) options: ReadOptions,
}

impl Notarizing {
    pub(crate) fn by(self, ledger: &zkl_ledger::Ledger) -> Result<HowNotarized, Failure> {
        let ledger = match self.proof {
            Some(proof) => ledger.clone().with_proofs(proof_setting(&proof)?),
            None => ledger.clone(),
        };
        let evidence = match (self.attest_only, self.reference_string) {
            (true, _) => EvidenceRequest::Attestation,
            (false, Some(digest)) => EvidenceRequest::ProofUnder(digest.parse().map_err(parsed)?),
            (false, None) => EvidenceRequest::Proof,
        };
        let (privacy, options) = (self.privacy.unwrap_or_default(), self.reading.options()?);
        Ok(HowNotarized { ledger, evidence, privacy, options })
    }
}

pub(crate) fn proof_setting(text: &str) -> Result<ProofSetting, Failure> {
    text.parse().map_err(Failure::invalid)
}

/// How a table is read, as the package writes it in JSON.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Reading {
    format: Option<String>,
    sheet: Option<String>,
    delimiter: Option<char>,
    quote: Option<char>,
    header: Option<bool>,
    skip: u64,
    comment: Option<char>,
    decimal_comma: bool,
    dates: Option<DateOrder>,
    columns: Vec<(String, String)>,
    round: Vec<(String, u8)>,
    hash: Vec<String>,
    opaque: Vec<String>,
    nulls: Option<Vec<String>>,
    nan_as_null: bool,
    joint: Vec<(String, String)>,
    product: Vec<(String, String)>,
}

impl Reading {
    /// The options of the ledger.
    ///
    /// # Errors
    /// [`Failure::Invalid`]: a type that is none, or a character that is not ASCII.
    pub fn options(self) -> Result<ReadOptions, Failure> {
        let mut options = ReadOptions::default();
        for (name, ty) in self.columns {
            let ty: ColumnType = ty.parse().map_err(|error| invalid_type(&name, error))?;
            let round = matches!(ty, ColumnType::Decimal { .. });
            options.pins.push(ColumnPin { ty: Some(ty), round, ..ColumnPin::new(name) });
        }
        for (name, digits) in self.round {
            let ty = match digits {
                0 => ColumnType::Int,
                scale @ 1..=ColumnType::MAX_SCALE => ColumnType::Decimal { scale },
                _ => return Err(invalid(format!("{name} keeps 0 to {} digits, not {digits}", ColumnType::MAX_SCALE))),
            };
            match options.pins.iter_mut().find(|pin| pin.name == name) {
                Some(pin) => (pin.ty, pin.round) = (Some(ty), true),
                None => {
                    options.pins.push(ColumnPin { ty: Some(ty), round: true, ..ColumnPin::new(name) });
                }
            }
        }
        for name in self.hash {
            options.text_column(name, TextEncoding::Hashed);
        }
        for name in self.opaque {
            options.text_column(name, TextEncoding::Opaque);
        }
        let format = |name: String| {
            name.parse::<Format>().map_err(|error| invalid(format!("{name:?} is no format of tables: {error}")))
        };
        options.format = self.format.map(format).transpose()?;
        options.sheet = self.sheet;
        options.csv.delimiter = self.delimiter.map(ascii).transpose()?;
        if let Some(quote) = self.quote {
            options.csv.quote = Some(ascii(quote)?);
        }
        options.csv.has_header = self.header.unwrap_or(true);
        options.csv.skip_lines = self.skip;
        options.csv.comment = self.comment.map(ascii).transpose()?;
        options.csv.decimal_comma = self.decimal_comma;
        options.csv.dates = self.dates;
        options.null_tokens = self.nulls;
        options.nan_as_null = self.nan_as_null;
        options.joint = self.joint;
        options.product = self.product;
        Ok(options)
    }
}

fn ascii(char: char) -> Result<u8, Failure> {
    u8::try_from(char).ok().filter(u8::is_ascii).ok_or_else(|| invalid(format!("{char:?} is not a character of ASCII")))
}

fn invalid_type(column: &str, error: impl std::fmt::Display) -> Failure {
    let types = "types are bool, int, decimal(N), date, timestamp(s|ms|us|ns), category, text";
    invalid(format!("column {column:?}: {error}")).with_hint(types)
}
