#!/usr/bin/env bash
# Tortures the sessions of web applications, ours and others, and writes what was found to docs/comparison.md.
#
#   ./scripts/torture.sh [-n 100] [-failures 10] [-apps flask-cookie,sessionhttp] [-out FILE]
#   ./scripts/torture.sh -cost 20    what a page costs instead: docs/performance/adapters.md
#   ./scripts/torture.sh python      only makes the virtual environment of the applications, and prints its interpreter
#
# Needs Go, Python 3.10 or newer with venv, and redis-server (Debian's package). With -apps it prints instead of writing the page.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
venv=$PWD/e2e/torture/.venv

# environment: e2e/torture/requirements.txt, pinned, and the distribution in python/ as it stands.
environment() {
  local stamp
  stamp=$(cat e2e/torture/requirements.txt python/pyproject.toml "${BASH_SOURCE[0]}" | sha256sum | cut -d' ' -f1)
  [ "$(cat "$venv/stamp" 2>/dev/null)" = "$stamp" ] && return
  [ -x "$venv/bin/python" ] || "${PYTHON:-python3}" -m venv "$venv" >&2
  "$venv/bin/python" -m pip install --quiet --disable-pip-version-check -r e2e/torture/requirements.txt -e python >&2
  echo "$stamp" >"$venv/stamp"
}

command -v redis-server >/dev/null || { echo "error:  redis-server is missing; try: apt-get install redis-server" >&2; exit 1; }
(flock 9; environment) 9>"/tmp/sessnode-torture-$(id -u).lock"
[ "${1:-}" = python ] && { echo "$venv/bin/python"; exit; }

out=(-out docs/comparison.md)
case " $* " in
  *" -apps"* | *" -out"*) out=() ;;
  *" -cost"*) out=(-out docs/performance/adapters.md) ;;
esac
go build -o "$venv/torture" ./e2e/torture/cmd # not go run, which does not pass signals on
exec "$venv/torture" -python "$venv/bin/python" "${out[@]}" "$@"
