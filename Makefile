# make test    every test of every module, with the race detector; installs what the tests need
# make lint    vet and golangci-lint, the same version everywhere
# make fuzz    every fuzz target for FUZZTIME
# make bench   the README's figures, each beside what it is compared with
# make demo    the web demo on an embedded Cognito

GO       ?= go
FUZZTIME ?= 30s
BENCH    ?= .
LINT     = $(GO) run github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0

# The modules beside the library's own: what they require must not reach who imports it.
MODULES  = examples examples/lambda/lint token/bench

.PHONY: test lint fuzz bench demo packages debian

test: packages
	$(GO) test -race ./...
	cd examples && $(GO) test -race ./...

# The programs that the tests compare with and look through, from Debian, and the clients of examples/clients, from npm.
packages: debian examples/clients/node_modules/.package-lock.json

debian:
	@.ci/packages

# npm writes down there what it has installed.
%/node_modules/.package-lock.json: %/package-lock.json | debian
	cd $* && npm ci

lint:
	@set -e; for module in . $(MODULES); do \
		echo "vet and golangci-lint in $$module"; \
		(cd $$module && $(GO) vet ./... && $(LINT) run --config $(CURDIR)/.golangci.yml ./...); \
	done

# go test runs one fuzz target at a time. Without the limit it would spend the time on making inputs small that are only of interest.
fuzz:
	@set -e; for file in $$(grep -rl --exclude-dir=node_modules --include=*_test.go '^func Fuzz' .); do \
		for name in $$(sed -n 's/^func \(Fuzz[A-Za-z0-9_]*\).*/\1/p' $$file); do \
			echo "$$name in $$(dirname $$file)"; \
			(cd $$(dirname $$file) && $(GO) test -run '^$$' -fuzz "^$$name\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 10x .); \
		done; \
	done

bench: packages examples/bench/node_modules/.package-lock.json
	$(GO) test -run '^$$' -bench '$(BENCH)' -benchmem ./...
	cd token/bench && $(GO) test -run '^$$' -bench '$(BENCH)' -benchmem ./...
	$(MAKE) -C examples/lambda bench
	cd examples && env -i PATH="$$PATH" HOME="$$HOME" $(GO) run ./bench -modules bench/node_modules

demo:
	$(GO) run -C examples ./web
