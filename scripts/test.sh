#!/usr/bin/env bash
# The one test command: sets up what the tests need on a fresh machine, then runs all of them.
#
#   ./scripts/test.sh            everything (at most 40 minutes on two cores)
#   ./scripts/test.sh fast       only what needs no processes: format, vet, unit and property tests, Python, the house
#   ./scripts/test.sh e2e docs   the groups that are named, one after another: setup format vet unit python e2e compose upstream torture docs smoke
#
# Every group is run even when an earlier one failed; the exit code is 1 when any did. A group that cannot run has failed. Of everything,
# groups that only wait for most of their time run in two lanes next to each other, and what each says is shown when it has ended; those that
# measure, or judge how long something took, have the machine to themselves.
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
# Three packages at a time: cluster takes the longest, and only waits for most of it.
unit() {
  local bad=0 moved
  go test -race -shuffle=on -p 3 -timeout 8m ./... || bad=1
  moved=$(go test -count=1 -v -run 'TestMovedNodeIsFound|TestAllNodesMoveAtOnce|TestANodeThatLostItsDiskIsReplaced' ./cluster | grep -v level=)
  printf '%s\n' "$moved"
  [ "$(grep -c '^--- PASS' <<<"$moved")" = 3 ] || bad=1
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

# e2e and timed: real processes under faults; needs root for its disks. Containers, the frameworks' suites, their applications and the
# documentation have groups of their own. timed is what measures, or judges how long something took; the others mostly wait, and go two at a time.
packages() { go list -tags e2e ./e2e/... | grep -v -e '/e2e/docs' -e '/e2e/compose' -e '/e2e/upstream' -e '/e2e/torture'; }
judges='/e2e/\(bench\|demo\|drill\|faults\|flat\|measure\|overload\)$'

e2e() { packages | grep -v "$judges" | xargs go test -tags e2e -count=1 -p 2 -timeout 9m; }
timed() { packages | grep "$judges" | xargs go test -tags e2e -count=1 -p 1 -timeout 9m; }

# compose: three nodes in containers, on the Docker engine that answers, or on one that the test starts and stops; needs root to listen.
compose() { go test -tags e2e -count=1 -timeout 12m ./e2e/compose; }

# upstream: the frameworks' own test suites against our adapters on three nodes. What it fetches stays in the user's cache folder.
upstream() { go test -tags e2e -count=1 -timeout 12m ./e2e/upstream; }

# torture: races and failures in real applications: ours keep every promise, and the tool still finds what is known of others.
torture() { go test -tags e2e -count=1 -timeout 12m -run 'TestOurs|TestTheOthers' ./e2e/torture; }

# docs: the README and docs/, followed to the letter on three nodes, and on a machine with nothing but Go; needs root for its
# networks.
docs() { go test -tags e2e -count=1 -p 1 -timeout 16m ./e2e/docs/...; }

# smoke: the story of a login, told with curl.
smoke() { ./scripts/smoke.sh; }

work=$(mktemp -d) failed=() summary=() began=$SECONDS lanes=()
end() { for lane in "${lanes[@]}"; do kill -- "-$lane" 2>/dev/null; done; rm -rf "$work"; }
trap end EXIT
trap 'exit 130' INT TERM

# note NAME VERDICT SECONDS
note() {
  [ "$2" = ok ] || failed+=("$1")
  summary+=("$(printf '%-8s %-4s %4d s' "$1" "$2" "$3")")
}

# one runs a group by itself.
one() {
  printf '\n== %s\n' "$1"
  local start=$SECONDS
  if "$1" 2>&1 | tee "$work/$1.out"; then note "$1" ok $((SECONDS - start)); else note "$1" FAIL $((SECONDS - start)); fi
}

# failures repeats, next to the summary, what a failed group said of its failures: elsewhere it is thousands of lines up.
failures() {
  local group marks='^ *--- FAIL|^(FAILED|ERROR|E  |panic:|goleak:|fatal error:|WARNING: DATA RACE|error:|FAIL[[:space:]])'
  for group in "${failed[@]}"; do
    printf '\n== failed: %s\n' "$group"
    grep -avE 'level=(DEBUG|INFO)|^=== ' "$work/$group.out" >"$work/short"
    grep -aE -A 6 "$marks" "$work/short" | cut -c1-240 | head -n 40 | grep . || tail -n 10 "$work/short"
  done
}

# lane runs groups one after another and shows what each said when it has ended.
lane() {
  local group start verdict
  for group in "$@"; do
    start=$SECONDS verdict=FAIL
    if "$group" >"$work/$group.out" 2>&1; then verdict=ok; fi
    echo "$verdict $((SECONDS - start))" >"$work/$group.verdict"
    (
      flock 9
      printf '\n== %s\n' "$group"
      cat "$work/$group.out"
    ) 9>>"$work/show"
  done
}

# beside runs lanes next to each other, each a word with its groups, and takes their verdicts. Each lane has a process group of its own:
# what a shell puts into the background otherwise would ignore interrupts, and so would all that the tests start.
beside() {
  local words group verdict seconds
  printf '\n== next to each other:%s\n' "$(printf ' [%s]' "$@")"
  set -m
  for words in "$@"; do
    # shellcheck disable=SC2086 # a lane's groups are words
    lane $words </dev/null &
    lanes+=($!)
  done
  set +m
  wait
  lanes=()
  for group in $*; do
    verdict=FAIL seconds=0
    [ ! -e "$work/$group.verdict" ] || read -r verdict seconds <"$work/$group.verdict"
    note "$group" "$verdict" "$seconds"
  done
}

if [ "${*:-all}" = all ]; then
  for group in setup format vet unit; do one "$group"; done
  beside "e2e" "python torture"
  for group in timed compose upstream docs smoke; do one "$group"; done
else
  groups=()
  for word in "$@"; do
    case $word in
      fast) groups+=(setup format vet unit python) ;;
      e2e) groups+=(e2e timed) ;;
      setup | format | vet | unit | python | compose | upstream | torture | docs | smoke) groups+=("$word") ;;
      *) echo "error:  no group is called $word; likely: a typing error; try: $0 [all|fast|setup|format|vet|unit|python|e2e|compose|upstream|torture|docs|smoke]..." >&2; exit 2 ;;
    esac
  done
  for group in "${groups[@]}"; do one "$group"; done
fi

failures
printf '\n== summary\n'
printf '%s\n' "${summary[@]}"
printf '%-8s %-4s %4d s\n' all "$([ ${#failed[@]} = 0 ] && echo ok || echo FAIL)" $((SECONDS - began))
[ ${#failed[@]} = 0 ]
