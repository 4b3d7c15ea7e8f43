#!/bin/sh
# Writes what each program is made of (CycloneDX) to build/, and fails on a licence that the project does not take.
set -eu
cd "$(dirname "$0")/.."
mkdir -p build
go -C tools/check build -o ../../build/ github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod
bad=0
for program in openledgerd openlorad; do
	[ -x "build/$program" ] || { echo "build/$program is missing: run make build" >&2; exit 1; }
	sbom=build/$program.cdx.json
	build/cyclonedx-gomod bin -json -licenses -noserial -output "$sbom" "build/$program"
	# By module: its licences, as one word each.
	jq -r '.components[] |
		[.name, ((.evidence.licenses // .licenses // []) | map(.license.id // .license.name // .expression) | join(","))] |
		join(" ")' \
		"$sbom" | sort -u >build/licences.txt
	while read -r name licences; do
		for licence in $(echo "${licences:-none}" | tr ',' ' '); do
			case $licence in
			# The detector calls the licence of golang.org/x, BSD-3-Clause, BSD-Source-Code.
			Apache-2.0 | MIT | MIT-0 | BSD-2-Clause | BSD-3-Clause | BSD-Source-Code) continue ;;
			ISC | MPL-2.0 | CC0-1.0 | Unlicense | 0BSD | Zlib) continue ;;
			esac
			if ! grep -q "^$name $licence " scripts/licences.txt; then
				echo "$program: $name: licence $licence"
				bad=1
			fi
		done
	done <build/licences.txt
	echo "$sbom: $(jq '.components | length' "$sbom") modules"
done
if [ $bad = 1 ]; then
	echo "use another module, or say in scripts/licences.txt why this one may be used" >&2
	exit 1
fi
