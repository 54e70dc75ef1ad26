# shellcheck shell=bash
# What tests/lab/push needs beside rollback.sh: keys, requests by SSH, a visitor who polls, an attacker.

# --- keys ------------------------------------------------------------------------------------

# push_key NAME: makes a key of a machine; its public half goes to the site file by "env.PUSH_KEY_NAME"
push_key() {
    local file=$work/key-$1
    ssh-keygen -q -t ed25519 -N '' -C "$1" -f "$file"
    declare -gx "PUSH_KEY_${1^^}=$(cat "$file.pub")"
}
push_site() { # [JQ-FILTER]
    # shellcheck disable=SC2016  # jq's own
    write_site desktop '.vps[0].pushKeys = [env.PUSH_KEY_NAS, env.PUSH_KEY_THIEF]
        | .servers += [{name: "web", address: {from: "interface-id", interfaceId: "::12"}}]
        | .services += [{name: "www", publicNames: [env.LAB_SECOND_NAME], upstreamName: "www6.example.org", server: "web"}]
        | '"${1:-.}"
}
# The home's firewall lets the VPS in to the second server, too, which has something long to give.
second_server() {
    in_lab in_node router nft add rule inet home through iifname wan ip6 daddr '&' ::ffff:ffff:ffff:ffff == ::12 tcp dport 443 accept
    truncate -s 256M "$LAB_STATE/server2/www/big.bin"
}

# --- requests --------------------------------------------------------------------------------

# SSH with a push key from a node: push_ssh KEY NODE ARGUMENT…
push_ssh() {
    local key=$1 node=$2
    shift 2
    lab exec "$node" ssh -F none -i "$work/key-$key" -o IdentitiesOnly=yes -o BatchMode=yes -o ConnectTimeout=5 -o LogLevel=ERROR \
        -o StrictHostKeyChecking=accept-new -o UserKnownHostsFile="$work/known" "$@"
}
# What the VPS answers to these lines after a hello: push KEY MACHINE LINE…
push() {
    local key=$1 machine=$2
    shift 2
    printf '%s\n' "hello 1 $machine" "$@" | push_ssh "$key" server "sixgate-push@$LAB_VPS4" 2>&1 | tail -n +2
}
# The same, with all times as N.
push_timeless() { push "$@" | sed -E 's/ (done|unchanged) [0-9]+$/ \1 N/; s/^alive [0-9]+$/alive N/; s/^(state .* )[0-9]+$/\1N/; s/^(state [^ ]+ |lease (held|other) [^ ]+ )[0-9]+/\1N/'; }
answers() { # WHAT WANTED KEY MACHINE LINE…
    same "$1" "$2" "$(push_timeless "${@:3}")"
}
new_home() { load_lab && printf '%s\n' "$LAB_SERVER6"; }
pushed_address() { lab exec vps sed -n "s/ $LAB_UPSTREAM_NAME\$//p" /etc/hosts; }

# In place of mainjob's: shorter.
diagnose() {
    [ "$CHECKS_FAILED" -le 12 ] || return 0
    tail -n 4 "$work/last" "$work/pushed" 2>/dev/null | cut -c -300
    lab exec vps sh -c 'journalctl -u sixgate-push.service -o cat --no-pager | tail -n 6; tail -n 3 /var/log/apache2/error.log; tail -n 4 /etc/hosts; ip -6 route show proto 86'
}

# --- the visitor -----------------------------------------------------------------------------

# A request every 100 ms over IPv4, each with 2 s at most, whatever became of those before: "BEGUN ENDED good|…" a line.
poll() {
    local name=$1 log=$2
    : >"$log"
    cat >"$work/poll.py" <<'END'
import socket, ssl, sys, threading, time
name, marker, path = sys.argv[1:]
context = ssl.create_default_context()
log = open(path, "a", buffering=1)
now = lambda: time.time_ns() // 1_000_000
address = socket.getaddrinfo(name, 443, socket.AF_INET, socket.SOCK_STREAM)[0][4]
def look():
    begun, came = now(), "nothing"
    try:
        with socket.create_connection(address, 2) as plain, context.wrap_socket(plain, server_hostname=name) as tls:
            tls.sendall(f"GET / HTTP/1.1\r\nHost: {name}\r\nConnection: close\r\n\r\n".encode())
            page = b""
            while more := tls.recv(65536):
                page += more
                tls.settimeout(max(0.01, begun / 1000 + 2 - time.time()))
        came = "good" if marker.encode() in page else page[9:12].decode("ascii", "replace") or "nothing"
    except OSError as error:
        came = type(error).__name__
    log.write(f"{begun} {now()} {came}\n")
while True:
    threading.Thread(target=look, daemon=True).start()
    time.sleep(0.1)
END
    lab exec phone /usr/bin/python3 "$work/poll.py" "$name" "$LAB_HOME_MARKER" "$log" </dev/null >/dev/null 2>&1 &
    POLLING=$!
    disown
    within 10 grep -q ' good$' "$log"
}
stop_polling() {
    [ -z "${POLLING-}" ] || kill -KILL "$POLLING" 2>/dev/null
    unset POLLING
}
# served_again LOG SINCE: milliseconds from a moment until the end of the first good request that was begun after it
served_again() { sort -n "$1" | awk -v since="$2" '$3 == "good" && $1 >= since { if (!first || $2 < first) first = $2 } END { if (first) print first - since }'; }
is_served_again() { [ -n "$(served_again "$@")" ]; }
has_no_entry() { [ -z "$(pushed_address)" ]; }

# --- connections -----------------------------------------------------------------------------

# Connections that the VPS has made to the home so far, as its kernel counts them.
opened() { lab exec vps awk '/^Tcp:/ { if (++n == 2) print $6 }' /proc/net/snmp; }

# --- the attacker ----------------------------------------------------------------------------

# tries WHAT PATTERN COMMAND…: its output has nothing that fits, and it ends in time
tries() {
    local what=$1 pattern=$2 rc=0
    shift 2
    timeout 25 "$@" >"$work/tried" 2>&1 </dev/null || rc=$?
    if [ $rc = 124 ]; then
        failed "$what" 'does not end'
    elif grep -qE "$pattern" "$work/tried"; then
        failed "$what" "$(head -n 3 "$work/tried")"
    else
        passed "$what"
    fi
}
thief() { push_ssh thief guest "$@"; }
# How long the owner's set takes, by SSH and all, so many times: TOOK, and WORST of it. sshd drops connections at random
# when many begin at once (MaxStartups), so it tries again, as keepers do. takes TIMES
takes() {
    local began took try
    TOOK='' WORST=0
    for ((try = 0; try < $1; try++)); do
        began=$(milliseconds)
        push nas nas "set $LAB_UPSTREAM_NAME $home" >"$work/pushed"
        [ -s "$work/pushed" ] || push nas nas "set $LAB_UPSTREAM_NAME $home" >"$work/pushed"
        took=$(($(milliseconds) - began)) TOOK="$TOOK $took"
        [ $took -le "$WORST" ] || WORST=$took
        grep -qE ' (done [0-9]+|unchanged [0-9]+)$' "$work/pushed" || failed 'the owner is heard' "$(tail -n 1 "$work/pushed")"
    done
}
# One of many connections that come back when they are cut; with 1: without a command. Attackers have computers of their
# own: here they are to take little from the VPS.
FLOOD=()
begin_flood() {
    (
        renice -n 19 -p "$BASHPID" >/dev/null
        while sleep 1; do
            if [ "$1" = 1 ]; then thief -N "sixgate-push@$LAB_VPS4"; else sleep 60 | thief "sixgate-push@$LAB_VPS4"; fi </dev/null
            sleep 9
        done
    ) >/dev/null 2>&1 &
    FLOOD+=($!)
    disown
}
end_flood() {
    [ ${#FLOOD[@]} = 0 ] || kill -KILL "${FLOOD[@]}" 2>/dev/null
    FLOOD=()
    pkill -KILL -f "$work/key-thief" 2>/dev/null
}
# A forwarding is refused, nothing passes through it: nothing_through OPTION FORWARDING COMMAND…
nothing_through() {
    local answer
    thief -o ExitOnForwardFailure=no "$1" "$2" -N "sixgate-push@$LAB_VPS4" >/dev/null 2>&1 &
    local tunnel=$!
    sleep 1.5
    answer=$("${@:3}" 2>/dev/null | head -c 20)
    kill "$tunnel" 2>/dev/null
    [ -z "$answer" ]
}
read_from() { lab exec "$1" timeout 3 bash -c "exec 3<>/dev/tcp/$2/$3 && ${4:-true} && head -c 10 <&3"; }
dns_follows() {
    sixgate desktop apply >"$work/last" 2>&1 # exit code 3 where a resolver still has what was
    same 'DNS follows' "$home" "$(record "$LAB_UPSTREAM_NAME" AAAA)"
}
service_is() { [ "$(lab exec vps systemctl show -p ActiveState --value sixgate-push.service)" = "$1" ]; }
nothing_of_a_run() { ! lab exec vps test -e /var/lib/sixgate; }
files_of_account() { lab exec vps sh -c 'find / -xdev -user sixgate-push ! -path "/proc/*" 2>/dev/null; find /var/lib/sixgate/push /run/sixgate-push -type f 2>/dev/null -size +16k'; }
processes_of_account() { lab exec vps sh -c 'id -u sixgate-push >/dev/null && find /proc -maxdepth 1 -user sixgate-push -name "[0-9]*" 2>/dev/null | wc -l'; }
few_processes() { [ "$(processes_of_account)" -le 24 ]; }
