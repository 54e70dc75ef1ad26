# shellcheck shell=bash
# The desktop as a laptop that is carried away: `lab laptop away|home`. Elsewhere it has a line at another provider, both
# families, with announcements; what it had of the home it keeps as a machine does that woke just now: addresses by IPv6
# until they run out, connections that lead nowhere.

LAB_ELSEWHERE4=203.0.113.162
LAB_ELSEWHERE_GATEWAY4=203.0.113.161
LAB_ELSEWHERE_PREFIX=2001:db8:407e:1::

laptop_is_away() { ip -n "$NETNS"internet link show to-desktop >/dev/null 2>&1; }

laptop_away() {
    local dir=$LAB_STATE/elsewhere
    mkdir -p "$dir"
    if ! laptop_is_away; then
        ip -n "$NETNS"router link set to-desktop nomaster
        ip -n "$NETNS"router link set to-desktop netns "$NETNS"internet
    fi
    # Also after a call that was killed: each step may have been done.
    ip -n "$NETNS"internet -batch - <<EOF
address replace $LAB_ELSEWHERE_GATEWAY4/28 dev to-desktop
address replace ${LAB_ELSEWHERE_PREFIX}1/64 dev to-desktop nodad
link set to-desktop up
EOF
    line_of_desktop "$LAB_ELSEWHERE4/28" "$LAB_ELSEWHERE_GATEWAY4"
    resolv_conf elsewhere >"/etc/netns/${NETNS}desktop/resolv.conf"
    cat >"$dir/radvd.conf" <<EOF
interface to-desktop {
    AdvSendAdvert on;
    MinRtrAdvInterval 3;
    MaxRtrAdvInterval 10;
    prefix $LAB_ELSEWHERE_PREFIX/64 { };
};
EOF
    stop_recorded elsewhere-radvd
    spawn internet elsewhere-radvd radvd -n -u root -C "$dir/radvd.conf" -p "$dir/radvd.pid" -m stderr
    wait_for 20 'an address elsewhere' laptop_has "${LAB_ELSEWHERE_PREFIX%:}"
    say "the desktop is elsewhere: $LAB_ELSEWHERE4, $LAB_ELSEWHERE_PREFIX/64"
}

laptop_home() {
    local prefix
    stop_recorded elsewhere-radvd
    if laptop_is_away; then
        ip -n "$NETNS"internet address flush dev to-desktop
        ip -n "$NETNS"internet link set to-desktop netns "$NETNS"router
    fi
    ip -n "$NETNS"router link set to-desktop master lan up
    line_of_desktop 192.168.178.20/24 "$LAB_LAN4"
    resolv_conf desktop >"/etc/netns/${NETNS}desktop/resolv.conf"
    prefix=$(current_prefix)
    wait_for 20 'an address at home' laptop_has "${prefix%:}"
    say 'the desktop is at home'
}

laptop_has() { in_node desktop ip -6 -o address show dev eth0 scope global -tentative | grep -qF " $1"; }

# line_of_desktop ADDRESS GATEWAY: as DHCP would have it
line_of_desktop() {
    ip -n "$NETNS"desktop -4 address flush dev eth0
    ip -n "$NETNS"desktop -batch - <<EOF
address add $1 dev eth0
route replace default via $2
EOF
}

set_laptop() {
    case ${1-} in
    away) laptop_away ;;
    home) laptop_home ;;
    *) die 'usage: lab laptop away|home' ;;
    esac
}
