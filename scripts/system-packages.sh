#!/bin/sh
# The tests drive a real Chromium and a real PostgreSQL: install them, or name them in one line.
set -eu
missing=
command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null ||
    missing="$missing chromium"
command -v initdb >/dev/null || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || missing="$missing postgresql"
PATH="$PATH:/sbin:/usr/sbin" ldconfig -p | grep -q libatomic.so.1 || missing="$missing libatomic1" # for Playwright's driver
[ -n "$missing" ] || exit 0
if [ "$(id -u)" -ne 0 ]; then
    echo "demur: error: the tests need these system packages:$missing; run: sudo apt install$missing" >&2
    exit 1
fi
echo "demur: installing the system packages that the tests drive:$missing"
apt-get update -qq
# shellcheck disable=SC2086  (a list of names)
DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends $missing >/dev/null
