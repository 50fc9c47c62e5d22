#!/usr/bin/env bash
# Calls a server through clients that others wrote: gRPC in the clear and over TLS, GraphQL with subscriptions, and the commands that
# `make serve` prints. Everything is on the loopback interface, and ends with this.
# Usage: scripts/test_clients.sh DIRECTORY-OF-zkl-AND-zkl-server
set -euo pipefail
cd "$(dirname "$0")/.."
bin=$(realpath "$1")
python=$(scripts/clients_env.sh)
clients=$PWD/crates/zkl-server/tests/clients
table=$PWD/examples/data/penguins.csv
proto=$PWD/crates/zkl-server/proto
# shellcheck source=scripts/served.sh
. scripts/served.sh

mkdir "$work/generated"
"$python" -m grpc_tools.protoc -I "$proto" --python_out="$work/generated" --grpc_python_out="$work/generated" zkl/v1/ledger.proto
export PYTHONPATH=$work/generated PYTHONDONTWRITEBYTECODE=1

# Starts a server on a demo ledger of its own; its key is in $KEY.
start() {
    demo_ledger "$1" example.com/clients demo/penguins
    KEY=$(demo_key "$1" 'read:*' 'write:demo/*' 'prove:demo/*' verify administer)
    export KEY
    start_server "$@" --proof dev --keys "$work/keys"
}

start clear
"$python" "$clients/grpc_client.py" "$grpc" "$table"
"$python" "$clients/graphql_client.py" "$url/graphql"

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1 -subj /CN=localhost -addext 'subjectAltName=IP:127.0.0.1' \
    -keyout "$work/key.pem" -out "$work/chain.pem" 2>/dev/null
start tls --tls-certificate "$work/chain.pem" --tls-key "$work/key.pem"
"$python" "$clients/grpc_client.py" "$grpc" "$table" "$work/chain.pem"

# The commands of `make serve`, as they are printed.
ZKL_LISTEN=127.0.0.1:0 ZKL_GRPC_LISTEN=127.0.0.1:0 scripts/serve.sh "$bin" >"$work/served" &
servers+=($!)
until grep -q '^# Notarize' "$work/served"; do kill -0 "$!" 2>/dev/null || exit 1; sleep 0.1; done
sed -n '/^export KEY/p; /^# What is there/,/^$/p' "$work/served" >"$work/commands"
answers=$(bash -euo pipefail "$work/commands" | tr -d ' \n' | grep -o '"name":"demo/penguins"' | wc -l)
[ "$answers" = 3 ] || { echo "of the first three commands of make serve, $answers answered" >&2; exit 1; }
echo "make serve: its commands over REST, gRPC and GraphQL"
