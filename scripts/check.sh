#!/usr/bin/env bash
# What to run before a commit, in about a minute: format, vet, and the tests of the packages named (default: those that
# differ from the last commit) together with the tests of the house.
#
#   ./scripts/check.sh [./fsm ./httpapi/...]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

packages=("$@")
if [ ${#packages[@]} = 0 ]; then
  mapfile -t packages < <({ git diff --name-only HEAD -- '*.go'; git ls-files --others --exclude-standard -- '*.go'; } |
    while read -r file; do [ -e "$file" ] && echo "./$(dirname "$file")"; done | sort -u)
fi
./scripts/test.sh format vet
go test -race -shuffle=on -p 2 ./internal/archtest "${packages[@]}"
