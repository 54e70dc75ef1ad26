# shellcheck shell=bash
# Named faults: `lab fault`. Each one is the real thing: a daemon that is stopped, a packet that is dropped, a record that
# is wrong. A fault has a folder in LAB_STATE/faults from before its first step until after its last one: what was there
# before is kept in it, and a call that was killed is undone by `off`.

# name | code that Sixgate gives | where | how (a function without _on or _off, and its arguments) | what it is
# Where: what is on the VPS goes with its disk ("vps"), and what is at its proxy needs one ("proxy").
fault_table() {
    cat <<'EOF'
router-closed|router-firewall|net|filter|the router drops new IPv6 connections from outside
router-other-id|router-other-identifier|net|other_id|the router is open only for the identifier made of the server's MAC
mtu|mtu-black-hole|net|mtu|IPv6 packets above 1280 bytes vanish on the way out of the home
home-v6-off|home-no-ipv6|home|home_v6_off|the carrier has withdrawn the prefix, the router says so
home-v4-off|home-no-ipv4|net|filter|the carrier drops the home's IPv4
line-off|line-down|net|line_off|the home has no line
server-off|server-down|home|server_off|the server is silent
server-v6-off|server-no-ipv6|home|server_v6_off|the server has no IPv6
id-changes|identifier-changes|home|id_changes|the server's identifier is another one in each prefix
web-off|web-server-down|home|web|the server's web server is stopped
server-v4-only|server-ipv4-only|home|web|the server's web server listens on IPv4 only
wrong-port|wrong-port|home|web|the server's web server listens at 8443 instead of 443
tls-garbage|tls-broken|home|web|what answers at port 443 of the server is not TLS
wrong-vhost-421|wrong-virtual-host|home|web|the server answers 421 for the name
default-page|wrong-virtual-host|home|web|the server shows the page of a fresh nginx
app-500|app-error|home|web|the application answers 500
app-loop|app-redirect-loop|home|web|the application sends visitors to where they are
app-slow|app-slow|home|web|the application takes 30 s for an answer
home-cert-expired|home-cert-expired|home|home_cert|the server's certificate has expired
home-cert-not-yet|home-cert-not-yet|home|home_cert|the server's certificate is not valid yet
home-cert-expiring|home-cert-expiring|home|home_cert|the server's certificate has five days left
home-cert-wrong-name|home-cert-wrong-name|home|home_cert|the server's certificate is for another name
home-cert-self-signed|home-cert-self-signed|home|home_cert|nobody vouches for the server's certificate
home-cert-incomplete|home-cert-incomplete|home|home_cert|the server does not send the CA's intermediate certificate
home-cert-untrusted|home-cert-untrusted|home|home_cert|the server's certificate is from a CA that nobody knows
home-cert-other-key|home-cert-other-key|home|home_cert|the server has a self-signed certificate with a new key
address-limit|address-limit|home|address_limit|the desktop has as many addresses as it may have, none in the prefix
clock-wrong|clock-wrong|home|clock|the desktop's clock is 400 days ahead
here-resolver-off|here-resolver-down|home|here_resolver|the router's resolver is stopped
here-resolver-old|resolver-old|zone|old_resolver|the router's resolver has an old address of the public name
dns-rebind|dns-rebind|home|unbound|the router's resolver keeps addresses in the home to itself
dnssec-bogus|dnssec-bogus|dns|unbound|the zone does not fit the key that resolvers trust
stale-aaaa|stale-aaaa|dns|records|both AAAA records are of an earlier prefix
aaaa-missing|aaaa-missing|dns|records|no AAAA records
two-aaaa|two-aaaa|dns|records|the AAAA of an earlier prefix beside the right one
aaaa-neighbour|aaaa-other-host|dns|records|both AAAA records are the second server's address
public-loop|aaaa-is-vps|dns|records|the public name's AAAA is the VPS's address
upstream-loop|aaaa-is-vps|dns|records|the upstream name's AAAA is the VPS's address
upstream-a|upstream-has-a|dns|records|the upstream name has an A record
a-missing|a-missing|dns|records|the public name has no A record
a-elsewhere|a-not-vps|dns|records|the public name's A is an address where nobody is
a-cgn|a-carrier-nat|dns|records|the public name's A is the carrier's address
cname|cname-in-the-way|dns|records|the public name is a CNAME, and has no records of its own
vps-name-missing|vps-name-missing|dns|records|the VPS's name has no address
dns-off|dns-down|dns|filter|the name server is silent
dns-refused|dns-account-refused|dns|refused|the name server refuses updates with Sixgate's keys
dns-second-stale|dns-server-stale|dns|second|a second name server has an old copy of the zone
dns-second-off|dns-server-down|dns|second|a second name server is silent
resolver-old|vps-resolver-old|zone|old_resolver|the VPS's resolver has an old address of the upstream name
vps-resolver-off|vps-resolver-down|dns|filter|the VPS's resolver does not answer the VPS
vps-off|vps-off|vps|vps_power|the VPS has no power
vps-v6-off|vps-ipv6-unreachable|net|filter|nobody reaches the VPS by IPv6; it reaches others
vps-no-ipv6|vps-no-ipv6|vps|vps_no_ipv6|the VPS has no IPv6 address, and no AAAA
vps-firewall|vps-firewall|vps|vps_firewall|the VPS's firewall lets in SSH only
vps-provider-firewall|vps-provider-firewall|net|filter|the provider lets nobody reach the VPS's ports 80 and 443
ssh-off|ssh-refused|vps|ssh_off|the VPS's SSH server is stopped
ssh-login|ssh-login-refused|vps|ssh_login|the VPS lets in no key
ssh-key|ssh-host-key|vps|ssh_key|the VPS has new SSH host keys
ssh-ban|ssh-banned|vps|filter|the VPS drops SSH from the home
proxy-off|proxy-stopped|proxy|proxy_off|the VPS's Apache is stopped
proxy-old|proxy-old-address|proxy|proxy_old|the VPS's Apache holds on to an old address of the home
proxy-other-site|proxy-other-site|proxy|proxy_other_site|another site of the VPS's Apache takes the name
vps-cert-expired|vps-cert-expired|proxy|vps_cert|the VPS's certificate has expired
vps-cert-expiring|vps-cert-expiring|proxy|vps_cert|the VPS's certificate has five days left
EOF
}

# Whether a fault is on; not while it is being undone.
fault_on() { [ -e "$LAB_STATE/faults/$1" ] && [ "${FAULT_ENDS-}" != "$1" ]; }
any_fault_on() {
    local name
    for name; do ! fault_on "$name" || return 0; done
    return 1
}
# Names, the latest one first: that is the order in which they can be undone.
faults_that_are_on() {
    local file
    for file in "$LAB_STATE"/faults/*/since; do
        [ ! -e "$file" ] || printf '%s %s\n' "$(cat "$file")" "$(basename "${file%/since}")"
    done | sort -rn | cut -d ' ' -f 2
}

# Its line of the table in FAULT, CODE, WHERE, HOW, WHAT; its folder in KEPT.
find_fault() {
    IFS='|' read -r FAULT CODE WHERE HOW WHAT < <(fault_table | grep "^$1|") || die "no such fault: $1 (see lab fault list)"
    KEPT=$LAB_STATE/faults/$FAULT
}

fault_list() {
    local FAULT CODE WHERE HOW WHAT state
    if [ "${1-}" = --json ]; then
        fault_table | jq -Rn --arg on "$(faults_that_are_on)" '[inputs | split("|") | {name: .[0], code: .[1], text: .[4]}
            | .on = (.name as $name | any($on | split("\n")[]; . == $name))]'
        return
    fi
    while IFS='|' read -r FAULT CODE WHERE HOW WHAT; do
        state=''
        ! fault_on "$FAULT" || state=on
        printf '%-22s %-24s %-3s %s\n' "$FAULT" "$CODE" "$state" "$WHAT"
    done < <(fault_table)
}

# What must be there before a fault can be.
fault_has_a_place() {
    case $WHERE in
    vps | proxy) vps_leader >/dev/null || [ -e "$KEPT" ] || die 'the VPS is not running' ;;
    zone) [ -e "$KEPT" ] || [ -n "$(zone_record "$LAB_UPSTREAM_NAME" AAAA)" ] || die 'the zone has no AAAA records yet' ;;
    esac
    [ "$WHERE" != proxy ] || [ -x "$(machine_root vps)/usr/sbin/apache2" ] || die 'nothing is deployed on the VPS yet'
}

fault_start() {
    local FAULT CODE WHERE HOW WHAT KEPT
    find_fault "$1"
    fault_has_a_place
    mkdir -p "$KEPT"
    # Its place in the order, whatever it keeps later.
    [ -s "$KEPT/since" ] || date +%s%N >"$KEPT/since"
    "${HOW}_on"
    say "$FAULT: $WHAT"
}

fault_end() {
    local FAULT CODE WHERE HOW WHAT KEPT FAULT_ENDS
    find_fault "$1"
    [ -e "$KEPT" ] || return 0
    FAULT_ENDS=$FAULT
    "${HOW}_off"
    rm -rf "$KEPT"
    say "$FAULT: undone"
}

faults_end() {
    local name
    for name in $(faults_that_are_on); do fault_end "$name"; done
    # One that was killed before it had a number.
    for name in "$LAB_STATE"/faults/*; do
        [ ! -e "$name" ] || fault_end "${name##*/}"
    done
}

# Before a new disk: what was on the old one needs no undoing.
faults_forget() {
    local FAULT CODE WHERE HOW WHAT KEPT
    for FAULT in $(faults_that_are_on); do
        find_fault "$FAULT"
        case $WHERE in
        vps | proxy) rm -rf "$KEPT" ;;
        *) (fault_end "$FAULT") || warn "$FAULT could not be undone" ;;
        esac
    done
    rm -rf "$LAB_STATE/faults"
}

fault_command() {
    # What is waited for takes milliseconds.
    # shellcheck disable=SC2034  # wait_for reads it
    local LAB_POLL=0.02
    case ${1-} in
    list) fault_list "${2-}" && return ;;
    '' | *[!a-z0-9-]*) die 'usage: lab fault NAME on|off, lab fault list, lab fault off' ;;
    esac
    take_lock
    rest_running || die 'the lab is not up'
    case "$1 ${2-}" in
    'off ') faults_end ;;
    *\ on) fault_start "$1" ;;
    *\ off) fault_end "$1" ;;
    *) die 'usage: lab fault NAME on|off, lab fault list, lab fault off' ;;
    esac
}

# --- filters ---------------------------------------------------------------------------------

# The node in which a fault drops packets, and the chains of its table.
filter_node() {
    case $FAULT in
    router-closed) echo router ;;
    home-v4-off | line-off | mtu) echo isp ;;
    dns-off | dns-second-off | vps-resolver-off) echo dns ;;
    vps-v6-off | vps-provider-firewall) echo internet ;;
    ssh-ban) echo vps ;;
    esac
}
filter_chains() {
    local chain='type filter hook %s priority -5; policy accept;' through
    # shellcheck disable=SC2059  # the hook goes into it
    through=$(printf "$chain" forward)
    case $FAULT in
    router-closed) echo "chain through { $through iifname wan meta nfproto ipv6 meta l4proto != ipv6-icmp ct state new drop; }" ;;
    home-v4-off)
        echo "chain through { $through meta nfproto ipv4 iifname line drop; meta nfproto ipv4 oifname line drop; }"
        echo "chain own { ${through/forward/input} meta nfproto ipv4 iifname line drop; }"
        ;;
    line-off)
        echo "chain through { $through iifname line drop; oifname line drop; }"
        echo "chain own { ${through/forward/input} iifname line drop; }"
        ;;
    mtu) echo "chain through { $through iifname line meta nfproto ipv6 meta length > 1280 drop; }" ;;
    dns-off)
        echo "chain own { ${through/forward/input} ip daddr $LAB_NS4 meta l4proto { tcp, udp } th dport 53 drop;
            ip6 daddr $LAB_NS6 meta l4proto { tcp, udp } th dport 53 drop; }"
        ;;
    dns-second-off) echo "chain own { ${through/forward/input} ip daddr $LAB_NS2_4 drop; ip6 daddr $LAB_NS2_6 meta l4proto { tcp, udp } drop; }" ;;
    vps-resolver-off)
        # As of a machine on which no resolver runs.
        echo "chain own { ${through/forward/input} ip saddr $LAB_VPS4 ip daddr $LAB_RESOLVER4 meta l4proto { tcp, udp } th dport 53 reject with icmp port-unreachable;
            ip6 saddr $LAB_VPS6 ip6 daddr $LAB_RESOLVER6 meta l4proto { tcp, udp } th dport 53 reject with icmpv6 port-unreachable; }"
        ;;
    vps-v6-off)
        # Answers to what the VPS itself asks for pass.
        echo "chain through { $through oifname to-vps ip6 daddr $LAB_VPS6 tcp flags & (syn | ack) == syn drop;
            oifname to-vps ip6 daddr $LAB_VPS6 icmpv6 type echo-request drop; }"
        ;;
    vps-provider-firewall) echo "chain through { $through oifname to-vps tcp dport { 80, 443 } drop; }" ;;
    ssh-ban)
        echo "chain own { ${through/forward/input} ip saddr $LAB_CGN4 tcp dport 22 drop;
            ip6 saddr { $(current_prefix)/56, 2001:db8:1f::/64 } tcp dport 22 drop; }"
        ;;
    esac
}
# fail2ban names its table so.
filter_table() { if [ "$FAULT" = ssh-ban ]; then echo f2b-table; else echo "fault-$FAULT"; fi; }

filter_on() {
    local table
    table=$(filter_table)
    in_node "$(filter_node)" nft -f - <<<"add table inet $table
delete table inet $table
table inet $table { $(filter_chains)
}"
    filter_changed
}
filter_off() {
    local table
    table=$(filter_table)
    in_node "$(filter_node)" nft -f - <<<"add table inet $table
delete table inet $table"
    filter_changed
}
# What resolvers have learnt of names and of servers that do not answer is forgotten.
filter_changed() {
    case $FAULT in dns-off | line-off | home-v4-off | vps-resolver-off) forget_names ;; esac
}
