#!/usr/bin/env bash
# Builds zkl-wasm, and prints the directory of its package. KIND is what wasm-bindgen's --target takes: nodejs or web.
# Exits with 1 where there is no compiler for WebAssembly.
set -euo pipefail
cd "$(dirname "$0")/.."
kind=${1:-nodejs}
target=wasm32-unknown-unknown
tools=$(scripts/setup_wasm.sh)
eval "$tools"

# Kept apart from other builds: another compiler, another standard library.
export CARGO_TARGET_DIR=${XDG_CACHE_HOME:-$HOME/.cache}/zkl/wasm-target CARGO_INCREMENTAL=0
build=(cargo build --locked --profile wasm --target $target -p zkl-wasm)
if [ -n "$WASM_RUSTC" ]; then
    RUSTC=$WASM_RUSTC RUSTC_BOOTSTRAP=1 CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER=$WASM_LINKER \
        "${build[@]}" -Zbuild-std=std,panic_abort >&2
else
    "${build[@]}" >&2
fi

package=$CARGO_TARGET_DIR/package-$kind
"$WASM_BINDGEN" --target "$kind" --out-dir "$package" "$CARGO_TARGET_DIR/$target/wasm/zkl_wasm.wasm" >&2
printf '%s\n' "$package"
