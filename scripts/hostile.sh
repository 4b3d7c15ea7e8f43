#!/bin/sh
# Runs the test command twice at once on a machine that has been used: the home holds another chain's configuration and
# files that are no configuration, variables set our programs up for something else, the usual ports are taken by a
# node, folders of others lie around.
set -eu
cd "$(dirname "$0")/.."
make build
for name in GOCACHE GOMODCACHE GOPATH GOPROXY GOSUMDB; do
	value=$(go env "$name")
	export "$name=$value"
done
used=$(mktemp -d)
node=
trap 'kill $node 2>/dev/null || true; wait; rm -rf "$used"' EXIT INT TERM

# A node of somebody else's on the usual ports.
openledgerd() { HOME="$used/other" build/openledgerd "$@"; }
mkdir -p "$used/other" "$used/home" "$used/tmp"
openledgerd init other --chain-id another-1 --mode single >/dev/null 2>&1
openledgerd config set client keyring-backend test
openledgerd keys add v >/dev/null 2>&1
openledgerd genesis add-genesis-account v 1000000OPEN
openledgerd genesis gentx v 100000OPEN >/dev/null 2>&1
openledgerd genesis collect-gentxs >/dev/null 2>&1
HOME="$used/other" build/openledgerd start >"$used/node.log" 2>&1 &
node=$!

# A home with another chain in it, and with nonsense.
cp -r "$used/other/.openledger" "$used/home/.openledger"
echo 'this is [no TOML' >"$used/home/.openledger/config/config.toml"
mkdir -p "$used/home/.openlora"
echo 'listen = 7 [' >"$used/home/.openlora/openlora.toml"
printf 'nonsense' >"$used/home/.openlora/answer_key"
mkdir "$used/tmp/openledger-demo-left" "$used/tmp/openledgerd-left" "$used/tmp/openledger-docs-left"
chmod 000 "$used/tmp/openledgerd-left"

export HOME="$used/home" TMPDIR="$used/tmp" CI=
export OPENLEDGERD_CHAIN_ID=another-1 OPENLEDGERD_KEYRING_BACKEND=file
export OPENLEDGERD_NODE=tcp://127.0.0.1:1 OPENLEDGERD_GAS=7
export OPENLORA_LISTEN=127.0.0.1:26657 OPENLORA_MODEL=9 OPENAI_API_KEY=nonsense
export GOFLAGS=-count=1
make test >"$used/first.log" 2>&1 &
first=$!
code=0
make test >"$used/second.log" 2>&1 || code=1
wait $first || code=1
for log in first second; do
	echo "== $log"
	grep -vE 'no test files' "$used/$log.log" | tail -n 80
done
exit $code
