#!/usr/bin/env bash
# Starts three nodes on this host, in ./data, and stops them on Ctrl-C. For trying things out: loopback only, no keys.
#
#   ./scripts/three-nodes.sh [flags for every node, such as --profile fast]
#
#   n1 http://127.0.0.1:7480   n2 http://127.0.0.1:7490   n3 http://127.0.0.1:7500
#
# data/n1.pid and so on hold the nodes' process ids, for those who want to hurt one.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

go build -o bin/sessnode ./cmd/sessnode
mkdir -p data && echo '*' > data/.gitignore
pids=()
stop() {
  trap '' INT TERM
  for pid in "${pids[@]}"; do kill -TERM "$pid" 2>/dev/null || true; done
  wait
}
trap stop EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

for i in 1 2 3; do
  port=$((7470 + 10 * i))
  # A process group of its own: Ctrl-C must reach the nodes once, from stop, not twice. And what reads their log must
  # outlive it, or the next line would break the node's pipe.
  setsid ./bin/sessnode serve --name "n$i" --data "data/n$i" --expect 3 \
    --http "127.0.0.1:$port" --node "127.0.0.1:$((port + 1))" --gossip "127.0.0.1:$((port + 2))" \
    --seeds 127.0.0.1:7482,127.0.0.1:7492,127.0.0.1:7502 "$@" 2> >(trap '' INT; exec sed -u "s/^/n$i  /" >&2) &
  pids+=($!)
  echo $! > "data/n$i.pid"
done
wait -n || true # a node that ends takes the others along
echo "one of the nodes has ended: stopping the others" >&2
exit 1
