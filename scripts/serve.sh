#!/usr/bin/env bash
# A demo: a ledger in a temporary directory behind the server, a key, and commands that work. Ctrl-C ends it and removes the directory.
# Usage: scripts/serve.sh DIRECTORY-OF-zkl-AND-zkl-server
set -euo pipefail
cd "$(dirname "$0")/.."
bin=$(realpath "$1")
table=$PWD/examples/data/penguins.csv
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

"$bin/zkl" --quiet init --origin demo.example/ledger >/dev/null
"$bin/zkl" --quiet notarize "$table" --name demo/penguins --joint species,sex --attest-only >/dev/null
key=$("$bin/zkl-server" key create demo --grant 'read:*' --grant 'write:demo/*' --grant 'prove:demo/*' --grant verify --expires-in-days 1 2>log) || { cat log >&2; exit 1; }

"$bin/zkl-server" serve --listen "${ZKL_LISTEN:-127.0.0.1:8400}" --grpc-listen "${ZKL_GRPC_LISTEN:-127.0.0.1:8401}" --public-verify \
    >address 2>log &
server=$!
trap 'kill "$server" 2>/dev/null || true; wait "$server" 2>/dev/null || true; rm -rf "$work"' EXIT
trap exit INT TERM
until grep -q "^gRPC" address || ! kill -0 "$server" 2>/dev/null; do sleep 0.1; done
url=$(sed -n 's/^listening on //p' address)
grpc=$(sed -n 's/^gRPC on //p' address)
[ -n "$grpc" ] || { cat log >&2; exit 1; }

cat <<END
The demo ledger is served at $url, and gone when this ends (Ctrl-C).

export KEY=$key

# What is there: over REST, over gRPC (npx fetches buf, once), over GraphQL
curl -s -H "Authorization: Bearer \$KEY" $url/api/v1/datasets
npx --yes @bufbuild/buf curl --protocol grpc -H "Authorization: Bearer \$KEY" http://$grpc/zkl.v1.Ledger/ListDatasets
curl -s -H "Authorization: Bearer \$KEY" --json '{"query": "{ datasets { nodes { name version { index } } } }"}' $url/graphql

# Prove a claim, and see what became of it
curl -s -H "Authorization: Bearer \$KEY" -d '{"claim": "mean(body_mass_g) between 4000 and 4500"}' $url/api/v1/datasets/demo%2Fpenguins/claims
curl -s -H "Authorization: Bearer \$KEY" $url/api/v1/operations

# Fetch a receipt and have it verified
curl -s -H "Authorization: Bearer \$KEY" -o penguins.receipt $url/api/v1/entries/0/receipt
curl -s --data-binary @penguins.receipt $url/api/v1/verify

# Notarize a table, with a proof over every row
curl -s -H "Authorization: Bearer \$KEY" --data-binary @$table $url/api/v1/datasets/demo%2Fagain/versions
END
wait "$server"
