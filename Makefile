# What there is to do with Switchhook; `make` alone prints it.
# `make demo`, `make build` and `make package` need nothing but Go.

BIN      := bin/switchhook
FUZZTIME ?= 30s

# Set in the binary: the tag it was built from, and the commit. Where no tag is
# known the version is the last release's, which cmd/switchhook/main.go holds.
VERSION  ?= $(shell git describe --tags --match 'v*' --dirty 2>/dev/null || sed -n 's/^[[:space:]]*version = "\(.*\)"$$/\1/p' cmd/switchhook/main.go)
COMMIT   ?= $(shell git describe --always --exclude '*' --abbrev=12 --dirty 2>/dev/null)
LDFLAGS   = -s -w -X main.version=$(VERSION:v%=%) -X main.commit=$(COMMIT)

# Nothing in a package is younger than this, in seconds since 1970.
TIME     ?= $(shell git log -1 --format=%ct 2>/dev/null || date +%s)

# A test waits for what happens and fails by itself where that never comes
# (test/await): this limit is for one that does not even get there.
TESTFLAGS ?= -timeout 60m

# The packages whose tests take longest, and wait most: they begin first.
LONG     := ./internal/store ./internal/answer/widget ./test/crash ./packaging ./internal/tool/cli

# The Debian that the machines of the package's tests begin with.
MACHINE  := dist/.debian

.DEFAULT_GOAL := help
.PHONY: help demo build package check test calls race attack package-test deps format lint bench load fuzz

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: ## make a call to the examples
	@[ -x $(BIN) ] && [ -z "$$(find cmd examples internal netsapiens responder go.mod go.sum -type f -newer $(BIN) -print -quit)" ] || \
		echo 'Building $(BIN); the first time, that takes some minutes.' >&2
	@$(MAKE) --no-print-directory build
	@$(BIN) demo

build: ## build bin/switchhook
	@CGO_ENABLED=0 go build -trimpath -buildvcs=false -ldflags '$(LDFLAGS)' -o $(BIN) ./cmd/switchhook

package: ## Debian packages for amd64 and arm64, in dist/
	@rm -f dist/*.deb
	@for arch in amd64 arm64; do \
		GOOS=linux GOARCH=$$arch CGO_ENABLED=0 go build -trimpath -buildvcs=false -ldflags '$(LDFLAGS)' -o dist/$$arch/switchhook ./cmd/switchhook && \
		packaging/pack.sh $$arch dist/$$arch/switchhook '$(VERSION)' '$(TIME)' '$(COMMIT)' dist || exit 1; \
	done

# Without a C compiler, as what we ship is built; four packages at once, because
# many tests wait; and without those packages that -short leaves nothing of.
check: format lint ## in a minute: format, vet, lint, and the tests that need nothing but Go
	CGO_ENABLED=0 go test -short -p 4 $(TESTFLAGS) $$(go list ./... | grep -vE '/(test/bench|packaging|test/crash)$$')

test: deps format ## all tests, each once; CI runs this and make race
	go vet ./...
	go test -count=1 -p 4 $(TESTFLAGS) $(LONG) ./...

calls: ## play the saved calls of the examples over SIP, in real time; a minute
	SWITCHHOOK_TEST_FULL=1 go test -count=1 -v -run '^TestSavedCallsPassOverSIP$$' ./examples

race: deps ## the packages with goroutines under the race detector; some minutes
	CGO_ENABLED=1 go test -race -count=1 $(TESTFLAGS) $$(tools/racing.sh)

# With -bench PostgreSQL waits for the disk, as a real one does.
attack: deps ## attack what is shipped, beside an honest load, and write a table; twenty minutes
	SWITCHHOOK_TEST_FULL=1 go test -count=1 -v $(TESTFLAGS) -run '^TestAttacked$$' -bench '^$$' ./test/crash

package-test: package ## install, upgrade and remove the package on machines with systemd; as root
	@tools/deps.sh
	@tools/deps.sh package
	@$(MAKE) --no-print-directory --silent $(MACHINE)/etc/debian_version
	go vet -tags machine ./packaging
	go test -tags machine -count=1 ./packaging

$(MACHINE)/etc/debian_version:
	rm -rf $(MACHINE)
	mkdir -p dist
	debootstrap --variant=minbase --include=systemd,systemd-sysv,dbus,ca-certificates,curl bookworm $(MACHINE) >dist/debootstrap.log

deps: ## install what the tests need (php, node, espeak-ng, flite, gcc, chromium, caddy, haproxy, sipp, baresip)
	@tools/deps.sh

format: # gofmt; says which files are not
	@unformatted=$$(gofmt -l .); [ -z "$$unformatted" ] || { echo "Not formatted; run gofmt -w on:"; echo "$$unformatted"; exit 1; }

lint: ## golangci-lint, built from tools/go.mod; go vet is part of it
	go tool -modfile=tools/go.mod golangci-lint run ./...

bench: deps ## benchmarks: speed, memory, a Flask service beside ours; some minutes
	@tools/deps.sh bench
	@go test -run='^$$' -bench=. -benchmem $$(grep -rl --include='*_test.go' '^func Benchmark' . | xargs -n 1 dirname | sort -u)

# As root, so that the sound of the server and of load runs under SCHED_FIFO.
load: build ## how well calls over SIP are served here, and how many; ten minutes, as root
	@go build -o bin/load ./test/bench/load
	@bin/load -start $(BIN)

fuzz: ## every fuzz test for FUZZTIME (30s), and how many inputs each had a second
	@tools/fuzz.sh $(FUZZTIME)
