#!/bin/sh
# Runs the tests of clients in other languages on a demo of their own: a chain, a gateway, and a proxy. Needs python3, Node.js 20
# and its registry of packages; the test in a browser needs Chromium, and is skipped where there is none. ONLY=python or
# ONLY=js runs one of them.
set -eu
cd "$(dirname "$0")/.."
root=$PWD
PATH=$root/build:$PATH
export PATH
work=$(mktemp -d)
stop() {
	[ -z "${proxy:-}" ] || kill "$proxy" 2>/dev/null || true
	[ -z "${proxy:-}" ] || wait "$proxy" 2>/dev/null || true
	if [ -s "$work/demo.json" ]; then
		for pid in $(jq -r '.running.pids[]' "$work/demo.json"); do kill "$pid" 2>/dev/null || true; done
		sleep 1
		rm -rf "$(jq -r .running.home "$work/demo.json")"
	fi
	rm -rf "$work"
}
trap stop EXIT
trap 'exit 1' INT TERM

openlorad demo --corpus examples/dermatology --keep --json >"$work/demo.json" 2>"$work/demo.log" || {
	cat "$work/demo.log"
	exit 1
}
home=$(jq -r .running.home "$work/demo.json")
OPENLEDGER_DEMO=$work/demo.json
export OPENLEDGER_DEMO
if [ "${ONLY:-python}" = python ]; then
	(cd clients/python && python3 -W error -m unittest discover -s tests -t .)
fi
if [ "${ONLY:-js}" = js ]; then
	openlorad connect --home "$work/client" --from node0 --keyring-backend test --keyring-dir "$home/node0" \
		--node "$(jq -r .running.grpc "$work/demo.json")" --allow-private --listen 127.0.0.1:0 --ack-after 500ms \
		>"$work/connect.out" 2>"$work/connect.log" &
	proxy=$!
	for _ in $(seq 100); do
		grep -q OPENAI_BASE_URL "$work/connect.out" && break
		sleep 0.1
	done
	OPENAI_BASE_URL=$(sed -n 's/^OPENAI_BASE_URL=//p' "$work/connect.out")
	OPENAI_API_KEY=unused
	export OPENAI_BASE_URL OPENAI_API_KEY
	(cd clients/ts && npm ci --no-audit --no-fund && npm run build && npm test) || {
		tail -n 20 "$work/connect.log"
		exit 1
	}
fi
