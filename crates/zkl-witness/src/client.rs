//! Asking a witness over HTTP.

use std::{io::Read as _, thread, time::Duration};

use async_trait::async_trait;
use tokio::sync::oneshot;
use ureq::Agent;
use zkl_receipt::{
    TransportError, WitnessAnswer, WitnessClient,
    cosignature::WitnessVerifier,
    witness::{ADD_CHECKPOINT, MAX_ANSWER_LEN},
};

/// A witness at a URL.
#[derive(Clone, Debug)]
pub struct HttpWitness {
    key: WitnessVerifier,
    url: String,
    agent: Agent,
}

impl HttpWitness {
    /// The witness with `key` at the submission prefix `prefix`, `http://` or `https://`. `wait` bounds each request as a
    /// whole.
    pub fn new(key: WitnessVerifier, prefix: &str, wait: Duration) -> Self {
        let url = format!("{}/{ADD_CHECKPOINT}", prefix.trim_end_matches('/'));
        Self { key, url, agent: agent(wait) }
    }

    fn post(&self, body: &str) -> Result<WitnessAnswer, ureq::Error> {
        let mut response = self.agent.post(&self.url).content_type("text/plain; charset=utf-8").send(body)?;
        let status = response.status().as_u16();
        let mut body = Vec::new();
        let limit = MAX_ANSWER_LEN as u64 + 1;
        response.body_mut().as_reader().take(limit).read_to_end(&mut body)?;
        Ok(WitnessAnswer { status, body })
    }
}

/// A client for which a refusal is an answer, and a redirection to elsewhere is none.
pub(crate) fn agent(wait: Duration) -> Agent {
    let config = Agent::config_builder()
        .timeout_global(Some(wait))
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .user_agent(concat!("zkl/", env!("CARGO_PKG_VERSION")));
    config.build().into()
}

#[async_trait]
impl WitnessClient for HttpWitness {
    fn key(&self) -> &WitnessVerifier {
        &self.key
    }

    async fn add_checkpoint(&self, body: String) -> Result<WitnessAnswer, TransportError> {
        let failed = |source| TransportError { url: self.url.clone(), source };
        let (witness, (answered, answer)) = (self.clone(), oneshot::channel());
        // Not a thread of the runtime, which does not end before its threads do: who gives up asking need not wait.
        let asking = thread::Builder::new().name("zkl-witness".to_owned());
        asking.spawn(move || drop(answered.send(witness.post(&body)))).map_err(|error| failed(error.into()))?;
        match answer.await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) => Err(failed(error.into())),
            Err(error) => Err(failed(error.into())),
        }
    }
}
