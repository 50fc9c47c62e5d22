// What callers hand in is looked at before anything is done.

import { InvalidTypeError } from "./errors.js";

/** What a value is, for a message. */
export function kindOf(value: unknown): string {
    if (value === null) return "null";
    if (Array.isArray(value)) return "an array";
    if (typeof value !== "object") return typeof value === "undefined" ? "undefined" : `a ${typeof value}`;
    return (value as { constructor?: { name?: string } }).constructor?.name ?? "an object";
}

/** An object with none but these keys: a misspelt one is an error, and no default. */
export function options<T extends object>(given: T | undefined, known: readonly (keyof T & string)[], of: string): T {
    if (given === undefined) return {} as T;
    if (given === null || typeof given !== "object" || Array.isArray(given)) {
        throw new InvalidTypeError(`${of} takes its options as an object, not as ${kindOf(given)}`, { hint: `{ ${known.slice(0, 3).join(", ")} }` });
    }
    for (const key of Object.keys(given)) {
        if (!(known as readonly string[]).includes(key)) {
            throw new InvalidTypeError(`${of} has no option ${JSON.stringify(key)}`, { hint: `there are ${known.join(", ")}` });
        }
    }
    return given;
}

export function text(value: unknown, what: string, hint?: string): string {
    if (typeof value !== "string") throw new InvalidTypeError(`${what} is a string, not ${kindOf(value)}`, { hint });
    return value;
}

export function optionalText(value: unknown, what: string, hint?: string): string | null {
    return value === undefined || value === null ? null : text(value, what, hint);
}

export function flag(value: unknown, what: string, otherwise = false): boolean {
    if (value === undefined) return otherwise;
    if (typeof value !== "boolean") throw new InvalidTypeError(`${what} is true or false, not ${kindOf(value)}`);
    return value;
}

/** A position in a log, or a number of entries. */
export function count(value: unknown, what: string): number {
    if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0) {
        throw new InvalidTypeError(`${what} is a whole number from 0, not ${typeof value === "number" ? value : kindOf(value)}`);
    }
    return value;
}

/** The bytes of what holds bytes. */
export function bytes(value: unknown): Uint8Array | undefined {
    if (value instanceof ArrayBuffer) return new Uint8Array(value);
    if (typeof SharedArrayBuffer !== "undefined" && value instanceof SharedArrayBuffer) return new Uint8Array(value).slice();
    if (!ArrayBuffer.isView(value)) return undefined;
    const view = new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
    // Other threads write to shared memory while it is read.
    return value.buffer instanceof ArrayBuffer ? view : new Uint8Array(view);
}

/** A list, which a string is not. */
export function iterable<T>(value: Iterable<T>, what: string): Iterable<T> {
    if (typeof value === "string" || typeof (value as Iterable<T> | null)?.[Symbol.iterator] !== "function") {
        throw new InvalidTypeError(`${what} is a list, not ${kindOf(value)}`);
    }
    return value;
}

/** What stands for whom to trust: it is always said. */
export function trust<T>(given: T | undefined): T {
    if (given === undefined) {
        throw new InvalidTypeError("whom to trust is always said", {
            hint: '{ trust: "example.com/log+3fedaab5+AepK..." } names the key of a log; { trust: null } trusts nobody in particular',
        });
    }
    return given;
}
