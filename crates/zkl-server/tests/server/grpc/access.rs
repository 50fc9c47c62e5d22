//! Who may do what over gRPC: every call by every kind of subject, on its own datasets and on those of others.

use futures::{FutureExt as _, future::BoxFuture, stream};
use tonic::{Code, Status};
use zkl_server::{
    access::{Access, KeyRing},
    grpc::proto::{self, ReceiptPart},
};

use super::{Client, channel, client, notarize, refused, upload};
use crate::{
    common::{CSV, Home, Setup, runtime},
    matrix::{Askers, SUBJECTS},
};

/// What a call is about.
#[derive(Clone)]
struct About {
    dataset: &'static str,
    entry: &'static str,
    operation: String,
}

type Call = fn(Client, About) -> BoxFuture<'static, Result<(), Status>>;

/// A call, with the first message of the answer if that is a stream.
macro_rules! call {
    (|$about:ident| $method:ident($request:expr)) => {{
        let call: Call = |mut client, $about| async move { client.$method($request).await.map(|_| ()) }.boxed();
        call
    }};
}

const OK: Code = Code::Ok;
const WHO: Code = Code::Unauthenticated;
const NO: Code = Code::PermissionDenied;
const NONE: Code = Code::NotFound;
const BAD: Code = Code::InvalidArgument;
const OVER: Code = Code::FailedPrecondition;

/// For who may read `team/patients`.
const TEAM: [Code; 8] = [WHO, OK, NO, NO, NO, NO, OK, OK];
/// For who may read everything.
const ALL: [Code; 8] = [WHO, NO, NO, NO, NO, NO, OK, NO];
/// An entry that only who may read everything sees: for other readers it is not there.
const HIDDEN: [Code; 8] = [WHO, NONE, NO, NO, NO, NO, OK, NONE];
/// For nobody here.
const NOBODY: [Code; 8] = [WHO, NO, NO, NO, NO, NO, NO, NO];
/// For who administers, and for who may read everything.
const POLICY: [Code; 8] = [WHO, NO, NO, NO, NO, OK, OK, NO];
const ADMIN: [Code; 8] = [WHO, NO, NO, NO, NO, OK, NO, NO];

/// The rows for `team/patients` and for `rival/cats`. A claim that cannot be read is refused after the key was looked at: `BAD` means
/// allowed. So does `OVER` for an operation that has ended, and `NONE` for a key that is not there.
fn table() -> Vec<(&'static str, Call, [Code; 8], [Code; 8])> {
    let operation = [WHO, NO, OK, NONE, NO, NO, NO, OK];
    let no_operation = [WHO, NO, NONE, NONE, NO, NO, NO, NONE];
    let operations = [WHO, NO, OK, OK, NO, NO, NO, OK];
    let verifiers = [WHO, NO, NO, NO, OK, NO, NO, NO];
    vec![
        ("ListDatasets", call!(|_about| list_datasets(proto::ListDatasetsRequest::default())), TEAM, TEAM),
        (
            "GetDataset",
            call!(|about| get_dataset(proto::GetDatasetRequest { name: about.dataset.to_owned() })),
            TEAM,
            ALL,
        ),
        (
            "ListHistory",
            call!(|about| list_history(proto::ListHistoryRequest {
                dataset: about.dataset.to_owned(),
                ..Default::default()
            })),
            TEAM,
            ALL,
        ),
        ("ListEntries", call!(|_about| list_entries(proto::ListEntriesRequest::default())), TEAM, TEAM),
        ("GetEntry", call!(|about| get_entry(proto::GetEntryRequest { entry: about.entry.to_owned() })), TEAM, HIDDEN),
        (
            "GetReceipt",
            call!(|about| get_receipt(proto::GetReceiptRequest { entry: about.entry.to_owned(), without_scan: false })),
            TEAM,
            HIDDEN,
        ),
        (
            "WatchEntries",
            call!(|about| watch_entries(proto::WatchEntriesRequest { dataset: about.dataset.to_owned(), from: None })),
            TEAM,
            ALL,
        ),
        ("GetCheckpoint", call!(|_about| get_checkpoint(proto::GetCheckpointRequest {})), ALL, ALL),
        (
            "VerifyReceipt",
            call!(|_about| verify_receipt(stream::iter([ReceiptPart { data: b"{}".to_vec() }]))),
            verifiers,
            verifiers,
        ),
        (
            "Notarize",
            call!(|about| notarize(stream::iter(upload(about.dataset, CSV)))),
            [WHO, NO, OK, NO, NO, NO, NO, OK],
            NOBODY,
        ),
        (
            "NotarizeFrom",
            call!(|about| notarize_from(proto::NotarizeFromRequest {
                options: Some(proto::NotarizeOptions { dataset: about.dataset.to_owned(), ..Default::default() }),
                source: "x".to_owned(),
            })),
            [WHO, NO, BAD, NO, NO, NO, NO, BAD],
            NOBODY,
        ),
        (
            "ProveClaim",
            call!(|about| prove_claim(proto::ProveClaimRequest {
                dataset: about.dataset.to_owned(),
                claim: "?".to_owned(),
                ..Default::default()
            })),
            [WHO, NO, NO, BAD, NO, NO, NO, BAD],
            NOBODY,
        ),
        (
            "ListOperations",
            call!(|_about| list_operations(proto::ListOperationsRequest::default())),
            operations,
            operations,
        ),
        (
            "GetOperation",
            call!(|about| get_operation(proto::GetOperationRequest { id: about.operation })),
            operation,
            no_operation,
        ),
        (
            "WatchOperation",
            call!(|about| watch_operation(proto::WatchOperationRequest { id: about.operation })),
            operation,
            no_operation,
        ),
        (
            "CancelOperation",
            call!(|about| cancel_operation(proto::CancelOperationRequest { id: about.operation })),
            operation.map(|code| if code == OK { OVER } else { code }),
            no_operation,
        ),
        ("ListKeys", call!(|_about| list_keys(proto::ListKeysRequest {})), ADMIN, ADMIN),
        (
            "CreateKey",
            call!(|_about| create_key(proto::CreateKeyRequest {
                name: "x".to_owned(),
                grants: vec!["verify".to_owned()],
                expires_in_days: None,
            })),
            ADMIN,
            ADMIN,
        ),
        (
            "UpdateKey",
            call!(|_about| update_key(proto::UpdateKeyRequest {
                id: "0".to_owned(),
                grants: vec!["verify".to_owned()],
                ..Default::default()
            })),
            ADMIN.map(|code| if code == OK { NONE } else { code }),
            ADMIN.map(|code| if code == OK { NONE } else { code }),
        ),
        ("GetPolicy", call!(|_about| get_policy(proto::GetPolicyRequest { size: None })), POLICY, POLICY),
        (
            "RevokeKey",
            call!(|_about| revoke_key(proto::RevokeKeyRequest { id: "0".to_owned() })),
            ADMIN.map(|code| if code == OK { NONE } else { code }),
            ADMIN.map(|code| if code == OK { NONE } else { code }),
        ),
    ]
}

/// What everybody may when log and verification are open.
const READS: [&str; 9] = [
    "ListDatasets",
    "GetDataset",
    "ListHistory",
    "ListEntries",
    "GetEntry",
    "GetReceipt",
    "WatchEntries",
    "GetCheckpoint",
    "VerifyReceipt",
];

fn check(access: Access) {
    let home = Home::new();
    let askers = Askers::new(&home);
    let everything = home.everything();
    let server = home.start_trusting(Setup { access, ..Setup::default() }, None, Some(askers.issuers.clone()));
    runtime().block_on(async {
        let channel = channel(&server);
        let mut admin = client(&channel, &everything);
        let team = About {
            dataset: "team/patients",
            entry: "0",
            operation: notarize(&mut admin, "team/patients", CSV).await.id,
        };
        let rival =
            About { dataset: "rival/cats", entry: "1", operation: notarize(&mut admin, "rival/cats", CSV).await.id };
        for (name, call, own, other) in table() {
            for (about, expected) in [(&team, own), (&rival, other)] {
                for (token, subject) in &askers.shown {
                    let (grants, expected) = (SUBJECTS[*subject], expected[*subject]);
                    let open = access.public_log && READS.contains(&name);
                    let expected = if open { OK } else { expected };
                    let answer = call(client(&channel, token), about.clone()).await;
                    let got = answer.as_ref().err().map_or(OK, Status::code);
                    assert_eq!(got, expected, "{name} on {} by {grants:?}: {answer:?}", about.dataset);
                }
                for token in ["zkl_0123456789abcdef_", "nonsense"] {
                    let answer = call(client(&channel, token), about.clone()).await;
                    refused(answer, WHO, "UNAUTHENTICATED");
                }
            }
        }
    });
}

#[test]
fn every_call_is_for_whom_a_grant_names_and_for_nobody_else() {
    check(Access::default());
}

#[test]
fn an_open_log_opens_reading_and_nothing_else() {
    check(Access { public_log: true, public_verify: true });
}

#[test]
fn every_call_of_the_definition_is_in_the_table() {
    let listed: Vec<String> = table().iter().map(|(name, ..)| format!("/zkl.v1.Ledger/{name}")).collect();
    let defined: Vec<String> = zkl_server::grpc::paths().unwrap().into_iter().collect();
    let mut sorted = listed;
    sorted.sort();
    assert_eq!(sorted, defined);
}

#[test]
fn lists_and_streams_show_what_their_reader_may_see() {
    let home = Home::new();
    let (team, everything) = (home.key(&["read:team/*"]), home.everything());
    let server = home.start(Setup::default());
    runtime().block_on(async {
        let channel = channel(&server);
        let (mut reader, mut admin) = (client(&channel, &team), client(&channel, &everything));
        let datasets = reader.list_datasets(proto::ListDatasetsRequest::default()).await.unwrap().into_inner().datasets;
        assert_eq!(datasets.iter().map(|dataset| dataset.name.as_str()).collect::<Vec<_>>(), ["team/patients"]);
        let watch = proto::WatchEntriesRequest { from: Some(0), ..Default::default() };
        let mut entries = reader.watch_entries(watch).await.unwrap().into_inner();
        notarize(&mut admin, "rival/cats", CSV).await;
        notarize(&mut admin, "team/patients", CSV).await;
        for index in [0, 3] {
            assert_eq!(entries.message().await.unwrap().unwrap().index, index);
        }
    });
}

/// A stream that was opened with a key ends with it.
#[test]
fn a_revoked_key_watches_nothing_any_more() {
    let home = Home::new();
    let (team, everything) = (home.key(&["read:team/*"]), home.everything());
    let server = home.start(Setup::default());
    runtime().block_on(async {
        let channel = channel(&server);
        let mut reader = client(&channel, &team);
        let mut entries = reader.watch_entries(proto::WatchEntriesRequest::default()).await.unwrap().into_inner();
        let mut admin = client(&channel, &everything);
        notarize(&mut admin, "team/patients", CSV).await;
        assert_eq!(entries.message().await.unwrap().unwrap().index, 2);
        let ring = KeyRing::open(&home.server_dir()).unwrap();
        ring.revoke(team.split('_').nth(1).unwrap()).unwrap();
        refused(entries.message().await, Code::Unauthenticated, "UNAUTHENTICATED");
        // Nor is the end of it a way back in.
        let again = reader.watch_entries(proto::WatchEntriesRequest::default()).await;
        refused(again, Code::Unauthenticated, "UNAUTHENTICATED");
    });
}
