# shellcheck shell=bash
# A machine that reboots, loses its power and gets it back. Its disk stays in all of that.

# A machine without power says nothing, not even that its connections are gone: nothing passes its line.
cut_line() {
    in_node internet nft -f - <<END
table inet cut-$1 {
    chain through {
        type filter hook forward priority -300; policy accept;
        iifname "to-$1" drop
        oifname "to-$1" drop
    }
    chain own {
        type filter hook output priority -300; policy accept;
        oifname "to-$1" drop
    }
}
END
}
open_line() { in_node internet nft delete table inet "cut-$1" 2>/dev/null || true; }

boots_anew() {
    local leader
    leader=$(vps_leader "$1") && [ "$leader" != "$2" ]
}

# As its own `reboot` does it: services are stopped, then it boots again.
reboot_vps() {
    local node=$1 leader
    leader=$(vps_leader "$node") || die "$node is switched off"
    # What `reboot` asks for; that itself would ask logind first, which there is none of.
    in_vps "$node" systemctl start --no-block --job-mode=replace-irreversibly reboot.target
    wait_for 150 "$node to go down" boots_anew "$node" "$leader"
    wait_for 30 "$node to answer on port 22" vps_answers "$node"
    say "$node has rebooted"
}

# Everything there ends at once.
power_off() {
    local node=$1 leader
    leader=$(vps_leader "$node") || { say "$node is off already" && return; }
    cut_line "$node"
    kill -KILL "$leader"
    wait_for 10 "$node to end" is_off "$node"
    say "$node is off"
}
is_off() { ! recorded_pid "$1" >/dev/null && [ -z "$(pids_in_nodes "$1")" ]; }

power_on() {
    local node=$1
    if ! vps_leader "$node" >/dev/null; then
        disk_is_ready "$node" || die "$node has no disk; lab reset makes one"
        start_vps "$node"
    fi
    open_line "$node"
    wait_for 30 "$node to answer on port 22" vps_answers "$node"
    say "$node is on"
}

# A machine's file system as seen from here, also when it is off.
machine_root() {
    local leader
    if leader=$(vps_leader "$1"); then printf '/proc/%s/root\n' "$leader"; else disk_root "$1" || die "$1 is not there"; fi
}
