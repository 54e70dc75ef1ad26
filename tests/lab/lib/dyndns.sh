# shellcheck shell=bash
# A provider of dynamic DNS as ddclient, inadyn and routers know it ("dyndns2"): `lab dyndns on [TTL [NAME]]|off`. HTTPS in the
# node dns; it sets A and AAAA in the zone with a key of its own.

LAB_DYNDNS_HOST=dyndns.$LAB_INFRA_ZONE
LAB_DYNDNS_USER=home
LAB_DYNDNS_PASSWORD_FILE=$LAB_KEYS/dyndns-password

set_dyndns() {
    local dir=$LAB_STATE/dyndns
    case ${1-} in
    on)
        [[ ${2-60} =~ ^[0-9]+$ ]] || die 'usage: lab dyndns on [TTL [NAME]]|off'
        stop_recorded dyndns
        mkdir -p "$dir"
        [ -s "$LAB_DYNDNS_PASSWORD_FILE" ] || (umask 077 && openssl rand -hex 12 | tr -d '\n' >"$LAB_DYNDNS_PASSWORD_FILE")
        [ -s "$dir/fullchain.pem" ] || mint_certificate "$dir" "$LAB_DYNDNS_HOST" '1 day ago' '90 days'
        spawn dns dyndns /usr/bin/python3 "$LAB_DIR/helpers/dyndns.py" "$dir" "$LAB_DYNDNS_USER" "$LAB_DYNDNS_PASSWORD_FILE" \
            "$LAB_ZONE" "$LAB_NS4" "$LAB_KEYS/tsig/dyndns-key.conf" "${2-60}" ${3+"$3"}
        wait_for 10 'the provider to listen' dyndns_listens
        say "https://$LAB_DYNDNS_HOST/nic/update sets addresses with a time to live of ${2-60} s"
        ;;
    off)
        stop_recorded dyndns
        say 'no provider of dynamic DNS'
        ;;
    *) die 'usage: lab dyndns on [TTL [NAME]]|off' ;;
    esac
}
dyndns_listens() { in_node dns ss -Hltn 'sport = :443' | grep -q .; }
