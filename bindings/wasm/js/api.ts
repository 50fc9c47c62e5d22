// The functions of the package, over a module that is loaded when it is first needed.

import { InternalError, InvalidInputError, InvalidTypeError, ForgeableError, LedgerError, NotSupportedError, ofKind } from "./errors.js";
import type * as api from "./index.js";
import initialize, { Verifier, inspect as inspected } from "./zkl_wasm.js";
import type { Verdict as RawVerdict } from "./zkl_wasm.js";

const OPTIONS = ["trust", "require", "policy", "trustStore", "allowForgeable"] as const;

/** Where the bytes of the module come from. */
export type Source = () => Promise<BufferSource | Response>;

/** The functions, with this module. */
export function of(source: Source): Pick<typeof api, "verify" | "inspect"> {
    let loading: Promise<unknown> | undefined;
    // What trusts the same is one verifier: keys that follow from circuits are made once.
    let last: { trusting: string; verifier: Verifier } | undefined;

    async function load(): Promise<void> {
        loading ??= (async () => initialize({ module_or_path: await source() }))();
        try {
            await loading;
        } catch (cause) {
            // It may come the next time.
            loading = undefined;
            throw new NotSupportedError("the WebAssembly of the verifier could not be loaded", {
                hint: "serve verifier.wasm beside the scripts, and let the page's policy have 'wasm-unsafe-eval'",
                cause,
            });
        }
    }

    /** A verifier that trapped stays borrowed: the next call makes another one. */
    function guarded<T>(call: () => T): T {
        try {
            return call();
        } catch (error) {
            if (error instanceof WebAssembly.RuntimeError) {
                last = undefined;
                throw new InternalError(`a fault of the verifier: ${error.message}`, { hint: "please report it, with the receipt", cause: error });
            }
            throw error instanceof LedgerError ? error : failure(error);
        }
    }

    function verifier(trust: string[], policy: string | undefined, store: string | undefined): Verifier {
        const trusting = JSON.stringify([trust, policy, store]);
        if (last?.trusting !== trusting) {
            last?.verifier.free();
            last = undefined;
            last = { trusting, verifier: guarded(() => new Verifier(trust, policy, store)) };
        }
        return last.verifier;
    }

    return {
        async verify(receipt, options) {
            const { trust, require, policy, store, allowForgeable } = checked(options);
            const data = await bytes(receipt);
            await load();
            const raw: RawVerdict = guarded(() => verifier(trust, policy, store).verify(data, require));
            if (raw.verdict !== "valid" && !allowForgeable) {
                throw new ForgeableError(
                    "every check passed, and proves nothing: a proof rests on test material, with which anybody can forge",
                    { hint: "ask for a receipt of another proof; tests pass { allowForgeable: true }" },
                );
            }
            const { verdict, log, trust: grounds, statements, ...statement } = raw;
            return { verdict, statements: statements ?? [statement as api.Verdict["statements"][number]], log, grounds };
        },
        async inspect(receipt) {
            const data = await bytes(receipt);
            await load();
            const { log, entries } = guarded(() => inspected(data));
            const shown = entries.map(({ recorded_at: recordedAt, ...entry }) => ({ ...entry, recordedAt: new Date(recordedAt) }));
            return { logKey: log, entries: shown };
        },
    };
}

function failure(error: unknown): LedgerError {
    const { kind, message, hint } = error as { kind?: string; message?: string; hint?: string };
    return ofKind(kind ?? "internal", message ?? String(error), hint);
}

function kindOf(value: unknown): string {
    if (value === null) return "null";
    if (typeof value !== "object") return typeof value === "undefined" ? "undefined" : `a ${typeof value}`;
    return (value as { constructor?: { name?: string } }).constructor?.name ?? "an object";
}

async function bytes(receipt: unknown): Promise<Uint8Array> {
    if (receipt instanceof ArrayBuffer) return new Uint8Array(receipt);
    if (ArrayBuffer.isView(receipt)) return new Uint8Array(receipt.buffer, receipt.byteOffset, receipt.byteLength);
    if (typeof Blob !== "undefined" && receipt instanceof Blob) {
        try {
            return new Uint8Array(await receipt.arrayBuffer());
        } catch (cause) {
            throw new InvalidInputError("the file could not be read", { hint: "choose it again: it may have changed since", cause });
        }
    }
    throw new InvalidTypeError(`${kindOf(receipt)} is no receipt`, { hint: "pass its bytes, or a File: await readFile(path), input.files[0]" });
}

function texts(value: unknown, what: string): string[] {
    const listed = typeof value === "string" ? [value] : value;
    if (typeof (listed as Iterable<unknown> | null | undefined)?.[Symbol.iterator] !== "function") {
        throw new InvalidTypeError(`${what} is a list of strings, not ${kindOf(value)}`);
    }
    return [...(listed as Iterable<unknown>)].map((text) => {
        if (typeof text !== "string") throw new InvalidTypeError(`${what} has strings, not ${kindOf(text)}`);
        return text;
    });
}

function checked(options: api.VerifyOptions) {
    if (options === null || typeof options !== "object") {
        throw new InvalidTypeError(`verify takes its options as an object, not as ${kindOf(options)}`, { hint: '{ trust: "example.com/log+3fedaab5+AepK..." }' });
    }
    for (const key of Object.keys(options)) {
        if (!(OPTIONS as readonly string[]).includes(key)) {
            throw new InvalidTypeError(`verify has no option ${JSON.stringify(key)}`, { hint: `there are ${OPTIONS.join(", ")}` });
        }
    }
    const { trust, require, policy, trustStore, allowForgeable = false } = options;
    if (trust === undefined) {
        throw new InvalidTypeError("whom to trust is always said", {
            hint: '{ trust: "example.com/log+3fedaab5+AepK..." } names the key of a log; { trust: null } trusts nobody in particular',
        });
    }
    if (policy !== undefined && typeof policy !== "string") throw new InvalidTypeError(`policy is the text of a policy, not ${kindOf(policy)}`);
    if (trustStore !== undefined && (trustStore === null || typeof trustStore !== "object")) {
        throw new InvalidTypeError(`trustStore is an object, not ${kindOf(trustStore)}`);
    }
    if (typeof allowForgeable !== "boolean") throw new InvalidTypeError(`allowForgeable is true or false, not ${kindOf(allowForgeable)}`);
    return {
        trust: trust === null ? [] : texts(trust, "trust"),
        require: require === undefined ? [] : texts(require, "require"),
        policy,
        store: trustStore === undefined ? undefined : JSON.stringify(trustStore),
        allowForgeable,
    };
}
