# shellcheck shell=bash
# What tests/lab/logins needs beside mainjob.sh: a machine that lets somebody in, a user who knows how, the agent, looks at
# what the SSH server saw.

# --- the machine -----------------------------------------------------------------------------

# A bare machine, after a look whether anything secret stayed on the one of before: fresh_machine SUITE
fresh_machine() {
    no_secrets "on the machine of before"
    SIXGATE_LAB_SUITE=$1 "$LAB" reset >"$work/reset" 2>&1 || failed "reset ($1)" "$(tail -n 1 "$work/reset")"
    DOOR='' BARE=$1
    talkative_server
}
# The SSH server tells of each connection and each key, not of the logins only. In force with the next restart.
talkative_server() { server_config 04-lab 'LogLevel VERBOSE'; }
# server_config NAME LINE…: a part of sshd_config; the first value that the server reads counts.
server_config() { printf '%s\n' "${@:2}" | lab exec vps tee "/etc/ssh/sshd_config.d/$1.conf" >/dev/null; }
release_of_vps() { lab exec vps sed -n 's/^VERSION_CODENAME=//p' /etc/os-release; }
# The limit of starts in a time is not what is tested.
restart_server() { quiet lab exec vps sh -c 'systemctl reset-failed ssh; systemctl restart ssh' && within 10 quiet lab exec phone timeout 1 bash -c "read -r <>/dev/tcp/$LAB_VPS4/22"; }

# The machine lets in one user in one way: lets_in root|sudo|sudo-nopasswd WAY
lets_in() {
    local door="$1 $2"
    case $2 in passphrase | agent) door="$1 key" ;; esac
    # shellcheck disable=SC2086  # two words
    [ "$door" = "${DOOR-}" ] || quiet lab vps login $door || failed "lab vps login $door"
    DOOR=$door
}

# --- the user --------------------------------------------------------------------------------

# The site file and the secrets of somebody who logs in: logs_in_as WHO WAY [JQ-FILTER]
logs_in_as() {
    local who=$1 way=$2 filter=. secrets
    secrets=$(site_folder desktop)/secrets
    [ "$who" = root ] || filter='.vps[0].ssh.user = "ada"'
    case $way in
    passphrase) filter+=' | .vps[0].ssh.keyFile = env.LAB_SSH_KEY_LOCKED' ;;
    agent) filter+=' | .vps[0].ssh.auth = "agent" | del(.vps[0].ssh.keyFile)' ;;
    password | keyboard-interactive) filter+=' | .vps[0].ssh.auth = "password" | del(.vps[0].ssh.keyFile)' ;;
    esac
    rm -f "$secrets"/vps.*
    write_site desktop "$filter | ${3:-.}"
    case $way in
    passphrase) knows passphrase "$LAB_SSH_PASSPHRASE_FILE" ;;
    password | keyboard-interactive) knows password "$LAB_VPS_PASSWORD_FILE" ;;
    esac
    # Who logs in by password need not store it a second time for sudo.
    [ "$who-$way" = sudo-password ] || [ "$who" != sudo ] || knows sudo-password "$LAB_VPS_PASSWORD_FILE"
}
# A secret of the VPS: knows NAME FILE
knows() { install -m 600 "$2" "$(site_folder desktop)/secrets/vps.vps.$1"; }
forgets() { rm "$(site_folder desktop)/secrets/vps.vps.$1"; }

# The program has an agent, or none. `lab exec` takes the caller's away.
sixgate() {
    local node=$1
    shift
    LOOKED=''
    lab exec "$node" env ${AGENT:+"SSH_AUTH_SOCK=$AGENT"} "$SIXGATECTL" --secrets "dir:$(site_folder "$node")/secrets" "$@"
}
start_agent() {
    AGENT=$work/agent
    "$LAB" exec desktop ssh-agent -D -a "$AGENT" >/dev/null 2>&1 &
    AGENT_PROCESS=$!
    disown
    within 5 [ -S "$AGENT" ]
}
stop_agent() { [ -z "${AGENT_PROCESS-}" ] || kill "$AGENT_PROCESS" 2>/dev/null; }
# What the agent holds, and nothing else: agent_has [KEY…]
agent_has() {
    local answer
    answer=(env "SSH_AUTH_SOCK=$AGENT" "SSH_ASKPASS=$here/helpers/askpass" SSH_ASKPASS_REQUIRE=force "LAB_ASKPASS_FILE=$LAB_SSH_PASSPHRASE_FILE")
    quiet lab exec desktop "${answer[@]}" ssh-add -q -D
    [ $# = 0 ] || quiet lab exec desktop "${answer[@]}" ssh-add -q "$@" || failed "ssh-add $*"
}

# Runs the program on a terminal on which somebody types: on_terminal WHAT CODE TEXT ARGUMENT…
on_terminal() {
    local what=$1 wanted=$2 text=$3 line rc=0
    shift 3
    LOOKED=''
    printf -v line '%q ' "$SIXGATECTL" --secrets "dir:$(site_folder desktop)/secrets" "$@"
    printf '%s\n' "$text" | lab exec desktop script -qefc "$line" /dev/null >"$work/last" 2>&1 || rc=$?
    keep_output
    if [ "$rc" = "$wanted" ]; then passed "$what"; else failed "$what" "exit code $rc, wanted $wanted"; fi
}

# --- what the server saw ---------------------------------------------------------------------

# The SSH server's words since the last look. journald gets them a little later.
server_said() { lab exec vps sh -c 'journalctl -q --sync; journalctl -q -u ssh -o cat --cursor-file=/run/lab-cursor'; }
# Nothing to do where the last run was looked at: the lab's own phone does not count.
look_away() { [ -n "${LOOKED-}" ] || quiet server_said; }
# sees WHAT "CONNECTIONS ACCEPTED REFUSED": what the server saw of the last run
sees() {
    local saw
    saw=$(server_saw)
    # What a connection that ended at once left behind is sometimes later than that.
    if [ "$saw" = '0 0 0' ] && [ "$2" != '0 0 0' ]; then
        sleep 1
        saw=$(server_saw)
    fi
    same "$1" "$2" "$saw"
    LOOKED=yes
}
# What it saw since then: "CONNECTIONS ACCEPTED REFUSED", without the lab's own phone. "none" asks what is allowed.
server_saw() {
    server_said >"$work/journal"
    awk '/203\.0\.113\.130/ { next }
        /^Connection from / { came++ }
        /^Connection from / && $3 !~ /:/ { ipv4 = " by IPv4" }
        /^Accepted / && $3 == "for" { accepted++ }
        /^Failed / && $2 != "none" && $3 == "for" { refused++ }
        END { printf "%d %d %d%s\n", came, accepted, refused, ipv4 }' "$work/journal"
}

# --- the proofs ------------------------------------------------------------------------------

# The login works, with one proof in one connection, by IPv6: plans WHAT
plans() {
    look_away
    run "$1" 3 desktop plan --only vps --json
    expect "$1: and is at work there" json '.withheld == [] and (.changes | length > 5) and all(.changes[]; .lane == "vps")'
    sees "$1: one connection by IPv6, one proof" '1 1 0'
}
login_works() { # WHO WAY
    lets_in "$1" "$2"
    logs_in_as "$1" "$2"
    plans "$1 by $2"
}
# What the program says when it cannot go on, as "summary<TAB>remedy".
complaint() { jq -r '[.error // empty, (.withheld // [] | .[] | select(.blocking) | {summary: .reason, fix})] | .[] | "\(.summary)\t\(.fix)"' "$work/last"; }
# A precise refusal: refused WHAT "CONNECTIONS ACCEPTED REFUSED" SUMMARY-PATTERN REMEDY-PATTERN
refused() {
    local text
    look_away
    sixgate desktop plan --only vps --json >"$work/last" 2>&1
    same "$1: exit code" 1 $?
    keep_output
    text=$(complaint)
    if [[ $text =~ ^[^$'\t']*$3[^$'\t']*\.$'\t'.*$4 && $text != *$'\n'* && $text != *". "*$'\t'* ]]; then
        passed "$1: says so, and what to do"
    else
        failed "$1: says so, and what to do" "$text"
    fi
    sees "$1: connections, logins, failed ones" "$2"
}
# From bare to green: deploys SUITE WHO WAY
deploys() {
    local what="$1, $2 by $3"
    # Plans have touched nothing.
    [ "${BARE-}" = "$1" ] || fresh_machine "$1"
    BARE=''
    lets_in "$2" "$3"
    logs_in_as "$2" "$3" '.vps[0].acme.propagationSeconds = 0'
    look_away
    run "$what: apply" 0 desktop apply
    expect "$what: the phone reaches the home over IPv4" within 10 reaches_home phone
    same "$what: the VPS has that release" "$1" "$(release_of_vps)"
    sees "$what: one connection by IPv6, one proof" '1 1 0'
}
