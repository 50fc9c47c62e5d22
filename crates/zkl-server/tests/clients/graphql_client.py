"""Asks a server questions over GraphQL with the client `gql`, which checks them against the schema that it introspects, and follows
operations and new entries over a websocket.

Usage: graphql_client.py URL; the key is in KEY.
"""

import asyncio
import os
import sys

from gql import Client, gql
from gql.transport.aiohttp import AIOHTTPTransport
from gql.transport.exceptions import TransportQueryError
from gql.transport.websockets import WebsocketsTransport

OVERVIEW = """
    query Overview($dataset: String!) {
      datasets(first: 10) { nodes { name latest } pageInfo { hasNextPage endCursor } }
      dataset(name: $dataset) {
        name
        version { index id predicate }
        history(order: ASCENDING) { nodes { index kind type recordedAt notary summary datasets } }
        claims { nodes { index claim names { index kind } } }
        provenance { nodes { relation { operation columns tables { role dataset version { index } } } } }
      }
      entries(first: 1) { nodes { index } pageInfo { hasNextPage endCursor } }
      checkpoint
      operations { nodes { id status entry { index } problem { type hint } } }
    }
"""
PROVE = """
    mutation Prove($dataset: String!, $claim: String!) { proveClaim(dataset: $dataset, claim: $claim) { id status } }
"""
FOLLOW = """
    subscription Follow($id: String!) { operation(id: $id) { id status stage entry { index id } problem { type } } }
"""
NEW = """
    subscription New($dataset: String) { entries(dataset: $dataset) { index claim } }
"""


def question(text, **values):
    request = gql(text)
    request.variable_values = values
    return request


async def main(url):
    key, dataset = os.environ["KEY"], "demo/penguins"
    bearer = "Bearer " + key
    questions = Client(
        transport=AIOHTTPTransport(url=url, headers={"Authorization": bearer}), fetch_schema_from_transport=True
    )
    # The key in the payload, as browsers have to show it.
    socket = WebsocketsTransport(
        url=url.replace("http", "ws", 1), init_payload={"authorization": bearer}, subprotocols=["graphql-transport-ws"]
    )
    changes = Client(transport=socket, fetch_schema_from_transport=True)
    async with questions as ask, changes as watch:
        new = watch.subscribe(question(NEW, dataset=dataset))
        subscribed = asyncio.create_task(anext(new))
        # A subscription has begun when a question that was asked after it is answered on its socket.
        await asyncio.sleep(0)
        await watch.execute(question("{ checkpoint }"))
        operation = (await ask.execute(question(PROVE, dataset=dataset, claim="rows >= 100")))["proveClaim"]
        told = [said["operation"] async for said in watch.subscribe(question(FOLLOW, id=operation["id"]))]
        assert told[-1]["status"] == "SUCCEEDED", told
        entry = (await asyncio.wait_for(subscribed, 60))["entries"]
        await new.aclose()
        assert entry == {"index": told[-1]["entry"]["index"], "claim": "rows >= 100"}, entry

        overview = await ask.execute(question(OVERVIEW, dataset=dataset))
        assert dataset in [node["name"] for node in overview["datasets"]["nodes"]]
        (version,) = [n for n in overview["dataset"]["history"]["nodes"] if n["kind"] == "notarization"]
        assert overview["dataset"]["version"]["index"] == version["index"]
        claim = overview["dataset"]["claims"]["nodes"][0]
        about = {"index": version["index"], "kind": "notarization"}
        assert claim == {"index": entry["index"], "claim": "rows >= 100", "names": [about]}
        assert overview["entries"]["pageInfo"] == {"hasNextPage": True, "endCursor": str(entry["index"])}
        assert operation["id"] in [node["id"] for node in overview["operations"]["nodes"]]

        ended = 'mutation { cancelOperation(id: "%s") { id } }' % operation["id"]
        for text in ['{ entry(entry: "999") { index } }', ended]:
            try:
                await ask.execute(question(text))
            except TransportQueryError as error:
                (error,) = error.errors
                assert error["extensions"]["type"].startswith("urn:zkp-dataset-ledger:problem:"), error
            else:
                raise AssertionError(text)
        one = await ask.execute(question("query One($id: String!) { operation(id: $id) { work dataset } }", id=operation["id"]))
        assert one["operation"] == {"work": "prove", "dataset": dataset}, one
        made = await ask.execute(
            question('mutation { createKey(name: "python", grants: ["read:demo/*"]) { token key { id } } }')
        )
        made = made["createKey"]["key"]["id"]
        update = 'mutation { updateKey(id: "%s", grants: ["verify"], expiresInDays: 3) { key { grants } removed } }' % made
        changed = (await ask.execute(question(update)))["updateKey"]
        assert changed == {"key": {"grants": ["verify"]}, "removed": ["read:demo/*"]}, changed
        administered = await ask.execute(question("{ keys { id } policy { isThis lines } }"))
        assert made in [key["id"] for key in administered["keys"]]
        assert f"key {made} may verify" in administered["policy"][0]["lines"], administered
        await ask.execute(question('mutation { revokeKey(id: "%s") }' % made))
    print("GraphQL: questions, a mutation, subscriptions, with introspection")


asyncio.run(main(*sys.argv[1:]))
