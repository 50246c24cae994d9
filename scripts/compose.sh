#!/usr/bin/env bash
# Three nodes in containers on this machine (docker-compose.cluster.yml), from nothing but a checkout, Go and Docker.
#
#   ./scripts/compose.sh up [examples]    builds the images, starts the nodes, waits until they are healthy; examples: a login app, twice
#   ./scripts/compose.sh status           how the nodes are
#   ./scripts/compose.sh run VERB...      any verb of sessnode with the operator's key, such as: run why --app login --subject ada
#   ./scripts/compose.sh key NAME         prints an API key: of an app ("login"), or the operator's ("ops")
#   ./scripts/compose.sh down [--purge]   stops and removes the containers; --purge: sessions and keys as well
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

if docker compose version >/dev/null 2>&1; then program=(docker compose); else program=(docker-compose); fi
compose() { "${program[@]}" -f docker-compose.cluster.yml "$@"; }
fail() { printf 'error:  %s\nlikely: %s\ntry:    %s\n' "$@" >&2; exit 1; }

healthy() {
  local id
  for id in $(compose ps -q n1 n2 n3); do
    [ "$(docker inspect -f '{{.State.Health.Status}}' "$id")" = healthy ] || return 1
  done
}

up() {
  docker version >/dev/null 2>&1 || fail "no Docker engine answers" "it is not installed, does not run, or is not for this user" "docker version"
  ./scripts/image.sh "${SESSNODE_TAG:-local}" >/dev/null
  case ${1:-} in
    '') compose up -d ;;
    examples) compose --profile examples up -d ;;
    *) fail "there is no profile $1" "a typing error" "$0 up examples" ;;
  esac
  local deadline=$((SECONDS + 90))
  until healthy; do
    [ $SECONDS -lt $deadline ] || fail "the nodes are not healthy after 90 s" "their logs say what they wait for" "${program[*]} -f docker-compose.cluster.yml logs"
    sleep 0.5
  done
  echo "three healthy nodes: http://127.0.0.1:${N1_PORT:-7480} http://127.0.0.1:${N2_PORT:-7490} http://127.0.0.1:${N3_PORT:-7500}"
  [ "${1:-}" != examples ] || echo "a login app, twice, a click here and a click there: http://127.0.0.1:${PROXY_PORT:-8080}"
}

# run makes a container for one verb. Its terminal is the caller's, where there is one.
run() {
  local terminal=()
  [ -t 0 ] && [ -t 1 ] || terminal=(-T)
  compose run --rm ${terminal[@]+"${terminal[@]}"} operator "$@"
}

# key copies one file out of the container that made it: there is no shell in it to print it.
key() {
  local file=/secrets/apps/$1.key
  [ "$1" != ops ] || file=/secrets/operator/ops.key
  docker cp "$(compose ps -aq secrets):$file" - | tar -xO
}

down() {
  local flags=(--remove-orphans)
  case ${1:-} in
    '') ;;
    --purge) flags+=(--volumes) ;;
    *) fail "down takes --purge, or nothing" "a typing error" "$0 down" ;;
  esac
  compose --profile examples --profile operator down "${flags[@]}"
}

case ${1:-} in
  up | down) "$@" ;;
  status) run status ;;
  run) shift; run "$@" ;;
  key) key "${2:?name an app, or ops}" ;;
  *) fail "${1:-nothing} is not what this does" "a typing error" "$0 up|status|run|key|down" ;;
esac
