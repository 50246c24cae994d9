#!/usr/bin/env bash
# Builds the images sessnode:local and sessnode-examples:local. Go builds the programs on this machine, and the images hold nothing
# else, so nothing is pulled.
#
#   ./scripts/image.sh [TAG]      another tag than "local"
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
tag=${1:-local}

rm -rf bin/image && mkdir -p bin/image/data bin/image/secrets/{nodes,operator,apps}
chmod -R go= bin/image/data bin/image/secrets # only their owner in the image is to see them
GOOS=linux CGO_ENABLED=0 go build -trimpath -ldflags='-s -w' -o bin/image/ ./cmd/sessnode ./examples/go-login ./examples/round-robin
cp LICENSE bin/image/
docker build -q -t "sessnode:$tag" -f Dockerfile bin/image
docker build -q -t "sessnode-examples:$tag" -f examples/Dockerfile bin/image
