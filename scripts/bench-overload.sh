#!/usr/bin/env bash
# Measures what three nodes on this host do with more requests than they carry, and writes docs/performance/overload.md and its picture.
#
#   ./scripts/bench-overload.sh                      all of it, about a quarter of an hour
#   ./scripts/bench-overload.sh -mix create -last 3s with other flags of e2e/overload
#
# Progress goes to standard output.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

ulimit -n 65536 2>/dev/null || true
go run ./e2e/overload -out docs/performance/overload.md "$@"
