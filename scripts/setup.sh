#!/bin/sh
# Installs what a fresh clone needs: the npm packages, and the system's tools where that is possible.
set -eu
cd "$(dirname "$0")/.."

stamp=node_modules/.setup
if [ ! -f "$stamp" ] || [ package-lock.json -nt "$stamp" ]; then
  # Not `npm ci`: it refuses the lock file when a registry lacks the optional package of some other platform.
  npm install --no-save --no-audit --no-fund --ignore-scripts --loglevel=error
  touch "$stamp"
fi

# command:Debian package
missing=
for pair in nft:nftables ip:iproute2 unshare:util-linux setpriv:util-linux flock:util-linux; do
  PATH=$PATH:/usr/sbin:/sbin command -v "${pair%%:*}" >/dev/null 2>&1 || missing="$missing ${pair##*:}"
done
if [ -n "$missing" ]; then
  missing=$(echo "$missing" | tr ' ' '\n' | sort -u | tr '\n' ' ')
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
  else
    echo "remocal: these packages are missing; type: sudo apt-get install -y$missing" >&2
    exit 69
  fi
fi
