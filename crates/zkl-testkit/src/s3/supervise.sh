# Runs the server "$2" ... until standard input is closed, which also happens when the starting process dies, however it
# dies. Prints "ready" once something listens on port $1. Removes the directory $ZKL_SUPERVISED_DIR at the end, if there is one.
set -u
port=$1
shift
exec 5<&0
"$@" >/dev/null 2>&1 </dev/null &
server=$!
stop() {
    trap - EXIT
    kill -KILL "$server" 2>/dev/null
    wait "$server" 2>/dev/null
    if [ -n "${ZKL_SUPERVISED_DIR:-}" ]; then rm -rf "$ZKL_SUPERVISED_DIR"; fi
}
trap stop EXIT
trap 'exit 1' HUP INT TERM
# /proc lists listening sockets in hexadecimal, state 0A.
wanted=$(printf ':%04X 00000000:0000 0A' "$port")
tries=0
until grep -q "$wanted" /proc/net/tcp; do
    tries=$((tries + 1))
    if [ "$tries" -gt 600 ] || ! kill -0 "$server" 2>/dev/null; then exit 1; fi
    sleep 0.1
done
echo ready
cat <&5 >/dev/null
