//! How a version of a dataset is asked for: what is said of the table, whether it is sent at once, in parts or fetched.

use axum::{extract::FromRequestParts, http::request::Parts};
use utoipa::{IntoParams, ToSchema};
use zkl_ledger::requests::EvidenceRequest;

use crate::{
    http::{
        extract::Idempotency,
        params::{Params, invalid},
        problem::Problem,
    },
    operations::IdempotencyKey,
    service::NotarizeOptions,
};

/// Two columns with a comma between them.
#[derive(ToSchema)]
#[schema(pattern = "^[^,]+,[\\s\\S]+$", example = "species,sex")]
#[expect(dead_code, reason = "it is described, and read as text")]
pub(in crate::http) struct ColumnPair(String);

/// What is recorded of a table, and how it is read, in the words of the command line and of `zkl.yaml`. What is not said is found out.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it is described, and read as parameters")]
pub(in crate::http) struct VersionQuery {
    /// `proof` (default): the profile is proved to be that of every row; `attestation`: the notary's signature alone
    #[param(pattern = "^(proof|attestation)$")]
    evidence: Option<String>,
    /// What is published of the bytes: `private` (default) salted digests, `public` plain ones
    #[param(pattern = "^(private|public)$")]
    privacy: Option<String>,
    /// Two columns `GROUP,LABEL` whose joint counts are sealed; may be repeated
    #[param(value_type = Option<Vec<ColumnPair>>)]
    joint: Option<Vec<String>>,
    /// Two numeric columns `A,B` whose sums of products are sealed; may be repeated
    #[param(value_type = Option<Vec<ColumnPair>>)]
    product: Option<Vec<String>>,
    /// Format of the table
    #[param(pattern = "^(csv|json|ndjson|parquet|arrow|arrow-stream|avro|xlsx|ods)$")]
    input_format: Option<String>,
    /// Sheet of a workbook
    sheet: Option<String>,
    /// `NAME=TYPE`: bool, int, decimal(2), date, timestamp(s), category, text; may be repeated
    #[param(value_type = Option<Vec<ColumnType>>)]
    column: Option<Vec<String>>,
    /// `NAME=DIGITS`: how many digits after the point a column keeps; may be repeated
    #[param(value_type = Option<Vec<ColumnDigits>>)]
    round: Option<Vec<String>>,
    /// Column of text that is committed to by digests, so that relations can compare it; may be repeated
    hash: Option<Vec<String>>,
    /// Column of text of which nothing is committed to but which values are missing; may be repeated
    opaque: Option<Vec<String>>,
    /// Character between cells of CSV, or `\t`
    #[param(pattern = "^([\\x00-\\x7f]|\\\\t)$")]
    delimiter: Option<String>,
    /// Character around cells of CSV
    #[param(pattern = "^([\\x00-\\x7f]|\\\\t)$")]
    quote: Option<String>,
    /// Whether the first row names the columns (default true)
    header: Option<bool>,
    /// Lines before the table that are skipped
    #[param(value_type = Option<i64>, minimum = 0)]
    skip: Option<u64>,
    /// Character that comments begin with
    #[param(pattern = "^([\\x00-\\x7f]|\\\\t)$")]
    comment: Option<String>,
    /// Decimal point of numbers in CSV
    #[param(pattern = "^[.,]$")]
    decimal: Option<String>,
    /// How dates such as 1/2/2024 are read in CSV
    #[param(pattern = "^(dmy|mdy)$")]
    dates: Option<String>,
    /// Text that means "no value", in place of the usual ones; may be repeated
    null: Option<Vec<String>>,
    /// Whether NaN means "no value"
    nan_as_null: Option<bool>,
}

/// A column and its type.
#[derive(ToSchema)]
#[schema(
    pattern = "^[\\s\\S]*=(bool|int|date|category|text|decimal\\(([1-9]|1[0-8])\\)|timestamp\\((s|ms|us|ns)\\))$",
    example = "age=int"
)]
#[expect(dead_code, reason = "it is described, and read as text")]
pub(in crate::http) struct ColumnType(String);

/// A column and how many digits it keeps.
#[derive(ToSchema)]
#[schema(pattern = "^[\\s\\S]*=([0-9]|1[0-8])$", example = "weight=2")]
#[expect(dead_code, reason = "it is described, and read as text")]
pub(in crate::http) struct ColumnDigits(String);

/// A request for a version of a dataset: its parameters, all of which are read, and what the client calls it.
pub(in crate::http) struct NewVersion {
    pub(super) options: NotarizeOptions,
    pub(super) key: Option<IdempotencyKey>,
}

impl<S: Send + Sync> FromRequestParts<S> for NewVersion {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let mut params = Params::from_request_parts(parts, state).await?;
        let options = NotarizeOptions {
            privacy: params.one("privacy")?.unwrap_or_default(),
            evidence: match params.one::<String>("evidence")?.as_deref() {
                None | Some("proof") => EvidenceRequest::Proof,
                Some("attestation") => EvidenceRequest::Attestation,
                Some(_) => return Err(invalid("evidence is proof or attestation")),
            },
            read: params.reading()?,
        };
        params.end()?;
        let Idempotency(key) = Idempotency::from_request_parts(parts, state).await?;
        Ok(Self { options, key })
    }
}
