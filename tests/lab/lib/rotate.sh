# shellcheck shell=bash
# The carrier gives the home another prefix, in one of the ways in which carriers and routers do that.

# Marks what a rotation has set for a refused prefix, so that the next one finds it.
LAB_REFUSAL_PROTO=87

has_new_addresses() {
    # Its identifier is what changes.
    if fault_on id-changes; then node_has_address server "${1%::}:"; else node_has_address server "${1}11/"; fi && node_has_address server2 "${1}12/" &&
        { laptop_is_away || node_has_address desktop "${1%::}:"; }
}

# What `lab rotate` was asked for: DEPRECATE, REFUSE, ROUTED (seconds), FORGET_NAT
rotation_options() {
    DEPRECATE=yes REFUSE='' ROUTED='' FORGET_NAT=''
    while [ $# -gt 0 ]; do
        case $1 in
        --no-deprecate) DEPRECATE='' ;;
        --icmp) REFUSE=icmp ;;
        --routed)
            shift
            [[ ${1-} =~ ^[0-9]+$ ]] || die 'usage: lab rotate --routed SECONDS'
            ROUTED=$1
            ;;
        --forget-nat) FORGET_NAT=yes ;;
        *) die "lab rotate does not know $1 (see lab help)" ;;
        esac
        shift
    done
}

# rotate_prefix [OPTION…]; every step can be done again: a rotation that was killed is finished by the next call, in the
# way in which it was begun.
rotate_prefix() {
    local old new number how=() began=$((LAB_STARTED / 1000000)) usable
    old=$(current_prefix)
    if [ -s "$LAB_STATE/rotating" ]; then
        number=$(cat "$LAB_STATE/rotating")
        read -ra how <"$LAB_STATE/rotating-how" || true
    else
        number=$(($(cat "$LAB_STATE/prefix-number") + 1))
        how=("$@")
        rotation_options "${how[@]}"
        echo "${how[*]}" >"$LAB_STATE/rotating-how"
        echo "$number" >"$LAB_STATE/rotating"
    fi
    rotation_options "${how[@]}"
    new=$(prefix_number "$number")
    say "old prefix ${old}/56"
    watch_for_usable "$new"
    delegate_prefix "$new"
    if [ -n "$DEPRECATE" ]; then
        radvd_conf "$new" "$old" >"$LAB_STATE/router/radvd.conf"
    else
        radvd_conf "$new" >"$LAB_STATE/router/radvd.conf"
    fi
    kill -HUP "$(recorded_pid radvd)"
    say "new prefix ${new}/56 announced"
    # Enough for the announcement to arrive.
    sleep 0.2
    leave_prefixes "$old" "$new"
    if [ -n "$FORGET_NAT" ]; then
        # The tunnel has another end now. IPv6 is not translated.
        in_node isp conntrack -D -f ipv4 >/dev/null 2>&1 || true
        say 'carrier NAT has forgotten its connections'
    fi
    wait_for 15 'new addresses in the home' has_new_addresses "$new"
    LAB_POLL=0.01 wait_for 5 'the moment at which the new address became usable' test -s "$LAB_STATE/usable"
    usable=$(cat "$LAB_STATE/usable")
    mv "$LAB_STATE/rotating" "$LAB_STATE/prefix-number"
    say 'server and desktop have usable new addresses'
    say "the server's new address was usable $((usable - began)) ms after the command"
}

# Notes when the server's address in a prefix is usable, in milliseconds since 1970: LAB_STATE/usable.
watch_for_usable() {
    stop_recorded usable KILL
    rm -f "$LAB_STATE"/{usable,usable.watching,left}
    spawn server usable /usr/bin/python3 "$LAB_DIR/helpers/usable.py" "${1}/64" eth0 "$LAB_STATE/usable"
    LAB_POLL=0.01 wait_for 10 'the look at the server' test -e "$LAB_STATE/usable.watching"
}

# The prefixes of before lead nowhere; the last one stays for a while where that was asked for.
leave_prefixes() {
    local old=$1 new=$2 prefix
    stop_recorded routed KILL
    forget_refusals
    for prefix in $(delegated_prefixes); do
        case $prefix in "$new" | "$old") ;; *) leave_prefix "$prefix" '' ;; esac
    done
    if [ -z "$ROUTED" ]; then
        leave_prefix "$old" "$REFUSE"
        note_leaving
        say "old prefix no longer routed$([ -z "$REFUSE" ] || echo ': packets to it and from it are refused')"
    else
        (
            exec 9>&- </dev/null >>"$LAB_STATE/log/routed.log" 2>&1
            record "$BASHPID" routed
            exec setsid "$LAB_DIR/lab" leave-later "$ROUTED" "$old" "$REFUSE"
        ) &
        disown
        say "old prefix is routed for $ROUTED s more"
    fi
}

# What `lab rotate --routed` leaves running: leave_later SECONDS PREFIX HOW
leave_later() {
    sleep "$1"
    take_lock
    [ "$2" = "$(current_prefix)" ] || leave_prefix "$2" "${3-}"
    note_leaving
    say "old prefix ${2}/56 no longer routed"
    rm -f "$LAB_STATE/pids/routed"
}

# When the last prefix no longer led here, in milliseconds since 1970.
note_leaving() {
    echo $(($(date +%s%N) / 1000000)) >"$LAB_STATE/left.new"
    mv "$LAB_STATE/left.new" "$LAB_STATE/left"
}

# leave_prefix PREFIX HOW: packets to it and from it vanish ('') or are refused ("icmp"). Where a stranger waits for the
# server's old address, he has it from now on.
leave_prefix() {
    [ "$2" != icmp ] || refuse_from "$1"
    if [[ " $(delegated_prefixes | xargs) " == *" $1 "* ]]; then withdraw_prefix "$1"; fi
    if stranger_is_on; then
        stranger_takes "$1"
    elif [ "$2" = icmp ]; then
        refuse_to "$1"
    fi
}

# The carrier answers packets to a prefix with "no route to destination".
refuse_to() {
    if ! recorded_pid refusing >/dev/null; then
        spawn isp refusing /usr/bin/python3 "$LAB_DIR/helpers/refuse.py" refusing 2001:db8:1::2
        LAB_POLL=0.02 wait_for 5 'the device of the refusals' ip -n "$NETNS"isp link show dev refusing
        ip -n "$NETNS"isp link set refusing addrgenmode none up
    fi
    ip -n "$NETNS"isp -6 route replace "${1}/56" dev refusing proto $LAB_REFUSAL_PROTO
}
# The router tells its own home that the prefix is no longer good (RFC 7084, L-14), and still knows where it was.
refuse_from() {
    ip -n "$NETNS"router -6 route replace "${1}/64" dev lan proto $LAB_REFUSAL_PROTO
    node_sysctl router net/ipv6/icmp/ratelimit=0
    in_node router nft -f - <<EOF
table inet refusals {
    chain through {
        type filter hook forward priority -10; policy accept;
        iifname lan oifname wan ip6 saddr ${1}/56 reject with icmpv6 type policy-fail
    }
}
EOF
}
forget_refusals() {
    {
        ip -n "$NETNS"isp -6 route flush proto $LAB_REFUSAL_PROTO
        ip -n "$NETNS"router -6 route flush proto $LAB_REFUSAL_PROTO
        in_node router nft delete table inet refusals
    } 2>/dev/null || true
}
