# shellcheck shell=bash
# What tests/lab/keeper needs beside mainjob.sh: keepers that run in nodes, rotations, looks at what they did.

declare -A KEEPERS=()

# A connection to the VPS's SSH port by its IPv4 address.
keeps_ipv4() { # NODE
    [ -n "$("$LAB" exec "$1" ss -Htn state established dst "$LAB_VPS4" dport = :22)" ]
}
start_keeper() { # NODE
    "$LAB" exec "$1" "$SIXGATECTL" --secrets "dir:$(site_folder "$1")/secrets" keep >>"$work/keep-$1" 2>&1 &
    KEEPERS[$1]=$!
}
# The command that `lab exec` became; it replaces itself by the program.
end_keeper() { # SIGNAL NODE
    [ -n "${KEEPERS[$2]-}" ] || return 0
    {
        kill "-$1" "${KEEPERS[$2]}"
        wait "${KEEPERS[$2]}"
    } 2>/dev/null
    unset "KEEPERS[$2]"
}
stop_keeper() { end_keeper TERM "$1"; }
kill_keeper() { end_keeper KILL "$1"; }

# As a machine that sleeps: its connections stay, and nobody answers there.
suspend_keeper() { kill -STOP "${KEEPERS[$1]}"; }
wake_keeper() { kill -CONT "${KEEPERS[$1]}"; }
# How often the VPS was led to another address.
pushes() { lab exec vps journalctl -u sixgate-push.service -o cat | wc -l; }

# keeper_is_fine NODE [ADDRESS]: and has the home at that address
keeper_is_fine() {
    sixgate "$1" status --json >"$work/status" 2>/dev/null || return 1
    [ -z "${2-}" ] || jq -e --arg address "$2" '[.keeper.servers[].address == $address] | all' "$work/status" >/dev/null
}
one_leads() {
    { role_is desktop leader && role_is server follower; } || { role_is server leader && role_is desktop follower; }
}
both_are_fine() { keeper_is_fine desktop && keeper_is_fine server; }
keeper_says() { # NODE TEXT
    sixgate "$1" status >"$work/status" 2>&1 # whatever its verdict
    grep -qF "$2" "$work/status"
}
keeper_says_when_asked() { # NODE TEXT
    sixgate "$1" status check >/dev/null 2>&1
    sleep 1
    keeper_says "$1" "$2"
}
role_is() {
    sixgate "$1" status --json >"$work/status" 2>/dev/null
    jq -e --arg role "$2" '.keeper.role == $role' "$work/status" >/dev/null 2>&1
}

# Each change of so many has come to its end, and tells when what was done.
history_is_whole() {
    sixgate desktop history --json >"$work/last" 2>&1 || return 1
    jq -e --argjson most "$1" '(.recoveries | length == $most) and
        ([.recoveries[] | .end == "finished", (.usableMs, .dnsMs, .pushMs, .provenMs.v4 | . != null)] | all)' "$work/last" >/dev/null
}

# How often keepers of the desktop have begun anew; begins_anew COUNT: once more than that.
beginnings() { grep -c 'the keeper begins anew' "$work/keep-desktop"; }
begins_anew() { [ "$(beginnings)" -gt "$1" ]; }
# edit_site FILTER: the desktop's site file, as jq changes it
edit_site() {
    local file
    file=$(site_folder desktop)/site.json
    jq "$1" "$file" >"$file.new" && mv "$file.new" "$file"
}

# The server tells its name in the LAN: avahi, with a /run of its own for its process file.
begin_lan_name() {
    cat >"$work/avahi.conf" <<END
[server]
host-name=nas
use-ipv4=no
enable-dbus=no
allow-interfaces=eth0
[publish]
publish-hinfo=no
publish-workstation=no
[rlimits]
END
    # shellcheck disable=SC2016  # the inner shell's
    "$LAB" exec server unshare --mount --propagation private sh -c 'mount -t tmpfs none /run && mkdir -p /run/avahi-daemon && exec avahi-daemon --no-chroot --no-drop-root --file "$0"' \
        "$work/avahi.conf" >"$work/avahi" 2>&1 &
    LAN_NAME=$!
}
end_lan_name() { { kill "$LAN_NAME" && wait "$LAN_NAME"; } 2>/dev/null; }
server_address() { lab exec server ip -6 -j address show dev eth0 scope global -deprecated | jq -r '[.[].addr_info[]? | select(.local != null)] | .[-1].local'; }

rotate() { lab rotate "$@" >"$work/rotate" 2>&1 && load_lab; }
rotate_in_background() {
    lab rotate --no-deprecate >"$work/rotate" 2>&1 &
    ROTATION=$!
}
record_is() { [ "$(record "$1" AAAA)" = "$2" ]; }
vps_leads_to() { [ "$(lab exec vps getent ahostsv6 "$LAB_UPSTREAM_NAME" | awk 'NR == 1 { print $1 }')" = "$1" ]; }
# A few seconds, since resolvers may have to forget.
phone_is_served() { within 10 phone_gets_the_page; }
phone_gets_the_page() { lab exec phone curl -4sS --max-time 3 "https://$LAB_PUBLIC_NAME/" 2>/dev/null | grep -q "$LAB_HOME_MARKER"; }

# Every file of a node's state parses, and no temporary one is left.
states_are_whole() {
    local file folder=$LAB_STATE/nodes/$1/state/sixgate/home
    for file in "$folder"/*.json; do jq -e . "$file" >/dev/null || return 1; done
    [ -z "$(find "$folder" -name '*.new*' -o -name '.*.tmp')" ]
}

# The server is the second machine: a key of its own in both site files.
write_second_machine() {
    local file
    write_site server '.servers[0].address = {from: "this-machine"}'
    sixgate server vps push-key >"$work/last" 2>&1 || return
    for node in desktop server; do
        file=$(site_folder "$node")
        jq --slurpfile one "$(site_folder desktop)/site.json" --slurpfile other "$(site_folder server)/site.json" \
            '.vps[0].pushKeys = ([$one, $other | .[0].vps[0].pushKeys[]] | unique)' "$file/site.json" >"$file/site.new" &&
            mv "$file/site.new" "$file/site.json"
    done
}
