// Calls that end early: signals, functions that throw, panics, ends of processes. The ledger is as it was.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { createRequire } from "node:module";
import path from "node:path";
import test from "node:test";
import { promisify } from "node:util";
import { Worker } from "node:worker_threads";

import { InternalError, Ledger, OperationCancelledError, verify } from "@zkp-dataset-ledger/node";

import { ATTESTED, CSV, FIXTURE_LOG, directory, failure, fixture, openings } from "./shared.mjs";

const run = promisify(execFile);

test("a signal ends a call, and nothing is recorded", async () => {
    const place = path.join(await directory(), "ledger");
    const ledger = new Ledger(place);
    const controller = new AbortController();
    const stages = [];
    const error = await failure(
        ledger.notarizeDataset(CSV, {
            name: "patients",
            signal: controller.signal,
            progress: ({ stage }) => {
                stages.push(stage);
                if (stage === "scan") controller.abort(new Error("enough"));
            },
        }),
    );
    assert.ok(error instanceof OperationCancelledError);
    assert.equal(error.name, "AbortError");
    assert.equal(error.code, "cancelled");
    assert.equal(error.cause.message, "enough");
    assert.ok(stages.includes("scan") && !stages.includes("append"));
    assert.equal(await ledger.checkpoint(), null);
    assert.deepEqual(await openings(place), []);
    // And everything goes on.
    assert.equal((await ledger.notarizeDataset(CSV, ATTESTED)).entry.index, 0);
    await ledger.close();
});

test("a signal that was aborted before lets nothing begin", async () => {
    const ledger = new Ledger("memory:");
    const signal = AbortSignal.abort();
    for (const call of [
        ledger.notarizeDataset(CSV, { ...ATTESTED, signal }),
        ledger.checkpoint({ signal }),
        ledger.entries({ signal }),
        verify(fixture("v2/claim.receipt"), { trust: FIXTURE_LOG, allowForgeable: true, signal }),
    ]) {
        assert.equal((await failure(call)).name, "AbortError");
    }
    assert.equal(await ledger.checkpoint(), null);
    await ledger.close();
});

test("verifying ends with its signal", async () => {
    const controller = new AbortController();
    const verifying = verify(fixture("v5/claims.receipt"), { trust: FIXTURE_LOG, signal: controller.signal });
    setImmediate(() => controller.abort());
    // It may have been done before; it is not waited for in any case.
    const outcome = await verifying.catch((error) => error);
    assert.ok(outcome.verdict === "valid" || outcome.name === "AbortError");
});

test("what a progress function throws ends the call", async () => {
    const place = path.join(await directory(), "ledger");
    const ledger = new Ledger(place);
    for (const progress of [
        () => {
            throw new RangeError("enough");
        },
        async () => {
            throw new RangeError("enough");
        },
    ]) {
        const error = await failure(ledger.notarizeDataset(CSV, { name: "patients", progress }));
        assert.ok(error instanceof RangeError && error.message === "enough");
        assert.equal(await ledger.checkpoint(), null);
        assert.deepEqual(await openings(place), []);
    }
    await ledger.close();
});

test("progress is told in order, and is complete when the call is done", async () => {
    const ledger = new Ledger("memory:", { proof: "dev" });
    const told = [];
    await ledger.notarizeDataset(CSV, { name: "patients", progress: (news) => told.push(news) });
    assert.equal(told.at(-1).stage, "append");
    assert.ok(told.some(({ stage }) => stage === "scan"));
    for (const { stage, text, done, total } of told) {
        assert.ok(stage.length > 0 && text.length > 0);
        assert.ok(done === null || (done >= 0 && done <= total));
    }
    await ledger.close();
});

test("the event loop goes on while a call computes", async () => {
    const ledger = new Ledger("memory:");
    await ledger.logKey;
    let ticks = 0;
    const ticking = setInterval(() => (ticks += 1), 1);
    await ledger.notarizeDataset(CSV, { name: "patients" });
    clearInterval(ticking);
    assert.ok(ticks > 0);
    await ledger.close();
});

test("calls at the same time are all carried out", async () => {
    const ledger = new Ledger(path.join(await directory(), "ledger"));
    const names = ["a", "b", "c", "d", "e", "f"];
    await Promise.all(names.map((name) => ledger.notarizeDataset(CSV, { name, attestOnly: true })));
    assert.deepEqual((await ledger.datasets()).map(({ name }) => name), names);
    await ledger.close();
});

test("a ledger that is closed carries out what is under way", async () => {
    const ledger = new Ledger("memory:");
    await ledger.logKey;
    const notarizing = ledger.notarizeDataset(CSV, ATTESTED);
    // The call reaches the ledger before it is closed.
    await Promise.resolve();
    await ledger.close();
    assert.equal((await notarizing).entry.index, 0);
});

for (const computes of [false, true]) {
    test(`a panic is an error, ${computes ? "of a job" : "of a request"}`, async () => {
        // The native module has more than the package shows.
        const { ask, native } = createRequire(import.meta.url)(path.join(process.env.ZKL_NPM, "node/dist/native.js"));
        const error = await failure(ask((cancel, told) => native.dangerPanic(computes, cancel, told)));
        assert.ok(error instanceof InternalError);
        assert.match(error.message, /on purpose/);
        assert.match(error.stack, /calls\.test\.mjs/);
    });
}

test("an error has the stack of whoever called", async () => {
    const error = await failure(Ledger.open("memory:", { origin: "no name\n" }));
    assert.match(error.stack, /calls\.test\.mjs/);
});

test("a process ends while a ledger is open and works", async () => {
    const place = path.join(await directory(), "ledger");
    const script = `
        const { Ledger } = require("@zkp-dataset-ledger/node");
        const ledger = new Ledger(${JSON.stringify(place)});
        ledger.notarizeDataset(Buffer.from("x\\n1\\n"), { name: "x", progress: ({ stage }) => stage === "scan" && process.exit(7) });
    `;
    const done = await failure(run(process.execPath, ["-e", script], { cwd: import.meta.dirname ?? process.cwd() }));
    assert.equal(done.code, 7, done.stderr);
    assert.equal(done.signal, null);
    const ledger = new Ledger(place);
    assert.equal(await ledger.checkpoint(), null);
    await ledger.close();
});

test("a process ends by itself with a ledger that nobody closed", async () => {
    const place = path.join(await directory(), "ledger");
    const script = `
        const { Ledger } = require("@zkp-dataset-ledger/node");
        new Ledger(${JSON.stringify(place)}).notarizeDataset(Buffer.from("x\\n1\\n"), { name: "x", attestOnly: true }).then(({ rows }) => console.log(rows));
    `;
    const { stdout } = await run(process.execPath, ["-e", script], { cwd: import.meta.dirname ?? process.cwd() });
    assert.equal(stdout, "1\n");
});

test("threads of Node have ledgers of their own", async () => {
    const place = path.join(await directory(), "ledger");
    const source = `
        const { workerData, parentPort } = require("node:worker_threads");
        const { Ledger } = require("@zkp-dataset-ledger/node");
        const ledger = new Ledger(workerData.place);
        ledger.notarizeDataset(Buffer.from("x\\n1\\n"), { name: workerData.name, attestOnly: true }).then(() => ledger.close()).then(() => parentPort.postMessage("done"));
    `;
    const work = (name) =>
        new Promise((resolve, reject) => {
            const worker = new Worker(source, { eval: true, workerData: { place, name } });
            worker.once("message", resolve);
            worker.once("error", reject);
        });
    const ledger = await Ledger.open(place);
    await Promise.all([work("a"), work("b")]);
    assert.deepEqual((await ledger.datasets()).map(({ name }) => name), ["a", "b"]);
    await ledger.close();
});

test("a thread that is ended leaves the process alone", async () => {
    const source = `
        const { parentPort } = require("node:worker_threads");
        const { Ledger } = require("@zkp-dataset-ledger/node");
        new Ledger("memory:").notarizeDataset(Buffer.from("x\\n1\\n"), { name: "x", progress: ({ stage }) => parentPort.postMessage(stage) }).catch(() => {});
    `;
    const worker = new Worker(source, { eval: true });
    await new Promise((resolve) => worker.once("message", resolve));
    await worker.terminate();
    const ledger = new Ledger("memory:");
    assert.equal((await ledger.notarizeDataset(CSV, ATTESTED)).rows, 4);
    await ledger.close();
});
