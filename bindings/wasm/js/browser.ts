// In browsers the module is fetched from beside this script; bundlers know the form and bring it along.

import { of } from "./api.js";

export * from "./errors.js";
export const { verify, inspect } = of(() => fetch(new URL("./verifier.wasm", import.meta.url)));
