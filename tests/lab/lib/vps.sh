# shellcheck shell=bash
# The machines: Debian with a real systemd on PID 1, from a base image under an overlay in memory. The first one is
# `vps`; `vps2` is there when somebody wants to replace it. A function that is told no machine means the first one.

# The name of a machine's control group, and as systemd-nspawn knows it; no other lab's is the same.
machine_name() { if [ "$1" = vps ]; then echo "$LAB_MACHINE"; else echo "sixgate-$1-lab$LAB_ID"; fi; }
machine_address4() { if [ "$1" = vps ]; then echo "$LAB_VPS4"; else echo "$LAB_VPS2_4"; fi; }

# --- keys ------------------------------------------------------------------------------------

make_host_keys() {
    local dir=$LAB_KEYS/$1-host type
    mkdir -p "$dir"
    for type in ed25519 ecdsa rsa; do
        make_ssh_key "$type" "root@$1" "$dir/ssh_host_${type}_key"
    done
}

# The public half is written last: without it the private one may be incomplete. make_ssh_key TYPE COMMENT FILE
make_ssh_key() {
    [ ! -s "$3.pub" ] || return 0
    rm -f "$3"
    ssh-keygen -q -t "$1" -N '' -C "$2" -f "$3"
}

# host_key_fingerprint TYPE [MACHINE]
host_key_fingerprint() { ssh-keygen -l -E sha256 -f "$LAB_KEYS/${2:-vps}-host/ssh_host_$1_key.pub" | awk '{ print $2 }'; }

# --- control groups --------------------------------------------------------------------------

# A control group of its own in each hierarchy that systemd knows.
enter_cgroup() {
    local name=$1 pid=$2 root
    for root in /sys/fs/cgroup/systemd /sys/fs/cgroup/unified /sys/fs/cgroup; do
        [ -w "$root/cgroup.procs" ] || continue
        mkdir -p "$root/$name" && echo "$pid" >"$root/$name/cgroup.procs"
    done
}
remove_cgroup() {
    local root
    for root in /sys/fs/cgroup/systemd /sys/fs/cgroup/unified /sys/fs/cgroup; do
        [ -d "$root/$1" ] || continue
        find "$root/$1" -depth -type d -exec rmdir {} + 2>/dev/null || true
    done
}

# --- the disk --------------------------------------------------------------------------------

# Gives a machine a fresh disk. A process holds its mounts, in a name space of their own: with it the disk vanishes,
# without the machine it stays.
insert_disk() {
    local node=$1
    (
        exec 9>&- </dev/null >>"$LAB_STATE/log/$node.log" 2>&1
        record "$BASHPID" "$node-disk"
        exec setsid unshare --mount --propagation private "$LAB_DIR/lab" hold-disk "$node"
    ) &
    disown
    wait_for 10 "the disk of $node" disk_is_ready "$node"
}
disk_root() {
    local pid
    pid=$(recorded_pid "$1-disk") && printf '/proc/%s/root%s/%s/root\n' "$pid" "$LAB_STATE" "$1"
}
disk_is_ready() {
    local root
    root=$(disk_root "$1") && [ -e "${root%/*}/ready" ]
}

# Runs inside the mount name space that insert_disk made.
hold_disk() {
    local node=$1 memory=$LAB_STATE/$1 root
    root=$memory/root
    mkdir -p "$memory"
    mount -t tmpfs -o size=3g,mode=755 "lab-$node" "$memory"
    mkdir -p "$memory"/{upper,work,root}
    mount -t overlay overlay -o "lowerdir=$LAB_BASE,upperdir=$memory/upper,workdir=$memory/work" "$root"
    echo "$node" >"$root/etc/hostname"
    printf '127.0.0.1 localhost\n127.0.1.1 %s\n::1 localhost ip6-localhost ip6-loopback\n' "$node" >"$root/etc/hosts"
    resolv_conf "$node" >"$root/etc/resolv.conf"
    install -m 600 "$LAB_KEYS/$node"-host/ssh_host_*_key "$root/etc/ssh/"
    install -m 644 "$LAB_KEYS/$node"-host/ssh_host_*_key.pub "$root/etc/ssh/"
    mkdir -p -m 700 "$root/root/.ssh"
    install -m 600 "$LAB_KEYS/ssh/id_ed25519.pub" "$root/root/.ssh/authorized_keys"
    install -m 644 "$LAB_KEYS/ca/ca.pem" "$root/usr/local/share/ca-certificates/lab-infrastructure.crt"
    install -m 644 "$LAB_KEYS/home-ca/root.pem" "$root/usr/local/share/ca-certificates/lab-home.crt"
    install -m 644 "$LAB_STATE/ca/root.pem" "$root/usr/local/share/ca-certificates/lab-acme-root.crt"
    trust_in "$root/etc/ssl"
    touch "$memory/ready"
    exec sleep infinity
}

# --- the machine -----------------------------------------------------------------------------

# Switches a machine on, with the disk that it has; without one it gets a fresh one.
start_vps() {
    local node=${1:-vps} disk
    make_host_keys "$node"
    make_login_secrets
    make_home_ca
    recorded_pid "$node-disk" >/dev/null || insert_disk "$node"
    disk=$(recorded_pid "$node-disk")
    (
        exec 9>&- </dev/null >>"$LAB_STATE/log/$node.log" 2>&1
        record "$BASHPID" "$node"
        exec setsid nsenter --target "$disk" --mount "$LAB_DIR/lab" boot-vps "$node"
    ) &
    disown
    open_line "$node"
}

# Runs where the disk's mounts are, as long as the machine is switched on; boots it again when it wants to reboot.
# Ends by itself: the script's file may be another one by then.
boot_vps() {
    local node=${1:-vps} machine rc
    machine=$(machine_name "$node")
    while :; do
        # A kernel that has just started has no filters and knows no connections.
        in_node "$node" nft flush ruleset
        in_node "$node" conntrack -F || true
        rc=0
        (
            enter_cgroup "$machine" "$BASHPID"
            exec systemd-nspawn --boot --quiet --register=no --keep-unit --machine="$machine" --hostname="$node" \
                --network-namespace-path="/run/netns/$NETNS$node" --directory="$LAB_STATE/$node/root" --link-journal=no --resolv-conf=off --timezone=off \
                --capability=CAP_NET_ADMIN,CAP_NET_RAW,CAP_NET_BIND_SERVICE --bind-ro="$LAB_REPO:/srv/repo" --console=pipe
        ) || rc=$?
        remove_cgroup "$machine"
        # 133: it did not end, it wants to be booted again.
        [ "$rc" = 133 ] || exit "$rc"
    done
}

# Takes a machine away, with its disk.
stop_vps() {
    local node=${1:-vps} loop='' leader='' machine
    machine=$(machine_name "$node")
    leader=$(vps_leader "$node") || true
    # First what would boot it again.
    if loop=$(recorded_pid "$node"); then kill -KILL "$loop" 2>/dev/null || true; fi
    [ -z "$leader" ] || kill -KILL "$leader" 2>/dev/null || true
    [ -z "$loop" ] || end_session "$loop"
    stop_recorded "$node" KILL
    stop_recorded "$node-disk" KILL
    end_processes_in "$node"
    remove_cgroup "$machine"
    # What nspawn leaves when it is killed.
    rmdir "/run/systemd/nspawn/propagate/$machine" 2>/dev/null || true
}

# What still runs in a session gets a second to end by itself.
end_session() {
    local round pids
    for round in {1..60}; do
        pids=$(pgrep -s "$1") || return 0
        # shellcheck disable=SC2086  # one word per process
        [ "$round" -lt 20 ] || kill -KILL $pids 2>/dev/null || true
        sleep 0.05
    done
}

vps_answers() {
    in_node phone timeout 1 bash -c "exec 3<>/dev/tcp/$(machine_address4 "${1:-vps}")/22 && read -r -t 1 banner <&3 && [[ \$banner == SSH-* ]]"
}

vps_answers_ipv6() {
    local address=$LAB_VPS6
    [ "$1" = vps ] || address=$LAB_VPS2_6
    in_node cafe timeout 1 bash -c "exec 3<>/dev/tcp/$address/22"
}

# A bare machine again. Its node is made anew too: filters and routes that somebody set there go with it.
reset_vps() {
    local node=${1:-vps}
    stop_vps "$node"
    remove_node "$node"
    add_wan_node "$node"
    start_vps "$node"
    wait_for 30 "$node to answer on port 22" vps_answers "$node"
    # Its first neighbour may be found at the second try only, after a second.
    wait_for 10 "$node to answer over IPv6" vps_answers_ipv6 "$node"
}

# Takes the second machine away, with its node and its keys.
remove_vps2() {
    rm -f "$LAB_STATE/vps2-up"
    # Its node goes last: without it the machine is gone, too.
    if [ -e "/run/netns/${NETNS}vps2" ]; then
        stop_vps vps2
        remove_node vps2
    fi
    rm -rf "$LAB_KEYS/vps2-host"
}
vps2_running() { [ -e "$LAB_STATE/vps2-up" ] && vps_leader vps2 >/dev/null; }

# Another machine beside the first one, as fresh as a provider's new one: its host keys are new ones each time.
vps2_up() {
    ! vps2_running || { say 'already up' && return; }
    remove_vps2
    reset_vps vps2
    touch "$LAB_STATE/vps2-up"
    say "vps2 is up: $LAB_VPS2_4 $LAB_VPS2_6"
}
