//! Other object stores than S3: an emulator as a child process on a free port of the loopback interface, which ends as
//! [`crate::s3::S3Server`] does.

use std::{
    path::PathBuf,
    process::{Command, Stdio},
    sync::Mutex,
};

use crate::s3::{ServerError, Supervisor, free_port, installed, supervised};

/// What every installation of Azurite accepts.
const AZURITE_ACCOUNT: &str = "devstoreaccount1";
const AZURITE_KEY: &str = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

/// The library of SQLite's ADBC driver.
///
/// # Errors
/// When it is not installed.
pub fn sqlite_driver() -> Result<PathBuf, ServerError> {
    installed("ZKL_ADBC_SQLITE_DRIVER", "adbc/adbc_driver_sqlite/libadbc_driver_sqlite.so")
        .ok_or(ServerError::Missing { program: "adbc-driver-sqlite" })
}

/// A running emulator with one bucket.
#[derive(Debug)]
pub struct CloudServer {
    url: String,
    settings: Vec<(String, String)>,
    _supervisor: Mutex<Supervisor>,
}

impl CloudServer {
    /// Azure Blob Storage, by Azurite. It checks signatures.
    ///
    /// # Errors
    /// When it is not installed or does not start.
    pub fn azurite() -> Result<Self, ServerError> {
        let program = "azurite-blob";
        let path = installed("ZKL_AZURITE", "azurite/node_modules/.bin/azurite-blob")
            .ok_or(ServerError::Missing { program })?;
        let python = python()?;
        let port = free_port()?;
        let mut command = supervised(port);
        command.arg(path).args(["--blobHost", "127.0.0.1", "--blobPort", &port.to_string()]);
        command.args(["--inMemoryPersistence", "--silent", "--skipApiVersionCheck", "--disableTelemetry"]);
        let supervisor = Supervisor::start(program, command)?;

        let endpoint = format!("http://127.0.0.1:{port}/{AZURITE_ACCOUNT}");
        let script = "import sys; from azure.storage.blob import BlobServiceClient as B; \
                      B(sys.argv[1], credential=sys.argv[2]).create_container('tables')";
        let mut made = Command::new(python);
        let made = made.args(["-c", script, &endpoint, AZURITE_KEY]).stdin(Stdio::null()).status()?;
        if !made.success() {
            return Err(ServerError::NotReady { program });
        }
        let settings = [
            ("AZURE_STORAGE_ACCOUNT_NAME", AZURITE_ACCOUNT),
            ("AZURE_STORAGE_ACCOUNT_KEY", AZURITE_KEY),
            ("AZURE_STORAGE_ENDPOINT", &endpoint),
            ("AZURE_ALLOW_HTTP", "true"),
        ];
        Ok(Self::new("az://tables", &settings, supervisor))
    }

    fn new(url: &str, settings: &[(&str, &str)], supervisor: Supervisor) -> Self {
        let settings = settings.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        Self { url: url.to_owned(), settings, _supervisor: Mutex::new(supervisor) }
    }

    /// The URL of the bucket.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// How the environment of a client of this server is set.
    pub fn settings(&self) -> &[(String, String)] {
        &self.settings
    }
}

/// The Python environment with Azure's own client.
fn python() -> Result<std::path::PathBuf, ServerError> {
    installed("ZKL_CLOUDS_PYTHON", "clouds/bin/python").ok_or(ServerError::Missing { program: "azure-storage-blob" })
}
