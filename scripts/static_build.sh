#!/usr/bin/env bash
# Builds programs for release, stripped, so that they need nothing of the distribution that runs them but the C library, and the verifier not even
# that. The same commit gives the same bytes in every directory, with the same compiler and the same static libraries of the system.
# Usage: scripts/static_build.sh verifier|server DIRECTORY
#   verifier  zkl-verify
#   server    zkl and zkl-server, with every store
# ZKL_COMMIT is what --version says.
set -euo pipefail
what=$1
mkdir -p "$2"
out=$(realpath "$2")
cd "$(dirname "$0")/.."
target=$(rustc -vV | sed -n 's/^host: //p')
export CARGO_INCREMENTAL=0 CARGO_TERM_COLOR=never
export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || echo 0)}
export ZKL_COMMIT=${ZKL_COMMIT:-$(git rev-parse HEAD 2>/dev/null || echo unknown)}
say() { printf 'build: %s\n' "$*" >&2; }

# Where sources lie is no part of the program.
home=${CARGO_HOME:-$HOME/.cargo}
flags="--remap-path-prefix=$home=/cargo --remap-path-prefix=$PWD=/zkl --remap-path-prefix=$(rustc --print sysroot)=/rust"
export CFLAGS="-ffile-prefix-map=$home=/cargo -ffile-prefix-map=$PWD=/zkl"
cargo=(cargo)
# What a binary was built of, inside it, for `cargo audit bin`.
if command -v cargo-auditable >/dev/null; then cargo+=(auditable); fi
build() { RUSTFLAGS="$flags" "${cargo[@]}" build --profile dist --locked --target "$target" "$@"; }

case $what in
verifier)
    flags+=" -C target-feature=+crt-static"
    build -p zkl-verify
    programs=(zkl-verify)
    ;;
server)
    # The linker takes the first library of a name that it finds. Here are only archives: RocksDB's, those of what it compresses with, and the C++ and
    # unwinding libraries of the compiler. Keys on tokens need a C library that loads modules, so that one stays a shared library.
    archives=$(mktemp -d)
    trap 'rm -rf "$archives"' EXIT
    for name in librocksdb libsnappy libbz2 libz libstdc++; do
        file=$(g++ -print-file-name=$name.a)
        [ -e "$file" ] || { say "$name.a is not here: install librocksdb-dev libsnappy-dev libbz2-dev zlib1g-dev"; exit 1; }
        ln -s "$(realpath "$file")" "$archives/$name.a"
    done
    ln -s "$(realpath "$(g++ -print-file-name=libgcc_eh.a)")" "$archives/libgcc_s.a"
    export ROCKSDB_LIB_DIR=$archives ROCKSDB_STATIC=1 ROCKSDB_INCLUDE_DIR=${ROCKSDB_INCLUDE_DIR:-/usr/include} LIBRARY_PATH=$archives
    flags+=" -C link-arg=-lsnappy -C link-arg=-lbz2 -C link-arg=-lz -C link-arg=-lstdc++"
    build -p zkl-cli -p zkl-server --features zkl-cli/full,zkl-cli/serve,zkl-server/pg,zkl-server/s3,zkl-server/pkcs11 --bin zkl --bin zkl-server
    programs=(zkl zkl-server)
    ;;
*)
    say "verifier or server?"
    exit 2
    ;;
esac

built=$(cargo metadata --format-version 1 --no-deps | sed -n 's/.*"target_directory":"\([^"]*\)".*/\1/p')/$target/dist
for program in "${programs[@]}"; do
    install -m 755 "$built/$program" "$out/$program"
    say "$program: $(stat -c %s "$out/$program") bytes, needs $(objdump -p "$out/$program" | sed -n 's/^  NEEDED *//p' | paste -sd ' ' | sed 's/^$/nothing/')"
done
