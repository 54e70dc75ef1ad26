# shellcheck shell=bash
# The certificate authority: pebble with a resolver of its own that caches nothing, and trust for all nodes.

LAB_ACME_NAME=acme.$LAB_INFRA_ZONE
LAB_ACME_DIRECTORY=https://$LAB_ACME_NAME:14000/dir
# Where certbot goes for its dry runs, whichever authority a certificate is from.
LAB_STAGING_NAME=acme-staging-v02.api.letsencrypt.org
LAB_CA_BUNDLE=$LAB_STATE/ssl/certs/ca-certificates.crt

# The CA that vouches for pebble's own HTTPS; kept over restarts.
make_acme_server_certificate() {
    local dir=$LAB_KEYS/ca
    [ -s "$dir/server.pem" ] && return
    mkdir -p "$dir"
    (
        umask 077
        cd "$dir" || exit
        openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out ca.pem -days 3650 \
            -subj '/CN=Lab infrastructure' -addext basicConstraints=critical,CA:TRUE 2>/dev/null
        openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout server.key -out server.csr -subj "/CN=$LAB_ACME_NAME" 2>/dev/null
        openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -days 3650 -out server.new \
            -extfile <(printf 'subjectAltName=DNS:%s,IP:%s,IP:%s\n' "$LAB_ACME_NAME" "$LAB_CA4" "$LAB_CA6") 2>/dev/null
        mv server.new server.pem
    )
}

# The dry runs' authority is the same pebble by another name.
start_staging() {
    local dir=$LAB_STATE/ca
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$dir/staging.key" -out "$dir/staging.csr" -subj '/CN=staging' 2>/dev/null
    openssl x509 -req -in "$dir/staging.csr" -CA "$LAB_KEYS/ca/ca.pem" -CAkey "$LAB_KEYS/ca/ca.key" -days 3650 -out "$dir/staging.pem" \
        -extfile <(printf 'subjectAltName=DNS:%s\n' "$LAB_STAGING_NAME") 2>/dev/null
    cat >"$dir/staging.conf" <<EOF
worker_processes 1;
user root;
pid $dir/staging.pid;
error_log $dir/staging.log;
events { worker_connections 64; }
http {
    access_log $dir/staging-access.log;
    client_body_temp_path $dir/body;
    proxy_temp_path $dir/proxy;
    fastcgi_temp_path $dir/fastcgi;
    uwsgi_temp_path $dir/uwsgi;
    scgi_temp_path $dir/scgi;
    server {
        listen 443 ssl;
        listen [::]:443 ssl;
        ssl_certificate $dir/staging.pem;
        ssl_certificate_key $dir/staging.key;
        proxy_set_header Host \$host;
        location = /directory { proxy_pass https://127.0.0.1:14000/dir; }
        location / { proxy_pass https://127.0.0.1:14000; }
    }
}
EOF
    spawn ca staging nginx -c "$dir/staging.conf" -e "$dir/staging.log" -g 'daemon off;'
}

start_ca() {
    local dir=$LAB_STATE/ca
    make_acme_server_certificate
    make_home_ca
    mkdir -p "$dir"
    cat >"$dir/pebble.json" <<EOF
{ "pebble": {
    "listenAddress": "[::]:14000", "managementListenAddress": "[::]:15000",
    "certificate": "$LAB_KEYS/ca/server.pem", "privateKey": "$LAB_KEYS/ca/server.key",
    "httpPort": 80, "tlsPort": 443, "ocspResponderURL": "", "externalAccountBindingRequired": false } }
EOF
    # A validation that sees yesterday's TXT record would make a second certificate fail.
    resolver_conf "$dir" 'interface: 127.0.0.1' 'cache-max-ttl: 0' 'cache-max-negative-ttl: 0' >"$dir/unbound.conf"
    spawn ca ca-unbound unbound -d -c "$dir/unbound.conf"
    spawn ca pebble env PEBBLE_VA_NOSLEEP=1 "PEBBLE_WFE_NONCEREJECT=${LAB_NONCE_REJECT:-0}" PEBBLE_AUTHZREUSE=0 \
        pebble -config "$dir/pebble.json" -dnsserver 127.0.0.1:53
    start_staging
    spawn ca ip-echo /usr/bin/python3 "$LAB_DIR/helpers/webapp.py" 80
}

fetch_acme_root() {
    in_node ca curl -fsS --cacert "$LAB_KEYS/ca/ca.pem" -o "$LAB_STATE/ca/root.pem" \
        --resolve "$LAB_ACME_NAME:15000:127.0.0.1" "https://$LAB_ACME_NAME:15000/roots/0"
}

# Puts the lab's CAs among the trusted ones of a folder that looks like /etc/ssl.
trust_in() {
    local ssl=$1 name hash
    for name in lab-infrastructure:"$LAB_KEYS/ca/ca.pem" lab-home:"$LAB_KEYS/home-ca/root.pem" lab-acme-root:"$LAB_STATE/ca/root.pem"; do
        install -m 644 "${name#*:}" "$ssl/certs/${name%%:*}.pem"
        hash=$(openssl x509 -noout -hash -in "${name#*:}")
        ln -sfn "${name%%:*}.pem" "$ssl/certs/$hash.0"
        cat "${name#*:}" >>"$ssl/certs/ca-certificates.crt"
    done
}

# The nodes' /etc/ssl: a copy of the machine's own, to which the lab's CAs are added when they are known.
copy_trust() {
    mkdir -p "$LAB_STATE/ssl"
    cp -a /etc/ssl/. "$LAB_STATE/ssl/"
    cp --remove-destination -L /etc/ssl/certs/ca-certificates.crt "$LAB_CA_BUNDLE"
}
