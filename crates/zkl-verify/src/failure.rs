//! How an error is told: in lines for people, or as one line of JSON for programs. Always on stderr.

use std::{
    error::Error,
    ffi::OsString,
    io::{self, Write as _},
    process::ExitCode,
};

use clap::error::ErrorKind as ClapKind;
use serde::Serialize;

use crate::{format::Format, kind::Kind, output::printable_lines};

/// An error as it is told.
#[derive(Debug, Serialize)]
pub struct ErrorReport {
    /// The exit code.
    pub code: u8,
    /// What kind of failure it is.
    pub kind: Kind,
    /// What failed.
    pub message: String,
    /// What led to it, the nearest cause first.
    pub causes: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    /// What can be done about it.
    pub hint: Option<String>,
}

/// The messages of what led to an error, the nearest cause first.
pub fn causes(error: &dyn Error) -> Vec<String> {
    let mut causes = Vec::new();
    let mut previous = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let message = error.to_string();
        // Transparent errors repeat their source word for word.
        if !previous.contains(&message) {
            causes.push(message.clone());
        }
        previous = message;
        cause = error.source();
    }
    causes
}

/// Writes a line to stderr. When nobody reads it there is nobody left to tell.
pub fn eprint_line(line: &str) {
    drop(writeln!(io::stderr().lock(), "{line}"));
}

impl ErrorReport {
    /// An error of this kind.
    pub fn new(error: &dyn Error, kind: Kind, hint: Option<String>) -> Self {
        Self { code: kind.code(), kind, message: error.to_string(), causes: causes(error), hint }
    }

    /// Why something failed, for a line that names the file already: the message does so again, unless nothing is behind it.
    pub fn in_a_line(&self) -> String {
        let lines = std::iter::once(&self.message).chain(&self.causes).map(String::as_str);
        lines.skip(usize::from(!self.causes.is_empty())).collect::<Vec<_>>().join(": ")
    }

    /// Prints it to stderr, and returns the exit code.
    pub fn print(&self, format: Format) -> ExitCode {
        match serde_json::to_string(self) {
            Ok(line) if format == Format::Json => eprint_line(&line),
            _ => {
                let mut text = format!("error: {}", self.message);
                for cause in &self.causes {
                    text.push_str(&format!("\n  cause: {cause}"));
                }
                if let Some(hint) = &self.hint {
                    text.push_str(&format!("\nhint: {hint}"));
                }
                eprint_line(&printable_lines(&text));
            }
        }
        ExitCode::from(self.code)
    }
}

/// Prints what the reader of the command line answers: help and the version on stdout, anything else is an error. `help` is the command
/// whose help shows every flag.
pub fn print_usage(error: &clap::Error, args: &[OsString], help: &str) -> ExitCode {
    let is_answer = matches!(
        error.kind(),
        ClapKind::DisplayHelp | ClapKind::DisplayVersion | ClapKind::DisplayHelpOnMissingArgumentOrSubcommand
    );
    if is_answer || asked_for(args) != Format::Json {
        // When nobody reads it there is nobody left to tell.
        drop(error.print());
        return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(Kind::Usage.code()));
    }
    let text = error.render().to_string();
    let mut paragraphs = text.trim_start_matches("error: ").split("\n\n").map(str::trim);
    let message = paragraphs.next().unwrap_or_default().to_owned();
    let tip = paragraphs.find_map(|paragraph| paragraph.strip_prefix("tip: ")).map(str::to_owned);
    let hint = tip.unwrap_or_else(|| format!("`{help}` shows every flag, with examples"));
    ErrorReport { code: Kind::Usage.code(), kind: Kind::Usage, message, causes: Vec::new(), hint: Some(hint) }
        .print(Format::Json)
}

/// The format that a command line asks for which cannot be read as a whole.
fn asked_for(args: &[OsString]) -> Format {
    let mut words = args.iter().filter_map(|word| word.to_str());
    let mut asked = std::env::var("ZKL_FORMAT").ok();
    while let Some(word) = words.next() {
        match word.strip_prefix("--format") {
            Some("") => asked = words.next().map(str::to_owned),
            Some(value) => asked = value.strip_prefix('=').map(str::to_owned).or(asked),
            None if word == "--" => break,
            None => {}
        }
    }
    if asked.as_deref() == Some("json") { Format::Json } else { Format::Table }
}
