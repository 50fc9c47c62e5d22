//! Keys, for administrators.

use std::sync::Arc;

use axum::{
    body::Body,
    extract::{Path, State},
    http::StatusCode,
    response::Response,
};
use serde::{Deserialize, Deserializer, Serialize, de};
use utoipa::ToSchema;

use crate::{
    access::{Administer, Grant, KeyUpdate},
    http::{
        Shared, answer, body,
        extract::Caller,
        params::{Params, invalid},
        problem::Problem,
    },
    service::{KeyUpdateView, KeyView, Service, key_expiry},
};

/// All keys.
#[derive(Serialize, ToSchema)]
pub(in crate::http) struct KeyList {
    /// The keys, the oldest first.
    keys: Vec<KeyView>,
}

/// A grant: a permission, and the datasets that it is on.
#[derive(ToSchema)]
#[schema(
    as = Grant,
    pattern = "^(verify|administer|(read|write|prove):(\\*|[A-Za-z0-9][A-Za-z0-9._-]*(/(?!\\.{1,2}(/|$))[A-Za-z0-9._-]+)*(/\\*)?))$",
    example = "read:team/*"
)]
#[expect(dead_code, reason = "it is described, and read as text")]
pub(in crate::http) struct GrantText(String);

/// A key that is to be made.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(in crate::http) struct NewKey {
    /// What its owner calls it.
    #[schema(min_length = 1, max_length = 100, pattern = "^[^\\x00-\\x1f\\x7f-\\x9f]+$")]
    name: String,
    /// What it is good for: `read:SCOPE`, `write:SCOPE`, `prove:SCOPE`, `verify`, `administer`.
    #[schema(value_type = Vec<GrantText>, example = json!(["read:team/*", "verify"]), min_items = 1, max_items = 100)]
    grants: Vec<String>,
    /// How long it is good, in days; for ever, if nothing is said.
    #[schema(minimum = 1, maximum = 3650)]
    #[serde(default, deserialize_with = "whole")]
    expires_in_days: Option<u32>,
}

/// A change of what a key is good for: what is not named stays as it is.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(in crate::http) struct UpdateKey {
    /// What it is good for from now on, instead of what it was.
    #[schema(value_type = Option<Vec<GrantText>>, example = json!(["read:team/*"]), min_items = 1, max_items = 100)]
    #[serde(default)]
    grants: Option<Vec<String>>,
    /// How long it is good from now on, in days; `null`: for ever.
    #[schema(value_type = Option<u32>, minimum = 1, maximum = 3650)]
    #[serde(default, deserialize_with = "given")]
    expires_in_days: Option<Option<u32>>,
}

/// What stands there, `null` included.
fn given<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<u32>>, D::Error> {
    whole(deserializer).map(Some)
}

fn parsed(grants: &[String]) -> Result<Vec<Grant>, Problem> {
    let grants = grants.iter().map(|grant| grant.parse::<Grant>()).collect::<Result<Vec<_>, _>>();
    grants.map_err(|error| invalid(&error.to_string()))
}

/// A whole number: JSON has one kind of them, and `30.0` is `30`.
fn whole<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u32>, D::Error> {
    let Some(number) = Option::<f64>::deserialize(deserializer)? else { return Ok(None) };
    if number.fract() != 0.0 || !(0.0..=f64::from(u32::MAX)).contains(&number) {
        return Err(de::Error::custom("expected a whole number"));
    }
    Ok(Some(number as u32))
}

/// A key that was made.
#[derive(Serialize, ToSchema)]
pub(in crate::http) struct CreatedKey {
    /// The key.
    key: KeyView,
    /// What its holder shows. It is not kept, and cannot be shown again.
    token: String,
}

/// All keys, without their secrets
#[utoipa::path(
    get, path = "/api/v1/keys", tag = "administration", operation_id = "listKeys",
    responses((status = 200, body = KeyList), (status = "default", body = Problem, content_type = "application/problem+json"))
)]
pub(in crate::http) async fn list(
    State(service): State<Arc<Service>>,
    Caller(subject): Caller,
    params: Params,
) -> Result<Response, Problem> {
    params.end()?;
    let permit = service.access().authorize(&subject, Administer)?;
    let keys = service.keys(&permit).await?.iter().map(|key| KeyView::from(key.as_ref())).collect();
    Ok(answer::json(StatusCode::OK, &KeyList { keys }))
}

/// Makes a key and shows its token, this once
#[utoipa::path(
    post, path = "/api/v1/keys", tag = "administration", operation_id = "createKey",
    request_body = NewKey,
    responses((status = 201, body = CreatedKey), (status = "default", body = Problem, content_type = "application/problem+json"))
)]
pub(in crate::http) async fn create(
    State(Shared { service, limits }): State<Shared>,
    Caller(subject): Caller,
    params: Params,
    body: Body,
) -> Result<Response, Problem> {
    params.end()?;
    let permit = service.access().authorize(&subject, Administer)?;
    let NewKey { name, grants, expires_in_days } = body::read_json(body, &limits).await?;
    let grants = parsed(&grants)?;
    let expires_at = expires_in_days.map(key_expiry).transpose()?;
    let (key, token) = service.create_key(&permit, name, grants, expires_at).await?;
    let created = CreatedKey { key: KeyView::from(&key), token: token.reveal().to_string() };
    Ok(answer::json(StatusCode::CREATED, &created))
}

/// Changes what a key is good for
///
/// Its token stays the same. What it is given holds when the log says so, what it loses at once.
#[utoipa::path(
    patch, path = "/api/v1/keys/{key}", tag = "administration", operation_id = "updateKey",
    params(
        ("key" = String, Path, description = "Its id"),
        ("propose" = Option<bool>, Query, description = "`true`: answers what the change would come to, and does nothing"),
    ),
    request_body = UpdateKey,
    responses((status = 200, body = KeyUpdateView), (status = "default", body = Problem, content_type = "application/problem+json"))
)]
pub(in crate::http) async fn update(
    State(Shared { service, limits }): State<Shared>,
    Caller(subject): Caller,
    id: Result<Path<String>, axum::extract::rejection::PathRejection>,
    mut params: Params,
    body: Body,
) -> Result<Response, Problem> {
    let Path(id) = id.map_err(|_| invalid("the path is not UTF-8"))?;
    let propose = params.one("propose")?.unwrap_or(false);
    params.end()?;
    let permit = service.access().authorize(&subject, Administer)?;
    let UpdateKey { grants, expires_in_days } = body::read_json(body, &limits).await?;
    let grants = grants.as_deref().map(parsed).transpose()?;
    let expires_at = expires_in_days.map(|days| days.map(key_expiry).transpose()).transpose()?;
    let update = KeyUpdate { grants, expires_at };
    let updated = if propose {
        service.propose_key(&permit, id, update).await?
    } else {
        service.update_key(&permit, id, update).await?
    };
    Ok(answer::json(StatusCode::OK, &KeyUpdateView::new(&updated, propose)))
}

/// Revokes a key
#[utoipa::path(
    delete, path = "/api/v1/keys/{key}", tag = "administration", operation_id = "revokeKey",
    params(("key" = String, Path, description = "Its id")),
    responses((status = 204), (status = "default", body = Problem, content_type = "application/problem+json"))
)]
pub(in crate::http) async fn revoke(
    State(service): State<Arc<Service>>,
    Caller(subject): Caller,
    id: Result<Path<String>, axum::extract::rejection::PathRejection>,
    params: Params,
) -> Result<Response, Problem> {
    let Path(id) = id.map_err(|_| invalid("the path is not UTF-8"))?;
    params.end()?;
    let permit = service.access().authorize(&subject, Administer)?;
    service.revoke_key(&permit, id).await?;
    Ok(answer::done())
}
