# shellcheck shell=bash
# A user of Sixgate in the lab: the site file, the secrets, the program in a node. For scripts beside `lab`;
# they set LAB (the lab's command) and SIXGATECTL (the program) before they read this file.

lab() { "$LAB" "$@"; }
load_lab() {
    local lines
    lines=$(lab env) || return 1
    eval "$lines"
}

# The folder in which sixgatectl of a node keeps its site file; its default place.
site_folder() { printf '%s/nodes/%s/config/sixgate\n' "$LAB_STATE" "$1"; }

# Writes a node's site file and secrets for the lab: write_site NODE [JQ-FILTER]
write_site() {
    local node=$1 dir
    dir=$(site_folder "$node")
    mkdir -p "$dir/secrets"
    chmod 700 "$dir" "$dir/secrets"
    jq -n --arg ns "ns1.$LAB_ZONE" '{
        schema: 1,
        name: "home",
        servers: [{name: "nas", address: {from: "interface-id", interfaceId: env.LAB_SERVER_IID}}],
        dns: [{
            name: "main", kind: "rfc2136", zone: env.LAB_ZONE, server: $ns, ttl: 5,
            key: {name: env.LAB_TSIG_NAME, algorithm: env.LAB_TSIG_ALGORITHM},
            acmeKey: {name: env.LAB_ACME_TSIG_NAME, algorithm: env.LAB_ACME_TSIG_ALGORITHM}
        }],
        vps: [{
            name: "vps", host: env.LAB_VPS_NAME,
            ssh: {user: "root", keyFile: env.LAB_SSH_KEY, hostKeys: [env.LAB_VPS_HOSTKEY_ED25519]},
            acme: {directory: env.LAB_ACME_DIRECTORY, agreeToTerms: true, propagationSeconds: 2}
        }],
        services: [{name: "cloud", publicNames: [env.LAB_PUBLIC_NAME], upstreamName: env.LAB_UPSTREAM_NAME, server: "nas"}]
    }' | jq "${2:-.}" >"$dir/site.new" || return 1
    chmod 600 "$dir/site.new"
    mv "$dir/site.new" "$dir/site.json"
    install -m 600 "$LAB_TSIG_FILE" "$dir/secrets/dns.main.key"
    install -m 600 "$LAB_ACME_TSIG_FILE" "$dir/secrets/dns.main.acme-key"
}

# Forgets what the program of a node remembers.
forget_state() { rm -rf "$LAB_STATE/nodes/$1"/{config/sixgate,data/sixgate,state/sixgate,cache/sixgate}; }

# Runs the program in a node: sixgate NODE ARGUMENT…
sixgate() {
    local node=$1
    shift
    lab exec "$node" "$SIXGATECTL" --secrets "dir:$(site_folder "$node")/secrets" "$@"
}

# A visitor's look at a page: visit NODE CURL-ARGUMENT… PATH; certificates are checked as by a browser.
visit() {
    local node=$1
    lab exec "$node" curl -sS --max-time 20 "${@:2:$#-2}" "https://$LAB_PUBLIC_NAME${*: -1}"
}

# The page on which every visitor is to find the home.
LAB_HOME_MARKER=sixgate-lab-home-page

# `check --json` on standard input as a table.
check_table() {
    jq -r '["path", "from", "state", "time", "what failed"],
        (.paths[] | [
            "\(.number) \({v4: "IPv4 through the VPS", upstream: "VPS to the home", v6: "IPv6 to the home", lan: "in the LAN"}[.path])",
            .vantage, .state, "\(.tookMs) ms",
            (if .state == "works" then "" else "\(.failedStep // "?"): \(.error.summary // "?")" end)
        ]) | @tsv' | awk -F '\t' '
        { for (i = 1; i <= NF; i++) { cell[NR, i] = $i; if (i < NF && length($i) > width[i]) width[i] = length($i) } }
        END {
            for (row = 1; row <= NR; row++) {
                line = "  "
                for (i = 1; i < 5; i++) line = line sprintf("%-" width[i] + 2 "s", cell[row, i])
                line = line cell[row, 5]; sub(/ +$/, "", line); print line
            }
        }'
}
