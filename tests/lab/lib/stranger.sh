# shellcheck shell=bash
# A stranger, another customer of the home's carrier: `lab stranger on|off`. From the next rotation on he has the address
# that the home server had before, and answers there: HTTPS with a certificate that everybody trusts, but of another name,
# and plain HTTP. He writes down each TLS connection and each request: LAB_STRANGER_LOG.

LAB_STRANGER_NAME=stranger.$LAB_ZONE
LAB_STRANGER_LOG=$LAB_STATE/stranger/log
LAB_STRANGER_GATEWAY=2001:db8:57a::1
LAB_STRANGER_LINE=2001:db8:57a::2

stranger_is_on() { [ -e "$LAB_STATE/stranger/on" ]; }

stranger_on() {
    local dir=$LAB_STATE/stranger
    ! stranger_is_on || { say 'the stranger is there already' && return; }
    stranger_off
    mkdir -p "$dir"
    : >"$dir/log"
    mint_certificate "$dir" "$LAB_STRANGER_NAME" '1 day ago' '90 days'
    add_node stranger
    ip -n "$NETNS"isp link add to-stranger type veth peer name eth0 netns "$NETNS"stranger address "$(node_mac stranger)"
    ip -n "$NETNS"isp -batch - <<EOF
link set to-stranger up
address add $LAB_STRANGER_GATEWAY/64 dev to-stranger nodad
EOF
    ip -n "$NETNS"stranger -batch - <<EOF
link set eth0 up
address add $LAB_STRANGER_LINE/64 dev eth0 nodad
route add default via $LAB_STRANGER_GATEWAY
EOF
    spawn stranger stranger /usr/bin/python3 "$LAB_DIR/helpers/stranger.py" "$dir" "$dir/log"
    wait_for 10 'the stranger to listen' stranger_listens
    touch "$dir/on"
    say "from the next rotation on a stranger ($LAB_STRANGER_NAME) has the server's old address"
}
stranger_listens() { [ "$(in_node stranger ss -Hltn '( sport = :80 or sport = :443 )' | wc -l)" = 2 ]; }

# His log stays until he comes again.
stranger_off() {
    rm -f "$LAB_STATE/stranger/on"
    stop_recorded stranger KILL
    [ -e "/run/netns/${NETNS}stranger" ] || return 0
    ip -n "$NETNS"isp -6 route flush via "$LAB_STRANGER_LINE" 2>/dev/null || true
    ip -n "$NETNS"isp link del to-stranger 2>/dev/null || true
    # Last: without his node he is gone.
    remove_node stranger
}

# stranger_takes PREFIX
stranger_takes() {
    ip -n "$NETNS"stranger -6 address replace "${1}11/128" dev eth0 nodad
    ip -n "$NETNS"isp -6 route replace "${1}/56" via "$LAB_STRANGER_LINE"
}

set_stranger() {
    case ${1-} in
    on) stranger_on ;;
    off)
        stranger_off
        say 'no stranger'
        ;;
    *) die 'usage: lab stranger on|off' ;;
    esac
}
