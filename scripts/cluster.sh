#!/usr/bin/env bash
# Three nodes on this host, as plain processes. For trying things out: loopback only, no keys.
#
#   ./scripts/cluster.sh up [flags for every node, such as --profile fast]     starts what does not run, and waits until all are ready
#   ./scripts/cluster.sh status                                                how they are
#   ./scripts/cluster.sh down [--purge]                                        stops them; --purge: removes their data as well
#   ./scripts/cluster.sh run [flags for every node]                            starts them here, until Ctrl-C: three-nodes.sh
#
#   n1 http://127.0.0.1:7480   n2 http://127.0.0.1:7490   n3 http://127.0.0.1:7500
#
# data/n1, data/n1.pid and data/n1.log belong to n1, and so on. CLUSTER_DIR is another folder than data, CLUSTER_PORT another first
# port than 7480.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
dir=${CLUSTER_DIR:-data} first=${CLUSTER_PORT:-7480}

fail() { printf 'error:  %s\nlikely: %s\ntry:    %s\n' "$@" >&2; exit 1; }
port() { echo $((first - 10 + 10 * $1)); }
urls() { echo "http://127.0.0.1:$(port 1),http://127.0.0.1:$(port 2),http://127.0.0.1:$(port 3)"; }

# pid prints the process id of node $1, if it runs: a number alone may be another program's by now.
pid() {
  local id
  id=$(cat "$dir/n$1.pid" 2>/dev/null) && [[ "$(ps -p "$id" -o args= 2>/dev/null)" == *sessnode\ serve\ --name\ "n$1"\ * ]] && echo "$id"
}

# prepare builds the program, and the folder.
prepare() {
  go build -o bin/sessnode ./cmd/sessnode
  mkdir -p "$dir"
  [ -e "$dir/.gitignore" ] || echo '*' > "$dir/.gitignore"
}

# arrange sets command to what starts node $1 with the flags that follow.
arrange() {
  local i=$1 p
  shift
  p=$(port "$i")
  command=(./bin/sessnode serve --name "n$i" --data "$dir/n$i" --expect 3
    --http "127.0.0.1:$p" --node "127.0.0.1:$((p + 1))" --gossip "127.0.0.1:$((p + 2))"
    --seeds "127.0.0.1:$((first + 2)),127.0.0.1:$((first + 12)),127.0.0.1:$((first + 22))" "$@")
}

up() {
  prepare
  local i
  for i in 1 2 3; do
    ! pid "$i" >/dev/null || continue
    arrange "$i" "$@"
    setsid "${command[@]}" </dev/null >>"$dir/n$i.log" 2>&1 & # a session of its own: it outlives this script and its terminal
    echo $! > "$dir/n$i.pid"
  done
  local deadline=$((SECONDS + 60))
  for i in 1 2 3; do
    until ./bin/sessnode check --url "http://127.0.0.1:$(port "$i")" >/dev/null 2>&1; do
      pid "$i" >/dev/null || fail "n$i has ended: $(tail -n 1 "$dir/n$i.log")" "its log says why" "less $dir/n$i.log"
      [ $SECONDS -lt $deadline ] || fail "n$i is not ready after 60 s" "its log says what it waits for" "less $dir/n$i.log"
      sleep 0.2
    done
    echo "n$i is ready: http://127.0.0.1:$(port "$i"), process $(pid "$i")"
  done
}

status() {
  [ -x bin/sessnode ] || fail "there is no bin/sessnode" "the nodes were never started" "$0 up"
  ./bin/sessnode status --url "$(urls)"
}

down() {
  [ $# = 0 ] || [ "$*" = --purge ] || fail "down takes --purge, or nothing" "a typing error" "$0 down"
  local i id deadline=$((SECONDS + 40)) # a drain takes at most 20 s
  for i in 1 2 3; do
    id=$(pid "$i") || continue
    kill -TERM "$id"
  done
  for i in 1 2 3; do
    while id=$(pid "$i"); do
      [ $SECONDS -lt $deadline ] || fail "n$i, process $id, does not end" "it is paused, or its disk hangs" "kill -KILL $id"
      sleep 0.1
    done
    rm -f "$dir/n$i.pid"
    [ $# = 0 ] || rm -rf "$dir/n$i" "$dir/n$i.log"
  done
  [ $# = 0 ] || { rm -f "$dir/.gitignore" && rmdir "$dir" 2>/dev/null || true; }
}

pids=()
stop() {
  trap '' INT TERM
  for id in "${pids[@]}"; do kill -TERM "$id" 2>/dev/null || true; done
  wait
}

run() {
  prepare
  trap stop EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM
  local i status commands=() command
  for i in 1 2 3; do
    if pid "$i" >/dev/null; then
      echo "n$i runs already, as process $(pid "$i"): use those nodes, or end the script that started them" >&2
      trap - EXIT
      exit 1
    fi
  done
  for i in 1 2 3; do
    arrange "$i" "$@"
    # A process group of its own: Ctrl-C must reach the nodes once, from stop, not twice. And what reads their log must
    # outlive it, or the next line would break the node's pipe.
    setsid "${command[@]}" 2> >(trap '' INT; exec sed -u "s/^/n$i  /" >&2) &
    pids+=($!)
    commands+=("${command[*]}")
    echo $! > "$dir/n$i.pid"
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
}

case ${1:-} in
  up | run | status | down) "$@" ;;
  *) fail "${1:-nothing} is not what this does" "a typing error" "$0 up|status|down|run" ;;
esac
