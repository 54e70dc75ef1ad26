# shellcheck shell=bash
# What tests/lab/alarm needs beside push.sh: who is told (a mail server, webhooks), and a home that falls silent at once.

# --- who is told -----------------------------------------------------------------------------

# A certificate of the lab's home CA for a name: in FOLDER. receiver_certificate FOLDER NAME
receiver_certificate() {
    local ca
    ca=$(dirname "$LAB_HOME_CA")
    mkdir -p "$1"
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$1/privkey.pem" -subj "/CN=$2" 2>/dev/null |
        openssl x509 -req -CA "$ca/root.pem" -CAkey "$ca/root.key" -days 30 -out "$1/cert.pem" -extfile <(printf 'subjectAltName=DNS:%s\n' "$2") 2>/dev/null
}
# Two of them: "good" takes mail (port 587) and webhooks (8443), "frail" webhooks (9443).
declare -A RECEIVERS=()
receivers_on() { # WHICH
    local -a how=(9443)
    [ "$1" = frail ] || how=(8443 587 "$SMTP_USER" "$work/password")
    # The command itself, not a shell around it: it is to be ended.
    "$LAB" exec ca /usr/bin/python3 -B "$here/helpers/receivers.py" "$work/$1" "${how[@]}" </dev/null >>"$work/$1.log" 2>&1 &
    RECEIVERS[$1]=$!
    disown
    within 10 quiet lab exec vps bash -c "echo >/dev/tcp/$ALARM_HOST/${how[0]}"
}
receivers_off() { # WHICH
    [ -z "${RECEIVERS[$1]-}" ] || kill -KILL "${RECEIVERS[$1]}" 2>/dev/null
    unset "RECEIVERS[$1]"
}

# came WHICH JQ-FILTER: of what has come, as lines
came() { jq -r "$2" "$work/$1/came" 2>/dev/null; }
forget_what_came() { rm -f "$work"/{good,frail}/came; }
# Each channel's events, in order: "mail: silent back" …
events_of_mail() { came good 'select(.mail) | .mail' | sed -nE 's/^Subject: Sixgate home: (silent|back|push service on the VPS (does|answers)).*/\1/p' | paste -sd ' '; }
events_of_phone() { came good 'select(.path | strings | startswith("/phone")) | .priority' | paste -sd ' '; }
events_of_watch() { came good 'select(.path | strings | startswith("/watch")) | .path | if endswith("/fail") then "fail" elif endswith("/log") then "log" else "up" end' | paste -sd ' '; }
events_of_own() { came frail 'select(.path | strings | startswith("/own")) | .body | fromjson | .event' | paste -sd ' '; }
events() { printf 'mail: %s; phone: %s; watch: %s; own: %s\n' "$(events_of_mail)" "$(events_of_phone)" "$(events_of_watch)" "$(events_of_own)"; }

# --- the site --------------------------------------------------------------------------------

alarm_site() { # [JQ-FILTER]
    # shellcheck disable=SC2016  # jq's own
    push_site '.alarm = {
            mail: {to: "me@example.org", from: "six@example.org", smtp: {host: env.ALARM_HOST, user: env.SMTP_USER}},
            webhooks: [{name: "phone", kind: "ntfy"}, {name: "watch", kind: "healthchecks"}, {name: "own", kind: "generic"}],
            silence: 120
        } | '"${1:-.}"
    for name in "${!ALARM_SECRETS[@]}"; do
        (umask 077 && printf '%s\n' "${ALARM_SECRETS[$name]}" >"$(site_folder desktop)/secrets/alarm.$name")
    done
}

# What must be seen nowhere: the random parts of the secrets, beside those of the lab.
watch_for_alarm_secrets() {
    local one
    gather_canaries() {
        tr -d '\n' <"$LAB_ACME_TSIG_FILE" && echo
        for one in "${ALARM_SECRETS[@]}"; do
            printf '%s\n' "${one##*-}"
            printf '%s' "${one##*-}" | in_base64
        done
    }
    watch_for_secrets
}

# --- the VPS's own mail ----------------------------------------------------------------------

# Debian's Postfix or exim4, which deliver to the mailbox of a user there: mail_program_on_vps PACKAGE
mail_program_on_vps() {
    # shellcheck disable=SC2016  # expanded on the VPS
    lab exec vps sh -c 'export DEBIAN_FRONTEND=noninteractive
        printf "%s\n" "postfix postfix/main_mailer_type select No configuration" "exim4-config exim4/dc_other_hostnames string $2" \
            "exim4-config exim4/dc_eximconfig_configtype select local delivery only; not on a network" | debconf-set-selections
        useradd --system --home-dir / box && apt-get -qq update && apt-get -qq -y --no-install-recommends install "$1" || exit
        [ "$1" = postfix ] || exit 0
        printf "%s\n" "compatibility_level = 3.6" "mydestination = $2, localhost" "inet_interfaces = loopback-only" "alias_maps =" >/etc/postfix/main.cf
        systemctl restart postfix' sh "$1" "$LAB_VPS_NAME"
}
own_mail_site() { alarm_site 'del(.alarm.mail.smtp) | .alarm.mail.to = "box@" + env.LAB_VPS_NAME'; }
# From then on the program says how it was called, and what it could see and do beyond its work.
watch_mail_program() {
    lab exec vps sh -c 'mv /usr/sbin/sendmail /usr/sbin/sendmail.own && cat >/usr/sbin/sendmail && chmod 755 /usr/sbin/sendmail' <<'END'
#!/bin/sh
echo "$(id -u) $*" >>/var/tmp/called
{
    cat /etc/sixgate/alarm.json /etc/sixgate/acme/* /etc/letsencrypt/live/*/* /etc/ssh/ssh_host_*_key /run/credentials/*/*
    ls /run/sixgate-push/socket
    for file in /etc/written /usr/written; do touch "$file" && echo "$file"; done
    env | grep -i credentials
    systemctl show -P Version
} >>/var/tmp/seen 2>/dev/null
exec /usr/sbin/sendmail.own "$@"
END
}
leave_mail_program() { lab exec vps sh -c 'mv /usr/sbin/sendmail.own /usr/sbin/sendmail; rm -f /var/tmp/called /var/tmp/seen'; }
has_mail() { [ "$(lab exec vps sh -c 'sed -nE "s/^Subject: Sixgate home: ([a-z]+).*/\1/p" /var/mail/box' 2>/dev/null | paste -sd ' ')" = "$1" ]; }

# --- a home that is silent -------------------------------------------------------------------

# The timer is off meanwhile: how often the program runs is then known.
look_now() { lab exec vps systemctl start sixgate-alarm.service; }
alarm_log() { lab exec vps journalctl -u sixgate-alarm.service -o cat; }
# Lets the push's service believe that the last push was so many seconds ago.
last_push_was() {
    lab exec vps sh -c 'systemctl stop sixgate-push && sed -i "s/^pushed-at .*/pushed-at $(($(date +%s) - '"$1"'))/" /var/lib/sixgate/push/state && systemctl start sixgate-push'
    within 10 quiet lab exec vps test -S /run/sixgate-push/socket
}
# As if the time that the home has after a deployment were over, and what failed were long ago.
time_is_over() {
    lab exec vps sed -i -E 's/"quiet": [0-9.-]+/"quiet": -9999/; s/"next": [0-9.-]+/"next": 0/g; s/("deaf": \{"wall": [0-9.]+, "up": )[0-9.]+/\1-9999/' "$(alarm_memory)"
}
alarm_memory() { lab exec vps sh -c 'ls /var/lib/private/sixgate-alarm/state 2>/dev/null || ls /var/lib/sixgate-alarm/state'; }
says_own() { [ "$(events_of_own)" = "$1" ]; }
watch_says() { [ "$(events_of_watch)" = "$1" ]; }
told_by() { [ "$(grep -c 'Told by' "$work/keep-$1")" = "$2" ]; } # NODE CHANNELS

everything_on_vps() { lab exec vps sh -c 'find /etc /var/lib -xdev ! -path "/var/lib/systemd/*" ! -path "/var/lib/apt/*" ! -name "*-" | sort; cat /etc/passwd /etc/group /etc/hosts'; }
