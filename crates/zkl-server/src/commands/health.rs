//! Whether a server that runs on this machine is ready: for containers, which have neither a shell nor curl.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    pin::pin,
    time::Duration,
};

use axum::body::Body;
use clap::Args;
use futures::future::{Either, select};
use hyper::{Request, StatusCode, client::conn::http1, header::HOST};
use hyper_util::rt::TokioIo;
use thiserror::Error;
use tokio::{net::TcpStream, time::timeout};

use crate::error::ServerError;

/// Where it is asked.
#[derive(Debug, Args)]
pub struct HealthArgs {
    /// The server's address for metrics and health; one that stands for every address of the machine is asked over the loopback interface
    #[arg(long, env = "ZKL_METRICS_LISTEN", value_name = "ADDRESS")]
    metrics_listen: SocketAddr,
    /// Ask whether the process answers, and not whether it can do its work
    #[arg(long)]
    live: bool,
    /// Seconds that the answer may take
    #[arg(long, default_value_t = 4, value_name = "SECONDS")]
    timeout: u64,
}

impl HealthArgs {
    /// Asks.
    ///
    /// # Errors
    /// [`ServerError::NotHealthy`].
    pub async fn run(self) -> Result<(), ServerError> {
        let path = if self.live { "/livez" } else { "/readyz" };
        let address = reachable(self.metrics_listen);
        let answer = timeout(Duration::from_secs(self.timeout), ask(address, path)).await;
        let source = match answer {
            Ok(Ok(StatusCode::OK)) => return Ok(()),
            Ok(Ok(status)) => HealthError::Status(status),
            Ok(Err(error)) => error,
            Err(_) => HealthError::Late,
        };
        Err(ServerError::NotHealthy { url: format!("http://{address}{path}"), source })
    }
}

/// Why a server is not healthy.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum HealthError {
    /// Nothing listens there.
    #[error("it cannot be reached")]
    Connect(#[from] io::Error),
    /// It does not speak HTTP, or hangs up.
    #[error("it does not answer")]
    Http(#[from] hyper::Error),
    /// The address makes no request.
    #[error("the address cannot be asked")]
    Request(#[from] hyper::http::Error),
    /// It says that it is not.
    #[error("it answers {0}")]
    Status(StatusCode),
    /// It takes too long.
    #[error("it does not answer in time")]
    Late,
}

/// What every address of the machine is, is also the loopback one.
fn reachable(mut address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        address.set_ip(if address.is_ipv4() {
            IpAddr::V4(Ipv4Addr::LOCALHOST)
        } else {
            IpAddr::V6(Ipv6Addr::LOCALHOST)
        });
    }
    address
}

async fn ask(address: SocketAddr, path: &str) -> Result<StatusCode, HealthError> {
    let stream = TcpStream::connect(address).await?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    let request = Request::get(path).header(HOST, address.to_string()).body(Body::empty())?;
    let (connection, answer) = (pin!(connection), pin!(sender.send_request(request)));
    match select(answer, connection).await {
        Either::Left((answer, _)) => Ok(answer?.status()),
        // The server hung up; what it had said before still counts.
        Either::Right((_, answer)) => Ok(answer.await?.status()),
    }
}
