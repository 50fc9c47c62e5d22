// Ledgers and the datasets in them.

import { fileURLToPath } from "node:url";

import * as checks from "./checks.js";
import { notarizing } from "./config.js";
import type { NotarizeOptions, ProofSystem } from "./config.js";
import { InvalidInputError, InvalidTypeError } from "./errors.js";
import { ask, native, remember } from "./native.js";
import type { CallOptions, NativeCancel, NativeLedger, NativeTable, ProgressOptions, Told } from "./native.js";
import * as paths from "./paths.js";
import { Receipt, entriesOf } from "./receipts.js";
import { entryOf } from "./shown.js";
import type { Entry } from "./shown.js";
import type { EntryOutline } from "./verdict.js";

/** A table: a path or a URL (`https://`, `s3://`, `gs://`, `az://`), or the bytes of a file, an Arrow IPC stream among them. Bytes are copied when the call is made. */
export type Table = string | URL | ArrayBuffer | ArrayBufferView;

/** How an entry is named: an index, an id, how one begins, the name of a dataset, `last`, or the entry. */
export type EntryReference = Entry | number | string;

/** How a ledger is opened. */
export interface LedgerOptions {
    /** Where the log is, if not in the directory: `postgres://...`, `s3://BUCKET/PREFIX`, `rocks:DIRECTORY`. */
    store?: string | undefined;
    /** The directory beside a store that is named in its place; `.zkl`, unless it is said. */
    home?: string | URL | undefined;
    /** False opens only what is there. */
    create?: boolean | undefined;
    /** Opens for reading only. */
    readOnly?: boolean | undefined;
    /** Names the log of a new ledger for ever, as `example.com/ml`; made up, unless it is said. */
    origin?: string | undefined;
    /** Seconds to wait for another process that is writing: 5, unless it is said. */
    wait?: number | undefined;
    /** How everything is proved, unless a call says otherwise: `universal`. */
    proof?: ProofSystem | undefined;
    /** Whether to go on from a store that is older than what this ledger has had: what is missing is lost, and nobody has a receipt of it. */
    acceptOlderStore?: boolean | undefined;
    /** Where proving keys are kept: a cache of this user's, unless it is said. */
    keys?: string | URL | undefined;
    /** Opens encrypted secrets, and encrypts those of a new ledger. */
    passphrase?: string | undefined;
    /** A file that does so; together with a passphrase, one that the passphrase opens. */
    openingsKey?: string | URL | undefined;
}

/** A dataset of a ledger. */
export interface DatasetInfo {
    readonly name: string;
    /** Entries about it. */
    readonly entries: number;
    /** Index of the newest one. */
    readonly latest: number;
}

/** A state of the log. */
export interface Checkpoint {
    /** Entries. */
    readonly size: number;
    /** Root of the tree. */
    readonly root: string;
}

/** Which entries. */
export interface EntriesOptions extends CallOptions {
    /** Only those about this dataset. */
    dataset?: string | undefined;
    /** Only those of this kind, such as `claim`. */
    kind?: string | undefined;
    /** The first index. */
    start?: number | undefined;
    /** The index after the last. */
    end?: number | undefined;
    /** Whether the newest come first, and not the oldest. */
    newestFirst?: boolean | undefined;
    /** How many at most: all, unless it is said. */
    limit?: number | undefined;
}

/** What a receipt holds. */
export interface ReceiptOptions extends CallOptions {
    /** False leaves out the proofs over every row: some KB, and the tables are attested. */
    scans?: boolean | undefined;
}

/** How a relation is recorded. */
export interface RelateOptions extends ProgressOptions {
    /** Whether what is said (columns, constants) is kept out of the log: the receipt alone has it, and cannot be made again once the ledger is closed. */
    closed?: boolean | undefined;
}

/** What stands for an entry that is withdrawn. */
export interface WithdrawOptions extends CallOptions {
    /** The entry that takes its place. */
    replacement?: EntryReference | undefined;
}

/** Exact statistics of a column. Numbers are texts with all their digits; what does not apply is absent or null. */
export interface ColumnProfile {
    readonly name: string;
    readonly type: string;
    /** Values that are not null. */
    readonly count: number;
    readonly nulls: number;
    readonly min?: string | null;
    readonly max?: string | null;
    readonly sum?: string | null;
    readonly mean?: string | null;
    /** Of the population. */
    readonly variance?: string | null;
    /** Rows per value. */
    readonly categories?: Readonly<Record<string, number>> | null;
}

/** The exact profile of a table: what a notarization seals, shown to its owner. */
export interface Profile {
    readonly rows: number;
    readonly columns: readonly ColumnProfile[];
}

/** Whether a claim holds, for the owner of the table. */
export interface Evaluation {
    readonly holds: boolean;
    /** Whether it can be proved; not all that holds can. */
    readonly provable: boolean;
    /** The statistic, which proofs hide. */
    readonly observed: string;
    /** Values that the claim names and the column does not hold: misspelt, perhaps. */
    readonly absentValues: readonly string[];
}

const OPEN = ["store", "home", "create", "readOnly", "origin", "wait", "proof", "acceptOlderStore", "keys", "passphrase", "openingsKey"] as const;
const ENTRIES = ["dataset", "kind", "start", "end", "newestFirst", "limit", "signal"] as const;
const CALL = ["signal"] as const;
const PROGRESS = ["progress", "signal"] as const;
const RELATE = ["closed", "progress", "signal"] as const;
const RECEIPT = ["scans", "signal"] as const;
const WITHDRAW = ["replacement", "signal"] as const;
const VERSION = ["version", "signal"] as const;

/** @internal One question to the native ledger. */
type Question = (ledger: NativeLedger, cancel: NativeCancel, told: Told) => void;

/** @internal What datasets ask their ledger. */
export const asked: unique symbol = Symbol("asked");

/**
 * A ledger: notarizes tables, proves claims about them, keeps their history.
 *
 * `new Ledger("my-project")` opens the ledger in a directory, which holds its log, its keys and its secrets, and makes it if there is none. With `store` the log is
 * elsewhere: `postgres://...`, `s3://BUCKET/PREFIX`. `new Ledger("postgres://...")` is the same with the directory `home`. `new Ledger("memory:")` is gone with the
 * process. It is opened in the background: calls wait for it, and say what was wrong. {@link Ledger.open} waits at once.
 *
 * Calls may be made at the same time, and other processes may use the same directory.
 */
export class Ledger {
    readonly #native: NativeLedger = new native.Ledger();
    readonly #opened: Promise<string>;
    #closed: Promise<void> | undefined;

    constructor(place: string | URL = ".zkl", options: LedgerOptions = {}) {
        const { home, keys, passphrase, openingsKey, wait = 5, ...given } = checks.options(options, OPEN, "Ledger");
        const named = paths.path(place, "the place of a ledger");
        if (typeof wait !== "number") throw new InvalidTypeError(`wait is a number of seconds, not ${checks.kindOf(wait)}`);
        const settings = JSON.stringify({
            store: checks.optionalText(given.store, "store"),
            create: checks.flag(given.create, "create", true),
            read_only: checks.flag(given.readOnly, "readOnly"),
            origin: checks.optionalText(given.origin, "origin"),
            wait: Number.isFinite(wait) ? wait : -1,
            proof: checks.optionalText(given.proof, "proof"),
            accept_older_store: checks.flag(given.acceptOlderStore, "acceptOlderStore"),
        });
        const files = [paths.optionalPath(keys, "keys"), checks.optionalText(passphrase, "passphrase"), paths.optionalPath(openingsKey, "openingsKey")] as const;
        const beside = paths.optionalPath(home, "home");
        const opened = ask((cancel, told) => this.#native.open(named, place instanceof URL, beside, settings, ...files, cancel, told));
        remember(this.#native);
        this.#opened = opened.then((key) => key ?? "");
        // Whoever asks is told.
        this.#opened.catch(() => {});
    }

    /** Opens or makes a ledger, and waits until it is open. */
    static async open(place: string | URL = ".zkl", options: LedgerOptions = {}): Promise<Ledger> {
        const ledger = new Ledger(place, options);
        await ledger.#opened;
        return ledger;
    }

    /** The key that verifies the log: what whoever gets receipts pins. */
    get logKey(): Promise<string> {
        return this.#opened;
    }

    /** Whether it was closed. */
    get closed(): boolean {
        return this.#closed !== undefined;
    }

    /** Lets go of the store. Calls under way are carried out; later ones end with a {@link ClosedError}. */
    close(): Promise<void> {
        this.#closed ??= this.#opened.then(
            () => ask((cancel, told) => this.#native.close(cancel, told)).then(() => {}),
            () => {},
        );
        return this.#closed;
    }

    [Symbol.asyncDispose](): Promise<void> {
        return this.close();
    }

    /** Notarizes a table: commits to every column and to the exact profile, proves over every row that the one is that of the other, and records it. */
    async notarizeDataset(table: Table, options: NotarizeOptions = {}): Promise<Notarized> {
        const { name, settings, call } = notarizing(options);
        const source = readable(table);
        const text = await this[asked]((ledger, cancel, told) => ledger.notarize(source, name, settings, cancel, told), call);
        return new Notarized(this, JSON.parse(text ?? ""));
    }

    /** The newest version of a dataset, or the one that was notarized in entry `version`. */
    async dataset(name: string, options: CallOptions & { version?: number | undefined } = {}): Promise<Dataset> {
        const { version, signal } = checks.options(options, VERSION, "dataset");
        const index = version === undefined ? null : checks.count(version, "version");
        const wanted = checks.text(name, "the name of a dataset");
        const text = await this[asked]((ledger, cancel, told) => ledger.version(index === null ? wanted : null, index, cancel, told), { signal });
        const entry = entryOf(JSON.parse(text ?? ""));
        if (entry.dataset !== wanted) throw new InvalidInputError(`entry ${index} is about ${entry.dataset}, not about ${wanted}`);
        return new Dataset(this, entry);
    }

    /** All datasets, by name. */
    async datasets(options: CallOptions = {}): Promise<DatasetInfo[]> {
        const call = checks.options(options, CALL, "datasets");
        const text = await this[asked]((ledger, cancel, told) => ledger.datasets(cancel, told), call);
        return (JSON.parse(text ?? "[]") as [string, number, number][]).map(([name, entries, latest]) => ({ name, entries, latest }));
    }

    /** Every entry about a dataset, of all its versions, the oldest first. */
    async history(dataset: string, options: CallOptions = {}): Promise<Entry[]> {
        const call = checks.options(options, CALL, "history");
        return (await this.dataset(dataset, call)).history(call);
    }

    /** Proves a claim about the newest version of a dataset, records it, and returns its receipt. */
    async prove(dataset: string, claim: string, options: ProgressOptions = {}): Promise<Receipt> {
        const call = checks.options(options, PROGRESS, "prove");
        return (await this.dataset(dataset, { signal: call.signal })).prove(claim, call);
    }

    /**
     * Proves a relation between notarized tables, or of one, whose rows are handed in again by name, and records it: `train, test = split(all)`, `same_rows(a, b)`,
     * with `on COLUMN, ..` before the last bracket for some columns alone. docs/relations.md has every kind.
     */
    async relate(relation: string, tables: Readonly<Record<string, Table>>, options: RelateOptions = {}): Promise<Receipt> {
        const { closed, ...call } = checks.options(options, RELATE, "relate");
        const hidden = checks.flag(closed, "closed");
        const said = checks.text(relation, "a relation", '"train, test = split(all)"');
        if (tables === null || typeof tables !== "object" || checks.bytes(tables) !== undefined) {
            throw new InvalidTypeError(`tables are handed in by name, not as ${checks.kindOf(tables)}`, { hint: '{ all: "all.csv", train: "train.csv", test: "test.csv" }' });
        }
        const sources = Object.values(tables).map(readable);
        const text = await this[asked]((ledger, cancel, told) => ledger.relate(said, Object.keys(tables), sources, hidden, cancel, told), call);
        return this.receipt(JSON.parse(text ?? "").index as number);
    }

    /** The receipt of an entry, or of several with their evidence in one file. */
    async receipt(entries: EntryReference | readonly EntryReference[], options: ReceiptOptions = {}): Promise<Receipt> {
        const { scans, signal } = checks.options(options, RECEIPT, "receipt");
        const named = (Array.isArray(entries) ? (entries as readonly EntryReference[]) : [entries as EntryReference]).map(reference);
        const whole = checks.flag(scans, "scans", true);
        const text = await this[asked]((ledger, cancel, told) => ledger.receipt(named, whole, cancel, told), { signal });
        return new Receipt(text ?? "");
    }

    /** One entry. */
    async entry(entry: number | string, options: CallOptions = {}): Promise<Entry> {
        const call = checks.options(options, CALL, "entry");
        const named = reference(entry);
        const text = await this[asked]((ledger, cancel, told) => ledger.entry(named, cancel, told), call);
        return entryOf(JSON.parse(text ?? ""));
    }

    /** Entries of the log. */
    async entries(options: EntriesOptions = {}): Promise<Entry[]> {
        const { dataset, kind, start = 0, end, newestFirst, limit, signal } = checks.options(options, ENTRIES, "entries");
        const page = {
            dataset: checks.optionalText(dataset, "dataset"),
            kind: checks.optionalText(kind, "kind"),
            start: checks.count(start, "start"),
            end: end === undefined ? null : checks.count(end, "end"),
            newest_first: checks.flag(newestFirst, "newestFirst"),
            limit: 0,
        };
        const most = limit === undefined ? Infinity : checks.count(limit, "limit");
        const found: Entry[] = [];
        while (found.length < most) {
            page.limit = most === Infinity ? 0 : most - found.length;
            const text = JSON.stringify(page);
            const entries = entriesOf(await this[asked]((ledger, cancel, told) => ledger.entries(text, cancel, told), { signal }));
            const last = entries.at(-1);
            if (last === undefined) break;
            found.push(...entries);
            if (page.newest_first) page.end = last.index;
            else page.start = last.index + 1;
        }
        return found;
    }

    /** Records that an entry is not to be relied on any more. The log keeps it, and its receipts stay valid. */
    async withdraw(entry: EntryReference, reason: string, options: WithdrawOptions = {}): Promise<Entry> {
        const { replacement, signal } = checks.options(options, WITHDRAW, "withdraw");
        const [named, instead] = [reference(entry), replacement === undefined ? null : reference(replacement)];
        const why = checks.text(reason, "the reason");
        const text = await this[asked]((ledger, cancel, told) => ledger.withdraw(named, instead, why, cancel, told), { signal });
        return entryOf(JSON.parse(text ?? ""));
    }

    /** The newest state of the log; `null` before the first entry. */
    async checkpoint(options: CallOptions = {}): Promise<Checkpoint | null> {
        const call = checks.options(options, CALL, "checkpoint");
        const found = JSON.parse((await this[asked]((ledger, cancel, told) => ledger.checkpoint(cancel, told), call)) ?? "null") as [number, string] | null;
        return found === null ? null : { size: found[0], root: found[1] };
    }

    /** @internal */
    async [asked](question: Question, call: ProgressOptions = {}): Promise<string | null> {
        await this.#opened;
        return ask((cancel, told) => question(this.#native, cancel, told), call);
    }
}

/** A version of a dataset that was notarized, and what its owner can do with it. */
export class Dataset {
    /** The ledger that it is in. */
    readonly ledger: Ledger;
    /** The entry that notarizes it. */
    readonly entry: Entry;

    /** @internal */
    constructor(ledger: Ledger, entry: Entry) {
        this.ledger = ledger;
        this.entry = entry;
    }

    /** Its name. */
    get name(): string {
        return this.entry.dataset ?? "";
    }

    /** The key of the ledger's log. */
    get logKey(): Promise<string> {
        return this.ledger.logKey;
    }

    /** The receipt of its notarization. */
    receipt(options: ReceiptOptions = {}): Promise<Receipt> {
        return this.ledger.receipt(this.entry, options);
    }

    /** Every entry about the dataset, of all its versions, the oldest first. */
    async history(options: CallOptions = {}): Promise<Entry[]> {
        const call = checks.options(options, CALL, "history");
        return entriesOf(await this.ledger[asked]((ledger, cancel, told) => ledger.history(this.entry.index, cancel, told), call));
    }

    /** The exact profile, for the owner: it is not published. */
    async profile(options: CallOptions = {}): Promise<Profile> {
        const call = checks.options(options, CALL, "profile");
        return JSON.parse((await this.ledger[asked]((ledger, cancel, told) => ledger.profile(this.entry.index, cancel, told), call)) ?? "");
    }

    /** Whether a claim holds and can be proved. Nothing is recorded. */
    async evaluate(claim: string, options: CallOptions = {}): Promise<Evaluation> {
        const call = checks.options(options, CALL, "evaluate");
        const said = checks.text(claim, "a claim", CLAIM);
        const text = await this.ledger[asked]((ledger, cancel, told) => ledger.evaluate(this.entry.index, said, cancel, told), call);
        const { holds, provable, observed, absent_values: absentValues } = JSON.parse(text ?? "");
        return { holds, provable, observed, absentValues };
    }

    /** Proves a claim about this version, records it, and returns its receipt. */
    async prove(claim: string, options: ProgressOptions = {}): Promise<Receipt> {
        const call = checks.options(options, PROGRESS, "prove");
        const said = checks.text(claim, "a claim", CLAIM);
        const text = await this.ledger[asked]((ledger, cancel, told) => ledger.prove(this.entry.index, said, cancel, told), call);
        return this.ledger.receipt(JSON.parse(text ?? "").index as number);
    }

    /** Reads a table as this version was read, and says what makes it another one: `null` when it is the notarized table, row by row. */
    async mismatch(table: Table, options: ProgressOptions = {}): Promise<string | null> {
        const call = checks.options(options, PROGRESS, "mismatch");
        const source = readable(table);
        return this.ledger[asked]((ledger, cancel, told) => ledger.check(this.entry.index, source, cancel, told), call);
    }
}

/** A dataset that was notarized a moment ago, and what was found on the way. */
export class Notarized extends Dataset {
    /** Rows of the table. */
    readonly rows: number;
    /** Types of the columns. */
    readonly columns: Readonly<Record<string, string>>;
    /** Where the secret is that proves claims: keep it, and keep it secret. */
    readonly opening: string;
    /** What reading did to the table, as the entry says. */
    readonly reading: readonly string[];
    /** What was inferred that you may want to look at. It may hold values of the table. */
    readonly remarks: readonly string[];

    /** @internal */
    constructor(ledger: Ledger, shown: { entry: EntryOutline; rows: number; columns: [string, string][]; opening: string; reading: string[]; remarks: string[] }) {
        super(ledger, entryOf(shown.entry));
        this.rows = shown.rows;
        this.columns = Object.fromEntries(shown.columns);
        this.opening = shown.opening;
        this.reading = shown.reading;
        this.remarks = shown.remarks;
    }
}

const CLAIM = '"mean(age) between 30 and 60"';

function readable(table: Table): NativeTable {
    if (typeof table === "string") return table;
    if (table instanceof URL) return table.protocol === "file:" ? fileURLToPath(table) : table.href;
    const bytes = checks.bytes(table);
    // The ledger may not be open yet.
    if (bytes !== undefined) return bytes.slice();
    throw new InvalidTypeError(`${checks.kindOf(table)} is no table`, {
        hint: "pass a path, a URL or bytes; of a table of Apache Arrow the bytes are tableToIPC(table)",
    });
}

function reference(entry: EntryReference): string {
    if (typeof entry === "string") return entry;
    if (typeof entry === "number") return String(checks.count(entry, "the index of an entry"));
    if (typeof entry === "object" && entry !== null && typeof entry.id === "string") return entry.id;
    throw new InvalidTypeError(`an entry is named by an index or a text, not by ${checks.kindOf(entry)}`, { hint: '7, "last" or the name of a dataset' });
}
