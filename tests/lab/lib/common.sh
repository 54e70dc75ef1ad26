# shellcheck shell=bash
# Paths, words for the user, processes kept by id, one call at a time.

# Several labs can be up at once on one machine: SIXGATE_LAB names one (digits and small letters).
LAB_ID=${SIXGATE_LAB-}
# What lives until `lab down` is below LAB_STATE; keys stay until `lab down --keys`.
LAB_STATE=/run/sixgate-lab${LAB_ID:+-$LAB_ID}
LAB_CACHE=${SIXGATE_LAB_CACHE:-/var/cache/sixgate-lab}
LAB_KEYS=$LAB_STATE/keys
LAB_LOCK=$LAB_STATE.lock
# The VPS's control group, and its name as systemd-nspawn knows it.
LAB_MACHINE=sixgate-lab-vps$LAB_ID
# Before a node's name: the name of its network namespace.
NETNS=sg$LAB_ID-

LAB_STARTED=$(date +%s%N)

# Seconds since the command began, with tenths.
elapsed() {
    local ms=$((($(date +%s%N) - LAB_STARTED) / 1000000))
    printf '%d.%d' $((ms / 1000)) $((ms % 1000 / 100))
}
say() { printf '[%5s s] %s\n' "$(elapsed)" "$*"; }
warn() { printf 'lab: %s\n' "$*" >&2; }
die() {
    warn "$*"
    exit 1
}

[[ $LAB_ID =~ ^[a-z0-9]*$ ]] || die 'SIXGATE_LAB is the name of a lab: digits and small letters'

# Repeats a command until it succeeds, every 0.1 s or as LAB_POLL says: wait_for SECONDS WHAT COMMAND…
wait_for() {
    local end=$(($(date +%s%N) + $1 * 1000000000)) what=$2
    shift 2
    until "$@" >/dev/null 2>&1; do
        [ "$(date +%s%N)" -lt "$end" ] || die "waited in vain for $what"
        sleep "${LAB_POLL:-0.1}"
    done
}

# One call that changes something at a time. Daemons are started without this descriptor.
take_lock() {
    exec 9>"$LAB_LOCK"
    if ! flock -n 9; then
        warn 'another call is changing the lab; waiting for it'
        flock -w 900 9 || die 'the other call did not end'
    fi
}

# --- processes -------------------------------------------------------------------------------
# A process is recorded as "pid starttime": a number that the kernel gave to somebody else
# meanwhile has another start time and is left alone.

start_time() {
    local stat
    { read -r stat <"/proc/$1/stat"; } 2>/dev/null || return 1
    stat=${stat##*) }
    case $stat in Z*) return 1 ;; esac # ended, but not yet collected by its parent
    # shellcheck disable=SC2086  # the fields are wanted one by one; starttime is field 22, pid and comm are cut off
    set -- $stat
    printf '%s\n' "${20}"
}

# The process id of a recorded process if it is still the same one.
recorded_pid() {
    local pid started
    read -r pid started 2>/dev/null <"$LAB_STATE/pids/$1" || return 1
    [ "$(start_time "$pid")" = "$started" ] || return 1
    printf '%s\n' "$pid"
}

# Writes down that a process is the one of a name: record PID NAME
record() { printf '%s %s\n' "$1" "$(start_time "$1")" >"$LAB_STATE/pids/$2"; }

# Starts a program in a node and records it before it runs: spawn NODE NAME COMMAND…
spawn() {
    local node=$1 name=$2
    shift 2
    mkdir -p "$LAB_STATE/pids" "$LAB_STATE/log"
    (
        exec 9>&- </dev/null >>"$LAB_STATE/log/$name.log" 2>&1
        record "$BASHPID" "$name"
        exec setsid ip netns exec "$NETNS$node" "$@"
    ) &
    disown
}

# Ends a recorded process and waits until it is gone: stop_recorded NAME [SIGNAL]
stop_recorded() {
    local pid
    if pid=$(recorded_pid "$1"); then
        kill "-${2:-TERM}" "$pid" 2>/dev/null || true
        local i
        for i in {1..50}; do
            recorded_pid "$1" >/dev/null || break
            [ "$i" = 30 ] && kill -KILL "$pid" 2>/dev/null
            sleep 0.05
        done
    fi
    rm -f "$LAB_STATE/pids/$1"
}

# Process ids of everything that runs inside the network namespaces of the given nodes.
pids_in_nodes() {
    local node inode want=' '
    for node; do
        inode=$(stat -Lc %i "/run/netns/$NETNS$node" 2>/dev/null) && want+="$inode "
    done
    [ "$want" != ' ' ] || return 0
    { stat -Lc '%i %n' /proc/[0-9]*/ns/net 2>/dev/null || true; } | while read -r inode path; do
        case $want in *" $inode "*)
            path=${path#/proc/}
            printf '%s\n' "${path%%/*}"
            ;;
        esac
    done
}

# Ends whatever still runs inside the given nodes.
end_processes_in() {
    local pids round
    for round in 1 2 3 4 5 6 7 8 9 10; do
        pids=$(pids_in_nodes "$@")
        [ -n "$pids" ] || return 0
        # shellcheck disable=SC2086  # one word per process
        kill -KILL $pids 2>/dev/null || true
        [ "$round" = 1 ] || sleep 0.1
    done
    warn "still running: ${pids//$'\n'/ }"
}

# A folder of the node's own for HOME and XDG_*.
node_home() { printf '%s/nodes/%s\n' "$LAB_STATE" "$1"; }

in_node() {
    local node=$1
    shift
    ip netns exec "$NETNS$node" "$@"
}
