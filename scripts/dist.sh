#!/usr/bin/env bash
# Builds what is handed out into DIRECTORY: archives of the verifier and of `zkl` with the server, their bills of materials (CycloneDX), SHA256SUMS, and,
# with a key, a detached signature of the sums. Needs what scripts/setup.sh installs; installs cargo-auditable and cargo-cyclonedx outside the tree.
# Usage: scripts/dist.sh DIRECTORY [verifier]
#   ZKL_SIGN_KEY=FILE              signs with an Ed25519 key in PEM (openssl genpkey -algorithm ed25519)
#   ZKL_SIGN_KEY=pkcs11:LABEL      signs with the Ed25519 key of that label on a token; ZKL_PKCS11_MODULE and ZKL_PKCS11_PIN_FILE say which and how
# With `verifier` it builds that alone.
set -euo pipefail
mkdir -p "$1"
out=$(realpath "$1")
only=${2:-}
cd "$(dirname "$0")/.."
say() { printf 'dist: %s\n' "$*" >&2; }

tools=${XDG_CACHE_HOME:-$HOME/.cache}/zkl/dist-tools
export PATH=$tools/bin:$PATH
for tool in cargo-auditable cargo-cyclonedx; do
    command -v $tool >/dev/null || { say "installing $tool"; cargo install --locked --quiet --root "$tools" $tool; }
done

commit=$(git rev-parse HEAD)
[ -z "$(git status --porcelain --untracked-files=no)" ] || commit=$commit-with-changes
export ZKL_COMMIT=$commit
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
export SOURCE_DATE_EPOCH
version=$(sed -n '/^\[workspace.package\]/,/^\[/s/^version = "\(.*\)"/\1/p' Cargo.toml)
system=$(rustc -vV | sed -n 's/^host: //p')
stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT

# An archive whose bytes depend on what is in it alone.
pack() {
    local name=$1
    cp LICENSE-APACHE LICENSE-MIT "$stage/$name"
    find "$stage/$name" -type d -exec chmod 755 {} + -o -type f -perm -u+x -exec chmod 755 {} + -o -type f -exec chmod 644 {} +
    tar -C "$stage" --sort=name --mtime="@$SOURCE_DATE_EPOCH" --owner=0 --group=0 --numeric-owner -cf - "$name" | gzip -9n > "$out/$name.tar.gz"
}

# cargo-cyclonedx writes beside every manifest: in a copy.
bill() {
    local package=$1 name=$2 features=$3
    mkdir -p "$stage/sources"
    git archive HEAD | tar -x -C "$stage/sources"
    (cd "$stage/sources" && cargo cyclonedx --quiet --format json --target "$system" --manifest-path "crates/$package/Cargo.toml" --features "$features")
    sed "s#$stage/sources#/zkl#g" "$stage/sources/crates/$package/$package.cdx.json" > "$out/$name.cdx.json"
    rm -rf "$stage/sources"
}

verifier=zkl-verify-$version-$system
mkdir -p "$stage/$verifier"
scripts/static_build.sh verifier "$stage/$verifier"
cp crates/zkl-verify/README.md docs/reading-receipts.md "$stage/$verifier"
bill zkl-verify "$verifier" ""
made=("$verifier")
if [ "$only" != verifier ]; then
    server=zkl-$version-$system
    mkdir -p "$stage/$server"/{bin,completions,man}
    scripts/static_build.sh server "$stage/$server/bin"
    zkl=$stage/$server/bin/zkl
    "$zkl" man "$stage/$server/man"
    mv "$stage/$server/man/zkl-verify.1" "$stage/$verifier"
    for shell in bash zsh fish; do "$zkl" completions $shell > "$stage/$server/completions/zkl.$shell"; done
    cp README.md CHANGELOG.md "$stage/$server"
    cp -r docs deploy "$stage/$server"
    bill zkl-cli "$server" full,serve
    pack "$server"
    made+=("$server")
fi
pack "$verifier"

cd "$out"
for name in "${made[@]}"; do printf '%s\n' "$name.tar.gz" "$name.cdx.json"; done | sort | xargs sha256sum > SHA256SUMS
case ${ZKL_SIGN_KEY:-} in
'') say "not signed: ZKL_SIGN_KEY names no key" ;;
pkcs11:*)
    module=${ZKL_PKCS11_MODULE:?names the module of the token}
    pin=$(cat "${ZKL_PKCS11_PIN_FILE:?names the file with the PIN}")
    # Not on the command line, which other users see.
    PIN=$pin pkcs11-tool --module "$module" --login --pin env:PIN --sign --mechanism EDDSA --label "${ZKL_SIGN_KEY#pkcs11:}" \
        --input-file SHA256SUMS --output-file SHA256SUMS.sig
    ;;
*) openssl pkeyutl -sign -rawin -inkey "$ZKL_SIGN_KEY" -in SHA256SUMS -out SHA256SUMS.sig ;;
esac
cat SHA256SUMS
