//! A private PostgreSQL server for tests: started on a free port of the loopback interface, stopped and removed when it is
//! dropped, and also when the test process ends in any other way, killed included.
//!
//! PostgreSQL refuses to run as root: a test that runs as root starts it as the user `postgres`. The binaries are looked
//! for in `ZKL_PG_BIN`, in Debian's directories, and on `PATH`.

use std::{
    env,
    fs::{self, File, Permissions},
    io::{self, Write as _},
    net::TcpListener,
    os::unix::{fs::PermissionsExt as _, process::CommandExt as _},
    path::{Path, PathBuf},
    process::{self, Child, ChildStdin, Command, Output, Stdio},
    sync::{
        Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use thiserror::Error;

mod install;

pub use install::Installation;

/// A server that does not come up in this time will not.
const START_TIMEOUT: Duration = Duration::from_secs(120);
const POLL: Duration = Duration::from_millis(10);
/// Waits for the end of the process that holds the other end of its input, and then removes what that process left.
const JANITOR: &str = r#"
cat >/dev/null
pid=$(head -n 1 "$1/data/postmaster.pid" 2>/dev/null) && kill -QUIT "$pid" 2>/dev/null
tries=0
while [ -e "$1/data/postmaster.pid" ] && [ "$tries" -lt 100 ]; do sleep 0.05; tries=$((tries + 1)); done
rm -rf "$1"
"#;

/// Why there is no server.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ServerError {
    /// No PostgreSQL was found.
    #[error("PostgreSQL is not installed (scripts/setup.sh installs it; ZKL_PG_BIN names another directory)")]
    NotInstalled,
    /// The tests run as root and there is no user to run the server as.
    #[error("there is no user `postgres` to run the server as")]
    NoUser,
    /// A program failed.
    #[error("{program} failed:\n{output}")]
    Failed {
        /// The program.
        program: &'static str,
        /// What it printed.
        output: String,
    },
    /// A file or a process could not be made.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// What differs from server to server.
#[derive(Clone, Debug, Default)]
pub struct ServerConfig {
    /// Settings as in `postgresql.conf`.
    pub settings: Vec<(String, String)>,
    /// Files to put into the data directory, readable by the server alone.
    pub files: Vec<(String, Vec<u8>)>,
    /// Directory to make the server's directory in; the system's temporary directory by default. The server's user must be
    /// able to reach it.
    pub parent: Option<PathBuf>,
    /// Arguments for `initdb`.
    pub init: Vec<String>,
}

/// A running server.
#[derive(Debug)]
pub struct Server {
    installation: Installation,
    dir: PathBuf,
    port: u16,
    settings: Vec<(String, String)>,
    postmaster: Mutex<Option<Child>>,
    janitor: Option<(Child, ChildStdin)>,
}

/// The server that the tests of one process share, started at the first call.
///
/// # Panics
/// When it cannot be started: the tests need it.
pub fn shared() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(|| {
        #[expect(clippy::panic, reason = "without a server there is nothing to test")]
        Server::start(ServerConfig::default()).unwrap_or_else(|error| panic!("{error}"))
    })
}

impl Server {
    /// Makes a database cluster and starts a server on it.
    ///
    /// # Errors
    /// [`ServerError`], with what the server's programs printed.
    pub fn start(config: ServerConfig) -> Result<Self, ServerError> {
        let installation = Installation::find()?;
        let parent = config.parent.unwrap_or_else(env::temp_dir);
        let dir = tempfile::Builder::new().prefix("zkl-pg-").tempdir_in(parent)?.keep();
        installation.give(&dir)?;
        // From here on the directory is removed, whatever happens.
        let mut server = Self {
            installation,
            dir,
            port: free_port()?,
            settings: config.settings,
            postmaster: Mutex::new(None),
            janitor: None,
        };
        server.janitor = Some(server.start_janitor()?);
        let mut initdb = server.installation.command("initdb");
        initdb.arg("-D").arg(server.data()).args(["--no-sync", "-A", "trust", "-U", "postgres", "-E", "UTF8"]);
        initdb.args(server.installation.foreign_collation()).args(&config.init);
        succeed("initdb", &mut initdb)?;
        for (name, bytes) in &config.files {
            let path = server.data().join(name);
            fs::write(&path, bytes)?;
            fs::set_permissions(&path, Permissions::from_mode(0o600))?;
            server.installation.give(&path)?;
        }
        server.start_again()?;
        Ok(server)
    }

    /// URL of the database `postgres`, as the superuser.
    pub fn url(&self) -> String {
        self.url_as("postgres")
    }

    /// URL of the database `postgres`, as `user`.
    pub fn url_as(&self, user: &str) -> String {
        format!("postgres://{user}@127.0.0.1:{}/postgres", self.port)
    }

    /// URL of a schema that no other call on any server of this process has named.
    pub fn fresh_url(&self) -> String {
        format!("{}?schema={}", self.url(), fresh_name())
    }

    /// Port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Directory of the server's socket, data and log.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Starts the server on its data, after [`Server::kill`] or [`Server::stop`]. Returns when it takes connections.
    ///
    /// # Errors
    /// [`ServerError::Failed`] with the end of its log.
    pub fn start_again(&self) -> Result<(), ServerError> {
        let mut postmaster = self.postmaster();
        let log = File::options().create(true).append(true).open(self.dir.join("log"))?;
        let mut command = self.installation.command("postgres");
        command.arg("-D").arg(self.data()).arg("-p").arg(self.port.to_string()).arg("-k").arg(&self.dir);
        command.args(["-c", "listen_addresses=127.0.0.1"]);
        for (name, value) in &self.settings {
            command.arg("-c").arg(format!("{name}={value}"));
        }
        // A group of its own: an interrupt at the terminal reaches the tests first, and the janitor then stops the server.
        command.process_group(0).stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        let started = Instant::now();
        let mut child = command.spawn()?;
        loop {
            if let Some(status) = child.try_wait()? {
                return Err(ServerError::Failed { program: "postgres", output: format!("{status}\n{}", self.log()) });
            }
            if self.is_ready(child.id()) {
                *postmaster = Some(child);
                return Ok(());
            }
            if started.elapsed() > START_TIMEOUT {
                child.kill()?;
                child.wait()?;
                return Err(ServerError::Failed { program: "postgres", output: self.log() });
            }
            thread::sleep(POLL);
        }
    }

    /// Kills the server and every process of it with SIGKILL, as a crash of the machine would end them, and returns when
    /// they are gone. Does nothing if it does not run.
    ///
    /// # Errors
    /// When a signal cannot be sent.
    pub fn kill(&self) -> Result<(), ServerError> {
        let mut postmaster = self.postmaster();
        let Some(mut child) = postmaster.take() else {
            return Ok(());
        };
        let backends = children_of(child.id());
        // One command, so that no backend lives on to commit what it was doing.
        let mut pids = vec![child.id()];
        pids.extend(&backends);
        signal("KILL", &pids)?;
        child.wait()?;
        while backends.iter().any(|&pid| is_alive(pid)) {
            thread::sleep(POLL);
        }
        Ok(())
    }

    /// Stops the server in order; connections are ended.
    ///
    /// # Errors
    /// When a signal cannot be sent.
    pub fn stop(&self) -> Result<(), ServerError> {
        let mut postmaster = self.postmaster();
        if let Some(mut child) = postmaster.take() {
            signal("INT", &[child.id()])?;
            child.wait()?;
        }
        Ok(())
    }

    /// Runs `sql` with `psql` as `user`, stopping at the first error, and returns what it printed: rows without headings,
    /// columns separated by `|`.
    ///
    /// # Errors
    /// [`ServerError::Failed`] with psql's message.
    pub fn psql(&self, user: &str, sql: &str) -> Result<String, ServerError> {
        let mut command = self.installation.command("psql");
        let options = ["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-v", "VERBOSITY=verbose", "-f", "-"];
        command.arg(self.url_as(user)).args(options);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn()?;
        if let Some(mut stdin) = child.stdin.take() {
            stdin.write_all(sql.as_bytes())?;
        }
        checked("psql", &child.wait_with_output()?)
    }

    /// Runs a program of the installation, as `pg_dump`, with the connection's arguments before `arguments`.
    ///
    /// # Errors
    /// [`ServerError::Failed`] with its message.
    pub fn run(&self, program: &'static str, arguments: &[&str]) -> Result<String, ServerError> {
        let port = self.port.to_string();
        let mut command = self.installation.command(program);
        command.args(["-h", "127.0.0.1", "-U", "postgres", "-p", &port]).args(arguments);
        succeed(program, &mut command)
    }

    /// The last lines of the server's log.
    pub fn log(&self) -> String {
        let text = fs::read(self.dir.join("log")).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(40)..].join("\n")
    }

    fn data(&self) -> PathBuf {
        self.dir.join("data")
    }

    fn postmaster(&self) -> MutexGuard<'_, Option<Child>> {
        self.postmaster.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The server writes its state into the eighth line of its lock file.
    fn is_ready(&self, pid: u32) -> bool {
        let Ok(text) = fs::read_to_string(self.data().join("postmaster.pid")) else {
            return false;
        };
        let mut lines = text.lines();
        lines.next() == Some(pid.to_string().as_str()) && lines.nth(6).is_some_and(|state| state.trim() == "ready")
    }

    fn start_janitor(&self) -> Result<(Child, ChildStdin), ServerError> {
        let mut command = self.installation.program(Path::new("sh"));
        command.arg("-c").arg(JANITOR).arg("sh").arg(&self.dir);
        command.process_group(0).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = command.spawn()?;
        let stdin = child.stdin.take().ok_or_else(|| io::Error::other("the janitor has no input"))?;
        Ok((child, stdin))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Nobody is left to hear of a failure here; the janitor tries again.
        if let Some(mut child) = self.postmaster().take() {
            let _ = signal("QUIT", &[child.id()]);
            let _ = child.wait();
        }
        if let Some((mut janitor, stdin)) = self.janitor.take() {
            drop(stdin);
            let _ = janitor.wait();
        }
    }
}

/// A schema or user name that this process has not used before, on any server.
pub fn fresh_name() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    format!("t_{}_{}", process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

fn free_port() -> Result<u16, io::Error> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}

fn succeed(program: &'static str, command: &mut Command) -> Result<String, ServerError> {
    checked(program, &command.output()?)
}

fn checked(program: &'static str, output: &Output) -> Result<String, ServerError> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    if output.status.success() {
        return Ok(text(&output.stdout));
    }
    Err(ServerError::Failed { program, output: text(&output.stdout) + &text(&output.stderr) })
}

fn signal(name: &str, pids: &[u32]) -> Result<(), io::Error> {
    let pids = pids.iter().map(u32::to_string);
    // A process that ended by itself in between is as good as killed.
    Command::new("sh").args(["-c", "kill -s \"$@\" 2>/dev/null; :", "sh", name]).args(pids).status()?;
    Ok(())
}

/// State and parent of a process, from the fields behind its name, which is in parentheses.
fn stat(pid: u32) -> Option<(String, u32)> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let mut fields = text.rsplit_once(')')?.1.split_whitespace();
    Some((fields.next()?.to_owned(), fields.next()?.parse().ok()?))
}

fn is_alive(pid: u32) -> bool {
    stat(pid).is_some_and(|(state, _)| state != "Z")
}

fn children_of(parent: u32) -> Vec<u32> {
    let Ok(processes) = fs::read_dir("/proc") else {
        return Vec::new();
    };
    let pids = processes.filter_map(|process| process.ok()?.file_name().to_str()?.parse().ok());
    pids.filter(|&pid| stat(pid).is_some_and(|(_, of)| of == parent)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_starts_answers_survives_a_kill_and_leaves_nothing() {
        let server = Server::start(ServerConfig::default()).unwrap();
        assert_eq!(server.psql("postgres", "create table t (a int); insert into t values (7)").unwrap(), "");
        let pid = server.postmaster().as_ref().unwrap().id();
        server.kill().unwrap();
        assert!(!is_alive(pid));
        assert!(server.psql("postgres", "select 1").is_err());
        server.start_again().unwrap();
        assert_eq!(server.psql("postgres", "select a from t").unwrap(), "7\n");
        server.stop().unwrap();
        server.start_again().unwrap();
        let (dir, pid) = (server.dir().to_owned(), server.postmaster().as_ref().unwrap().id());
        drop(server);
        assert!(!dir.exists());
        assert!(!is_alive(pid));
    }

    #[test]
    fn a_server_that_cannot_start_says_why() {
        let config = ServerConfig { settings: vec![("no_such_setting".into(), "1".into())], ..ServerConfig::default() };
        let error = Server::start(config).unwrap_err().to_string();
        assert!(error.contains("no_such_setting"), "{error}");
    }
}
