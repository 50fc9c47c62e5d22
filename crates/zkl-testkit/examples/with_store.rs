//! Runs a command with a server of its own to keep a ledger in, and stops the server afterwards.
//!
//! ```text
//! with_store postgres|s3 COMMAND [ARGUMENT]...
//! ```
//!
//! `ZKL_STORE` names the store to the command; for S3 the environment holds the credentials, too. The exit code is the
//! command's.

use std::{
    error::Error,
    process::{Command, ExitCode},
};

use zkl_testkit::{
    postgres::{Server, ServerConfig},
    s3::S3Server,
};

const BUCKET: &str = "ledgers";

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<ExitCode, Box<dyn Error>> {
    let mut arguments = std::env::args_os().skip(1);
    let (Some(kind), Some(program)) = (arguments.next(), arguments.next()) else {
        return Err("usage: with_store postgres|s3 COMMAND [ARGUMENT]...".into());
    };
    let mut command = Command::new(program);
    command.args(arguments);
    match kind.to_str() {
        Some("postgres") => {
            let server = Server::start(ServerConfig::default())?;
            run(command.env("ZKL_STORE", server.fresh_url()))
        }
        Some("s3") => {
            let server = S3Server::ceph_rgw()?;
            server.create_bucket(BUCKET, false).await?;
            let url = format!("s3://{BUCKET}/quickstart?endpoint={}", server.endpoint());
            command.env("AWS_ACCESS_KEY_ID", server.access_key()).env("AWS_SECRET_ACCESS_KEY", server.secret_key());
            run(command.env("AWS_REGION", "us-east-1").env("ZKL_STORE", url))
        }
        _ => Err("the store is postgres or s3".into()),
    }
}

fn run(command: &mut Command) -> Result<ExitCode, Box<dyn Error>> {
    let status = command.status()?;
    // A command that a signal ended has no code.
    Ok(ExitCode::from(status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1)))
}
