# shellcheck shell=bash
# One rotation, and what the visitors saw of it. For tests/bench/recovery; see also contestants.sh.

WATCHERS=()

# Visitors on every way, and one who asks the name server; they go on until stop_visitors.
start_visitors() {
    local visits=$bench/lib/visits.py root
    mkdir -p "$work/visits"
    root=$(lab vps root)
    visitor_in phone "$visits" v4 "$LAB_PUBLIC_NAME" 4 "$LAB_PUBLIC_NAME" "$work/visits/v4.jsonl"
    visitor_in cafe "$visits" v6 "$LAB_PUBLIC_NAME" 6 "$LAB_PUBLIC_NAME" "$work/visits/v6.jsonl"
    visitor_in desktop "$visits" lan "$LAB_PUBLIC_NAME" 6 "$LAB_PUBLIC_NAME" "$work/visits/lan.jsonl"
    # The VPS has no Python: its line and its names serve this one.
    visitor_in vps "$visits" upstream "$LAB_PUBLIC_NAME" 6 "$LAB_UPSTREAM_NAME" "$work/visits/upstream.jsonl" "$root/etc/hosts"
    visitor_in guest "$bench/lib/dnswatch.py" "$LAB_NS4" "$work/visits/dns.jsonl" "$LAB_PUBLIC_NAME" "$LAB_UPSTREAM_NAME"
}
visitor_in() { # NODE PROGRAM ARGUMENT…
    local node=$1
    shift
    ip netns exec "sg$SIXGATE_LAB-$node" /usr/bin/python3 "$@" </dev/null >>"$work/visitors.log" 2>&1 &
    WATCHERS+=($!)
    disown
}
stop_visitors() {
    [ ${#WATCHERS[@]} = 0 ] || kill "${WATCHERS[@]}" 2>/dev/null
    WATCHERS=()
    rm -rf "$work/visits"
}

judge() { /usr/bin/python3 "$bench/lib/judge.py" "$@"; }

# Addresses of earlier prefixes run out, as they do after hours: a run has many rotations, a day has one.
addresses_run_out() {
    local node prefix=${LAB_SERVER6%11}
    for node in server server2 desktop; do
        lab exec "$node" ip -6 -o address show dev eth0 scope global | awk -v now="${prefix%:}" \
            '$4 ~ /^2001:db8:a/ && index($4, now) != 1 { print "address del " $4 " dev eth0" }' | lab exec "$node" ip -force -6 -batch - 2>/dev/null
    done
}

# The rotation of a mode: rotation_of MODE
rotation_of() {
    case $1 in
    dropped) ;;
    forgotten) echo --no-deprecate ;;
    refused) echo --icmp ;;
    routed) echo "--routed $ROUTED" ;;
    nat) echo --forget-nat ;;
    esac
}

# rotate_once CONTESTANT MODE DELAY NUMBER OF: one line in the results
rotate_once() {
    local contestant=$1 mode=$2 delay=$3 number=$4 of=$5 prefix=${1//-/_} began rotated=0 usable stranger='' least tail=$TAIL most interval result
    interval=${prefix}_interval
    interval=${!interval}
    # Evenly over a rival's cycle; early in it where there is one rotation only.
    WAIT=$(awk -v n="$number" -v of="$of" -v interval="$interval" 'BEGIN { printf "%.1f", interval * (of == 1 ? 0.1 : (n - 0.5) / of) }')
    lab stranger off >/dev/null
    [ "$contestant" != careless-haproxy ] && [ $((number % 2)) = 1 ] || stranger=yes
    [ -z "$stranger" ] || lab stranger on >/dev/null || return 1
    load_lab
    addresses_run_out
    "${prefix}_before"
    if ! judge settled "$work/visits" 2 60 2>"$work/settled"; then
        failed "$contestant, $mode, $delay ms, $number: all paths work before it" "$(head -n 3 "$work/settled" | tr '\n' ';')"
        return 1
    fi
    : | tee "$work"/visits/*.jsonl >/dev/null
    began=$(milliseconds)
    "${prefix}_rotated" &
    # shellcheck disable=SC2046  # several words
    lab rotate $(rotation_of "$mode") >"$work/rotate" 2>&1 || rotated=1
    [ "$rotated" = 0 ] || { failed 'lab rotate' "$(tail -n 2 "$work/rotate")" && return 1; }
    load_lab
    usable=$(cat "$LAB_STATE/usable")
    least=$((TTL + 1)) most=$MOST_SIXGATE
    if [ "$interval" != 0 ]; then
        tail=$TAIL_RIVAL
        most=$(awk -v w="$WAIT" -v more="$MOST_AFTER_LOOK" 'BEGIN { printf "%d", w + more }')
    fi
    # Until the old prefix ends, nobody needs the new one.
    [ "$mode" != routed ] || least=$((ROUTED + TTL + 1))
    result=$(judge recovery "$work/visits" "$began" "$usable" "$LAB_STATE/left" "$LAB_SERVER6" "$least" "$tail" "$most" "${stranger:+$LAB_STRANGER_LOG}") || return 1
    jq -c --arg contestant "$contestant" --arg mode "$mode" --argjson delay "$delay" --argjson number "$number" --arg stamp "$(stamp "$contestant")" \
        --argjson usableAfter "$((usable - began))" --argjson wait "$WAIT" --arg load "$(cut -d ' ' -f 1 /proc/loadavg)" \
        '{contestant: $contestant, mode: $mode, delay: $delay, number: $number, stamp: $stamp, usableAfterMs: $usableAfter, nextLookAfter: $wait, load: $load} + .' \
        <<<"$result" >>"$results"
    tell_rotation
}
tell_rotation() {
    tail -n 1 "$results" | jq -r 'def s: if . == null then "never" else "\(. * 100 | round / 100) s" end;
        "  \(.mode) \(.delay) ms \(.number): name server \(.back.dns | s), IPv4 \(.back.v4 | s), IPv6 \(.back.v6 | s), LAN \(.back.lan | s), upstream \(.back.upstream | s)\(
            if .stranger then "; stranger: \(.stranger.requests) requests, \(.stranger.tls) TLS connections" else "" end)"'
}

# --- results ---------------------------------------------------------------------------------

# What a result is good for: the same question, and the same program where it is ours.
stamp() {
    local text="1 ttl=$TTL"
    case $1 in sixgate-*) text+=" $(sha256sum "$SIXGATECTL" | cut -c -16)" ;; esac
    printf '%s\n' "$text"
}
# has_result CONTESTANT MODE DELAY NUMBER
has_result() {
    jq -e -n --arg contestant "$1" --arg mode "$2" --argjson delay "$3" --argjson number "$4" --arg stamp "$(stamp "$1")" \
        'any(inputs; .contestant == $contestant and .mode == $mode and .delay == $delay and .number == $number and .stamp == $stamp)' \
        "$results" >/dev/null 2>&1
}
# The results that count: the latest of each case.
wanted_results() {
    jq -c -n --arg rival "$(stamp rival)" --arg ours "$(stamp sixgate-server)" --argjson cases "$(case_list | jq -Rnc '[inputs | split(" ") | join(" ")]')" '
        [inputs | select(.stamp == (if .contestant | startswith("sixgate") then $ours else $rival end))]
        | [.[] | . as $one | select("\($one.contestant) \($one.mode) \($one.delay) \($one.number)" as $name | any($cases[]; startswith($name + " ")))]
        | group_by([.contestant, .mode, .delay, .number]) | map(last)
        | sort_by([.contestant, .delay, .mode, .number])[]' "$results"
}
