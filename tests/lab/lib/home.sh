# shellcheck shell=bash
# The home: router (announcements, filter, DNS forwarder), server (web site, certificate).

router_filter() {
    in_node router nft -f - <<EOF
table inet home {
    chain own {
        type filter hook input priority filter; policy accept;
        iifname wan ct state established,related accept
        iifname wan meta l4proto ipv6-icmp accept
        iifname wan ip protocol icmp accept
        iifname wan drop
    }
    chain through {
        type filter hook forward priority filter; policy drop;
        ct state established,related accept
        ct state invalid drop
        iifname lan accept
        meta l4proto ipv6-icmp icmpv6 type { destination-unreachable, packet-too-big, time-exceeded, parameter-problem, echo-request } accept
        iifname wan ip6 daddr & ::ffff:ffff:ffff:ffff == $LAB_SERVER_IID tcp dport { 80, 443 } accept
    }
    chain source {
        type nat hook postrouting priority srcnat; policy accept;
        oifname wan meta nfproto ipv4 masquerade
    }
}
EOF
}

# What the router announces: the current /64, the LAN's ULA, and the prefix of before as deprecated.
radvd_conf() {
    local current=$1 deprecated=${2-}
    cat <<EOF
interface lan {
    AdvSendAdvert on;
    MinRtrAdvInterval 3;
    MaxRtrAdvInterval 10;
    AdvDefaultLifetime 1800;
    prefix ${current}/64 { AdvPreferredLifetime 2700; AdvValidLifetime 5400; };
    prefix ${LAB_ULA}/64 { AdvPreferredLifetime 2700; AdvValidLifetime 5400; };
EOF
    [ -z "$deprecated" ] || printf '    prefix %s/64 { AdvPreferredLifetime 0; AdvValidLifetime 5400; };\n' "$deprecated"
    printf '    RDNSS %s1 { };\n};\n' "$LAB_ULA"
}

# Routes a /56 to the home and gives the router its address in the LAN's /64.
delegate_prefix() {
    in_node isp nft add element inet carrier delegated "{ ${1}/56 }"
    ip -n "$NETNS"isp -6 route replace "${1}/56" via "$LAB_WAN_ROUTER6"
    ip -n "$NETNS"router -6 address replace "${1}1/64" dev lan nodad
    ip -n "$NETNS"router -6 route replace unreachable "${1}/56"
}

# Prefixes that the carrier routes to the home, one a line.
delegated_prefixes() { ip -n "$NETNS"isp -6 route show via "$LAB_WAN_ROUTER6" | sed -n 's,/56 .*,,p'; }

# Stops routing a /56: packets to it vanish (the pool is a black hole), packets from it too. Its route
# goes last: as long as it is there, a killed rotation knows what to take away; the rest may be gone.
withdraw_prefix() {
    {
        in_node isp nft delete element inet carrier delegated "{ ${1}/56 }" || true
        ip -n "$NETNS"router -6 route del unreachable "${1}/56" || true
        ip -n "$NETNS"router -6 address del "${1}1/64" dev lan || true
    } 2>/dev/null
    ip -n "$NETNS"isp -6 route del "${1}/56" via "$LAB_WAN_ROUTER6"
}

start_router() {
    local dir=$LAB_STATE/router prefix
    mkdir -p "$dir"
    router_filter
    echo 0 >"$LAB_STATE/prefix-number"
    prefix=$(current_prefix)
    delegate_prefix "$prefix"
    radvd_conf "$prefix" >"$dir/radvd.conf"
    spawn router radvd radvd -n -u root -C "$dir/radvd.conf" -p "$dir/radvd.pid" -m stderr
    cat >"$dir/unbound.conf" <<EOF
server:
    directory: "$dir"
    username: ""
    chroot: ""
    pidfile: ""
    use-syslog: no
    module-config: "iterator"
    interface: $LAB_LAN4
    interface: ${LAB_ULA}1
    access-control: 192.168.178.0/24 allow
    access-control: fc00::/7 allow
    access-control: 2001:db8::/32 allow
    local-zone: "test." nodefault
remote-control:
    control-enable: yes
    control-interface: $dir/unbound.ctl
    control-use-cert: no
forward-zone:
    name: "."
    forward-addr: $LAB_RESOLVER6
    forward-addr: $LAB_RESOLVER4
include: "$dir/fault-*.conf"
EOF
    spawn_router_resolver
}
spawn_router_resolver() { spawn router router-unbound unbound -d -c "$LAB_STATE/router/unbound.conf"; }

# --- server ----------------------------------------------------------------------------------

# The folder of the home server's certificate: a fault's goes first, then a self-signed one.
certificate_in_use() {
    local dir=$LAB_STATE/server
    if fault_certificate; then return; fi
    if [ -e "$dir/self-signed/fullchain.pem" ]; then echo "$dir/self-signed"; else echo "$dir/letsencrypt/live/home"; fi
}

nginx_conf() {
    local dir=$LAB_STATE/server live tls=''
    live=$(certificate_in_use)
    [ ! -e "$live/fullchain.pem" ] || tls=yes
    cat <<EOF
worker_processes 1;
user root;
pid $dir/nginx.pid;
error_log $dir/error.log;
events { worker_connections 512; }
http {
    include /etc/nginx/mime.types;
    access_log $dir/access.log;
    client_body_temp_path $dir/body;
    proxy_temp_path $dir/proxy;
    fastcgi_temp_path $dir/fastcgi;
    uwsgi_temp_path $dir/uwsgi;
    scgi_temp_path $dir/scgi;
EOF
    # By Sixgate's snippet another server may have port 80.
    [ "$(home_http_kind)" = apache ] || [ "$(home_http_kind)" = caddy ] || cat <<EOF
    server {
$(web_listen 80)
        root $dir/webroot;
$([ "$(home_http_kind)" = nginx ] && echo "        include $dir/http/snippet;" || echo "        location /.well-known/acme-challenge/ { }")
        location / { return 301 https://\$host\$request_uri; }
    }
EOF
    [ -z "$tls" ] || cat <<EOF
    server {
$(web_listen "$(web_port)" "$(web_tls)")
        ssl_certificate $live/fullchain.pem;
        ssl_certificate_key $live/privkey.pem;
EOF
    [ -z "$tls" ] || fault_page || cat <<EOF
        root $dir/www;
        client_max_body_size 0;
        location = /whoami {
            default_type text/plain;
            return 200 "server: home\nremote-address: \$remote_addr\nx-forwarded-for: \$http_x_forwarded_for\nx-forwarded-proto: \$http_x_forwarded_proto\nhost: \$host\n";
        }
        location ~ ^/(upload|download|ws|headers)\$ {
            proxy_pass http://unix:$dir/app.sock;
            proxy_http_version 1.1;
            proxy_request_buffering off;
            proxy_buffering off;
            proxy_read_timeout 300s;
            proxy_set_header Host \$host;
            proxy_set_header Upgrade \$http_upgrade;
            proxy_set_header Connection \$http_connection;
        }
EOF
    if [ -n "$tls" ]; then echo '    }'; fi
    echo '}'
}

# --- port 80 by the snippet that hands challenges over ------------------------------------------

home_http_kind() { cat "$LAB_STATE/server/http/kind" 2>/dev/null || echo off; }

# home_http nginx|apache|caddy FILE, or off
home_http() {
    local kind=${1-} file=${2-} dir=$LAB_STATE/server/http
    case $kind in
    off) ;;
    nginx | apache | caddy) [ -s "$file" ] || die "usage: lab home http $kind FILE: what sixgatectl site home-snippet $kind prints" ;;
    *) die 'usage: lab home http nginx|apache|caddy FILE, or lab home http off' ;;
    esac
    mkdir -p "$dir"
    [ ! -e "$LAB_STATE/pids/http" ] || stop_recorded http TERM
    [ "$kind" = off ] || install -m 644 "$file" "$dir/snippet"
    echo "$kind" >"$dir/kind"
    restart_nginx
    [ "$kind" = off ] || [ "$kind" = nginx ] || wait_for 5 'nginx to leave port 80' port_80_is_free
    case $kind in
    apache)
        home_apache_conf >"$dir/apache.conf"
        spawn server http apache2 -f "$dir/apache.conf" -D FOREGROUND
        ;;
    caddy)
        printf '{\n\tadmin off\n\tstorage file_system %s\n}\nimport %s\n' "$dir/caddy" "$dir/snippet" >"$dir/Caddyfile"
        spawn server http caddy run --adapter caddyfile --config "$dir/Caddyfile"
        ;;
    esac
    wait_for 10 'the home to answer on port 80' in_node desktop curl -gsS -m 1 -o /dev/null "http://[$(server_address)]/"
}

port_80_is_free() { [ -z "$(in_node server ss -Hltn 'sport = :80')" ]; }

# As Debian's, with one site that leads to HTTPS.
home_apache_conf() {
    local dir=$LAB_STATE/server/http module
    cat <<EOF
ServerRoot $dir
PidFile $dir/apache.pid
ErrorLog $dir/apache.log
Listen 80
User www-data
Group www-data
EOF
    for module in mpm_event authz_core alias rewrite; do
        printf 'LoadModule %s_module /usr/lib/apache2/modules/mod_%s.so\n' "$module" "$module"
    done
    cat <<EOF
<Directory $LAB_STATE/server/webroot>
    Require all granted
</Directory>
<VirtualHost *:80>
    ServerName $LAB_PUBLIC_NAME
    DocumentRoot $LAB_STATE/server/webroot
    Include $dir/snippet
    RewriteEngine on
    RewriteRule ^ https://%{HTTP_HOST}%{REQUEST_URI} [R=301,L]
</VirtualHost>
EOF
}

start_server() {
    local dir=$LAB_STATE/server
    mkdir -p "$dir"/{www,webroot}
    cat >"$dir/www/index.html" <<'EOF'
<!doctype html>
<title>Home</title>
<p>This is the home server. sixgate-lab-home-page</p>
EOF
    truncate -s 256M "$dir/www/big.bin"
    nginx_conf >"$dir/nginx.conf"
    spawn server app /usr/bin/python3 "$LAB_DIR/helpers/webapp.py" "unix:$dir/app.sock"
    spawn_web
}
spawn_web() { spawn server nginx nginx -c "$LAB_STATE/server/nginx.conf" -e "$LAB_STATE/server/error.log" -g 'daemon off;'; }
web_listen() {
    printf '        listen %s default_server;\n' "$1${2-}"
    fault_on server-v4-only || printf '        listen [::]:%s default_server;\n' "$1${2-}"
}

# The second server has a site and a certificate of its own, for another name.
start_server2() {
    local dir=$LAB_STATE/server2
    mkdir -p "$dir/www"
    mint_certificate "$dir" "$LAB_SECOND_NAME" '1 day ago' '90 days'
    echo '<!doctype html><title>Another</title><p>This is the second home server. sixgate-lab-second-page</p>' >"$dir/www/index.html"
    cat >"$dir/nginx.conf" <<EOF
worker_processes 1;
user root;
pid $dir/nginx.pid;
error_log $dir/error.log;
events { worker_connections 64; }
http {
    access_log off;
    client_body_temp_path $dir/body;
    proxy_temp_path $dir/proxy;
    fastcgi_temp_path $dir/fastcgi;
    uwsgi_temp_path $dir/uwsgi;
    scgi_temp_path $dir/scgi;
    server {
        listen 80 default_server;
        listen [::]:80 default_server;
        listen 443 ssl http2 default_server;
        listen [::]:443 ssl http2 default_server;
        ssl_certificate $dir/fullchain.pem;
        ssl_certificate_key $dir/privkey.pem;
        default_type text/html;
        root $dir/www;
    }
}
EOF
    spawn server2 nginx2 nginx -c "$dir/nginx.conf" -e "$dir/error.log" -g 'daemon off;'
}

node_has_address() {
    ip -n "$NETNS$1" -6 -o address show dev eth0 scope global -tentative | grep -q " $2"
}
server_answers() { curl -gsS -m 1 -o /dev/null "http://[$(server_address)]/"; }

# A certificate for both public names, by certbot over the home's AAAA. The records exist only for this.
home_certificate() {
    local dir=$LAB_STATE/server name failed='' before='' during=''
    for name in "$LAB_PUBLIC_NAME" "$LAB_SECOND_NAME"; do
        before+="update delete $name AAAA"$'\n'
        before+=$(zone_record "$name" AAAA | sed "s/^/update add $name 60 AAAA /")$'\n'
        during+="update delete $name AAAA"$'\n'"update add $name 60 AAAA $(server_address)"$'\n'
    done
    zone_update <<<"$during"
    in_node server env HOME="$(node_home server)/home" certbot certonly -q -n --agree-tos --register-unsafely-without-email \
        --server "$LAB_ACME_DIRECTORY" --webroot -w "$dir/webroot" -d "$LAB_PUBLIC_NAME" -d "$LAB_SECOND_NAME" --cert-name home \
        --force-renewal --config-dir "$dir/letsencrypt" --work-dir "$dir/certbot" --logs-dir "$dir/certbot-log" \
        >>"$LAB_STATE/log/certbot.log" 2>&1 || failed=yes
    zone_update <<<"$before"
    flush_resolvers
    [ -z "$failed" ] || die "certbot failed, see $LAB_STATE/log/certbot.log and $dir/certbot-log"
    rm -rf "$dir/self-signed"
    restart_nginx
}

# A certificate that nobody vouches for; prints the fingerprint of its key (SHA-256 of the public key).
self_signed_certificate() {
    local dir=$LAB_STATE/server/self-signed
    rm -rf "$dir"
    mkdir -p -m 700 "$dir"
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$dir/privkey.pem" -out "$dir/fullchain.pem" \
        -days 365 -subj "/CN=$LAB_PUBLIC_NAME" -addext "subjectAltName=DNS:$LAB_PUBLIC_NAME" 2>/dev/null
    restart_nginx
    printf 'SHA256:%s\n' "$(openssl x509 -in "$dir/fullchain.pem" -noout -pubkey | openssl pkey -pubin -outform der |
        openssl dgst -sha256 -binary | base64 | tr -d =)"
}

# nginx reads its configuration again and answers with the certificate that it names now.
restart_nginx() {
    local want
    nginx_conf >"$LAB_STATE/server/nginx.conf"
    kill -HUP "$(recorded_pid nginx)"
    want=$(openssl x509 -in "$(certificate_in_use)/fullchain.pem" -noout -fingerprint -sha256)
    wait_for 5 'the home server to show its certificate' home_shows "$want"
}
home_shows() {
    in_node server openssl s_client -connect 127.0.0.1:443 -servername "$LAB_PUBLIC_NAME" </dev/null 2>/dev/null |
        openssl x509 -noout -fingerprint -sha256 | grep -qxF "$1"
}
