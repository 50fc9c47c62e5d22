// The functions of the package, over a module that is loaded when it is first needed.

import * as checks from "./checks.js";
import { kindOf } from "./checks.js";
import { ForgeableError, InternalError, InvalidInputError, InvalidTypeError, LedgerError, NotSupportedError } from "./errors.js";
import type * as api from "./index.js";
import { ofKind } from "./kinds.js";
import { entryOf, verdictOf } from "./shown.js";
import type { ReceiptOutline, Verdict as RawVerdict } from "./verdict.js";
import initialize, { Verifier, inspect as inspected } from "./zkl_wasm.js";

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
            return verdictOf(raw);
        },
        async inspect(receipt) {
            const data = await bytes(receipt);
            await load();
            const { log, entries }: ReceiptOutline = guarded(() => inspected(data));
            return { logKey: log, entries: entries.map(entryOf) };
        },
    };
}

function failure(error: unknown): LedgerError {
    const { kind, message, hint } = error as { kind?: string; message?: string; hint?: string };
    return ofKind(kind ?? "internal", message ?? String(error), hint);
}

async function bytes(receipt: unknown): Promise<Uint8Array> {
    const held = checks.bytes(receipt);
    if (held !== undefined) return held;
    if (typeof Blob !== "undefined" && receipt instanceof Blob) {
        try {
            return new Uint8Array(await receipt.arrayBuffer());
        } catch (cause) {
            throw new InvalidInputError("the file could not be read", { hint: "choose it again: it may have changed since", cause });
        }
    }
    throw new InvalidTypeError(`${kindOf(receipt)} is no receipt`, { hint: "pass its bytes, or a File: await readFile(path), input.files[0]" });
}

function texts(value: string | Iterable<string>, what: string): string[] {
    const listed = typeof value === "string" ? [value] : checks.iterable(value, what);
    return [...listed].map((text) => checks.text(text, `what stands in ${what}`));
}

function checked(given: api.VerifyOptions) {
    const { require, policy, trustStore, allowForgeable, ...options } = checks.options(given, OPTIONS, "verify");
    const trust = checks.trust(options.trust);
    if (policy !== undefined && typeof policy !== "string") throw new InvalidTypeError(`policy is the text of a policy, not ${kindOf(policy)}`);
    if (trustStore !== undefined && (trustStore === null || typeof trustStore !== "object")) {
        throw new InvalidTypeError(`trustStore is an object, not ${kindOf(trustStore)}`);
    }
    return {
        trust: trust === null ? [] : texts(trust, "trust"),
        require: require === undefined ? [] : texts(checks.iterable(require, "require"), "require"),
        policy,
        store: trustStore === undefined ? undefined : JSON.stringify(trustStore),
        allowForgeable: checks.flag(allowForgeable, "allowForgeable"),
    };
}
