#!/usr/bin/env bash
# Tests both npm packages: the native one with the module of an ordinary build, the verifier as WebAssembly, the pages of docs, types, manifests, and the page in a
# real browser. Usage: scripts/test_node.sh TARGET-DIRECTORY/debug [DIRECTORY-FOR-SCREENSHOTS]
# Says so and is content where there is no Node; without a compiler for WebAssembly it leaves out the verifier, and what needs it.
set -euo pipefail
cd "$(dirname "$0")/.."
say() { printf 'node: %s\n' "$*" >&2; }
command -v node >/dev/null || { say "there is no Node here: not tested"; exit 0; }
built=$(realpath "$1")
shots=${2:-}
tools=$(scripts/setup_node.sh)
out=$built/npm
if scripts/setup_wasm.sh >/dev/null; then
    scripts/npm_packages.sh "$out" "$built"
else
    say "there is no compiler for WebAssembly here: the verifier is not tested"
    ONLY=node scripts/npm_packages.sh "$out" "$built"
    rm -rf "$out/verify" "$out/verify.html"
fi

# A project that has both, by their names, and what its tests need.
project=$out/project
rm -rf "$project"
mkdir -p "$project/node_modules/@zkp-dataset-ledger" "$project/node_modules/@types"
ln -s "$tools/node_modules/.bin" "$project/node_modules/.bin"
for name in typescript apache-arrow @types/node; do ln -s "$tools/node_modules/$name" "$project/node_modules/$name"; done
for name in node verify; do [ ! -e "$out/$name" ] || ln -s "$out/$name" "$project/node_modules/@zkp-dataset-ledger/$name"; done
cp bindings/node/tests/*.mjs "$project"
export ZKL_ROOT=$PWD ZKL_NPM=$out ZKL_PROJECT=$project
ZKL_SYSTEM=$(basename "$out"/node-*-*); export ZKL_SYSTEM=${ZKL_SYSTEM#node-}
tests=("$project/ledger.test.mjs" "$project/calls.test.mjs")
if [ -e "$out/verify" ]; then
    cp bindings/wasm/tests/*.mjs "$project"
    tests+=("$project/package.test.mjs" "$project/docs.test.mjs")
fi
(cd "$project" && node --test "${tests[@]}")
[ ! -e "$out/verify" ] || scripts/verify_page_test.sh "$out" "$shots"
