#!/bin/bash
# Proves each fault of `lab fault`: with it on, plain tools see what it is; after off, all is as it was. selftest --long
# reads this file and calls check_faults; run by itself it makes a lab of its own (SIXGATE_LAB, else "faultcheck"):
#
#   tests/lab/lib/faultcheck.sh [--keep] [FAULT…]
#
# Needs the built program: faults of the proxy want one that Sixgate has deployed.

node() { ip netns exec "sg$SIXGATE_LAB-$1" "${@:2}"; }
resolv() { node "$1" dig +short +time=2 +tries=1 "@$2" "$3" "${4-AAAA}" | grep -v '^;' | sort | xargs; }
# How a connection ends: "open", "refused", "no-route", "silent": ending NODE ADDRESS PORT
ending() {
    local answer
    answer=$(node "$1" timeout 4 bash -c "exec 3<>/dev/tcp/$2/$3" 2>&1) && echo open && return
    case $answer in *refused*) echo refused ;; *'o route'* | *nreachable*) echo no-route ;; *) echo silent ;; esac
}
ends() { [ "$(ending "$1" "$2" "$3")" = "$4" ]; }
open() { ends "$1" "$2" "$3" open; }
# The page by a certain address, with certificate: page NODE ADDRESS [CURL-OPTION…]
page() { node "$1" curl -sS -m "${wait-4}" --resolve "$LAB_PUBLIC_NAME:443:[$2]" --resolve "$LAB_PUBLIC_NAME:8443:[$2]" "${@:3}" "https://$LAB_PUBLIC_NAME${port:+:$port}/" 2>/dev/null; }
code() { page "$@" -k -o /dev/null -w '%{http_code}'; }
# The exit code of curl: 60 is "certificate", 35 "no TLS", 28 "took too long", 7 "no connection".
curl_ends() {
    local wanted=$1 rc=0
    shift
    page "$@" -o /dev/null || rc=$?
    [ $rc = "$wanted" ]
}
certificate() { node "$1" openssl s_client -connect "[$2]:443" -servername "$LAB_PUBLIC_NAME" </dev/null 2>/dev/null; }
verdict() { certificate "$@" | sed -n 's/^ *Verify return code: \([0-9]*\).*/\1/p' | head -n 1; }
has_days() { certificate "$1" "$2" | openssl x509 -noout -checkend $(($3 * 86400)) >/dev/null; }
addresses() { ip -n "sg$SIXGATE_LAB-$1" -6 -o address show dev eth0 scope global | awk '{ print $4 }'; }
home_prefix() { printf '%s' "${LAB_PREFIX%::/56}:"; }
ssh_says() {
    node desktop ssh -F none -i "$LAB_SSH_KEY" -o IdentitiesOnly=yes -o BatchMode=yes -o ConnectTimeout=3 -o StrictHostKeyChecking=no \
        -o UserKnownHostsFile=/dev/null "root@$LAB_VPS4" true 2>&1 || true
}
both_aaaa() { [ "$(resolv phone "$LAB_RESOLVER4" "$LAB_PUBLIC_NAME")" = "$1" ] && [ "$(resolv phone "$LAB_RESOLVER4" "$LAB_UPSTREAM_NAME")" = "$1" ]; }
in_zone() { [ "$(resolv phone "$LAB_NS4" "$1" "$2")" = "$3" ]; }
old_address() { resolv phone "$LAB_RESOLVER4" "$LAB_UPSTREAM_NAME" | tr ' ' '\n' | grep -vxF "$LAB_SERVER6" | grep '^2001:db8:a0..:.*::11$'; }
ttl() { node "$1" dig +noall +answer +time=2 +tries=1 "@$2" "$3" AAAA | awk '{ print $2 }'; }
rcode() { node "$1" dig +time=3 +tries=1 "${@:2}" | sed -n 's/.*status: \([A-Z]*\).*/\1/p'; }
on_the_vps() { lab exec vps "$@"; }

# What plain tools see while a fault is on.
effect() {
    local s6=$LAB_SERVER6 s4=$LAB_SERVER4
    case $1 in
    router-closed) ends cafe "$s6" 443 silent && ends vps "$s6" 443 silent && open desktop "$s6" 443 ;;
    router-other-id) ends cafe "$s6" 443 silent && ends cafe "${s6%11}5eff:fe10:9" 443 no-route && open desktop "$s6" 443 ;;
    mtu) open cafe "$s6" 443 && curl_ends 28 cafe "$s6" && curl_ends 0 desktop "$s6" && small_segments && [ -z "$(ssh_says | grep -v Warning)" ] ;;
    home-v6-off) ! { addresses desktop && addresses server; } | grep "$(home_prefix)" && ! open cafe "$s6" 443 && open desktop "$LAB_VPS4" 22 ;;
    home-v4-off) ends desktop "$LAB_VPS4" 22 silent && open desktop "$LAB_VPS6" 22 ;;
    line-off) ends desktop "$LAB_VPS4" 22 no-route && ends desktop "$LAB_VPS6" 22 no-route && ends cafe "$s6" 443 silent && open desktop "$s6" 443 ;;
    server-off) ! open desktop "$s6" 443 && ! open desktop "$s4" 80 && ! open cafe "$s6" 443 ;;
    server-v6-off) ! open desktop "$s6" 443 && open desktop "$s4" 443 && [ -z "$(addresses server)" ] ;;
    id-changes) ! addresses server | grep -q '::11/' && open desktop "$(addresses server | grep "$(home_prefix)" | cut -d / -f 1)" 443 ;;
    web-off) ends desktop "$s6" 443 refused && ends cafe "$s6" 443 refused && ends desktop "$s4" 80 refused ;;
    server-v4-only) ends desktop "$s6" 443 refused && open desktop "$s4" 443 ;;
    wrong-port) ends desktop "$s6" 443 refused && port=8443 page desktop "$s6" | grep -q "$LAB_HOME_MARKER" ;;
    tls-garbage) open cafe "$s6" 443 && curl_ends 35 desktop "$s6" && node desktop curl -sg -m 3 "http://[$s6]:443/" | grep -q html ;;
    wrong-vhost-421) [ "$(code cafe "$s6")" = 421 ] && curl_ends 0 cafe "$s6" ;;
    default-page) page cafe "$s6" | grep -q 'Welcome to nginx!' ;;
    app-500) [ "$(code cafe "$s6")" = 500 ] && curl_ends 0 cafe "$s6" ;;
    app-loop) [ "$(page cafe "$s6" -o /dev/null -w '%{http_code} %{redirect_url}')" = "301 https://$LAB_PUBLIC_NAME/" ] ;;
    app-slow) wait=2 curl_ends 28 cafe "$s6" && [ "$(verdict cafe "$s6")" = 0 ] ;;
    home-cert-expired) [ "$(verdict cafe "$s6")" = 10 ] && curl_ends 60 cafe "$s6" ;;
    home-cert-not-yet) [ "$(verdict cafe "$s6")" = 9 ] && curl_ends 60 cafe "$s6" ;;
    home-cert-expiring) has_days cafe "$s6" 5 && ! has_days cafe "$s6" 6 && curl_ends 0 cafe "$s6" ;;
    home-cert-wrong-name) [ "$(verdict cafe "$s6")" = 0 ] && curl_ends 60 cafe "$s6" ;;
    home-cert-self-signed | home-cert-other-key) [ "$(verdict cafe "$s6")" = 18 ] && ! certificate cafe "$s6" | openssl x509 -noout -pubkey | cmp -s - "$work/key" ;;
    home-cert-incomplete) [ "$(verdict cafe "$s6")" = 21 ] && certificate cafe "$s6" | grep -q 'Lab home CA intermediate' ;;
    home-cert-untrusted) [ "$(verdict cafe "$s6")" = 20 ] && certificate cafe "$s6" | grep -q 'Lab unknown CA' ;;
    address-limit) ! addresses desktop | grep -q "$(home_prefix)" && [ "$(addresses desktop | wc -l)" -ge 16 ] && ip -n "sg$SIXGATE_LAB-desktop" -6 route show | grep -q "^$(home_prefix)" ;;
    clock-wrong) [ $(($(lab exec desktop date +%s) - $(date +%s))) -gt $((399 * 86400)) ] && lab exec desktop "$SIXGATECTL" --version >/dev/null ;;
    here-resolver-off) ! node desktop dig +time=1 +tries=1 "$LAB_PUBLIC_NAME" >/dev/null && [ -n "$(resolv phone "$LAB_RESOLVER4" "$LAB_PUBLIC_NAME")" ] ;;
    here-resolver-old) [ "$(ttl desktop 192.168.178.1 "$LAB_PUBLIC_NAME")" -gt 100 ] && [ "$(resolv desktop 192.168.178.1 "$LAB_PUBLIC_NAME")" != "$s6" ] && both_aaaa "$s6" ;;
    dns-rebind) [ -z "$(resolv desktop 192.168.178.1 "$LAB_PUBLIC_NAME")" ] && [ "$(resolv desktop 192.168.178.1 "$LAB_VPS_NAME")" = "$LAB_VPS6" ] && both_aaaa "$s6" ;;
    dnssec-bogus) [ "$(rcode desktop "$LAB_PUBLIC_NAME") $(rcode phone "$LAB_UPSTREAM_NAME" AAAA) $(rcode phone +cd "$LAB_UPSTREAM_NAME" AAAA)" = 'SERVFAIL SERVFAIL NOERROR' ] ;;
    stale-aaaa) [ -n "$(old_address)" ] && both_aaaa "$(old_address)" && ends cafe "$(old_address)" 443 silent ;;
    aaaa-missing) both_aaaa '' && in_zone "$LAB_PUBLIC_NAME" A "$LAB_VPS4" ;;
    two-aaaa) [ -n "$(old_address)" ] && both_aaaa "$(printf '%s\n' "$s6" "$(old_address)" | sort | xargs)" ;;
    aaaa-neighbour) both_aaaa "$LAB_SERVER2_6" && open desktop "$LAB_SERVER2_6" 443 ;;
    public-loop) in_zone "$LAB_PUBLIC_NAME" AAAA "$LAB_VPS6" && in_zone "$LAB_UPSTREAM_NAME" AAAA "$s6" ;;
    upstream-loop) in_zone "$LAB_UPSTREAM_NAME" AAAA "$LAB_VPS6" && [ "$(code phone "$LAB_VPS4")" != 200 ] ;;
    upstream-a) in_zone "$LAB_UPSTREAM_NAME" A "$LAB_VPS4" ;;
    a-missing) in_zone "$LAB_PUBLIC_NAME" A '' ;;
    a-elsewhere) in_zone "$LAB_PUBLIC_NAME" A 192.0.2.130 && ! open phone 192.0.2.130 443 ;;
    a-cgn) in_zone "$LAB_PUBLIC_NAME" A "$LAB_CGN4" && ! open phone "$LAB_CGN4" 443 ;;
    cname) in_zone "$LAB_PUBLIC_NAME" CNAME parked.lab.test. && [ -z "$(resolv phone "$LAB_RESOLVER4" "$LAB_PUBLIC_NAME" AAAA | grep 2001)" ] ;;
    vps-name-missing) in_zone "$LAB_VPS_NAME" A '' && in_zone "$LAB_VPS_NAME" AAAA '' ;;
    dns-off) ! node phone dig +time=1 +tries=1 "@$LAB_NS4" "$LAB_PUBLIC_NAME" >/dev/null && [ "$(rcode phone "$LAB_PUBLIC_NAME")" != NOERROR ] ;;
    dns-refused) update_with sixgate-key | grep -q 'update failed' && update_with sixgate-key512 | grep -q 'update failed' ;;
    dns-second-stale) in_zone "$LAB_ZONE" NS "ns1.$LAB_ZONE. ns2.$LAB_ZONE." && in_zone "$LAB_UPSTREAM_NAME" AAAA "$s6" && [ "$(resolv phone 192.0.2.55 "$LAB_UPSTREAM_NAME" | grep -c '::11$')" = 1 ] &&
        [ "$(resolv phone 192.0.2.55 "$LAB_UPSTREAM_NAME")" != "$s6" ] && [ -n "$(resolv cafe 2001:db8:53::55 "$LAB_PUBLIC_NAME")" ] ;;
    dns-second-off) in_zone "$LAB_ZONE" NS "ns1.$LAB_ZONE. ns2.$LAB_ZONE." && ! node phone dig +time=1 +tries=1 @192.0.2.55 "$LAB_PUBLIC_NAME" >/dev/null ;;
    resolver-old) [ "$(ttl phone "$LAB_RESOLVER4" "$LAB_UPSTREAM_NAME")" -gt 100 ] && [ -n "$(old_address)" ] && in_zone "$LAB_UPSTREAM_NAME" AAAA "$s6" && [ "$(code phone "$LAB_VPS4")" != 200 ] ;;
    vps-resolver-off) ! on_the_vps getent ahosts "$LAB_UPSTREAM_NAME" >/dev/null && both_aaaa "$s6" ;;
    vps-off) ends phone "$LAB_VPS4" 22 silent && ends cafe "$LAB_VPS6" 443 silent ;;
    vps-v6-off) ends desktop "$LAB_VPS6" 22 silent && ends cafe "$LAB_VPS6" 443 silent && open desktop "$LAB_VPS4" 22 && open vps "$s6" 443 ;;
    vps-no-ipv6) [ -z "$(addresses vps)" ] && ! open desktop "$LAB_VPS6" 22 && open desktop "$LAB_VPS4" 22 && ! open vps "$s6" 443 ;;
    vps-firewall | vps-provider-firewall) open phone "$LAB_VPS4" 22 && ends phone "$LAB_VPS4" 443 silent && ends cafe "$LAB_VPS6" 80 silent ;;
    ssh-off) ends desktop "$LAB_VPS4" 22 refused && ends desktop "$LAB_VPS6" 22 refused && open phone "$LAB_VPS4" 443 ;;
    ssh-login) ssh_says | grep -q 'Permission denied' ;;
    ssh-key) ! node desktop ssh-keyscan -t ed25519 "$LAB_VPS4" 2>/dev/null | ssh-keygen -lf - | grep -qF "$LAB_VPS_HOSTKEY_ED25519" && [ -z "$(ssh_says | grep -v Warning)" ] ;;
    ssh-ban) ends desktop "$LAB_VPS4" 22 silent && ends desktop "$LAB_VPS6" 22 silent && open phone "$LAB_VPS4" 22 && open desktop "$LAB_VPS4" 443 ;;
    proxy-off) ends phone "$LAB_VPS4" 443 refused && ends cafe "$LAB_VPS6" 443 refused && open phone "$LAB_VPS4" 22 ;;
    proxy-old) [ "$(wait=8 code phone "$LAB_VPS4")" -ge 502 ] && [ "$(wait=8 code phone "$LAB_VPS4")" -ge 502 ] && open vps "$s6" 443 && [ "$(on_the_vps getent ahosts "$LAB_UPSTREAM_NAME" | cut -d ' ' -f 1 | sort -u)" = "$s6" ] ;;
    proxy-other-site) page phone "$LAB_VPS4" | grep -q 'another site' ;;
    vps-cert-expired) [ "$(verdict phone "$LAB_VPS4")" = 10 ] && curl_ends 60 phone "$LAB_VPS4" ;;
    vps-cert-expiring) has_days phone "$LAB_VPS4" 5 && ! has_days phone "$LAB_VPS4" 6 && page phone "$LAB_VPS4" | grep -q "$LAB_HOME_MARKER" ;;
    *) echo "nothing is known of what $1 does" && return 1 ;;
    esac
}
# A visitor whose connection asks for small segments gets his answer: it is the size that matters.
small_segments() {
    node cafe python3 - "$LAB_SERVER6" "$LAB_PUBLIC_NAME" <<'END'
import socket, ssl, sys
plain = socket.socket(socket.AF_INET6)
plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, 1220)
plain.settimeout(3)
plain.connect((sys.argv[1], 443))
ssl.create_default_context(cafile="/etc/ssl/certs/ca-certificates.crt").wrap_socket(plain, server_hostname=sys.argv[2])
END
}
update_with() {
    printf 'server %s\nzone %s\nupdate add fault.%s 5 A 192.0.2.1\nsend\n' "$LAB_NS4" "$LAB_ZONE" "$LAB_ZONE" | node dns nsupdate -t 3 -k "$LAB_STATE/keys/tsig/$1.conf" 2>&1 || true
}

# All that a fault may have left somewhere; the same before and after.
traces_of_faults() {
    local n
    lab zone | awk '$4 != "SOA"' | sort
    for n in router isp internet dns vps; do
        echo "filter $n" && node $n nft list ruleset
    done
    for n in server desktop vps; do
        echo "addresses $n" && ip -n "sg$SIXGATE_LAB-$n" -o address show dev eth0 | grep -v temporary | awk '{ print $3, $4 }' | sort
        ip -n "sg$SIXGATE_LAB-$n" -d -j link show eth0 | jq -c '.[0] | [.gso_max_segs, .mtu, .inet6_addr_gen_mode]'
        node $n grep -H . /proc/sys/net/ipv6/conf/eth0/{mtu,disable_ipv6,accept_dad,max_addresses,addr_gen_mode,use_tempaddr}
        ip -n "sg$SIXGATE_LAB-$n" -6 token list 2>/dev/null
    done
    ip -n "sg$SIXGATE_LAB-router" route show default
    ip -n "sg$SIXGATE_LAB-router" -6 route show default
    ip -n "sg$SIXGATE_LAB-isp" -6 route show via 2001:db8:1f::2
    (cd "$LAB_STATE" && find pids faults -mindepth 1 -printf '%P\n' 2>/dev/null | sort; sha256sum router/*.conf server/nginx.conf dns/unbound/*.conf dns/knot/knot.conf)
    on_the_vps sh -c 'cd / && find etc/apache2 etc/sixgate etc/ssh etc/letsencrypt etc/hosts etc/nftables.conf root/.ssh var/www -ls 2>/dev/null | awk "{ print \$3, \$5, \$6, \$7, \$11, \$12, \$13 }" | sort
        find etc/apache2 etc/sixgate etc/ssh etc/letsencrypt etc/hosts root/.ssh -type f -exec sha256sum {} + | sort
        for unit in ssh apache2; do systemctl is-active $unit; done'
}
all_is_well() {
    local from
    lab status --json | jq -e '.up and .faults == [] and (.paths | length >= 12) and all(.paths[]; .expected == .reached)' >/dev/null || return 1
    for from in phone cafe guest desktop; do
        node $from curl -sS -m 5 "https://$LAB_PUBLIC_NAME/" 2>/dev/null | grep -q "$LAB_HOME_MARKER" || { echo "no page for $from" && return 1; }
    done
}

check_fault() {
    local began on off
    began=$(milliseconds)
    lab fault "$1" on >"$work/fault.out" 2>&1 || { failed "fault $1: on" "$(tail -n 1 "$work/fault.out")"; lab fault "$1" off >/dev/null 2>&1; return; }
    on=$(($(milliseconds) - began))
    expect "fault $1: the effect is there" effect "$1"
    began=$(milliseconds)
    lab fault "$1" off >"$work/fault.out" 2>&1 || { failed "fault $1: off" "$(tail -n 1 "$work/fault.out")"; return; }
    off=$(($(milliseconds) - began))
    expect "fault $1: all is well after it (on $on ms, off $off ms)" all_is_well
    traces_of_faults >"$work/after" 2>&1
    if ! cmp -s "$work/before" "$work/after"; then
        failed "fault $1: it left something" "$(diff "$work/before" "$work/after" | head -n 6)"
        cp "$work/after" "$work/before"
    fi
}

# check_faults [FAULT…]; without a word all of them.
check_faults() {
    local name
    write_site desktop
    sixgate desktop apply >"$work/apply.out" 2>&1 || { failed 'faults: Sixgate has deployed a proxy' "$(tail -n 3 "$work/apply.out")" && return; }
    # The firewall's package stays on the VPS, so it is there before.
    quiet lab vps firewall nftables
    quiet lab vps firewall off
    load_lab
    certificate cafe "$LAB_SERVER6" | openssl x509 -noout -pubkey >"$work/key"
    expect 'faults: all is well before' all_is_well
    traces_of_faults >"$work/before" 2>&1
    [ $# -gt 0 ] || set -- $(lab fault list | awk '{ print $1 }')
    for name; do check_fault "$name"; done
    check_several
}

check_several() {
    local pid name
    for name in stale-aaaa web-off ssh-off aaaa-missing router-closed; do quiet lab fault $name on; done
    same 'faults: several are on' 'router-closed aaaa-missing ssh-off web-off stale-aaaa' "$(lab status --json | jq -r '.faults | join(" ")')"
    expect 'faults: on a second time' quiet lab fault web-off on
    expect 'faults: all off' quiet lab fault off
    expect 'faults: all is well after that' all_is_well
    expect 'faults: off, although it is not on' quiet lab fault web-off off
    refute 'faults: a name that there is not' quiet lab fault nonsense on
    for name in home-v6-off address-limit ssh-key dns-second-stale vps-no-ipv6; do
        setsid "$LAB" fault $name on >/dev/null 2>&1 &
        pid=$!
        sleep "0.$((RANDOM % 5 + 2))"
        kill -KILL -- "-$pid" 2>/dev/null
        wait "$pid" 2>/dev/null
        quiet lab fault off
        expect "faults: all is well after $name was killed" all_is_well
    done
    traces_of_faults >"$work/after" 2>&1
    expect 'faults: nothing is left of all that' diff "$work/before" "$work/after"
    quiet lab fault stale-aaaa on
    quiet lab fault app-500 on
    quiet lab fault ssh-login on
    expect 'reset with faults' quiet lab reset
    same 'reset forgets faults' '[]' "$(lab status --json | jq -c .faults)"
    expect 'reset: the home has its page again' page cafe "$LAB_SERVER6" -o /dev/null
}

if [ "${BASH_SOURCE[0]}" = "$0" ]; then
    set -uo pipefail
    here=$(cd "$(dirname "$(readlink -f "$0")")/.." && pwd)
    export SIXGATE_LAB=${SIXGATE_LAB:-faultcheck}
    LAB=$here/lab SIXGATECTL=${SIXGATECTL:-$(readlink -f "$here/../..")/build/release/bin/sixgatectl}
    # shellcheck source=checks.sh
    . "$here/lib/checks.sh"
    # shellcheck source=site.sh
    . "$here/lib/site.sh"
    quiet() { "$@" >"$work/last.out" 2>&1; }
    keep=''
    [ "${1-}" != --keep ] || { keep=yes && shift; }
    work=$(mktemp -d)
    trap '[ -n "$keep" ] || lab down --keys >/dev/null 2>&1; rm -rf "$work"' EXIT
    lab up >"$work/up.out" 2>&1 && load_lab || { failed 'lab up' "$(tail -n 1 "$work/up.out")"; count_checks; exit 1; }
    check_faults "$@"
    count_checks
fi
