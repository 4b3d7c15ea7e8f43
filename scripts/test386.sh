#!/bin/sh
# Runs the tests of package poa on a 32-bit architecture: int has another size there. Where the kernel runs no 32-bit programs qemu-i386 runs
# them, and without that the script says that they were not run.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
echo "GOARCH=386 go test ./poa"
GOARCH=386 go vet ./poa
GOARCH=386 go test -c -o "$dir/poa.test" ./poa
cd poa
status=0
"$dir/poa.test" -test.timeout 20m 2>"$dir/err" || status=$?
if [ "$status" -eq 126 ]; then # it cannot be executed
	if command -v qemu-i386 >/dev/null 2>&1; then
		qemu-i386 "$dir/poa.test" -test.timeout 20m
		exit 0
	fi
	echo "not run: this machine runs no 32-bit programs (install qemu-user); the tests were compiled and vetted only"
	exit 0
fi
cat "$dir/err" >&2
exit "$status"
