#!/usr/bin/env bash
# Every crate that is published can be packaged: metadata, README, versions of what it depends on, and no file from outside of it.
set -euo pipefail
cd "$(dirname "$0")/.."
cargo=${CARGO:-cargo}
fail=0
complain() { printf 'package: %s\n' "$*" >&2; fail=1; }

names=$("$cargo" metadata --locked --format-version 1 --no-deps | python3 -c '
import json, os, sys
for package in json.load(sys.stdin)["packages"]:
    if package["publish"] == []:
        continue
    for field in ("description", "license", "repository", "readme"):
        if not package[field]:
            print(package["name"], "has no", field, file=sys.stderr)
            sys.exit(1)
    print(package["name"])
') || exit 1

# What is compiled into a crate must be in its package.
while IFS=: read -r file _ line; do
    named=$(sed -E 's/.*include_(str|bytes)!\("([^"]*)"\).*/\2/' <<<"$line")
    crate=${file#crates/}
    crate=$PWD/crates/${crate%%/*}
    path=$(realpath -m "$(dirname "$file")/$named")
    [[ $path == "$crate"/* ]] || complain "$file takes $named from outside of its crate"
done < <(grep -rnE 'include_(str|bytes)!\("' crates/*/src)

# Into a directory of its own: the packages are not wanted.
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
args=(package --locked --offline --no-verify --allow-dirty --quiet --target-dir "$work")
for name in $names; do args+=(-p "$name"); done
"$cargo" "${args[@]}" || complain "cargo package failed"
count=$(find "$work/package" -maxdepth 1 -name '*.crate' | wc -l)
[ "$count" = "$(wc -w <<<"$names")" ] || complain "$count packages of $(wc -w <<<"$names") crates"
# A package that names another place than the registry cannot be published.
for package in "$work"/package/*.crate; do
    if tar -xzOf "$package" --wildcards '*/Cargo.toml' | grep -qE '^path = "(\.\.|/)'; then complain "$(basename "$package") depends on a path"; fi
done
[ "$fail" = 0 ] && printf 'package: %s crates\n' "$count"
exit "$fail"
