# shellcheck shell=bash
# `lab exec`: commands in nodes, and inside the machines.

LAB_MACHINES='vps vps2'

# PID 1 of a machine, as this machine numbers it.
vps_leader() {
    local pid name=''
    pid=$(recorded_pid "${1:-vps}") && pid=$(first_child "$pid") || return 1
    read -r name 2>/dev/null <"/proc/$pid/comm" && [ "$name" = systemd-nspawn ] && first_child "$pid"
}
first_child() {
    local child='' rest
    # The file's only line has no end.
    read -r child rest 2>/dev/null <"/proc/$1/task/$1/children" || true
    [ -n "$child" ] && printf '%s\n' "$child"
}

# A command inside a machine, as root: in_vps MACHINE COMMAND… A shell starts it there: a machine that shuts down stops
# all its processes at first, and nsenter would stop itself when the one stops that it started, and never reap it.
in_vps() {
    local leader
    leader=$(vps_leader "$1") || die "$1 is not running"
    shift
    # shellcheck disable=SC2016  # expanded on the machine
    nsenter --no-fork --target "$leader" --mount --uts --ipc --net --pid --root --wdns=/root env -i HOME=/root USER=root LOGNAME=root LANG=C.UTF-8 \
        "TERM=${TERM:-dumb}" PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
        sh -c '"$@"; exit $?' sh "$@"
}

exec_in() {
    local node=${1-} home
    shift || die 'exec needs a node and a command'
    [ $# -gt 0 ] || die 'exec needs a command'
    if [ ! -e "/run/netns/$NETNS$node" ]; then
        case " $LAB_NODES " in *" $node "*) ;; *) die "no node \"$node\" (nodes: $LAB_NODES)" ;; esac
        die "$(if [ -e "$LAB_STATE/up" ]; then echo "$node"; else echo 'the lab'; fi) is not up"
    fi
    case " $LAB_MACHINES " in *" $node "*)
        in_vps "$node" "$@"
        return
        ;;
    esac
    home=$(node_home "$node")
    # The nodes have trust and routes of their own: settings of the caller's would lead past them.
    unset SSL_CERT_FILE SSL_CERT_DIR CURL_CA_BUNDLE REQUESTS_CA_BUNDLE http_proxy https_proxy HTTP_PROXY HTTPS_PROXY \
        all_proxy ALL_PROXY no_proxy NO_PROXY DBUS_SESSION_BUS_ADDRESS SSH_AUTH_SOCK
    export HOME="$home/home" XDG_CONFIG_HOME="$home/config" XDG_DATA_HOME="$home/data" XDG_CACHE_HOME="$home/cache" \
        XDG_STATE_HOME="$home/state" XDG_RUNTIME_DIR="$home/runtime"
    if [ "$node" = desktop ] && [ -e "$LAB_STATE/faults/clock-wrong" ] && fault_on clock-wrong; then set -- faketime --exclude-monotonic -f "$LAB_CLOCK_AHEAD" "$@"; fi
    exec ip netns exec "$NETNS$node" "$@"
}

# A node that is there, and nothing about it that must be looked up.
exec_is_simple() {
    [ $# -ge 2 ] && [[ $1 =~ ^[a-z0-9]+$ ]] && [ -e "/run/netns/$NETNS$1" ] && [ "$EUID" = 0 ] && [ ! -e "$LAB_STATE/faults/clock-wrong" ]
}
