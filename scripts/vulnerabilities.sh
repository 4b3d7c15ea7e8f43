#!/bin/sh
# Looks for known faults in what the two programs call: govulncheck, with the database as a pinned module, so that it
# needs the module proxy alone. VULNDB=latest takes the newest.
set -eu
cd "$(dirname "$0")/.."
version=${VULNDB:-v0.0.0-20261105234957-e22db6528018}
folder=$(cd "${TMPDIR:-/tmp}" && go mod download -json "golang.org/x/vulndb@$version" |
	sed -n 's/.*"Dir": "\(.*\)".*/\1/p')
mkdir -p build
go -C tools/check build -o ../../build/ golang.org/x/vuln/cmd/govulncheck ./vulndb
rm -rf build/vulnerabilities
build/vulndb "$folder/data/osv" build/vulnerabilities
found=$(mktemp)
trap 'rm -f "$found"' EXIT
build/govulncheck -db "file://$PWD/build/vulnerabilities" -format json ./cmd/openledgerd ./cmd/openlorad >"$found"
# A finding with a function in its trace is a fault that the program calls. Those named here are none: each says why.
jq -r 'select(.finding.trace[0].function) | .finding.osv' "$found" | sort -u >"$found.ids"
known=scripts/vulnerabilities.txt
new=$(sed 's/ .*//' "$known" | sort -u | comm -13 - "$found.ids")
rm -f "$found.ids"
if [ -n "$new" ]; then
	echo "known faults that the programs reach:" $new
	build/govulncheck -db "file://$PWD/build/vulnerabilities" ./cmd/openledgerd ./cmd/openlorad || true
	exit 1
fi
echo "no known fault is reached, but for those of $known"
