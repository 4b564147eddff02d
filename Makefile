# make test         install missing programs, then run all tests with the race detector
# make lint         check all modules: go mod tidy, go vet and golangci-lint
# make fuzz         run every fuzz target for FUZZTIME
# make audit        find known vulnerabilities in Go modules and npm packages
# make bench        measure the figures of BENCHMARKS.md and what they are compared with
# make demo         run the web demo on an embedded Cognito
# make screenshot   update docs/demo.png, a screenshot of the demo's set-up page

GO       ?= go
FUZZTIME ?= 30s
TIMEOUT  ?= 30m
BENCH    ?= .
LINT     = $(GO) run github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
AUDIT    = $(GO) run golang.org/x/vuln/cmd/govulncheck@v1.9.0
STEP     = $(CURDIR)/.ci/step

# find lists the folders that contain a file with a name. Commands and examples are separate
# modules, so users of the library do not get their dependencies.
find     = $(sort $(patsubst ./%,%,$(patsubst %/$(1),%, \
           $(shell find . -name node_modules -prune -o -name '.?*' -prune -o -name $(1) -print))))
MODULES := $(call find,go.mod)
NPM     := $(call find,package-lock.json)

.PHONY: test lint fuzz audit bench demo screenshot packages debian

# $(call all,FOLDERS,TITLE,COMMAND) runs a command in every folder, then fails if any run failed.
all = failed=; for folder in $(1); do \
		(cd $$folder && $(STEP) "$(2) in $$folder" $(3)) || failed="$$failed $$folder"; \
	done; \
	if [ -n "$$failed" ]; then echo "$(2) failed in:$$failed" >&2; exit 1; fi

test: packages
	@$(call all,$(MODULES),go test,env COGNITOMFA_REQUIRE_TOOLS=1 $(GO) test -race -timeout $(TIMEOUT) ./...)

# The programs that tests use, from Debian, and third-party clients and checkers, from npm. The npm
# packages of examples/bench are only for make bench.
packages: debian $(patsubst %,%/node_modules/.package-lock.json,$(filter-out examples/bench,$(NPM)))

debian:
	@.ci/packages

# npm writes this file after each installation.
%/node_modules/.package-lock.json: %/package-lock.json | debian
	@cd $* && $(STEP) "npm ci: what package-lock.json lists, into $*/node_modules" npm ci

lint:
	@$(call all,$(MODULES),go mod tidy,$(GO) mod tidy -diff)
	@$(call all,$(MODULES),go vet,$(GO) vet ./...)
	@$(call all,$(MODULES),golangci-lint,$(LINT) run --config $(CURDIR)/.golangci.yml ./...)

# go test runs one fuzz target at a time.
fuzz:
	@failed=; for file in $$(grep -rl --exclude-dir=node_modules --include='*_test.go' '^func Fuzz' . | sort); do \
		folder=$$(dirname $$file); \
		for name in $$(sed -n 's/^func \(Fuzz[A-Za-z0-9_]*\).*/\1/p' $$file); do \
			(cd $$folder && GO="$(GO)" FUZZTIME=$(FUZZTIME) $(STEP) "$$name in $$folder" $(CURDIR)/.ci/fuzz "$$name") \
				|| failed="$$failed $$name"; \
		done; \
	done; \
	if [ -n "$$failed" ]; then echo "these fuzz targets failed:$$failed" >&2; exit 1; fi

audit:
	@$(call all,$(MODULES),govulncheck,$(AUDIT) ./...)
	@$(call all,$(NPM),npm audit,npm audit --package-lock-only --audit-level=high)

bench: packages examples/bench/node_modules/.package-lock.json
	$(GO) test -run '^$$' -bench '$(BENCH)' -benchmem ./...
	cd token/bench && $(GO) test -run '^$$' -bench '$(BENCH)' -benchmem ./...
	$(MAKE) -C examples/lambda bench
	cd examples && $(GO) test -run '^$$' -bench '$(BENCH)' ./service
	cd examples && env -i PATH="$$PATH" HOME="$$HOME" $(GO) run ./bench -modules bench/node_modules

demo:
	$(GO) run -C examples ./web

SHOTS = $(CURDIR)/examples/testdata/screenshots

screenshot: packages
	cd examples && COGNITOMFA_REQUIRE_TOOLS=1 $(GO) test -count=1 -run 'TestEveryPage/en_account' ./web -args -screenshots=$(SHOTS)
	cp $(SHOTS)/TestEveryPage-en_account-21-set-up-1280-light.png docs/demo.png
