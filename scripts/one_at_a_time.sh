# shellcheck shell=bash
# Sourced, with the script's arguments, by what installs: two at once would install into each other's directories.
if [ -z "${ZKL_INSTALLING:-}" ] && command -v flock >/dev/null; then
    lock=${XDG_CACHE_HOME:-$HOME/.cache}/zkl/installing
    mkdir -p "${lock%/*}"
    ZKL_INSTALLING=1 exec flock --close "$lock" bash "$0" "$@"
fi
