# shellcheck shell=bash
# The router's UPnP service (Internet Gateway Device): `lab igd on|off`. Off after `lab up`, as in many homes.

igd_conf() {
    cat <<EOF
ext_ifname=wan
listening_ip=lan
enable_natpmp=no
secure_mode=yes
system_uptime=yes
uuid=00000000-0000-4000-8000-000000000007
EOF
}

igd_answers() { in_node desktop "$LAB_DIR/helpers/igd-search" "$LAB_LAN4"; }

set_igd() {
    local dir=$LAB_STATE/router
    case ${1-} in
    on)
        stop_recorded miniupnpd
        igd_conf >"$dir/miniupnpd.conf"
        spawn router miniupnpd miniupnpd -d -f "$dir/miniupnpd.conf" -P "$dir/miniupnpd.pid"
        wait_for 5 'the router to tell of itself' igd_answers
        say 'the router answers UPnP'
        ;;
    off)
        stop_recorded miniupnpd
        say 'the router does not answer UPnP'
        ;;
    *) die 'usage: lab igd on|off' ;;
    esac
}
