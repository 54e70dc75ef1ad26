# shellcheck shell=bash
# Many services on several home servers, for measurements: addresses, a certificate for all names, records, and on the
# VPS certificates as certbot would have left them, so that a deployment needs not get each one.

# Names s1, s2 … of the zone; upstream names h1, h2 …; the home servers' interface identifiers ::41, ::42 …
crowd_identifier() { printf '::4%x\n' "$1"; }
crowd_address() { printf '%s4%x\n' "$(current_prefix)" "$1"; }

# lab crowd SERVICES SERVERS, after one deployment of one service
crowd() {
    local services=$1 servers=$2 i dir=$LAB_STATE/server/self-signed
    [ "$servers" -le 15 ] || die 'at most 15 servers'
    for ((i = 1; i <= servers; i++)); do ip -n "$NETNS"server -6 address replace "$(crowd_address "$i")/64" dev eth0 nodad; done
    in_node router nft insert rule inet home through iifname wan ip6 daddr "$(current_prefix)/64" tcp dport 443 accept
    mkdir -p -m 700 "$dir"
    mint_certificate "$dir" "*.$LAB_ZONE" '1 day ago' '80 days'
    restart_nginx
    {
        for ((i = 1; i <= servers; i++)); do printf 'update add h%d.%s 5 AAAA %s\n' "$i" "$LAB_ZONE" "$(crowd_address "$i")"; done
        for ((i = 1; i <= services; i++)); do
            printf 'update add s%d.%s 5 A %s\n' "$i" "$LAB_ZONE" "$LAB_VPS4"
            printf 'update add s%d.%s 5 AAAA %s\n' "$i" "$LAB_ZONE" "$(crowd_address $(((i - 1) % servers + 1)))"
        done
    } | while mapfile -t -n 200 lines && [ ${#lines[@]} -gt 0 ]; do
        printf '%s\n' "${lines[@]}" | zone_update
    done
    crowd_lineages "$services"
    flush_resolvers
    say "$services services on $servers servers"
}

# Lineages like the first one that is there.
crowd_lineages() {
    local services=$1 root etc first work ca i name file
    root=$(machine_root vps)
    etc=$root/etc/letsencrypt
    first=$(find "$etc/live" -mindepth 1 -maxdepth 1 -type d -printf '%f\n' | head -n 1)
    [ -n "$first" ] || die 'the VPS has no certificate yet'
    work=$LAB_STATE/crowd
    rm -rf "$work"
    mkdir -m 700 "$work"
    ca=$LAB_KEYS/home-ca
    openssl ecparam -name prime256v1 -genkey -noout -out "$work/privkey.pem"
    openssl pkey -in "$work/privkey.pem" -pubout -out "$work/public.pem"
    cp "$ca/intermediate.pem" "$work/chain.pem"
    for ((i = 1; i <= services; i++)); do
        name=s$i
        [ ! -e "$etc/live/$name" ] || continue
        printf 'subjectAltName = DNS:%s\n' "$name.$LAB_ZONE" >"$work/extensions"
        openssl x509 -new -force_pubkey "$work/public.pem" -subj "/CN=$name.$LAB_ZONE" -extfile "$work/extensions" -days 80 \
            -CA "$ca/intermediate.pem" -CAkey "$ca/intermediate.key" -out "$work/cert.pem" 2>/dev/null || die "no certificate for $name"
        cat "$work/cert.pem" "$work/chain.pem" >"$work/fullchain.pem"
        mkdir -p -m 700 "$etc/archive/$name" "$etc/live/$name"
        for file in privkey cert chain fullchain; do
            install -m 600 "$work/$file.pem" "$etc/archive/$name/${file}1.pem"
            ln -sfn "../../archive/$name/${file}1.pem" "$etc/live/$name/$file.pem"
        done
        sed "s,/$first/,/$name/,g; s,/$first\$,/$name,; s/$first\.$LAB_ZONE/$name.$LAB_ZONE/g" "$etc/renewal/$first.conf" >"$etc/renewal/$name.conf"
    done
    rm -rf "$work"
}
