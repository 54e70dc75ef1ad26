# shellcheck shell=bash
# Faults of the VPS and of what runs on it.

on_vps() { in_vps vps sh -ec "$@"; }

# Keeps files of the VPS: keep_vps_files PATH… (below its root, no slash before it); give_back_vps_files puts them back.
keep_vps_files() {
    local root
    [ ! -e "$KEPT/files.tar" ] || return 0
    root=$(machine_root vps)
    tar -C "${root:?}/" --numeric-owner -cpf "$KEPT/files.new" -- "$@"
    mv "$KEPT/files.new" "$KEPT/files.tar"
}
give_back_vps_files() {
    local root
    root=$(machine_root vps)
    [ ! -e "$KEPT/files.tar" ] || tar -C "${root:?}/" --numeric-owner --overwrite -xpf "$KEPT/files.tar"
}

# --- the machine -----------------------------------------------------------------------------

vps_power_on() {
    [ -e "$KEPT/proxy" ] || ! reaches phone "$LAB_VPS4" 443 || touch "$KEPT/proxy"
    power_off vps
}
vps_power_off() {
    power_on vps
    # The proxy starts with the machine, after SSH.
    [ ! -e "$KEPT/proxy" ] || wait_for 20 "the VPS's proxy" reaches phone "$LAB_VPS4" 443
}

vps_no_ipv6_on() {
    keep_records "$LAB_VPS_NAME/AAAA"
    lines_for 60 "$LAB_VPS_NAME" AAAA | zone_update
    flush_resolvers
    ip -n "$NETNS"vps -6 address flush dev eth0 scope global
    ip -n "$NETNS"vps -6 route flush default
}
vps_no_ipv6_off() {
    local _ v6 gw6
    read -r _ _ _ v6 gw6 < <(wan_node_line vps)
    ip -n "$NETNS"vps -6 address replace "$v6" dev eth0 nodad
    ip -n "$NETNS"vps -6 route replace default via "$gw6"
    records_off
}

# The first time it installs a package, which stays.
vps_firewall_on() {
    local root
    root=$(machine_root vps)
    if [ ! -e "$KEPT/mine" ]; then
        if grep -qsx ENABLED=yes "$root/etc/ufw/ufw.conf" || [ -e "$(nftables_conf_before vps)" ]; then
            die 'the VPS has a firewall already (lab vps firewall)'
        fi
        touch "$KEPT/mine"
    fi
    set_firewall vps nftables
}
vps_firewall_off() { [ ! -e "$KEPT/mine" ] || set_firewall vps off; }

# --- SSH -------------------------------------------------------------------------------------

ssh_off_on() { on_vps 'systemctl stop ssh.socket ssh.service'; }
ssh_off_off() {
    on_vps 'systemctl reset-failed ssh || true; systemctl start ssh'
    wait_for 10 'the VPS to answer on port 22' vps_answers
}

ssh_login_on() {
    local root file
    root=$(machine_root vps)
    # shellcheck disable=SC2046  # paths without blanks
    keep_vps_files $(cd "$root/" && find root/.ssh home/*/.ssh -maxdepth 1 -name 'authorized_keys*' -type f 2>/dev/null)
    for file in $(tar -tf "$KEPT/files.tar"); do : >"$root/$file"; done
}
ssh_login_off() { give_back_vps_files; }

ssh_key_on() {
    local type dir=$LAB_KEYS/fault-host root
    root=$(machine_root vps)
    keep_vps_files etc/ssh/ssh_host_{ed25519,ecdsa,rsa}_key{,.pub}
    mkdir -p "$dir"
    for type in ed25519 ecdsa rsa; do
        make_ssh_key $type root@vps "$dir/ssh_host_${type}_key"
    done
    install -m 600 "$dir"/ssh_host_*_key "$root/etc/ssh/"
    install -m 644 "$dir"/ssh_host_*_key.pub "$root/etc/ssh/"
    ssh_again
}
ssh_key_off() {
    give_back_vps_files
    ssh_again
}
ssh_again() {
    on_vps 'systemctl reset-failed ssh || true; systemctl restart ssh'
    wait_for 10 'the VPS to answer on port 22' vps_answers
}

# --- the proxy -------------------------------------------------------------------------------

# A start, not a reload: its old processes would answer those who are connected as before.
# Killed, since its own way to stop waits for requests that nobody answers.
apache_again() { on_vps 'systemctl kill --signal=KILL apache2 || true; systemctl reset-failed apache2 || true; systemctl restart apache2'; }

proxy_off_on() { on_vps 'systemctl stop apache2'; }
proxy_off_off() { on_vps 'systemctl reset-failed apache2 || true; systemctl start apache2'; }

# A site that somebody has set up for the same name, and that comes first.
LAB_OTHER_SITE=etc/apache2/sites-enabled/000-other.conf
proxy_other_site_on() {
    local root live
    root=$(machine_root vps)
    live=$(vps_lineages | head -n 1)
    [ -n "$live" ] || die 'the VPS has no certificate yet'
    mkdir -p "$root/var/www/other"
    echo '<!doctype html><title>Another site</title><p>This is another site.</p>' >"$root/var/www/other/index.html"
    cat >"$root/$LAB_OTHER_SITE" <<EOF
<VirtualHost *:80>
    ServerName $LAB_PUBLIC_NAME
    DocumentRoot /var/www/other
</VirtualHost>
<VirtualHost *:443>
    ServerName $LAB_PUBLIC_NAME
    DocumentRoot /var/www/other
    SSLEngine on
    SSLCertificateFile /etc/letsencrypt/live/$live/fullchain.pem
    SSLCertificateKeyFile /etc/letsencrypt/live/$live/privkey.pem
</VirtualHost>
EOF
    apache_again
}
proxy_other_site_off() {
    local root
    root=$(machine_root vps)
    rm -rf "${root:?}/$LAB_OTHER_SITE" "${root:?}/var/www/other"
    apache_again
}

# Apache was started when its file named the home by an address; the file is the right one again, but nobody has told
# Apache: a reload cures it. (What it looks up itself it does not hold on to: Apache 2.4.71 asks again when nobody answers.)
proxy_old_on() {
    local root file files
    root=$(machine_root vps)
    files=$(cd "$root/" && grep -ls "https://${LAB_UPSTREAM_NAME}[:/]" etc/sixgate/current/apache/*) || die 'no proxy of Sixgate leads home from the VPS'
    # shellcheck disable=SC2086  # paths without blanks
    keep_vps_files $files
    for file in $(tar -tf "$KEPT/files.tar"); do sed -i "s,https://$LAB_UPSTREAM_NAME\([:/]\),https://[$(earlier_address)]\1," "$root/$file"; done
    apache_again
    give_back_vps_files
    # What is deployed from now on stays.
    rm "$KEPT/files.tar"
}
proxy_old_off() {
    give_back_vps_files
    apache_again
}

# Names of certbot's certificates on the VPS.
vps_lineages() {
    local root file
    root=$(machine_root vps)
    for file in "$root"/etc/letsencrypt/live/*/fullchain.pem; do
        [ ! -L "$file" ] || basename "${file%/*}"
    done
}
# In the files of certbot's latest version, so that `certbot renew` finds them, and can write another one.
vps_cert_on() {
    local root live archive file number names from='85 days ago' until='5 days 6 hours'
    [ "$FAULT" = vps-cert-expiring ] || from='100 days ago' until='10 days ago'
    root=$(machine_root vps)
    [ -n "$(vps_lineages)" ] || die 'the VPS has no certificate yet'
    archive=etc/letsencrypt/archive
    keep_vps_files "$archive"
    for live in $(vps_lineages); do
        number=$(basename "$(readlink "$root/etc/letsencrypt/live/$live/cert.pem")" .pem)
        number=${number#cert}
        names=$(openssl x509 -in "$root/$archive/$live/cert$number.pem" -noout -ext subjectAltName | sed -n 's/ *DNS://gp')
        rm -rf "$KEPT/new"
        mkdir -m 700 "$KEPT/new"
        cp "$root/$archive/$live/privkey$number.pem" "$KEPT/new/privkey.pem"
        mint_certificate "$KEPT/new" "$names" "$from" "$until"
        for file in cert chain fullchain; do cat "$KEPT/new/$file.pem" >"$root/$archive/$live/$file$number.pem"; done
    done
    apache_again
}
vps_cert_off() {
    give_back_vps_files
    apache_again
}
