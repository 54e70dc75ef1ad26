# shellcheck shell=bash
# A firewall on a machine that lets SSH in and nothing else: `lab vps firewall`.

# Where the file is kept that Debian's package brought: beside the machine's disk, and gone with it.
nftables_conf_before() {
    local root
    root=$(disk_root "$1") && printf '%s/nftables.conf\n' "${root%/*}"
}

set_firewall() {
    local node=$1 what=${2-}
    case $what in ufw | nftables | off) ;; *) die 'usage: lab vps firewall ufw|nftables|off' ;; esac
    { firewall_off "$node" && { [ "$what" = off ] || "${what}_on" "$node"; }; } >>"$LAB_STATE/log/$node-firewall.log" 2>&1 ||
        die "that failed, see $LAB_STATE/log/$node-firewall.log"
    say "$node: firewall $what"
}

install_on() {
    local node=$1
    shift
    in_vps "$node" env DEBIAN_FRONTEND=noninteractive sh -c 'apt-get -q update && apt-get -q -y --no-install-recommends install "$@"' sh "$@" </dev/null
}

ufw_on() {
    install_on "$1" ufw &&
        in_vps "$1" ufw default deny incoming &&
        in_vps "$1" ufw allow 22/tcp &&
        in_vps "$1" ufw --force enable
}

nftables_on() {
    local root before
    before=$(nftables_conf_before "$1")
    install_on "$1" nftables || return
    root=$(machine_root "$1")
    [ -e "$before" ] || cp -p "$root/etc/nftables.conf" "$before" || return
    cat >"$root/etc/nftables.conf" <<'END'
#!/usr/sbin/nft -f

flush ruleset

table inet filter {
	chain input {
		type filter hook input priority filter; policy drop;

		# accept any localhost traffic
		iif lo accept

		# accept traffic originated from us
		ct state established,related accept

		# neighbour discovery and error messages
		meta l4proto ipv6-icmp accept

		tcp dport 22 ct state new accept
	}
	chain forward {
		type filter hook forward priority filter; policy drop;
	}
	chain output {
		type filter hook output priority filter;
	}
}
END
    in_vps "$1" systemctl enable nftables && in_vps "$1" systemctl restart nftables
}

# Whichever is on; the packages stay.
firewall_off() {
    local root before
    root=$(machine_root "$1") before=$(nftables_conf_before "$1")
    if grep -qsx ENABLED=yes "$root/etc/ufw/ufw.conf"; then
        in_vps "$1" ufw disable && in_vps "$1" ufw --force delete allow 22/tcp || return
    fi
    if [ -e "$before" ]; then
        in_vps "$1" systemctl disable --now nftables && cp -p "$before" "$root/etc/nftables.conf" && rm "$before" || return
    fi
}
