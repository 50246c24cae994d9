#!/usr/bin/env bash
# The story of the README with curl: a person logs in at one node, the leader dies, and nobody notices; a logout is final.
#
#     ./scripts/smoke.sh
#
# Builds the program, starts three nodes on loopback in a temporary directory, and ends them. Needs Go and curl.
# KEEP=1 keeps the directory. Exit code 0 if every line says ok.
set -euo pipefail
cd "$(dirname "$0")/.."

dir=$(mktemp -d)
pids=() failed=0 base=${SMOKE_PORT:-17480}

cleanup() {
  for pid in "${pids[@]:-}"; do [ -z "$pid" ] || kill -9 "$pid" 2>/dev/null || true; done
  wait 2>/dev/null || true
  if [ -n "${KEEP:-}" ]; then echo "kept $dir"; else rm -rf "$dir"; fi
}
trap cleanup EXIT

url() { echo "http://127.0.0.1:$((base + 10 * $1))"; }

# ok TEXT WANT GOT
ok() {
  if [ "$2" = "$3" ]; then printf 'ok    %s\n' "$1"; else printf 'FAIL  %s: got %s, want %s\n' "$1" "$3" "$2"; failed=1; fi
}

# await SECONDS TEXT COMMAND...: until the command succeeds
await() {
  local end=$((SECONDS + $1)) what=$2
  shift 2
  until "$@" 2>/dev/null; do
    if [ "$SECONDS" -ge "$end" ]; then printf 'FAIL  %s: not in time\n' "$what"; tail -n 5 "$dir"/n*.log; exit 1; fi
    sleep 0.1
  done
  printf 'ok    %s\n' "$what"
}

start() {
  local n=$1
  "$dir/sessnode" serve --name "n$n" --data "$dir/n$n" --http "127.0.0.1:$((base + 10 * n))" \
    --node "127.0.0.1:$((base + 10 * n + 1))" --gossip "127.0.0.1:$((base + 10 * n + 2))" \
    --seeds "127.0.0.1:$((base + 12)),127.0.0.1:$((base + 22))" --expect 3 \
    --cluster-key-file "$dir/key" --profile fast 2>>"$dir/n$n.log" &
  pids[n]=$!
}

ready() { curl -fsS -m 1 -o "$dir/ready" "$(url "$1")/readyz"; }

# status METHOD NODE PATH [curl arguments]: the status alone; the body goes to $dir/body
status() {
  local method=$1 node=$2 path=$3
  shift 3
  curl -sS -m 8 -o "$dir/body" -w '%{http_code}' -X "$method" "$@" "$(url "$node")/v1/apps/shop/$path"
}

# The token goes into a file for curl, so that no process list shows it.
as() { printf 'Session-Token: %s\n' "$1" >"$dir/header.$2"; }

# field NAME: the text or number of a field of the JSON on standard input; of several the last
field() { tr -d '\n' | sed -n "s/.*\"$1\": *\"\{0,1\}\([^\",}]*\).*/\1/p"; }

leader() { # the number of the node that calls itself leader
  local n node
  for n in 1 2 3; do
    curl -fsS -m 1 -o "$dir/cluster" "$(url "$n")/v1/cluster" 2>/dev/null || continue
    node=$(field node <"$dir/cluster")
    if [ -n "$node" ] && grep -q "\"leader\": *\"$node\"" "$dir/cluster"; then echo "$n"; return; fi
  done
  return 1
}

# leader_but NODE: whether a node other than this one leads
leader_but() { local l; l=$(leader) && [ "$l" != "$1" ]; }

agree() { # all three have applied the same log and hold the same state
  local n
  for n in 1 2 3; do
    curl -fsS -m 1 -o "$dir/cluster" "$(url "$n")/v1/cluster" || return 1
    grep -o '"applied": *[0-9]*' "$dir/cluster" | head -n 1
    grep -o '"state_hash": *"[^"]*"' "$dir/cluster"
  done | sort | uniq -c | awk '$1 != 3 { bad = 1 } END { exit bad || NR != 2 }'
}

go build -o "$dir/sessnode" ./cmd/sessnode
head -c 32 /dev/urandom | od -An -tx1 | tr -d ' \n' >"$dir/key"
visitor=$(head -c 32 /dev/urandom | base64 | tr '+/' '-_' | tr -d '=\n')
ada=$(head -c 32 /dev/urandom | base64 | tr '+/' '-_' | tr -d '=\n')
as "$visitor" visitor
as "$ada" ada

for n in 1 2 3; do start "$n"; done
for n in 1 2 3; do await 30 "node n$n is ready" ready "$n"; done

printf '{"token":"%s","attrs":{"cart":["tea"]}}' "$visitor" >"$dir/create.json"
printf '{"token":"%s","subject":"ada","set":{"name":"Ada"}}' "$ada" >"$dir/login.json"
ok 'a visitor puts tea into the cart at n1' 201 \
  "$(status POST 1 sessions -H 'Idempotency-Key: smoke-create' -H 'Content-Type: application/json' --data-binary "@$dir/create.json")"
ok 'the visitor signs in as ada at n2' 200 \
  "$(status POST 2 session/rotate -H @"$dir/header.visitor" -H 'Idempotency-Key: smoke-login' -H 'Content-Type: application/json' --data-binary "@$dir/login.json")"
ok 'the token from before the login is dead' 404 "$(status GET 3 session -H @"$dir/header.visitor")"

old=$(leader)
kill -9 "${pids[old]}"
wait "${pids[old]}" 2>/dev/null || true
pids[old]=
printf '      n%s led, and is killed with SIGKILL\n' "$old"
rest=()
for n in 1 2 3; do [ "$n" = "$old" ] || rest+=("$n"); done
await 15 'one of the others leads' leader_but "$old"

for n in "${rest[@]}"; do
  ok "n$n still knows the login" '200 ada Ada' \
    "$(status GET "$n" session -H @"$dir/header.ada") $(field subject <"$dir/body") $(field name <"$dir/body")"
  ok "n$n still has the cart" 1 "$(grep -c '"cart": *\["tea"\]' "$dir/body")"
done
ok "ada signs out at n${rest[0]}" 204 "$(status DELETE "${rest[0]}" session -H @"$dir/header.ada" -H 'Idempotency-Key: smoke-logout')"

start "$old"
await 30 "the killed node n$old is back" ready "$old"
await 10 'all three have the same log and state' agree

printf '{"token":"%s","attrs":{"name":"Ada"}}' "$ada" >"$dir/late.json"
for n in 1 2 3; do
  ok "n$n serves the session no more" 404 "$(status GET "$n" session -H @"$dir/header.ada")"
  ok "n$n says why" revoked "$(field reason <"$dir/body")"
  ok "a late change at n$n comes too late" 404 \
    "$(status PATCH "$n" session -H @"$dir/header.ada" -H 'Content-Type: application/json' --data-binary '{"set":{"name":"Eve"}}')"
  ok "a late create at n$n does not bring it back" 409 \
    "$(status POST "$n" sessions -H "Idempotency-Key: smoke-late-$n" -H 'Content-Type: application/json' --data-binary "@$dir/late.json")"
done

if [ "$failed" = 0 ]; then echo 'PASS'; else echo 'FAIL'; fi
exit "$failed"
