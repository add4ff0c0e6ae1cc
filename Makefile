# What there is to do with Switchhook; `make` alone prints it.
# `make demo` and `make build` need nothing but Go.

BIN      := bin/switchhook
FUZZTIME ?= 30s

# Set in the binary: the tag it was built from, and the commit. Outside a
# checkout, and before the first tag, a build calls itself "dev".
VERSION  ?= $(shell git describe --tags --match 'v*' --dirty 2>/dev/null || echo dev)
COMMIT   ?= $(shell git rev-parse --short=12 HEAD 2>/dev/null)
LDFLAGS   = -s -w -X main.version=$(VERSION) -X main.commit=$(COMMIT)

.DEFAULT_GOAL := help
.PHONY: help demo build test deps lint bench fuzz

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-7s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: build ## be on the phone with the examples
	@$(BIN) demo

build: ## build bin/switchhook
	@CGO_ENABLED=0 go build -trimpath -buildvcs=false -ldflags '$(LDFLAGS)' -o $(BIN) ./cmd/switchhook

test: deps ## all tests, as CI runs them
	go vet ./...
	@unformatted=$$(gofmt -l .); [ -z "$$unformatted" ] || { echo "Not formatted; run gofmt -w on:"; echo "$$unformatted"; exit 1; }
	CGO_ENABLED=1 go test -race ./...

deps: ## install what the tests need (php, node, espeak-ng, gcc, chromium)
	@tools/deps.sh

lint: ## golangci-lint, built from tools/go.mod
	go tool -modfile=tools/go.mod golangci-lint run ./...

bench: deps ## benchmarks: speed, memory, a Flask service beside ours; some minutes
	@tools/deps.sh bench
	@go test -run='^$$' -bench=. -benchmem $$(grep -rl --include='*_test.go' '^func Benchmark' . | xargs -n 1 dirname | sort -u)

fuzz: ## every fuzz test for FUZZTIME (30s)
	@tools/fuzz.sh $(FUZZTIME)
