# shellcheck shell=bash
# Faults of the home server's web server: what nginx_conf in home.sh asks for, and its start with the new answers.

web_port() { if fault_on wrong-port; then echo 8443; else echo 443; fi; }
web_tls() { fault_on tls-garbage || echo ' ssl http2'; }

# What the site is while a fault is on, instead of its usual content.
fault_page() {
    local slow=$LAB_STATE/server/slow.sock
    if fault_on wrong-vhost-421; then
        echo '        location / { return 421; }'
    elif fault_on default-page; then
        echo '        location / { root /usr/share/nginx/html; index index.html; }'
    elif fault_on app-500; then
        echo '        location / { return 500; }'
    elif fault_on app-loop; then
        # shellcheck disable=SC2016  # variables of nginx
        echo '        location / { return 301 https://$host$request_uri; }'
    elif fault_on app-slow; then
        echo "        location / { proxy_pass http://unix:$slow; proxy_read_timeout 300s; }"
    else
        return 1
    fi
}

# The folder of the certificate that a fault puts in the place of the usual one.
fault_certificate() {
    local dir
    for dir in "$LAB_STATE"/faults/home-cert-*; do
        if [ -e "$dir/fullchain.pem" ] && fault_on "${dir##*/}"; then
            echo "$dir"
            return
        fi
    done
    return 1
}

# A start, not a reload: an old worker would go on with the answers of before for those who are connected.
web_again() {
    stop_recorded nginx
    nginx_conf >"$LAB_STATE/server/nginx.conf"
    ! fault_on web-off || return 0
    spawn_web
    wait_for 5 'the home server to listen' web_listens
}
web_listens() { in_node server ss -Hltn "sport = :$(web_port)" | grep -q .; }

web_on() {
    if [ "$FAULT" = app-slow ] && ! recorded_pid slow-app >/dev/null; then
        spawn server slow-app /usr/bin/python3 "$LAB_DIR/helpers/slowapp.py" "$LAB_STATE/server/slow.sock" 30
    fi
    web_again
}
web_off() {
    web_again
    [ "$FAULT" != app-slow ] || stop_recorded slow-app
}

home_cert_on() {
    local names=$LAB_PUBLIC_NAME,$LAB_SECOND_NAME
    # Each time another key, as from a server that was set up anew.
    rm -f "$KEPT"/*.pem
    case $FAULT in
    home-cert-expired) mint_certificate "$KEPT" "$names" '100 days ago' '10 days ago' ;;
    home-cert-not-yet) mint_certificate "$KEPT" "$names" '10 days' '100 days' ;;
    home-cert-expiring) mint_certificate "$KEPT" "$names" '85 days ago' '5 days 6 hours' ;;
    home-cert-wrong-name) mint_certificate "$KEPT" "other.$LAB_ZONE" '1 day ago' '90 days' ;;
    home-cert-incomplete)
        mint_certificate "$KEPT" "$names" '1 day ago' '90 days'
        cp "$KEPT/cert.pem" "$KEPT/fullchain.pem"
        ;;
    home-cert-untrusted)
        make_other_ca
        mint_certificate "$KEPT" "$names" '1 day ago' '90 days' other-ca
        ;;
    home-cert-self-signed | home-cert-other-key)
        openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$KEPT/privkey.pem" -out "$KEPT/fullchain.pem" \
            -days 365 -subj "/CN=$LAB_PUBLIC_NAME" -addext "subjectAltName=DNS:$LAB_PUBLIC_NAME" 2>/dev/null
        ;;
    esac
    web_again
}
home_cert_off() { web_again; }
