# shellcheck shell=bash
# A home CA that all nodes and the VPS trust: a root and an intermediate, kept over restarts. It gives certificates of any
# age at once, which a CA by ACME does not.

LAB_HOME_CA=$LAB_KEYS/home-ca/root.pem

make_home_ca() { make_ca home-ca 'Lab home CA'; }
# Another one, which nobody trusts.
make_other_ca() { make_ca other-ca 'Lab unknown CA'; }

# make_ca FOLDER NAME
make_ca() {
    local dir=$LAB_KEYS/$1
    [ ! -s "$dir/root.pem" ] || return 0
    mkdir -p "$dir"
    (
        umask 077
        cd "$dir" || exit
        openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout root.key -out root.new -days 3650 \
            -subj "/CN=$2 root" -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign 2>/dev/null
        openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout intermediate.key -out intermediate.csr -subj "/CN=$2 intermediate" 2>/dev/null
        openssl x509 -req -in intermediate.csr -CA root.new -CAkey root.key -days 3600 -out intermediate.pem -extfile <(printf '%s\n' \
            basicConstraints=critical,CA:TRUE,pathlen:0 keyUsage=critical,keyCertSign,cRLSign subjectKeyIdentifier=hash authorityKeyIdentifier=keyid) 2>/dev/null
        # Last: with it all is there.
        mv root.new root.pem
    )
}

# mint_certificate FOLDER NAMES FROM UNTIL [CA]: privkey.pem (made when missing), cert.pem, chain.pem, fullchain.pem; names
# are separated by commas, times as `date` understands them.
mint_certificate() {
    local dir=$1 names=$2 from=$3 until=$4 ca=$LAB_KEYS/${5:-home-ca} work
    make_home_ca
    work=$dir/minting
    rm -rf "$work"
    mkdir -p "$work"
    : >"$work/index"
    [ -s "$dir/privkey.pem" ] || (umask 077 && openssl ecparam -name prime256v1 -genkey -noout -out "$dir/privkey.pem")
    openssl req -new -key "$dir/privkey.pem" -subj "/CN=${names%%,*}" -out "$work/request"
    cat >"$work/conf" <<EOF
[ca]
default_ca = one
[one]
database = $work/index
new_certs_dir = $work
rand_serial = yes
default_md = sha256
policy = any
x509_extensions = leaf
[any]
commonName = supplied
[leaf]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature, keyEncipherment
extendedKeyUsage = serverAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
subjectAltName = DNS:${names//,/, DNS:}
EOF
    openssl ca -batch -notext -config "$work/conf" -cert "$ca/intermediate.pem" -keyfile "$ca/intermediate.key" \
        -startdate "$(date -u -d "$from" +%Y%m%d%H%M%SZ)" -enddate "$(date -u -d "$until" +%Y%m%d%H%M%SZ)" \
        -in "$work/request" -out "$dir/cert.pem" 2>"$work/log" || die "openssl ca failed, see $work/log"
    cp "$ca/intermediate.pem" "$dir/chain.pem"
    cat "$dir/cert.pem" "$dir/chain.pem" >"$dir/fullchain.new"
    mv "$dir/fullchain.new" "$dir/fullchain.pem"
    rm -rf "$work"
}
