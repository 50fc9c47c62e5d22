//! How an error is told: in lines for people, or as one line of JSON for programs. Always on stderr.

use std::{error::Error as _, ffi::OsString, process::ExitCode};

use clap::error::ErrorKind as ClapKind;
use serde::Serialize;

use super::{CliError, Kind};
use crate::{args::Format, output::printable_lines, progress::eprint_line};

/// An error as it is told.
#[derive(Debug, Serialize)]
pub(crate) struct ErrorReport {
    /// The exit code.
    code: u8,
    pub(crate) kind: Kind,
    pub(crate) message: String,
    /// What led to it, the nearest cause first.
    pub(crate) causes: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<String>,
}

impl CliError {
    /// Prints the error, its causes and its hint to stderr, and returns the exit code.
    pub(crate) fn print(&self, format: Format) -> ExitCode {
        self.report().print(format)
    }

    /// The error in texts.
    pub(crate) fn report(&self) -> ErrorReport {
        let kind = self.kind();
        ErrorReport { code: kind.code(), kind, message: self.to_string(), causes: self.causes(), hint: self.hint() }
    }

    /// The messages of its causes.
    fn causes(&self) -> Vec<String> {
        let mut causes = Vec::new();
        let mut previous = self.to_string();
        let mut cause = self.source();
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
}

impl ErrorReport {
    /// Why something failed, for a line that names the file already: the message does so again, unless nothing is behind it.
    pub(crate) fn in_a_line(&self) -> String {
        let lines = std::iter::once(&self.message).chain(&self.causes).map(String::as_str);
        lines.skip(usize::from(!self.causes.is_empty())).collect::<Vec<_>>().join(": ")
    }

    fn print(&self, format: Format) -> ExitCode {
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

/// Prints what the reader of the command line answers: help and the version on stdout, anything else is an error.
pub(crate) fn print_usage(error: &clap::Error, args: &[OsString]) -> ExitCode {
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
    let hint = tip.unwrap_or_else(|| "`zkl COMMAND --help` shows every flag, with examples".to_owned());
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
