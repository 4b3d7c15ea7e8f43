#!/bin/sh
# Runs the tests of package poa on a 32-bit architecture, where int has another size. A kernel that runs no 32-bit
# programs refuses them with status 126: then they are compiled and vetted only, and the script says so.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
echo "GOARCH=386 go test ./poa"
GOARCH=386 go vet ./poa
GOARCH=386 go test -c -o "$dir/poa.test" ./poa
cd poa
status=0
"$dir/poa.test" -test.timeout 20m 2>"$dir/err" || status=$?
if [ "$status" -eq 126 ]; then
	echo "not run: this machine runs no 32-bit programs; the tests were compiled and vetted only"
	exit 0
fi
cat "$dir/err" >&2
exit "$status"
