# shellcheck shell=bash
# The carrier gives the home another prefix.

has_new_addresses() {
    # Its identifier is what changes.
    if fault_on id-changes; then node_has_address server "${1%::}:"; else node_has_address server "${1}11/"; fi && node_has_address server2 "${1}12/" && node_has_address desktop "${1%::}:"
}

# rotate [--no-deprecate]: the router announces the old /64 as deprecated, or forgets it (as after a crash).
# Every step can be done again: a rotation that was killed is finished by the next call.
rotate_prefix() {
    local old new number
    old=$(current_prefix)
    if [ -s "$LAB_STATE/rotating" ]; then
        number=$(cat "$LAB_STATE/rotating")
    else
        number=$(($(cat "$LAB_STATE/prefix-number") + 1))
        echo "$number" >"$LAB_STATE/rotating"
    fi
    new=$(prefix_number "$number")
    say "old prefix ${old}/56"
    delegate_prefix "$new"
    if [ "${1-}" = --no-deprecate ]; then
        radvd_conf "$new" >"$LAB_STATE/router/radvd.conf"
    else
        radvd_conf "$new" "$old" >"$LAB_STATE/router/radvd.conf"
    fi
    kill -HUP "$(recorded_pid radvd)"
    say "new prefix ${new}/56 announced"
    # Enough for the announcement to arrive; then the old prefix leads nowhere.
    sleep 0.2
    local prefix
    for prefix in $(delegated_prefixes); do
        [ "$prefix" = "$new" ] || withdraw_prefix "$prefix"
    done
    in_node isp conntrack -F >/dev/null 2>&1
    say 'old prefix no longer routed, carrier NAT has forgotten its connections'
    wait_for 15 'new addresses in the home' has_new_addresses "$new"
    mv "$LAB_STATE/rotating" "$LAB_STATE/prefix-number"
    say 'server and desktop have usable new addresses'
}
