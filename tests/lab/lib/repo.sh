# shellcheck shell=bash
# Caches: packages on this machine, the VPS's base image, a package repository for the offline VPS.

# The VPS's Debian release: as asked for, else the one that the lab was started with.
LAB_SUITE=${SIXGATE_LAB_SUITE:-}
[ -n "$LAB_SUITE" ] || read -r LAB_SUITE 2>/dev/null <"$LAB_STATE/suite" || LAB_SUITE=bookworm
[[ $LAB_SUITE =~ ^[a-z]+$ ]] || die 'SIXGATE_LAB_SUITE is the name of a Debian release, as bookworm or trixie'
LAB_BASE=$LAB_CACHE/vps-$LAB_SUITE
LAB_REPO=$LAB_CACHE/repo-$LAB_SUITE
# What a bare VPS image of a provider has. It stays lean: no curl, wget, nft, python3.
LAB_BASE_PACKAGES=systemd,systemd-sysv,dbus,openssh-server,sudo,ca-certificates,iproute2,iputils-ping,openssl,procps,kmod,netbase,less,cron,logrotate
# What may be installed on it; the repository holds these and all they depend on.
LAB_REPO_PACKAGES='apache2 ssl-cert certbot python3-certbot-dns-rfc2136 python3-certbot-apache python3-certbot-dns-standalone libio-socket-ssl-perl
nginx libnginx-mod-stream haproxy caddy ufw nftables curl unattended-upgrades sudo'
# The same for programs of which a machine has one.
LAB_REPO_MAILERS='postfix exim4-daemon-light'

# This machine's own package sources for the VPS's release, one a line. Where it has none: those for its own release,
# with the name of the VPS's in its place (Debian's mirrors hold all releases).
package_sources() {
    local own
    own=$(. /etc/os-release && printf '%s' "$VERSION_CODENAME")
    apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' |
        awk -v wanted="$LAB_SUITE" -v own="$own" '
            $3 != "main" || $2 ~ /-backports/ { next }
            $2 ~ "^" wanted "(-|$)" { configured[$0] }
            $2 ~ "^" own "(-|$)" { sub("^" own, wanted, $2); derived[$0] }
            END {
                for (line in configured) found = print_source(line)
                if (!found) for (line in derived) print_source(line)
            }
            function print_source(line) { print "deb", line; return 1 }' | sort
}

need_package_lists() {
    [ -n "$(package_sources)" ] || apt-get update -qq
    [ -n "$(package_sources)" ] || die "this machine has no package source for $LAB_SUITE"
}

# A cache is good when its stamp says what it was made from.
stamped() { [ "$(cat "$1/.stamp" 2>/dev/null)" = "$2" ]; }
base_stamp() { printf '5 %s %s\n' "$LAB_SUITE" "$LAB_BASE_PACKAGES"; }
repo_stamp() { printf '3 %s %s %s\n' "$LAB_SUITE" "$(echo $LAB_REPO_PACKAGES)" "$LAB_REPO_MAILERS"; }

base_filled() { stamped "$LAB_BASE.info" "$(base_stamp)" && [ -d "$LAB_BASE" ]; }
repo_filled() { stamped "$LAB_REPO" "$(repo_stamp)"; }
caches_filled() { base_filled && repo_filled; }

build_base() {
    ! base_filled || return 0
    say "building the VPS's base image"
    need_package_lists
    rm -rf --one-file-system "$LAB_BASE" "$LAB_BASE.new" "$LAB_BASE.info"
    mkdir -p "$LAB_BASE.info"
    apt-config dump | grep -E '^Acquire::(http|https|ftp|Check)' >"$LAB_CACHE/apt.conf" || true
    # What it mounts is gone with it, however it ends.
    package_sources | unshare --mount --propagation private mmdebstrap --quiet --variant=minbase --aptopt="$LAB_CACHE/apt.conf" --include="$LAB_BASE_PACKAGES" \
        "$LAB_SUITE" "$LAB_BASE.new" - >"$LAB_CACHE/base.log" 2>&1 || die "mmdebstrap failed, see $LAB_CACHE/base.log"
    base_settings "$LAB_BASE.new"
    mv "$LAB_BASE.new" "$LAB_BASE"
    base_stamp >"$LAB_BASE.info/.stamp"
}

# The same for every VPS; what differs is written at its start.
base_settings() {
    local root=$1 unit
    rm -f "$root"/etc/ssh/ssh_host_* "$root"/etc/apt/sources.list.d/* "$root"/etc/apt/apt.conf.d/99mmdebstrap
    echo 'deb [trusted=yes] file:/srv/repo ./' >"$root/etc/apt/sources.list"
    mkdir -p "$root/srv/repo"
    : >"$root/etc/machine-id"
    echo 'LANG=C.UTF-8' >"$root/etc/default/locale"
    for unit in console-getty.service getty.target getty@.service systemd-logind.service apt-daily.timer apt-daily-upgrade.timer systemd-networkd.service \
        systemd-timesyncd.service systemd-udevd.service; do
        ln -sfn /dev/null "$root/etc/systemd/system/$unit"
    done
}

# Downloads the wanted packages with their dependencies as if nothing were installed. The lists of packages are its own:
# this machine may know another release only, and stays as it is.
build_repo() {
    ! repo_filled || return 0
    say "filling the VPS's package repository"
    need_package_lists
    rm -rf --one-file-system "$LAB_REPO" "$LAB_REPO.new"
    mkdir -p "$LAB_REPO.new"/{pool,apt/lists/partial,apt/archives/partial}
    : >"$LAB_REPO.new/apt/status"
    package_sources >"$LAB_REPO.new/apt/sources.list"
    (cd "$LAB_REPO.new" && fill_repo) >"$LAB_CACHE/repo.log" 2>&1 || die "filling the repository failed, see $LAB_CACHE/repo.log"
    repo_stamp >"$LAB_REPO.new/.stamp"
    chmod -R a+rX "$LAB_REPO.new"
    mv "$LAB_REPO.new" "$LAB_REPO"
}

fill_repo() {
    local private=(-o Dir::State="$PWD/apt" -o Dir::State::status="$PWD/apt/status" -o Dir::Cache="$PWD/apt"
        -o Dir::Etc::SourceList="$PWD/apt/sources.list" -o Dir::Etc::SourceParts=/dev/null -o APT::Sandbox::User=root)
    local packages
    apt-get -qq "${private[@]}" update || return
    for packages in "$LAB_REPO_PACKAGES" $LAB_REPO_MAILERS; do
        # shellcheck disable=SC2086  # one word per package
        apt-get -qq -y "${private[@]}" --no-install-recommends --download-only install $packages || return
    done
    find apt/archives -name '*.deb' -exec mv -t pool {} + &&
        rm -rf apt &&
        apt-ftparchive packages pool >Packages &&
        gzip -k Packages &&
        apt-ftparchive -o APT::FTPArchive::Release::Suite="$LAB_SUITE" release . >../Release.new &&
        mv ../Release.new Release
}

# The caches belong to all labs of this machine. Programs started here keep both locks while they
# run, so a call that follows a killed one waits until nobody writes any more.
prepare() {
    "$LAB_DIR/../../installer/setup" "$LAB_DIR/packages.txt" 9>&-
    mkdir -p "$LAB_CACHE"
    exec 8>"$LAB_CACHE/lock"
    flock -w 900 8 || die 'another call is filling the caches and does not end'
    build_base
    build_repo
    exec 8>&-
}
