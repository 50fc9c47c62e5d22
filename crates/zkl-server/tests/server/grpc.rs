//! gRPC, with the client that is generated from its definition.

mod access;
mod limits;

use tonic::{
    Code, Request, Status,
    metadata::{Ascii, MetadataValue},
    service::{Interceptor, interceptor::InterceptedService},
    transport::{Channel, Endpoint},
};
use tonic_health::pb::{HealthCheckRequest, health_client::HealthClient};
use tonic_types::StatusExt as _;
use zkl_ledger::{Trust, verify};
use zkl_server::grpc::proto::{
    self, Evidence, NotarizeOptions, NotarizeRequest, OperationStatus, Order, ReceiptPart, ledger_client::LedgerClient,
    notarize_request::Part,
};

use crate::common::{CSV, Home, Server, Setup, runtime};

/// Shows a key with every call.
#[derive(Clone)]
pub(crate) struct Shown(Option<MetadataValue<Ascii>>);

impl Interceptor for Shown {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        if let Some(value) = &self.0 {
            request.metadata_mut().insert("authorization", value.clone());
        }
        Ok(request)
    }
}

pub(crate) type Client = LedgerClient<InterceptedService<Channel, Shown>>;

pub(crate) fn channel(server: &Server) -> Channel {
    Endpoint::from_shared(format!("http://{}", server.grpc)).unwrap().connect_lazy()
}

/// A client with a key, or without one if the token is empty.
pub(crate) fn client(channel: &Channel, token: &str) -> Client {
    let shown = (!token.is_empty()).then(|| format!("Bearer {token}").parse().unwrap());
    LedgerClient::with_interceptor(channel.clone(), Shown(shown))
}

pub(crate) fn upload(dataset: &str, table: &str) -> impl Iterator<Item = NotarizeRequest> + Send + use<> {
    let options = NotarizeOptions {
        dataset: dataset.to_owned(),
        evidence: Evidence::Attestation.into(),
        ..NotarizeOptions::default()
    };
    let parts: Vec<Vec<u8>> = table.as_bytes().chunks(7).map(<[u8]>::to_vec).collect();
    let first = NotarizeRequest { part: Some(Part::Options(options)) };
    std::iter::once(first).chain(parts.into_iter().map(|data| NotarizeRequest { part: Some(Part::Data(data)) }))
}

/// Notarizes, and follows until that has ended.
pub(crate) async fn notarize(client: &mut Client, dataset: &str, table: &str) -> proto::Operation {
    let operation = client.notarize(futures::stream::iter(upload(dataset, table))).await.unwrap().into_inner();
    followed(client, operation.id).await
}

async fn followed(client: &mut Client, id: String) -> proto::Operation {
    let mut changes = client.watch_operation(proto::WatchOperationRequest { id }).await.unwrap().into_inner();
    let mut last = None;
    while let Some(operation) = changes.message().await.unwrap() {
        last = Some(operation);
    }
    last.unwrap()
}

/// The types of REST are the reasons of gRPC.
#[track_caller]
pub(crate) fn refused<T>(answer: Result<T, Status>, code: Code, reason: &str) -> Status {
    let status = answer.err().expect("it should be refused");
    let details = status.get_error_details();
    let info = details.error_info().unwrap_or_else(|| panic!("no details: {status:?}"));
    assert_eq!((status.code(), info.reason.as_str()), (code, reason), "{status:?}");
    assert_eq!(
        info.metadata["type"],
        format!("urn:zkp-dataset-ledger:problem:{}", reason.to_lowercase().replace('_', "-"))
    );
    status
}

#[test]
fn every_call_answers_what_rest_does() {
    let home = Home::new();
    let key = home.everything();
    let server = home.start(Setup::default());
    runtime().block_on(async {
        let mut client = client(&channel(&server), &key);
        let page =
            client.list_datasets(proto::ListDatasetsRequest { page_size: 1, ..Default::default() }).await.unwrap();
        let page = page.into_inner();
        assert_eq!((page.datasets[0].name.as_str(), page.next_page_token.as_str()), ("rival/cats", "rival/cats"));
        let next = proto::ListDatasetsRequest { page_token: page.next_page_token, ..Default::default() };
        let page = client.list_datasets(next).await.unwrap().into_inner();
        assert_eq!((page.datasets[0].name.as_str(), page.datasets.len()), ("team/patients", 1));
        // New entries are told as they come, to whoever watches; so are those that were there.
        let watch = proto::WatchEntriesRequest { dataset: "team/patients".to_owned(), from: Some(0) };
        let mut watched = client.watch_entries(watch).await.unwrap().into_inner();
        assert_eq!(watched.message().await.unwrap().unwrap().index, 0);
        let mut new = client.watch_entries(proto::WatchEntriesRequest::default()).await.unwrap().into_inner();
        notarize(&mut client, "rival/cats", CSV).await;
        let operation = notarize(&mut client, "team/patients", CSV).await;
        assert_eq!(operation.status(), OperationStatus::Succeeded);
        let recorded = operation.entry.clone().unwrap();
        assert_eq!(watched.message().await.unwrap().unwrap().index, 3);
        assert_eq!(new.message().await.unwrap().unwrap().index, 2);
        assert_eq!(new.message().await.unwrap().unwrap().index, 3);
        let request = proto::GetOperationRequest { id: operation.id.clone() };
        assert_eq!(client.get_operation(request).await.unwrap().into_inner(), operation);
        let listed = client.list_operations(proto::ListOperationsRequest::default()).await.unwrap().into_inner();
        assert_eq!(listed.operations.iter().filter(|listed| **listed == operation).count(), 1);

        let entry = client.get_entry(proto::GetEntryRequest { entry: recorded.id }).await.unwrap().into_inner();
        let rest = server.client(&key).get("/api/v1/entries/3").expect(200).json();
        assert_eq!((entry.index, rest["id"].as_str()), (3, Some(entry.id.as_str())));
        assert_eq!(rest["predicate"], serde_json::from_str::<serde_json::Value>(&entry.predicate_json).unwrap());
        let dataset = client.get_dataset(proto::GetDatasetRequest { name: "team/patients".to_owned() }).await.unwrap();
        assert_eq!(dataset.into_inner().version.unwrap(), entry);
        let history = proto::ListHistoryRequest {
            dataset: "team/patients".to_owned(),
            order: Order::Ascending.into(),
            kind: "notarization".to_owned(),
            page_size: 1,
            ..Default::default()
        };
        let page = client.list_history(history.clone()).await.unwrap().into_inner();
        assert_eq!((page.entries[0].index, page.next_page_token.as_str()), (0, "3"));
        let page =
            client.list_history(proto::ListHistoryRequest { page_token: "3".to_owned(), ..history }).await.unwrap();
        assert_eq!(page.into_inner().entries, [entry]);
        let page = client.list_entries(proto::ListEntriesRequest::default()).await.unwrap().into_inner();
        assert_eq!(page.entries.iter().map(|entry| entry.index).collect::<Vec<_>>(), [3, 2, 1, 0]);

        let claim = proto::ProveClaimRequest {
            dataset: "team/patients".to_owned(),
            claim: "mean(age) between 40 and 50".to_owned(),
            version: "3".to_owned(),
            idempotency_key: "a".to_owned(),
        };
        let accepted = client.prove_claim(claim.clone()).await.unwrap().into_inner();
        assert_eq!(client.prove_claim(claim).await.unwrap().into_inner().id, accepted.id);
        let proved = followed(&mut client, accepted.id).await;
        let index = proved.entry.unwrap().index.to_string();
        let claim = client.get_entry(proto::GetEntryRequest { entry: index.clone() }).await.unwrap().into_inner();
        assert_eq!(claim.claim(), "mean(age) between 40 and 50");
        let receipt = proto::GetReceiptRequest { entry: index, without_scan: false };
        let mut parts = client.get_receipt(receipt).await.unwrap().into_inner();
        let mut bytes = Vec::new();
        while let Some(part) = parts.message().await.unwrap() {
            bytes.extend(part.data);
        }
        verify(&bytes, &Trust::default()).unwrap();
        let sent = bytes.chunks(10_000).map(|data| ReceiptPart { data: data.to_vec() }).collect::<Vec<_>>();
        let verdict = client.verify_receipt(futures::stream::iter(sent)).await.unwrap().into_inner();
        // It rests on test material.
        assert!(!verdict.valid && verdict.receipt_json.is_some() && verdict.reason.is_none());
        let forged = ReceiptPart { data: b"{}".to_vec() };
        let verdict = client.verify_receipt(futures::stream::iter([forged])).await.unwrap().into_inner();
        assert!(!verdict.valid && verdict.reason.is_some());
        let checkpoint = client.get_checkpoint(proto::GetCheckpointRequest {}).await.unwrap().into_inner();
        assert!(checkpoint.note.starts_with("example.com/served\n5\n"), "{}", checkpoint.note);

        let ended = client.cancel_operation(proto::CancelOperationRequest { id: operation.id }).await;
        refused(ended, Code::FailedPrecondition, "CONFLICT");
        let new = proto::CreateKeyRequest {
            name: "ci".to_owned(),
            grants: vec!["read:team/*".to_owned()],
            expires_in_days: Some(1),
        };
        let made = client.create_key(new).await.unwrap().into_inner();
        let key = made.key.unwrap();
        assert_eq!(key.expires_at.unwrap().seconds - key.created_at.unwrap().seconds, 24 * 60 * 60);
        let keys = client.list_keys(proto::ListKeysRequest {}).await.unwrap().into_inner().keys;
        assert!(keys.contains(&key) && keys.len() == 2);
        let mut theirs = crate::grpc::client(&channel(&server), &made.token);
        theirs.get_entry(proto::GetEntryRequest { entry: "0".to_owned() }).await.unwrap();
        let update = proto::UpdateKeyRequest {
            id: key.id.clone(),
            grants: vec!["read:team/*".to_owned(), "verify".to_owned()],
            expiry: Some(proto::update_key_request::Expiry::NeverExpires(true)),
            propose: true,
        };
        let proposed = client.update_key(update.clone()).await.unwrap().into_inner();
        assert!(proposed.proposed && proposed.added == ["verify"] && proposed.removed.is_empty());
        assert!(client.list_keys(proto::ListKeysRequest {}).await.unwrap().into_inner().keys.contains(&key));
        let updated = proto::UpdateKeyRequest { propose: false, ..update };
        let updated = client.update_key(updated).await.unwrap().into_inner();
        assert_eq!(updated.key, proposed.key);
        assert!(updated.key.as_ref().unwrap().expires_at.is_none() && !updated.proposed);
        let keys = client.list_keys(proto::ListKeysRequest {}).await.unwrap().into_inner().keys;
        assert!(keys.contains(&updated.key.unwrap()) && keys.len() == 2);
        let policy = client.get_policy(proto::GetPolicyRequest { size: None }).await.unwrap().into_inner();
        // Nothing is recorded in this test: others look at what is.
        assert!(policy.policies.is_empty());
        client.revoke_key(proto::RevokeKeyRequest { id: key.id }).await.unwrap();
        let late = theirs.get_entry(proto::GetEntryRequest { entry: "0".to_owned() }).await;
        refused(late, Code::Unauthenticated, "UNAUTHENTICATED");
    });
}

#[test]
fn what_is_wrong_with_a_request_is_said_as_rest_says_it() {
    let home = Home::new();
    let key = home.everything();
    let server = home.start(Setup::default());
    runtime().block_on(async {
        let mut client = client(&channel(&server), &key);
        let prove = |claim: &str| proto::ProveClaimRequest {
            dataset: "team/patients".to_owned(),
            claim: claim.to_owned(),
            ..Default::default()
        };
        refused(client.prove_claim(prove("?")).await, Code::InvalidArgument, "INVALID_REQUEST");
        let typo = client.prove_claim(prove("mean(aeg) between 1 and 2")).await.unwrap().into_inner();
        let problem = followed(&mut client, typo.id).await.problem.unwrap();
        assert!(problem.r#type.ends_with(":invalid-request") && problem.detail.contains("did you mean"), "{problem:?}");
        let long = proto::ListEntriesRequest { page_size: 201, ..Default::default() };
        refused(client.list_entries(long).await, Code::InvalidArgument, "INVALID_REQUEST");
        let order = proto::ListEntriesRequest { order: 9, ..Default::default() };
        refused(client.list_entries(order).await, Code::InvalidArgument, "INVALID_REQUEST");
        let absent = client.get_entry(proto::GetEntryRequest { entry: "9".to_owned() }).await;
        refused(absent, Code::NotFound, "NOT_FOUND");
        let no_options = client.notarize(futures::stream::iter(upload("team/patients", CSV).skip(1))).await;
        refused(no_options, Code::InvalidArgument, "INVALID_REQUEST");
        let twice = upload("team/patients", CSV).chain(upload("team/patients", CSV));
        refused(client.notarize(futures::stream::iter(twice)).await, Code::InvalidArgument, "INVALID_REQUEST");
        refused(client.verify_receipt(futures::stream::empty()).await, Code::InvalidArgument, "INVALID_REQUEST");
        let life = proto::CreateKeyRequest {
            name: "x".to_owned(),
            grants: vec!["verify".to_owned()],
            expires_in_days: Some(0),
        };
        refused(client.create_key(life).await, Code::InvalidArgument, "INVALID_REQUEST");
    });
}

#[test]
fn health_is_told_to_everybody_and_calls_are_counted() {
    let home = Home::new();
    let key = home.everything();
    let server = home.start(Setup::default());
    runtime().block_on(async {
        let mut health = HealthClient::new(channel(&server));
        for (name, expected) in [("", Some(1)), ("zkl.v1.Ledger", Some(1)), ("zkl.v1.Other", None)] {
            let answer = health.check(HealthCheckRequest { service: name.to_owned() }).await;
            assert_eq!(answer.map(|answer| answer.into_inner().status).ok(), expected, "{name}");
        }
        let mut watched = health.watch(HealthCheckRequest::default()).await.unwrap().into_inner();
        assert_eq!(watched.message().await.unwrap().unwrap().status, 1);
        let mut client = client(&channel(&server), &key);
        client.list_keys(proto::ListKeysRequest {}).await.unwrap();
        client.get_entry(proto::GetEntryRequest { entry: "9".to_owned() }).await.unwrap_err();
        let metrics = String::from_utf8(server.internal("/metrics").expect(200).bytes).unwrap();
        for sample in [
            "zkl_requests_total{face=\"grpc\",route=\"/zkl.v1.Ledger/ListKeys\",outcome=\"ok\"} 1",
            "zkl_requests_total{face=\"grpc\",route=\"/zkl.v1.Ledger/GetEntry\",outcome=\"not-found\"} 1",
        ] {
            assert!(metrics.contains(sample), "{metrics}");
        }
    });
}
