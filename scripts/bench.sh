#!/usr/bin/env bash
# Measures three nodes on this host and prints the tables of docs/performance/throughput.md, for this machine.
#
#   ./scripts/bench.sh                                    all of it: three rounds, about a quarter of an hour
#   ./scripts/bench.sh --repeat 1 --clients 1,64          with other flags of `sessnode bench`
#
# Progress goes to standard error, the tables to standard output, the raw figures to bin/bench.tsv.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

go build -o bin/sessnode ./cmd/sessnode
echo "load average: $(cut -d' ' -f1 /proc/loadavg 2>/dev/null || uptime)" >&2
./bin/sessnode bench create read patch touch mixed --cluster --nodes leader --nodes follower \
  --clients 1,16,64,256 --repeat 3 --duration 6s --warmup 2s "$@" > bin/bench.tsv

# One table a workload: operations a second by clients, and latencies at the most clients.
awk -F'\t' '
NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next }
$at["operation"] == "all" || $at["operation"] == $at["workload"] {
  w = $at["workload"]; r = $at["through"]; c = $at["clients"]
  if (!(w in seen_w)) { seen_w[w]; ws[++nw] = w }
  if (!(r in seen_r)) { seen_r[r]; rs[++nr] = r }
  if (!(c in seen_c)) { seen_c[c]; cs[++nc] = c }
  rate[w, r, c] = $at["ops/s"]
  p50[w, r, c] = $at["p50"]; p99[w, r, c] = $at["p99"]; failed[w, r, c] = $at["errors"] + $at["unknown"]
}
function commas(n,  s) { for (s = ""; length(n) > 3; n = substr(n, 1, length(n) - 3)) s = "," substr(n, length(n) - 2) s; return n s }
END {
  for (i = 1; i <= nw; i++) {
    w = ws[i]
    printf "\n| %s |", w; for (k = 1; k <= nc; k++) printf " %s |", cs[k]
    printf " p50 at %s | p50 at %s | p99 at %s | failed |\n| --- |", cs[1], cs[nc], cs[nc]
    for (k = 1; k <= nc + 4; k++) printf " ---: |"
    print ""
    for (j = 1; j <= nr; j++) {
      r = rs[j]; bad = 0
      printf "| through %s |", r == "follower" ? "a follower" : "the " r
      for (k = 1; k <= nc; k++) { printf " %s |", commas(rate[w, r, cs[k]]); bad += failed[w, r, cs[k]] }
      printf " %s ms | %s ms | %s ms | %d |\n", p50[w, r, cs[1]], p50[w, r, cs[nc]], p99[w, r, cs[nc]], bad
    }
  }
}' bin/bench.tsv
