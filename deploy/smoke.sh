#!/usr/bin/env bash
# Tries the deployment on this machine, without containers: the commands and the environment of docker-compose.yml, the
# same nginx.conf, with Debian's nginx and PostgreSQL and the Valkey and S3 server that come with the requirements.
# Prints what it tried, a line each, and leaves nothing running. As root, or as anybody.
set -euo pipefail
cd "$(dirname "$0")/.."
export PATH=$PATH:/usr/sbin

missing=()
for program in nginx openssl curl chromium; do command -v $program >/dev/null || missing+=("$program"); done
compgen -G "/usr/lib/postgresql/*/bin/postgres" >/dev/null || missing+=(postgresql)
if [ ${#missing[@]} -gt 0 ]; then
  echo "Not here: ${missing[*]}. On Debian and Ubuntu: apt-get install ${missing[*]}" >&2
  exit 1
fi
PYTHONPATH=docs/examples exec .venv/bin/python -m deploy.smoke
