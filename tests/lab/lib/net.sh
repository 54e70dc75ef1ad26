# shellcheck shell=bash
# The wires: nodes, links, addresses, routes, filters. All addresses are documentation space.

# Nodes with a line of their own at `internet`: name, IPv4, gateway, IPv6, gateway ("-": family missing).
LAB_WAN_NODES='
isp    203.0.113.2/28,203.0.113.7/28  203.0.113.1    2001:db8:1::2/64                     2001:db8:1::1
vps    198.51.100.10/24               198.51.100.1   2001:db8:b::10/64                    2001:db8:b::1
dns    192.0.2.53/28,192.0.2.54/28,192.0.2.55/28 192.0.2.49 2001:db8:53::53/64,2001:db8:53::54/64,2001:db8:53::55/64 2001:db8:53::1
ca     192.0.2.82/28                  192.0.2.81     2001:db8:ca::2/64                    2001:db8:ca::1
phone  203.0.113.130/28               203.0.113.129  -                                    -
cafe   -                              -              2001:db8:cafe::2/64                  2001:db8:cafe::1
guest  203.0.113.146/28               203.0.113.145  2001:db8:9e57::2/64                  2001:db8:9e57::1
'
# What is not there from the start: a second VPS.
LAB_LATER_NODES='
vps2   192.0.2.130/28                 192.0.2.129    2001:db8:b2::10/64                   2001:db8:b2::1
'
# Nodes in the home's LAN: name, IPv4, interface identifier ("-": EUI-64), use_tempaddr.
LAB_LAN_NODES='
server   192.168.178.11  ::11  0
desktop  192.168.178.20  -     2
server2  192.168.178.12  ::12  0
'
LAB_NODES='internet isp vps dns ca phone cafe router server desktop vps2 guest server2 stranger'

LAB_VPS4=198.51.100.10
LAB_VPS6=2001:db8:b::10
LAB_VPS2_4=192.0.2.130
LAB_VPS2_6=2001:db8:b2::10
LAB_NS4=192.0.2.53
LAB_NS6=2001:db8:53::53
# A second name server: there only while a fault needs it.
LAB_NS2_4=192.0.2.55
LAB_NS2_6=2001:db8:53::55
# PowerDNS: added when it is switched on.
LAB_POWERDNS4=192.0.2.56
LAB_POWERDNS6=2001:db8:53::56
LAB_RESOLVER4=192.0.2.54
LAB_RESOLVER6=2001:db8:53::54
LAB_CA4=192.0.2.82
LAB_CA6=2001:db8:ca::2
LAB_CGN4=203.0.113.7
LAB_SERVER_IID=::11
LAB_SERVER4=192.168.178.11
LAB_SERVER2_4=192.168.178.12
LAB_GUEST4=203.0.113.146
LAB_GUEST6=2001:db8:9e57::2
LAB_LAN4=192.168.178.1
LAB_ULA=fd00:5199:a7e::
LAB_DELEGATED_POOL=2001:db8:a000::/40
LAB_WAN_ROUTER6=2001:db8:1f::2
LAB_WAN_ISP6=2001:db8:1f::1

# --- the delegated prefix --------------------------------------------------------------------

# The n-th /56 of the pool without its length, ending in "::"; then the LAN's /64 is the same text.
prefix_number() { printf '2001:db8:%x:%x::\n' $((0xa001 + $1 % 255)) $((($1 * 7 % 255 + 1) * 256)); }
current_prefix() { prefix_number "$(cat "$LAB_STATE/prefix-number")"; }
server_address() { printf '%s11\n' "$(current_prefix)"; }
server2_address() { printf '%s12\n' "$(current_prefix)"; }

# --- building --------------------------------------------------------------------------------

add_node() {
    local node=$1 number
    ip netns add "$NETNS$node"
    ip -n "$NETNS$node" link set lo up
    mkdir -p "/etc/netns/$NETNS$node" "$(node_home "$node")"
    mkdir -p -m 700 "$(node_home "$node")"/{home,config,data,cache,state,runtime}
    # The machine's own name too: a daemon that looks it up (knot does) must not wait for name servers.
    printf '127.0.0.1 localhost\n::1 localhost\n127.0.1.1 %s %s\n' "$node" "$(uname -n)" >"/etc/netns/$NETNS$node/hosts"
    ln -sfn "$LAB_STATE/ssl" "/etc/netns/$NETNS$node/ssl"
    resolv_conf "$node" >"/etc/netns/$NETNS$node/resolv.conf"
    # Forwarders route; everybody else takes router announcements.
    case $node in
    internet | isp | router) node_sysctl "$node" net/ipv4/ip_forward=1 net/ipv6/conf/all/forwarding=1 ;;
    phone) node_sysctl "$node" net/ipv6/conf/all/disable_ipv6=1 net/ipv6/conf/default/disable_ipv6=1 ;;
    esac
}

# node_sysctl NODE path=value… (paths below /proc/sys)
node_sysctl() {
    local node=$1
    shift
    # shellcheck disable=SC2016  # expanded by the inner shell
    in_node "$node" sh -c 'for s; do echo "${s#*=}" >"/proc/sys/${s%%=*}" || exit 1; done' sh "$@"
}

resolv_conf() {
    case $1 in
    server | server2 | desktop) printf 'nameserver %s1\nnameserver %s\n' "$LAB_ULA" "$LAB_LAN4" ;;
    phone) printf 'nameserver %s\n' "$LAB_RESOLVER4" ;;
    cafe) printf 'nameserver %s\n' "$LAB_RESOLVER6" ;;
    *) printf 'nameserver %s\nnameserver %s\n' "$LAB_RESOLVER4" "$LAB_RESOLVER6" ;;
    esac
}

# A stable hardware address, so that interface identifiers by EUI-64 survive a restart.
node_mac() {
    local number=1 node
    for node in $LAB_NODES; do
        [ "$node" = "$1" ] && break
        number=$((number + 1))
    done
    printf '02:00:5e:10:00:%02x\n' "$number"
}

# The line of one node at `internet`: wan_link NODE IPV4 GATEWAY4 IPV6 GATEWAY6
wan_link() {
    local node=$1 v4=$2 gw4=$3 v6=$4 gw6=$5 address
    ip -n "$NETNS"internet link add "to-$node" type veth peer name eth0 netns "$NETNS$node" address "$(node_mac "$node")"
    {
        echo "link set eth0 up"
        if [ "$v4" != - ]; then
            for address in ${v4//,/ }; do echo "address add $address dev eth0"; done
            echo "route add default via $gw4"
        fi
        if [ "$v6" != - ]; then
            for address in ${v6//,/ }; do echo "address add $address dev eth0 nodad"; done
            echo "route add default via $gw6"
        fi
    } | ip -n "$NETNS$node" -batch -
    {
        echo "link set to-$node up"
        [ "$v4" = - ] || echo "address add $gw4/${v4##*/} dev to-$node"
        [ "$v6" = - ] || echo "address add $gw6/64 dev to-$node nodad"
    } | ip -n "$NETNS"internet -batch -
}

wan_node_line() { awk -v node="$1" '$1 == node' <<<"$LAB_WAN_NODES$LAB_LATER_NODES"; }

add_wan_node() {
    local line
    line=$(wan_node_line "$1")
    add_node "$1"
    # shellcheck disable=SC2086  # the table's columns are the arguments
    wan_link $line
}

# Takes a node and its line away, with all that runs in it.
remove_node() {
    end_processes_in "$1"
    ip netns del "$NETNS$1" 2>/dev/null || true
    ip -n "$NETNS"internet link del "to-$1" 2>/dev/null || true
    rm -rf "/etc/netns/$NETNS$1"
}

# The subscriber's line: a private carrier network for IPv4, a small link network for IPv6. The bridge has an address of
# its own: that of a port, the kernel's default, would change when a machine leaves, and nobody would find the router.
access_line() {
    ip -n "$NETNS"isp link add line type veth peer name wan netns "$NETNS"router address "$(node_mac router)"
    ip -n "$NETNS"isp -batch - <<EOF
link set line up
address add 100.64.0.1/24 dev line
address add $LAB_WAN_ISP6/64 dev line nodad
route add blackhole $LAB_DELEGATED_POOL
EOF
    ip -n "$NETNS"router -batch - <<EOF
link set wan up
address add 100.64.0.7/24 dev wan
address add $LAB_WAN_ROUTER6/64 dev wan nodad
route add default via 100.64.0.1
route add default via $LAB_WAN_ISP6
link add lan address 02:00:5e:10:01:01 type bridge mcast_snooping 0 forward_delay 0
link set lan up
address add $LAB_LAN4/24 dev lan
address add ${LAB_ULA}1/64 dev lan nodad
EOF
    ip -n "$NETNS"internet -6 route add "$LAB_DELEGATED_POOL" via 2001:db8:1::2
    ip -n "$NETNS"internet -6 route add 2001:db8:1f::/64 via 2001:db8:1::2
    in_node isp nft -f - <<EOF
table inet carrier {
    set delegated { type ipv6_addr; flags interval; }
    chain through {
        type filter hook forward priority filter; policy accept;
        ct state invalid drop
        # Carrier-grade NAT: nobody opens a connection to a subscriber by IPv4.
        iifname eth0 oifname line meta nfproto ipv4 ct state new drop
        # No foreign source addresses: what still uses a taken prefix is lost without a word.
        iifname line meta nfproto ipv6 ip6 saddr != 2001:db8:1f::/64 ip6 saddr != @delegated drop
    }
    chain source {
        type nat hook postrouting priority srcnat; policy accept;
        oifname eth0 ip saddr 100.64.0.0/10 snat ip to $LAB_CGN4
    }
}
EOF
    # A connection that the carrier has forgotten is dead; without this its next packet would revive it.
    node_sysctl isp net/netfilter/nf_conntrack_tcp_loose=0
}

lan_link() {
    local node=$1 v4=$2 iid=$3 tempaddr=$4
    ip -n "$NETNS"router link add "to-$node" type veth peer name eth0 netns "$NETNS$node" address "$(node_mac "$node")"
    ip -n "$NETNS"router link set "to-$node" master lan up
    node_sysctl "$node" "net/ipv6/conf/eth0/use_tempaddr=$tempaddr" net/ipv6/conf/eth0/max_addresses=0 \
        net/ipv6/conf/eth0/addr_gen_mode=0 net/ipv6/conf/eth0/accept_ra=1
    [ "$iid" = - ] || ip -n "$NETNS$node" token set "$iid" dev eth0
    ip -n "$NETNS$node" -batch - <<EOF
address add $v4/24 dev eth0
link set eth0 up
route add default via $LAB_LAN4
EOF
}

build_network() {
    local line node
    add_node internet
    while read -r line; do
        [ -n "$line" ] && add_wan_node "${line%% *}"
    done <<<"$LAB_WAN_NODES"
    add_node router
    access_line
    while read -r line; do
        [ -n "$line" ] || continue
        node=${line%% *}
        add_node "$node"
        # shellcheck disable=SC2086  # the table's columns are the arguments
        lan_link $line
    done <<<"$LAB_LAN_NODES"
}
