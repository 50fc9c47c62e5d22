//! The binary: logs to stderr, data to stdout.

use std::process::ExitCode;

use clap::Parser;
use zkl_server::commands::Command;

#[derive(Parser)]
#[command(name = "zkl-server", version, about = "A ledger behind HTTP", propagate_version = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    #[expect(clippy::print_stdout, reason = "tokens, lists and the address are data")]
    let say = |line: &str| println!("{line}");
    let done = match cli.command.observe() {
        // As long as anything is done.
        Ok(_observed) => cli.command.run(say).await,
        Err(error) => Err(error),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let mut text = error.to_string();
            let mut source = std::error::Error::source(&error);
            while let Some(cause) = source {
                text = format!("{text}: {cause}");
                source = cause.source();
            }
            #[expect(clippy::print_stderr, reason = "errors are for people")]
            {
                eprintln!("error: {text}");
                if let Some(hint) = error.hint() {
                    eprintln!("hint: {hint}");
                }
            }
            ExitCode::from(error.code())
        }
    }
}
