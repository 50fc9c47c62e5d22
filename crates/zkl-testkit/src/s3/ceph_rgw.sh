# A one-node Ceph cluster with an S3 gateway, in the directory $1: monitor on port $2, gateway on port $3, access key $4,
# secret key $5. Prints "ready" and runs until its standard input is closed, which also happens when the starting process
# dies, however it dies. Then everything is stopped and the directory is removed.
#
# A line "kill" on standard input kills the gateway with SIGKILL, a line "start" starts it again; each is answered by "ready".
set -eu
dir=$1 mon_port=$2 rgw_port=$3 access=$4 secret=$5
fsid=9f1f0bd1-6a3c-4c9f-8a0e-5d4f1c1f7a11
osd=4a9c1c0e-25f5-4a58-8c07-6d1a2c8b3f10
pids=
gateway=
stop() {
    status=$?
    trap - EXIT
    if [ "$status" != 0 ]; then tail -n 30 "$dir/start.log" >&4; fi
    for pid in $pids $gateway; do kill -KILL "$pid" 2>/dev/null || true; done
    wait
    rm -rf "$dir"
}
mkdir -p "$dir/mon" "$dir/osd" "$dir/rgw"
exec 3>&1 4>&2 5<&0 >"$dir/start.log" 2>&1 </dev/null
trap stop EXIT
trap 'exit 1' HUP INT TERM

export CEPH_CONF="$dir/ceph.conf"
cat >"$CEPH_CONF" <<CONF
[global]
fsid = $fsid
keyring = $dir/keyring
mon host = [v2:127.0.0.1:$mon_port]
mon initial members = a
public addr = 127.0.0.1
cluster addr = 127.0.0.1
run dir = $dir
admin socket = $dir/\$name.\$pid.asok
log file = $dir/\$name.log
crash dir = $dir
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 4
osd pool default pgp num = 4
osd pool default pg autoscale mode = off
osd crush chooseleaf type = 0
mon allow pool size one = true
mon max pg per osd = 1000
[mon]
mon data = $dir/mon
mon data avail crit = 1
mon data avail warn = 1
[osd]
keyring = $dir/osd/keyring
osd data = $dir/osd
osd objectstore = bluestore
bluestore block size = 17179869184
osd memory target = 1073741824
osd op num shards = 2
osd max scrubs = 0
[client]
rgw data = $dir/rgw
rgw frontends = beast endpoint=127.0.0.1:$rgw_port tcp_nodelay=1
rgw thread pool size = 64
rgw override bucket index max shards = 1
rgw dynamic resharding = false
rgw run sync thread = false
rgw enable gc threads = false
rgw enable lc threads = false
rgw enable quota threads = false
CONF

key=$(ceph-authtool --gen-print-key)
ceph-authtool --create-keyring "$dir/keyring" --gen-key -n mon. --cap mon 'allow *'
ceph-authtool "$dir/keyring" --gen-key -n client.admin --cap mon 'allow *' --cap osd 'allow *'
ceph-authtool --create-keyring "$dir/osd/keyring" -n osd.0 --add-key "$key"
monmaptool --create --clobber --fsid "$fsid" --addv a "[v2:127.0.0.1:$mon_port]" "$dir/monmap"
ceph-mon --mkfs -i a --monmap "$dir/monmap" --keyring "$dir/keyring"
ceph-mon -f -i a &
pids="$pids $!"
ceph-osd -i 0 --mkfs --osd-uuid "$osd" --no-mon-config &
mkfs=$!
printf '{"cephx_secret": "%s"}' "$key" | timeout 60 ceph --connect-timeout 60 osd new "$osd" -i -
wait "$mkfs"
ceph-osd -f -i 0 &
pids="$pids $!"
radosgw -f -n client.admin &
gateway=$!
timeout 120 radosgw-admin user create --uid test --display-name test --access-key "$access" --secret-key "$secret"

listening() {
    # /proc lists listening sockets in hexadecimal, state 0A.
    wanted=$(printf ':%04X 00000000:0000 0A' "$rgw_port")
    tries=0
    until grep -q "$wanted" /proc/net/tcp; do
        tries=$((tries + 1))
        [ "$tries" -le 600 ]
        sleep 0.1
    done
}
listening
echo ready >&3
while read -r command <&5; do
    case $command in
    kill)
        kill -KILL "$gateway"
        wait "$gateway" || true
        gateway=
        ;;
    start)
        radosgw -f -n client.admin &
        gateway=$!
        listening
        ;;
    esac
    echo ready >&3
done
