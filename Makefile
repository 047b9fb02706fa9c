# errata. `make demo` and `make test` need Go, npm and a network, and set up all else themselves.

GOLANGCI := go run github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
VERSION  := $(shell git describe --tags --always --dirty 2>/dev/null)
LDFLAGS  := -X github.com/errata-dev/errata/internal/cli.Version=$(VERSION)
COMMANDS := bin/ingest bin/query

.DEFAULT_GOAL := help
.PHONY: help kubernetes parsers-report answers-report alert-report build demo test race fuzz model lint fmt bench bench-peers bench-cost bench-burst soak bench-answers kafka-test faults faults-short faults-mutants generate check clean $(COMMANDS)

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: $(COMMANDS) ## build bin/ingest and bin/query

$(COMMANDS):
	go build -ldflags '$(LDFLAGS)' -o $@ ./cmd/$(@F)

demo: build ## the main job on simulated traffic: Kafka, parsing, ClickHouse, answers
	@bin/ingest demo

test: ## all tests; those that need a server start it themselves
	go test ./...

race: ## the tests under the race detector
	go test -race -short ./...

fuzz: ## every fuzz target of the parsers for some seconds; FUZZ=5000000x for longer
	.ci/fuzz $(FUZZ)

model: ## the full search of the delivery protocol's states (minutes, 3 GB of memory)
	ERRATA_MODEL=full go test -count=1 -timeout 1h -run ModelFull -v ./pipeline/grant

kafka-test: ## the end-to-end tests against a real Apache Kafka, started here (needs Java 17 and Maven)
	ERRATA_REQUIRE_SERVERS=1 go test -count=1 -run RealKafka -v ./internal/e2e

kubernetes: ## are the manifests of deploy/kubernetes what the API takes?
	go -C deploy/kubernetes/check test -count=1 ./...

faults: ## everything is killed, stopped and cut, for half an hour: is every record one row? (needs Java 17 and Maven)
	go run ./internal/faults

faults-short: ## the same in five minutes
	go run ./internal/faults -short

faults-mutants: ## builds that lack one rule of the protocol each: do the faults notice?
	go run ./internal/faults -mutants -short

lint: ## golangci-lint and gofumpt
	$(GOLANGCI) run ./...

fmt: ## format every Go file
	$(GOLANGCI) fmt ./...

bench: ## CPU time per record of each part, of the whole way and of ClickHouse's own Kafka engine (10 minutes)
	go run ./bench

bench-cost: ## does a record cost the same with 200 partitions, in a trickle, in a table of 100 million rows? (10 minutes)
	go run ./bench cost

bench-peers: ## the whole way beside ClickHouse's Kafka engine and an OpenTelemetry Collector, which is built first (10 minutes)
	go run ./bench --stream problems,mix --runs 3 --parts 'whole way,Kafka engine,OpenTelemetry Collector'

bench-burst: ## five million records at once (6 GB of memory)
	go run ./bench --records 5000000 --stream mix --parts 'whole way,Kafka engine' --runs 3

soak: ## an hour of 100,000 records a second: cost, parts, merges, lag, memory; is every record one row?
	go run ./bench soak

answers-report: ## precision, recall and figures of the answers on traffic whose truth is known (minutes)
	go run ./internal/score -seeds 5

alert-report: ## false pages in weeks of ordinary traffic, and how soon spikes page (minutes)
	go run ./internal/score/alerts

bench-answers: ## what the questions cost on 1, 10 and 100 million rows (made once, in minutes, and kept: 4 GB)
	go run ./bench/answers

parsers-report: build ## every vendor's cases: code, message, category, retry advice, details right; what is generic or unparsed
	@bin/ingest vendors check parsers/vendors $(patsubst %,--cases parsers/testdata/%,bodies generic records) $(patsubst %,--measured parsers/testdata/wild/%,dev test)

generate: ## rewrite what is generated: the list of vendors
	go test ./cmd/ingest -run KnownVendors -update

check: ## what CI runs
	.ci/run

clean: ## remove what was built here
	rm -rf bin
