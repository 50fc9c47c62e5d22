#!/usr/bin/env bash
# Makes the npm packages in OUT: `verify` (with its page, verify.html, beside it) and, of a native module that was built, `node` and the package of this system.
# Usage: scripts/npm_packages.sh OUT [DIRECTORY-OF-libzkl_node]
# OUT/node runs as it lies there; what is published is OUT/node without the module, and one package for each system (docs/node.md). SYSTEMS names those that a release
# has, this one unless it says otherwise.
set -euo pipefail
cd "$(dirname "$0")/.."
mkdir -p "$1"
out=$(realpath "$1")
built=${2:+$(realpath "$2")}
tools=$(scripts/setup_node.sh)
tsc=$tools/node_modules/.bin/tsc
esbuild=$tools/node_modules/.bin/esbuild
stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT
# Types of Node are found beside what is compiled.
ln -s "$tools/node_modules" "$stage/node_modules"

# A copy without symbols, which are three quarters of a module.
stripped() {
    local options
    case $1 in *.dylib) options=(-x) ;; *) options=(--strip-unneeded) ;; esac
    if command -v strip >/dev/null; then
        strip "${options[@]}" -o "$2" "$1"
    else
        echo "npm: no strip here, so the module keeps its symbols and is four times as large" >&2
        cp "$1" "$2"
    fi
}
licensed() { cp LICENSE-APACHE LICENSE-MIT "$1"; }

# The verifier: one script for each kind of module over the same WebAssembly.
make_verify() {
    local glue module
    glue=$(scripts/wasm_build.sh web)
    module=$glue/zkl_wasm_bg.wasm
    mkdir -p "$stage/verify"
    cp -r bindings/wasm/js bindings/wasm/tsconfig.json bindings/wasm/package.json "$stage/verify"
    cp bindings/common/js/* "$glue/zkl_wasm.js" "$glue/zkl_wasm.d.ts" "$stage/verify/js"
    "$tsc" --project "$stage/verify"
    rm -rf "$out/verify"
    mkdir -p "$out/verify/dist"
    local dist=$out/verify/dist js=$stage/verify/js types=$stage/verify/types
    local bundle=("$esbuild" --bundle --log-level=warning --target=es2022 --legal-comments=none)
    "${bundle[@]}" --format=cjs --platform=node --log-override:empty-import-meta=silent --outfile="$dist/index.cjs" "$js/node.ts"
    "${bundle[@]}" --format=esm --outfile="$dist/browser.js" "$js/browser.ts"
    "${bundle[@]}" --format=iife --minify --log-override:empty-import-meta=silent --outfile="$stage/page.js" "$js/page.ts"
    # One module in Node, however it is asked for: its errors are instances of one class.
    {
        printf 'import module from "./index.cjs";\n\nexport const {\n'
        node -p 'Object.keys(require(process.argv[1])).map((name) => `    ${name},`).join("\n")' "$dist/index.cjs"
        printf '} = module;\n'
    } >"$dist/node.js"
    cp "$module" "$dist/verifier.wasm"
    cp "$js/index.d.ts" "$js/verdict.d.ts" "$types/errors.d.ts" "$types/shown.d.ts" "$dist"
    local file
    for file in index verdict errors shown; do sed -E 's/(from "\.\/[a-z]+)\.js"/\1.cjs"/' "$dist/$file.d.ts" >"$dist/$file.d.cts"; done
    cp bindings/wasm/package.json "$out/verify"
    cp bindings/wasm/NPM.md "$out/verify/README.md"
    licensed "$out/verify"
    node bindings/wasm/page/build.mjs "$stage/page.js" "$module" "$out/verify.html"
}

make_node() {
    mkdir -p "$stage/node"
    cp -r bindings/node/js bindings/node/tsconfig.json bindings/node/package.json "$stage/node"
    cp bindings/common/js/* "$stage/node/js"
    "$tsc" --project "$stage/node"
    rm -rf "$out/node"
    mkdir -p "$out/node"
    local dist=$out/node/dist
    cp -r "$stage/node/dist" "$dist"
    cp bindings/common/js/verdict.d.ts "$dist"
    cp bindings/node/package.json bindings/node/README.md "$out/node"
    licensed "$out/node"
    local system name module
    system=$(node -p 'const libc = process.report.getReport().header.glibcVersionRuntime ? "-gnu" : "-musl";
        `${process.platform}-${process.arch}${process.platform === "linux" ? libc : ""}`')
    name=node-$system
    rm -rf "${out:?}/$name"
    mkdir -p "$out/$name"
    for module in libzkl_node.so libzkl_node.dylib; do
        [ ! -e "$built/$module" ] || stripped "$built/$module" "$out/$name/zkl_node.$system.node"
    done
    # Shared, not copied: a module of a test build is large.
    ln -f "$out/$name/zkl_node.$system.node" "$dist/"
    # ES modules have the same objects, by the names that the types have.
    {
        printf 'import module from "./index.js";\n\nexport const {\n'
        node -p 'Object.keys(require(process.argv[1])).map((name) => `    ${name},`).join("\n")' "$dist/index.js"
        printf '} = module;\n'
    } >"$dist/index.mjs"
    printf 'export * from "./index.js";\n' >"$dist/index.d.mts"
    node - "$out/node/package.json" "$out/$name" "$system" "${SYSTEMS:-$system}" <<'JS'
const { readFileSync, writeFileSync } = require("node:fs");
const [, , main, directory, system, systems] = process.argv;
const manifest = JSON.parse(readFileSync(main, "utf8"));
const { version, license, repository, engines } = manifest;
manifest.optionalDependencies = Object.fromEntries(systems.split(" ").map((name) => [`@zkp-dataset-ledger/node-${name}`, version]));
writeFileSync(main, `${JSON.stringify(manifest, null, 4)}\n`);
const [os, cpu, libc] = system.split("-");
const name = `@zkp-dataset-ledger/node-${system}`;
const description = `The native module of @zkp-dataset-ledger/node for ${system}`;
const module = `zkl_node.${system}.node`;
const names = { gnu: "glibc", musl: "musl" };
const made = { name, version, description, license, repository, engines, main: module, files: [module, "LICENSE-*"], os: [os], cpu: [cpu], ...(libc && { libc: [names[libc]] }) };
writeFileSync(`${directory}/package.json`, `${JSON.stringify(made, null, 4)}\n`);
writeFileSync(`${directory}/README.md`, `# ${name}\n\n${description}. Install that one: npm brings this.\n`);
JS
    licensed "$out/$name"
}

[ "${ONLY:-}" = node ] || make_verify
[ -z "$built" ] || make_node
