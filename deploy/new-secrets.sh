#!/bin/sh
# Make the secrets of a deployment by deploy/compose.yaml, each by chance, where there are none yet: keys in files of
# deploy/secrets, which the containers' user 10001 reads, and passwords in deploy/.env. Run it as root, once.
set -eu
cd "$(dirname "$0")"
umask 077
mkdir -p secrets
made() { [ -s "secrets/$1" ] || { cat > "secrets/$1"; echo "made deploy/secrets/$1"; }; }
openssl rand -base64 32 | made master.key
openssl rand -hex 32 | made signing.key
openssl rand -hex 32 | made api.token
chown -R 10001:10001 secrets
touch .env
for name in POSTGRES_PASSWORD DATABASE_PASSWORD BROKER_PASSWORD METRICS_TOKEN; do
    grep -q "^$name=" .env || { echo "$name=$(openssl rand -hex 24)" >> .env; echo "made $name in deploy/.env"; }
done
[ -s secrets/tls.pem ] || echo "Put the proxy's certificate, its chain and its key into deploy/secrets/tls.pem (owner 10001)."
echo "Keep a copy of deploy/secrets/master.key elsewhere: without it, people's keys and protected decks cannot be opened."
