//! The frame of a page: no scripts, nothing that is loaded, one style for light, dark and paper.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest as _, Sha256};

/// The style of every page.
pub const STYLE: &str = include_str!("style.css");

/// By which a page says what wrote it, within its first 256 bytes.
pub const GENERATOR: &str = "zkl report";

/// Where a page has its style from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style<'a> {
    /// It stands in the page, whose policy allows this style and nothing else.
    Inline,
    /// At this address. The policy is whoever serves the page's.
    At(&'a str),
}

/// A whole document with this title and body.
pub fn document(title: &str, style: Style<'_>, body: &Markup) -> String {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="generator" content=(GENERATOR);
                @match style {
                    Style::Inline => {
                        // Before anything that it is about.
                        meta http-equiv="Content-Security-Policy" content=(policy());
                        style { (PreEscaped(STYLE)) }
                    }
                    Style::At(address) => link rel="stylesheet" href=(address);
                }
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="referrer" content="no-referrer";
                title { (title) }
            }
            body { (body) }
        }
    };
    page.into_string()
}

/// What a page that holds its style allows to itself.
fn policy() -> String {
    let digest = BASE64_STANDARD.encode(Sha256::digest(STYLE));
    format!("default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'")
}
