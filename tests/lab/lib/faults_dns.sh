# shellcheck shell=bash
# Faults of names: records, name servers, resolvers.

# Resolvers forget names, and which servers did not answer.
forget_names() {
    local conf
    flush_resolvers
    for conf in "$LAB_STATE"/{dns/unbound,router,ca}/unbound.conf; do
        unbound-control -q -c "$conf" flush_infra all 2>/dev/null || true
    done
}

# The server's address in an earlier prefix of the home.
earlier_address() { printf '%s11\n' "$(prefix_number $(($(cat "$LAB_STATE/prefix-number") + 254)))"; }

# Keeps record sets as they are, as lines that put them back: keep_records NAME/TYPE…
keep_records() {
    local pair
    [ ! -e "$KEPT/records" ] || return 0
    for pair; do
        echo "update delete ${pair%/*} ${pair#*/}"
        # Only the name's own: not where a CNAME leads.
        in_node dns dig +noall +answer "@$LAB_CONTROL4" "${pair%/*}" "${pair#*/}" |
            awk -v name="${pair%/*}." -v type="${pair#*/}" '$1 == name && $4 == type { print "update add " $1 " " $2 " " $4 " " $5 }'
    done >"$KEPT/records.new"
    mv "$KEPT/records.new" "$KEPT/records"
}
# lines_for TTL NAME TYPE [VALUE…]: what sets a record set
lines_for() {
    local ttl=$1 name=$2 type=$3 value
    shift 3
    echo "update delete $name $type"
    for value; do echo "update add $name $ttl $type $value"; done
}

records_on() {
    local old new public=$LAB_PUBLIC_NAME upstream=$LAB_UPSTREAM_NAME
    old=$(earlier_address) new=$(server_address)
    case $FAULT in
    upstream-a) keep_records "$upstream/A" ;;
    upstream-loop) keep_records "$upstream/AAAA" ;;
    public-loop) keep_records "$public/AAAA" ;;
    a-*) keep_records "$public/A" ;;
    cname) keep_records "$public/CNAME" "$public/A" "$public/AAAA" ;;
    vps-name-missing) keep_records "$LAB_VPS_NAME/A" "$LAB_VPS_NAME/AAAA" ;;
    *) keep_records "$public/AAAA" "$upstream/AAAA" ;;
    esac
    {
        case $FAULT in
        stale-aaaa) lines_for 5 "$public" AAAA "$old" && lines_for 5 "$upstream" AAAA "$old" ;;
        aaaa-missing) lines_for 5 "$public" AAAA && lines_for 5 "$upstream" AAAA ;;
        two-aaaa) lines_for 5 "$public" AAAA "$old" "$new" && lines_for 5 "$upstream" AAAA "$old" "$new" ;;
        aaaa-neighbour) lines_for 5 "$public" AAAA "$(server2_address)" && lines_for 5 "$upstream" AAAA "$(server2_address)" ;;
        public-loop) lines_for 5 "$public" AAAA "$LAB_VPS6" ;;
        upstream-loop) lines_for 5 "$upstream" AAAA "$LAB_VPS6" ;;
        upstream-a) lines_for 5 "$upstream" A "$LAB_VPS4" ;;
        a-missing) lines_for 5 "$public" A ;;
        # Of a machine that is gone; nobody has it unless vps2 is up.
        a-elsewhere) lines_for 5 "$public" A "$LAB_VPS2_4" ;;
        a-cgn) lines_for 5 "$public" A "$LAB_CGN4" ;;
        cname) lines_for 5 "$public" A && lines_for 5 "$public" AAAA && lines_for 5 "$public" CNAME "parked.$LAB_INFRA_ZONE." ;;
        vps-name-missing) lines_for 60 "$LAB_VPS_NAME" A && lines_for 60 "$LAB_VPS_NAME" AAAA ;;
        esac
    } | zone_update
    flush_resolvers
}
records_off() {
    [ ! -s "$KEPT/records" ] || zone_update <"$KEPT/records"
    flush_resolvers
}

# --- resolvers -------------------------------------------------------------------------------

# A resolver learns an old address that it may keep for two minutes; then the zone has the right one again.
old_resolver_on() {
    local name=$LAB_UPSTREAM_NAME server=$LAB_RESOLVER4 other
    [ "$FAULT" = resolver-old ] || name=$LAB_PUBLIC_NAME server=$LAB_LAN4
    keep_records "$name/AAAA"
    lines_for 120 "$name" AAAA "$(earlier_address)" | zone_update
    flush_resolvers
    [ "$(in_node router dig +time=2 +tries=2 +short "@$server" "$name" AAAA)" = "$(earlier_address)" ] || die "the resolver did not learn the old address of $name"
    zone_update <"$KEPT/records"
    # The others have not heard of it.
    for other in dns/unbound router ca; do
        case $FAULT-$other in
        resolver-old-dns/unbound | here-resolver-old-router) ;;
        *) unbound-control -q -c "$LAB_STATE/$other/unbound.conf" flush_zone . ;;
        esac
    done
}
old_resolver_off() { records_off; }

# What a fault adds to a resolver's settings.
unbound_on() {
    case $FAULT in
    dns-rebind)
        printf 'server:\n    private-address: %s/56\n' "$(current_prefix)" >"$LAB_STATE/router/fault-$FAULT.conf"
        unbound_again router
        ;;
    dnssec-bogus)
        # A key that the parent zone vouches for and the zone does not have. The router's resolver asks the other one with
        # checking switched off, as forwarders do, so it must check by itself.
        keep_text digest openssl rand -hex 32
        printf 'server:\n    module-config: "validator iterator"\n    ede: yes\n    trust-anchor: "%s. DS 20326 13 2 %s"\n' "$LAB_ZONE" "$(cat "$KEPT/digest")" |
            tee "$LAB_STATE/dns/unbound/fault-$FAULT.conf" >"$LAB_STATE/router/fault-$FAULT.conf"
        unbound_again dns/unbound
        unbound_again router
        ;;
    esac
}
unbound_off() {
    rm -f "$LAB_STATE"/{dns/unbound,router}/"fault-$FAULT.conf"
    unbound_again router
    [ "$FAULT" != dnssec-bogus ] || unbound_again dns/unbound
}
# New settings; what it knew is forgotten with them.
unbound_again() {
    unbound-control -q -c "$LAB_STATE/$1/unbound.conf" reload
    wait_for 5 "the resolver in $1" unbound-control -q -c "$LAB_STATE/$1/unbound.conf" status
}

# --- name servers ----------------------------------------------------------------------------

# In knot's list of who may do what, at "addresses".
fault_acl() { ! fault_on dns-refused || echo '    deny: on'; }
refused_on() { knot_again; }
refused_off() { knot_again; }
knot_again() {
    local dir=$LAB_STATE/dns/knot
    (umask 077 && knot_conf "$dir" >"$dir/knot.conf")
    knotc -c "$dir/knot.conf" reload >/dev/null
}

second_on() {
    local dir=$KEPT/knot
    if [ "$FAULT" = dns-second-off ]; then filter_on; else old_copy; fi
    zone_update <<EOF
update add $LAB_ZONE 60 NS ns2.$LAB_ZONE.
update add ns2.$LAB_ZONE 60 A $LAB_NS2_4
update add ns2.$LAB_ZONE 60 AAAA $LAB_NS2_6
EOF
    flush_resolvers
}
# Serves the zone as it is now, but for the home's addresses: those of an earlier prefix.
old_copy() {
    mkdir -p "$dir"
    ! recorded_pid ns2 >/dev/null || return 0
    zone_dump | awk -v public="$LAB_PUBLIC_NAME." -v upstream="$LAB_UPSTREAM_NAME." '!($4 == "AAAA" && ($1 == public || $1 == upstream))' >"$dir/zone"
    printf '%s. 5 IN AAAA %s\n' "$LAB_PUBLIC_NAME" "$(earlier_address)" "$LAB_UPSTREAM_NAME" "$(earlier_address)" >>"$dir/zone"
    cat >"$dir/knot.conf" <<EOF
server:
    rundir: "$dir"
    listen: [ $LAB_NS2_4@53, $LAB_NS2_6@53 ]
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
log:
  - target: stderr
    any: info
database:
    storage: "$dir"
control:
    listen: "$dir/knot.ctl"
template:
  - id: default
    storage: "$dir"
    zonefile-sync: -1
    semantic-checks: off
zone:
  - domain: $LAB_ZONE
    file: zone
EOF
    spawn dns ns2 knotd -c "$dir/knot.conf"
    wait_for 5 'the second name server' second_answers
}
second_answers() { in_node dns dig +time=1 +tries=1 +short "@$LAB_NS2_4" "$LAB_UPSTREAM_NAME" AAAA | grep -q '^2'; }
second_off() {
    zone_update <<EOF
update delete $LAB_ZONE NS ns2.$LAB_ZONE.
update delete ns2.$LAB_ZONE
EOF
    if [ "$FAULT" = dns-second-off ]; then filter_off; else stop_recorded ns2; fi
    flush_resolvers
}
