# shellcheck shell=bash
# The carrier gives the home another prefix.

has_new_addresses() {
    node_has_address server "${1}11/" && node_has_address desktop "${1%::}:"
}

# rotate [--no-deprecate]: the router announces the old /64 as deprecated, or forgets it (as after a crash).
rotate_prefix() {
    local old new number
    old=$(current_prefix)
    number=$(($(cat "$LAB_STATE/prefix-number") + 1))
    new=$(prefix_number "$number")
    say "old prefix ${old}/56"
    delegate_prefix "$new"
    if [ "${1-}" = --no-deprecate ]; then
        radvd_conf "$new" >"$LAB_STATE/router/radvd.conf"
    else
        radvd_conf "$new" "$old" >"$LAB_STATE/router/radvd.conf"
    fi
    kill -HUP "$(recorded_pid radvd)"
    echo "$number" >"$LAB_STATE/prefix-number"
    echo "$new" >"$LAB_STATE/prefix"
    say "new prefix ${new}/56 announced"
    # Enough for the announcement to arrive; then the old prefix leads nowhere.
    sleep 0.2
    withdraw_prefix "$old"
    in_node isp conntrack -F >/dev/null 2>&1
    say 'old prefix no longer routed, carrier NAT has forgotten its connections'
    wait_for 15 'new addresses in the home' has_new_addresses "$new"
    say 'server and desktop have usable new addresses'
}
