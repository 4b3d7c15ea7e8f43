#!/bin/sh
# Makes what a release holds, in build/release: an archive for each platform, what the programs are made of, checksums.
# The same commit gives the same bytes: --check makes everything twice, in two folders and with two build caches, and
# compares.
set -eu
cd "$(dirname "$0")/.."
platforms=${PLATFORMS:-linux/amd64 linux/arm64 darwin/arm64}
version=$(git describe --tags --always)
commit=$(git rev-parse HEAD)
time=$(git log -1 --format=%ct)
sdk=github.com/cosmos/cosmos-sdk/version
if [ -n "$(git status --porcelain)" ]; then
	echo "the tree has changes that are not committed: a release is made of a commit" >&2
	exit 1
fi

make_into() {
	rm -rf "$1"
	mkdir -p "$1"
	for platform in $platforms; do
		name=openledger-$version-$(echo "$platform" | tr / -)
		mkdir -p "$1/$name"
		for program in openledgerd openlorad; do
			names="-X $sdk.Name=openledger -X $sdk.AppName=$program -X $sdk.Version=$version -X $sdk.Commit=$commit"
			GOOS=${platform%/*} GOARCH=${platform#*/} CGO_ENABLED=0 go build -trimpath -buildvcs=false \
				-ldflags "-s -w -buildid= $names" \
				-o "$1/$name/$program" "./cmd/$program"
		done
		cp LICENSE NOTICE CHANGELOG.md packaging/*.service "$1/$name/"
		tar --sort=name --mtime="@$time" --owner=0 --group=0 --numeric-owner -C "$1" -cf - "$name" |
			gzip -n9 >"$1/$name.tar.gz"
		rm -r "$1/$name"
		echo "$1/$name.tar.gz"
	done
	(cd "$1" && sha256sum -- *.tar.gz >SHA256SUMS)
}

make_into build/release
if [ "${1:-}" = --check ]; then
	# Once more from another folder, with nothing compiled before: neither may change a byte.
	other=$(mktemp -d)
	trap 'rm -rf "$other"' EXIT
	git clone -q . "$other/source"
	(cd "$other/source" && GOCACHE="$other/cache" PLATFORMS="$platforms" sh scripts/release.sh)
	cmp build/release/SHA256SUMS "$other/source/build/release/SHA256SUMS"
	echo "made twice, in two folders and with two build caches: the same bytes"
fi
