#!/usr/bin/env bash
# Installs a browser (Debian's Chromium, or one that is there) and what drives it (Playwright and axe, npm), outside the tree. Prints the
# directory of the packages and the browser. Quiet and quick when nothing is missing.
set -euo pipefail
. "$(dirname "$0")/one_at_a_time.sh"
packages="${XDG_CACHE_HOME:-$HOME/.cache}/zkl/browser"

say() { printf 'setup: %s\n' "$*" >&2; }

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; elif command -v sudo >/dev/null; then sudo "$@"; else return 1; fi
}

browser() { command -v chromium || command -v chromium-browser || command -v google-chrome; }

missing=()
browser >/dev/null || missing+=(chromium)
command -v npm >/dev/null || missing+=(npm)
if [ "${#missing[@]}" != 0 ]; then
    command -v apt-get >/dev/null || { say "please install ${missing[*]}"; exit 1; }
    say "installing ${missing[*]}"
    as_root env DEBIAN_FRONTEND=noninteractive apt-get update -qq >&2
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
fi
if [ ! -d "$packages/node_modules/playwright-core" ] || [ ! -d "$packages/node_modules/axe-core" ]; then
    say "installing playwright-core and axe-core"
    mkdir -p "$packages"
    npm install --prefix "$packages" --silent --no-audit --no-fund 'playwright-core@1' 'axe-core@4' >&2
fi
printf '%s\n%s\n' "$packages" "$(browser)"
