#!/usr/bin/env bash
# Starts three nodes on this host, in ./data, and stops them on Ctrl-C. For trying things out: loopback only, no keys.
#
#   ./scripts/three-nodes.sh [flags for every node, such as --profile fast]
#
#   n1 http://127.0.0.1:7480   n2 http://127.0.0.1:7490   n3 http://127.0.0.1:7500
#
# data/n1.pid and so on hold the nodes' process ids, for those who want to hurt one. Nodes that stay: ./scripts/cluster.sh up
exec "$(dirname "${BASH_SOURCE[0]}")/cluster.sh" run "$@"
