#!/usr/bin/env bash
# Opens the page that verifies without a server, and the example of docs/node.md, in a real browser. Usage: scripts/verify_page_test.sh DIRECTORY-OF-PACKAGES [DIRECTORY-FOR-SCREENSHOTS]
set -euo pipefail
cd "$(dirname "$0")/.."
packages=$(realpath "$1")
{ read -r tools; read -r browser; } < <(scripts/setup_browser.sh)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
shots=${2:-$work}
mkdir -p "$shots"
timeout 300 node bindings/wasm/tests/page.mjs "$tools" "$browser" "$packages" "$PWD" "$work" "$(realpath "$shots")"
