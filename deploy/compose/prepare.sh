#!/usr/bin/env bash
# Makes what compose.yml mounts: directories, random passwords, and a certificate for localhost where there is none. What is there stays.
# Everything of ours then runs as whoever calls this; called by root, as 65532.
set -euo pipefail
cd "$(dirname "$0")"
umask 077
mkdir -p data witness backup secrets
for name in postgres_password grafana_password; do
    [ -e "secrets/$name" ] || openssl rand -hex 24 | tr -d '\n' > "secrets/$name"
done
# libpq's file of passwords; whoever reads it refuses one that others may read.
[ -e secrets/pgpass ] || printf 'postgres:5432:*:zkl:%s\n' "$(cat secrets/postgres_password)" > secrets/pgpass
if [ ! -e secrets/tls_key ]; then
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 90 -subj /CN=localhost -addext subjectAltName=DNS:localhost \
        -keyout secrets/tls_key -out secrets/tls_certificate 2>/dev/null
    printf 'secrets/tls_certificate is for localhost, self-signed: put your own there, and its key into secrets/tls_key\n' >&2
fi
user=$(id -u):$(id -g)
if [ "$user" = 0:0 ]; then
    user=65532:65532
    chown -R "$user" data witness backup secrets
fi
# Grafana's image runs as a user of its own.
chmod 644 secrets/grafana_password
[ -e .env ] || printf 'ZKL_USER=%s\n' "$user" > .env
