//! Reading published files over HTTP.

use std::{io::Read as _, time::Duration};

use ureq::Agent;

use crate::client::agent;

/// Longest request.
const WAIT: Duration = Duration::from_secs(60);

/// Files below a URL, as a static web server publishes them.
#[derive(Clone, Debug)]
pub struct HttpFiles {
    url: String,
    agent: Agent,
}

/// Why a file cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HttpFilesError {
    /// The server does not answer.
    #[error("the server does not answer as it should")]
    Http(#[from] ureq::Error),
    /// The answer breaks off.
    #[error("the answer breaks off")]
    Io(#[from] std::io::Error),
    /// Neither the file nor that it is not there.
    #[error("the server answers with status {status}")]
    Status {
        /// The status code.
        status: u16,
    },
    /// The file is not one of its kind.
    #[error("the file has more than {max} bytes")]
    TooLong {
        /// Most bytes that such a file has.
        max: u64,
    },
    /// The request was not carried out.
    #[error("the request was not carried out")]
    Task(#[from] tokio::task::JoinError),
}

impl HttpFiles {
    /// The files below `url`, `http://` or `https://`.
    pub fn new(url: &str) -> Self {
        Self { url: url.trim_end_matches('/').to_owned(), agent: agent(WAIT) }
    }

    /// The URL.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The file at a relative path, or `None` when the server says that it is not there.
    ///
    /// # Errors
    /// [`HttpFilesError`]; redirections are not followed.
    pub async fn get(&self, path: &str, max: u64) -> Result<Option<Vec<u8>>, HttpFilesError> {
        let (files, path) = (self.clone(), path.to_owned());
        tokio::task::spawn_blocking(move || files.fetch(&path, max)).await?
    }

    fn fetch(&self, path: &str, max: u64) -> Result<Option<Vec<u8>>, HttpFilesError> {
        let mut response = self.agent.get(format!("{}/{path}", self.url)).call()?;
        match response.status().as_u16() {
            200 => {}
            404 | 410 => return Ok(None),
            status => return Err(HttpFilesError::Status { status }),
        }
        let mut bytes = Vec::new();
        response.body_mut().as_reader().take(max + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > max { Err(HttpFilesError::TooLong { max }) } else { Ok(Some(bytes)) }
    }
}
