// Times verification from Node, natively and as WebAssembly, and gives sizes. Figures are of this machine at this moment.
//
//     node scripts/bench_node.mjs DIRECTORY-OF-PACKAGES [RUNS]

import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { gzipSync } from "node:zlib";

const packages = path.resolve(process.argv[2]);
const runs = Number(process.argv[3] ?? 21);
const root = path.resolve(import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname), "..");
const LOG = "example.com/fixtures+3fedaab5+AepKbGPinFIKvvVQexMuxfmVR3auvr57kkIe6mkURtIs";
const receipts = ["v2/claim.receipt", "v5/claims.receipt"].map((name) => path.join(root, "crates/zkl-ledger/tests/fixtures", name));
const OPTIONS = JSON.stringify({ trust: LOG, allowForgeable: true });

const median = (times) => times.sort((a, b) => a - b)[times.length >> 1];
const ms = (time) => `${time.toFixed(1)} ms`;

/** Milliseconds of a process of its own. */
function whole(script) {
    const times = Array.from({ length: 5 }, () => {
        const begun = process.hrtime.bigint();
        execFileSync(process.execPath, ["--input-type=module", "-e", script]);
        return Number(process.hrtime.bigint() - begun) / 1e6;
    });
    return median(times);
}

const nothing = whole("");
console.log(`Node ${process.version}, ${process.platform} ${process.arch}; a process that does nothing: ${ms(nothing)}, taken off below`);
for (const [name, entry] of [["node", "node/dist/index.mjs"], ["verify", "verify/dist/node.js"]]) {
    const module = pathToFileURL(path.join(packages, entry)).href;
    const { verify } = await import(module);
    console.log(`${name}: import ${ms(whole(`await import("${module}")`) - nothing)}`);
    for (const file of receipts) {
        const receipt = readFileSync(file);
        const script = `import { readFileSync } from "node:fs"; import { verify } from "${module}"; await verify(readFileSync("${file}"), ${OPTIONS})`;
        const times = [];
        for (let run = 0; run < runs; run += 1) {
            const begun = process.hrtime.bigint();
            await verify(receipt, JSON.parse(OPTIONS));
            times.push(Number(process.hrtime.bigint() - begun) / 1e6);
        }
        const shown = path.relative(path.join(root, "crates/zkl-ledger/tests/fixtures"), file);
        console.log(`${name}: ${shown}, ${receipt.length} bytes: import and verify, cold ${ms(whole(script) - nothing)}; warm ${ms(median(times))} (median of ${runs})`);
    }
}

for (const name of readdirSync(packages).sort()) {
    const place = path.join(packages, name);
    if (name === "verify.html") {
        const page = readFileSync(place);
        console.log(`${name}: ${page.length} bytes, ${gzipSync(page).length} with gzip`);
    } else if (statSync(place).isDirectory() && name !== "project") {
        const work = mkdtempSync(path.join(tmpdir(), "zkl-bench-"));
        mkdirSync(path.join(work, "package"));
        cpSync(place, path.join(work, "package"), { recursive: true, dereference: true });
        const [{ size, unpackedSize }] = JSON.parse(execFileSync("npm", ["pack", path.join(work, "package"), "--json", "--dry-run"], { cwd: work }));
        rmSync(work, { recursive: true });
        console.log(`${name}: ${size} bytes packed, ${unpackedSize} unpacked`);
    }
}
const wasm = readFileSync(path.join(packages, "verify/dist/verifier.wasm"));
console.log(`verifier.wasm: ${wasm.length} bytes, ${gzipSync(wasm, { level: 9 }).length} with gzip`);
