# shellcheck shell=bash
# What tests/lab/mainjob needs beside site.sh and checks.sh: runs of the program, looks at zone and VPS.

part() { printf '\n== %s (%d s)\n' "$1" "$SECONDS"; }
quiet() { "$@" >"$work/quiet" 2>&1; }

# --- the program -----------------------------------------------------------------------------

RUNS=0
# Runs the program and compares its exit code: run WHAT CODE NODE ARGUMENT…; the output is in $work/last.
run() {
    local what=$1 wanted=$2 rc=0 began
    shift 2
    began=$(milliseconds)
    sixgate "$@" >"$work/last" 2>&1 || rc=$?
    keep_output "$what"
    if [ "$rc" = "$wanted" ]; then
        passed "$what ($(($(milliseconds) - began)) ms)"
    else
        failed "$what" "exit code $rc, wanted $wanted"
    fi
}
keep_output() {
    RUNS=$((RUNS + 1))
    mkdir -p "$work/outputs"
    cp "$work/last" "$work/outputs/$RUNS"
}
# A condition about the last run's JSON.
json() { jq -e "$1" "$work/last" >/dev/null 2>&1; }
output_has() { grep -qF "$1" "$work/last"; }

# Starts the program beside the script; its process id is in PROGRAM. Ctrl-C works as on a terminal.
begin() {
    local node=$1
    shift
    "$LAB" exec "$node" env --default-signal=INT "$SIXGATECTL" --secrets "dir:$(site_folder "$node")/secrets" "$@" >"$work/last" 2>&1 &
    PROGRAM=$!
}
# ends_with WHAT CODE|CODE… SECONDS
ends_with() {
    local rc=0
    {
        # bash tells about killed jobs, unasked
        within "$3" program_is_gone || {
            kill -KILL "$PROGRAM"
            failed "$1" "still running after $3 s" >&3
        }
        wait "$PROGRAM" || rc=$?
    } 3>&1 2>/dev/null
    keep_output
    if [[ "|$2|" == *"|$rc|"* ]]; then passed "$1: exit code $rc"; else failed "$1" "exit code $rc, wanted $2"; fi
}
kill_program() {
    {
        kill -KILL "$PROGRAM"
        wait "$PROGRAM"
    } 2>/dev/null
}
program_is_gone() { ! kill -0 "$PROGRAM" 2>/dev/null; }

diagnose() {
    if [ ! -e "$work/last" ] || [ "$CHECKS_FAILED" -gt 8 ]; then return; fi
    echo "last output:"
    if jq -e . "$work/last" >/dev/null 2>&1; then
        jq -c '(.check.paths // .paths // [.])[]' "$work/last" | cut -c -900
    else
        tail -n 12 "$work/last"
    fi
    echo "zone:"
    zone_records
    echo "VPS:"
    lab exec vps sh -c 'tail -qn 4 /var/log/apache2/error.log /var/log/letsencrypt/letsencrypt.log 2>/dev/null; systemctl --no-pager --failed --plain --no-legend; for r in $(ls -t /var/lib/sixgate/runs 2>/dev/null | head -n 1); do tail -n 3 "/var/lib/sixgate/runs/$r/log"; done' 2>&1 | cut -c -300
}

# Nothing but one connection and a look: changes_nothing WHAT NODE
changes_nothing() {
    local serial updates logins
    within 60 rehearsal_ended # it sets TXT records
    serial=$(record "$LAB_ZONE" SOA) updates=$(dns_updates) logins=$(ssh_logins)
    run "$1" 0 "$2" apply --json
    expect "$1: says that nothing changed" json '.changed == false and .changes == []'
    same "$1: the zone's serial is unchanged" "$serial" "$(record "$LAB_ZONE" SOA)"
    same "$1: no DNS update was sent" "$updates" "$(dns_updates)"
    same "$1: one SSH connection" "$((logins + 1))" "$(ssh_logins)"
}

all_paths_work() {
    run "check on $1" 0 "$1" check --json
    expect 'check: all four paths work' json '.allWork and ([.paths[].path] | unique == ["lan", "upstream", "v4", "v6"]) and all(.paths[]; .state == "works")'
}

killed_at_many_moments() {
    local moment filter=.
    for moment in 0.2 0.6 1 1.5 2 2.5 3 4 5 6 8; do
        if [ "$filter" = . ]; then filter='.services[0].publicNames += [env.LAB_SECOND_NAME]'; else filter=.; fi
        write_site desktop "$filter"
        begin desktop apply
        sleep "$moment"
        kill_program
        run "apply after being killed at $moment s" 0 desktop apply
    done
    lab reset >/dev/null
    write_site desktop
    begin desktop apply
    sleep 8
    kill_program
    run 'apply after being killed on a bare VPS' 0 desktop apply
    all_paths_work desktop
}

# --- visitors --------------------------------------------------------------------------------

reaches_home() { visit "$1" --fail / 2>"$work/curl" | grep -q "$LAB_HOME_MARKER"; }
visitors() {
    expect 'the phone (IPv4 only) reaches the home' within 10 reaches_home phone
    expect 'the café (IPv6 only) reaches the home' within 10 reaches_home cafe
    expect 'the desktop (in the LAN) reaches the home' within 10 reaches_home desktop
    same 'the phone goes through the VPS' "$LAB_VPS4" "$(visit phone -o /dev/null -w '%{remote_ip}' /)"
    same 'the café goes to the home itself' "$LAB_SERVER6" "$(visit cafe -o /dev/null -w '%{remote_ip}' /)"
    same 'the desktop goes to the home itself' "$LAB_SERVER6" "$(visit desktop -o /dev/null -w '%{remote_ip}' /)"
}
served_certificate() {
    lab exec phone openssl s_client -connect "$LAB_VPS4:443" -servername "$LAB_PUBLIC_NAME" </dev/null 2>/dev/null |
        openssl x509 -noout "${@:--serial}"
}
served_certificate_is_not() {
    local now
    now=$(served_certificate) && [ -n "$now" ] && [ "$now" != "$1" ]
}
# Somebody in the café who answers as the home, with a certificate of his own making.
impostor() {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$work/impostor.key" -out "$work/impostor.pem" -days 30 \
        -subj "/CN=$LAB_PUBLIC_NAME" -addext "subjectAltName=DNS:$LAB_PUBLIC_NAME" 2>/dev/null
    lab exec cafe openssl s_server -accept 443 -6 -cert "$work/impostor.pem" -key "$work/impostor.key" -www >/dev/null 2>&1 &
    IMPOSTOR=$!
    disown
    within 5 quiet lab exec vps bash -c 'exec 3<>/dev/tcp/2001:db8:cafe::2/443'
}

# --- the zone --------------------------------------------------------------------------------

zone_records() { lab zone | awk '$4 != "SOA" { print $1, $4, $5 }' | sed 's/\. / /' | sort; }
record() { lab exec dns dig +short "@$LAB_NS4" "$1" "$2"; }
# Knot takes what waits together: it logs "processing N updates".
dns_updates() { awk '/DDNS, processing [0-9]/ { for (i = 1; i < NF; i++) if ($i == "processing") n += $(i + 1) } END { print n + 0 }' "$LAB_STATE/log/knot.log"; }
# The proxy looks its upstream up again when the resolver's answer is old; `lab record` has emptied the resolver.
forget_upstream() { sleep 1; }
lab_has_address() { lab exec "$1" ip -6 -o address show dev eth0 scope global -tentative | grep -q "${LAB_SERVER6%::11}"; }

# --- the VPS ---------------------------------------------------------------------------------

# Everything a deployment may touch there, but certificates: they stay when a run is undone.
vps_state() {
    lab exec vps sh -c 'cd / && dpkg-query -W -f "\${Package} \${Version} \${db:Status-Abbrev}\n"
        find etc root usr/local opt -xdev -path etc/letsencrypt -prune -o -type l -printf "%p -> %l\n" -o -type f -printf "%m %u %p " -exec sha256sum {} \; | sort
        ss -Hltn | awk "{ print \$4 }" | sort'
}
ssh_logins() { lab exec vps journalctl -u ssh -o cat | grep -c '^Accepted\|\[preauth\]'; }
on_vps() { lab exec vps pgrep -f "$1" >/dev/null; }
nothing_runs() { ! on_vps run.pl && ! on_vps 'certbot certonly'; }
# certbot does one thing at a time, and its rehearsal of renewals begins after each new certificate.
rehearsal_ended() { ! lab exec vps systemctl show -P ActiveState sixgate-renewal-test.service 2>/dev/null | grep -qxE 'active|activating|deactivating'; }
# swaps_within SECONDS LINK: the current release is another one than LINK
swaps_within() {
    local root end=$((SECONDS + $1))
    root=$(lab vps root)
    until [ "$(readlink "$root/etc/sixgate/current")" != "$2" ]; do
        [ $SECONDS -lt "$end" ] || return 1
        sleep 0.02
    done
}
# Files of the VPS that hold one of the given strings.
on_vps_files() {
    local root
    root=$(lab vps root)
    grep -rlIF -f "$1" "$root"/{etc,root,home,var,run,tmp,srv,opt} --exclude-dir=repo 2>/dev/null | sed "s,^$root,,"
}
