//! Whether the server can do its work, by `grpc.health.v1`.

use std::{sync::Arc, time::Duration};

use futures::{StreamExt as _, stream, stream::BoxStream};
use tonic::{Request, Response, Status, server::NamedService as _};
use tonic_health::pb::{
    HealthCheckRequest, HealthCheckResponse, health_check_response::ServingStatus, health_server::Health as Checks,
};

use super::{calls::Calls, proto::ledger_server::LedgerServer};
use crate::service::Service;

/// How often whoever watches is looked for.
const LOOK_AGAIN: Duration = Duration::from_secs(5);

/// The health of a service, as `/readyz` has it.
#[derive(Debug)]
pub(super) struct Health {
    service: Arc<Service>,
}

impl Health {
    pub(super) const fn new(service: Arc<Service>) -> Self {
        Self { service }
    }
}

/// Of the server as a whole, or of what the name is of.
fn known(request: &Request<HealthCheckRequest>) -> Result<(), Status> {
    let name = request.get_ref().service.as_str();
    if ["", LedgerServer::<Calls>::NAME].contains(&name) {
        Ok(())
    } else {
        Err(Status::not_found("there is no such service"))
    }
}

async fn now(service: &Service) -> ServingStatus {
    match service.check_ready().await {
        Ok(()) => ServingStatus::Serving,
        Err(error) => {
            tracing::warn!(error = crate::failure::chain(&error), "the server is not ready");
            ServingStatus::NotServing
        }
    }
}

#[tonic::async_trait]
impl Checks for Health {
    type WatchStream = BoxStream<'static, Result<HealthCheckResponse, Status>>;

    async fn check(&self, request: Request<HealthCheckRequest>) -> Result<Response<HealthCheckResponse>, Status> {
        known(&request)?;
        Ok(Response::new(HealthCheckResponse { status: now(&self.service).await.into() }))
    }

    async fn watch(&self, request: Request<HealthCheckRequest>) -> Result<Response<Self::WatchStream>, Status> {
        known(&request)?;
        let changes = stream::unfold((Arc::clone(&self.service), None), |(service, told)| async move {
            let mut status = now(&service).await;
            while told == Some(status) {
                tokio::time::sleep(LOOK_AGAIN).await;
                status = now(&service).await;
            }
            Some((Ok(HealthCheckResponse { status: status.into() }), (service, Some(status))))
        });
        Ok(Response::new(changes.boxed()))
    }
}
