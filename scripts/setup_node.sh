#!/usr/bin/env bash
# Installs what the npm packages are made and tested with (TypeScript, esbuild, publint, arethetypeswrong, Apache Arrow), outside the tree, and prints where.
# Quiet and quick when nothing is missing.
set -euo pipefail
. "$(dirname "$0")/one_at_a_time.sh"
tools="${XDG_CACHE_HOME:-$HOME/.cache}/zkl/node"
packages=(typescript@7 @types/node@20 esbuild@0.28 publint@0.3 @arethetypeswrong/cli@0.18 apache-arrow@21)

say() { printf 'setup: %s\n' "$*" >&2; }

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; elif command -v sudo >/dev/null; then sudo "$@"; else return 1; fi
}

if ! command -v npm >/dev/null; then
    command -v apt-get >/dev/null || { say "please install npm"; exit 1; }
    say "installing npm"
    as_root env DEBIAN_FRONTEND=noninteractive apt-get update -qq >&2
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends npm >/dev/null
fi
if [ "$(cat "$tools/installed" 2>/dev/null)" != "${packages[*]}" ]; then
    say "installing ${packages[*]}"
    mkdir -p "$tools"
    npm install --prefix "$tools" --silent --no-audit --no-fund "${packages[@]}" >&2
    # Last, so that an interrupted set-up begins anew.
    printf '%s\n' "${packages[*]}" >"$tools/installed"
fi
printf '%s\n' "$tools"
