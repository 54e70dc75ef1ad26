# shellcheck shell=bash
# What tests/lab/selftest proves about the machines: logins, firewalls, power, a second one, delay.

VISITOR4=203.0.113.130 VISITOR6=2001:db8:cafe::2

# --- logins ----------------------------------------------------------------------------------

# An SSH login from the desktop, in one way and no other: try WAY USER@ADDRESS COMMAND…
try() {
    local way=$1 target=$2 options=() answer=/dev/null
    shift 2
    case $way in
    key) options=(-i "$LAB_SSH_KEY") ;;
    ecdsa) options=(-i "$LAB_SSH_KEY_ECDSA") ;;
    locked) options=(-i "$LAB_SSH_KEY_LOCKED") answer=$LAB_SSH_PASSPHRASE_FILE ;;
    password) options=(-o PreferredAuthentications=password -o PubkeyAuthentication=no) answer=$LAB_VPS_PASSWORD_FILE ;;
    keyboard-interactive) options=(-o PreferredAuthentications=keyboard-interactive -o PubkeyAuthentication=no) answer=$LAB_VPS_PASSWORD_FILE ;;
    wrong) options=(-o PreferredAuthentications=password,keyboard-interactive -o PubkeyAuthentication=no) answer=$work/wrong ;;
    esac
    case $way in key | ecdsa | locked) options+=(-o PreferredAuthentications=publickey) ;; esac
    lab exec desktop env SSH_ASKPASS="$here/helpers/askpass" SSH_ASKPASS_REQUIRE=force LAB_ASKPASS_FILE="$answer" \
        ssh -F none -o IdentitiesOnly=yes -o IdentityAgent=none -o NumberOfPasswordPrompts=1 -o ConnectTimeout=5 -o StrictHostKeyChecking=yes \
        -o UserKnownHostsFile="$work/known_hosts" "${options[@]}" "$target" "$@" 2>"$work/ssh.out"
}
# The user that a way lets in, or nobody.
who_gets_in() { try "$1" "$2@$LAB_VPS4" id -un </dev/null || echo nobody; }
know_host() { # ADDRESS MACHINE
    printf '%s %s\n' "$1" "$(cut -d ' ' -f 1,2 "$LAB_STATE/keys/$2-host/ssh_host_ed25519_key.pub")" >>"$work/known_hosts"
}
becomes_root() { [ "$(try key "ada@$LAB_VPS4" "sudo -S -p '' id -un" <"$1")" = root ]; }

# login WHO HOW: in this way the one user gets in and the other does not, and no other way is open.
login() {
    local who=$1 how=$2 user=ada other=root way wanted
    [ "$who" != root ] || user=root other=ada
    quiet lab vps login "$who" "$how" || { failed "login $who $how" && return; }
    for way in key password keyboard-interactive; do
        wanted=nobody
        [ "$way" != "$how" ] || wanted=$user
        same "login $who $how: $user by $way" "$wanted" "$(who_gets_in "$way" "$user")"
    done
    same "login $who $how: $other by $how" nobody "$(who_gets_in "$how" "$other")"
}
check_logins() {
    local way
    : >"$work/known_hosts"
    know_host "$LAB_VPS4" vps
    printf 'not it' >"$work/wrong"
    expect 'password: with what must be quoted' grep -qF " ü\"'\$" "$LAB_VPS_PASSWORD_FILE"
    same 'password: only root may read it' '600 600' "$(stat -c %a "$LAB_VPS_PASSWORD_FILE" "$LAB_SSH_PASSPHRASE_FILE" | xargs)"
    refute 'the locked key has a passphrase' quiet ssh-keygen -y -P '' -f "$LAB_SSH_KEY_LOCKED"
    login sudo key
    for way in ecdsa locked; do
        same "login sudo key: the key \"$way\"" ada "$(who_gets_in $way ada)"
    done
    refute 'login sudo: sudo wants a password' becomes_root /dev/null
    expect 'login sudo: and takes it' becomes_root "$LAB_VPS_PASSWORD_FILE"
    quiet lab vps login sudo-nopasswd
    expect 'login sudo-nopasswd: sudo asks for nothing' becomes_root /dev/null
    quiet lab vps login root keyboard-interactive
    same 'login root keyboard-interactive: it works' root "$(who_gets_in keyboard-interactive root)"
    login root password
    quiet lab vps login root
}
# What takes longer: a wrong password costs seconds.
check_all_logins() {
    local who how
    for who in root sudo sudo-nopasswd; do
        for how in key password keyboard-interactive; do login $who $how; done
    done
    same 'login sudo-nopasswd keyboard-interactive: with a wrong password' nobody "$(who_gets_in wrong ada)"
    quiet lab vps login sudo
    refute 'login sudo: sudo with a wrong password' becomes_root "$work/wrong"
    quiet lab vps login root
}

# --- firewalls -------------------------------------------------------------------------------

# Somebody who accepts connections at a port of the VPS: serve PORT
serve() {
    lab exec vps perl -MIO::Socket::IP -e 'my $s = IO::Socket::IP->new(LocalHost => "::", LocalPort => shift, Listen => 5, V6Only => 0, ReuseAddr => 1) or die $@;
        while (1) { $s->accept }' "$1" >/dev/null 2>&1 &
    disown
    within 10 quiet lab exec vps perl -MIO::Socket::IP -e 'exit !IO::Socket::IP->new(PeerHost => "::1", PeerPort => shift)' "$1" ||
        failed "nobody answers at port $1 of the VPS"
}
# open_ports PORT…: which of them can be reached from outside, by IPv4 and IPv6
open_ports() {
    local port
    for port; do
        { ! reaches phone "$LAB_VPS4" "$port" || echo "4:$port"; } &
        { ! reaches cafe "$LAB_VPS6" "$port" || echo "6:$port"; } &
    done | sort | xargs
}
check_firewalls() { # KIND…
    local what
    serve 8099
    for what; do
        expect "firewall $what" quiet lab vps firewall $what
        same "firewall $what: SSH only" '4:22 6:22' "$(open_ports 22 8099)"
    done
    expect 'firewall: the VPS reboots' quiet lab vps reboot
    serve 8099
    same 'firewall: after that, too' '4:22 6:22' "$(open_ports 22 8099)"
    expect 'firewall off' quiet lab vps firewall off
    same 'firewall off: all is open' '4:22 4:8099 6:22 6:8099' "$(open_ports 22 8099)"
    refute 'firewall off: nothing of it stays' lab exec vps grep -qs 'policy drop\|ENABLED=yes' /etc/nftables.conf /etc/ufw/ufw.conf
}

# --- power -----------------------------------------------------------------------------------

boot_id() { lab exec vps cat /proc/sys/kernel/random/boot_id; }
settles() { case $(lab exec vps systemctl is-system-running) in running) ;; *) return 1 ;; esac; }
check_power() {
    local machine before session
    machine=$(lab exec vps cat /etc/machine-id) before=$(boot_id)
    lab exec vps sh -c 'echo mine >/root/mine'
    lab exec vps sh -c 'printf "[Service]\nExecStart=/bin/true\nExecStop=/bin/touch /root/stopped\nRemainAfterExit=yes\n" >/run/systemd/system/orderly.service
        systemctl daemon-reload && systemctl start orderly'
    expect 'reboot' quiet lab vps reboot
    refute 'reboot: it has booted' [ "$before" = "$(boot_id)" ]
    same 'reboot: services were stopped' /root/stopped "$(lab exec vps find /root/stopped)"
    same 'reboot: the same machine' "$machine mine" "$(lab exec vps cat /etc/machine-id /root/mine | xargs)"
    before=$(boot_id)
    # A reboot that the machine itself wants, as a program there may; somebody is at work there meanwhile.
    lab exec vps sleep 600 >/dev/null 2>&1 &
    disown
    lab exec vps shutdown -r now >/dev/null 2>&1
    expect 'shutdown -r: it boots again' within 20 boots_after "$before"

    rm -f "$work/hold"; mkfifo "$work/hold"
    know_host "$LAB_VPS4" vps
    try key "root@$LAB_VPS4" cat <"$work/hold" >/dev/null &
    session=$!
    exec 7>"$work/hold"
    expect 'a session is open' within 5 quiet lab exec vps pgrep -x cat
    expect 'power-off' quiet lab vps power-off
    refute 'power-off: it is silent' reaches phone "$LAB_VPS4" 22
    refute 'power-off: nothing runs there' quiet lab exec vps true
    sleep 0.5
    expect 'power-off: nobody is told that his connection is gone' kill -0 $session
    same 'power-off: its disk can be seen' mine "$(cat "$(lab vps root)/root/mine")"
    expect 'power-on' quiet lab vps power-on
    same 'power-on: the same machine' "$machine mine" "$(lab exec vps cat /etc/machine-id /root/mine | xargs)"
    expect 'power-on: systemd says "running"' within 10 settles
    exec 7>&-
    { kill $session && wait $session; } 2>/dev/null
}
boots_after() { local now && now=$(boot_id 2>/dev/null) && [ "$now" != "$1" ] && reaches phone "$LAB_VPS4" 22; }

# --- a second machine ------------------------------------------------------------------------

check_vps2() {
    local first
    expect 'vps2 up' quiet lab vps2 up
    load_lab
    know_host "$LAB_VPS2_4" vps2
    know_host "$LAB_VPS2_6" vps2
    same 'vps2: SSH by IPv4' vps2 "$(try key "root@$LAB_VPS2_4" hostname)"
    same 'vps2: SSH by IPv6' vps2 "$(try key "root@$LAB_VPS2_6" hostname)"
    first=$LAB_VPS2_HOSTKEY_ED25519
    refute 'vps2: its own host key' [ "$first" = "$LAB_VPS_HOSTKEY_ED25519" ]
    refute 'vps2: another machine' [ "$(lab exec vps cat /etc/machine-id)" = "$(lab exec vps2 cat /etc/machine-id)" ]
    expect 'vps2 down' quiet lab vps2 down
    expect 'vps2: the first one is not disturbed' reaches phone "$LAB_VPS4" 22
    refute 'vps2 down: it is gone' quiet lab exec vps2 true
    load_lab
    same 'vps2 down: no address' '' "$LAB_VPS2_4$LAB_VPS2_6$LAB_VPS2_HOSTKEY_ED25519"
    expect 'vps2 up again' quiet lab vps2 up
    load_lab
    refute 'vps2: a new host key' [ "$first" = "$LAB_VPS2_HOSTKEY_ED25519" ]
}

# --- delay -----------------------------------------------------------------------------------

# The round trip from the VPS, in whole milliseconds; the middle one of several: round_trip ADDRESS
round_trip() { lab exec vps ping -i 0.05 -c 11 "$1" | sed -nE 's/.* time=([0-9]+).*/\1/p' | sort -n | sed -n 6p; }
takes_longer() { # MILLISECONDS BEFORE ADDRESS
    local now
    now=$(round_trip "$3")
    [ $((now - $2)) -ge $(($1 - 3)) ] && [ $((now - $2)) -le $(($1 + 3)) ]
}
check_delay() {
    local before4 before6
    before4=$(round_trip $VISITOR4) before6=$(round_trip $VISITOR6)
    expect 'delay 30' quiet lab delay 30
    expect 'delay 30: by IPv4' takes_longer 30 "$before4" $VISITOR4
    expect 'delay 30: by IPv6' takes_longer 30 "$before6" $VISITOR6
    expect 'delay 80' quiet lab delay 80
    expect 'delay 80: by IPv4' takes_longer 80 "$before4" $VISITOR4
    expect 'delay off' quiet lab delay off
    expect 'delay off: by IPv4' takes_longer 0 "$before4" $VISITOR4
    expect 'delay off: by IPv6' takes_longer 0 "$before6" $VISITOR6
}
check_throughput() {
    local address began rate
    quiet lab delay 30
    for address in "$LAB_VPS4" "$LAB_VPS6"; do
        know_host "$address" vps
        began=$(milliseconds)
        same "delay 30: 64 MiB from $address" 67108864 "$(try key "root@$address" head -c 64M /dev/zero | wc -c)"
        rate=$((67108864 * 8 / 1000 / ($(milliseconds) - began)))
        expect "delay 30: at least 50 Mbit/s ($rate)" [ $rate -ge 50 ]
        began=$(milliseconds)
        same "delay 30: 64 MiB to $address" 67108864 "$(head -c 64M /dev/zero | try key "root@$address" wc -c)"
        rate=$((67108864 * 8 / 1000 / ($(milliseconds) - began)))
        expect "delay 30: at least 50 Mbit/s ($rate)" [ $rate -ge 50 ]
    done
    quiet lab delay off
}

# --- Debian 13 -------------------------------------------------------------------------------

check_debian13() {
    expect 'Debian 13: reset' quiet env SIXGATE_LAB_SUITE=trixie "$LAB" reset
    same 'Debian 13: it is one' '13 trixie' "$(lab exec vps sh -c '. /etc/os-release && echo "$VERSION_ID $VERSION_CODENAME"')"
    expect 'Debian 13: systemd says "running"' within 15 settles
    expect 'Debian 13: a reset without a word keeps the release' quiet lab reset
    same 'Debian 13: it is one still' trixie "$(lab exec vps sh -c '. /etc/os-release && echo "$VERSION_CODENAME"')"
    expect 'Debian 13: packages can be installed' quiet lab exec vps env DEBIAN_FRONTEND=noninteractive sh -c \
        'apt-get -q update && apt-get -q -y --no-install-recommends install apache2 certbot python3-certbot-dns-rfc2136'
    expect 'Debian 13: Apache answers' within 5 reaches phone "$LAB_VPS4" 80
    check_logins
    check_firewalls ufw nftables
    check_power
    expect 'Debian 12 again' quiet env SIXGATE_LAB_SUITE=bookworm "$LAB" reset
    same 'Debian 12: it is one' bookworm "$(lab exec vps sh -c '. /etc/os-release && echo "$VERSION_CODENAME"')"
}

# --- rotations -------------------------------------------------------------------------------

# Another prefix, and when the server's address in it was usable: rotated OPTION…; the old address is in $old.
rotated() {
    local what="rotate${*:+ $*}" began usable
    old=$LAB_SERVER6 began=$(milliseconds)
    expect "$what" quiet lab rotate "$@"
    load_lab
    usable=$(cat "$LAB_STATE/usable")
    # The kernel tries for about a second whether the address is somebody else's.
    expect "$what: it tells when the new address was usable" [ "$((usable - began))" -ge 500 ] && [ "$usable" -le "$(milliseconds)" ]
    expect "$what: it is usable" home_page cafe "$LAB_SERVER6"
}
# How a connection ends: "open", "refused" at once or "silent": answer NODE ADDRESS PORT
answer() {
    local rc=0
    lab exec "$1" timeout 2 bash -c "exec 3<>/dev/tcp/$2/$3" 2>/dev/null || rc=$?
    case $rc in 0) echo open ;; 124) echo silent ;; *) echo refused ;; esac
}
# A connection of the desktop's through the carrier's NAT, before a rotation and after it: through_rotation OPTION…
through_rotation() {
    rm -f "$work"/{line,go}
    # shellcheck disable=SC2016  # expanded in the node
    lab exec desktop bash -c 'exec 3<>"/dev/tcp/$1/22" && read -r -t 5 banner <&3 && echo open >"$2/line"
        while [ ! -e "$2/go" ]; do sleep 0.05; done
        echo nonsense >&3; if read -r -t 2 word <&3; then echo answered; else echo silent; fi >"$2/line.new"; mv "$2/line.new" "$2/line"' \
        bash "$LAB_VPS4" "$work" 2>/dev/null &
    expect 'a connection by IPv4' within 5 grep -qs open "$work/line"
    rotated "$@"
    touch "$work/go"
    within 5 grep -qs 'answered\|silent' "$work/line"
    LINE=$(cat "$work/line")
}
check_rotations() {
    rotated --icmp
    same 'rotate --icmp: packets to the old address are refused' 'refused refused' "$(answer vps "$old" 443) $(answer cafe "$old" 443)"
    same 'rotate --icmp: in the LAN it answers' open "$(answer desktop "$old" 443)"
    expect 'rotate --icmp: packets from the old address are refused' [ "$(lab exec server curl -gsS -m 3 --interface "$old" http://ip6.lab.test/ >/dev/null 2>&1; echo $?)" = 7 ]
    rotated --routed 8
    same 'rotate --routed: the old address works' open "$(answer cafe "$old" 443)"
    expect 'rotate --routed: and then no more' within 15 eval '[ "$(answer cafe "$old" 443)" = silent ]'
    expect 'rotate --routed: the lab is up' all_as_expected
    quiet lab rotate --routed 60
    through_rotation
    same 'rotate: a connection by IPv4 lives on' answered "$LINE"
    same 'rotate, right after one with --routed: one prefix is routed' 1 "$(lab exec isp ip -6 route show via 2001:db8:1f::2 | wc -l)"
    through_rotation --forget-nat --no-deprecate
    same 'rotate --forget-nat: a connection by IPv4 is dead' silent "$LINE"
    same 'rotate: the old address is silent' silent "$(answer vps "$old" 443)"
    old=$LAB_SERVER6
    setsid "$LAB" rotate --icmp >/dev/null 2>&1 &
    within 5 test -e "$LAB_STATE/rotating"
    kill -KILL $! 2>/dev/null
    expect 'rotate --icmp, killed: up' quiet lab up
    same 'rotate --icmp, killed: it was finished as it was begun' refused "$(answer cafe "$old" 443)"
    load_lab
}
check_stranger() {
    local own
    expect 'stranger on' quiet lab stranger on
    refute 'stranger: nothing before the next rotation' grep -q . "$LAB_STRANGER_LOG"
    rotated
    own=$(lab exec cafe curl -gsS --max-time 5 --resolve "$LAB_STRANGER_NAME:443:[$old]" "https://$LAB_STRANGER_NAME/own" 2>"$work/curl.out")
    expect 'stranger: he has the old address, and a certificate that is trusted' grep -q sixgate-lab-stranger-page <<<"$own"
    expect 'stranger: his certificate is of another name' \
        [ "$(lab exec cafe curl -gsS --max-time 5 --resolve "$LAB_PUBLIC_NAME:443:[$old]" "https://$LAB_PUBLIC_NAME/" 2>/dev/null >/dev/null; echo $?)" = 60 ]
    expect 'stranger: he answers HTTP' grep -q sixgate-lab-stranger-page <<<"$(lab exec vps perl -MIO::Socket::IP -e \
        'my $s = IO::Socket::IP->new(PeerHost => shift, PeerPort => 80, Timeout => 3) or exit 1; print $s "GET /plain HTTP/1.0\r\n\r\n"; print <$s>' "$old")"
    same 'stranger: his log' "tls $LAB_STRANGER_NAME|tls $LAB_PUBLIC_NAME|request $LAB_STRANGER_NAME /own|request null /plain" \
        "$(jq -r '"\(.what) \(.sni)\(if .path then " " + .path else "" end)"' "$LAB_STRANGER_LOG" | sort -r | sed 's/^tls cloud/0&/; s/^tls str/0&/' | sort -s -k 1.1,1.1 | sed 's/^0//' | paste -sd '|')"
    expect 'stranger off' quiet lab stranger off
    same 'stranger off: the old address is silent' silent "$(answer cafe "$old" 443)"
    quiet lab stranger on
}
check_dyndns() {
    local password
    expect 'dyndns on' quiet lab dyndns on 7
    update() { lab exec server curl -sS --max-time 10 -u "$LAB_DYNDNS_USER:$1" "https://$LAB_DYNDNS_HOST/nic/update?hostname=$2&myip=$3" 2>"$work/curl.out" | paste -sd ' '; }
    password=$(cat "$LAB_DYNDNS_PASSWORD_FILE")
    same 'dyndns: a wrong password' badauth "$(update wrong "$LAB_PUBLIC_NAME" 2001:db8::5)"
    same 'dyndns: two names' 'good 2001:db8::5 good 2001:db8::5' "$(update "$password" "$LAB_PUBLIC_NAME,$LAB_UPSTREAM_NAME" 2001:db8::5)"
    same 'dyndns: the same again' 'nochg 2001:db8::5' "$(update "$password" "$LAB_PUBLIC_NAME" 2001:db8::5)"
    same 'dyndns: what is not ours, what is no name' 'nohost notfqdn' "$(update "$password" example.com,x 2001:db8::5)"
    same 'dyndns: they are in the zone' "$LAB_PUBLIC_NAME. 7 2001:db8::5|$LAB_UPSTREAM_NAME. 7 2001:db8::5" "$(lab zone | awk '$5 == "2001:db8::5" { print $1, $2, $5 }' | paste -sd '|')"
    cat >"$work/ddclient.conf" <<EOF
use=no
usev6=ifv6, ifv6=eth0
ssl=yes
protocol=dyndns2
server=$LAB_DYNDNS_HOST
login=$LAB_DYNDNS_USER
password='$password'
$LAB_PUBLIC_NAME
EOF
    chmod 600 "$work/ddclient.conf"
    expect 'dyndns: ddclient understands it' quiet lab exec server ddclient -foreground -daemon=0 -file "$work/ddclient.conf" -cache "$work/ddclient.cache"
    same 'dyndns: ddclient has set the address' "$LAB_SERVER6" "$(lab exec dns dig +short "@$LAB_NS4" "$LAB_PUBLIC_NAME" AAAA)"
    expect 'dyndns off' quiet lab dyndns off
}
