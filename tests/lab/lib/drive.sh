# shellcheck shell=bash
# The program's windows, driven on screens of their own by what is in DRIVE; machines that know their root's password only.

# Drives one function: drive WHAT FUNCTION [NAME=VALUE…]; what it prints for people, its longest stall among that, is shown.
drive() {
    local what=$1 function=$2
    shift 2
    # QtTest would end a function after five minutes.
    if lab exec desktop env SITE="$(site_folder desktop)/site.json" SECRETS="dir:$(site_folder desktop)/secrets" SHOTS="${SHOTS:-}" \
        QT_QPA_PLATFORM=xcb QTEST_FUNCTION_TIMEOUT=550000 "$@" \
        timeout -k 5 560 xvfb-run -a -s '-screen 0 1400x1000x24' "$DRIVE" "$function" >"$work/last" 2>&1 &&
        grep -q "^PASS *: [A-Za-z]*::$function()" "$work/last"; then
        passed "$what"
    else
        failed "$what"
        grep -A 2 '^FAIL\|QFATAL\|qFatal' "$work/last" | cut -c -300
    fi
    grep '^    ' "$work/last" | grep -v 'Loc:\|propagate' | cut -c -300
}

# A machine as a provider hands it over: root logs in by password, no key is there: by_password MACHINE
by_password() {
    lab "$1" login root password >"$work/quiet" 2>&1
    lab exec "$1" sh -ec ': >/root/.ssh/authorized_keys
        sed -i "s/PubkeyAuthentication no/PubkeyAuthentication yes/" /etc/ssh/sshd_config.d/10-login.conf
        systemctl reset-failed ssh; systemctl restart ssh'
}

# Files of a node that hold the password of the machines, or what JSON makes of it: password_at NODE
password_at() {
    jq -Rr '., (tojson | .[1:-1])' "$LAB_VPS_PASSWORD_FILE" >"$work/password"
    [ -s "$work/password" ] || echo 'there is no password'
    grep -rlaF -f "$work/password" "$LAB_STATE/nodes/$1"
}
