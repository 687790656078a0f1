#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# certificates.sh FOLDER: makes the certificates that tests of TLS need, each as NAME.pem with its
# key, NAME.key. The authorities are "ca" and "other".
set -eu
cd "$1"

cat > openssl.cnf << EOF
[req]
distinguished_name = dn
[dn]
[ca]
default_ca = local
[local]
database = index.txt
new_certs_dir = .
rand_serial = yes
default_md = sha256
policy = any
unique_subject = no
default_crl_days = 30
crlnumber = crlnumber
[any]
commonName = supplied
EOF
: > index.txt
echo 01 > crlnumber

quietly() {
    "$@" 2> log || { cat log >&2; exit 1; }
}

key='-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -config openssl.cnf'

# authority NAME SAN
self_signed() {
    quietly openssl req -x509 $key -keyout "$1.key" -out "$1.pem" -subj "/CN=$1" -days 30 \
        -addext "$2"
}

# leaf NAME AUTHORITY ALTERNATIVE-NAMES BEGIN END
leaf() {
    quietly openssl req $key -keyout "$1.key" -out "$1.csr" -subj "/CN=$1"
    printf 'subjectAltName=%s\n' "$3" > "$1.ext"
    quietly openssl ca -config openssl.cnf -batch -notext -cert "$2.pem" -keyfile "$2.key" \
        -in "$1.csr" -out "$1.pem" -extfile "$1.ext" -startdate "$4" -enddate "$5"
}

past=20200101000000Z yesterday=20200102000000Z future=20980101000000Z end=20990101000000Z
here=DNS:localhost,IP:127.0.0.1,IP:::1

self_signed ca basicConstraints=critical,CA:TRUE
self_signed other basicConstraints=critical,CA:TRUE
self_signed self subjectAltName=$here
leaf server ca $here $past $end
leaf renewed ca $here $past $end
leaf wrong ca DNS:other.example,IP:192.0.2.1 $past $end
leaf expired ca $here $past $yesterday
leaf early ca $here $future $end
leaf stranger other $here $past $end
leaf client ca DNS:client.example $past $end
leaf revoked ca DNS:revoked.example $past $end
quietly openssl ca -config openssl.cnf -cert ca.pem -keyfile ca.key -revoke revoked.pem
quietly openssl ca -config openssl.cnf -cert ca.pem -keyfile ca.key -gencrl -out crl.pem
cat server.pem server.key > both.pem
cat ca.pem crl.pem > ca-and-crl.pem
