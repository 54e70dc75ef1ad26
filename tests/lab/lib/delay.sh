# shellcheck shell=bash
# A delay on the VPS's line: `lab delay`. The kernel here has no netem, so helpers/delay.py holds the packets back between
# two TUN devices of `internet`, and rules there lead all packets from and to the VPS through them. When it ends, the
# devices are gone, the rules find no route, and packets take the usual way again.

# Priority, family and condition of each rule; "main" is the usual way, a number the table that leads into a device.
delay_rules() {
    cat <<EOF
1000 -4 iif delay-near lookup main
1000 -6 iif delay-near lookup main
1001 -4 iif delay-far lookup main
1001 -6 iif delay-far lookup main
1002 -4 iif to-vps lookup 1002
1002 -6 iif to-vps lookup 1002
1003 -4 to $LAB_VPS4 lookup 1003
1003 -6 to $LAB_VPS6 lookup 1003
EOF
}

delay_off() {
    local priority family rest
    while read -r priority family rest; do
        ip -n "$NETNS"internet "$family" rule del priority "$priority" 2>/dev/null || true
    done < <(delay_rules)
    stop_recorded delay
}

# delay_on MILLISECONDS, there and back together
delay_on() {
    local device priority family rest
    delay_off
    spawn internet delay /usr/bin/python3 "$LAB_DIR/helpers/delay.py" "$(awk -v ms="$1" 'BEGIN { print ms / 2 }')" delay-far delay-near
    wait_for 5 'the devices of the delay' delay_devices
    node_sysctl internet net/ipv4/conf/all/rp_filter=0 net/ipv4/conf/{delay-far,delay-near}/rp_filter=0
    for device in delay-near delay-far; do
        ip -n "$NETNS"internet link set "$device" addrgenmode none txqueuelen 5000 up
    done
    for family in -4 -6; do
        ip -n "$NETNS"internet $family route add default dev delay-near table 1002
        ip -n "$NETNS"internet $family route add default dev delay-far table 1003
    done
    while read -r priority family rest; do
        # shellcheck disable=SC2086  # the condition is several words
        ip -n "$NETNS"internet "$family" rule add priority "$priority" $rest
    done < <(delay_rules)
}
delay_devices() { ip -n "$NETNS"internet link show dev delay-far && ip -n "$NETNS"internet link show dev delay-near; }

set_delay() {
    case ${1-} in
    off)
        delay_off
        say 'no delay'
        ;;
    '' | *[!0-9.]* | *.*.*) die 'usage: lab delay MILLISECONDS|off' ;;
    *)
        delay_on "$1"
        say "the round trip to the VPS takes $1 ms more"
        ;;
    esac
}
