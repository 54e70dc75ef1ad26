# shellcheck shell=bash
# What tests/lab/rollback needs beside mainjob.sh: ends of a run that nobody wishes for, and looks at what is left.

# A function of the lab's own, with the lab's own names: in_lab FUNCTION ARGUMENT…
in_lab() {
    (
        LAB_DIR=$here
        for part in common exec net vps; do
            # shellcheck source=/dev/null
            . "$here/lib/$part.sh"
        done
        "$@"
    )
}

# --- the end ---------------------------------------------------------------------------------

# The VPS loses its power: everything there ends at once. Its disk is kept by a process that holds its mounts. With a
# link: as soon as the current release is another one.
power_off() {
    local leader end=$((SECONDS + 60))
    leader=$(in_lab vps_leader) || return 1
    until [ -z "${1-}" ] || [ "$(readlink "/proc/$leader/root/etc/sixgate/current")" != "$1" ] || [ $SECONDS -ge $end ]; do :; done
    kill -KILL "$leader"
    within 5 machine_is_gone
}
machine_is_gone() { [ "$(in_lab pids_in_nodes vps)" = '' ]; }
# Before it loses its power: what is needed to switch it on again.
keep_disk() {
    local nspawn
    nspawn=$(in_lab recorded_pid vps) || return 1
    mapfile -d '' -t MACHINE <"/proc/$nspawn/cmdline"
    nsenter --target "$nspawn" --mount sleep 300 </dev/null >/dev/null 2>&1 3>&- &
    DISK=$!
    disown
    ROOT=/proc/$DISK/root$LAB_STATE/vps/root
    within 5 [ -d "$ROOT/etc" ]
}
power_on() {
    in_lab stop_recorded vps KILL
    in_lab remove_cgroup "sixgate-lab-vps$SIXGATE_LAB"
    in_lab switch_on "$DISK" "${MACHINE[@]}"
    within 20 quiet in_lab vps_answers
    kill "$DISK"
    unset DISK
}
switch_on() {
    local disk=$1
    shift
    (
        exec </dev/null >>"$LAB_STATE/log/vps.log" 2>&1
        record "$BASHPID" vps
        enter_cgroup "$LAB_MACHINE" "$BASHPID"
        exec setsid nsenter --target "$disk" --mount "$@"
    ) &
    disown
}

# Kills all of a run on the VPS at once; with a link: as soon as the current release is another one.
kill_run() {
    lab exec vps perl -e 'my ($old) = @ARGV;
        my $end = time + 60;
        select(undef, undef, undef, 0.001) while defined $old && (readlink("/etc/sixgate/current") // "") eq $old && time < $end;
        exec "systemctl", "kill", "--signal=KILL", "sixgate-apply-*.service"' "$@"
}

# --- looks -----------------------------------------------------------------------------------

current_release() { readlink "$(lab vps root)/etc/sixgate/current"; }
# The verdict of the last run on the VPS.
last_verdict() { lab exec vps sh -c 'cut -f 2 "$(ls -td /var/lib/sixgate/runs/*/ | head -n 1)result"'; }
# Names of files that hold the ACME key, or contents of a run.
contents_left() {
    on_vps_files "$work/canary-acme"
    lab exec vps find /var/lib/sixgate/runs -mindepth 2 ! -name log ! -name result
    lab exec vps find /etc /run/systemd -xdev -name '*sixgate-recover*'
}
journal_of_the_disk() { compgen -G "$ROOT/var/lib/sixgate/runs/*/undo" >/dev/null; }
as_before() { # WHAT
    same "$1: the VPS is as before" "$vps_before" "$(vps_state)"
    same "$1: nothing of the run's contents stays" /etc/sixgate/acme/main.ini "$(contents_left)"
    expect "$1: the phone reaches the home" within 10 reaches_home phone
}
# Names of the certificates that certbot renews.
renewed() { lab exec vps sh -c 'cd /etc/letsencrypt/renewal && echo *.conf' | sed 's/\.conf//g'; }
second_name_works() { lab exec phone curl -fsS --max-time 10 "https://$LAB_SECOND_NAME/" >"$work/quiet" 2>&1; }
apache() { lab exec vps systemctl "$1" apache2.service; }
