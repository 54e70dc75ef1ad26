# shellcheck shell=bash
# Remedies, tried: what a condition's remedy says, by its place, action, command, fields and text, is done, and the condition
# goes away. A fault's name is used only to switch it on, to put back what was there, and where the remedy is somebody else's
# act: then the test plays that party ("played: …"). For tests/lab/diagnosis, beside diagnosis.sh.

# Most that is waited for where the remedy is waiting, and after any other one: resolvers keep names for 5 s, routers
# announce every 10 s.
LAB_MOST_WAITING=130
LAB_MOST_HEALING=20

# Every fault of the lab, or those that the caller has chosen.
try_remedies() {
    local fault code rest
    while read -r fault code rest; do
        # shellcheck disable=SC2154  # the caller's
        [ "${#only[@]}" = 0 ] || [[ " ${only[*]} " = *" $fault "* ]] || continue
        try_remedy "$fault" "$code" </dev/null
    done < <(lab fault list)
}

try_remedy() {
    local fault=$1 wanted=$2 round=0 code NOTHING=''
    prepare_fault "$fault"
    if ! lab fault "$fault" on >"$work/fault" 2>&1; then
        failed "$fault" "cannot be switched on: $(tail -n 1 "$work/fault")"
        clean_up_after "$fault"
        return
    fi
    live_with_fault "$fault"
    check_codes "$NODE"
    code=$wanted
    [ "$CODES" = "$wanted" ] || failed "$fault: the root before its remedy" "wanted $wanted, got $CODES"
    # A remedy may be a step that the next one is for: a service at another port, and then the router for that port.
    while [ -n "$code" ] && [[ " $CODES " = *" $code "* ]] && [ $((++round)) -le 4 ]; do
        try_remedy_of "$fault" "$code" || break
        code=${CODES%% *}
    done
    [ -n "$NOTHING" ] || same "$fault: nothing else is wrong after the remedy" 'checked: ' "$(seen_now)"
    clean_up_after "$fault"
}

# The remedy of a condition that was just seen ($work/last): try_remedy_of FAULT CODE
try_remedy_of() {
    local fault=$1 code=$2 what place action
    local TRIED='' PLAYED=''
    jq --arg code "$code" 'first(.conditions[] | select(.code == $code and (.explainedBy // "") == "")).remedy' "$work/last" >"$work/remedy"
    place=$(remedy .place) action=$(remedy .action)
    what="$fault: $code: $action @ $place"
    if [ "$place" = none ]; then
        passed "$what: nothing to do: $(remedy .text)"
        NOTHING=yes
        return 1
    fi
    # Also where somebody else is played, who has nothing but these.
    same "$what: every field has a value, no text a gap" true "$(remedy '[.fields[] != "", ([.text, .command, .routers[].text][] | test("[{][A-Za-z]+[}]") | not)] | all')"
    if ! carry_out "$place" "$action"; then
        failed "$what" "cannot be carried out: $TRIED: $(tail -n 1 "$work/remedy.out" 2>/dev/null)"
        return 1
    fi
    printf '     %-22s %s\n' "$fault" "${PLAYED:+played: $PLAYED${TRIED:+; }}$TRIED"
    if within "$LAB_MOST_HEALING" is_gone "$code" || { second_step "$place" "$action" && within "$LAB_MOST_HEALING" is_gone "$code"; }; then
        passed "$what: is gone"
    else
        failed "$what" "is still there"
        return 1
    fi
}
remedy() { jq -r "$1" "$work/remedy"; }
field() { jq -r --arg name "$1" '.fields[$name] // ""' "$work/remedy"; }
says() { [[ $(remedy .text) =~ $1 ]]; }
# A check that ended without conditions said nothing about them.
seen_now() { jq -e .conditions "$work/last" >/dev/null 2>&1 && echo "checked: $CODES"; }
is_gone() {
    check_codes "$NODE"
    [ -n "$(seen_now)" ] && [[ " $CODES " != *" $1 "* ]]
}

# --- what the fields say ---------------------------------------------------------------------

# carry_out PLACE ACTION: TRIED is what was done, PLAYED who was played
carry_out() {
    : >"$work/remedy.out"
    case "$2 @ $1" in
    run\ @\ *) run_command "$1" ;;
    'allow @ router') allow_through router ip6 iifname wan ip6 daddr '& ::ffff:ffff:ffff:ffff' == "$(field identifier)" && forget_old_rule ;;
    'allow @ vps-provider')
        PLAYED='the VPS provider, its firewall'
        allow_through internet ip oifname to-vps meta nfproto ipv4
        ;;
    'clamp-mss @ router')
        TRIED="at most $(field mss) bytes in a segment"
        enter_rule router ip6 meta nfproto ipv6 tcp flags syn tcp option maxseg size set "$(field mss)"
        ;;
    'except-name @ router') except_name "$(field name)" ;;
    'edit @ site') edit_site "$(field field)" "$(field value)" && then_run ;;
    'compare @ this-machine') compare_host_key "$(field new)" ;;
    'wait @ wait') wait_seconds "$(field seconds)" ;;
    'delete-record @ dns-provider' | 'set-record @ dns-provider')
        PLAYED='the DNS provider'
        "${2//-/_}" && then_run
        ;;
    'renew-account @ dns-provider') play "$1" "$2" && next_change && then_run ;;
    *) play "$1" "$2" && then_run ;;
    esac
}

# Somebody else's act: what was there is there again. A place or an action that nobody knows is none.
play() {
    case "$1/$2" in
    isp/*) PLAYED='the internet provider' ;;
    dns-provider/*) PLAYED='the DNS provider' ;;
    vps-provider/*) PLAYED='the VPS provider' ;;
    router/enable-ipv* | router/restart-dns) PLAYED='who looks after the router' ;;
    vps/fix-resolver) PLAYED='who looks after the VPS' ;;
    home-server/start | home-server/start-web | home-server/listen | home-server/enable-ipv6 | home-server/*-certificate | home-server/send-chain | \
        home-server/add-virtual-host | home-server/look-* | home-server/trust-proxy) PLAYED='who looks after the home server' ;;
    somebody/*) PLAYED='somebody with another program' ;;
    *) TRIED="no way is known to $2 @ $1" && return 1 ;;
    esac
    PLAYED+=" ($2)"
    lab fault "$fault" off >"$work/remedy.out" 2>&1
}

# The command as it is printed, where it is to be entered.
run_command() {
    local place=$1 node=$NODE command
    [ "$place" != home-server ] || node=server
    command=$(remedy .command)
    case ${command%% *} in
    # There is one clock for all nodes; and it was not fail2ban that banned.
    timedatectl | fail2ban-client)
        PLAYED="$command, which cannot run here"
        lab fault "$fault" off >"$work/remedy.out" 2>&1
        return
        ;;
    esac
    TRIED="$command @ $place"
    case $place in
    this-machine)
        case $command in
        'sixgatectl vps keys install') install_key ;;
        sixgatectl\ *) run_program "$command" ;;
        *) lab exec "$node" sh -c "$command" >"$work/remedy.out" 2>&1 ;;
        esac
        ;;
    home-server) lab exec "$node" sh -c "$command" >"$work/remedy.out" 2>&1 ;;
    vps) at_terminal '' vps sh -c "$command" ;;
    vps-provider)
        PLAYED='the console on the VPS provider'"'"'s page'
        at_terminal '' vps sh -c "$command"
        ;;
    *) return 1 ;;
    esac || return
    ! says 'takes effect when ([a-z0-9]+) reconnects' || reconnect "$node" "${BASH_REMATCH[1]}"
    then_run
}
# As at a terminal, where certbot does not wait for minutes first: at_terminal INPUT NODE COMMAND…
at_terminal() {
    local input=$1 line
    shift
    printf -v line '%q ' "$LAB" exec "$@"
    printf '%s' "$input" | script -qefc "$line" /dev/null >"$work/remedy.out" 2>&1
}
# The program ends with 3 where a path does not work yet: what counts is whether the condition goes.
run_program() {
    local rc=0
    # shellcheck disable=SC2086  # a command of words without blanks
    sixgate "$NODE" ${1#sixgatectl } </dev/null >"$work/remedy.out" 2>&1 || rc=$?
    [ $rc = 0 ] || [ $rc = 3 ]
}
# What the text says to do after that.
then_run() {
    says '(, then|, and) run "(sixgatectl apply[^"]*)"' || return 0
    local command=${BASH_REMATCH[2]}
    TRIED+="${TRIED:+, then }$command"
    run_program "$command"
}
# What a network program does, but for the addresses that it would ask for by DHCP: those stay. reconnect NODE INTERFACE
reconnect() {
    TRIED+=", $2 reconnected"
    # shellcheck disable=SC2016  # expanded in the node
    lab exec "$1" sh -ec 'route=$(ip -4 route show default dev "$1")
        ip link set "$1" down
        ip link set "$1" up
        ip -4 route replace $route dev "$1"
        for i in $(seq 150); do ! ip -6 -o address show dev "$1" scope global -tentative | grep -q . || exit 0; sleep 0.1; done' sh "$2" >"$work/remedy.out" 2>&1
}

# What a name server says to a change is known only when there is one.
next_change() {
    TRIED='a record is to change'
    lab record "$LAB_PUBLIC_NAME" AAAA >"$work/remedy.out" 2>&1
}

# Where the first thing has not helped, and the text has another one.
second_step() {
    if [ "$2" = run ] && says 'If it stays so, look on the VPS \("apache2ctl -S"\) which other site carries'; then
        take_name_out "$(field name)"
    else
        return 1
    fi
}
# Sites of the VPS's Apache, other than Sixgate's, that carry a name are switched off.
take_name_out() {
    local file
    PLAYED='who looks after the VPS'
    for file in $(lab exec vps apache2ctl -S 2>/dev/null | sed -n "s/.* namevhost $1 (\(.*\):[0-9]*)$/\1/p" | grep -v sixgate | sort -u); do
        printf '     %-22s %s\n' "$fault" "played: $PLAYED: $file carries $1"
        lab exec vps rm "$file" >"$work/remedy.out" 2>&1 || return
    done
    lab exec vps systemctl reload apache2 >"$work/remedy.out" 2>&1
}

# --- firewalls -------------------------------------------------------------------------------

# A rule into each filter through which a node passes IPv4 (ip) or IPv6 (ip6) packets on, as its first one: a packet that
# one of them drops is lost. enter_rule NODE FAMILY RULE…
enter_rule() {
    local node=$1 family=$2 chain
    shift 2
    lab exec "$node" nft -j list chains | jq -r --arg family "$family" '.nftables[].chain
        | select(. != null and .hook == "forward" and (.family == "inet" or .family == $family)) | "\(.family) \(.table) \(.name)"' >"$work/chains"
    [ -s "$work/chains" ] || return
    while read -r chain; do echo "insert rule $chain $* comment \"remedy\""; done <"$work/chains" |
        lab exec "$node" nft -f - >"$work/remedy.out" 2>&1
}
# allow_through NODE FAMILY MATCH…: protocol and port are those of the fields
allow_through() {
    TRIED="allowed: $(field protocol) $(field port)$(field identifier | sed 's/^./ to &/')"
    enter_rule "$@" "$(field protocol)" dport "{ $(field port) }" accept
}
# The rule for the identifier of before is one that the new one replaces.
forget_old_rule() {
    local open rule
    open=$(field openIdentifier)
    [ -n "$open" ] || return 0
    rules_of router "(.expr | tostring | contains(\"\\\"right\\\":\\\"$open\\\"\")) and any(.expr[]; has(\"accept\"))" >"$work/rules"
    while read -r rule; do lab exec router sh -c "nft delete rule $rule" </dev/null || return; done <"$work/rules"
    TRIED+=" in place of $open"
}
# Rules for which a jq condition is true, as `nft delete rule` names them: rules_of NODE CONDITION
rules_of() {
    lab exec "$1" nft -j list ruleset | jq -r ".nftables[].rule | select(. != null and ($2)) | \"\\(.family) \\(.table) \\(.chain) handle \\(.handle)\""
}
take_rules_out() {
    local node rule
    for node in router internet; do
        rules_of "$node" '.comment == "remedy"' >"$work/rules"
        while read -r rule; do lab exec "$node" sh -c "nft delete rule $rule" </dev/null; done <"$work/rules"
    done
}

# --- names, the site file, keys --------------------------------------------------------------

# The file's name begins as those do that the router's resolver reads.
REMEDY_CONF=router/fault-remedy.conf
except_name() {
    TRIED="private-domain: $1 at the router's resolver"
    [ -n "$1" ] || return
    printf 'server:\n    private-domain: "%s"\n' "$1" >"$LAB_STATE/$REMEDY_CONF"
    router_resolver_again
}
router_resolver_again() { unbound-control -q -c "$LAB_STATE/router/unbound.conf" reload >"$work/remedy.out" 2>&1; }

delete_record() {
    local name type
    read -r name type <<<"$(field record)"
    # A record is "NAME TYPE".
    TRIED="$name $type deleted"
    [ -n "$type" ] && lab record "$name" "$type" >"$work/remedy.out" 2>&1
}
# A machine's addresses are known to who has rented it.
set_record() {
    TRIED="$(field vps) is $LAB_VPS4 and $LAB_VPS6"
    { lab record "$(field vps)" A "$LAB_VPS4" && lab record "$(field vps)" AAAA "$LAB_VPS6"; } >"$work/remedy.out" 2>&1
}

# edit_site FIELD VALUE; a number is one in the file, too
edit_site() {
    local file
    file=$(site_folder "$NODE")/site.json
    TRIED="$1 = $2"
    [ -n "$1" ] && [ -n "$2" ] || return
    jq --arg value "$2" ".$1 = (\$value | tonumber? // .)" "$file" >"$file.new" 2>"$work/remedy.out" || return
    chmod 600 "$file.new"
    mv "$file.new" "$file"
}

wait_seconds() {
    TRIED="waited $1 s"
    [[ $1 =~ ^[0-9]+$ ]] && [ "$1" -le "$LAB_MOST_WAITING" ] || return
    sleep "$1"
}

# Only a key that the machine's console shows, too, is taken; the answer to the program's question is yes.
compare_host_key() {
    local command
    PLAYED='who compares it on the console'
    # shellcheck disable=SC2016  # expanded on the machine
    lab exec vps sh -c 'for file in /etc/ssh/ssh_host_*_key.pub; do ssh-keygen -l -f "$file"; done' >"$work/remedy.out" 2>&1
    [ -n "$1" ] && grep -qF " ${1##* } " "$work/remedy.out" && says 'Only if it is the same, run "(sixgatectl [^"]+)"' || return
    command=${BASH_REMATCH[1]}
    TRIED="$command"
    # shellcheck disable=SC2086  # a command of words without blanks
    at_terminal $'y\n' "$NODE" "$SIXGATECTL" --secrets "dir:$(site_folder "$NODE")/secrets" ${command#sixgatectl }
}

# The password as far as the machine takes one; else the text's other way, and the command once more.
install_key() {
    local key
    sixgate "$NODE" vps keys install <"$LAB_VPS_PASSWORD_FILE" >"$work/remedy.out" 2>&1 && return
    says 'Where passwords are not allowed, enter the public key on the provider.s web page or console' || return
    PLAYED='the console on the VPS provider'"'"'s page, where the public key is entered'
    key=$(jq -r '.vps[0].ssh.keyFile' "$(site_folder "$NODE")/site.json").pub
    # shellcheck disable=SC2016  # expanded on the machine
    lab exec vps sh -ec 'home=$(getent passwd "$1" | cut -d : -f 6); cat >>"$home/.ssh/authorized_keys"' sh "$(field user)" <"$key" &&
        sixgate "$NODE" vps keys install </dev/null >"$work/remedy.out" 2>&1
}

# --- afterwards ------------------------------------------------------------------------------

# Neither the fault nor its remedy is left: records, rules, settings, the site file, and with it what is deployed.
clean_up_after() {
    local fault=$1
    lab fault "$fault" off >"$work/fault" 2>&1 || failed "$fault off" "$(tail -n 1 "$work/fault")"
    take_rules_out
    [ ! -e "$LAB_STATE/$REMEDY_CONF" ] || { rm "$LAB_STATE/$REMEDY_CONF" && router_resolver_again; }
    diagnosis_site desktop
    after_fault "$fault"
    forget_history
    check_codes desktop
    if [ "$CHECK_RC" = 0 ] && [ -z "$CODES" ]; then
        passed "nothing is wrong after $fault"
    else
        # With something to write, so that what a name server refused is not the last that is known of it.
        quiet lab record "$LAB_PUBLIC_NAME" AAAA
        quiet sixgate desktop apply
        forget_history
        all_is_well "after $fault"
    fi
}
