# shellcheck shell=bash
# Who reaches what, by trying.

# From, address (a function's output or text), port, what it is, whether it should work.
status_table() {
    local home home2
    home=$(server_address) home2=$(server2_address)
    cat <<EOF
phone    $LAB_VPS4    22     VPS-SSH-IPv4        yes
phone    $LAB_CGN4    443    home-IPv4-CGNAT     no
phone    $home        443    home-IPv6           no
cafe     $LAB_VPS6    22     VPS-SSH-IPv6        yes
cafe     $home        443    home-HTTPS          yes
cafe     $home        22     home-SSH            no
guest    $LAB_VPS4    22     VPS-SSH-IPv4        yes
guest    $home        443    home-HTTPS          yes
vps      $home        443    home-HTTPS          yes
desktop  $home        443    server-in-LAN       yes
desktop  $home2       443    server2-in-LAN      yes
desktop  $LAB_VPS4    22     VPS-SSH-IPv4        yes
desktop  $LAB_VPS6    22     VPS-SSH-IPv6        yes
server   $LAB_CA6     14000  ACME                yes
vps      $LAB_CA4     14000  ACME                yes
EOF
}

reaches() { in_node "$1" timeout 2 bash -c "exec 3<>/dev/tcp/$2/$3" 2>/dev/null; }

probe_all() {
    local from address port what wanted
    while read -r from address port what wanted; do
        (
            seen=no
            ! reaches "$from" "$address" "$port" || seen=yes
            printf '%s %s %s %s %s %s\n' "$from" "$address" "$port" "$what" "$wanted" "$seen"
        ) &
    done < <(status_table)
    wait
}

# Everything but the machines, which a user may have shut down.
rest_running() {
    [ -e "$LAB_STATE/up" ] || return 1
    local name
    for name in "$LAB_STATE"/pids/*; do
        name=${name##*/}
        case $name in vps | vps-disk | vps2 | vps2-disk | usable | routed) continue ;; esac
        recorded_pid "$name" >/dev/null || return 1
    done
}
lab_running() { rest_running && vps_leader >/dev/null; }

status() {
    local json=${1-} up=true
    lab_running || up=false
    if [ "$json" = --json ]; then
        { [ "$up" = false ] || probe_all | sort; } | jq -Rn --argjson up "$up" --arg faults "$(faults_that_are_on)" --arg prefix "$(current_prefix 2>/dev/null)" \
            '{schema: 1, up: $up, prefix: (if $prefix == "" then null else $prefix + "/56" end), faults: ($faults | split("\n")),
              paths: [inputs | split(" ") | {from: .[0], address: .[1], port: (.[2] | tonumber), what: .[3], expected: (.[4] == "yes"), reached: (.[5] == "yes")}]}'
        return
    fi
    if [ "$up" = false ]; then
        echo 'The lab is down.'
        return 1
    fi
    printf 'prefix %s/56   VPS %s %s   zone %s: %s records beyond the empty zone\n\n' "$(current_prefix)" "$LAB_VPS4" "$LAB_VPS6" \
        "$LAB_ZONE" "$(zone_extra | wc -l)"
    [ -z "$(faults_that_are_on)" ] || printf 'faults: %s\n\n' "$(faults_that_are_on | xargs)"
    printf '%-8s %-17s %-28s %-6s %s\n' from to address port reached
    probe_all | sort | while read -r from address port what wanted seen; do
        printf '%-8s %-17s %-28s %-6s %s%s\n' "$from" "$what" "$address" "$port" "$seen" "$([ "$wanted" = "$seen" ] || echo '  (unexpected)')"
    done
}
