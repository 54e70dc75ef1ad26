# shellcheck shell=bash
# Secrets of the lab, and where they must not be: in process lists, environments, journals, files, outputs; here and on the VPS.

# What must be seen nowhere, one a line: the keys, the middle of a user's key file, both ends of password and passphrase
# (what stands between is written differently in JSON, in a shell, in a log), and all that in base64.
gather_canaries() {
    local file end
    tr -d '\n' <"$LAB_TSIG_FILE" >"$work/canary-zone"
    tr -d '\n' <"$LAB_ACME_TSIG_FILE" >"$work/canary-acme"
    for file in "$work/canary-zone" "$work/canary-acme"; do
        cat "$file" && echo
        in_base64 <"$file"
    done
    sed -n 4,5p "$LAB_SSH_KEY"
    for file in "$LAB_VPS_PASSWORD_FILE" "$LAB_SSH_PASSPHRASE_FILE"; do
        for end in head tail; do
            $end -c 12 "$file" && echo
            $end -c 12 "$file" | in_base64
        done
    done
}
# A text as it looks within something longer in base64: three ways, by where it begins, without what neighbours decide.
in_base64() {
    perl -MMIME::Base64 -0777 -ne 'for my $o (0 .. 2) {
        my $from = int((8 * $o + 5) / 6);
        print substr(encode_base64("x" x $o . $_, ""), $from, int(8 * ($o + length) / 6) - $from), "\n";
    }'
}
# Looks at all process lists and environments (those of the VPS are among them), again and again, for the secrets of the lab.
# Ends with the script, also where that is killed.
watch_for_secrets() {
    gather_canaries >"$work/canaries"
    [ "$(grep -c .... "$work/canaries")" -ge 4 ] || failed 'there are secrets to look for'
    : >"$work/leaks"
    "$here/helpers/watch-processes" "$work/canaries" "$work/leaks" $$ </dev/null >/dev/null 2>&1 3>&- &
    WATCH=$!
    disown
}
stop_watching() {
    [ -n "${WATCH-}" ] || return 0
    kill "$WATCH" 2>/dev/null || failed 'the process lists were looked at until now'
    unset WATCH
}
# Files of this machine that hold a secret and are not meant to.
leaked_files() {
    {
        grep -rlF -f "$work/canaries" "$LAB_STATE"/{nodes,log} 2>/dev/null | grep -v '/config/sixgate/secrets/'
        find /tmp /var/tmp /var/log /dev/shm -xdev -type f -newer "$work/up" ! -path "$work/*" -size -4M -exec grep -lF -f "$work/canaries" {} + 2>/dev/null
    } | sort -u
}
# The same on the machines that are up, but where one belongs: certbot's own file, a copy of it that somebody had edited, the
# run's contents until it has ended.
vps_leaks() {
    local vps
    local root vps
    for vps in vps ${LAB_VPS2_4:+vps2}; do
        root=$(lab $vps root)
        grep -rlaF -f "$work/canaries" "$root" --exclude-dir={proc,sys,repo} 2>/dev/null | sed "s,^$root,," | grep -vxE '/etc/sixgate/acme/main\.ini|/var/lib/sixgate/edited/[^/]+/etc/sixgate/acme/main\.ini'
    done
}
# Everything that looks like a leak: now, here and on the VPS, and in process lists since the start. Nothing, or lines.
leaks() {
    sort -u "$work/leaks"
    grep -rlaF -f "$work/canaries" "$work/outputs" 2>/dev/null
    leaked_files
    for vps in vps ${LAB_VPS2_4:+vps2}; do lab $vps log | grep -aF -f "$work/canaries" | cut -c -60; done
    vps_leaks
}
no_secrets() { same "no secret $1" '' "$(leaks)"; }
