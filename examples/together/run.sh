#!/usr/bin/env bash
# Starts the login app in every framework, and shows with curl that they share one login: signed in at one, signed in at all; signed out
# at another, signed out everywhere.
#
#   ./scripts/three-nodes.sh            # three nodes on this host
#   ./examples/together/run.sh          # in another terminal; --stay: leave them running until Ctrl-C, to try them in a browser
#
# They share the store's app ("web"), the cookie's name ("sessnode") and the host, since cookies know no ports. SESSNODE_URL names other nodes.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
export SESSNODE_URL=${SESSNODE_URL:-http://127.0.0.1:7480,http://127.0.0.1:7490,http://127.0.0.1:7500} SESSNODE_APP=web

first=${SESSNODE_URL%%,*}
curl -sf -o /dev/null "$first/readyz" ||
  { echo "error:  $first does not answer; likely: no node runs; try: ./scripts/three-nodes.sh in another terminal" >&2; exit 1; }
python=$(command -v python) && "$python" -c 'import sessnode, flask_session, django, pyramid' 2>/dev/null || python=$(./scripts/python.sh)
work=$(mktemp -d)
go build -o "$work/go-login" ./examples/go-login

names=() ports=() pids=()
cleanup() {
  [ ${#pids[@]} = 0 ] || kill "${pids[@]}" 2>/dev/null || true
  wait
  rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

# start NAME PORT COMMAND...
start() {
  names+=("$1") ports+=("$2")
  PORT=$2 "${@:3}" >"$work/$1.log" 2>&1 &
  pids+=($!)
}
start flask 8481 "$python" examples/flask/app.py
start flask-session 8482 "$python" examples/flask-session/app.py
start django 8483 "$python" examples/django/manage.py runserver --noreload 8483
start pyramid 8484 "$python" examples/pyramid/app.py
start go-login 8485 "$work/go-login" -addr 127.0.0.1:8485 -cookie sessnode

for i in "${!names[@]}"; do
  curl -sf -o /dev/null --retry 60 --retry-delay 1 --retry-connrefused "http://127.0.0.1:${ports[i]}/healthz" ||
    { echo "error:  ${names[i]} does not answer; it said:" >&2; cat "$work/${names[i]}.log" >&2; exit 1; }
done

browser() { curl -s --cookie "$work/cookies" --cookie-jar "$work/cookies" "$@"; }

# submit PORT PAGE PATH FIELD=VALUE...: a form as a browser sends it, with the hidden fields (CSRF tokens) of the page that it is on.
submit() {
  local port=$1 page=$2 path=$3 field data=()
  shift 3
  while read -r field; do data+=(--data-urlencode "$field"); done < <(browser "http://127.0.0.1:$port$page" |
    sed -n 's/.*<input[^>]*type="hidden"[^>]*name="\([^"]*\)"[^>]*value="\([^"]*\)".*/\1=\2/p' | sort -u)
  for field in "$@"; do data+=(--data-urlencode "$field"); done
  browser -o /dev/null --referer "http://127.0.0.1:$port$page" "${data[@]}" --data '' "http://127.0.0.1:$port$path"
}

# everywhere WANTED: asks all of them who this browser is.
everywhere() {
  local i who bad=0
  for i in "${!names[@]}"; do
    who=$(browser "http://127.0.0.1:${ports[i]}/whoami")
    printf '  %-14s http://127.0.0.1:%s  %s\n' "${names[i]}" "${ports[i]}" "$who"
    [ "$who" = "$1" ] || bad=1
  done
  [ $bad = 0 ] || { echo "error:  they do not agree on $1" >&2; exit 1; }
}

for i in "${!names[@]}"; do
  out=$(((i + 1) % ${#names[@]}))
  echo "ada signs in at ${names[i]}"
  submit "${ports[i]}" /login /login username=ada password=demo
  everywhere ada
  echo "and signs out at ${names[out]}"
  submit "${ports[out]}" / /logout
  everywhere nobody
done
echo "one login, ${#names[@]} applications"

case ${1:-} in
--stay) echo "They go on until Ctrl-C: sign in at any of them, as ada or grace, password demo."; wait ;;
esac
