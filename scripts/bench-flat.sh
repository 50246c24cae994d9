#!/usr/bin/env bash
# Measures whether costs stay flat as the store grows, and writes docs/performance/flat.md; with --memory how much memory
# sessions take beside Redis, and writes docs/performance/memory.md. It starts its own nodes, and ends them.
#
#   ./scripts/bench-flat.sh                                        one node and then three, 1,000,000 sessions: half an hour on two processors
#   ./scripts/bench-flat.sh --nodes 1 --sessions 10000,1000000,5000000     the first is what the others are held against
#   ./scripts/bench-flat.sh --memory --sessions 1000000,5000000
#   ./scripts/bench-flat.sh --nodes 1 --only snapshot --out "" -- --max-memory 12GiB      flags of serve come last
#
# Progress goes to standard error, and after some seconds about how long it will take: at 10,000 creates a second five million sessions take
# a quarter of an hour with --memory, and twenty minutes with one node. A run ends by itself after 90 minutes at most, or as --most says.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

nodes=() sessions=1000000 out=docs/performance rest=()
while [ $# -gt 0 ]; do
  case "$1" in
    --nodes) nodes+=("$2"); shift 2 ;;
    --sessions) sessions=$2; shift 2 ;;
    --out) out=$2; shift 2 ;;
    --memory) rest+=(-memory); nodes=(1); shift ;;
    --) break ;;
    --*) rest+=("-${1#--}" "$2"); shift 2 ;;
    *) echo "error:  $1 is no flag; try: head -12 $0" >&2; exit 2 ;;
  esac
done
[ ${#nodes[@]} -gt 0 ] || nodes=(1 3)

mkdir -p bin
go build -o bin/flat ./e2e/flat
IFS=, read -r -a sizes <<< "$sessions"
few=10000
if [ ${#sizes[@]} -gt 1 ] && [ "${sizes[0]}" -le 10000 ]; then few=${sizes[0]}; sizes=("${sizes[@]:1}"); fi
for n in "${nodes[@]}"; do
  for size in "${sizes[@]}"; do
    ./bin/flat -nodes "$n" -sessions "$size" -few "$few" -out "$out" "${rest[@]}" "$@"
  done
done
