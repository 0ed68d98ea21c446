#!/bin/sh
# Makes what is missing in /secrets, each file for the user who reads it. What is there stays as it is.
# With arguments it then runs `wrapup` with them, as for one more API key.
set -eu
umask 077
cd /secrets

random() { head -c 32 /dev/urandom | od -An -v -tx1 | tr -d ' \n'; }

[ -s store.key ] || random > store.key
[ -s postgres_password ] || random > postgres_password
[ -s pgpass ] || printf 'postgres:5432:*:wrapup:%s\n' "$(cat postgres_password)" > pgpass
[ -s client.key ] || wrapup keys add client --scope send,read,review > client.key
[ -s prometheus.key ] || wrapup keys add prometheus --scope metrics > prometheus.key
[ $# -eq 0 ] || wrapup "$@"

chown 10001:10001 store.key pgpass keys.json # the image's user
chown 65534:65534 prometheus.key             # the user of Prometheus' image
chown "$(stat -c %u:%g .)" client.key        # whose checkout this is
