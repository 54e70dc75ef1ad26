# shellcheck shell=bash
# Who keeps a home reachable, each with the same four functions; `-` in a name becomes `_` here.
#
#   NAME_set_up     on a bare VPS: everything is installed and all paths work
#   NAME_before     before each rotation; then a pause, until all paths work
#   NAME_rotated    right after each rotation has begun, beside it
#   NAME_tear_down  its programs end
#
# They may use WAIT, the seconds after the rotation at which a rival's next look is to come. NAME_available, where there
# is one, tells in one line why a contestant cannot be there.

# --- what they share -------------------------------------------------------------------------

in_vps() { lab exec vps "$@"; }
# Packages of the VPS's offline repository.
install_on_vps() { in_vps env DEBIAN_FRONTEND=noninteractive sh -c 'apt-get -qq update && apt-get -qq -y --no-install-recommends install "$@"' sh "$@"; }
# A certificate for the public name, that visitors accept: /etc/ssl/home/{privkey,fullchain}.pem on the VPS.
certificate_on_vps() {
    local root dir=$work/proxy-certificate
    [ -s "$dir/fullchain.pem" ] || (
        LAB_DIR=$here
        for part in common net dns ca faults_ca; do
            # shellcheck source=/dev/null
            . "$here/lib/$part.sh"
        done
        mint_certificate "$dir" "$LAB_PUBLIC_NAME" '1 day ago' '90 days'
    ) || return 1
    root=$(lab vps root)
    mkdir -p "$root/etc/ssl/home" && cp "$dir"/{privkey,fullchain}.pem "$root/etc/ssl/home/"
}
# The zone as somebody sets it up who then lets a program look after the AAAA records.
records_by_hand() {
    lab record "$LAB_PUBLIC_NAME" A "$LAB_VPS4" && lab record "$LAB_PUBLIC_NAME" AAAA "$LAB_SERVER6" && lab record "$LAB_UPSTREAM_NAME" AAAA "$LAB_SERVER6"
}

# --- ddclient on the server ------------------------------------------------------------------

DDCLIENT_PID=''
# start_ddclient SECONDS: looks at once, and then every so many seconds. It thinks that its last update was a day ago, as
# in life: soon after an update it waits for minutes, whatever the address.
start_ddclient() {
    local dir=$work/ddclient
    mkdir -p "$dir"
    ddclient_conf "$1" >"$dir/conf"
    chmod 600 "$dir/conf"
    [ ! -e "$dir/cache" ] || sed -i -E "s/\\b([am]time)=[0-9]+/\\1=$(($(date +%s) - 86400))/g" "$dir/cache"
    "$LAB" exec server ddclient -foreground -verbose -file "$dir/conf" -cache "$dir/cache" -pid "$dir/pid" </dev/null >>"$dir/log" 2>&1 &
    DDCLIENT_PID=$!
    disown
}
# The address comes from a script: with "usev6" version 3.10 sends needless updates by this protocol, and then waits for
# minutes with the needed one.
ddclient_conf() {
    local dir=$work/ddclient
    cat >"$dir/address" <<'EOF'
#!/bin/sh
ip -6 -o address show dev eth0 scope global -deprecated -temporary -tentative | awk '$4 ~ /^2/ { sub("/.*", "", $4); print $4; exit }'
EOF
    chmod 755 "$dir/address"
    cat <<EOF
daemon=$1
use=cmd, cmd=$dir/address
ssl=yes
protocol=dyndns2
server=$LAB_DYNDNS_HOST
login=$LAB_DYNDNS_USER
password='$(cat "$LAB_DYNDNS_PASSWORD_FILE")'
$LAB_PUBLIC_NAME,$LAB_UPSTREAM_NAME
EOF
}
stop_ddclient() {
    [ -z "$DDCLIENT_PID" ] || kill "$DDCLIENT_PID" 2>/dev/null
    [ -z "$DDCLIENT_PID" ] || within 12 gone "$DDCLIENT_PID" || kill -KILL "$DDCLIENT_PID" 2>/dev/null
    DDCLIENT_PID=''
}
gone() { ! kill -0 "$1" 2>/dev/null; }
# Its cycle is moved: the next look comes WAIT seconds after the rotation. SIGHUP wakes it.
wake_ddclient() {
    sleep "$WAIT"
    kill -HUP "$DDCLIENT_PID"
}
fresh_ddclient() { # SECONDS
    rm -rf "$work/ddclient"
    lab dyndns on "$TTL" && start_ddclient "$1" && within 30 grep -qs 'ip=2001' "$work/ddclient/cache"
}

# --- the recipe: ddclient at its default, Apache ---------------------------------------------

ddclient_apache_interval=300
ddclient_apache_set_up() {
    install_on_vps apache2 && certificate_on_vps || return 1
    in_vps tee /etc/apache2/sites-available/home.conf >/dev/null <<EOF
<VirtualHost *:80>
    ServerName $LAB_PUBLIC_NAME
    Redirect permanent / https://$LAB_PUBLIC_NAME/
</VirtualHost>
<VirtualHost *:443>
    ServerName $LAB_PUBLIC_NAME
    SSLEngine on
    SSLCertificateFile /etc/ssl/home/fullchain.pem
    SSLCertificateKeyFile /etc/ssl/home/privkey.pem
    SSLProxyEngine on
    ProxyPreserveHost On
    ProxyPass / https://$LAB_UPSTREAM_NAME/
    ProxyPassReverse / https://$LAB_UPSTREAM_NAME/
</VirtualHost>
EOF
    in_vps sh -c 'a2enmod -q ssl proxy proxy_http && a2dissite -q 000-default && a2ensite -q home && systemctl restart apache2' || return 1
    records_by_hand && fresh_ddclient 300
}
ddclient_apache_before() { stop_ddclient && start_ddclient 300; }
ddclient_apache_rotated() { wake_ddclient; }
ddclient_apache_tear_down() { stop_ddclient; }

# --- the best by hand: ddclient every minute, HAProxy that asks the zone's own server ----------

haproxy_set_up() { # VERIFY: what HAProxy is to prove of the home
    install_on_vps haproxy && certificate_on_vps || return 1
    in_vps sh -c 'cat /etc/ssl/home/fullchain.pem /etc/ssl/home/privkey.pem >/etc/ssl/home/both.pem && chmod 600 /etc/ssl/home/both.pem'
    in_vps tee /etc/haproxy/haproxy.cfg >/dev/null <<EOF
global
    log /dev/log local0
    stats socket /run/haproxy/admin.sock mode 660 level admin
    user haproxy
    group haproxy
    daemon
defaults
    mode http
    log global
    timeout connect 1s
    timeout client 30s
    timeout server 30s
    retries 3
    option redispatch
resolvers zone
    nameserver ns1 $LAB_NS4:53
    accepted_payload_size 4096
    resolve_retries 3
    timeout resolve 1s
    timeout retry 1s
    hold valid 1s
    hold nx 1h
    hold timeout 1h
    hold refused 1h
    hold other 1h
frontend visitors
    bind :80
    bind :443 ssl crt /etc/ssl/home/both.pem
    http-request redirect scheme https unless { ssl_fc }
    default_backend home
backend home
    option forwardfor
    server home $LAB_UPSTREAM_NAME:443 ssl $1 sni str($LAB_PUBLIC_NAME) resolvers zone resolve-prefer ipv6 init-addr last,libc,none
EOF
    records_by_hand && in_vps systemctl restart haproxy && fresh_ddclient 60
}
ddclient60_haproxy_interval=60
ddclient60_haproxy_set_up() { haproxy_set_up "verify required ca-file /etc/ssl/certs/ca-certificates.crt verifyhost $LAB_PUBLIC_NAME"; }
ddclient60_haproxy_before() { stop_ddclient && start_ddclient 60; }
ddclient60_haproxy_rotated() { wake_ddclient; }
ddclient60_haproxy_tear_down() { stop_ddclient; }

# Nobody to compare with: it shows that the stranger is noticed where the proxy does not look who answers.
careless_haproxy_interval=60
careless_haproxy_set_up() { haproxy_set_up 'verify none'; }
careless_haproxy_before() { ddclient60_haproxy_before; }
careless_haproxy_rotated() { wake_ddclient; }
careless_haproxy_tear_down() { stop_ddclient; }

# --- Sixgate ---------------------------------------------------------------------------------

KEEPER_PID='' KEEPER_NODE=''
sixgate_available() {
    "$SIXGATECTL" help keep >/dev/null 2>&1 || "$SIXGATECTL" keep --help >/dev/null 2>&1 || echo "$SIXGATECTL has no command \"keep\""
}
# keeper_set_up NODE: deployed from the desktop, kept by NODE.
keeper_set_up() {
    local node=$1 key=$work/push-key
    forget_state server
    forget_state desktop
    write_site "$node" ".dns[0].ttl = $TTL" && sixgate "$node" vps push-key >"$key.said" && head -n 1 "$key.said" >"$key" || return 1
    if [ "$node" != desktop ]; then
        write_site desktop ".dns[0].ttl = $TTL" && sixgate desktop vps push-key add "$key" || return 1
    fi
    sixgate desktop apply && start_keeper "$node"
}
start_keeper() {
    KEEPER_NODE=$1
    "$LAB" exec "$1" "$SIXGATECTL" --secrets "dir:$(site_folder "$1")/secrets" keep </dev/null >>"$work/keeper.log" 2>&1 &
    KEEPER_PID=$!
    disown
}
# It goes on over all rotations; one that has ended is a failure, and the next rotation gets another.
keeper_before() {
    if gone "$KEEPER_PID"; then
        failed 'the keeper is still there' "$(tail -n 1 "$work/keeper.log")"
        start_keeper "$KEEPER_NODE"
    fi
}
stop_keeper() {
    [ -z "$KEEPER_PID" ] || kill "$KEEPER_PID" 2>/dev/null
    [ -z "$KEEPER_PID" ] || within 10 gone "$KEEPER_PID" || kill -KILL "$KEEPER_PID" 2>/dev/null
    KEEPER_PID=''
}
sixgate_server_interval=0
sixgate_server_available() { sixgate_available; }
sixgate_server_set_up() { keeper_set_up server; }
sixgate_server_before() { keeper_before; }
sixgate_server_rotated() { :; }
sixgate_server_tear_down() { stop_keeper; }

sixgate_lan_interval=0
sixgate_lan_available() { sixgate_available; }
sixgate_lan_set_up() { keeper_set_up desktop; }
sixgate_lan_before() { keeper_before; }
sixgate_lan_rotated() { :; }
sixgate_lan_tear_down() { stop_keeper; }
