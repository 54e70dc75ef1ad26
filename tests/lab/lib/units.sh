# shellcheck shell=bash
# The home's server as a booted Debian: this machine's own disk under an overlay in memory, with a systemd of its own, in
# the network of the node `server` (whose web server runs on beside it). For tests of the units.

HOME_MACHINE='' HOME_CGROUP=sixgate-units-$SIXGATE_LAB

# Runs in a mount name space of its own, as long as the machine does: boot_home_machine
boot_home_machine() {
    local disk=$work/disk root=$work/disk/root name
    mkdir -p "$disk"
    mount -t tmpfs -o mode=755 units "$disk"
    mkdir -p "$disk"/{upper,work,root}
    mount -t overlay overlay -o "lowerdir=/,upperdir=$disk/upper,workdir=$disk/work" "$root"
    echo units >"$root/etc/hostname"
    : >"$root/etc/machine-id"
    cp "/etc/netns/sg$SIXGATE_LAB-server/hosts" "/etc/netns/sg$SIXGATE_LAB-server/resolv.conf" "$root/etc/"
    rm -rf "$root/etc/ssl" && cp -a "/etc/netns/sg$SIXGATE_LAB-server/ssl/." "$root/etc/ssl"
    # Of this machine's own services none is to run there.
    rm -rf "$root"/etc/systemd/system/*.wants "$root"/etc/systemd/system/default.target
    rm -rf "$root"/var/log/journal "$root"/etc/sixgate "$root"/etc/rc?.d/S*
    install -m 755 "$SIXGATECTL" "$root/usr/local/bin/sixgatectl"
    install -m 644 "$here/../../installer/systemd/system/sixgate-keep.service" "$root/etc/systemd/system/"
    install -m 644 "$here/../../installer/systemd/user/sixgate-keep.service" "$root/etc/systemd/user/"
    for name in /sys/fs/cgroup/systemd /sys/fs/cgroup/unified; do
        [ -w "$name/cgroup.procs" ] && mkdir -p "$name/$HOME_CGROUP" && echo "$BASHPID" >"$name/$HOME_CGROUP/cgroup.procs"
    done
    exec systemd-nspawn --boot --quiet --register=no --keep-unit --machine="$HOME_CGROUP" --hostname=units --directory="$root" \
        --network-namespace-path="/run/netns/sg$SIXGATE_LAB-server" --link-journal=no --resolv-conf=off --timezone=off --console=pipe \
        --capability=CAP_NET_ADMIN,CAP_NET_RAW systemd.unit=multi-user.target
}
start_home_machine() {
    setsid unshare --mount --propagation private bash -c "$(declare -f boot_home_machine); work=$work here=$here SIXGATECTL=$SIXGATECTL SIXGATE_LAB=$SIXGATE_LAB HOME_CGROUP=$HOME_CGROUP; boot_home_machine" \
        </dev/null >"$work/machine.log" 2>&1 &
    HOME_MACHINE=$!
    disown
    within 40 home_machine_is_up
}
# PID 1 of it, as this machine numbers it.
home_leader() { pgrep -P "$HOME_MACHINE" 2>/dev/null | head -n 1; }
home_machine_is_up() { at_home systemctl is-system-running 2>/dev/null | grep -qE 'running|degraded'; }
at_home() {
    local leader
    leader=$(home_leader) && [ -n "$leader" ] || return 1
    nsenter --target "$leader" --all --wdns=/root env -i HOME=/root USER=root LANG=C.UTF-8 PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$@"
}
stop_home_machine() {
    [ -n "$HOME_MACHINE" ] || return 0
    local leader name
    leader=$(home_leader)
    [ -z "$leader" ] || kill -KILL "$leader" 2>/dev/null
    kill -KILL "$HOME_MACHINE" 2>/dev/null
    sleep 0.5
    for name in /sys/fs/cgroup/systemd /sys/fs/cgroup/unified; do
        [ ! -d "$name/$HOME_CGROUP" ] || find "$name/$HOME_CGROUP" -depth -type d -exec rmdir {} + 2>/dev/null
    done
    HOME_MACHINE=''
}
