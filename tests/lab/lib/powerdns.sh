# shellcheck shell=bash
# A provider with an API: an authoritative PowerDNS that keeps the public name as a zone of its own, and takes changes by
# HTTPS alone: `lab powerdns on|off`, and for a while with a certificate that
# nobody vouches for: `lab powerdns certificate stranger|home-ca`. In the node dns, at addresses of its own; its API is behind nginx, for TLS.

LAB_POWERDNS_HOST=pdns.$LAB_INFRA_ZONE
LAB_POWERDNS_KEY_FILE=$LAB_KEYS/powerdns-key

set_powerdns() {
    local dir=$LAB_STATE/powerdns
    case ${1-} in
    on)
        stop_powerdns
        rm -rf "$dir"
        mkdir -p "$dir"
        # With what must be encoded in URLs and quoted in JSON.
        [ -s "$LAB_POWERDNS_KEY_FILE" ] || (umask 077 && printf 'k+ %%&/"%s' "$(openssl rand -hex 12)" >"$LAB_POWERDNS_KEY_FILE")
        mint_certificate "$dir" "$LAB_POWERDNS_HOST" '1 day ago' '90 days'
        ip -n "${NETNS}dns" address replace "$LAB_POWERDNS4/28" dev eth0
        ip -n "${NETNS}dns" address replace "$LAB_POWERDNS6/64" dev eth0 nodad
        (umask 077 && powerdns_conf "$dir" >"$dir/pdns.conf")
        sqlite3 "$dir/zones.db" '.read /usr/share/pdns-backend-sqlite3/schema/schema.sqlite3.sql'
        pdnsutil --config-dir="$dir" create-zone "$LAB_PUBLIC_NAME" "ns3.$LAB_ZONE" >/dev/null 2>&1
        powerdns_web "$dir" >"$dir/nginx.conf"
        spawn dns powerdns pdns_server --config-dir="$dir"
        spawn dns powerdns-web nginx -c "$dir/nginx.conf" -e "$dir/nginx.log" -g 'daemon off;'
        printf 'update delete %s\nupdate add %s 5 NS %s\nupdate add %s 5 A %s\nupdate add %s 5 AAAA %s\n' "$LAB_PUBLIC_NAME" "$LAB_PUBLIC_NAME" \
            "ns3.$LAB_ZONE." "ns3.$LAB_ZONE" "$LAB_POWERDNS4" "ns3.$LAB_ZONE" "$LAB_POWERDNS6" | zone_update
        flush_resolvers
        wait_for 10 'PowerDNS' powerdns_answers
        say "https://$LAB_POWERDNS_HOST/ keeps the zone $LAB_PUBLIC_NAME"
        ;;
    certificate)
        case ${2-} in
        home-ca) mint_certificate "$dir" "$LAB_POWERDNS_HOST" '1 day ago' '90 days' ;;
        stranger) show_strange_certificate "$dir" ;;
        *) die 'usage: lab powerdns certificate home-ca|stranger' ;;
        esac
        stop_recorded powerdns-web
        spawn dns powerdns-web nginx -c "$dir/nginx.conf" -e "$dir/nginx.log" -g 'daemon off;'
        wait_for 10 'PowerDNS' powerdns_answers
        ;;
    off)
        stop_powerdns
        printf 'update delete %s NS\nupdate delete ns3.%s\n' "$LAB_PUBLIC_NAME" "$LAB_ZONE" | zone_update
        flush_resolvers
        say 'no PowerDNS'
        ;;
    *) die 'usage: lab powerdns on|off|certificate home-ca|stranger' ;;
    esac
}
show_strange_certificate() {
    openssl req -x509 -key "$1/privkey.pem" -out "$1/fullchain.pem" -days 30 -subj "/CN=$LAB_POWERDNS_HOST" \
        -addext "subjectAltName=DNS:$LAB_POWERDNS_HOST" 2>/dev/null
}
stop_powerdns() {
    stop_recorded powerdns-web
    stop_recorded powerdns
}
powerdns_answers() {
    in_node dns dig +time=1 +tries=1 +short "@$LAB_POWERDNS4" "$LAB_PUBLIC_NAME" SOA | grep -q . &&
        in_node dns ss -Hltn "src [$LAB_POWERDNS6]:443" | grep -q .
}

powerdns_conf() {
    cat <<EOF
launch=gsqlite3
gsqlite3-database=$1/zones.db
local-address=$LAB_POWERDNS4,$LAB_POWERDNS6
local-port=53
socket-dir=$1
daemon=no
guardian=no
api=yes
api-key=$(cat "$LAB_POWERDNS_KEY_FILE")
webserver=yes
webserver-address=127.0.0.1
webserver-port=8081
webserver-allow-from=127.0.0.1
query-cache-ttl=0
cache-ttl=0
negquery-cache-ttl=0
zone-cache-refresh-interval=0
EOF
}

powerdns_web() {
    cat <<EOF
worker_processes 1;
user root;
pid $1/nginx.pid;
events { worker_connections 64; }
http {
    log_format talk '\$remote_addr "\$request" \$status';
    access_log $1/requests talk;
    client_body_temp_path $1/body;
    proxy_temp_path $1/proxy;
    fastcgi_temp_path $1/fastcgi;
    uwsgi_temp_path $1/uwsgi;
    scgi_temp_path $1/scgi;
    server {
        listen $LAB_POWERDNS4:443 ssl;
        listen [$LAB_POWERDNS6]:443 ssl;
        server_name $LAB_POWERDNS_HOST;
        ssl_certificate $1/fullchain.pem;
        ssl_certificate_key $1/privkey.pem;
        location / { proxy_pass http://127.0.0.1:8081; }
    }
}
EOF
}
