#!/usr/bin/env bash
# Lays out the Python package as it would be installed, with the native module of an ordinary build, beside that build, so that nothing is left in the tree. Prints where.
# Usage: scripts/python_package.sh TARGET-DIRECTORY/debug
set -euo pipefail
cd "$(dirname "$0")/.."
built=$(realpath "$1")
package=$built/python
rm -rf "$package"
mkdir -p "$package/zkp_dataset_ledger-0.dist-info"
cp -r bindings/python/python/zkp_dataset_ledger "$package/"
for module in lib_native.so lib_native.dylib; do
    [ ! -e "$built/$module" ] || cp "$built/$module" "$package/zkp_dataset_ledger/_native.abi3.so"
done
printf 'Metadata-Version: 2.1\nName: zkp-dataset-ledger\nVersion: 0\n' >"$package/zkp_dataset_ledger-0.dist-info/METADATA"
# The plugins of pyproject.toml, in the form that installers write.
sed -n '/^\[project.entry-points/,/^$/{s/^\[project.entry-points."\(.*\)"\]$/[\1]/; s/"//g; /^$/d; p}' bindings/python/pyproject.toml \
    >"$package/zkp_dataset_ledger-0.dist-info/entry_points.txt"
printf '%s\n' "$package"
