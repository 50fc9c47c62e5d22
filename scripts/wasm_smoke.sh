#!/usr/bin/env bash
# Builds zkl-wasm and, in Node, verifies stored receipts with it. KIND is what wasm-bindgen's --target takes: nodejs or web.
# Says so and is content where there is no Node or no compiler for WebAssembly.
set -euo pipefail
cd "$(dirname "$0")/.."
kind=${1:-nodejs}
target=wasm32-unknown-unknown
say() { printf 'wasm: %s\n' "$*" >&2; }

command -v node >/dev/null || { say "there is no Node here: not tested"; exit 0; }
tools=$(scripts/setup_wasm.sh) || { say "there is no compiler for WebAssembly here: not tested"; exit 0; }
eval "$tools"

# Kept apart from other builds: another compiler, another standard library.
export CARGO_TARGET_DIR=${XDG_CACHE_HOME:-$HOME/.cache}/zkl/wasm-target CARGO_INCREMENTAL=0
build=(cargo build --locked --profile wasm --target $target -p zkl-wasm)
if [ -n "$WASM_RUSTC" ]; then
    RUSTC=$WASM_RUSTC RUSTC_BOOTSTRAP=1 CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER=$WASM_LINKER \
        "${build[@]}" -Zbuild-std=std,panic_abort
else
    "${build[@]}"
fi

package=$CARGO_TARGET_DIR/package-$kind
"$WASM_BINDGEN" --target "$kind" --out-dir "$package" "$CARGO_TARGET_DIR/$target/wasm/zkl_wasm.wasm"
module=$package/zkl_wasm_bg.wasm
say "$package: $(stat -c %s "$module") bytes, $(gzip -9c "$module" | wc -c) with gzip"
[ "$kind" != nodejs ] || ZKL_WASM=$package/zkl_wasm.js node --test bindings/wasm/tests/verify.test.cjs
