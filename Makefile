# Targets for people; "make help" lists them. CI runs .ci/run, which uses these.

GO        ?= go
GOTEST    ?= $(GO) test
FUZZTIME  ?= 20s
TOOL       = $(GO) tool -modfile=tools/go.mod
LAB_TESTS  = $(shell grep -rl --include='*_test.go' '^//go:build lab' .)
LAB_DIRS   = $(sort $(dir $(LAB_TESTS)))
ENGINES    = $(sort $(dir $(shell grep -l '"nselfc/internal/lab"' $(LAB_TESTS))) ./internal/lab/)
PLAIN_DIRS = $(filter-out $(LAB_DIRS:%/=%),$(shell $(GO) list -f '.{{slice .Dir (len .Module.Dir)}}' ./...))
TIMED      = ^Test(Shop|Rotation|RotationAtOnce|KilledRotation)$$
GOLDEN     = $(shell grep -rl --include='*_test.go' '\*update' .)

.DEFAULT_GOAL := help
.PHONY: help build test unit plain lab fuzz bench lint fmt docs golden

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: ## compile the command to bin/nselfc
	$(GO) build -trimpath -o bin/nselfc ./cmd/nselfc

test: plain lab ## every test, each once

unit: ## tests that need no root and no network
	$(GOTEST) ./...

plain: # the packages that have no tests in the lab
	$(GOTEST) $(PLAIN_DIRS)

# The stacks take longest. Those that time requests have the machine for themselves.
lab: ## every test of the packages that use real parts: Docker, nginx, ufw, PostgreSQL, Redis (needs root; see internal/lab/README.md)
	tools/install-test-deps
	$(GOTEST) -tags lab -timeout 40m $(filter-out $(ENGINES),$(LAB_DIRS))
	$(GOTEST) -tags lab -p 1 -timeout 40m $(filter-out ./internal/e2e/,$(ENGINES)) # one engine at a time
	$(GOTEST) -tags lab -parallel 2 -timeout 40m -skip '$(TIMED)' ./internal/e2e/
	$(GOTEST) -tags lab -parallel 1 -timeout 60m -run '$(TIMED)' ./internal/e2e/ # their requests are timed: nothing else may run

fuzz: ## every fuzz target for FUZZTIME (20s)
	@grep -rHoE --include='*_test.go' '^func Fuzz[A-Za-z0-9_]+' . | while IFS=: read -r file func; do \
		echo "== $$(dirname $$file) $${func#func }"; \
		$(GO) test $$(dirname $$file) -run '^$$' -fuzz "^$${func#func }\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 5x || exit 1; \
	done

bench: ## speed, as ratios within one run (docs/performance.md)
	$(GO) run ./internal/bench/measure

lint: ## gofumpt, vet, staticcheck, golangci-lint, deadcode
	@out=$$($(TOOL) gofumpt -l .); if [ -n "$$out" ]; then echo "not formatted (make fmt):"; echo "$$out"; exit 1; fi
	$(GO) vet -tags lab ./...
	$(TOOL) staticcheck -tags lab ./...
	$(TOOL) golangci-lint run --allow-parallel-runners ./...
	@out=$$($(TOOL) deadcode -test -tags lab ./...); if [ -n "$$out" ]; then echo "dead code:"; echo "$$out"; exit 1; fi

fmt: ## format the Go sources and the examples
	$(TOOL) gofumpt -w .
	$(GO) run ./cmd/nselfc fmt examples lang/catalog

docs: ## write the language reference anew
	$(GO) test ./lang -run TestReferenceIsCurrent -update

golden: ## rewrite every golden file; look at the diff before you commit it
	$(GO) test -tags lab $(sort $(dir $(GOLDEN))) -update -run "^($$(sed -nE 's/^func (Test[A-Za-z0-9_]+)\(t .*/\1/p' $(GOLDEN) | paste -sd '|'))$$"
