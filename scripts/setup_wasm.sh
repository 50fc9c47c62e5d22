#!/usr/bin/env bash
# Installs what `make wasm` needs and the machine lacks, once, under ~/.cache/zkl: a compiler with WebAssembly, and
# wasm-bindgen's program. Prints assignments for the shell; exits with 1 where they cannot be had.
set -euo pipefail
. "$(dirname "$0")/one_at_a_time.sh"
cd "$(dirname "$0")/.."
cache=${XDG_CACHE_HOME:-$HOME/.cache}/zkl
toolchain=$cache/wasm-toolchain
tools=$cache/wasm-tools
target=wasm32-unknown-unknown

say() { printf 'setup: %s\n' "$*" >&2; }
has_target() { [ -d "$(rustc --print target-libdir --target $target 2>/dev/null || echo /nowhere)" ]; }

# Debian's compiler for browsers brings the standard library as source; unpacked, it stays beside whatever is installed.
unpack_debian() {
    [ ! -x "$toolchain/bin/rustc" ] || return 0
    command -v apt-get >/dev/null && apt-cache show rustc-web rust-web-src lld-22 >/dev/null 2>&1 || return 1
    say "unpacking Debian's rustc-web into $toolchain"
    rm -rf "$toolchain" && mkdir -p "$toolchain/bin" "$toolchain/debs"
    local libstd
    libstd=$(apt-cache depends rustc-web libstd-rust-web-dev | sed -n 's/^ *Depends: \(libstd-rust-web-[0-9.]*\)$/\1/p' | head -1)
    (cd "$toolchain/debs" && apt-get download -qq rustc-web "$libstd" libstd-rust-web-dev rust-web-src lld-22 libllvm22 >&2 2>/dev/null) || return 1
    for deb in "$toolchain"/debs/*.deb; do dpkg-deb -x "$deb" "$toolchain/root"; done
    rm -r "$toolchain/debs"
    local usr=$toolchain/root/usr
    local libs; libs=$(echo "$usr"/lib/*-linux-gnu)
    printf '#!/bin/sh\nLD_LIBRARY_PATH=%s exec %s "$@"\n' "$libs" "$usr/bin/wasm-ld-22" > "$toolchain/bin/wasm-ld"
    printf '#!/bin/sh\nLD_LIBRARY_PATH=%s exec %s "$@"\n' "$libs" "$usr/bin/rustc" > "$toolchain/rustc.new"
    chmod +x "$toolchain/bin/wasm-ld" "$toolchain/rustc.new"
    # Last, so that an interrupted set-up begins anew.
    mv "$toolchain/rustc.new" "$toolchain/bin/rustc"
}

if has_target || { command -v rustup >/dev/null && rustup target add $target >&2; }; then
    echo "WASM_RUSTC=''"
elif unpack_debian; then
    echo "WASM_RUSTC='$toolchain/bin/rustc' WASM_LINKER='$toolchain/bin/wasm-ld'"
else
    say "no compiler with $target: try 'rustup target add $target'"
    exit 1
fi

version=$(sed -n '/^name = "wasm-bindgen"$/{n;s/^version = "\(.*\)"/\1/p}' Cargo.lock)
if ! "$tools/bin/wasm-bindgen" --version 2>/dev/null | grep -qF " $version"; then
    say "installing wasm-bindgen $version"
    (unset CARGO_TARGET_DIR; cargo install --quiet wasm-bindgen-cli --version "$version" --root "$tools" --force >&2) || exit 1
fi
echo "WASM_BINDGEN='$tools/bin/wasm-bindgen'"
