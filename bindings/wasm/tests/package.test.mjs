// The package in Node: receipts of every format, what is refused, and what it says. scripts/test_node.sh runs this.

import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { readFile, readdir } from "node:fs/promises";
import path from "node:path";
import test from "node:test";

import * as zkl from "@zkp-dataset-ledger/verify";

import { fields } from "./shared.mjs";

const { ForgeableError, InvalidInputError, InvalidTypeError, LedgerError, NotAsRequiredError, NotValidError, VerificationError, inspect, verify } = zkl;

const LOG = "example.com/fixtures+3fedaab5+AepKbGPinFIKvvVQexMuxfmVR3auvr57kkIe6mkURtIs";
const fixture = (name) => readFile(path.join(process.env.ZKL_ROOT, "crates/zkl-ledger/tests/fixtures", name));

async function failure(promise) {
    try {
        await promise;
    } catch (error) {
        return error;
    }
    throw new Error("nothing was thrown");
}

test("receipts of every stored format verify, and those of test material only when that is allowed", async () => {
    const { verdict, statements, log, grounds } = await verify(await fixture("v5/claims.receipt"), { trust: LOG, require: ["pinned", "proved"] });
    assert.equal(verdict, "valid");
    assert.ok(statements.length > 1 && statements.every(({ assurance, basis }) => assurance === "proved" && basis === "ceremony"));
    assert.equal(log.pinned, true);
    assert.ok(grounds.length > 0);
    for (const name of ["v2/notarization.receipt", "v2/claim.receipt", "v3/claim.receipt", "v4/claims.receipt"]) {
        const receipt = await fixture(name);
        assert.equal((await verify(receipt, { trust: LOG, allowForgeable: true })).verdict, "forgeable", name);
        const error = await failure(verify(receipt, { trust: LOG }));
        assert.ok(error instanceof ForgeableError && error.code === "forgeable" && error.hint.includes("allowForgeable"), name);
    }
});

test("one statement stands in a list as several do", async () => {
    const { statements } = await verify(await fixture("v2/claim.receipt"), { trust: LOG, allowForgeable: true });
    assert.equal(statements.length, 1);
    assert.equal(statements[0].claim, "mean(age) between 25 and 30");
    assert.equal(statements[0].scan.segments, 1);
    assert.ok(!("log" in statements[0]) && !("verdict" in statements[0]));
});

test("bytes of every kind are receipts", async () => {
    const receipt = await fixture("v5/claims.receipt");
    const array = new Uint8Array(receipt);
    for (const given of [receipt, array, array.buffer, new DataView(array.buffer), new Blob([receipt])]) {
        assert.equal((await verify(given, { trust: [LOG] })).verdict, "valid");
    }
});

test("what was changed is not valid", async () => {
    const receipt = await fixture("v5/claims.receipt");
    const text = receipt.toString();
    for (const changed of [receipt.subarray(1), receipt.subarray(0, 100), Buffer.from(`${text} `), Buffer.from(text.replace(/"index": \d+/, '"index": 7')), Buffer.alloc(0), Buffer.from([255])]) {
        const error = await failure(verify(changed, { trust: LOG }));
        assert.ok(error instanceof NotValidError && error instanceof VerificationError && error.code === "not-valid", String(error));
    }
    // And the verifier answers as before.
    assert.equal((await verify(receipt, { trust: LOG })).verdict, "valid");
});

test("a stranger's log is not trusted, and nobody's is not pinned", async () => {
    const receipt = await fixture("v5/claims.receipt");
    assert.equal((await verify(receipt, { trust: null })).log.pinned, false);
    const error = await failure(verify(receipt, { trust: null, require: ["pinned"] }));
    assert.ok(error instanceof NotAsRequiredError && error.code === "not-as-required" && error.hint.includes("key"));
    const cosigned = await failure(verify(receipt, { trust: LOG, require: ["cosigned"] }));
    assert.ok(cosigned instanceof NotAsRequiredError && cosigned.hint.includes("policy"));
    const other = (await inspect(await fixture("v6/rotated.receipt"))).logKey;
    assert.ok((await failure(verify(receipt, { trust: other }))) instanceof NotValidError);
});

test("a trust store and a policy are taken as objects and text", async () => {
    const receipt = await fixture("v5/claims.receipt");
    const trustStore = { version: 1, log: [{ key: LOG, label: "of the fixtures" }] };
    const verdict = await verify(receipt, { trust: null, trustStore, require: ["pinned"] });
    assert.equal(verdict.log.label, "of the fixtures");
    const late = { version: 1, log: [{ key: LOG, from: 1_000_000 }] };
    assert.ok((await failure(verify(receipt, { trust: null, trustStore: late }))) instanceof NotValidError);
    assert.ok((await failure(verify(receipt, { trust: null, trustStore: {} }))) instanceof InvalidInputError);
    assert.ok((await failure(verify(receipt, { trust: LOG, policy: "no policy" }))) instanceof InvalidInputError);
});

test("a receipt says something of itself before it is believed", async () => {
    const { logKey, entries } = await inspect(await fixture("v2/claim.receipt"));
    assert.equal(logKey, LOG);
    const entry = entries.at(-1);
    assert.equal(entry.kind, "claim");
    assert.ok(entry.recordedAt instanceof Date && !Number.isNaN(entry.recordedAt.getTime()));
    assert.equal(typeof entry.statement, "object");
    assert.ok((await failure(inspect(Buffer.from("{}")))) instanceof NotValidError);
});

test("wrong arguments are refused, and it is said what is right", async () => {
    const receipt = await fixture("v5/claims.receipt");
    for (const call of [
        verify("claim.receipt", { trust: null }),
        verify(null, { trust: null }),
        verify(receipt),
        verify(receipt, {}),
        verify(receipt, { trust: 7 }),
        verify(receipt, { trust: [7] }),
        verify(receipt, { trust: LOG, require: 7 }),
        verify(receipt, { trust: LOG, alowForgeable: true }),
        verify(receipt, { trust: LOG, allowForgeable: 1 }),
        verify(receipt, { trust: LOG, policy: 7 }),
        verify(receipt, { trust: LOG, trustStore: "store.toml" }),
        inspect(7),
    ]) {
        const error = await failure(call);
        assert.ok(error instanceof InvalidTypeError && error instanceof LedgerError && error.code === "type", String(error));
    }
    assert.ok((await failure(verify(receipt, { trust: LOG, require: ["quickly"] }))) instanceof InvalidInputError);
    assert.match((await failure(verify(receipt, { trust: "no key" }))).message, /expected a log key/);
});

test("calls at the same time are all answered", async () => {
    const receipt = await fixture("v5/claims.receipt");
    const verdicts = await Promise.all(Array.from({ length: 5 }, (_, index) => verify(receipt, { trust: index % 2 ? LOG : null })));
    assert.deepEqual(verdicts.map(({ log }) => log.pinned), [false, true, false, true, false]);
});

test("what is verified has the fields that its type says", async () => {
    const seen = new Set();
    const look = (name, value) => {
        for (const key of Object.keys(value)) assert.ok(fields(name).has(key), `${name} has a field ${key}`);
        seen.add(name);
    };
    const root = path.join(process.env.ZKL_ROOT, "crates/zkl-ledger/tests/fixtures");
    for (const version of await readdir(root)) {
        for (const file of (await readdir(path.join(root, version)).catch(() => [])).filter((file) => file.endsWith(".receipt"))) {
            const receipt = await readFile(path.join(root, version, file));
            const { logKey } = await inspect(receipt);
            const verdict = await verify(receipt, { trust: logKey, allowForgeable: true }).catch((error) => error);
            // One is of an embedder's circuit, whose key is nobody's.
            if (verdict instanceof NotValidError) continue;
            look("Log", verdict.log);
            for (const statement of verdict.statements) {
                look("Statement", statement);
                const parts = { KeyChange: statement.key, Withdrawal: statement.withdraws, PolicyChange: statement.policy };
                for (const [name, part] of Object.entries({ ...parts, Scan: statement.scan, Proof: statement.proof })) if (part !== undefined) look(name, part);
            }
        }
    }
    // No stored receipt has a relation: those that the tests of the other package make do.
    assert.deepEqual([...seen].sort(), ["KeyChange", "Log", "PolicyChange", "Proof", "Scan", "Statement", "Withdrawal"]);
});

test("CommonJS and ES modules have the same objects", () => {
    const required = createRequire(import.meta.url)("@zkp-dataset-ledger/verify");
    assert.deepEqual(Object.keys(required).sort(), Object.keys(zkl).sort());
    for (const name of Object.keys(required)) assert.equal(required[name], zkl[name]);
});
