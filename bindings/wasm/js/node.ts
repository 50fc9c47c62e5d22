// In Node the module is read from the file beside this one.

import { readFile } from "node:fs/promises";
import { join } from "node:path";

import { of } from "./api.js";

export * from "./errors.js";
export const { verify, inspect } = of(async () => new Uint8Array(await readFile(join(__dirname, "verifier.wasm"))));
