#!/usr/bin/env bash
# Compares sessnode with what people would otherwise pick, and with the limits of this machine, in one run; writes
# docs/performance/peers.md, peers.json and peers.svg.
#
#   ./scripts/bench-peers.sh                                   all of it: hours; it says how long before it begins
#   ./scripts/bench-peers.sh -dry                              only says how long
#   ./scripts/bench-peers.sh -systems sessnode,redis-wait,noop,null,fdatasync -workloads create,read,mixed \
#       -clients 1,256 -distributions uniform -duration 4s -repeat 3
#   ./scripts/bench-peers.sh -out '' ...                       prints the page instead
#   ./scripts/bench-peers.sh -render docs/performance/peers.json      page and picture again, nothing measured
#
# Needs Go; redis-server and PostgreSQL (Debian's packages) where they are to be measured. etcd and NATS are built from the Go
# module proxy. Nothing is left behind but bin/peers: the programs, and last.json, what was measured until then.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
mkdir -p bin/peers
go build -o bin/peers/bench ./e2e/bench/cmd # not go run, which does not pass signals on
exec ./bin/peers/bench -out docs/performance "$@"
