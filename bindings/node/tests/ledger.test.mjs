// Ledgers: made, opened, closed; datasets, claims, relations; what is refused, and what it says.

import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { existsSync } from "node:fs";
import { readFile, readdir, writeFile } from "node:fs/promises";
import path from "node:path";
import test, { after, before, describe } from "node:test";
import { pathToFileURL } from "node:url";

import * as zkl from "@zkp-dataset-ledger/node";
import { tableFromArrays, tableToIPC } from "apache-arrow";

import { ATTESTED, CLAIM, CSV, FIXTURE_LOG, directory, failure, fields, fixture } from "./shared.mjs";

const { ClosedError, FalseClaimError, InvalidInputError, InvalidTypeError, Ledger, LedgerError, NotFoundError, ReadOnlyError, Receipt, report, verify } = zkl;

describe("places", () => {
    test("a directory is made once and opened again", async () => {
        const place = path.join(await directory(), "my-project");
        const ledger = new Ledger(place, { origin: "example.com/ml" });
        const key = await ledger.logKey;
        assert.match(key, /^example\.com\/ml\+/);
        assert.equal(await ledger.checkpoint(), null);
        await ledger.notarizeDataset(CSV, ATTESTED);
        assert.match(await readFile(path.join(place, ".gitignore"), "utf8"), /\*\n$/);
        // Another one beside it, in the same process as well.
        const other = await Ledger.open(pathToFileURL(place), { create: false });
        assert.equal(await other.logKey, key);
        assert.equal((await other.checkpoint()).size, 1);
        await other.notarizeDataset(CSV, ATTESTED);
        await Promise.all([ledger.close(), other.close()]);
        assert.match((await failure(Ledger.open(place, { origin: "example.com/other" }))).message, /is called example\.com\/ml/);
        assert.match((await failure(Ledger.open("rocks:elsewhere", { home: place }))).message, /in another store/);
    });

    test("the name of a log is made up unless it is said", async () => {
        const keys = await Promise.all([new Ledger("memory:").logKey, new Ledger("memory:").logKey]);
        assert.match(keys[0], /\.invalid\+/);
        assert.notEqual(keys[0], keys[1]);
    });

    test("a store may be elsewhere", async () => {
        const work = await directory();
        const store = `rocks:${path.join(work, "log")}`;
        const ledger = new Ledger(path.join(work, "home"), { store });
        await ledger.notarizeDataset(CSV, ATTESTED);
        const key = await ledger.logKey;
        await ledger.close();
        assert.ok(existsSync(path.join(work, "log")) && !existsSync(path.join(work, "home/db")));
        const again = new Ledger(store, { home: path.join(work, "home") });
        assert.equal(await again.logKey, key);
        assert.deepEqual(await again.datasets(), [{ name: "patients", entries: 1, latest: 0 }]);
        await again.close();
    });

    for (const [place, options] of [
        ["memory:", { store: "s3://b/p" }],
        ["memory:", { home: "x" }],
        ["s3://b/p", { store: "s3://b/p" }],
        ["x", { home: "y" }],
        ["x", { wait: -1 }],
        ["x", { wait: Infinity }],
        ["x", { proof: "quick" }],
        ["x", { store: "ftp://x" }],
        ["x", { passphrase: "" }],
        ["memory:", { origin: "no name\n" }],
    ]) {
        test(`refuses ${place} with ${JSON.stringify(options)}`, async () => {
            assert.ok((await failure(Ledger.open(place, options))) instanceof InvalidInputError);
            assert.ok(!existsSync(place));
        });
    }

    test("a directory with other files is left alone", async () => {
        const place = await directory();
        await writeFile(path.join(place, "train.js"), "");
        // What was wrong is said by the first call that needs the ledger.
        const error = await failure(new Ledger(place).datasets());
        assert.ok(error instanceof InvalidInputError && error.message.includes("other files") && error.hint.includes(".zkl"));
        assert.deepEqual(await readdir(place), ["train.js"]);
        const absent = await failure(Ledger.open(path.join(place, "absent"), { create: false }));
        assert.ok(absent instanceof NotFoundError && absent.code === "not-found");
    });

    test("a closed ledger says so", async () => {
        const ledger = new Ledger("memory:");
        const patients = await ledger.notarizeDataset(CSV, ATTESTED);
        assert.equal(ledger.closed, false);
        await ledger.close();
        await ledger.close();
        assert.equal(ledger.closed, true);
        for (const call of [
            ledger.notarizeDataset(CSV, ATTESTED),
            ledger.prove("patients", CLAIM),
            ledger.checkpoint(),
            patients.history(),
            patients.profile(),
            patients.receipt(),
            patients.mismatch(CSV),
        ]) {
            const error = await failure(call);
            assert.ok(error instanceof ClosedError);
            assert.equal(error.hint, "open it again: new Ledger(...)");
        }
    });

    test("a ledger that is read only records nothing", async () => {
        const place = path.join(await directory(), "ledger");
        const ledger = new Ledger(place);
        await ledger.notarizeDataset(CSV, ATTESTED);
        await ledger.close();
        const reader = new Ledger(place, { readOnly: true });
        const patients = await reader.dataset("patients");
        assert.equal((await patients.profile()).rows, 4);
        assert.ok((await failure(reader.notarizeDataset(CSV, ATTESTED))) instanceof ReadOnlyError);
        assert.equal((await reader.checkpoint()).size, 1);
        await reader.close();
    });
});

describe("tables", () => {
    test("paths, URLs of files, bytes of every kind and Arrow are tables", async () => {
        const work = await directory();
        const file = path.join(work, "patients.csv");
        await writeFile(file, CSV);
        const ledger = new Ledger("memory:");
        const arrow = tableFromArrays({ age: Int32Array.from([34, 58, 41, 29]), weight: Float64Array.from([61.5, 80, 70, 77.25]) });
        const shared = new SharedArrayBuffer(CSV.length);
        new Uint8Array(shared).set(CSV);
        const array = new Uint8Array(CSV);
        const read = { columns: { weight: "decimal(2)" } };
        assert.equal((await ledger.notarizeDataset(file, { attestOnly: true })).name, "patients");
        for (const [name, table, options] of [
            ["url", pathToFileURL(file)],
            ["buffer", CSV],
            ["array", array],
            ["array-buffer", array.buffer],
            ["view", new DataView(array.buffer)],
            ["shared", shared],
            ["stream", tableToIPC(arrow, "stream"), { read }],
            ["arrow-file", tableToIPC(arrow, "file"), { read }],
        ]) {
            const notarized = await ledger.notarizeDataset(table, { name, attestOnly: true, ...options });
            assert.equal(notarized.rows, 4, name);
        }
        await ledger.close();
    });

    test("bytes are those of the moment of the call", async () => {
        const ledger = new Ledger("memory:");
        const bytes = new Uint8Array(CSV);
        const notarizing = ledger.notarizeDataset(bytes, ATTESTED);
        // The call has not begun before the ledger is open.
        bytes.fill(0);
        const patients = await notarizing;
        assert.equal(await patients.mismatch(CSV), null);
        await ledger.close();
    });

    test("options say how a table is read", async () => {
        const ledger = new Ledger("memory:");
        const table = Buffer.from("# made by hand\nname;when;share\nann;03.04.2025;0,256\nbo;05.06.2025;none\n");
        const notarized = await ledger.notarizeDataset(table, {
            name: "read",
            attestOnly: true,
            privacy: "public",
            read: { delimiter: ";", skip: 1, decimalComma: true, dates: "day_month_year", nulls: ["none"], round: { share: 2 }, columns: { name: "text" } },
        });
        assert.deepEqual(notarized.columns, { name: "text", when: "date", share: "decimal(2)" });
        assert.ok(notarized.reading.some((line) => line.includes("share")));
        const profile = await notarized.profile();
        assert.equal(profile.columns[2].nulls, 1);
        const short = { delimiter: ";", skip: 1, dates: "dmy", opaque: ["share"] };
        assert.equal((await ledger.notarizeDataset(table, { ...ATTESTED, read: short })).columns.when, "date");
        const tabs = Buffer.from("a\tb\n1\t2\n");
        assert.deepEqual((await ledger.notarizeDataset(tabs, { ...ATTESTED, read: { delimiter: "\\t" } })).columns, { a: "int", b: "int" });
        await ledger.close();
    });

    test("a schema file is kept to", async () => {
        const schema = path.join(await directory(), "patients.toml");
        await writeFile(schema, 'version = 1\nexact = true\n\n[[columns]]\nname = "age"\ntype = "decimal(1)"\n');
        const ledger = new Ledger("memory:");
        for (const named of [schema, pathToFileURL(schema)]) {
            const found = await ledger.notarizeDataset(Buffer.from("age\n34\n"), { ...ATTESTED, read: { schema: named } });
            assert.deepEqual(found.columns, { age: "decimal(1)" });
        }
        assert.ok((await failure(ledger.notarizeDataset(CSV, { ...ATTESTED, read: { schema } }))) instanceof InvalidInputError);
        await ledger.close();
    });

    test("values are kept out of errors where that is wanted", async () => {
        const ledger = new Ledger("memory:");
        const read = { columns: { age: "int" } };
        const table = Buffer.from("age\n34\ncancer\n");
        assert.match((await failure(ledger.notarizeDataset(table, { ...ATTESTED, read }))).message, /cancer/);
        const error = await failure(ledger.notarizeDataset(table, { ...ATTESTED, read: { ...read, redact: true } }));
        assert.ok(error instanceof InvalidInputError && !String(error).includes("cancer"));
        await ledger.close();
    });

    test("what is no table is refused, and says what is", async () => {
        const work = await directory();
        const ledger = new Ledger("memory:");
        for (const [table, options, message] of [
            [7, ATTESTED, /a number is no table/],
            [null, ATTESTED, /null is no table/],
            [{}, ATTESTED, /Object is no table/],
            [tableFromArrays({ x: [1] }), ATTESTED, /Table is no table/],
            [CSV, { ...ATTESTED, name: 7 }, /name is a string, not a number/],
            [CSV, { ...ATTESTED, naem: "x" }, /no option "naem"/],
            [CSV, { ...ATTESTED, read: { columns: [] } }, /read.columns is an object/],
            [CSV, { ...ATTESTED, read: { round: { age: 1.5 } } }, /whole number/],
            [CSV, { ...ATTESTED, read: { joint: [["age"]] } }, /pairs of names/],
            [CSV, { ...ATTESTED, read: { delimiter: 7 } }, /read.delimiter is a string/],
            [CSV, { ...ATTESTED, read: { schema: 7 } }, /read.schema is a string/],
            [CSV, { ...ATTESTED, attestOnly: "yes" }, /true or false/],
            [CSV, { ...ATTESTED, progress: "yes" }, /progress is a function/],
            [CSV, { ...ATTESTED, signal: {} }, /AbortSignal/],
        ]) {
            const error = await failure(ledger.notarizeDataset(table, options));
            assert.ok(error instanceof InvalidTypeError && error.code === "type", String(error));
            assert.match(error.message, message);
        }
        for (const [table, options, message, hint] of [
            [CSV, { attestOnly: true }, /name/, /\{ name: "patients" \}/],
            [path.join(work, "absent.csv"), { attestOnly: true }, /absent\.csv/, undefined],
            [work, { attestOnly: true, name: "x" }, /./, undefined],
            [Buffer.from("a,b\n1\n"), ATTESTED, /./, /read: \{ delimiter/],
            [Buffer.from("a\n1\nnan\n"), { ...ATTESTED, read: { nulls: [], columns: { a: "decimal(2)" } } }, /not finite/, /read: \{ nanAsNull: true \}/],
            [Buffer.from([0, 1, 2, 255]), ATTESTED, /./, undefined],
            [new URL("ftp://example.com/t.csv"), ATTESTED, /ftp/, /pass the bytes/],
            [CSV, { ...ATTESTED, name: "no name\n" }, /./, undefined],
            [CSV, { ...ATTESTED, read: { columns: { age: "number" } } }, /age/, /types are/],
            [CSV, { ...ATTESTED, read: { delimiter: ";;" } }, /delimiter ";;": expected one ASCII character/, undefined],
            [CSV, { ...ATTESTED, read: { round: { weight: 300 } } }, /"weight" keeps 0 to 18 digits/, undefined],
            [CSV, { ...ATTESTED, read: { schema: path.join(work, "absent.toml") } }, /absent\.toml/, undefined],
            [CSV, { ...ATTESTED, privacy: "open" }, /privacy level "open"/, undefined],
        ]) {
            const error = await failure(ledger.notarizeDataset(table, options));
            assert.ok(error instanceof LedgerError && !(error instanceof InvalidTypeError), String(error));
            assert.match(error.message, message);
            if (hint !== undefined) assert.match(error.hint ?? "", hint, error.message);
        }
        assert.equal(await ledger.checkpoint(), null);
        await ledger.close();
    });
});

describe("a proved table", () => {
    let ledger, patients, receipt, key;

    before(async () => {
        ledger = new Ledger(path.join(await directory(), "ledger"), { origin: "example.com/node" });
        patients = await ledger.notarizeDataset(CSV, { name: "patients" });
        receipt = await ledger.prove("patients", CLAIM);
        key = await ledger.logKey;
    });
    after(() => ledger.close());

    test("its claim verifies offline", async () => {
        const verdict = await receipt.verify({ trust: key, require: ["pinned", "proved", "public-setup"] });
        assert.equal(verdict.verdict, "valid");
        assert.equal(verdict.statements[0].claim, CLAIM);
        assert.equal(verdict.statements[0].rows, 4);
        assert.equal(verdict.log.pinned, true);
        assert.ok(verdict.grounds.length > 0);
        // The key of the ledger may be a promise still.
        assert.deepEqual(await receipt.verify({ trust: ledger.logKey }), verdict);
        assert.deepEqual(await receipt.verify({ trust: patients.logKey }), verdict);
        assert.equal((await receipt.verify({ trust: null })).log.pinned, false);
    });

    test("a receipt is a file, bytes and JSON", async () => {
        const work = await directory();
        const file = path.join(work, "claim.receipt");
        await receipt.save(file);
        const loaded = await Receipt.load(pathToFileURL(file));
        assert.deepEqual(loaded.toBytes(), receipt.toBytes());
        assert.equal(loaded.byteLength, receipt.byteLength);
        assert.equal(loaded.logKey, key);
        assert.equal(loaded.entry.kind, "claim");
        assert.equal(loaded.entry.dataset, "patients");
        assert.ok(loaded.entry.recordedAt instanceof Date && !Number.isNaN(loaded.entry.recordedAt.getTime()));
        assert.deepEqual(JSON.parse(JSON.stringify(loaded)), JSON.parse(await readFile(file, "utf8")));
        assert.equal(Receipt.parse(await readFile(file, "utf8")).logKey, key);
        for (const given of [file, pathToFileURL(file), await readFile(file), loaded]) {
            assert.equal((await verify(given, { trust: [key] })).verdict, "valid");
        }
        await writeFile(path.join(work, "keys"), `# of the hospital\n\n${key}\n`);
        assert.equal((await verify(file, { trust: pathToFileURL(path.join(work, "keys")) })).log.pinned, true);
        // The bytes are its own.
        receipt.toBytes().fill(0);
        assert.equal((await receipt.verify({ trust: key })).verdict, "valid");
    });

    test("what was changed is not valid", async () => {
        const bytes = receipt.toBytes();
        const at = Buffer.from(bytes).lastIndexOf('"');
        bytes[at - 40] ^= 1;
        const error = await failure(verify(bytes, { trust: key }));
        assert.ok(error instanceof zkl.NotValidError && error instanceof zkl.VerificationError && error.code === "not-valid");
        assert.throws(() => Receipt.parse("{}"), zkl.NotValidError);
        assert.throws(() => new Receipt(7), InvalidTypeError);
        const stranger = await failure(receipt.verify({ trust: FIXTURE_LOG }));
        assert.ok(stranger instanceof zkl.NotValidError);
    });

    test("a notarization has a profile, and claims about it can be weighed", async () => {
        assert.deepEqual(patients.columns, { age: "int", sex: "category", weight: "decimal(2)", smokes: "category" });
        const profile = await patients.profile();
        assert.equal(profile.columns.find(({ name }) => name === "age").mean, "40.5");
        const absent = await patients.evaluate("share(sex = 'x') <= 50%");
        assert.deepEqual([absent.holds, absent.absentValues], [true, ["x"]]);
        assert.equal((await patients.evaluate("max(age) <= 50")).holds, false);
        const error = await failure(patients.prove("max(age) <= 50"));
        assert.ok(error instanceof FalseClaimError && error.code === "false-claim");
        for (const claim of ["mean(agee) >= 1", "mean(age)", ""]) assert.ok((await failure(patients.prove(claim))) instanceof LedgerError, claim);
        assert.ok((await failure(patients.prove(7))) instanceof InvalidTypeError);
    });

    test("its history names every entry, and entries are found by what names them", async () => {
        const history = await ledger.history("patients");
        assert.deepEqual(history.slice(0, 2).map(({ kind }) => kind), ["notarization", "claim"]);
        assert.deepEqual(await patients.history(), history);
        assert.equal((await ledger.entry("last")).index, history.at(-1).index);
        assert.equal((await ledger.entry(0)).id, patients.entry.id);
        assert.equal((await ledger.dataset("patients", { version: 0 })).entry.id, patients.entry.id);
        const newest = await ledger.entries({ newestFirst: true, limit: 1 });
        assert.deepEqual(newest.map(({ id }) => id), [history.at(-1).id]);
        assert.deepEqual((await ledger.entries({ kind: "notarization", dataset: "patients" })).map(({ index }) => index), [0]);
        assert.deepEqual(await ledger.entries({ start: 1_000 }), []);
        const missing = await failure(ledger.dataset("patient"));
        assert.ok(missing instanceof NotFoundError);
        assert.equal(missing.hint, "did you mean patients?");
        assert.ok((await failure(ledger.entry(-1))) instanceof InvalidTypeError);
        assert.ok((await failure(ledger.entry({}))) instanceof InvalidTypeError);
    });

    test("a receipt may be for several entries, and leave out proofs over every row", async () => {
        const second = await ledger.prove("patients", "rows <= 4");
        const both = await ledger.receipt([receipt.entry, second.entry.index]);
        const verdict = await both.verify({ trust: key });
        assert.deepEqual(verdict.statements.map(({ claim }) => claim), [CLAIM, "rows <= 4"]);
        const short = await patients.receipt({ scans: false });
        assert.ok(short.byteLength < both.byteLength);
        const error = await failure(short.verify({ trust: key, require: ["proved"] }));
        assert.ok(error instanceof zkl.NotAsRequiredError && error.code === "not-as-required");
        assert.ok((await failure(short.verify({ trust: key, require: ["quickly"] }))) instanceof InvalidInputError);
    });

    test("the table that lies here is told from another one", async () => {
        assert.equal(await patients.mismatch(CSV), null);
        assert.match(await patients.mismatch(Buffer.from(CSV.toString().replace("34", "35"))), /./);
    });

    test("a page for people says what is valid", async () => {
        const changed = Buffer.from(receipt.toBytes().subarray(1));
        const { html, valid } = await report({ claim: receipt, changed }, { trust: key });
        assert.deepEqual(valid, { claim: true, changed: false });
        assert.match(html, /^<!DOCTYPE html>/);
        assert.ok(html.includes(CLAIM));
    });

    test("an entry can be withdrawn", async () => {
        const claim = await ledger.prove("patients", "rows >= 4");
        const withdrawal = await ledger.withdraw(claim.entry, "the table was not final");
        assert.equal(withdrawal.kind, "withdrawal");
        assert.ok(withdrawal.text.includes("the table was not final"));
        assert.ok((await failure(ledger.withdraw(claim.entry, 7))) instanceof InvalidTypeError);
    });
});

test("tables that belong together are related", async () => {
    const ledger = new Ledger("memory:", { proof: "dev" });
    const read = { columns: { age: "int" } };
    const rows = (...ages) => Buffer.from(`age\n${ages.join("\n")}\n`);
    const tables = { all: rows(1, 2, 3, 4), train: rows(1, 3), test: rows(2, 4) };
    for (const [name, table] of Object.entries(tables)) await ledger.notarizeDataset(table, { name, read });
    const split = await ledger.relate("train, test = split(all)", tables);
    const verdict = await split.verify({ trust: ledger.logKey, allowForgeable: true });
    assert.equal(verdict.statements[0].relation.operation, "split");
    for (const field of Object.keys(verdict.statements[0].relation)) assert.ok(fields("Relation").has(field), field);
    // Test material does not pass unless it is said to.
    assert.ok((await failure(split.verify({ trust: ledger.logKey }))) instanceof zkl.ForgeableError);
    const { train, ...others } = tables;
    const missing = await failure(ledger.relate("train, test = split(all)", others));
    assert.equal(missing.hint, 'hand them in by name: { "train": ... }');
    assert.ok((await failure(ledger.relate("train, test = split(all)", { ...tables, other: train }))) instanceof InvalidInputError);
    assert.ok((await failure(ledger.relate("nonsense", tables))) instanceof InvalidInputError);
    assert.ok((await failure(ledger.relate("nonsense", tables, { closed: 1 }))) instanceof InvalidTypeError);
    // What a closed relation says is in its receipt, and not in the log.
    const closed = await ledger.relate("bounds(all on age, 1, 4)", { all: tables.all }, { closed: true });
    const told = await closed.verify({ trust: ledger.logKey, allowForgeable: true });
    assert.deepEqual(told.statements[0].relation.where, [{ column: "age", is: { between: ["1", "4"] } }]);
    const entry = await ledger.entry(closed.entry.index);
    assert.ok(entry.kind === "relation" && !JSON.stringify(entry.statement).includes("age"));
    assert.equal((await ledger.receipt(entry)).entry.id, entry.id);
    assert.ok((await failure(ledger.relate("same_rows(all, all)", CSV))) instanceof InvalidTypeError);
    assert.ok((await failure(ledger.relate("train, test = split(all)", { ...tables, test: rows(2, 5) }))) instanceof LedgerError);
    await ledger.close();
});

test("receipts of every stored format verify, and those of test material only when that is allowed", async () => {
    for (const name of ["v2/claim.receipt", "v3/claim.receipt", "v4/claims.receipt"]) {
        assert.equal((await verify(fixture(name), { trust: FIXTURE_LOG, allowForgeable: true })).verdict, "forgeable", name);
        const error = await failure(verify(fixture(name), { trust: FIXTURE_LOG }));
        assert.ok(error instanceof zkl.ForgeableError && error.code === "forgeable" && error.hint.includes("allowForgeable"));
    }
    assert.equal((await verify(fixture("v5/claims.receipt"), { trust: FIXTURE_LOG })).verdict, "valid");
});

test("whom to trust is always said", async () => {
    for (const options of [{}, { trust: undefined }, { trust: 7 }, { trust: [7] }, { trust: null, require: "pinned" }, { trust: null, tust: 1 }, 7]) {
        assert.ok((await failure(verify(fixture("v2/claim.receipt"), options))) instanceof InvalidTypeError, JSON.stringify(options));
    }
    for (const trust of ["no key", ["vk:x"]]) {
        const error = await failure(verify(fixture("v2/claim.receipt"), { trust }));
        assert.ok(error instanceof InvalidInputError);
        assert.match(error.hint, /URL/);
    }
    assert.equal((await failure(verify("absent.receipt", { trust: null }))).code, "ENOENT");
});

test("wrong places are refused at once", () => {
    assert.throws(() => new Ledger(7), InvalidTypeError);
    assert.throws(() => new Ledger("x", { readonly: true }), /no option "readonly"/);
    assert.throws(() => new Ledger(new URL("https://example.com/ledger")), InvalidTypeError);
    assert.throws(() => new Ledger("x", { wait: "long" }), InvalidTypeError);
});

test("CommonJS and ES modules have the same objects", () => {
    const required = createRequire(import.meta.url)("@zkp-dataset-ledger/node");
    assert.deepEqual(Object.keys(required).sort(), Object.keys(zkl).sort());
    for (const name of Object.keys(required)) assert.equal(required[name], zkl[name]);
});

test("errors are a tree", () => {
    const kinds = Object.entries(zkl).filter(([name]) => name.endsWith("Error"));
    assert.ok(kinds.length >= 17);
    for (const [name, kind] of kinds) {
        const error = new kind("it did not work", { hint: "try again" });
        assert.ok(error instanceof LedgerError && error instanceof Error);
        assert.equal(error.name, name === "OperationCancelledError" ? "AbortError" : name);
        assert.match(String(error), /it did not work\nhint: try again/);
        assert.equal(typeof error.code, "string");
    }
});
