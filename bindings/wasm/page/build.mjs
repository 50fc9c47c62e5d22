// Makes the page of one file: node build.mjs SCRIPT MODULE OUT. Style, script and module are in it, and its policy allows these and nothing else.

import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

const [scriptFile, moduleFile, out] = process.argv.slice(2);
const here = (name) => readFileSync(new URL(name, import.meta.url), "utf8");
const hash = (text) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;

const style = here("../../../crates/zkl-report/src/style.css") + here("page.css");
// The end of an element ends it wherever it stands.
const script = readFileSync(scriptFile, "utf8").replaceAll("</script", "<\\/script");
const module = gzipSync(readFileSync(moduleFile), { level: 9 }).toString("base64");
const policy = [
    "default-src 'none'",
    `script-src ${hash(script)} 'wasm-unsafe-eval'`,
    `style-src ${hash(style)}`,
    "base-uri 'none'",
    "form-action 'none'",
].join("; ");

const parts = { POLICY: policy, STYLE: style, VERIFIER: module, SCRIPT: script };
// In one pass: what is put in may look like a place for something else.
const page = here("page.html").replace(/@(POLICY|STYLE|VERIFIER|SCRIPT)@/g, (_, name) => parts[name]);
writeFileSync(out, page);
