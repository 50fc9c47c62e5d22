//! The explorer: the log as pages for people. No scripts: what is on a page was on it when it was sent.
//!
//! Pages show what the API answers to whoever asks: in a browser, which shows no key, what is open to everybody.

use std::sync::Arc;

use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse as _, Redirect, Response},
    routing::get,
};
use maud::{Markup, html};
use zkl_ledger::{
    receipt::{PolicyRecord, Predicate},
    types::visible,
};
use zkl_report::{
    page::{STYLE, Style, document},
    receipt_section,
};

use super::{
    Problem, Shared,
    extract::{Caller, Named, Referenced},
    form,
    params::{Params, invalid},
    routes,
};
use crate::{
    access::{Browse, ReadDataset, ReadLog, Verify},
    service::{EntryView, Page, Service},
};

const HTML: HeaderValue = HeaderValue::from_static("text/html; charset=utf-8");
/// What pages may do: have their style, and send a receipt here. Nobody frames them.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
);

/// The pages.
pub(super) fn pages() -> Router<Shared> {
    Router::new()
        .route("/", get(|| async { Redirect::to("/explore") }))
        .route("/explore", get(datasets))
        .route("/explore/style.css", get(style))
        .route("/explore/datasets/{name}", get(dataset))
        .route("/explore/datasets/{name}/lineage", get(lineage))
        .route("/explore/entries", get(entries))
        .route("/explore/entries/{entry}", get(entry))
        .route("/explore/checkpoint", get(checkpoint))
        .route("/explore/verify", get(ask).post(verify))
        .route("/explore/report", get(routes::reports::of_entries).post(routes::reports::of_receipts))
        .layer(axum::middleware::from_fn(complete))
}

/// What every page has. A problem is a page, too: it is a person who asked.
async fn complete(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    if let Some(problem) = response.extensions_mut().remove::<Problem>() {
        let body = html! {
            h1 { (problem.title()) }
            p { (visible(problem.detail())) "." }
            @if let Some(hint) = problem.hint() { p { "Hint: " (visible(hint)) "." } }
        };
        let (mut parts, _) = response.into_parts();
        parts.headers.remove(header::CONTENT_LENGTH);
        parts.headers.insert(header::CONTENT_TYPE, HTML);
        response = Response::from_parts(parts, Body::from(framed(problem.title(), &body)));
    }
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, POLICY);
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin"));
    headers.insert(HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin"));
    response
}

fn framed(title: &str, body: &Markup) -> String {
    let body = html! {
        nav aria-label="Pages" {
            a href="/explore" { "Datasets" }
            a href="/explore/entries" { "Entries" }
            a href="/explore/checkpoint" { "Checkpoint" }
            a href="/explore/verify" { "Verify a receipt" }
        }
        main { (body) }
    };
    document(title, Style::At("/explore/style.css"), &body)
}

fn page(title: &str, body: &Markup) -> Response {
    (StatusCode::OK, [(header::CONTENT_TYPE, HTML)], framed(title, body)).into_response()
}

async fn style() -> Response {
    let css = HeaderValue::from_static("text/css; charset=utf-8");
    ([(header::CONTENT_TYPE, css), (header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=3600"))], STYLE)
        .into_response()
}

/// The address of a dataset's page. Names hold letters, digits, `.`, `_`, `-` and slashes.
fn dataset_address(name: &str) -> String {
    format!("/explore/datasets/{}", name.replace('/', "%2F"))
}

async fn datasets(
    State(service): State<Arc<Service>>,
    Caller(subject): Caller,
    mut params: Params,
) -> Result<Response, Problem> {
    let (after, limit) = (params.one("cursor")?, params.limit()?);
    params.end()?;
    let permit = service.access().authorize(&subject, Browse)?;
    let found = service.datasets(&permit, after, limit).await?;
    let body = html! {
        h1 { "Datasets" }
        @if found.items.is_empty() { p { "There are none here that you may see." } }
        @else {
            div class="scroll" { table {
                thead { tr { th scope="col" { "Name" } th scope="col" { "Entries" } th scope="col" { "Newest entry" } } }
                tbody { @for dataset in &found.items {
                    tr {
                        td { a href=(dataset_address(&dataset.name)) { (visible(&dataset.name)) } }
                        td { (dataset.entries) }
                        td { a href={ "/explore/entries/" (dataset.latest) } { (dataset.latest) } }
                    }
                } }
            } }
        }
        @if let Some(next) = &found.next { p { a href={ "/explore?cursor=" (next.as_str().replace('/', "%2F")) } { "More" } } }
    };
    Ok(page("Datasets", &body))
}

fn entry_table(found: &Page<EntryView, u64>, here: &str) -> Markup {
    html! {
        div class="scroll" { table {
            thead { tr { th scope="col" { "Entry" } th scope="col" { "What" } th scope="col" { "About" } th scope="col" { "Recorded" } } }
            tbody { @for entry in &found.items {
                tr {
                    td { a href={ "/explore/entries/" (entry.index) } { (entry.index) } }
                    td {
                        (visible(&entry.kind))
                        @if let Some(claim) = &entry.claim { " " code { (visible(claim)) } }
                        @if let Predicate::Policy(_) = &entry.predicate { ": " (visible(&entry.predicate.in_words())) }
                    }
                    td { @for name in &entry.datasets { a href=(dataset_address(name)) { (visible(name)) } " " } }
                    td { (entry.recorded_at) }
                }
            } }
        } }
        @if let Some(next) = found.next { p { a href={ (here) "?cursor=" (next) } { "Older entries" } } }
    }
}

async fn dataset(
    State(service): State<Arc<Service>>,
    Caller(subject): Caller,
    Named(name): Named,
    mut params: Params,
) -> Result<Response, Problem> {
    let query = params.entries()?;
    params.end()?;
    let permit = service.access().authorize(&subject, ReadDataset(name.clone()))?;
    let browse = service.access().authorize(&subject, Browse)?;
    // Whether there is such a dataset at all.
    let is_notarized = service.dataset(&permit).await?.version.is_some();
    let found = service.history(&permit, &browse, &query).await?;
    let title = format!("Dataset {}", visible(name.as_str()));
    let body = html! {
        h1 { (title) }
        p {
            "What is recorded about it, the newest first. "
            @if is_notarized { a href={ (dataset_address(name.as_str())) "/lineage" } { "Where it comes from" } }
        }
        (entry_table(&found, &dataset_address(name.as_str())))
    };
    Ok(page(&title, &body))
}

/// Where a dataset comes from: the trees that `zkl lineage` prints, and what they are made of.
async fn lineage(
    State(service): State<Arc<Service>>,
    Caller(subject): Caller,
    Named(name): Named,
    params: Params,
) -> Result<Response, Problem> {
    params.end()?;
    let permit = service.access().authorize(&subject, ReadDataset(name.clone()))?;
    let browse = service.access().authorize(&subject, Browse)?;
    let found = service.lineage(&permit, &browse).await?;
    let title = format!("Lineage of {}", visible(name.as_str()));
    let body = html! {
        h1 { (title) }
        p {
            "Ancestors and descendants of "
            a href=(dataset_address(name.as_str())) { (visible(name.as_str())) }
            ", by the relations that were recorded of their rows. No proof was verified for this page: whoever relies on one verifies its receipt."
        }
        div class="scroll" tabindex="0" role="region" aria-label="Lineage" { pre class="mono" { (found.to_text()) } }
        @if !found.statements.is_empty() {
            div class="scroll" { table {
                thead { tr { th scope="col" { "Entry" } th scope="col" { "What" } th scope="col" { "About" } } }
                tbody { @for statement in &found.statements {
                    tr {
                        td { a href={ "/explore/entries/" (statement.index) } { (statement.index) } }
                        td { (visible(&statement.in_words())) }
                        td { @for table in &statement.tables {
                            (table.role) " " a href=(dataset_address(table.dataset.as_str())) { (visible(table.dataset.as_str())) } " "
                        } }
                    }
                } }
            } }
        }
    };
    Ok(page(&title, &body))
}

async fn entries(
    State(service): State<Arc<Service>>,
    Caller(subject): Caller,
    mut params: Params,
) -> Result<Response, Problem> {
    let query = params.entries()?;
    params.end()?;
    let permit = service.access().authorize(&subject, Browse)?;
    let found = service.entries(&permit, &query).await?;
    let body = html! { h1 { "Entries" } p { "Those of the log that you may see, the newest first." } (entry_table(&found, "/explore/entries")) };
    Ok(page("Entries", &body))
}

async fn entry(
    State(service): State<Arc<Service>>,
    Caller(subject): Caller,
    Referenced(reference): Referenced,
    params: Params,
) -> Result<Response, Problem> {
    params.end()?;
    let permit = service.access().authorize(&subject, Browse)?;
    let may_verify = service.access().would_allow(&subject, &Verify);
    let entry = service.entry(&permit, reference).await?;
    let signed = serde_json::to_string_pretty(&entry.predicate).map_err(|error| invalid(&error.to_string()))?;
    let title = format!("Entry {}", entry.index);
    let body = html! {
        h1 { (title) }
        dl {
            dt { "What" } dd { (visible(&entry.kind)) }
            @if let Some(claim) = &entry.claim { dt { "Claim" } dd { code { (visible(claim)) } } }
            @if !entry.datasets.is_empty() {
                dt { "About" } dd { @for name in &entry.datasets { a href=(dataset_address(name)) { (visible(name)) } " " } }
            }
            @if let Predicate::Policy(record) = &entry.predicate { (policy(record)) }
            dt { "Recorded" } dd { (entry.recorded_at) ", by the notary\u{2019}s clock" }
            dt { "By the notary" } dd class="mono" { (entry.notary) }
            dt { "Id" } dd class="mono" { (entry.id) }
            dt { "Type" } dd class="mono" { (visible(&entry.r#type)) }
        }
        p {
            "Its signature was checked. Its "
            a href={ "/api/v1/entries/" (entry.index) "/receipt" } download={ "entry-" (entry.index) ".receipt" } { "receipt" }
            " verifies offline, or " a href="/explore/verify" { "here" } "."
            @if may_verify {
                " " a href={ "/explore/report?entry=" (entry.index) } download="report.html" { "A report" }
                " says what it shows, for whoever it is given to."
            }
        }
        details { summary { "What was signed" } pre class="mono" { (signed) } }
    };
    Ok(page(&title, &body))
}

/// What changed in who may do what.
fn policy(record: &PolicyRecord) -> Markup {
    html! {
        @if !record.added.is_empty() { dt { "From now on" } @for line in &record.added { dd class="mono" { (visible(line.as_str())) } } }
        @if !record.removed.is_empty() { dt { "No longer" } @for line in &record.removed { dd class="mono" { (visible(line.as_str())) } } }
        dt { "Changed by" } dd class="mono" { (visible(record.by.as_str())) }
        dt { "Server" } dd class="mono" { (visible(record.server.as_str())) }
    }
}

async fn checkpoint(
    State(service): State<Arc<Service>>,
    Caller(subject): Caller,
    params: Params,
) -> Result<Response, Problem> {
    params.end()?;
    let permit = service.access().authorize(&subject, ReadLog)?;
    let file = service.log_file(&permit, "checkpoint").await?;
    let text = String::from_utf8_lossy(&file.bytes);
    let body = html! {
        h1 { "Checkpoint" }
        p { "The newest state of the log: its name, the number of its entries, the root of its tree, and who signed that." }
        pre class="mono" { @for line in text.lines() { (visible(line)) "\n" } }
        p { "Other programs read it at " a href="/log/checkpoint" { "/log/checkpoint" } "." }
    };
    Ok(page("Checkpoint", &body))
}

async fn ask(
    State(service): State<Arc<Service>>,
    Caller(subject): Caller,
    params: Params,
) -> Result<Response, Problem> {
    params.end()?;
    service.access().authorize(&subject, Verify)?;
    Ok(page("Verify a receipt", &html! { h1 { "Verify a receipt" } (upload()) }))
}

fn upload() -> Markup {
    html! {
        form method="post" enctype="multipart/form-data" action="/explore/verify" {
            p { label for="receipt" { "Receipts of this log: choose them, or drop them on the field." } }
            p {
                input type="file" id="receipt" name="receipt" multiple required; " "
                button type="submit" { "Verify" } " "
                button type="submit" formaction="/explore/report" { "Write a report" }
            }
        }
    }
}

async fn verify(
    State(Shared { service, limits }): State<Shared>,
    Caller(subject): Caller,
    headers: HeaderMap,
    params: Params,
    body: Body,
) -> Result<Response, Problem> {
    params.end()?;
    let permit = service.access().authorize(&subject, Verify)?;
    let receipts = form::receipts(&headers, body, &limits).await?;
    let reported = service.reported_all(&permit, receipts).await?;
    let body = html! {
        h1 { "Verify a receipt" }
        @for receipt in &reported { (receipt_section(receipt)) }
        h2 { "Another one" }
        (upload())
    };
    Ok(page("Verify a receipt", &body))
}
