# shellcheck shell=bash
# Who may log in at a machine, and how: `lab vps login`.

make_login_secrets() {
    mkdir -p -m 700 "$LAB_KEYS/ssh"
    make_ssh_key ed25519 sixgate-lab "$LAB_KEYS/ssh/id_ed25519"
    make_ssh_key ecdsa sixgate-lab-ecdsa "$LAB_KEYS/ssh/id_ecdsa"
    # With all that goes wrong where a password is not quoted, or not UTF-8.
    make_password "$LAB_KEYS/vps-password" " ü\"'\$"
    make_password "$LAB_KEYS/ssh-passphrase" ' ß$'
    make_locked_key "$LAB_KEYS/ssh/id_locked" "$LAB_KEYS/ssh-passphrase"
}

# A random password around some characters, once: make_password FILE CHARACTERS
make_password() {
    [ ! -s "$1" ] || return 0
    (
        umask 077
        printf '%s%s%s' "$(openssl rand -hex 6)" "$2" "$(openssl rand -hex 6)" >"$1.new"
        mv "$1.new" "$1"
    )
}

# A key with a passphrase, which ssh-keygen asks for: on its command line others would see it.
make_locked_key() {
    [ ! -s "$1.pub" ] || return 0
    rm -f "$1"
    SSH_ASKPASS=$LAB_DIR/helpers/askpass SSH_ASKPASS_REQUIRE=force LAB_ASKPASS_FILE=$2 \
        ssh-keygen -q -t ed25519 -C sixgate-lab-locked -f "$1" </dev/null
}

# Lets in one user in one way, and nobody else: set_login MACHINE root|sudo|sudo-nopasswd [key|password|keyboard-interactive]
set_login() {
    local node=$1 who=${2-} how=${3:-key} password
    case $who in root | sudo | sudo-nopasswd) ;; *) die 'usage: lab vps login root|sudo|sudo-nopasswd [key|password|keyboard-interactive]' ;; esac
    case $how in key | password | keyboard-interactive) ;; *) die 'the second word is key, password or keyboard-interactive' ;; esac
    make_login_secrets
    # shellcheck disable=SC2016  # expanded on the machine
    cat "$LAB_KEYS"/ssh/id_*.pub | in_vps "$node" sh -ec '
        who=$1 how=$2
        id ada >/dev/null 2>&1 || useradd --create-home --shell /bin/bash ada
        mkdir -p -m 700 /root/.ssh /home/ada/.ssh
        cat >/root/.ssh/authorized_keys
        cp /root/.ssh/authorized_keys /home/ada/.ssh/
        chmod 600 /root/.ssh/authorized_keys /home/ada/.ssh/authorized_keys
        chown -R ada: /home/ada/.ssh

        # Nothing that sudo remembers: it asks again.
        rm -rf /etc/sudoers.d/90-ada /run/sudo/ts/ada
        case $who in
        root) usermod --groups "" ada ;;
        *) usermod --groups sudo ada ;;
        esac
        [ "$who" != sudo-nopasswd ] || (umask 337 && echo "ada ALL=(ALL:ALL) NOPASSWD: ALL" >/etc/sudoers.d/90-ada)

        root=no key=no password=no interactive=no others=
        case $who in root) root=yes others="DenyUsers ada" ;; esac
        case $how in key) key=yes ;; password) password=yes ;; keyboard-interactive) interactive=yes ;; esac
        cat >/etc/ssh/sshd_config.d/10-login.conf <<END
PermitRootLogin $root
PubkeyAuthentication $key
PasswordAuthentication $password
KbdInteractiveAuthentication $interactive
UsePAM yes
$others
END
        sshd -t' sh "$who" "$how"
    password=$(cat "$LAB_KEYS/vps-password")
    printf '%s\n' "root:$password" "ada:$password" | in_vps "$node" chpasswd
    # A restart, and not a reload: when it has ended, the new settings are in force. Open sessions stay.
    in_vps "$node" sh -c 'systemctl reset-failed ssh; systemctl restart ssh'
    wait_for 10 "$node to answer on port 22" vps_answers "$node"
    say "$node lets in $(if [ "$who" = root ]; then echo root; else echo "ada ($who)"; fi) by $how"
}
