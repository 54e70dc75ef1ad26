# shellcheck shell=bash
# Faults of the home's machines and of its line.

# The router's announcement, now.
announce() { kill -HUP "$(recorded_pid radvd)"; }
# Whether nodes try for a second if their new addresses are somebody else's: try_addresses 0|1 NODE…
try_addresses() {
    local yes=$1 node
    shift
    for node; do node_sysctl "$node" "net/ipv6/conf/eth0/accept_dad=$yes"; done
}
# New addresses for nodes without waiting for that: addresses_again NODE…
addresses_again() {
    local node
    try_addresses 0 "$@"
    announce
    for node; do wait_for 5 "an address of $node" has_prefix "$node"; done
    try_addresses 1 "$@"
    forget_neighbours
}
has_prefix() {
    local prefix
    prefix=$(current_prefix)
    node_has_address "$1" "${prefix%::}:" && ip -n "$NETNS$1" -6 route show default | grep -q .
}
# Who is at which hardware address: who was silent is not taken for silent still, nor the other way round.
forget_neighbours() {
    local node
    ip -n "$NETNS"router neigh flush dev lan
    for node in server server2 desktop; do ip -n "$NETNS$node" neigh flush dev eth0; done
} >/dev/null 2>&1

# Keeps a file as it is before the first change: keep_file FILE NAME
keep_file() {
    [ ! -e "$KEPT/$2" ] || return 0
    cp -p "$1" "$KEPT/$2.new"
    mv "$KEPT/$2.new" "$KEPT/$2"
}
# Keeps a text in the same way: keep_text NAME COMMAND…
keep_text() {
    local name=$1
    shift
    [ ! -e "$KEPT/$name" ] || return 0
    "$@" >"$KEPT/$name.new"
    mv "$KEPT/$name.new" "$KEPT/$name"
}

# --- the server ------------------------------------------------------------------------------

# Its port leads nowhere: as without power, but its addresses stay.
server_off_on() {
    ip -n "$NETNS"router link set to-server nomaster
    forget_neighbours
}
server_off_off() {
    ip -n "$NETNS"router link set to-server master lan
    forget_neighbours
}

server_v6_off_on() {
    node_sysctl server net/ipv6/conf/eth0/disable_ipv6=1
    forget_neighbours
}
server_v6_off_off() {
    try_addresses 0 server
    node_sysctl server net/ipv6/conf/eth0/disable_ipv6=0
    ip -n "$NETNS"server token set "$LAB_SERVER_IID" dev eth0
    addresses_again server
}

# Identifiers made of a secret and the prefix, which is what desktops' set-ups do with a server.
id_changes_on() {
    keep_text link-local server_link_local
    server_identifier :: 3
}
id_changes_off() {
    local address
    server_identifier "$LAB_SERVER_IID" 0
    # It has brought an address of the link itself.
    [ ! -e "$KEPT/link-local" ] || for address in $(server_link_local | grep -vxFf "$KEPT/link-local"); do
        ip -n "$NETNS"server -6 address del "$address" dev eth0
    done
}
server_link_local() { ip -n "$NETNS"server -6 -o address show dev eth0 scope link | awk '{ print $4 }'; }
# server_identifier TOKEN MODE
server_identifier() {
    node_sysctl server "net/ipv6/conf/eth0/addr_gen_mode=$2"
    ip -n "$NETNS"server token set "$1" dev eth0
    ip -n "$NETNS"server -6 address flush dev eth0 to "$LAB_DELEGATED_POOL"
    ip -n "$NETNS"server -6 address flush dev eth0 to "$LAB_ULA/64"
    addresses_again server
}

# --- the desktop -----------------------------------------------------------------------------

# What the kernel's usual limit of 16 does after many new prefixes in two hours: addresses of earlier ones are deprecated
# but there, and the newest prefix has a route and no address.
address_limit_on() {
    local number before prefix old identifier
    number=$(cat "$LAB_STATE/prefix-number")
    prefix=$(current_prefix)
    keep_text limit in_node desktop cat /proc/sys/net/ipv6/conf/eth0/max_addresses
    node_sysctl desktop net/ipv6/conf/eth0/max_addresses=16
    for before in {1..8}; do
        # One made of the hardware address, one for privacy.
        for identifier in 0:5eff:fe10:a "52d$before:77af:9b1:c0$before"; do
            old=$(prefix_number $((number + 255 - before)))
            echo "address replace ${old%:}$identifier/64 dev eth0 valid_lft 5000 preferred_lft 0 nodad"
        done
    done | ip -n "$NETNS"desktop -6 -batch -
    ip -n "$NETNS"desktop -6 address flush dev eth0 to "${prefix}/64"
    announce
    wait_for 5 "the desktop's route into the prefix" has_prefix_route
}
has_prefix_route() { ip -n "$NETNS"desktop -6 route show "$(current_prefix)/64" | grep -q .; }
address_limit_off() {
    [ ! -e "$KEPT/limit" ] || node_sysctl desktop "net/ipv6/conf/eth0/max_addresses=$(cat "$KEPT/limit")"
    ip -n "$NETNS"desktop -6 address flush dev eth0 to "$LAB_DELEGATED_POOL"
    addresses_again desktop
}

# `lab exec desktop` sees to it: there is one clock for all nodes.
LAB_CLOCK_AHEAD=+400d
clock_on() { command -v faketime >/dev/null || die 'faketime is missing; lab prepare installs it'; }
clock_off() { :; }

# --- the router and its line -----------------------------------------------------------------

# The identifier that the server would have by its hardware address (EUI-64).
server_eui64() {
    local mac
    mac=$(node_mac server)
    printf '::5eff:fe10:%x\n' "0x${mac##*:}"
}
other_id_on() {
    other_id_off
    in_node router nft -f - <<EOF
insert rule inet home through iifname wan ip6 daddr & ::ffff:ffff:ffff:ffff == $(server_eui64) tcp dport { 80, 443 } accept comment "fault-router-other-id"
insert rule inet home through iifname wan ip6 daddr & ::ffff:ffff:ffff:ffff == $LAB_SERVER_IID ct state new drop comment "fault-router-other-id"
EOF
}
other_id_off() {
    local handle
    for handle in $(in_node router nft -j list chain inet home through |
        jq '.nftables[].rule | select(. != null and .comment == "fault-router-other-id") | .handle'); do
        in_node router nft delete rule inet home through handle "$handle"
    done
}

home_v6_off_on() {
    local node conf=$LAB_STATE/router/radvd.conf prefix
    prefix=$(current_prefix)
    keep_file "$conf" radvd.conf
    cat >"$conf" <<EOF
interface lan {
    AdvSendAdvert on;
    MinRtrAdvInterval 3;
    MaxRtrAdvInterval 10;
    AdvDefaultLifetime 0;
    prefix ${prefix}/64 { AdvPreferredLifetime 0; AdvValidLifetime 0; };
    prefix ${LAB_ULA}/64 { AdvPreferredLifetime 2700; AdvValidLifetime 5400; };
    RDNSS ${LAB_ULA}1 { };
};
EOF
    announce
    withdraw_prefix "$prefix" 2>/dev/null || true
    for node in server server2 desktop; do
        wait_for 5 "the announcement to reach $node" has_no_default "$node"
        # The kernel keeps addresses up to two hours (RFC 4862, 5.5.3); what manages networks on a desktop takes them at once.
        ip -n "$NETNS$node" -6 address flush dev eth0 to "$LAB_DELEGATED_POOL"
    done
}
has_no_default() { ! ip -n "$NETNS$1" -6 route show default | grep -q .; }
home_v6_off_off() {
    [ ! -e "$KEPT/radvd.conf" ] || cp -p "$KEPT/radvd.conf" "$LAB_STATE/router/radvd.conf"
    delegate_prefix "$(current_prefix)"
    addresses_again server server2 desktop
}

# The router notices, and says that there is no way; from outside it is silent.
line_off_on() {
    keep_text routes4 ip -n "$NETNS"router -4 route show default
    keep_text routes6 ip -n "$NETNS"router -6 route show default
    filter_on
    ip -n "$NETNS"router -4 route flush default
    ip -n "$NETNS"router -6 route flush default
}
line_off_off() {
    local family route
    for family in 4 6; do
        [ ! -e "$KEPT/routes$family" ] || while read -r route; do
            # shellcheck disable=SC2086  # a route is several words
            ip -n "$NETNS"router "-$family" route replace $route
        done <"$KEPT/routes$family"
    done
    filter_off
}

# A line that carries less than its ends believe, and nobody who says so. The router has told the desktop (an announcement
# with an MTU), the server did not listen. Its packets are single ones: joined ones would look too large to the filter.
mtu_on() {
    keep_text segments server_segments
    keep_text mtu in_node desktop cat /proc/sys/net/ipv6/conf/eth0/mtu
    filter_on
    ip -n "$NETNS"server link set eth0 gso_max_segs 1
    node_sysctl desktop net/ipv6/conf/eth0/mtu=1280
    # A real card cuts what the kernel hands over in one piece; the wire here would carry it whole, as a large packet.
    ip -n "$NETNS"desktop link set dev eth0 gso_max_segs 1
}
mtu_off() {
    ip -n "$NETNS"desktop link set dev eth0 gso_max_segs 65535
    [ ! -e "$KEPT/mtu" ] || node_sysctl desktop "net/ipv6/conf/eth0/mtu=$(cat "$KEPT/mtu")"
    [ ! -e "$KEPT/segments" ] || ip -n "$NETNS"server link set eth0 gso_max_segs "$(cat "$KEPT/segments")"
    filter_off
}
server_segments() { ip -n "$NETNS"server -d -j link show eth0 | jq '.[0].gso_max_segs'; }

here_resolver_on() { stop_recorded router-unbound KILL; }
here_resolver_off() {
    recorded_pid router-unbound >/dev/null || spawn_router_resolver
    wait_for 5 "the router's resolver" router_resolves
}
router_resolves() { in_node router dig +time=1 +tries=1 +short "@$LAB_LAN4" "ns1.$LAB_ZONE" | grep -qxF "$LAB_NS4"; }
