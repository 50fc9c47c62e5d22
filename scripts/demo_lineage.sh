#!/usr/bin/env bash
# From raw data to an audited training set: the commands of docs/lineage.md, in a directory of their own, and the auditor's in another one.
# Usage: scripts/demo_lineage.sh PATH-TO-ZKL
set -euo pipefail
cd "$(dirname "$0")/.."
zkl=$(realpath "$1")
CLONE=$PWD
export CLONE PATH="${zkl%/*}:$PATH"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/hospital" "$work/auditor"

# The lines of a block, shown and run.
block() {
    local lines
    lines=$(awk -v name="\`\`\`sh $1" '$0 == name { on = 1; next } /^```/ { on = 0 } on' "$CLONE/docs/lineage.md")
    [ -n "$lines" ] || { echo "docs/lineage.md has no block $1" >&2; exit 1; }
    printf '\n%s\n' "$lines" | sed 's/^./$ &/'
    bash -euo pipefail -c "$lines"
}

cd "$work/hospital"
for name in begin clean split disjoint erase false lineage publish; do block "$name"; done

printf '\n== The auditor, in an empty directory, with four receipts and the key of the log\n'
cp -r receipts hospital.txt "$work/auditor/"
rm -rf "$work/hospital"
cd "$work/auditor"
ls -R
for name in audit report; do block "$name"; done
cat lineage.mmd
