//! How a table is read and notarized, as the packages say it.

use std::path::PathBuf;

use serde::Deserialize;
use zkl_ledger::{
    LedgerError, ReadOptions,
    dataset::{Format, Pins},
    reading::{self, Reading},
    requests::{EvidenceRequest, ProofSetting},
    types::{ColumnType, PrivacyLevel},
};

use crate::failure::{Failure, invalid, parsed};

/// How a table is notarized, as a package writes it in JSON.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Notarizing {
    privacy: Option<String>,
    attest_only: bool,
    reference_string: Option<String>,
    proof: Option<String>,
    reading: ReadSettings,
}

/// How a table is notarized, and the ledger that does it.
pub(crate) struct HowNotarized {
    pub(crate) ledger: zkl_ledger::Ledger,
    pub(crate) evidence: EvidenceRequest,
    pub(crate) privacy: PrivacyLevel,
    pub(crate) options: ReadOptions,
    /// Whether values of the table are kept out of what is shown.
    pub(crate) redacts: bool,
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
        let privacy = self.privacy.map(|level| level.parse().map_err(parsed)).transpose()?.unwrap_or_default();
        let redacts = self.reading.redacts();
        let options = self.reading.options()?;
        Ok(HowNotarized { ledger, evidence, privacy, options, redacts })
    }
}

pub(crate) fn proof_setting(text: &str) -> Result<ProofSetting, Failure> {
    text.parse().map_err(Failure::invalid)
}

/// How a table is read, as a package writes it in JSON: in the shapes of its language, which [`Reading`] has no place for until they are parsed. A
/// column is a pair and not `NAME=TYPE`, a number is a number, and what is wrong is said of the option by the name that it has there.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ReadSettings {
    schema: Option<PathBuf>,
    format: Option<String>,
    sheet: Option<String>,
    delimiter: Option<String>,
    quote: Option<String>,
    header: Option<bool>,
    skip: u64,
    comment: Option<String>,
    decimal_comma: bool,
    dates: Option<String>,
    columns: Vec<(String, String)>,
    round: Vec<(String, i64)>,
    hash: Vec<String>,
    opaque: Vec<String>,
    nulls: Option<Vec<String>>,
    nan_as_null: bool,
    joint: Vec<(String, String)>,
    product: Vec<(String, String)>,
    redact: bool,
}

impl ReadSettings {
    /// Whether values of the table are kept out of what the caller is shown.
    pub const fn redacts(&self) -> bool {
        self.redact
    }

    /// The options of the ledger.
    ///
    /// # Errors
    /// [`Failure::Invalid`]: a text that says nothing; [`Failure::Ledger`]: a schema that cannot be read.
    pub fn options(self) -> Result<ReadOptions, Failure> {
        let schema = self.schema.as_deref().map(Pins::from_file).transpose().map_err(LedgerError::from)?;
        let character = |word, text: Option<String>| text.map(|text| reading::character(word, &text)).transpose();
        let reading = Reading {
            schema: schema.unwrap_or_default(),
            format: self.format.as_deref().map(format).transpose()?,
            sheet: self.sheet,
            columns: self.columns.into_iter().map(typed).collect::<Result<_, _>>()?,
            round: self.round.into_iter().map(rounded).collect::<Result<_, _>>()?,
            hash: self.hash,
            opaque: self.opaque,
            delimiter: character("delimiter", self.delimiter).map_err(Failure::invalid)?,
            quote: character("quote", self.quote).map_err(Failure::invalid)?,
            header: self.header.unwrap_or(true),
            skip: self.skip,
            comment: character("comment", self.comment).map_err(Failure::invalid)?,
            decimal_comma: self.decimal_comma,
            dates: self.dates.as_deref().map(reading::dates).transpose().map_err(Failure::invalid)?,
            nulls: self.nulls,
            nan_as_null: self.nan_as_null,
            joint: self.joint,
            product: self.product,
        };
        Ok(reading.options())
    }
}

fn format(name: &str) -> Result<Format, Failure> {
    name.parse().map_err(|error| invalid(format!("{name:?} is no format of tables: {error}")))
}

fn typed((column, ty): (String, String)) -> Result<(String, ColumnType), Failure> {
    match ty.parse() {
        Ok(ty) => Ok((column, ty)),
        Err(error) => {
            let types = "types are bool, int, decimal(N), date, timestamp(s|ms|us|ns), category, text";
            Err(invalid(format!("column {column:?}: {error}")).with_hint(types))
        }
    }
}

fn rounded((column, digits): (String, i64)) -> Result<(String, ColumnType), Failure> {
    let ty = u8::try_from(digits).ok().and_then(reading::scale);
    let ty = ty.ok_or_else(|| {
        invalid(format!("column {column:?} keeps 0 to {} digits after the point, not {digits}", ColumnType::MAX_SCALE))
    })?;
    Ok((column, ty))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(settings: &str) -> Result<ReadOptions, String> {
        let settings: ReadSettings = crate::read(settings).map_err(|failure| failure.message())?;
        settings.options().map_err(|failure| failure.message())
    }

    #[test]
    fn packages_and_the_command_line_mean_the_same() {
        let mut said = Reading::default();
        let words = [
            ("input_format", "csv"),
            ("column", "age=int"),
            ("column", "price=decimal(2)"),
            ("round", "weight=1"),
            ("hash", "id"),
            ("opaque", "note"),
            ("delimiter", "\\t"),
            ("quote", "'"),
            ("header", "false"),
            ("skip", "3"),
            ("comment", "%"),
            ("decimal", ","),
            ("dates", "dmy"),
            ("null", "-"),
            ("nan_as_null", "true"),
        ];
        words.iter().try_for_each(|(word, text)| said.say(word, text)).unwrap();
        let settings = r#"{"format": "csv", "columns": [["age", "int"], ["price", "decimal(2)"]], "round": [["weight", 1]],
            "hash": ["id"], "opaque": ["note"], "delimiter": "\t", "quote": "'", "header": false, "skip": 3, "comment": "%",
            "decimal_comma": true, "dates": "day_month_year", "nulls": ["-"], "nan_as_null": true}"#;
        assert_eq!(options(settings).unwrap(), said.options());
        assert_eq!(options("{}").unwrap(), ReadOptions::default());
    }

    #[test]
    fn what_says_nothing_is_refused_by_its_name() {
        for (settings, expected) in [
            (r#"{"format": "xls"}"#, "\"xls\" is no format of tables: expected one of csv"),
            (r#"{"columns": [["age", "number"]]}"#, "column \"age\": unknown column type \"number\""),
            (r#"{"round": [["age", 19]]}"#, "column \"age\" keeps 0 to 18 digits after the point, not 19"),
            (r#"{"round": [["age", -1]]}"#, "not -1"),
            (r#"{"delimiter": ";;"}"#, "delimiter \";;\": expected one ASCII character"),
            (r#"{"comment": "\u00e9"}"#, "comment \"\u{e9}\": expected one ASCII character"),
            (r#"{"dates": "ymd"}"#, "dates \"ymd\": expected dmy or mdy"),
            (r#"{"schema": "absent.toml"}"#, "absent.toml"),
        ] {
            let message = options(settings).unwrap_err();
            assert!(message.contains(expected), "{message}");
        }
    }
}
