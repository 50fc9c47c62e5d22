#!/usr/bin/env bash
# Installs what building and testing needs on this machine, once. Quiet and quick when nothing is missing.
set -euo pipefail
. "$(dirname "$0")/one_at_a_time.sh"
cd "$(dirname "$0")/.."

say() { printf 'setup: %s\n' "$*" >&2; }

if ! command -v cargo >/dev/null; then
    say "cargo is not on PATH. Install Rust (https://rustup.rs), then run this again."
    exit 1
fi

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; elif command -v sudo >/dev/null; then sudo "$@"; else return 1; fi
}

# RocksDB: Debian's library links in seconds; the bundled C++ takes 12 to 20 minutes.
find_rocksdb() {
    for dir in "/usr/lib/$(gcc -print-multiarch 2>/dev/null)" /usr/lib/x86_64-linux-gnu /usr/lib/aarch64-linux-gnu /usr/lib; do
        if [ -e "$dir/librocksdb.so" ] && [ -e /usr/include/rocksdb/c.h ]; then printf '%s' "$dir"; return 0; fi
    done
    return 1
}
# The bindings are generated with libclang, which needs its own headers beside the library.
have_libclang() { ls /usr/lib/llvm-*/lib/libclang.so >/dev/null 2>&1 && ls /usr/lib/llvm-*/lib/clang/*/include/stddef.h >/dev/null 2>&1; }

if command -v apt-get >/dev/null && ! { find_rocksdb >/dev/null && have_libclang; }; then
    say "installing librocksdb-dev and libclang-dev"
    as_root env DEBIAN_FRONTEND=noninteractive apt-get update -qq >&2 \
        && as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
            librocksdb-dev libclang-dev pkg-config >/dev/null \
        || say "could not install them; the bundled RocksDB will be compiled, which takes up to 20 minutes"
fi

# A token in software, for the tests of keys on tokens. Nothing links it: they are skipped without it, and say so.
have_softhsm() { command -v softhsm2-util >/dev/null; }
if command -v apt-get >/dev/null && ! have_softhsm; then
    say "installing softhsm2"
    as_root env DEBIAN_FRONTEND=noninteractive apt-get update -qq >&2 \
        && as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends softhsm2 >/dev/null \
        || say "could not install it; the tests of keys on tokens will be skipped"
fi

# Plain `cargo build` must find the library too, so the choice goes into an untracked cargo configuration.
mkdir -p .cargo
if dir=$(find_rocksdb); then
    wanted=$(printf '[env]\nROCKSDB_LIB_DIR = "%s"\nROCKSDB_INCLUDE_DIR = "/usr/include"\n' "$dir")
    if [ ! -f .cargo/config.toml ]; then
        printf '%s\n' "$wanted" > .cargo/config.toml
        say "linking RocksDB from $dir"
    fi
fi
