# OpenLedger. A fresh machine needs Go and make; `make demo` and `make test` need nothing else.

VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
COMMIT  ?= $(shell git rev-parse HEAD 2>/dev/null)
SDK      = github.com/cosmos/cosmos-sdk/version
LDFLAGS  = -s -w -X $(SDK).Name=openledger -X $(SDK).AppName=openledgerd -X $(SDK).Version=$(VERSION) \
           -X $(SDK).Commit=$(COMMIT)
export CGO_ENABLED = 0

.DEFAULT_GOAL := help

# What has goroutines: the rest of the chain has none.
RACE = ./openlora/... ./attestor/... ./content/... ./audit/... ./internal/... ./app/voteext/... ./app/metrics/... \
	./slm/engine/... ./slm/kernel/... ./demo/ports/... ./cmd/...

help: ## Show the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  %-12s %s\n", $$1, $$2}'

build: ## Build build/openledgerd and build/openlorad
	@mkdir -p build
	go build -trimpath -ldflags '$(LDFLAGS)' -o build/ ./cmd/openledgerd ./cmd/openlorad

install: ## Install both binaries into GOBIN
	go install -trimpath -ldflags '$(LDFLAGS)' ./cmd/openledgerd ./cmd/openlorad

faults: ## Build build/openledgerd-faults, a node that misbehaves for tests (start --attestor.fault lie)
	@mkdir -p build
	go build -trimpath -tags faults -ldflags '$(LDFLAGS)' -o build/openledgerd-faults ./cmd/openledgerd

demo: build $(if $(findstring --validators,$(ARGS)),faults) ## Ask on a fresh chain, and see who is paid; ARGS=--keep
	build/openlorad demo $(ARGS)

test: ## Run the tests; on amd64 those of poa on a 32-bit architecture too, if the machine runs such programs
	go test -timeout 20m ./...
	go test -timeout 5m -tags faults ./attestor -run Fault
	@if [ "$$(go env GOHOSTARCH)" = amd64 ]; then sh scripts/test386.sh; fi

base-model: ## Train the model that ships again, from the same text, and compare the bytes; ten minutes of two cores
	toolchain=$$(awk '$$1 == "toolchain" { print $$2 }' go.mod) && \
		go run ./slm/base/make "$$(GOTOOLCHAIN=$$toolchain go env GOROOT)" build/base-model

slm-determinism: ## Compare the bits of the embedded engine on 386 and arm64 with this machine's; needs qemu-user
	sh scripts/slmdeterminism.sh

test-used: ## Run the tests twice at once on a used machine: another home, settings, taken ports; half an hour
	sh scripts/hostile.sh

test-long: ## Run the heavier searches: more random cases, fuzzing
	go test -timeout 60m ./poa ./x/rewards/types ./x/models/types ./x/attribution/types -rapid.checks=2000
	go test -timeout 60m ./x/datanet/keeper -run AnythingAtAnyTime -rapid.checks=2000
	go run ./measure/fidelity --worlds 100000 --only-worlds
	for target in $$(grep -hoE '^func Fuzz[A-Za-z]+' poa/*_test.go | sed 's/^func //'); do \
		go test ./poa -run '^$$' -fuzz "^$$target$$" -fuzztime 30s || exit 1; done
	for file in $$(grep -lE '^func Fuzz' slm/*/*_test.go slm/internal/*/*_test.go); do \
		for target in $$(grep -hoE '^func Fuzz[A-Za-z0-9]+' $$file | sed 's/^func //'); do \
			go test ./$$(dirname $$file) -run '^$$' -fuzz "^$$target$$" -fuzztime 30s || exit 1; done; done
	go test ./content/sentence -run '^$$' -fuzz FuzzSentences -fuzztime 30s
	go test ./content/segment -run '^$$' -fuzz FuzzSplit -fuzztime 30s
	go test ./openlora/terms -run '^$$' -fuzz FuzzTerms -fuzztime 30s
	for target in FuzzCanonical FuzzParseChat; do \
		go test ./openlora/api -run '^$$' -fuzz "^$$target$$" -fuzztime 30s || exit 1; done

bench: ## Measure paying, and write docs/benchmarks.md; options as ARGS="--quick --accounts N,N --only NAME"
	@sh scripts/bench.sh $(ARGS)

bench-node: ## Measure the settings of docs/operators.md on a store of a million accounts: half an hour, 4 GB of disk
	go test ./testutil/nodebench -run '^$$' -bench . -benchtime 20x -timeout 2h

fidelity: ## Measure attribution; options as ARGS="--corpus DIR --seed N --segments N --answers N"
	@go run ./measure/fidelity $(ARGS)

review-sim: ## Play panel review against deviations, nine minutes of CPU; ARGS="--quick --cohorts N --seed N"
	@go run ./measure/reviewsim $(ARGS)

wash: ## Trade with oneself in every role, to farm OPEN; options as ARGS="--cases N --seed N --only NAME"
	@COSMOS_SDK_CONFIG_SCOPE=washsim go run ./measure/washsim $(ARGS)

net-test: ## Run four validators as processes, and do to them what happens to machines; ARGS="-only NAME -keep"
	@go run ./testutil/network/nettest $(ARGS)

wallet-test: build ## Sign every message with CosmJS, and send some to a node; needs Node.js 20 and its registry
	cd testutil/wallets && npm ci --no-audit --no-fund && node --test

clients-test: build ## Run our clients and others' OpenAI clients on a demo; needs python3, jq, Node.js 20, Chromium
	sh scripts/clients.sh

PEERS ?= $(HOME)/.cache/openledger/peers
interop: ## Compare slm with transformers and llama.cpp (300 MB to fetch, kept in PEERS=FOLDER); ARGS="-run NAME"
	@sh scripts/interop.sh "$(PEERS)" $(ARGS)

docs-test: build ## Run the commands of README.md and docs/ as readers do; needs curl and jq; ARGS="-only NAME -v"
	@go run ./testutil/docstest $(ARGS)

lint: ## Check formatting and run vet
	@unformatted=$$(gofmt -l $$(git ls-files '*.go' | grep -v '\.pb\.\(gw\.\)\?go$$')); \
		if [ -n "$$unformatted" ]; then echo "run gofmt -w on:"; echo "$$unformatted"; exit 1; fi
	go vet ./...

check: ## Run the linters of .golangci.yml, which also enforce who may import whom; the linter is built first, minutes
	@mkdir -p build
	go -C tools/check build -o ../../build/ github.com/golangci/golangci-lint/v2/cmd/golangci-lint
	build/golangci-lint run

race: ## Run the tests of what has goroutines under the race detector; needs a C compiler
	CGO_ENABLED=1 go test -race -timeout 40m $(RACE)

vulnerabilities: ## Look for known faults in what the programs call; VULNDB=latest takes the newest database
	sh scripts/vulnerabilities.sh

sbom: build ## Write what the programs are made of to build/*.cdx.json, and check the licences; needs jq
	sh scripts/sbom.sh

release: ## Make the archives of a release and their checksums in build/release; PLATFORMS="linux/amd64 …"
	sh scripts/release.sh

release-check: ## The same, twice, and compare the bytes
	sh scripts/release.sh --check

proto: ## Regenerate code and OpenAPI from proto/, offline
	sh scripts/protogen.sh

proto-check: proto ## Fail when generated code is not what proto/ says
	@git diff --exit-code -- proto x attestor/api docs/static || \
		{ echo "generated code differs: run make proto and commit"; exit 1; }

clean: ## Remove build output
	rm -rf build

.PHONY: help build faults install demo test slm-determinism test-used test-long bench bench-node fidelity review-sim \
        wash net-test wallet-test clients-test interop docs-test base-model lint check race vulnerabilities sbom \
        release release-check proto proto-check clean
