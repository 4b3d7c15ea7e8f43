#!/bin/sh
# Runs the tests of clients in other languages on a demo of their own: a chain, a gateway, and a proxy. Needs python3,
# Node.js 20 and its registry of packages; the test in a browser needs Chromium, and is skipped where there is none.
# ONLY=python or ONLY=js runs one of them.
set -eu
cd "$(dirname "$0")/.."
root=$PWD
PATH=$root/build:$PATH
export PATH
work=$(mktemp -d)
running=

stop() {
	for pid in $running; do kill "$pid" 2>/dev/null || true; done
	for pid in $running; do wait "$pid" 2>/dev/null || true; done
	for demo in "$work"/*.json; do
		[ -s "$demo" ] || continue
		for pid in $(jq -r '.running.pids[]' "$demo"); do kill "$pid" 2>/dev/null || true; done
		sleep 1
		rm -rf "$(jq -r .running.home "$demo")"
	done
	rm -rf "$work"
}
trap stop EXIT
trap 'exit 1' INT TERM

# demo NAME [options] leaves a demo running that $work/NAME.json describes.
demo() {
	name=$1
	shift
	openlorad demo --corpus examples/dermatology --keep --json "$@" >"$work/$name.json" 2>"$work/$name.log" || {
		cat "$work/$name.log"
		exit 1
	}
}

# printed FILE PATTERN waits for a line of a program's output, and prints it.
printed() {
	for _ in $(seq 100); do
		grep -q "$2" "$1" && break
		sleep 0.1
	done
	grep "$2" "$1"
}

# connect NAME starts a proxy in front of a demo, and leaves its URL in $url.
connect() {
	home=$(jq -r .running.home "$work/$1.json")
	openlorad connect --home "$work/$1-client" --from node0 --keyring-backend test --keyring-dir "$home/node0" \
		--node "$(jq -r .running.grpc "$work/$1.json")" --allow-private --listen 127.0.0.1:0 --ack-after 500ms \
		>"$work/$1-connect.out" 2>"$work/$1-connect.log" &
	running="$running $!"
	url=$(printed "$work/$1-connect.out" OPENAI_BASE_URL | sed 's/^OPENAI_BASE_URL=//')
}

demo quotes
OPENLEDGER_DEMO=$work/quotes.json
export OPENLEDGER_DEMO
if [ "${ONLY:-python}" = python ]; then
	(cd clients/python && python3 -W error -m unittest discover -s tests -t .)
fi
if [ "${ONLY:-js}" = js ]; then
	connect quotes
	OPENAI_BASE_URL=$url
	OPENAI_API_KEY=unused
	export OPENAI_BASE_URL OPENAI_API_KEY
	node clients/ts/scripts/model.mjs >"$work/model.out" &
	running="$running $!"
	demo tools --openai-url "$(printed "$work/model.out" http)" --openai-model stand-in
	connect tools
	TOOLS_BASE_URL=$url
	TOOLS_DEMO=$work/tools.json
	export TOOLS_BASE_URL TOOLS_DEMO
	(cd clients/ts && npm ci --no-audit --no-fund && npm run build && npm test) || {
		tail -n 20 "$work"/*-connect.log
		exit 1
	}
fi
