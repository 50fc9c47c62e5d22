//! GraphiQL: a page to ask questions from, of files that are part of the program. `graphiql/README.md` says where they come from.
//!
//! Whoever opens it sees the schema, as everybody may, and what the key or token that they type there gives. It is kept in the page alone.

use axum::{
    Router,
    http::{HeaderName, HeaderValue, header},
    response::{Html, IntoResponse as _, Response},
    routing::get,
};

use crate::{
    error::ServiceError,
    failure::{Code, Failure},
    http::{Problem, Shared},
};

const PAGE: &str = r#"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>GraphiQL</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/graphiql/app.css">
<script type="module" nonce="NONCE" src="/graphiql/app.js"></script>
</head>
<body>
<div id="who"><label for="token">Key or token</label><input id="token" type="password" autocomplete="off" spellcheck="false"></div>
<div id="graphiql"><noscript>GraphiQL is a program in JavaScript. Without it, <a href="/explore">the explorer</a> shows the log.</noscript></div>
</body>
</html>
"#;
const SCRIPT: &[u8] = include_bytes!("../../graphiql/app.js.gz");
const STYLE: &[u8] = include_bytes!("../../graphiql/app.css.gz");
const LICENSES: &str = include_str!("../../graphiql/LICENSES.txt");

/// Where the page and its policy have a text that no other answer has.
const NONCE: &str = "NONCE";
/// What the page may do: run its script, have its style and those that this adds, and ask this server. Nobody frames it.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-NONCE'; connect-src 'self'; img-src 'self' data:; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The page and its parts, which are for everybody.
pub(super) fn pages() -> Router<Shared> {
    Router::new()
        .route("/graphiql", get(page))
        .route("/graphiql/app.js", get(|| async { packed("text/javascript; charset=utf-8", SCRIPT) }))
        .route("/graphiql/app.css", get(|| async { packed("text/css; charset=utf-8", STYLE) }))
        .route("/graphiql/licenses.txt", get(|| async { LICENSES }))
}

async fn page() -> Result<Response, Problem> {
    let mut nonce = [0; 16];
    getrandom::fill(&mut nonce).map_err(ServiceError::from)?;
    let nonce = hex::encode(nonce);
    let policy = HeaderValue::from_str(&POLICY.replace(NONCE, &nonce));
    let policy = policy.map_err(|error| Failure::new(Code::Internal, error.to_string()))?;
    let mut response = Html(PAGE.replace(NONCE, &nonce)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin"));
    Ok(response)
}

/// A file as it was packed: browsers take it so, and nobody else asks for a page.
fn packed(content_type: &'static str, bytes: &'static [u8]) -> Response {
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(content_type)),
        (header::CONTENT_ENCODING, HeaderValue::from_static("gzip")),
        (header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=3600")),
        (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin")),
    ];
    (headers, bytes).into_response()
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use sha2::{Digest as _, Sha256};

    use super::*;

    #[test]
    fn what_is_served_is_what_was_bundled() {
        let unpacked = |bytes: &[u8]| {
            let mut text = Vec::new();
            flate2::read::GzDecoder::new(bytes).read_to_end(&mut text).unwrap();
            text
        };
        let files = [
            ("app.css", unpacked(STYLE)),
            ("app.js", unpacked(SCRIPT)),
            ("LICENSES.txt", LICENSES.as_bytes().to_vec()),
        ];
        let sums = files.map(|(name, bytes)| format!("{}  {name}\n", hex::encode(Sha256::digest(bytes)))).concat();
        assert_eq!(sums, include_str!("../../graphiql/SHA256SUMS"));
    }
}
