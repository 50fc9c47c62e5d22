// Places in the file system, as callers name them.

import { fileURLToPath } from "node:url";

import { text } from "./checks.js";
import { InvalidTypeError } from "./errors.js";

/** A path of the file system. */
export function path(value: unknown, what: string): string {
    if (value instanceof URL) {
        if (value.protocol !== "file:") throw new InvalidTypeError(`${what} is in the file system, not at ${value.protocol}`);
        return fileURLToPath(value);
    }
    return text(value, what, "pass a path as a string or a file: URL");
}

export function optionalPath(value: unknown, what: string): string | null {
    return value === undefined || value === null ? null : path(value, what);
}
