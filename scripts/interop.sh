#!/bin/sh
# Runs what others wrote beside slm: transformers, tokenizers and torch load what slm writes and the other way round,
# and llama.cpp computes from the same files; and the drivers of model servers with llama-server itself. They come from
# Debian sid (300 MB to fetch, 1.5 GB unpacked) and are unpacked into a folder of their own, with a package state of
# their own: nothing is installed. The folder is kept for the next run.
#   sh scripts/interop.sh [FOLDER] [ARGUMENTS OF go test]
# Exits with 77 and one line where the peers cannot be had: nothing was tested then.
set -eu
cd "$(dirname "$0")/.."
peers=${1:-${XDG_CACHE_HOME:-$HOME/.cache}/openledger/peers}
[ $# -eq 0 ] || shift
skip() {
	echo "interop: SKIPPED, nothing was tested: $*" >&2
	exit 77
}
[ "$(uname -s) $(uname -m)" = "Linux x86_64" ] || skip "the peers are programs for Linux on x86-64"
packages="llama.cpp-tools llama.cpp-tests python3-transformers python3-torch python3-safetensors"
packages="$packages python3-tokenizers python3-jinja2 python3-gguf"
if [ ! -e "$peers/complete" ]; then
	command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null ||
		skip "apt-get and dpkg-deb are needed to fetch the peers"
	keyring=/usr/share/keyrings/debian-archive-keyring.gpg
	[ -e "$keyring" ] || skip "$keyring is missing"
	mkdir -p "$peers/apt/lists/partial" "$peers/apt/archives/partial" "$peers/apt/parts" "$peers/root"
	peers=$(cd "$peers" && pwd)
	: >"$peers/apt/status"
	# The mirror that this machine's apt asks.
	mirror=${MIRROR:-$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | grep '/debian/*$' | head -n 1)}
	[ -n "$mirror" ] || skip "apt knows no mirror of Debian: name one with MIRROR="
	echo "deb [signed-by=$keyring] $mirror sid main" >"$peers/apt/sources.list"
	cat >"$peers/apt/apt.conf" <<-CONF
		Dir::State "$peers/apt";
		Dir::State::status "$peers/apt/status";
		Dir::Cache "$peers/apt";
		Dir::Etc::sourcelist "$peers/apt/sources.list";
		Dir::Etc::sourceparts "$peers/apt/parts";
		Dir::Etc::preferencesparts "$peers/apt/parts";
		APT::Install-Recommends "false";
		APT::Architecture "amd64";
		APT::Sandbox::User "";
		Acquire::Languages "none";
	CONF
	APT_CONFIG=$peers/apt/apt.conf
	export APT_CONFIG
	echo "interop: fetching the peers to $peers" >&2
	apt-get -qq update || skip "Debian sid is not reached"
	# shellcheck disable=SC2086 # one word a package
	apt-get -qq install -y -d $packages >&2 || skip "the packages are not to be had: $packages"
	for package in "$peers"/apt/archives/*.deb; do
		dpkg-deb -x "$package" "$peers/root"
	done
	rm -rf "$peers/apt/archives"
	unset APT_CONFIG
	: >"$peers/complete"
fi
peers=$(cd "$peers" && pwd)
OPENLEDGER_PEERS=$peers/root go test -count=1 -tags interop -timeout 60m -v "$@" ./slm/interop ./openlora/engine/interop
