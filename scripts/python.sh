#!/usr/bin/env bash
# Makes the Python virtual environment of the tests, python/.venv, where it is missing or out of date, and prints its interpreter.
#
#   $(./scripts/python.sh) -m pytest python
#
# What it installs: the distribution in python/ (editable) with all extras, and python/requirements-dev.txt.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
venv=$PWD/python/.venv
stamp=$(cat python/pyproject.toml python/requirements-dev.txt scripts/python.sh | sha256sum | cut -d' ' -f1)
(
  flock 9
  [ "$(cat "$venv/stamp" 2>/dev/null)" = "$stamp" ] && exit 0
  base=${PYTHON:-python3}
  command -v "$base" >/dev/null || { echo "error:  $base is missing; likely: Python is not installed; try: apt-get install python3 python3-venv" >&2; exit 1; }
  "$base" -c 'import sys; sys.exit(sys.version_info < (3, 10))' || { echo "error:  $base is older than 3.10; try: PYTHON=python3.12 $0" >&2; exit 1; }
  [ -x "$venv/bin/python" ] || "$base" -m venv "$venv" >&2
  "$venv/bin/python" -m pip install --quiet --disable-pip-version-check \
    -e 'python[flask,flask-session,django,pyramid,beaker,async,crypto]' -r python/requirements-dev.txt >&2
  echo "$stamp" >"$venv/stamp"
) 9>"${TMPDIR:-/tmp}/sessnode-python-$(id -u).lock"
echo "$venv/bin/python"
