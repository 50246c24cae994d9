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
  if [ -e "data/n$i.pid" ] && [[ "$(ps -p "$(cat "data/n$i.pid")" -o comm= 2>/dev/null)" == *sessnode ]]; then
    echo "n$i runs already, as process $(cat "data/n$i.pid"): use those nodes, or end the script that started them" >&2
    trap - EXIT
    exit 1
  fi
done
commands=()
for i in 1 2 3; do
  port=$((7470 + 10 * i))
  command=(./bin/sessnode serve --name "n$i" --data "data/n$i" --expect 3
    --http "127.0.0.1:$port" --node "127.0.0.1:$((port + 1))" --gossip "127.0.0.1:$((port + 2))"
    --seeds 127.0.0.1:7482,127.0.0.1:7492,127.0.0.1:7502 "$@")
  # A process group of its own: Ctrl-C must reach the nodes once, from stop, not twice. And what reads their log must
  # outlive it, or the next line would break the node's pipe.
  setsid "${command[@]}" 2> >(trap '' INT; exec sed -u "s/^/n$i  /" >&2) &
  pids+=($!)
  commands+=("${command[*]}")
  echo $! > "data/n$i.pid"
done
# A node that was killed is what the others are for: they go on. One that ends by itself takes them along.
while true; do
  status=0
  wait -n "${pids[@]}" 2>/dev/null || status=$?
  [ "$status" = 137 ] || break
  for i in "${!pids[@]}"; do
    kill -0 "${pids[i]}" 2>/dev/null && continue
    echo "n$((i + 1)) was killed, and the others go on; in another terminal, this starts it again: ${commands[i]}" >&2
    unset "pids[i]"
  done
done
echo "one of the nodes has ended, or all were killed: stopping the others" >&2
exit 1
