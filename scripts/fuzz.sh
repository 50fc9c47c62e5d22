#!/usr/bin/env bash
# Builds every fuzz target and runs each for a while. Usage: scripts/fuzz.sh SECONDS [TARGET...]
# libFuzzer without cargo-fuzz and its nightly compiler: coverage is an ordinary pass of LLVM, and there is no unsafe code here
# that would need a sanitizer. The corpus is kept between runs; fuzz/seeds is what it starts from.
set -euo pipefail
cd "$(dirname "$0")/../fuzz"
seconds=$1
shift
cargo=${CARGO:-cargo}
target=${CARGO_TARGET_DIR:-$PWD/../target}/fuzz
corpus=${ZKL_FUZZ_CORPUS:-$target/corpus}
host=$(rustc -vV | sed -n 's/^host: //p')

coverage=(-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 -Cllvm-args=-sanitizer-coverage-trace-compares
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table)
# With a target of its own, build scripts and macros are left as they are.
CARGO_TARGET_DIR=$target RUSTFLAGS="${coverage[*]} --cfg fuzzing" "$cargo" build --locked --release --target "$host" --bins

names=("$@")
[ ${#names[@]} -gt 0 ] || for file in fuzz_targets/*.rs; do names+=("$(basename "$file" .rs)"); done
for name in "${names[@]}"; do
    mkdir -p "$corpus/$name" "artifacts/$name"
    seeds=()
    [ ! -d "seeds/$name" ] || seeds=("seeds/$name")
    log=$(mktemp)
    if ! "$target/$host/release/$name" -max_total_time="$seconds" -timeout=20 -rss_limit_mb=4096 -max_len=65536 \
        -artifact_prefix="artifacts/$name/" "$corpus/$name" "${seeds[@]}" >"$log" 2>&1; then
        cat "$log" >&2
        echo "fuzz: $name failed; the input is in fuzz/artifacts/$name" >&2
        exit 1
    fi
    printf 'fuzz: %s\n' "$name: $(grep -E '^Done ' "$log" || tail -n 1 "$log")"
    rm -f "$log"
done
