# Everything a developer does here is a target of this file; `make` lists them.

GO       ?= go
DOCKER   ?= docker
# Arguments of `kazoolab up`.
ARGS     ?=
# Packages that test, test-real, race and bench look at.
PKG      ?= ./...
# Flags of go test: make test TESTFLAGS='-run TestBus -v'.
TESTFLAGS ?=
# How long fuzz tries each target.
FUZZTIME ?= 30s
# Regular expression of the benchmarks to run, and flags of the comparisons and the soak.
BENCH    ?= .
BENCHFLAGS ?=
# How long a storm's events flow, which one it is (default a new one), and further flags.
CHAOS_TIME ?= 3m
CHAOS_SEED ?=
CHAOSFLAGS ?=
# Flags of mutate, and the seed of mutate-sample (default a new one).
MUTATEFLAGS ?=
MUTATE_SEED ?=
# Flags of certify-steady.
STEADYFLAGS ?=
# How many events stack-test sends, and how fast.
STACKFLAGS ?=
# Flags of `kazoolab certify`.
CERTIFYFLAGS ?=
IMAGE    ?= kazoolab

version = $(shell git describe --tags --always --dirty 2>/dev/null)

# Runs a command beside a private RabbitMQ, or beside the one that
# KAZOOLAB_TEST_AMQP_URL and KAZOOLAB_TEST_MANAGEMENT_URL name; the other one beside
# a private PostgreSQL, too, or that of KAZOOLAB_TEST_POSTGRES_URL.
with_rabbitmq := $(GO) run ./internal/brokertest/with --
with_both := $(GO) run ./internal/brokertest/with -postgresql --
# Some tests of internal/rabbitmq and internal/postgres need the programs, which a
# container cannot replace.
real_tags = real$(shell test -x /usr/lib/rabbitmq/bin/rabbitmq-server && echo ,rabbitmq)$(shell \
	ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 && echo ,postgresql)
# Does PKG hold the tests that run the image?
with_image := $(filter ./... ./internal/... ./internal/realtest%,$(PKG))
# And those that run a browser?
with_browser := $(filter ./... ./internal/... ./internal/browsertest% ./conformance/... ./conformance/report%,$(PKG))
# And those that run examples in Node and PHP?
with_scripting := $(filter ./... ./simulator/... ./simulator/pivot/... ./internal/... ./internal/wiretest%,$(PKG))

# The linter is built from the version that tools/go.mod pins, and again when
# that or the Go toolchain changes: it cannot read code newer than itself.
golangci_version := $(shell sed -n 's|.*golangci/golangci-lint/v2 \(v[^ ]*\).*|\1|p' tools/go.mod)
golangci := .tmp/bin/golangci-lint-$(golangci_version)-$(shell $(GO) env GOVERSION 2>/dev/null)

# How long tests wait for what must come and say no time themselves: the usual second is little on a busy machine.
export GOMEGA_DEFAULT_EVENTUALLY_TIMEOUT := 20s

.DEFAULT_GOAL := help

##@ Run

.PHONY: up
up: build ## Start everything on this machine (ARGS='--data DIR --amqp-url URL …')
	@exec bin/kazoolab up $(ARGS)

.PHONY: build
build: ## Build bin/kazoolab, a static program
	CGO_ENABLED=0 $(GO) build -trimpath -buildvcs=auto -o bin/kazoolab ./cmd/kazoolab

.PHONY: image
image: ## Build the container image (IMAGE=name:tag)
	$(DOCKER) build --build-arg GOPROXY="$$($(GO) env GOPROXY)" --build-arg VERSION="$(version)" -t $(IMAGE) .

##@ Test

.PHONY: test
test: ## Run the test suite on the built-in broker: needs nothing but Go (PKG, TESTFLAGS)
	$(GO) test -timeout 30m $(TESTFLAGS) $(PKG)

.PHONY: test-real
test-real: rabbitmq postgresql $(if $(with_browser),chromium) $(if $(with_scripting),scripting) $(if $(with_image),docker) ## The same tests and more on real parts: RabbitMQ, PostgreSQL, a browser, Node, PHP, and the image in containers (needs Docker)
	$(with_both) $(GO) test -tags $(real_tags) -count 1 -timeout 30m $(TESTFLAGS) $(PKG)

.PHONY: race
race: gcc ## Run the test suite under the race detector (needs a C compiler)
	CGO_ENABLED=1 $(GO) test -race -timeout 30m $(TESTFLAGS) $(PKG)

.PHONY: chaos
chaos: rabbitmq postgresql build ## Kill nodes, restart servers and cut lines under load: nothing may be lost (CHAOS_TIME=60s for a short one, CHAOS_SEED repeats one)
	$(GO) run ./internal/chaos -time $(CHAOS_TIME) -seed '$(CHAOS_SEED)' $(CHAOSFLAGS)

.PHONY: stack-test
stack-test: docker ## Bring up docker-compose.yml, kill a node and start both anew under load: every event must arrive (STACKFLAGS='-events 500')
	GOPROXY="$$($(GO) env GOPROXY)" VERSION="$(version)" $(GO) run ./internal/stack -docker $(DOCKER) $(STACKFLAGS)

.PHONY: certify-steady
certify-steady: ## Certify one `up` 20 times, 5 beside a busy machine and 5 over slow lines: each verdict must stay (STEADYFLAGS='-runs 3 -run webhooks/*')
	$(GO) run ./internal/steady $(STEADYFLAGS)

.PHONY: mutate
mutate: ## Change the bridge in one place, build, certify, for each file of conformance/deviations: the named requirement must fail (MUTATEFLAGS='-area webhooks')
	$(GO) run ./internal/mutate $(MUTATEFLAGS)

.PHONY: mutate-sample
mutate-sample: ## The same for ten of them, drawn by a seed that it prints (MUTATE_SEED repeats one)
	$(GO) run ./internal/mutate -sample 10 -seed '$(MUTATE_SEED)' $(MUTATEFLAGS)

.PHONY: fuzz
fuzz: ## Fuzz each target for FUZZTIME (30s)
	@GO='$(GO)' tools/fuzz $(FUZZTIME)

.PHONY: clients
clients: build ## Have clients of other makes work against the built-in broker (amqp-tools, pika)
	@tools/clients

.PHONY: clients-real
clients-real: rabbitmq ## The same checks on RabbitMQ
	@$(with_rabbitmq) tools/clients

.PHONY: client-suites
client-suites: rabbitmq build ## Run client libraries' own test suites on the built-in broker (npm, Erlang from RabbitMQ's package)
	@GO='$(GO)' tools/client-suites

.PHONY: client-suites-real
client-suites-real: rabbitmq ## The same suites on RabbitMQ
	@GO='$(GO)' $(with_rabbitmq) tools/client-suites

.PHONY: vectors
vectors: ## Compare with the recorded answers: a line of figures for each file (KAZOOLAB_VECTORS=folder)
	@GO='$(GO)' tools/vectors

.PHONY: bench
bench: rabbitmq postgresql build ## Run the benchmarks, and measure the program: its start, its work beside a bare loop, its fan-out (BENCH=regexp, BENCHFLAGS='-starts 10 -runs 5')
	$(with_both) $(GO) test -tags real -run '^$$' -bench '$(BENCH)' -benchmem $(TESTFLAGS) $(PKG)
	$(GO) run ./internal/bench -kazoolab bin/kazoolab $(BENCHFLAGS)

.PHONY: bench-match
bench-match: build ## Measure the table of hooks, from 10 to 1,000,000: ns and bytes to match an event, to change it, to hold it, to start with it
	$(GO) test -run '^$$' -bench 'Match|HooksInMemory|RegistryChange' -benchmem $(TESTFLAGS) ./bridge/webhooks
	$(GO) run ./internal/bench -kazoolab bin/kazoolab -starts 0 -runs 0 -hooks 1000000 $(BENCHFLAGS)

.PHONY: bench-broker
bench-broker: rabbitmq build ## Compare the embedded broker with RabbitMQ, half an hour (BENCHFLAGS='-messages 20000 -only publish')
	$(GO) run ./internal/bench/broker compare -kazoolab bin/kazoolab $(BENCHFLAGS)

.PHONY: soak-broker
soak-broker: build ## Soak the embedded broker: none of millions of messages may be lost or stall (BENCHFLAGS='-messages 100000')
	$(GO) run ./internal/bench/broker soak -kazoolab bin/kazoolab $(BENCHFLAGS)

.PHONY: bench-isolation
bench-isolation: rabbitmq postgresql build ## Measure what 20 of 100 receivers that fail for 30 s cost the others (BENCHFLAGS='-nodes 2 -pairs 3')
	$(GO) run ./internal/bench/shared isolation $(BENCHFLAGS)

.PHONY: bench-overload
bench-overload: rabbitmq postgresql build ## Offer three times what can be delivered for a minute: the rate must hold (BENCHFLAGS='-for 2m')
	$(GO) run ./internal/bench/shared overload $(BENCHFLAGS)

.PHONY: bench-million
bench-million: rabbitmq postgresql build ## Let a million events wait for a dead receiver, and have it return (BENCHFLAGS='-events 100000')
	$(GO) run ./internal/bench/shared million $(BENCHFLAGS)

.PHONY: bench-sockets
bench-sockets: rabbitmq postgresql build ## Measure websockets: fan-out and 5,000 accounts beside a bare loop, the table of subscriptions, slow readers, the death of a node, half an hour (BENCHFLAGS='fanout -sockets 1000')
	$(GO) run ./internal/bench/sockets $(BENCHFLAGS)

.PHONY: bench-simulator
bench-simulator: rabbitmq build ## Measure the simulated switch beside a bare publish loop, on RabbitMQ and the embedded broker (BENCHFLAGS='-rate 500' for an open loop)
	$(GO) run ./internal/bench/simulator $(BENCHFLAGS)

.PHONY: bench-pivot
bench-pivot: build ## Measure the engine of Pivot beside a bare loop: 1,000 calls over HTTP, 1,000 over one websocket, memory for a call, a quarter of an hour (BENCHFLAGS='-only http -runs 1 -pairs 1')
	$(GO) run ./internal/bench/pivot -kazoolab bin/kazoolab $(BENCHFLAGS)

.PHONY: soak
soak: rabbitmq postgresql build ## An hour of mixed load on two nodes: memory, goroutines, files and sockets must stay (BENCHFLAGS='-for 10m')
	$(GO) run ./internal/bench/shared soak -nodes 2 $(BENCHFLAGS)

.PHONY: certify
certify: build ## Judge an up of this tree by its wire, in each dialect (CERTIFYFLAGS='--run WH-*')
	bin/kazoolab certify --target up --dialect talk --out .tmp/certify/talk $(CERTIFYFLAGS)
	bin/kazoolab certify --target up --dialect 5.0 --out .tmp/certify/5.0 $(CERTIFYFLAGS)
	bin/kazoolab certify --target up --dialect 4.3 --out .tmp/certify/4.3 $(CERTIFYFLAGS)

##@ Keep in order

.PHONY: recorded
recorded: build ## Certify an up and keep the log by which judges are tested (conformance/testdata)
	bin/kazoolab certify --target up --dialect 5.0 --log .tmp/recorded.ndjson \
		--skip 'robustness/*,bus/switch*,sockets/tolerance,webhooks/limits'
	gzip -9nc .tmp/recorded.ndjson >conformance/testdata/certified-5.0.ndjson.gz

.PHONY: requirements
requirements: build ## Write docs/requirements.md
	bin/kazoolab certify --list -o markdown > docs/requirements.md

.PHONY: lint
lint: $(golangci) ## Check the code: golangci-lint, vet, format and module files
	$(golangci) run ./...
	$(GO) vet ./...
	$(GO) vet -tags real,rabbitmq,postgresql ./...
	$(golangci) fmt --diff
	$(GO) mod tidy -diff

.PHONY: fmt
fmt: $(golangci) ## Format the code
	$(golangci) fmt

.PHONY: clean
clean: ## Remove what these targets made, the pinned tools included
	rm -rf bin .tmp

.PHONY: help
help: ## Show this list
	@awk 'BEGIN { FS = ":.*## " } \
		/^##@/ { printf "\n%s\n", substr($$0, 5) } \
		/^[a-z-]+:.*## / { printf "  %-18s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

# What the targets above need.

.PHONY: rabbitmq
rabbitmq:
	@tools/rabbitmq

.PHONY: postgresql
postgresql:
	@tools/postgresql

.PHONY: chromium
chromium:
	@tools/chromium

.PHONY: scripting
scripting:
	@tools/scripting

.PHONY: docker
docker:
	@$(DOCKER) info >/dev/null 2>&1 || { \
		echo "no container engine answers: start Docker (or point DOCKER_HOST at one), then try again" >&2; exit 1; }

.PHONY: gcc
gcc:
	@command -v $$($(GO) env CC) >/dev/null || { \
		echo "the race detector needs a C compiler: as root run 'apt-get install gcc libc6-dev', or name one in CC" >&2; exit 1; }

$(golangci): tools/go.mod tools/go.sum
	@echo "building golangci-lint $(golangci_version), once: this takes some minutes" >&2
	@rm -f .tmp/bin/golangci-lint-*
	$(GO) build -C tools -trimpath -o $(abspath $@) github.com/golangci/golangci-lint/v2/cmd/golangci-lint
	@touch $@
