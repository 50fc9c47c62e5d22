# Sourced by scripts that try a server: a directory that is gone afterwards, and servers on free ports of the loopback interface that end
# with the script. The caller has set `bin`, the directory of zkl and zkl-server.
# shellcheck shell=bash

work=$(mktemp -d)
servers=()

finish() {
    for server in "${servers[@]}"; do kill "$server" 2>/dev/null || true; done
    wait
    rm -rf "$work"
}
trap finish EXIT

# Makes the ledger $work/NAME with the penguins under NAME-OF-DATASET: demo_ledger NAME ORIGIN NAME-OF-DATASET
demo_ledger() {
    "$bin/zkl" --quiet --ledger "$work/$1" init --origin "$2" >/dev/null
    "$bin/zkl" --quiet --ledger "$work/$1" notarize examples/data/penguins.csv --name "$3" --joint species,sex --attest-only >/dev/null
}

# Makes a key for the ledger $work/NAME and prints its token: demo_key NAME GRANT...
demo_key() {
    local ledger=$work/$1 grants=() grant
    shift
    for grant in "$@"; do grants+=(--grant "$grant"); done
    "$bin/zkl-server" key create demo --ledger "$ledger" "${grants[@]}" --expires-in-days 1
}

# Serves the ledger $work/NAME and waits until it listens: start_server NAME [ARGUMENT...]
# Its addresses are in $url and $grpc, its log is $work/NAME.log.
start_server() {
    local name=$1
    shift
    : >"$work/$name.address"
    "$bin/zkl-server" serve --ledger "$work/$name" --listen 127.0.0.1:0 --grpc-listen 127.0.0.1:0 "$@" \
        >"$work/$name.address" 2>"$work/$name.log" &
    servers+=($!)
    until grep -q '^gRPC' "$work/$name.address"; do kill -0 "$!" 2>/dev/null || { cat "$work/$name.log" >&2; exit 1; }; sleep 0.1; done
    url=$(sed -n 's/^listening on //p' "$work/$name.address")
    grpc=$(sed -n 's/^gRPC on //p' "$work/$name.address")
}
