"""Calls every operation of a server over gRPC, with a client that grpcio generated from the definition.

Usage: grpc_client.py ADDRESS TABLE.csv [CERTIFICATE.pem]; the key is in KEY, the directory of the generated modules on PYTHONPATH.
"""

import io
import json
import os
import sys
import threading

import grpc
import pyarrow
import pyarrow.csv
from google.rpc import error_details_pb2
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase
from grpc_status import rpc_status
from zkl.v1 import ledger_pb2 as zkl
from zkl.v1 import ledger_pb2_grpc

PART = 100_000


def refused(code, reason, call):
    """What a call is refused with."""
    try:
        call()
    except grpc.RpcError as error:
        assert error.code() == code, error
        info = error_details_pb2.ErrorInfo()
        (detail,) = [d for d in rpc_status.from_call(error).details if d.Is(info.DESCRIPTOR)]
        detail.Unpack(info)
        assert (info.reason, info.domain) == (reason, "zkp-dataset-ledger"), info
        assert info.metadata["type"] == "urn:zkp-dataset-ledger:problem:" + reason.lower().replace("_", "-")
        return info
    raise AssertionError(f"nothing was refused with {reason}")


def main(address, table, certificate=None):
    if certificate:
        with open(certificate, "rb") as file:
            channel = grpc.secure_channel(address, grpc.ssl_channel_credentials(file.read()))
    else:
        channel = grpc.insecure_channel(address)
    ledger = ledger_pb2_grpc.LedgerStub(channel)
    key = [("authorization", "Bearer " + os.environ["KEY"])]
    called = set()

    def call(name, request, **more):
        called.add(name)
        return getattr(ledger, name)(request, metadata=more.pop("metadata", key), timeout=300, **more)

    # Health and reflection, for everybody.
    health = health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(service="zkl.v1.Ledger"))
    assert health.status == health_pb2.HealthCheckResponse.SERVING
    reflected = ProtoReflectionDescriptorDatabase(channel)
    assert {"zkl.v1.Ledger", "grpc.health.v1.Health"} <= set(reflected.get_services())
    methods = {m.name for m in reflected.FindFileContainingSymbol("zkl.v1.Ledger").service[0].method}

    def parts(options, data):
        yield zkl.NotarizeRequest(options=options)
        for start in range(0, len(data), PART):
            yield zkl.NotarizeRequest(data=data[start : start + PART])

    def follow(operation):
        changes = list(call("WatchOperation", zkl.WatchOperationRequest(id=operation.id)))
        assert changes[-1].ended_at.seconds and all(not change.ended_at.seconds for change in changes[:-1])
        return changes[-1]

    # What is new is told while it is recorded.
    told, seen = call("WatchEntries", zkl.WatchEntriesRequest(dataset="demo/grpc")), []
    watching = threading.Thread(target=lambda: seen.extend(next(told) for _ in range(2)))
    watching.start()
    with open(table, "rb") as file:
        csv = file.read()
    arrow = io.BytesIO()
    read = pyarrow.csv.read_csv(table)
    with pyarrow.ipc.new_stream(arrow, read.schema) as stream:
        stream.write_table(read, max_chunksize=100)
    options = zkl.NotarizeOptions(dataset="demo/grpc", evidence=zkl.EVIDENCE_ATTESTATION, idempotency_key="a")
    first = call("Notarize", parts(options, csv))
    assert call("Notarize", parts(options, csv)).id == first.id
    refused(
        grpc.StatusCode.INVALID_ARGUMENT, "IDEMPOTENCY_MISMATCH", lambda: call("Notarize", parts(options, csv + b"\n"))
    )
    first = follow(first)
    assert first.status == zkl.OPERATION_STATUS_SUCCEEDED, first
    reading = zkl.Reading(input_format="arrow-stream")
    options = zkl.NotarizeOptions(dataset="demo/grpc", evidence=zkl.EVIDENCE_ATTESTATION, reading=reading)
    second = follow(call("Notarize", parts(options, arrow.getvalue())))
    assert second.status == zkl.OPERATION_STATUS_SUCCEEDED, second
    # No place is allowed here.
    elsewhere = zkl.NotarizeFromRequest(options=options, source="https://example.com/table.csv")
    refused(grpc.StatusCode.PERMISSION_DENIED, "FORBIDDEN", lambda: call("NotarizeFrom", elsewhere))
    watching.join(60)
    assert [entry.index for entry in seen] == [first.entry.index, second.entry.index]
    told.cancel()

    listed = call("ListDatasets", zkl.ListDatasetsRequest()).datasets
    assert any(dataset.name == "demo/grpc" and dataset.entries == 2 for dataset in listed)
    assert call("GetDataset", zkl.GetDatasetRequest(name="demo/grpc")).version.id == second.entry.id
    history = zkl.ListHistoryRequest(dataset="demo/grpc", order=zkl.ORDER_ASCENDING, page_size=1)
    page = call("ListHistory", history)
    history.page_token = page.next_page_token
    entries = [*page.entries, *call("ListHistory", history).entries]
    assert [entry.id for entry in entries] == [first.entry.id, second.entry.id]
    assert call("ListEntries", zkl.ListEntriesRequest(page_size=1)).entries[0].id == second.entry.id
    entry = call("GetEntry", zkl.GetEntryRequest(entry=first.entry.id))
    assert json.loads(entry.predicate_json)["privacy"] == "private", entry.predicate_json

    # The table that came as record batches has the rows that were sent, and no more.
    def prove(claim, version):
        return follow(call("ProveClaim", zkl.ProveClaimRequest(dataset="demo/grpc", claim=claim, version=version)))

    proved = prove(f"rows >= {read.num_rows + 1}", second.entry.id)
    assert proved.status == zkl.OPERATION_STATUS_FAILED and proved.problem.type.endswith(":false-claim"), proved
    proved = prove(f"rows >= {read.num_rows}", second.entry.id)
    assert proved.status == zkl.OPERATION_STATUS_SUCCEEDED, proved
    receipt = b"".join(part.data for part in call("GetReceipt", zkl.GetReceiptRequest(entry=proved.entry.id)))
    sent = (zkl.ReceiptPart(data=receipt[start : start + PART]) for start in range(0, len(receipt), PART))
    verdict = call("VerifyReceipt", sent)
    assert f"rows >= {read.num_rows}" in verdict.receipt_json and not verdict.HasField("reason"), verdict
    broken = call("VerifyReceipt", iter([zkl.ReceiptPart(data=receipt[: min(PART, len(receipt) // 2)])]))
    assert not broken.valid and broken.reason, broken
    note = call("GetCheckpoint", zkl.GetCheckpointRequest()).note.splitlines()
    assert int(note[1]) == proved.entry.index + 1

    assert call("GetOperation", zkl.GetOperationRequest(id=proved.id)) == proved
    assert proved in call("ListOperations", zkl.ListOperationsRequest()).operations
    refused(
        grpc.StatusCode.FAILED_PRECONDITION,
        "CONFLICT",
        lambda: call("CancelOperation", zkl.CancelOperationRequest(id=proved.id)),
    )

    # A key, made, used, revoked; and what is not good.
    made = call("CreateKey", zkl.CreateKeyRequest(name="python", grants=["read:demo/*"], expires_in_days=1))
    assert made.key in call("ListKeys", zkl.ListKeysRequest()).keys
    theirs = [("authorization", "Bearer " + made.token)]
    get = zkl.GetDatasetRequest(name="demo/grpc")
    call("GetDataset", get, metadata=theirs)
    refused(
        grpc.StatusCode.PERMISSION_DENIED, "FORBIDDEN", lambda: call("ListKeys", zkl.ListKeysRequest(), metadata=theirs)
    )
    changed = call("UpdateKey", zkl.UpdateKeyRequest(id=made.key.id, grants=["read:demo/grpc"], never_expires=True))
    assert list(changed.added) == ["read:demo/grpc"] and list(changed.removed) == ["read:demo/*"], changed
    assert not changed.key.HasField("expires_at") and not changed.proposed, changed
    call("GetDataset", get, metadata=theirs)
    (policy,) = call("GetPolicy", zkl.GetPolicyRequest()).policies
    assert policy.is_this and policy.is_whole and f"key {made.key.id} may read:demo/grpc" in policy.lines, policy
    call("RevokeKey", zkl.RevokeKeyRequest(id=made.key.id))
    refused(grpc.StatusCode.UNAUTHENTICATED, "UNAUTHENTICATED", lambda: call("GetDataset", get, metadata=theirs))
    refused(grpc.StatusCode.UNAUTHENTICATED, "UNAUTHENTICATED", lambda: call("GetDataset", get, metadata=[]))
    absent = zkl.GetEntryRequest(entry="999")
    refused(grpc.StatusCode.NOT_FOUND, "NOT_FOUND", lambda: call("GetEntry", absent))
    assert called == methods, methods - called
    print(f"gRPC: all {len(methods)} calls{' over TLS' if certificate else ''}")


main(*sys.argv[1:])
