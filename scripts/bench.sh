#!/bin/sh
# Measures and writes the table of docs/benchmarks.md. Figures are of this
# machine; compare figures of one run with one another.
set -eu
cd "$(dirname "$0")/.."
out=$(mktemp)
trap 'rm -f "$out"' EXIT
echo "measuring: a minute or two" >&2
go test ./app ./poa ./attestor/judge -run '^$' -bench . -benchtime "${BENCHTIME:-5x}" | tee "$out" >&2
{
	cat <<'TEXT'
# Benchmarks

Written by `make bench`. CPU seconds are of the measuring process, so other programs on the machine do not count. Compare
figures of one run with one another rather than with other machines.

TEXT
	grep '^cpu:' "$out" | head -n 1
	go version
	printf '\n| benchmark | figure | unit |\n|---|---:|---|\n'
	awk '/^Benchmark/ {
		name = $1; sub(/-[0-9]+$/, "", name); sub(/^Benchmark/, "", name)
		for (i = 3; i < NF; i += 2) if ($(i) != "0") printf "| %s | %s | %s |\n", name, $(i), $(i+1)
	}' "$out"
	cat <<'TEXT'

- **SubmitReceipts**: blocks of one batch of 100 answers with inline evidence, executed and committed by the whole application, beside blocks of 100
  bank sends of the same chain, alternating.
- **RecordBytes**: receipts of 8 entries as they are stored through the dispute window.
- **EndBlock**: a block that settles 1,000 receipts of 8 entries, spread over all accounts of the ledger.
- **Judge**: an attestor's work on a batch of 80 answers of 180 tokens over a million tokens of text, beside the same without the look at the whole
  manifest; receipts/s of one core.
- The rest are of package `poa`: see its README.
TEXT
} > docs/benchmarks.md
cat docs/benchmarks.md
