#!/usr/bin/env bash
# Builds both images with buildah, without an engine, and tries them: notarizes a table, proves a claim and serves in the one, verifies in the other, as
# their users, on read-only root file systems. Bases come from the system's packages, because a test must not depend on a registry; the binaries are
# those that scripts/static_build.sh makes (BINARIES=DIRECTORY has them already: DIRECTORY/{zkl,zkl-server,zkl-verify}).
# Usage: scripts/images.sh
#   BASE_PACKAGES=librocksdb7.8    also in the base, for binaries of a debug build, which link it
set -euo pipefail
cd "$(dirname "$0")/.."
say() { printf 'images: %s\n' "$*" >&2; }
export BUILDAH_ISOLATION=chroot STORAGE_DRIVER=vfs
[ "$(id -u)" = 0 ] || { say "building in a chroot needs root"; exit 1; }

missing=()
for program in buildah debootstrap curl; do command -v $program >/dev/null || missing+=($program); done
if [ "${#missing[@]}" != 0 ]; then
    say "installing ${missing[*]}"
    DEBIAN_FRONTEND=noninteractive apt-get update -qq >&2
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
fi

work=$(mktemp -d)
containers=()
ended() {
    for container in "${containers[@]}"; do buildah rm "$container" >/dev/null 2>&1 || true; done
    rm -rf target/image "$work"
}
trap ended EXIT

# What the Dockerfiles copy.
rm -rf target/image
mkdir -p target/image/server/usr/local/bin target/image/server/var/lib/zkl target/image/server/var/cache/zkl target/image/verifier
if [ -n "${BINARIES:-}" ]; then
    cp "$BINARIES"/{zkl,zkl-server} target/image/server/usr/local/bin
    cp "$BINARIES/zkl-verify" target/image/verifier
else
    scripts/static_build.sh server target/image/server/usr/local/bin
    scripts/static_build.sh verifier target/image/verifier
fi

# The C library and nothing to run beside it, as in the base that the Dockerfile names.
base=localhost/zkl-test-base${BASE_PACKAGES:+-$BASE_PACKAGES}
if ! buildah inspect "$base" >/dev/null 2>&1; then
    say "making a base"
    suite=$(. /etc/os-release && echo "${VERSION_CODENAME:-stable}")
    debootstrap --variant=minbase --include="ca-certificates${BASE_PACKAGES:+,$BASE_PACKAGES}" "$suite" "$work/root" >/dev/null
    container=$(buildah from scratch)
    containers+=("$container")
    mount=$(buildah mount "$container")
    (cd "$work/root" && tar -c lib lib64 usr/lib/x86_64-linux-gnu usr/lib64 etc/ssl etc/ca-certificates etc/nsswitch.conf usr/share/ca-certificates | tar -x -C "$mount")
    mkdir -p "$mount/tmp" "$mount/etc"
    chmod 1777 "$mount/tmp"
    printf 'root:x:0:0::/:/none\nnonroot:x:65532:65532::/:/none\n' > "$mount/etc/passwd"
    buildah umount "$container" >/dev/null
    buildah commit --quiet "$container" "$base" >/dev/null
fi

version=$(sed -n '/^\[workspace.package\]/,/^\[/s/^version = "\(.*\)"/\1/p' Cargo.toml)
commit=$(git rev-parse HEAD)
for image in server verifier; do
    buildah build --quiet --format docker --file "deploy/images/$image.Dockerfile" --tag "localhost/zkl-$image" --build-arg BINARIES=prebuilt \
        --build-arg RUNTIME=$base --build-arg RUST=$base --build-arg VERSION="$version" --build-arg COMMIT="$commit" . >/dev/null
    say "$image: $(buildah inspect --type image --format '{{.Docker.Config.User}} {{.Docker.Config.Entrypoint}} {{.Docker.Config.Labels}}' "localhost/zkl-$image")"
done

# Run as the image says, but for the root file system, which is made read-only: what is written goes into the volumes.
server=$(buildah from localhost/zkl-server)
verifier=$(buildah from localhost/zkl-verifier)
containers+=("$server" "$verifier")
user=$(buildah inspect --format '{{.Docker.Config.User}}' "$server")
[ "$user" = 65532:65532 ] || { say "the server's user is $user"; exit 1; }
[ "$(buildah inspect --format '{{.Docker.Config.User}}' "$verifier")" = 65532:65532 ] || { say "the verifier's user is another one"; exit 1; }
mkdir -p "$work"/{ledger,keys,tables,out,tmp}
cp examples/data/penguins.csv "$work/tables"
chown -R 65532:65532 "$work"/{ledger,keys,out,tmp}
chmod 755 "$work" "$work/tables"
in_server() {
    buildah run --volume "$work/ledger:/var/lib/zkl" --volume "$work/keys:/var/cache/zkl" --volume "$work/tables:/tables:ro" --volume "$work/out:/out" \
        --volume "$work/tmp:/tmp" "$server" -- "$@"
}
in_verifier() { buildah run --volume "$work/out:/work:ro" "$verifier" -- /zkl-verify "$@"; }
# Files of the root file system, with sizes and times.
listed() { (cd "$(buildah mount "$server")" && find . -xdev -type f ! -path './var/*' -printf '%p %s %T@\n' | sort); }

if in_server sh -c true 2>/dev/null; then say "there is a shell in the server's image"; exit 1; fi
in_server zkl --version
# After a first run, in which buildah itself puts names and addresses there.
listed > "$work/before"
in_server zkl init --origin images.test/log > "$work/out/init"
in_server zkl notarize /tables/penguins.csv --name penguins --joint species,sex
in_server zkl prove penguins 'mean(body_mass_g) between 4000 and 4500' -o /out/mean.receipt
in_server zkl fsck
cp "$work/ledger/ledger/log-public.txt" "$work/out/keys.txt"
chmod 644 "$work"/out/*
in_verifier mean.receipt --trust keys.txt --require pinned,proved,public-setup
in_server zkl verify /out/mean.receipt --trust /out/keys.txt --format json > "$work/by-zkl"
in_verifier mean.receipt --trust keys.txt --format json > "$work/by-verifier"
cmp "$work/by-zkl" "$work/by-verifier"
# One character of the longest thing in it, which is a proof.
python3 - "$work/out/mean.receipt" "$work/out/forged.receipt" <<'PYTHON'
import re, sys
text = open(sys.argv[1]).read()
proof = max(re.findall(r"[A-Za-z0-9+/]{100,}", text), key=len)
open(sys.argv[2], "w").write(text.replace(proof, proof[:50] + ("A" if proof[50] != "A" else "B") + proof[51:]))
PYTHON
if in_verifier forged.receipt --trust keys.txt 2>/dev/null; then say "a forged receipt verifies"; exit 1; fi

# Stored receipts of every format with a proof over every row, in an image that holds one file.
for receipt in v2/claim v3/claim v4/claims v5/claims; do
    buildah run --volume "$PWD/crates/zkl-ledger/tests/fixtures:/work:ro" "$verifier" -- /zkl-verify "$receipt.receipt" --require proved >/dev/null
done

# The server as it starts by itself: entry point, command, variables and health check of the image.
in_server zkl-server key create test --grant 'write:*' --grant 'read:*' --grant 'prove:*' > "$work/token"
port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
clients=$(port)
metrics=$(port)
buildah config --env "ZKL_LISTEN=127.0.0.1:$clients" --env "ZKL_METRICS_LISTEN=127.0.0.1:$metrics" "$server"
in_server zkl-server serve 2> "$work/server.log" > "$work/address" &
serving=$!
for _ in $(seq 300); do in_server zkl-server health 2>/dev/null && break; sleep 0.1; done
in_server zkl-server health
curl -sf -H "Authorization: Bearer $(cat "$work/token")" --data-binary @examples/data/penguins.csv "http://127.0.0.1:$clients/api/v1/datasets/again/versions" >/dev/null
for _ in $(seq 600); do
    found=$(curl -sf -H "Authorization: Bearer $(cat "$work/token")" "http://127.0.0.1:$clients/api/v1/operations")
    case $found in *'"status":"succeeded"'*) break ;; *'"status":"failed"'*) say "$found"; exit 1 ;; esac
    sleep 0.1
done
curl -sf -H "Authorization: Bearer $(cat "$work/token")" -o "$work/out/again.receipt" "http://127.0.0.1:$clients/api/v1/entries/2/receipt"
chmod 644 "$work/out/again.receipt"
in_verifier again.receipt --trust keys.txt --require pinned,proved
# The innermost of the processes that buildah began is the program.
innermost() { local child; child=$(pgrep --parent "$1" | head -1); if [ -n "$child" ]; then innermost "$child"; else echo "$1"; fi; }
kill -TERM "$(innermost "$serving")"
wait "$serving" || { say "SIGTERM does not end the server in order"; cat "$work/server.log" >&2; exit 1; }

# Nothing was written outside of the volumes.
listed | diff "$work/before" - >&2 || { say "something was written to the root file system"; exit 1; }
say "notarized, proved, served and verified inside"
