# shellcheck shell=bash
# Faults switched on and off, and what `check` makes of them. For tests/lab/diagnosis.

LAB_MOST_MS=8000

# The site of a user who has agreed to an echo service; a pinned key where the fault is about one.
diagnosis_site() { write_site "$1" ". + {echo: [\"http://ip4.lab.test/\"]} | ${2:-.}"; }

# Runs `check --json` on a node: its root codes, each once, sorted, in CODES; its time in TOOK.
check_codes() {
    local node=$1 began
    began=$(milliseconds)
    sixgate "$node" check --json >"$work/last" 2>"$work/last.err"
    CHECK_RC=$?
    TOOK=$(($(milliseconds) - began))
    CODES=$(jq -r '[.conditions[]? | select(.explainedBy == "" or .explainedBy == null) | .code] | unique | join(" ")' "$work/last" 2>/dev/null)
}

all_is_well() {
    local codes='' i
    # A resolver may have learned of the last fault what it forgets in a few seconds.
    for i in {1..12}; do
        check_codes desktop
        codes=$CODES
        [ "$CHECK_RC" = 0 ] && [ -z "$codes" ] && break
        sleep 1
    done
    if [ "$CHECK_RC" = 0 ] && [ -z "$codes" ]; then passed "nothing is wrong $1"; else failed "nothing is wrong $1" "exit code $CHECK_RC, $codes"; fi
}

# What has to be there before a fault, and where it is seen: sets NODE.
prepare_fault() {
    NODE=desktop
    case $1 in
    home-cert-other-key)
        # The key that is pinned is the one before.
        diagnosis_site desktop ".servers[0].pinnedKey = \"$(lab cert self-signed)\""
        ;;
    id-changes)
        NODE=server
        diagnosis_site server '.servers[0].address = {from: "this-machine"}'
        ;;
    esac
}
# What happens while it is on, before the check.
live_with_fault() {
    case $1 in
    id-changes)
        # The user has opened the router for the identifier that the server has now.
        lab exec router nft insert rule inet home through iifname wan ip6 daddr "& ::ffff:ffff:ffff:ffff" == "$(server_identifier_now)" \
            tcp dport "{ 80, 443 }" accept comment '"id-changes"'
        within 10 quiet sixgate server apply --only dns
        lab rotate >"$work/quiet" 2>&1
        load_lab
        within 15 server_has_global
        sixgate server apply --only dns >"$work/quiet" 2>&1
        ;;
    dns-refused)
        # One check does not see it: the last answer to a change does.
        lab record "$LAB_SECOND_NAME" A
        diagnosis_site desktop '.services[0].publicNames += [env.LAB_SECOND_NAME]'
        sixgate desktop apply --only dns >"$work/quiet" 2>&1
        diagnosis_site desktop
        ;;
    esac
}
server_identifier_now() {
    lab exec server ip -6 -o address show dev eth0 scope global -tentative -deprecated | grep -o "${LAB_PREFIX%::/56}:[0-9a-f:]*" |
        head -n 1 | sed "s/^${LAB_PREFIX%::/56}:/::/"
}
server_has_global() { lab exec server ip -6 -o address show dev eth0 scope global -tentative | grep -q "${LAB_PREFIX%::/56}"; }
after_fault() {
    case $1 in
    home-cert-other-key)
        lab cert home >"$work/quiet" 2>&1
        diagnosis_site desktop
        ;;
    id-changes)
        load_lab
        lab exec router sh -c 'nft -a list chain inet home through | sed -n "s/.*id-changes.*handle //p" | xargs -r -n 1 nft delete rule inet home through handle'
        forget_state server
        rm -rf "$LAB_STATE"/nodes/server/state/sixgate
        within 15 quiet sixgate desktop apply
        ;;
    dns-refused)
        # It takes a change that is accepted.
        lab record "$LAB_PUBLIC_NAME" AAAA
        within 20 quiet sixgate desktop apply --only dns
        ;;
    esac
}

# Faults that write records are other writers: what was remembered of the records goes.
forget_history() {
    local file
    for file in "$LAB_STATE"/nodes/*/state/sixgate/*/memory.json; do
        [ ! -e "$file" ] || { jq -c '.records = []' "$file" >"$work/memory" && cat "$work/memory" >"$file"; }
    done
}

try_fault() {
    local fault=$1 wanted=$2
    prepare_fault "$fault"
    if ! lab fault "$fault" on >"$work/fault" 2>&1; then
        failed "$fault" "cannot be switched on: $(tail -n 1 "$work/fault")"
        lab fault "$fault" off >/dev/null 2>&1
        after_fault "$fault"
        return
    fi
    live_with_fault "$fault"
    check_codes "$NODE"
    cp "$work/last" "$work/$fault.json"
    printf '     %-22s %-24s %6d  %s\n' "$fault" "$CODES" "$TOOK" "$(jq -r '.conditions[0].title // ""' "$work/last" 2>/dev/null)"
    same "$fault: the root cause" "$wanted" "$CODES"
    refute "$fault: within $((LAB_MOST_MS / 1000)) s" [ "$TOOK" -gt "$LAB_MOST_MS" ]
    lab fault "$fault" off >"$work/fault" 2>&1 || failed "$fault off" "$(tail -n 1 "$work/fault")"
    after_fault "$fault"
    forget_history
    [ -z "${long-}" ] || all_is_well "after $fault"
}

# Somebody else writes the record that Sixgate writes, twice.
two_writers() {
    local i
    for i in 1 2; do
        lab record "$LAB_PUBLIC_NAME" AAAA "${LAB_SERVER6%11}1"
        check_codes desktop
        sixgate desktop apply --only dns >"$work/quiet" 2>&1
    done
    # The resolver forgets what the other one wrote within a time to live.
    for i in {1..10}; do
        check_codes desktop
        [ "$CODES" != two-writers ] || break
        sleep 1
    done
    same 'two writers: the root cause' two-writers "$CODES"
    forget_history
}

# --- pairs -----------------------------------------------------------------------------------

# What cannot be seen beside another fault, since that one takes away the place from which it is seen; what a switch
# would undo; what is on twice. The groups are those of `lab fault list`'s codes.
incompatible() {
    local a=$1 b=$2 x y
    [ "$a" != "$b" ] || return 0
    for x in "$a $b" "$b $a"; do
        read -r x y <<<"$x"
        case $x in
        # A refused account explains why records are not as they should be.
        dns-refused) case $(fault_kind "$y") in a | records) return 0 ;; esac ;;
        esac
        case $x in
        # Nothing else can be seen without a line, or without names.
        line-off | home-v6-off | dns-off | cname | dnssec-bogus | vps-name-missing | id-changes | clock-wrong | address-limit) return 0 ;;
        # Without a login the VPS tells nothing, and is no place to look from.
        vps-off | ssh-off | ssh-login | ssh-key | ssh-ban | vps-no-ipv6)
            case $y in
            vps-* | ssh-* | proxy-* | router-* | mtu | resolver-old | stale-aaaa) return 0 ;;
            esac
            ;;
        esac
    done
    # Both change the same thing.
    [ "$(fault_kind "$a")" != "$(fault_kind "$b")" ] || return 0
    # What the proxy shows is seen only where something answers on it; the home only where it is reached.
    case "$(fault_kind "$a") $(fault_kind "$b")" in
    'proxy vpsport' | 'vpsport proxy' | 'server router' | 'router server' | 'records router' | 'router records' | 'records resolver' | 'resolver records') return 0 ;;
    'resolver a' | 'a resolver' | 'proxy server' | 'server proxy' | 'proxy records' | 'records proxy' | 'proxy router' | 'router proxy' | 'a proxy' | 'proxy a' | 'a vpsport' | 'vpsport a') return 0 ;;
    'resolver server' | 'server resolver' | 'records server' | 'server records' | 'resolver router' | 'router resolver' | 'resolver proxy' | 'proxy resolver' | 'v4 a' | 'a v4' | 'v4 vpsport' | 'vpsport v4' | 'v4 proxy' | 'proxy v4') return 0 ;;
    esac
    return 1
}
fault_kind() {
    case $1 in
    router-* | mtu) echo router ;;
    server-* | web-off | wrong-port | tls-garbage | wrong-vhost-* | default-page | app-* | home-cert-*) echo server ;;
    stale-aaaa | aaaa-* | two-aaaa | public-loop | upstream-*) echo records ;;
    a-*) echo a ;;
    resolver-old | here-resolver-* | vps-resolver-* | dns-rebind) echo resolver ;;
    dns-second-* | dns-refused) echo dns ;;
    proxy-* | vps-cert-*) echo proxy ;;
    vps-firewall | vps-provider-firewall | vps-off) echo vpsport ;;
    home-v4-off) echo v4 ;;
    vps-v6-off) echo vps6 ;;
    ssh-* | vps-*) echo ssh ;;
    *) echo "$1" ;;
    esac
}

# try_pairs N
try_pairs() {
    local seed=${SEED:-4} faults=() codes=() fault code rest i j count=0
    printf '     seed %s\n' "$seed"
    while read -r fault code rest; do
        faults+=("$fault") codes+=("$code")
    done < <(lab fault list)
    RANDOM=$seed
    while [ "$count" -lt "$1" ]; do
        i=$((RANDOM % ${#faults[@]})) j=$((RANDOM % ${#faults[@]}))
        ! incompatible "${faults[i]}" "${faults[j]}" || continue
        try_pair "${faults[i]}" "${codes[i]}" "${faults[j]}" "${codes[j]}"
        count=$((count + 1))
    done
}
try_pair() {
    local a=$1 b=$3 wanted
    wanted=$(printf '%s\n' "$2" "$4" | sort -u | paste -sd ' ')
    prepare_fault "$a"
    prepare_fault "$b"
    { lab fault "$a" on && lab fault "$b" on; } >"$work/fault" 2>&1 || failed "$a + $b" "$(tail -n 1 "$work/fault")"
    live_with_fault "$a"
    live_with_fault "$b"
    check_codes desktop
    printf '     %-46s %6d  %s\n' "$a + $b" "$TOOK" "$CODES"
    same "$a and $b: both root causes" "$wanted" "$CODES"
    refute "$a and $b: within $((LAB_MOST_MS / 1000)) s" [ "$TOOK" -gt "$LAB_MOST_MS" ]
    lab fault off >"$work/fault" 2>&1
    after_fault "$a"
    after_fault "$b"
    forget_history
    all_is_well "after $a and $b"
}
