#!/usr/bin/env bash
# Makes a Python environment with clients of gRPC and GraphQL that others wrote, outside the tree, and prints its interpreter.
set -euo pipefail
. "$(dirname "$0")/one_at_a_time.sh"
venv="${XDG_CACHE_HOME:-$HOME/.cache}/zkl/clients"
if ! "$venv/bin/python" -c 'import grpc_tools, grpc_health, grpc_reflection, grpc_status, aiohttp, gql, websockets, pyarrow' 2>/dev/null; then
    [ -x "$venv/bin/python" ] || python3 -m venv "$venv" >&2
    "$venv/bin/pip" install --quiet --disable-pip-version-check \
        grpcio grpcio-tools grpcio-health-checking grpcio-reflection grpcio-status 'gql[websockets,aiohttp]' pyarrow >&2
fi
printf '%s\n' "$venv/bin/python"
