// Bundles the page: node build.mjs DIRECTORY. One script, one style without the fonts that it would embed, and the licences of what is in them.
import { readFile, readdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const out = process.argv[2];
const built = await build({
    entryPoints: ["main.js"],
    bundle: true,
    minify: true,
    charset: "utf8",
    format: "esm",
    target: "es2022",
    define: { "process.env.NODE_ENV": '"production"' },
    legalComments: "none",
    metafile: true,
    write: false,
    outfile: "app.js",
});
for (const file of built.outputFiles) {
    const text = file.path.endsWith(".css") ? file.text.replace(/@font-face\s*{[^}]*}/g, "") : file.text;
    await writeFile(path.join(out, path.basename(file.path)), text);
    await writeFile(path.join(out, `${path.basename(file.path)}.gz`), gzipSync(text, { level: 9 }));
}

const packages = new Set();
for (const input of Object.keys(built.metafile.inputs)) {
    const found = input.match(/^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//);
    if (found) packages.add(found[1]);
}
let licences = "The page of GraphiQL holds these packages, as their licences ask to be told.\n";
for (const place of [...packages].sort()) {
    const { name, version, license } = JSON.parse(await readFile(path.join(place, "package.json"), "utf8"));
    const file = (await readdir(place)).find((file) => /^licen[cs]e(\.md|\.txt)?$/i.test(file));
    const text = file ? (await readFile(path.join(place, file), "utf8")).replaceAll("\r", "").trim() : `Licence: ${license}`;
    licences += `\n${"-".repeat(80)}\n${name} ${version} (${license})\n\n${text}\n`;
}
await writeFile(path.join(out, "LICENSES.txt"), licences);
