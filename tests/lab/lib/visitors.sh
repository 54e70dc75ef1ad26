# shellcheck shell=bash
# What tests/lab/visitors needs beside rollback.sh: a visitor who never stops looking, and the ways in which a deployment
# is disturbed.

# --- the visitor -----------------------------------------------------------------------------

visitor() { /usr/bin/python3 "$here/helpers/visitor.py" "$@"; }
begin_to_visit() {
    : >"$work/visits"
    lab exec phone /usr/bin/python3 "$here/helpers/visitor.py" watch "$LAB_PUBLIC_NAME" "$LAB_HOME_MARKER" "$work/visits" </dev/null >"$work/visitor" 2>&1 &
    VISITOR=$!
    disown
    within 10 grep -q ' good$' "$work/visits"
}
stop_visiting() {
    [ -z "${VISITOR-}" ] || kill "$VISITOR" 2>/dev/null
    unset VISITOR
}

# Each part begins with a deployment that works, and ends with what its visitor saw: see HEADING. One bad answer is too
# much: who gets it does not see that the next one is good.
MOST_GAP=1000
see() {
    seen
    part "$1"
    PART=$1 PART_BEGAN=$(milliseconds) OFF=()
}
# The end of a part. OFF holds since when and until when the machine was off: that time does not count.
seen() {
    local gap good bad
    [ -n "${PART-}" ] || return 0
    sleep 0.2
    read -r gap good bad < <(visitor gap "$work/visits" "$PART_BEGAN" "$(milliseconds)" "${OFF[@]}")
    printf '%s\t%s\t%s\t%s\t%s\n' "$PART" "${gap:-?}" "${good:-?}" "${bad:-?}" "$(cut -d ' ' -f 1-3 /proc/loadavg)" >>"$work/gaps"
    unset PART
    if [ "${good:-0}" -gt 0 ] && [ "$bad" = 0 ] && [ "$gap" -le "$MOST_GAP" ]; then
        passed "the old site served on: longest gap $gap ms, $good answers"
    else
        failed 'the old site served on' "longest gap ${gap:-?} ms, ${good:-0} good answers, ${bad:-?} bad"
        awk -v began="$PART_BEGAN" '$2 >= began && $NF != "good"' "$work/visits" | head -n 5 | sed 's/^/     | /'
    fi
}
table_of_gaps() {
    printf '\n%-64s %8s %8s %5s  %s\n' 'part' 'gap, ms' 'answers' 'bad' 'load'
    awk -F '\t' '{ printf "%-64s %8s %8s %5s  %s\n", $1, $2, $3, $4, $5 }' "$work/gaps"
}

# --- changes ---------------------------------------------------------------------------------

# One that needs a certificate, and one that does not: each is another one than at the last call. The home answers on
# two ports (see two_ports), so visitors must not notice which one the VPS uses.
NAMES='' PORT=443
wish() { # [JQ-FILTER]
    local filter=".services[0].port = $PORT"
    [ -z "$NAMES" ] || filter+=' | .services[0].publicNames += [env.LAB_SECOND_NAME]'
    write_site desktop "$filter | ${1:-.}"
}
other_names() {
    if [ -z "$NAMES" ]; then NAMES=yes; else NAMES=''; fi
    wish
}
other_port() {
    if [ "$PORT" = 443 ]; then PORT=8443; else PORT=443; fi
    wish
}
two_ports() {
    in_lab in_node server nft -f - <<'END'
table ip6 ports {
    chain before {
        type nat hook prerouting priority dstnat; policy accept;
        tcp dport 8443 redirect to :443
    }
}
END
    in_lab in_node router nft add rule inet home through iifname wan ip6 daddr '&' ::ffff:ffff:ffff:ffff == "$LAB_SERVER_IID" tcp dport 8443 accept
}

# The program as it is on a computer of another name (all nodes have this machine's).
named_computer() {
    printf '#!/bin/sh\nexec unshare --uts sh -c '\''hostname %s && exec "$0" "$@"'\'' %s "$@"\n' "$1" "$SIXGATECTL" >"$work/$1"
    chmod 755 "$work/$1"
    printf '%s\n' "$work/$1"
}

# --- the line --------------------------------------------------------------------------------

# Ends all SSH connections to the VPS, in one of two ways: its process there is killed, or the connection is reset. They
# fail where there is none.
cut_by_kill() { lab exec vps pkill -KILL -f '^sshd: .*notty'; }
cut_by_reset() { in_lab in_node vps ss -HtnK state established sport = 22 2>/dev/null | grep -q :22; }
# The same by its process, as soon as the current release is another one: a run does not take long from there.
cut_at_swap() {
    lab exec vps perl -e 'my ($old) = @ARGV;
        my $end = time + 60;
        select(undef, undef, undef, 0.001) while (readlink("/etc/sixgate/current") // "") eq $old && time < $end;
        exec "pkill", "-KILL", "-f", "^sshd: .*notty"' "$CURRENT"
}
# Nothing of SSH passes for so many seconds; nobody is told.
cut_silently() {
    in_lab in_node internet nft -f - <<'END'
table inet silence {
    chain through {
        type filter hook forward priority -200; policy accept;
        tcp dport 22 drop
        tcp sport 22 drop
    }
}
END
    sleep "$1"
    in_lab in_node internet nft delete table inet silence
}
# apply runs, is cut off so many seconds after its plan has begun to arrive, and does it nevertheless:
# cut_while SECONDS WHAT HOW…
cut_while() {
    local moment=$1 what=$2
    shift 2
    remember_runs
    begin desktop apply
    at_once 60 new_run
    sleep "$moment"
    "$@" || failed "$what: there was nothing to cut"
    ends_with "$what" 0 120
    ! output_has 'The connection' || expect "$what: it connected again" output_has 'Connected again'
}

# A run that is not one of those before has begun to arrive; the current release is another one than before.
remember_runs() { RUNS_BEFORE=$(list_runs) CURRENT=$(current_release) VPS_ROOT=$(lab vps root); }
list_runs() { ls "$(lab vps root)/var/lib/sixgate/runs" 2>/dev/null; }
new_run() { [ "$(ls "$VPS_ROOT/var/lib/sixgate/runs")" != "$RUNS_BEFORE" ]; }
swapped() { [ "$(readlink "$VPS_ROOT/etc/sixgate/current")" != "$CURRENT" ]; }
# Without a pause, some moments are short: at_once SECONDS COMMAND…
at_once() {
    local end=$((SECONDS + $1))
    shift
    until "$@"; do [ $SECONDS -lt "$end" ] || return 1; done
}

# When systemd began to stop Apache before the VPS booted, in milliseconds: until then it serves.
apache_stopped() {
    lab exec vps journalctl -q -b -1 -u apache2.service -o short-unix --no-pager | awk '/: Stopping / { at = $1 * 1000 } END { if (at) printf "%.0f\n", at }'
}
# The program with a template that Apache does not understand; templates are part of it, as they are. broken_program
broken_program() {
    perl -0777 -pe 's/SSLHonorCipherOrder off/SSLHonorCipherOrder oof/g' "$SIXGATECTL" >"$work/broken"
    chmod 755 "$work/broken"
    ! cmp -s "$SIXGATECTL" "$work/broken"
}

# --- the disk --------------------------------------------------------------------------------

# The disk is memory, so its size can be set: so many KiB more than what is used. disk_has KIB|all
disk_has() {
    local size=3g used
    if [ "$1" != all ]; then
        used=$(in_disk df -k --output=used "$LAB_STATE/vps" | tail -n 1)
        size=$((used + $1))k
    fi
    in_disk mount -o "remount,size=$size" "$LAB_STATE/vps"
}
in_disk() { nsenter --target "$(in_lab recorded_pid vps-disk)" --mount "$@"; }
# A file there grows until nothing is left, as soon as this is so: fill_disk COMMAND…
fill_disk() { at_once 60 "$@" && lab exec vps sh -c 'cat /dev/zero >/var/filler' 2>/dev/null; }
free_disk() {
    rm -f "$(lab vps root)/var/filler"
    disk_has all
}

# --- packages --------------------------------------------------------------------------------

# Holds dpkg's lock as apt does, for so many seconds.
lock_dpkg() {
    lab exec vps python3 -c 'import fcntl, sys, time
file = open("/var/lib/dpkg/lock-frontend", "w")
fcntl.lockf(file, fcntl.LOCK_EX)
print("locked", flush=True)
time.sleep(float(sys.argv[1]))' "$1"
}
lock_is_held() { grep -qs locked "$work/locked"; }
