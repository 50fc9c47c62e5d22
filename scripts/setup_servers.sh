#!/usr/bin/env bash
# Installs what tests talk to: PostgreSQL and Ceph's object gateway (system packages), moto (PyPI), s3rver and Azurite (npm) with Azure's
# client (PyPI), SQLite's ADBC driver (PyPI), all but the system packages outside the tree. Quiet and quick when nothing is missing.
set -euo pipefail
. "$(dirname "$0")/one_at_a_time.sh"
cache="${XDG_CACHE_HOME:-$HOME/.cache}/zkl"

say() { printf 'setup: %s\n' "$*" >&2; }

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; elif command -v sudo >/dev/null; then sudo "$@"; else return 1; fi
}

# PostgreSQL, for the tests of its store: each test run starts a server of its own, so no cluster is made for the system.
have_postgresql() { ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || command -v initdb >/dev/null; }
install_postgresql() {
    as_root env DEBIAN_FRONTEND=noninteractive apt-get update -qq >&2 \
        && as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends postgresql-common >/dev/null \
        && as_root sed -i 's/^#* *create_main_cluster.*/create_main_cluster = false/' /etc/postgresql-common/createcluster.conf \
        && as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends postgresql >/dev/null
}
if command -v apt-get >/dev/null && ! have_postgresql; then
    say "installing postgresql"
    install_postgresql || say "could not install it; the tests of the PostgreSQL store will fail"
fi

missing=()
for program in ceph-mon ceph-osd radosgw; do
    command -v "$program" >/dev/null || missing+=("$program")
done
if { [ ! -x "$cache/s3rver/node_modules/.bin/s3rver" ] || [ ! -x "$cache/azurite/node_modules/.bin/azurite-blob" ]; } && ! command -v npm >/dev/null; then missing+=(npm); fi
if [ "${#missing[@]}" != 0 ] && command -v apt-get >/dev/null; then
    say "installing ${missing[*]}"
    as_root env DEBIAN_FRONTEND=noninteractive apt-get update -qq >&2 \
        && as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" \
            >/dev/null 2>&1 \
        || say "could not install ${missing[*]}; the tests of the S3 backend will fail"
fi

if [ ! -x "$cache/moto/bin/moto_server" ]; then
    say "installing moto"
    { python3 -m venv "$cache/moto" \
        && "$cache/moto/bin/pip" install --quiet --disable-pip-version-check 'moto[server,s3]>=5,<6'; } >&2 \
        || say "could not install moto; the tests of the S3 backend will fail"
fi

if [ ! -x "$cache/s3rver/node_modules/.bin/s3rver" ]; then
    say "installing s3rver"
    mkdir -p "$cache/s3rver"
    npm install --prefix "$cache/s3rver" --silent --no-audit --no-fund 's3rver@3' >&2 \
        || say "could not install s3rver; the tests of the S3 backend will fail"
fi

if [ ! -x "$cache/azurite/node_modules/.bin/azurite-blob" ]; then
    say "installing azurite"
    mkdir -p "$cache/azurite"
    npm install --prefix "$cache/azurite" --silent --no-audit --no-fund 'azurite@3' >&2 \
        || say "could not install azurite; the tests of az:// will fail"
fi

if ! "$cache/clouds/bin/python" -c 'import azure.storage.blob' 2>/dev/null; then
    say "installing azure-storage-blob"
    { python3 -m venv "$cache/clouds" \
        && "$cache/clouds/bin/pip" install --quiet --disable-pip-version-check azure-storage-blob; } >&2 \
        || say "could not install azure-storage-blob; the tests of az:// will fail"
fi

if [ ! -f "$cache/adbc/adbc_driver_sqlite/libadbc_driver_sqlite.so" ]; then
    say "installing adbc-driver-sqlite"
    python3 -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --no-deps --target "$cache/adbc" adbc-driver-sqlite >&2 \
        || say "could not install adbc-driver-sqlite; the tests of adbc:// will fail"
fi
