//! S3-compatible servers for tests, as child processes on free ports of the loopback interface.
//!
//! Each runs below a shell that stops it and removes its files when its standard input ends. That happens when the
//! [`S3Server`] is dropped, and also when the test process dies, however it dies; so a server may be kept in a static.

use std::{
    env, io,
    io::{BufRead as _, BufReader, Write as _},
    net::TcpListener,
    path::PathBuf,
    process::{Child, ChildStdout, Command, Stdio},
    sync::{Mutex, PoisonError},
};

use aws_credential_types::Credentials;
use aws_sdk_s3::{
    Client,
    config::{BehaviorVersion, Region},
    types::{BucketVersioningStatus, VersioningConfiguration},
};
use thiserror::Error;

const CEPH_RGW: &str = include_str!("s3/ceph_rgw.sh");
const SUPERVISE: &str = include_str!("s3/supervise.sh");
const ACCESS_KEY: &str = "zkltestaccess";
const SECRET_KEY: &str = "zkl/test+secret/of/no/value";
/// s3rver knows these and no others.
const S3RVER_KEY: &str = "S3RVER";

/// A server could not be started or did not do as told.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ServerError {
    /// The program is not installed.
    #[error("{program} is not installed; scripts/setup_servers.sh installs it")]
    Missing {
        /// The program.
        program: &'static str,
    },
    /// The server did not come up. Its own words are on standard error.
    #[error("{program} did not start")]
    NotReady {
        /// The program.
        program: &'static str,
    },
    /// The operating system refused something.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The server refused a request.
    #[error("the server refused a request")]
    Request(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// A running server.
#[derive(Debug)]
pub struct S3Server {
    endpoint: String,
    access_key: &'static str,
    secret_key: &'static str,
    supervisor: Mutex<Supervisor>,
}

/// The shell that a server runs below.
#[derive(Debug)]
pub(crate) struct Supervisor {
    process: Child,
    answers: Option<BufReader<ChildStdout>>,
}

impl Supervisor {
    /// Starts what [`supervised`] began, and waits until it listens.
    pub(crate) fn start(program: &'static str, mut command: Command) -> Result<Self, ServerError> {
        let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let answers = process.stdout.take().map(BufReader::new);
        let mut supervisor = Self { process, answers };
        if supervisor.is_ready()? { Ok(supervisor) } else { Err(ServerError::NotReady { program }) }
    }

    /// Waits until the server is ready.
    fn is_ready(&mut self) -> io::Result<bool> {
        let mut line = String::new();
        if let Some(answers) = &mut self.answers {
            answers.read_line(&mut line)?;
        }
        Ok(line.trim() == "ready")
    }
}

impl S3Server {
    /// Ceph's object gateway before a one-node cluster: a real server that checks signatures. Conditional writes are honoured
    /// in buckets without versioning.
    ///
    /// # Errors
    /// When it is not installed or does not start.
    pub fn ceph_rgw() -> Result<Self, ServerError> {
        let program = "radosgw";
        if ["ceph-mon", "ceph-osd", "radosgw", "radosgw-admin"].into_iter().any(|name| find(name).is_none()) {
            return Err(ServerError::Missing { program });
        }
        let dir = tempfile::Builder::new().prefix("zkl-ceph-").tempdir()?.keep();
        let (monitor, gateway) = (free_port()?, free_port()?);
        let mut command = Command::new("sh");
        command.args(["-c", CEPH_RGW, "ceph_rgw"]).arg(dir);
        command.args([monitor.to_string(), gateway.to_string(), ACCESS_KEY.to_owned(), SECRET_KEY.to_owned()]);
        Self::start(program, command, gateway, (ACCESS_KEY, SECRET_KEY))
    }

    /// moto's S3: conditional writes are honoured, also in versioned buckets; signatures are not checked.
    ///
    /// # Errors
    /// When it is not installed or does not start.
    pub fn moto() -> Result<Self, ServerError> {
        let program = "moto_server";
        let path = installed("ZKL_MOTO_SERVER", "moto/bin/moto_server").ok_or(ServerError::Missing { program })?;
        let port = free_port()?;
        let mut command = supervised(port);
        // moto checks a condition and writes in two steps, which no other thread must come between: threads take turns
        // only where they wait.
        let python = path.with_file_name("python3");
        if python.is_file() {
            command
                .arg(python)
                .args(["-c", "import sys; sys.setswitchinterval(60); from moto.server import main; main()"]);
        } else {
            command.arg(path);
        }
        command.args(["-H", "127.0.0.1", "-p", &port.to_string()]);
        Self::start(program, command, port, (ACCESS_KEY, SECRET_KEY))
    }

    /// s3rver, which ignores conditional writes: no place for a ledger.
    ///
    /// # Errors
    /// When it is not installed or does not start.
    pub fn s3rver() -> Result<Self, ServerError> {
        let program = "s3rver";
        let path =
            installed("ZKL_S3RVER", "s3rver/node_modules/.bin/s3rver").ok_or(ServerError::Missing { program })?;
        let port = free_port()?;
        let dir = tempfile::Builder::new().prefix("zkl-s3rver-").tempdir()?.keep();
        let mut command = supervised(port);
        command.env("ZKL_SUPERVISED_DIR", &dir);
        command.arg(path).args(["-a", "127.0.0.1", "-p", &port.to_string(), "-s", "-d"]).arg(&dir);
        Self::start(program, command, port, (S3RVER_KEY, S3RVER_KEY))
    }

    fn start(
        program: &'static str,
        command: Command,
        port: u16,
        (access_key, secret_key): (&'static str, &'static str),
    ) -> Result<Self, ServerError> {
        let supervisor = Mutex::new(Supervisor::start(program, command)?);
        Ok(Self { endpoint: format!("http://127.0.0.1:{port}"), access_key, secret_key, supervisor })
    }

    /// Kills the gateway of [`S3Server::ceph_rgw`] with SIGKILL, whatever it is doing. Its cluster goes on. Other servers have no
    /// answer to this.
    ///
    /// # Errors
    /// When the shell that the gateway runs below is gone.
    pub fn kill(&self) -> Result<(), ServerError> {
        self.tell("kill")
    }

    /// Starts the killed gateway again, on the same port, and waits until it listens.
    ///
    /// # Errors
    /// When it does not start.
    pub fn start_again(&self) -> Result<(), ServerError> {
        self.tell("start")
    }

    fn tell(&self, command: &str) -> Result<(), ServerError> {
        let mut supervisor = self.supervisor.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(input) = &mut supervisor.process.stdin {
            writeln!(input, "{command}")?;
        }
        if supervisor.is_ready()? { Ok(()) } else { Err(ServerError::NotReady { program: "radosgw" }) }
    }

    /// The server's URL.
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// Access key of the server's one user.
    pub const fn access_key(&self) -> &str {
        self.access_key
    }

    /// Secret of the server's one user.
    pub const fn secret_key(&self) -> &str {
        self.secret_key
    }

    /// A client of the server, for what a test does behind a backend's back.
    pub fn client(&self) -> Client {
        let credentials = Credentials::new(self.access_key, self.secret_key, None, None, "zkl-testkit");
        let config = aws_sdk_s3::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .http_client(aws_smithy_http_client::Builder::new().build_http())
            .credentials_provider(credentials)
            .region(Region::from_static("us-east-1"))
            .endpoint_url(&self.endpoint)
            .force_path_style(true)
            .build();
        Client::from_conf(config)
    }

    /// Makes a bucket, with or without versioning.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn create_bucket(&self, name: &str, versioned: bool) -> Result<(), ServerError> {
        let client = self.client();
        let created = client.create_bucket().bucket(name).send().await;
        created.map_err(|error| ServerError::Request(error.into()))?;
        if versioned {
            let enabled = VersioningConfiguration::builder().status(BucketVersioningStatus::Enabled).build();
            let put = client.put_bucket_versioning().bucket(name).versioning_configuration(enabled);
            put.send().await.map_err(|error| ServerError::Request(error.into()))?;
        }
        Ok(())
    }
}

impl Drop for Supervisor {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        // It has been told to end; how it ends does not matter.
        let _ = self.process.wait();
    }
}

pub(crate) fn supervised(port: u16) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", SUPERVISE, "supervise", &port.to_string()]);
    command
}

/// A port that nobody listens on, at least at this moment.
pub(crate) fn free_port() -> io::Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}

fn find(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path).map(|dir| dir.join(program)).find(|path| path.is_file())
}

/// Where scripts/setup_servers.sh installs what is no system package.
pub(crate) fn installed(variable: &str, below: &str) -> Option<PathBuf> {
    let cache = || {
        let base = env::var_os("XDG_CACHE_HOME").filter(|dir| !dir.is_empty()).map(PathBuf::from);
        base.or_else(|| Some(PathBuf::from(env::var_os("HOME")?).join(".cache")))
    };
    let path = env::var_os(variable).map(PathBuf::from).or_else(|| Some(cache()?.join("zkl").join(below)))?;
    path.is_file().then_some(path)
}
