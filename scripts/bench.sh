#!/bin/sh
# Measures, writes the tables of docs/benchmarks.md, and ends with one JSON
# object. Figures are of this machine; compare figures of one run with one
# another. Options go to ./measure/bench: sh scripts/bench.sh --quick
set -eu
cd "$(dirname "$0")/.."
# What gateway and proxy add to a model server's answers; the table stands in openlora/README.md.
if [ "$*" = "--only gateway" ]; then
	exec go test ./demo -run '^TestLatency$' -measure -v
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
echo "measuring: a quarter of an hour; a few minutes with ARGS=--quick" >&2
go test ./app ./poa ./attestor/judge -run '^$' -bench . -benchtime "${BENCHTIME:-5x}" >"$work/go" || {
	cat "$work/go" >&2
	exit 1
}
cat "$work/go" >&2
go build -o "$work/bench" ./measure/bench
"$work/bench" "$@" >"$work/tables"
{
	cat <<'TEXT'
# Benchmarks

Written by `make bench`. CPU seconds are of the measuring process, so other programs on the machine do not count.
Compare figures of one run with one another rather than with other machines.

TEXT
	grep '^cpu:' "$work/go" | head -n 1
	go version
	cat <<'TEXT'

## Paying contributors

Package `measure/bench` settles full blocks through x/rewards, and makes the same payments in the ways that others use:
the application's own keepers on a store on disk with the default `iavl-cache-size`, and as many registered contributors
as the tables say, each with a ledger row, an account and a balance.

TEXT
	sed '$d' "$work/tables" | sed '/./,$!d'
	printf '## Parts\n\n| benchmark | figure | unit |\n|---|---:|---|\n'
	awk '/^Benchmark/ {
		name = $1; sub(/-[0-9]+$/, "", name); sub(/^Benchmark/, "", name)
		for (i = 3; i < NF; i += 2) if ($(i) != "0") printf "| %s | %s | %s |\n", name, $(i), $(i+1)
	}' "$work/go"
	cat <<'TEXT'

- **SubmitReceipts**: blocks of one batch of 100 answers with inline evidence, executed and committed by the whole
  application, beside blocks of 100 bank sends of the same chain, alternating.
- **AttestedBatch**: blocks of one attested batch of 1,000 answers of 8 entries over 2,000 contributors, in 1, 10 or 100
  sessions; "submitted" counts the blocks with the batch, "settled" also those of the verdict and the credits.
- **ThousandAdapters**: blocks of 1,000 answers, in turn of 1,000 adapters with a session each, of one model with as
  many sessions, and of one session: x/attribution/README.md tells what is compared.
- **Judge**: an attestor's work on a batch of 80 answers of 180 tokens over a million tokens of text, beside the same
  without the look at the whole manifest; receipts/s of one core.
- The rest are of package `poa`: see its README.
TEXT
} >"$work/page"
mv "$work/page" docs/benchmarks.md
cat "$work/tables"
