# shellcheck shell=bash
# Names: an authoritative server (knot) with RFC 2136 and TSIG, a caching resolver (unbound).

# Where the lab's own tools ask the name server: no fault on its line stops them.
LAB_CONTROL4=127.0.0.1

LAB_ZONE=example.org
LAB_INFRA_ZONE=lab.test
LAB_PUBLIC_NAME=cloud.$LAB_ZONE
LAB_SECOND_NAME=www.$LAB_ZONE
LAB_UPSTREAM_NAME=home6.$LAB_ZONE
LAB_VPS_NAME=vps.$LAB_ZONE

# Names for which the ACME key may write TXT. knot 3.2 knows no patterns for owners (only lists), so
# it gets one of the usual names and numbered ones; more through LAB_ACME_LABELS.
acme_owners() {
    local label
    printf '_acme-challenge'
    for label in cloud www home mail photos files git wiki music office vault test service{1..100} s{1..100} ${LAB_ACME_LABELS-}; do
        printf ', _acme-challenge.%s' "$label"
    done
}

# name, algorithm, length of the secret in bytes
LAB_TSIG_KEYS='
sixgate-key     hmac-sha256  32
sixgate-key512  hmac-sha512  64
acme-key        hmac-sha256  32
dyndns-key      hmac-sha256  32
lab-key         hmac-sha256  32
'

make_tsig_keys() {
    local name algorithm bytes
    mkdir -p "$LAB_KEYS/tsig"
    while read -r name algorithm bytes; do
        if [ -z "$name" ] || [ -s "$LAB_KEYS/tsig/$name.conf" ]; then continue; fi
        (
            umask 077
            openssl rand -base64 "$bytes" | tr -d '\n' >"$LAB_KEYS/tsig/$name"
            printf 'key "%s" { algorithm %s; secret "%s"; };\n' "$name" "$algorithm" "$(cat "$LAB_KEYS/tsig/$name")" \
                >"$LAB_KEYS/tsig/$name.conf"
        )
    done <<<"$LAB_TSIG_KEYS"
}

knot_conf() {
    local dir=$1 name algorithm bytes
    make_tsig_keys
    cat <<EOF
server:
    rundir: "$dir"
    listen: [ $LAB_NS4@53, $LAB_NS6@53, $LAB_CONTROL4@53 ]
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
key:
EOF
    while read -r name algorithm bytes; do
        [ -z "$name" ] || printf '  - id: %s\n    algorithm: %s\n    secret: "%s"\n' "$name" "$algorithm" "$(cat "$LAB_KEYS/tsig/$name")"
    done <<<"$LAB_TSIG_KEYS"
    cat <<EOF
acl:
  - id: addresses
    key: [ sixgate-key, sixgate-key512 ]
    action: update
$(fault_acl)
    update-type: [ A, AAAA ]
  - id: acme
    key: acme-key
    action: update
    update-type: TXT
    update-owner: name
    update-owner-match: equal
    update-owner-name: [ $(acme_owners) ]
  - id: dyndns
    key: dyndns-key
    action: update
    update-type: [ A, AAAA ]
  - id: lab
    key: lab-key
    action: [ update, transfer ]
template:
  - id: default
    storage: "$dir"
    zonefile-sync: -1
    zonefile-load: whole
    journal-content: changes
    semantic-checks: off
zone:
  - domain: $LAB_ZONE
    file: zone-site
    acl: [ addresses, acme, dyndns, lab ]
  - domain: $LAB_INFRA_ZONE
    file: zone-infra
  - domain: .
    file: zone-root
EOF
}

zone_head() {
    printf '$ORIGIN %s\n$TTL 60\n@ SOA ns1.%s. hostmaster.%s. 1 3600 600 86400 10\n@ NS ns1.%s.\n' "$1" "$LAB_ZONE" "$LAB_ZONE" "$LAB_ZONE"
}

# What is in the site's zone when it counts as empty.
zone_site() {
    zone_head "$LAB_ZONE."
    printf 'ns1 A %s\nns1 AAAA %s\nvps A %s\nvps AAAA %s\n' "$LAB_NS4" "$LAB_NS6" "$LAB_VPS4" "$LAB_VPS6"
}
zone_infra() {
    zone_head "$LAB_INFRA_ZONE."
    printf 'acme A %s\nacme AAAA %s\nip A %s\nip AAAA %s\nip4 A %s\nip6 AAAA %s\ndyndns A %s\ndyndns AAAA %s\npdns A %s\npdns AAAA %s\n' \
        "$LAB_CA4" "$LAB_CA6" "$LAB_CA4" "$LAB_CA6" "$LAB_CA4" "$LAB_CA6" "$LAB_RESOLVER4" "$LAB_RESOLVER6" \
        "$LAB_POWERDNS4" "$LAB_POWERDNS6"
}
zone_root() {
    zone_head .
    printf '%s. NS ns1.%s.\n%s. NS ns1.%s.\nns1.%s. A %s\nns1.%s. AAAA %s\n' "$LAB_ZONE" "$LAB_ZONE" "$LAB_INFRA_ZONE" "$LAB_ZONE" \
        "$LAB_ZONE" "$LAB_NS4" "$LAB_ZONE" "$LAB_NS6"
    printf '%s. A %s\n%s. AAAA %s\n' "$LAB_STAGING_NAME" "$LAB_CA4" "$LAB_STAGING_NAME" "$LAB_CA6"
}

# A caching resolver over the lab's zones: resolver_conf DIR OPTION… (lines of the server section)
resolver_conf() {
    local dir=$1 zone
    shift
    cat <<EOF
server:
    directory: "$dir"
    username: ""
    chroot: ""
    pidfile: ""
    use-syslog: no
    module-config: "iterator"
    access-control: 0.0.0.0/0 allow
    access-control: ::/0 allow
    local-zone: "test." nodefault
EOF
    printf '    %s\n' "$@"
    cat <<EOF
remote-control:
    control-enable: yes
    control-interface: $dir/unbound.ctl
    control-use-cert: no
EOF
    for zone in . "$LAB_ZONE" "$LAB_INFRA_ZONE"; do
        printf 'stub-zone:\n    name: "%s"\n    stub-addr: %s\n    stub-addr: %s\n' "$zone" "$LAB_NS4" "$LAB_NS6"
    done
    printf 'include: "%s/fault-*.conf"\n' "$dir"
}

start_dns() {
    local dir=$LAB_STATE/dns
    make_tsig_keys
    mkdir -p "$dir"/{knot,unbound}
    zone_site >"$dir/knot/zone-site"
    zone_infra >"$dir/knot/zone-infra"
    zone_root >"$dir/knot/zone-root"
    (umask 077 && knot_conf "$dir/knot" >"$dir/knot/knot.conf")
    resolver_conf "$dir/unbound" "interface: $LAB_RESOLVER4" "interface: $LAB_RESOLVER6" >"$dir/unbound/unbound.conf"
    spawn dns knot knotd -c "$dir/knot/knot.conf"
    spawn_unbound
}
spawn_unbound() { spawn dns unbound unbound -d -c "$LAB_STATE/dns/unbound/unbound.conf"; }

# The same as the internet's resolver by BIND. Both count whole seconds; unbound holds a record for up to a second longer
# than its time to live, BIND never longer (RFC 1035 section 3.2.1, RFC 2181 section 8: it is the most).
named_conf() {
    local dir=$1 zone
    cat <<EOF
options {
    directory "$dir";
    pid-file none;
    session-keyfile none;
    listen-on { $LAB_RESOLVER4; };
    listen-on-v6 { $LAB_RESOLVER6; };
    allow-query { any; };
    allow-recursion { any; };
    dnssec-validation no;
    empty-zones-enable no;
};
controls { };
EOF
    for zone in . "$LAB_ZONE" "$LAB_INFRA_ZONE"; do
        printf 'zone "%s" { type static-stub; server-addresses { %s; %s; }; };\n' "$zone" "$LAB_NS4" "$LAB_NS6"
    done
}
spawn_named() {
    local dir=$LAB_STATE/dns/named
    mkdir -p "$dir"
    named_conf "$dir" >"$dir/named.conf"
    spawn dns named named -f -c "$dir/named.conf"
}

set_resolver() {
    [ $# = 1 ] || die 'usage: lab resolver unbound|bind'
    case $1 in
    unbound)
        stop_recorded named
        recorded_pid unbound >/dev/null || spawn_unbound
        ;;
    bind)
        stop_recorded unbound
        recorded_pid named >/dev/null || spawn_named
        ;;
    *) die 'usage: lab resolver unbound|bind' ;;
    esac
    wait_for 10 'the resolver' dns_answers
}

dns_answers() { in_node dns dig +time=1 +tries=1 +short "@$LAB_RESOLVER4" "ns1.$LAB_ZONE" | grep -qxF "$LAB_NS4"; }

# Lines of nsupdate on standard input, with the lab's own key.
zone_update() {
    { printf 'server %s\nzone %s\n' "$LAB_CONTROL4" "$LAB_ZONE" && cat && printf 'send\n'; } |
        in_node dns nsupdate -t 5 -k "$LAB_KEYS/tsig/lab-key.conf"
}
zone_dump() { in_node dns dig +noall +answer +onesoa -k "$LAB_KEYS/tsig/lab-key.conf" "@$LAB_CONTROL4" "$LAB_ZONE" AXFR; }
zone_record() { in_node dns dig +short "@$LAB_CONTROL4" "$1" "$2" | { grep -v '^;' || true; }; }

# Sets one record set, whatever was there: set_record NAME TYPE [VALUE…]
set_record() {
    local name=$1 type=$2 value
    shift 2
    {
        echo "update delete $name $type"
        for value; do echo "update add $name 5 $type $value"; done
    } | zone_update
    flush_resolvers
}

# Records beyond those of an empty zone, as "name type data…".
zone_extra() {
    zone_dump | awk -v zone="$LAB_ZONE." '$4 != "SOA" && !($4 == "NS" && $1 == zone) && $1 != "ns1." zone && $1 != "vps." zone'
}

# Back to the empty zone in one message, then nothing is remembered anywhere.
empty_zone() {
    {
        zone_extra | awk '{ print "update delete " $1 " " $4 }' | sort -u
        local name
        for name in ns1 vps; do
            printf 'update delete %s.%s\n' "$name" "$LAB_ZONE"
        done
        zone_site | awk -v zone="$LAB_ZONE" '$1 == "ns1" || $1 == "vps" { print "update add " $1 "." zone " 60 " $2 " " $3 }'
    } | zone_update
    flush_resolvers
}

flush_resolvers() {
    local conf
    for conf in "$LAB_STATE"/{dns/unbound,router,ca}/unbound.conf; do
        # It is switched off by a fault, and forgets without a word of ours.
        [[ $conf != */router/* ]] || ! fault_on here-resolver-off || continue
        # A BIND in its place forgets by beginning anew.
        if [[ $conf = */dns/* ]] && recorded_pid named >/dev/null; then
            stop_recorded named
            spawn_named
            wait_for 10 'the resolver' dns_answers
            continue
        fi
        unbound-control -q -c "$conf" flush_zone . || warn "could not flush the resolver of $conf"
    done
}
