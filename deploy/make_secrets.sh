#!/usr/bin/env bash
# Makes the secrets that docker-compose.yml hands to its services, in the folder ./secrets or the one that is named.
# What is there already stays. Others on this machine are kept out by the folder; its files must be readable within
# containers, whose users have other numbers.
set -euo pipefail
folder=${1:-secrets}
umask 022
mkdir -p "$folder/tls"
chmod 700 "$folder"
cd "$folder"

random() { od -An -N32 -tx1 /dev/urandom | tr -d ' \n'; }
keep() { [ -e "$1" ] || printf '%s' "$2" >"$1"; }

for name in secret_key audit_key postgres_password redis_password s3_secret_key; do keep "$name" "$(random)"; done
for name in gemini_api_key metrics_token; do keep "$name" ""; done
keep database_url "postgres://mattegate:$(cat postgres_password)@postgres:5432/mattegate"
keep redis_url "redis://:$(cat redis_password)@valkey:6379/0"
keep valkey.conf "requirepass $(cat redis_password)
"
keep s3_identity.json "{\"identities\": [{\"name\": \"mattegate\", \"actions\": [\"Admin\"],
  \"credentials\": [{\"accessKey\": \"mattegate\", \"secretKey\": \"$(cat s3_secret_key)\"}]}]}
"
