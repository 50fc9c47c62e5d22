// Every piece of code on the pages runs, in order, and prints what the page says. TypeScript accepts it, and the types of both packages.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { copyFile, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import path from "node:path";
import test from "node:test";
import { promisify } from "node:util";

import { ROOT, fixture } from "./shared.mjs";

const run = promisify(execFile);
const PAGES = ["docs/node.md", "bindings/node/README.md", "bindings/wasm/NPM.md"];
// Beside the packages, so that they are found by their names.
const HERE = process.env.ZKL_PROJECT;

/** Code of a language and what it prints. Blocks in lists are indented. */
function blocks(text, language) {
    const fence = new RegExp(`^( *)\`\`\`${language}\n([^]*?)^ *\`\`\`\n(?: *\`\`\`text\n([^]*?)^ *\`\`\`\n)?`, "gm");
    return [...text.matchAll(fence)].map(([, indent, code, printed = ""]) => {
        const outdent = (lines) => lines.replaceAll(new RegExp(`^${indent}`, "gm"), "");
        return { code: outdent(code), printed: outdent(printed) };
    });
}

/** The blocks as one module, which says after each that it is done. */
const joined = (found) => found.map(({ code }, index) => `${code}\nconsole.log("\\u0000${index}");\n`).join("");

for (const page of PAGES) {
    test(`code of ${page} prints what it says`, async (t) => {
        const work = await mkdtemp(path.join(HERE, "page-"));
        t.after(() => rm(work, { recursive: true, force: true }));
        const text = await readFile(path.join(ROOT, page), "utf8");
        // What the first lines of the READMEs speak of.
        await writeFile(path.join(work, "data.csv"), "age,sex\n34,f\n58,m\n41,f\n");
        const found = blocks(text, "js");
        assert.ok(found.length > 0);
        if (page.endsWith("NPM.md")) {
            await copyFile(fixture("v5/claims.receipt"), path.join(work, "claim.receipt"));
        }
        await writeFile(path.join(work, "page.mjs"), joined(found));
        const { stdout } = await run(process.execPath, ["page.mjs"], { cwd: work });
        const printed = stdout.split(/\u0000\d+\n/);
        for (const [index, { code, printed: expected }] of found.entries()) assert.equal(printed[index], expected, code);
        for (const { code, printed: expected } of blocks(text, "cjs")) {
            await writeFile(path.join(work, "page.cjs"), code);
            assert.equal((await run(process.execPath, ["page.cjs"], { cwd: work })).stdout, expected);
        }
    });
}

const OPTIONS = {
    strict: true,
    noEmit: true,
    target: "es2022",
    lib: ["es2023"],
    types: ["node"],
};

for (const [name, extension, options] of [
    ["ES modules of Node", "mts", { module: "node16", moduleResolution: "node16" }],
    ["CommonJS of Node", "cts", { module: "node16", moduleResolution: "node16" }],
    ["a bundler, with the types of browsers", "ts", { module: "esnext", moduleResolution: "bundler", lib: ["es2023", "dom"] }],
]) {
    test(`types are right for ${name}`, async (t) => {
        const work = await mkdtemp(path.join(HERE, "types-"));
        t.after(() => rm(work, { recursive: true, force: true }));
        const files = [];
        for (const [index, page] of PAGES.entries()) {
            const found = blocks(await readFile(path.join(ROOT, page), "utf8"), "js");
            // Modules of CommonJS do not await outside of functions.
            if (extension === "cts") continue;
            files.push(`page${index}.${extension}`);
            await writeFile(path.join(work, files.at(-1)), joined(found));
        }
        files.push(`example.${extension}`);
        await copyFile(path.join(ROOT, "bindings/node/tests/example.ts"), path.join(work, files.at(-1)));
        await writeFile(path.join(work, "tsconfig.json"), JSON.stringify({ compilerOptions: { ...OPTIONS, ...options }, files }));
        const compiled = await run(path.join(HERE, "node_modules/.bin/tsc"), ["--project", work]).catch((error) => error);
        assert.equal(compiled.stdout, "");
    });
}

test("packages have what their manifests say, for every way of resolving them", async (t) => {
    const work = await mkdtemp(path.join(HERE, "packages-"));
    t.after(() => rm(work, { recursive: true, force: true }));
    for (const name of ["verify", "node"]) {
        const { stdout } = await run("npm", ["pack", path.join(process.env.ZKL_NPM, name), "--json", "--ignore-scripts"], { cwd: work });
        const [{ filename, files }] = JSON.parse(stdout);
        assert.ok(!files.some(({ path: file }) => file.endsWith(".node")), "the native module is a package of its own");
        for (const file of ["README.md", "LICENSE-MIT", "LICENSE-APACHE", "package.json"]) assert.ok(files.some(({ path: packed }) => packed === file), file);
        const tarball = path.join(work, filename);
        const bin = (program) => path.join(HERE, "node_modules/.bin", program);
        await run(bin("publint"), [tarball, "--strict"]).catch(({ stdout: said, stderr }) => assert.fail(said + stderr));
        // Of the verifier the module of WebAssembly is no script.
        const attw = [tarball, "--exclude-entrypoints", "./verifier.wasm", "--no-definitely-typed", "--no-emoji"];
        await run(bin("attw"), attw).catch(({ stdout: said, stderr }) => assert.fail(said + stderr));
    }
});

test("packed packages are installed and used, without the network", async (t) => {
    const work = await mkdtemp(path.join(HERE, "installed-"));
    t.after(() => rm(work, { recursive: true, force: true }));
    const system = process.env.ZKL_SYSTEM;
    const tarballs = [];
    for (const name of ["verify", "node"]) {
        const { stdout } = await run("npm", ["pack", path.join(process.env.ZKL_NPM, name), "--json", "--ignore-scripts"], { cwd: work });
        tarballs.push(`./${JSON.parse(stdout)[0].filename}`);
    }
    await writeFile(path.join(work, "package.json"), '{"private": true}');
    await run("npm", ["install", "--offline", "--omit=optional", "--no-audit", "--no-fund", ...tarballs], { cwd: work });
    const say = 'const { Ledger } = require("@zkp-dataset-ledger/node"); new Ledger("memory:").datasets().then((found) => console.log(found.length))';
    // Without the module of the system it says what is missing.
    const missing = await run(process.execPath, ["-e", say], { cwd: work }).catch((error) => error);
    assert.match(missing.stderr, /there is no native module for/);
    // The module of a test build is large: it is linked, not packed.
    await mkdir(path.join(work, "node_modules/@zkp-dataset-ledger"), { recursive: true });
    await symlink(path.join(process.env.ZKL_NPM, `node-${system}`), path.join(work, `node_modules/@zkp-dataset-ledger/node-${system}`));
    assert.equal((await run(process.execPath, ["-e", say], { cwd: work })).stdout, "0\n");
    const manifest = JSON.parse(await readFile(path.join(process.env.ZKL_NPM, `node-${system}/package.json`), "utf8"));
    const main = JSON.parse(await readFile(path.join(process.env.ZKL_NPM, "node/package.json"), "utf8"));
    assert.equal(main.optionalDependencies[manifest.name], main.version);
    assert.deepEqual([manifest.os, manifest.cpu, manifest.version], [[process.platform], [process.arch], main.version]);
});
