#!/usr/bin/env bash
# Builds zkl-wasm and, in Node, verifies stored receipts with it. KIND is what wasm-bindgen's --target takes: nodejs or web.
# Says so and is content where there is no Node or no compiler for WebAssembly.
set -euo pipefail
cd "$(dirname "$0")/.."
kind=${1:-nodejs}
say() { printf 'wasm: %s\n' "$*" >&2; }

command -v node >/dev/null || { say "there is no Node here: not tested"; exit 0; }
scripts/setup_wasm.sh >/dev/null || { say "there is no compiler for WebAssembly here: not tested"; exit 0; }
package=$(scripts/wasm_build.sh "$kind")
module=$package/zkl_wasm_bg.wasm
say "$package: $(stat -c %s "$module") bytes, $(gzip -9c "$module" | wc -c) with gzip"
[ "$kind" != nodejs ] || ZKL_WASM=$package/zkl_wasm.js node --test bindings/wasm/tests/verify.test.cjs
