// The native module, and how a call of it is waited for.

import { existsSync } from "node:fs";
import { join } from "node:path";

import { InternalError, InvalidTypeError, LedgerError, NotSupportedError, OperationCancelledError } from "./errors.js";
import { kindOf } from "./checks.js";
import { ofKind } from "./kinds.js";

export interface NativeCancel {
    set(): void;
    wait(milliseconds: number): void;
}

/** Hears of stages, and last of an answer or an error. */
export type Told = (
    what: string,
    first: string | null,
    second: string | null,
    third: string | null,
    done: number | null,
    total: number | null,
) => void;

/** A path or URL, or bytes. */
export type NativeTable = string | Uint8Array;

type Absent = null | undefined;

export interface NativeLedger {
    open(
        place: string,
        isPath: boolean,
        home: string | Absent,
        settings: string,
        keys: string | Absent,
        passphrase: string | Absent,
        openingsKey: string | Absent,
        cancel: NativeCancel,
        told: Told,
    ): void;
    close(cancel: NativeCancel, told: Told): void;
    letGo(): void;
    notarize(source: NativeTable, name: string | Absent, settings: string, cancel: NativeCancel, told: Told): void;
    version(dataset: string | Absent, index: number | Absent, cancel: NativeCancel, told: Told): void;
    entry(text: string, cancel: NativeCancel, told: Told): void;
    entries(page: string, cancel: NativeCancel, told: Told): void;
    datasets(cancel: NativeCancel, told: Told): void;
    checkpoint(cancel: NativeCancel, told: Told): void;
    history(index: number, cancel: NativeCancel, told: Told): void;
    profile(index: number, cancel: NativeCancel, told: Told): void;
    evaluate(index: number, claim: string, cancel: NativeCancel, told: Told): void;
    prove(index: number, claim: string, cancel: NativeCancel, told: Told): void;
    check(index: number, source: NativeTable, cancel: NativeCancel, told: Told): void;
    relate(relation: string, names: string[], sources: NativeTable[], closed: boolean, cancel: NativeCancel, told: Told): void;
    withdraw(entry: string, replacement: string | Absent, reason: string, cancel: NativeCancel, told: Told): void;
    receipt(entries: string[], scans: boolean, cancel: NativeCancel, told: Told): void;
}

export interface Native {
    Cancel: new () => NativeCancel;
    Ledger: new () => NativeLedger;
    inspect(receipt: Uint8Array): string;
    verify(
        receipt: Uint8Array,
        trust: string[],
        require: string[],
        policy: string | Absent,
        trustStore: string | Absent,
        allowForgeable: boolean,
        cancel: NativeCancel,
        told: Told,
    ): void;
    report(
        names: string[],
        receipts: Uint8Array[],
        trust: string[],
        policy: string | Absent,
        trustStore: string | Absent,
        cancel: NativeCancel,
        told: Told,
    ): void;
    dangerPanic(computes: boolean, cancel: NativeCancel, told: Told): void;
}

/** The system as the packages of native modules are named by it. */
export function platform(): string {
    if (process.platform !== "linux") return `${process.platform}-${process.arch}`;
    const header = (process.report.getReport() as { header?: { glibcVersionRuntime?: string } }).header;
    return `linux-${process.arch}-${header?.glibcVersionRuntime === undefined ? "musl" : "gnu"}`;
}

function load(): Native {
    const system = platform();
    const beside = join(__dirname, `zkl_node.${system}.node`);
    try {
        return require(existsSync(beside) ? beside : `@zkp-dataset-ledger/node-${system}`) as Native;
    } catch (cause) {
        throw new NotSupportedError(`there is no native module for ${system}`, {
            hint:
                `install without leaving out optional dependencies, or build it (docs/node.md); ` +
                "@zkp-dataset-ledger/verify verifies receipts without native code",
            cause,
        });
    }
}

export const native: Native = load();

/** What a call is doing. */
export interface Progress {
    /** A word: read, seal, srs, commit, scan, merge, key, prove or append. */
    stage: string;
    /** The same in words. */
    text: string;
    /** How much of `total` is done: bytes while a file is read, segments of the table while it is proved. */
    done: number | null;
    /** How much there is, where that is known. */
    total: number | null;
}

/** What every call takes that may be ended early. */
export interface CallOptions {
    /** Ends the call when it is aborted. What was not recorded by then is not recorded. */
    signal?: AbortSignal | undefined;
}

/** What every call takes that needs time. */
export interface ProgressOptions extends CallOptions {
    /** Told what the call is doing. If it throws, or its promise rejects, the call ends with that. */
    progress?: ((progress: Progress) => unknown) | undefined;
}

/** Calls that wait, and ledgers that are open. */
const pending = new Set<NativeCancel>();
const open = new Set<WeakRef<NativeLedger>>();
const collected = new FinalizationRegistry<WeakRef<NativeLedger>>((reference) => open.delete(reference));

/** How long the end of a process waits for a call to stop, in milliseconds. */
const END = 5_000;

// The store is closed in order, whatever ends the process.
process.on("exit", () => {
    for (const cancel of pending) cancel.set();
    for (const cancel of pending) cancel.wait(END);
    for (const ledger of open) ledger.deref()?.letGo();
});

/** Remembers a ledger until the process ends, or nobody has it any more. */
export function remember(ledger: NativeLedger): void {
    const reference = new WeakRef(ledger);
    open.add(reference);
    collected.register(ledger, reference);
}

function cancelled(signal: AbortSignal): OperationCancelledError {
    return new OperationCancelledError("the call was cancelled", { cause: signal.reason });
}

/** Makes a call, and waits for its answer: a text, or nothing. */
export function ask(start: (cancel: NativeCancel, told: Told) => void, given: ProgressOptions = {}): Promise<string | null> {
    const { signal, progress } = given;
    if (signal !== undefined && !(signal instanceof AbortSignal)) {
        throw new InvalidTypeError(`signal is an AbortSignal, not ${kindOf(signal)}`, { hint: "const { signal } = new AbortController()" });
    }
    if (progress !== undefined && typeof progress !== "function") {
        throw new InvalidTypeError(`progress is a function, not ${kindOf(progress)}`, { hint: "{ progress: console.log } shows what is reported" });
    }
    if (signal?.aborted === true) return Promise.reject(cancelled(signal));
    // Errors come from another thread: this is where they were asked for.
    const here = new Error();
    return new Promise((resolve, reject) => {
        const cancel = new native.Cancel();
        const stop = (): void => cancel.set();
        let ended = false;
        let thrown: { error: unknown } | undefined;
        const failed = (error: unknown): void => {
            thrown ??= { error };
            cancel.set();
        };
        const finish = (): void => {
            ended = true;
            pending.delete(cancel);
            signal?.removeEventListener("abort", stop);
        };
        const told: Told = (what, first, second, third, done, total) => {
            if (ended) return;
            if (what === "stage") {
                if (progress === undefined || thrown !== undefined) return;
                try {
                    const answer = progress({ stage: first ?? "", text: second ?? "", done, total });
                    if (answer instanceof Promise) answer.catch(failed);
                } catch (error) {
                    failed(error);
                }
                return;
            }
            finish();
            if (thrown !== undefined) reject(thrown.error);
            else if (what === "answer") resolve(first);
            else reject(signal?.aborted === true && first === "cancelled" ? cancelled(signal) : at(ofKind(first ?? "internal", second ?? "", third), here));
        };
        signal?.addEventListener("abort", stop, { once: true });
        pending.add(cancel);
        try {
            start(cancel, told);
        } catch (cause) {
            finish();
            reject(new InternalError(`the native module does not take this: ${String(cause)}`, { hint: "please report it", cause }));
        }
    });
}

/** The same error, with the stack of the call. */
function at(error: LedgerError, here: Error): LedgerError {
    const lines = (here.stack ?? "").split("\n").slice(1);
    error.stack = [`${error.name}: ${error.message}`, ...lines].join("\n");
    return error;
}
