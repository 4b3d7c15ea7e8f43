#!/bin/sh
# Runs the tests that hold bits of the embedded engine (TestGolden of packages under slm) on other architectures than
# this one: 386, and arm64 under qemu-user. It says which of them this machine cannot run, and fails if a bit differs.
set -eu
cd "$(dirname "$0")/.."
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
packages=$(grep -l '^func TestGolden(' slm/*/*_test.go slm/*/*/*_test.go 2>/dev/null | xargs -n 1 dirname | sort -u)

# run ARCHITECTURE [EMULATOR]
run() {
	architecture=$1
	shift
	for package in $packages; do
		echo "GOARCH=$architecture go test ./$package -run TestGolden"
		CGO_ENABLED=0 GOARCH=$architecture go test -c -o "$dir/golden.test" "./$package"
		status=0
		(cd "$package" && "$@" "$dir/golden.test" -test.run '^TestGolden$' -test.timeout 20m) 2>"$dir/err" || status=$?
		if [ "$status" -eq 126 ]; then
			echo "skipped: this machine runs no programs of $architecture"
			return
		fi
		cat "$dir/err" >&2
		[ "$status" -eq 0 ] || exit "$status"
	done
}

echo "go test -run TestGolden on $(go env GOARCH)"
for package in $packages; do
	go test -count 1 -run '^TestGolden$' "./$package"
done
run 386
if command -v qemu-aarch64 >/dev/null; then
	run arm64 qemu-aarch64
else
	echo "skipped: arm64 needs qemu-aarch64 (Debian: apt-get install qemu-user)"
fi
