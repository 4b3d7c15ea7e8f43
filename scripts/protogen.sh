#!/bin/sh
# Regenerates Go code and the OpenAPI document from proto/, without network.
# Every tool is pinned: plugins in go.mod, buf in tools/go.mod.
set -eu
cd "$(dirname "$0")/.."
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
buf() { go tool -modfile=tools/go.mod buf "$@"; }
buf format -w proto
buf lint --path proto/openledger
buf generate -o "$out"
find x -name '*.pb.go' -delete
find x -name '*.pb.gw.go' -delete
cp -R "$out"/github.com/openledger/openledger/x/. x/
rm -f attestor/api/*.pb.go
cp -R "$out"/github.com/openledger/openledger/attestor/. attestor/
mkdir -p docs/static
cp "$out"/docs/static/openledger.swagger.json docs/static/openledger.swagger.json
