// Receipts, entries and verdicts.

import { readFile, writeFile } from "node:fs/promises";

import * as checks from "./checks.js";
import { InvalidInputError, InvalidTypeError } from "./errors.js";
import { ofKind } from "./kinds.js";
import { ask, native } from "./native.js";
import type { CallOptions } from "./native.js";
import * as paths from "./paths.js";
import { entryOf, verdictOf } from "./shown.js";
import type { Demands, Entry, Verdict } from "./shown.js";
import type { EntryOutline } from "./verdict.js";

/**
 * Keys of logs as their operators publish them, `vk:CIRCUIT:DIGEST` and `srs:DIGEST`, each as a text, or URLs of files with one in a line. `null` trusts no log in
 * particular: anybody may have made it then, and `verdict.log.pinned` is false.
 */
export type Trusted = string | URL | Iterable<string | URL> | null;

/** A receipt: the path or the URL of a file, its bytes, or an object. */
export type ReceiptLike = Receipt | Uint8Array | ArrayBuffer | string | URL;

/** What a verifier trusts, and what it demands. */
export interface VerifyOptions extends Demands, CallOptions {
    /** Whom to trust, which is always said. A promise of it is awaited: `trust: ledger.logKey`. */
    trust: Trusted | PromiseLike<Trusted>;
    /** The file of a policy of witnesses. */
    policy?: string | URL | undefined;
    /** The file of a trust store. */
    trustStore?: string | URL | undefined;
}

const VERIFY = ["trust", "require", "policy", "trustStore", "allowForgeable", "signal"] as const;
const MAX_TRUST_FILE = 1 << 20;

/** A file that carries entries of a log and all that is needed to believe them. What it says is verified by {@link verify}, and by nothing else. */
export class Receipt {
    readonly #data: Uint8Array;
    #shown: { log: string; entries: readonly Entry[] } | undefined;

    /** The receipt of these bytes, or of the text that a file holds. */
    constructor(data: Uint8Array | ArrayBuffer | string) {
        const held = typeof data === "string" ? new TextEncoder().encode(data) : checks.bytes(data);
        if (held === undefined) {
            throw new InvalidTypeError(`a receipt is made of bytes, not of ${checks.kindOf(data)}`, { hint: "await Receipt.load(path) reads a file" });
        }
        this.#data = held.slice();
    }

    /** Reads a file. */
    static async load(file: string | URL): Promise<Receipt> {
        return new Receipt(await readFile(paths.path(file, "the file of a receipt")));
    }

    /**
     * The receipt of these bytes, which can be read as one. It is not verified.
     * @throws NotValidError
     */
    static parse(data: Uint8Array | ArrayBuffer | string): Receipt {
        const receipt = new Receipt(data);
        receipt.#inspected();
        return receipt;
    }

    /** Writes a file. */
    async save(file: string | URL): Promise<void> {
        await writeFile(paths.path(file, "the file of a receipt"), this.#data);
    }

    /** A copy of its bytes. */
    toBytes(): Uint8Array {
        return this.#data.slice();
    }

    /** What the file says, not verified: receipts are JSON. */
    toJSON(): unknown {
        this.#inspected();
        return JSON.parse(new TextDecoder().decode(this.#data));
    }

    /** Bytes of the file. */
    get byteLength(): number {
        return this.#data.byteLength;
    }

    /** The key of the log by the receipt's own words: not verified. */
    get logKey(): string {
        return this.#inspected().log;
    }

    /** The entries by its own words: not verified. The last one is what the receipt is for. */
    get entries(): readonly Entry[] {
        return this.#inspected().entries;
    }

    /** The last entry, not verified. */
    get entry(): Entry {
        const last = this.entries.at(-1);
        if (last === undefined) throw new InvalidInputError("the receipt is for no entry");
        return last;
    }

    /** Verifies it: see {@link verify}. */
    verify(options: VerifyOptions): Promise<Verdict> {
        return verify(this, options);
    }

    #inspected(): { log: string; entries: readonly Entry[] } {
        if (this.#shown === undefined) {
            const shown = JSON.parse(native.inspect(this.#data));
            if (shown.failure) throw ofKind(...(shown.failure as [string, string, string | null]));
            this.#shown = { log: shown.log, entries: shown.entries.map(entryOf) };
        }
        return this.#shown;
    }
}

/**
 * Verifies a receipt offline. Nothing is trusted but what `trust`, `policy` and `trustStore` name.
 *
 * @throws NotValidError when a check fails, NotAsRequiredError when a demand is not met, ForgeableError when a proof rests on test material.
 */
export async function verify(receipt: ReceiptLike, options: VerifyOptions): Promise<Verdict> {
    const { require = [], policy, trustStore, allowForgeable, signal, ...given } = checks.options(options, VERIFY, "verify");
    const demands = [...checks.iterable(require, "require")].map((demand) => checks.text(demand, "a demand of require", '["pinned", "proved"]'));
    const files = [paths.optionalPath(policy, "policy"), paths.optionalPath(trustStore, "trustStore")] as const;
    const forgeable = checks.flag(allowForgeable, "allowForgeable");
    const data = await dataOf(receipt);
    const trust = await trusted(given);
    const text = await ask((cancel, told) => native.verify(data, trust, demands, ...files, forgeable, cancel, told), { signal });
    return verdictOf(JSON.parse(text ?? ""));
}

/** The page about receipts for readers who know no cryptography. */
export interface Report {
    /** The page. It loads nothing, runs nothing and prints well. */
    readonly html: string;
    /** Whether each receipt is valid. The page says of one that is not that it shows nothing. */
    readonly valid: Readonly<Record<string, boolean>>;
}

const REPORT = ["trust", "policy", "trustStore", "signal"] as const;

/** What a report trusts. */
export type ReportOptions = Pick<VerifyOptions, (typeof REPORT)[number]>;

/** Verifies receipts and reports about them under their names, as `zkl report` does. One that is not valid is in the report, and said to be. */
export async function report(receipts: Record<string, ReceiptLike>, options: ReportOptions): Promise<Report> {
    const { policy, trustStore, signal, ...given } = checks.options(options, REPORT, "report");
    if (receipts === null || typeof receipts !== "object" || receipts instanceof Receipt || checks.bytes(receipts) !== undefined) {
        throw new InvalidTypeError(`receipts are named, not ${checks.kindOf(receipts)}`, { hint: 'report({ training: "training.receipt" }, ...)' });
    }
    const names = Object.keys(receipts);
    const data = await Promise.all(Object.values(receipts).map(dataOf));
    const trust = await trusted(given);
    const files = [paths.optionalPath(policy, "policy"), paths.optionalPath(trustStore, "trustStore")] as const;
    const text = await ask((cancel, told) => native.report(names, data, trust, ...files, cancel, told), { signal });
    const [html, valid] = JSON.parse(text ?? "") as [string, boolean[]];
    return { html, valid: Object.fromEntries(names.map((name, index) => [name, valid[index] ?? false])) };
}

/** @internal */
export function entriesOf(text: string | null): Entry[] {
    return (JSON.parse(text ?? "[]") as EntryOutline[]).map(entryOf);
}

async function dataOf(receipt: ReceiptLike): Promise<Uint8Array> {
    if (receipt instanceof Receipt) return receipt.toBytes();
    if (typeof receipt === "string" || receipt instanceof URL) return await readFile(paths.path(receipt, "the file of a receipt"));
    const bytes = checks.bytes(receipt);
    if (bytes === undefined) throw new InvalidTypeError(`${checks.kindOf(receipt)} is no receipt`, { hint: "pass a path, bytes or a Receipt" });
    return bytes.slice();
}

async function trusted(given: { trust?: Trusted | PromiseLike<Trusted> }): Promise<string[]> {
    const trust = checks.trust(await given.trust);
    if (trust === null) return [];
    const listed = typeof trust === "string" || trust instanceof URL ? [trust] : checks.iterable(trust, "trust");
    const texts: string[] = [];
    for (const item of listed) {
        if (item instanceof URL) {
            const file = await readFile(paths.path(item, "a file of keys"), "utf8");
            if (file.length > MAX_TRUST_FILE) throw new InvalidInputError(`${item.href} is too long to be a file of keys`);
            const lines = file.split("\n").map((line) => line.trim());
            texts.push(...lines.filter((line) => line !== "" && !line.startsWith("#")));
        } else {
            texts.push(checks.text(item, "a key", "trust: await ledger.logKey"));
        }
    }
    return texts;
}
