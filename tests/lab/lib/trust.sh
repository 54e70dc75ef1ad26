# shellcheck shell=bash
# Parts of tests/lab/logins: precise refusals, first contact, keys that come and go, uploads that are cut off, leaks that are
# planted.

site_file() { printf '%s/site.json\n' "$(site_folder desktop)"; }
pinned() { jq -r '.vps[0].ssh.hostKeys | join(" ")' "$(site_file)"; }
# The typed pin of a host key: host_key TYPE
host_key() { ssh-keygen -lf "$LAB_STATE/keys/vps-host/ssh_host_$1_key.pub" "${@:2}" | cut -d ' ' -f 2; }

refusals() {
    lets_in root password
    logs_in_as root password
    knows password "$work/wrong"
    refused 'wrong password' '1 0 1' 'refuses the password of the user root' 'sixgatectl secret set vps.vps.password'
    forgets password
    refused 'no password' '0 0 0' 'password of root on .* is missing' 'sixgatectl secret set vps.vps.password'
    logs_in_as root key
    refused 'a key where only passwords are accepted' '1 0 0' 'accepts no SSH key for the user root' '"auth" to "password"'

    lets_in root key
    logs_in_as root password
    refused 'a password where only keys are accepted' '1 0 0' 'accepts no password for the user root' '"auth" to "key"'
    logs_in_as root passphrase
    knows passphrase "$work/wrong"
    refused 'wrong passphrase' '1 0 0' 'passphrase of the SSH key .*id_locked is wrong' 'sixgatectl secret set vps.vps.passphrase'
    forgets passphrase
    refused 'no passphrase' '0 0 0' 'id_locked needs its passphrase' 'sixgatectl secret set vps.vps.passphrase'
    logs_in_as root key ".vps[0].ssh.keyFile = \"$work/rsa\""
    refused 'an RSA key' '0 0 0' 'is an RSA key' 'vps keys install'
    refusing_agents

    server_config 05-lab 'MaxAuthTries 2'
    restart_server
    quiet ssh-keygen -q -t ed25519 -N '' -C stranger -f "$work/stranger"
    logs_in_as root key ".vps[0].ssh.keyFile = \"$work/stranger\""
    refused 'a strange key, and not one try more' '1 0 1' 'refuses the SSH key .*stranger' 'vps keys install'
    server_config 05-lab 'PasswordAuthentication yes' 'AuthenticationMethods publickey,password'
    restart_server
    logs_in_as root key
    refused 'a key where a password is wanted, too' '1 0 0' 'accepts the SSH key, but wants another proof as well: password' 'AuthenticationMethods'
    server_config 05-lab 'PasswordAuthentication yes' 'AuthenticationMethods password,publickey'
    restart_server
    logs_in_as root password
    refused 'a password where a key is wanted, too' '1 0 0' 'accepts the password, but wants another proof as well: publickey' 'AuthenticationMethods'

    server_config 05-lab "HostKey /etc/ssh/ssh_host_rsa_key"
    restart_server
    logs_in_as root key
    refused 'a server with an RSA host key only' '1 0 0' 'no Ed25519 or ECDSA host key' 'ssh-keygen -A'
    server_config 05-lab 'Ciphers aes256-ctr' 'MACs hmac-sha2-512-etm@openssh.com,umac-128-etm@openssh.com'
    restart_server
    refused 'a server with ETM codes only' '1 0 0' 'message authentication code' 'hmac-sha2-512'
    lab exec vps rm /etc/ssh/sshd_config.d/05-lab.conf
    restart_server

    lets_in sudo key
    logs_in_as sudo key
    knows sudo-password "$work/wrong"
    refused 'wrong sudo password' '1 1 0' 'sudo on .* refuses the password of ada' 'sixgatectl secret set vps.vps.sudo-password'
    forgets sudo-password
    refused 'no sudo password' '1 1 0' 'sudo on .* asks for the password of ada' 'sixgatectl secret set vps.vps.sudo-password'
    knows sudo-password "$LAB_VPS_PASSWORD_FILE"
    quiet lab exec vps usermod --groups '' ada
    refused 'sudo is not for the user' '1 1 0' 'ada may not use sudo' 'adduser ada sudo'
    same 'nothing of the uploads stays' '' "$(uploads)"
    DOOR=''
}
refusing_agents() {
    agent_has "$LAB_SSH_KEY" "$LAB_SSH_KEY_ECDSA"
    logs_in_as root agent
    refused 'an agent with two keys' '0 0 0' 'agent has several keys' '"keyFile"'
    logs_in_as root agent '.vps[0].ssh.keyFile = env.LAB_SSH_KEY_ECDSA'
    plans 'an agent with two keys, one of them named'
    agent_has "$LAB_SSH_KEY"
    refused 'an agent without that key' '0 0 0' 'agent does not have the key .*id_ecdsa' 'ssh-add .*id_ecdsa'
    logs_in_as root agent
    agent_has "$work/rsa"
    refused 'an agent with an RSA key' '0 0 0' 'agent has no key that can log in' 'Ed25519'
    agent_has
    refused 'an agent without keys' '0 0 0' 'agent has no key' 'ssh-add'
    AGENT='' refused 'no agent' '0 0 0' 'No SSH agent answers' 'ssh-add'
    agent_has "$LAB_SSH_KEY_LOCKED"
}

# --- uploads ---------------------------------------------------------------------------------

uploads() { lab exec vps find /tmp -name '.sixgate-*'; }
no_uploads() { [ -z "$(uploads)" ]; }
# On a machine that is deployed, and lets ada in: while a bundle arrives, the program or the connection ends.
cut_uploads() {
    # Who looks at each upload, and takes his time in the middle of a bundle.
    quiet lab exec vps install -d -o ada /home/ada/bin
    lab exec vps tee /home/ada/bin/cat >/dev/null <<'END'
#!/bin/sh
file=$(readlink /proc/$$/fd/1)
stat -c %a "${file%/*}" "$file" >>/home/ada/modes
head -c 2000
if [ ! -e /home/ada/half ] && grep -q 'Receives a bundle' "$file"; then
    : >/home/ada/half
    sleep 5
fi
exec /usr/bin/cat
END
    quiet lab exec vps chmod 755 /home/ada/bin/cat
    server_config 05-lab 'SetEnv PATH=/home/ada/bin:/usr/local/bin:/usr/bin:/bin'
    restart_server
    quiet lab exec vps a2dissite zz-sixgate # something to do

    begin desktop apply
    expect 'half of a bundle has come' within 60 half_of_it
    kill_program
    expect 'the program is killed: nothing of its upload stays' within 15 no_uploads
    quiet lab exec vps rm /home/ada/half
    begin desktop apply
    expect 'half of a bundle has come' within 60 half_of_it
    cut_by_kill || failed 'there was nothing to cut'
    ends_with 'the connection is cut: apply' 0 120
    expect 'the connection is cut: it connected again' output_has 'Connected again'
    same 'the connection is cut: nothing of the upload stays' '' "$(uploads)"
    same 'all uploads were for ada only' '600 700' "$(lab exec vps sort -u /home/ada/modes | xargs)"
    lab exec vps rm -r /etc/ssh/sshd_config.d/05-lab.conf /home/ada/bin
    restart_server
    DOOR=''
}
half_of_it() { quiet lab exec vps test -e /home/ada/half; }
# As in tests/lab/visitors.
cut_by_kill() { lab exec vps pkill -KILL -f '^sshd.*: .*notty'; }

# --- vps trust -------------------------------------------------------------------------------

no_pin() { logs_in_as root key ".vps[0].ssh.hostKeys = $(jq -c '.vps[0].ssh.hostKeys' "$here/../../resources/handbook/example-site.json")"; }
# A run that leaves the pins as they are: pins_nothing COMMAND…
pins_nothing() {
    local before
    before=$(pinned)
    "$@"
    same "$2: nothing is pinned" "$before" "$(pinned)"
}
first_contact() {
    local right
    lets_in root key
    no_pin
    refused 'nothing is pinned' '1 0 0' 'No SSH host key is pinned' 'vps trust'
    pins_nothing run 'trust without a terminal' 2 desktop vps trust
    pins_nothing on_terminal 'trust: no' 1 n vps trust
    pins_nothing run 'trust --host-key with another one' 1 desktop vps trust --host-key "ssh-ed25519 SHA256:$(head -c 32 "$LAB_SSH_KEY.pub" | base64 | tr -d =)"
    look_away
    on_terminal 'trust: yes' 0 y vps trust
    sees 'trust: one connection, no login' '1 0 0'
    right=$(pinned)
    expect 'trust: shows the fingerprint' output_has "$(host_key ed25519)"
    expect 'trust: and its other form' output_has "$(host_key ed25519 -E md5)"
    expect 'trust: and where to compare it' output_has 'ssh-keygen -l -f /etc/ssh/ssh_host_ed25519_key.pub'
    same 'trust: pins it, with its type' "ssh-ed25519 $(host_key ed25519)" "$right"
    run 'plan after that' 3 desktop plan --only vps
    run 'trust again' 0 desktop vps trust --json
    expect 'trust again: nothing to do' json '.changed == false'
    no_pin
    run 'trust --host-key with the right one' 0 desktop vps trust --host-key "$right"
    same 'trust --host-key: pins it' "$right" "$(pinned)"
}
host_key_changes() {
    local old new
    old=$(host_key ed25519)
    no_secrets 'before the new host keys'
    quiet lab vps new-keys || failed 'new-keys'
    DOOR='' new=$(host_key ed25519)
    talkative_server
    lets_in root key
    logs_in_as root key ".vps[0].ssh.hostKeys = [\"ssh-ed25519 $old\"]"
    refused 'another host key, pinned with its type' '1 0 0' 'is not the pinned one' 'installed anew.*trust --new-key.*vps replace'
    expect 'another host key: names both' output_has "$new"
    expect 'another host key: names both' output_has "$old"
    pins_nothing run 'trust refuses another host key' 1 desktop vps trust
    logs_in_as root key
    refused 'another host key, pinned without its type' '3 0 0' 'is not the pinned one' 'trust --new-key'
    pins_nothing run 'trust --host-key alone is no --new-key' 1 desktop vps trust --host-key "ssh-ed25519 $new"
    on_terminal 'trust --new-key' 0 y vps trust --new-key
    same 'trust --new-key: pins it' "ssh-ed25519 $new" "$(pinned)"
    run 'plan after that' 3 desktop plan --only vps
    load_lab
}

# --- vps keys --------------------------------------------------------------------------------

fingerprint_of() { ssh-keygen -lf "$1" | cut -d ' ' -f 2; }
keys_come_and_go() {
    local mine home other=$work/other before
    home=$LAB_STATE/nodes/desktop/home mine=$home/.ssh/sixgate_ed25519
    lets_in sudo-nopasswd password
    server_config 05-lab 'PubkeyAuthentication yes'
    restart_server
    # A line with options, a comment and a line that nobody understands are left alone.
    quiet ssh-keygen -q -t ed25519 -N '' -C 'the other laptop' -f "$other"
    { echo '# mine' && echo 'what is this' && printf 'command="echo \\"a b\\"",no-pty %s\n' "$(cat "$LAB_SSH_KEY_ECDSA.pub")"; } |
        lab exec vps tee /home/ada/.ssh/authorized_keys >/dev/null
    logs_in_as sudo-nopasswd password
    forgets password
    look_away
    sixgate desktop vps keys install <"$LAB_VPS_PASSWORD_FILE" >"$work/last" 2>&1
    same 'install: exit code' 0 $?
    keep_output
    sees 'install: one login by password, one by key' '2 2 0'
    same 'install: the key is for its owner only' '600 700' "$(stat -c %a "$mine" "${mine%/*}" | xargs)"
    # shellcheck disable=SC2088  # the site file says so
    same 'install: the site file names it' '~/.ssh/sixgate_ed25519 key' "$(jq -r '.vps[0].ssh | "\(.keyFile) \(.auth // "key")"' "$(site_file)")"
    plans 'install: plan with the new key'
    run 'keys' 0 desktop vps keys --json
    expect 'keys: this computer'"'"'s, and the restricted one' json "(.keys | length == 2) and any(.keys[]; .thisComputer and .fingerprint == \"$(fingerprint_of "$mine")\") and
        any(.keys[]; .restricted and .fingerprint == \"$(fingerprint_of "$LAB_SSH_KEY_ECDSA.pub")\")"
    before=$(ada_keys)

    run 'add' 0 desktop vps keys add "$other.pub"
    sixgate desktop vps keys add - --json <"$other.pub" >"$work/last" 2>&1
    keep_output
    expect 'add again: nothing to do' json '.changed == false'
    other_logs_in 3 'the other computer gets in'
    # The second file that sshd reads by itself, and one that its settings name besides.
    lab exec vps tee /home/ada/.ssh/authorized_keys2 <"$other.pub" >/dev/null
    server_config 06-lab 'AuthorizedKeysFile .ssh/authorized_keys .ssh/authorized_keys2 /etc/ssh/keys/%u'
    run 'keys in two files' 0 desktop vps keys --json
    expect 'keys in two files: both are told' json '[.keys[] | select(.comment == "the other laptop")] | length == 2'
    expect 'keys elsewhere: the place is told' json '.elsewhere == ["/etc/ssh/keys/%u"]'
    lab exec vps rm /etc/ssh/sshd_config.d/06-lab.conf
    run 'remove' 0 desktop vps keys remove "$(fingerprint_of "$other.pub")"
    same 'remove: all others are as before' "$before" "$(ada_keys)"
    same 'remove: the file is its owner'"'"'s' '600 ada' "$(lab exec vps stat -c '%a %U' /home/ada/.ssh/authorized_keys)"
    other_logs_in 1 'the other computer does not get in any more'
    run 'remove a key that is not there' 1 desktop vps keys remove "$(fingerprint_of "$other.pub")"
    run 'remove the key of this computer' 1 desktop vps keys remove "$(fingerprint_of "$mine")"
    run 'remove what is no fingerprint' 2 desktop vps keys remove $'SHA256:x\n'
    run 'add what is no key' 2 desktop vps keys add "$work/wrong"
    same 'all keys are as before' "$before" "$(ada_keys)"
    agent_has "$mine"
    logs_in_as sudo-nopasswd agent
    run 'remove the key of this computer'"'"'s agent' 1 desktop vps keys remove "$(fingerprint_of "$mine")"
    same 'all keys are as before' "$before" "$(ada_keys)"
    agent_has "$LAB_SSH_KEY_LOCKED"
    lab exec vps rm /etc/ssh/sshd_config.d/05-lab.conf
    DOOR=''
}
ada_keys() { lab exec vps cat /home/ada/.ssh/authorized_keys; }
other_logs_in() { # CODE WHAT
    local site
    site=$(cat "$(site_file)")
    logs_in_as sudo-nopasswd key ".vps[0].ssh.keyFile = \"$other\""
    run "$2" "$1" desktop plan --only vps
    printf '%s\n' "$site" >"$(site_file)"
}

# --- leaks -----------------------------------------------------------------------------------

planted_leaks() {
    local where
    lab exec vps sh -c 'sleep 1; true' sh "$(cat "$LAB_VPS_PASSWORD_FILE")"
    expect 'a password on a command line is noticed' within 5 grep -q sleep "$work/leaks"
    : >"$work/leaks"
    leaks_at() { expect "a leak is noticed: $1" grep -qF -- "$2" <<<"$(leaks)"; }
    lab exec vps tee -a /var/log/planted.log <"$LAB_VPS_PASSWORD_FILE" >/dev/null
    leaks_at 'the password in a log' /var/log/planted.log
    { printf 'x' && cat "$LAB_SSH_PASSPHRASE_FILE"; } | base64 | lab exec vps tee /tmp/planted >/dev/null
    leaks_at 'the passphrase in base64' /tmp/planted
    { printf '{"key": ' && cat "$LAB_TSIG_FILE"; } | base64 -w 0 | lab exec vps tee /root/planted >/dev/null
    leaks_at 'the TSIG key in base64' /root/planted
    { printf 'secret: ' && cat "$LAB_VPS_PASSWORD_FILE" && echo; } | lab exec vps systemd-cat -t planted
    lab exec vps journalctl -q --sync
    leaks_at 'the password in the journal' 'planted'
    where=$LAB_STATE/nodes/desktop/state/planted
    mkdir -p "${where%/*}"
    sed 's/"/\\"/' "$LAB_VPS_PASSWORD_FILE" >"$where"
    leaks_at 'the password in JSON, on this machine' "$where"
    cat "$LAB_ACME_TSIG_FILE" >"$work/last"
    keep_output
    leaks_at 'a key in an output' "$work/outputs"
}
