#!/usr/bin/env bash
# The one test command: sets up what the tests need on a fresh machine, then runs all of them.
#
#   ./scripts/test.sh            everything (at most 40 minutes on two cores)
#   ./scripts/test.sh fast       only what needs no processes: format, vet, unit and property tests, Python, the house
#   ./scripts/test.sh e2e docs   the groups that are named: setup format vet unit e2e compose upstream torture docs smoke
#
# Every group is run even when an earlier one failed; the exit code is 1 when any did. A group that cannot run has failed.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
export CGO_ENABLED=1 # the race detector needs it

# setup: tools by name of command and Debian package, then the Go modules.
setup() {
  command -v go >/dev/null || { echo "error:  go is missing; likely: Go is not installed; try: install Go 1.26 or newer from https://go.dev/dl"; return 1; }
  local missing=()
  need() { command -v "$1" >/dev/null || missing+=("$2"); }
  need gcc gcc; need curl curl; need mkfs.ext4 e2fsprogs; need losetup util-linux; need mount mount; need ip iproute2
  need python3 python3; python3 -c 'import ensurepip, venv' 2>/dev/null || missing+=(python3-venv)
  need git git; need jq jq; need openssl openssl # what the documentation's pages use
  need redis-server redis-server # what others keep sessions in
  need chromium chromium # the login app is tried in a real browser
  need docker docker.io; need dockerd docker.io; need iptables iptables; need tcpdump tcpdump # the cluster of containers, and who listens to it
  docker compose version >/dev/null 2>&1 || need docker-compose docker-compose
  [ -e /usr/share/fonts/truetype/dejavu/DejaVuSans.ttf ] || missing+=(fonts-dejavu-core)
  [ -e /etc/ssl/certs/ca-certificates.crt ] || missing+=(ca-certificates)
  [ -e /usr/include/stdlib.h ] || missing+=(libc6-dev)
  if [ ${#missing[@]} -gt 0 ]; then
    echo "missing packages: ${missing[*]}"
    if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
      echo "error:  cannot install them; likely: not root, or not Debian; try: install these packages, then run again"
      return 1
    fi
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null || return 1
  fi
  go mod download && go build ./... && go version && ./scripts/python.sh
}

format() {
  local wrong
  wrong=$(find . -name '*.go' -not -path './.git/*' -not -path '*/testdata/*' -exec gofmt -l {} +) || return 1
  [ -z "$wrong" ] || { echo "gofmt would change:"; echo "$wrong"; return 1; }
}

# vet: also that the binary builds where the README says that it does.
vet() {
  local bad=0 system
  go vet ./... || bad=1
  go vet -tags e2e,sabotage ./... || bad=1
  for system in darwin freebsd; do CGO_ENABLED=0 GOOS=$system go build -o /dev/null ./cmd/sessnode || bad=1; done
  return $bad
}

# unit: everything that runs inside one process, the seeds of the fuzz tests and the tests of the house among it.
# A few cannot have the race detector, because of a library: cluster/readdress_test.go says which and why.
unit() {
  local bad=0
  go test -race -shuffle=on -p 2 -timeout 8m ./... || bad=1
  [ "$(go test -count=1 -v -run 'TestMovedNodeIsFound|TestAllNodesMoveAtOnce|TestANodeThatLostItsDiskIsReplaced' ./cluster |
    grep -v level= | tee -a /dev/stderr | grep -c '^--- PASS')" = 3 ] || bad=1
  return $bad
}

# python: the distribution in python/, with a store in memory. e2e has its claims at real nodes.
python() {
  local interpreter bad=0
  interpreter=$(./scripts/python.sh) || return 1
  cd python || return 1
  "$interpreter" -m ruff check . || bad=1
  "$interpreter" -m ruff format --check . || bad=1
  "$interpreter" -m mypy || bad=1
  "$interpreter" -m pytest || bad=1
  cd .. || return 1
  return $bad
}

# e2e: real processes under faults; needs root for its disks. Containers, the frameworks' suites, their applications and the
# documentation have groups of their own. What measures, or judges how long something took, has the machine to itself; the
# others mostly wait, and go two at a time.
e2e() {
  local all alone='/e2e/\(bench\|demo\|drill\|faults\|flat\|measure\|overload\)$' bad=0
  all=$(go list -tags e2e ./e2e/... | grep -v -e '/e2e/docs' -e '/e2e/compose' -e '/e2e/upstream' -e '/e2e/torture')
  [ -n "$all" ] || { echo "no package under ./e2e"; return 1; }
  grep -v "$alone" <<<"$all" | xargs go test -tags e2e -count=1 -p 2 -timeout 9m || bad=1
  grep "$alone" <<<"$all" | xargs go test -tags e2e -count=1 -p 1 -timeout 9m || bad=1
  return $bad
}

# compose: three nodes in containers, on the Docker engine that answers, or on one that the test starts and stops; needs root to listen.
compose() { go test -tags e2e -count=1 -timeout 9m ./e2e/compose; }

# upstream: the frameworks' own test suites against our adapters on three nodes. What it fetches stays in the user's cache folder.
upstream() { go test -tags e2e -count=1 -timeout 12m ./e2e/upstream; }

# torture: races and failures in real applications: ours keep every promise, and the tool still finds what is known of others.
torture() { go test -tags e2e -count=1 -timeout 9m -run 'TestOurs|TestTheOthers' ./e2e/torture; }

# docs: the README and docs/, followed to the letter on three nodes, and on a machine with nothing but Go; needs root for its
# networks.
docs() { go test -tags e2e -count=1 -p 1 -timeout 16m ./e2e/docs/...; }

# smoke: the story of a login, told with curl.
smoke() { ./scripts/smoke.sh; }

groups=()
for word in "${@:-all}"; do
  case $word in
    all) groups+=(setup format vet unit python e2e compose upstream torture docs smoke) ;;
    fast) groups+=(setup format vet unit python) ;;
    setup | format | vet | unit | python | e2e | compose | upstream | torture | docs | smoke) groups+=("$word") ;;
    *) echo "error:  no group is called $word; likely: a typing error; try: $0 [all|fast|setup|format|vet|unit|python|e2e|compose|upstream|torture|docs|smoke]..." >&2; exit 2 ;;
  esac
done

failed=() summary=() began=$SECONDS
for group in "${groups[@]}"; do
  printf '\n== %s\n' "$group"
  start=$SECONDS
  if "$group"; then verdict=ok; else verdict=FAIL; failed+=("$group"); fi
  summary+=("$(printf '%-8s %-4s %4d s' "$group" "$verdict" $((SECONDS - start)))")
done

printf '\n== summary\n'
printf '%s\n' "${summary[@]}"
printf '%-8s %-4s %4d s\n' all "$([ ${#failed[@]} = 0 ] && echo ok || echo FAIL)" $((SECONDS - began))
[ ${#failed[@]} = 0 ]
