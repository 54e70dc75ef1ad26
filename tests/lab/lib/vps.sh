# shellcheck shell=bash
# The VPS: Debian with a real systemd on PID 1, from a base image under an overlay in memory.

make_vps_keys() {
    local type
    mkdir -p "$LAB_KEYS/vps-host"
    for type in ed25519 ecdsa rsa; do
        make_ssh_key "$type" 'root@vps' "$LAB_KEYS/vps-host/ssh_host_${type}_key"
    done
    mkdir -p -m 700 "$LAB_KEYS/ssh"
    make_ssh_key ed25519 'sixgate-lab' "$LAB_KEYS/ssh/id_ed25519"
}

# The public half is written last: without it the private one may be incomplete. make_ssh_key TYPE COMMENT FILE
make_ssh_key() {
    [ ! -s "$3.pub" ] || return 0
    rm -f "$3"
    ssh-keygen -q -t "$1" -N '' -C "$2" -f "$3"
}

host_key_fingerprint() { ssh-keygen -l -E sha256 -f "$LAB_KEYS/vps-host/ssh_host_$1_key.pub" | awk '{ print $2 }'; }

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

start_vps() {
    make_vps_keys
    (
        exec 9>&- </dev/null >>"$LAB_STATE/log/vps.log" 2>&1
        record "$BASHPID" vps
        enter_cgroup "$LAB_MACHINE" "$BASHPID"
        # Mounts live in a name space of their own and vanish with the machine.
        exec setsid unshare --mount --propagation private "$LAB_DIR/lab" boot-vps
    ) &
    disown
}

# Runs inside the mount name space that start_vps made; becomes the machine's systemd-nspawn.
boot_vps() {
    local memory=$LAB_STATE/vps root
    root=$memory/root
    mkdir -p "$memory"
    mount -t tmpfs -o size=3g,mode=755 lab-vps "$memory"
    mkdir -p "$memory"/{upper,work,root}
    mount -t overlay overlay -o "lowerdir=$LAB_BASE,upperdir=$memory/upper,workdir=$memory/work" "$root"
    echo vps >"$root/etc/hostname"
    printf '127.0.0.1 localhost\n127.0.1.1 vps\n::1 localhost ip6-localhost ip6-loopback\n' >"$root/etc/hosts"
    resolv_conf vps >"$root/etc/resolv.conf"
    install -m 600 "$LAB_KEYS"/vps-host/ssh_host_*_key "$root/etc/ssh/"
    install -m 644 "$LAB_KEYS"/vps-host/ssh_host_*_key.pub "$root/etc/ssh/"
    mkdir -p -m 700 "$root/root/.ssh"
    install -m 600 "$LAB_KEYS/ssh/id_ed25519.pub" "$root/root/.ssh/authorized_keys"
    install -m 644 "$LAB_KEYS/ca/ca.pem" "$root/usr/local/share/ca-certificates/lab-infrastructure.crt"
    install -m 644 "$LAB_STATE/ca/root.pem" "$root/usr/local/share/ca-certificates/lab-acme-root.crt"
    trust_in "$root/etc/ssl"
    exec systemd-nspawn --boot --quiet --register=no --keep-unit --machine="$LAB_MACHINE" --hostname=vps --network-namespace-path="/run/netns/${NETNS}vps" \
        --directory="$root" --link-journal=no --resolv-conf=off --timezone=off \
        --capability=CAP_NET_ADMIN,CAP_NET_RAW,CAP_NET_BIND_SERVICE --bind-ro="$LAB_REPO:/srv/repo" --console=pipe
}

# PID 1 of the machine, as this machine numbers it.
vps_leader() {
    local pid
    pid=$(recorded_pid vps) || return 1
    ps -o pid= --ppid "$pid" | awk 'NR == 1 { print $1 }' | grep .
}

stop_vps() {
    local leader
    if leader=$(vps_leader); then kill -KILL "$leader" 2>/dev/null || true; fi
    stop_recorded vps
    end_processes_in vps
    remove_cgroup "$LAB_MACHINE"
    # What nspawn leaves when it is killed.
    rmdir "/run/systemd/nspawn/propagate/$LAB_MACHINE" 2>/dev/null || true
}

vps_answers() { in_node phone timeout 1 bash -c "exec 3<>/dev/tcp/$LAB_VPS4/22 && read -r -t 1 banner <&3 && [[ \$banner == SSH-* ]]"; }

# A command inside the machine, as root.
in_vps() {
    local leader
    leader=$(vps_leader) || die 'the VPS is not running'
    nsenter --target "$leader" --mount --uts --ipc --net --pid --root --wdns=/root env -i HOME=/root USER=root LOGNAME=root LANG=C.UTF-8 \
        "TERM=${TERM:-dumb}" PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$@"
}

# A bare VPS again. Its node is made anew too: filters and routes that somebody set there go with it.
reset_vps() {
    stop_vps
    remove_node vps
    add_wan_node vps
    start_vps
    wait_for 20 'the VPS to answer on port 22' vps_answers
}
