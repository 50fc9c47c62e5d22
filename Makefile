# Everything a newcomer needs: `make quickstart` and `make test`. `make help` lists the rest.
SHELL := /bin/bash
.DEFAULT_GOAL := help
CARGO ?= cargo
TARGET_DIR = $(shell $(CARGO) metadata --format-version 1 --no-deps | sed -n 's/.*"target_directory":"\([^"]*\)".*/\1/p')

.PHONY: help setup build quickstart test ci lint fmt clippy doc deny arrows pandas stress stress-postgres bench bench-kernels clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 22

setup: ## install what building needs (idempotent)
	@scripts/setup.sh

build: setup ## build the release binary `zkl`
	$(CARGO) build --release --locked -p zkl-cli

quickstart: build ## notarize a bundled table, prove two claims, verify them
	@scripts/quickstart.sh $(TARGET_DIR)/release/zkl

test: setup ## run every test
	$(CARGO) test --locked --workspace

ci: ## what a change must pass: lints, docs, licences, tests
	@bash .ci/run

lint: fmt clippy doc deny ## formatting, clippy, rustdoc, licences

fmt:
	$(CARGO) fmt --all --check

clippy: setup
	$(CARGO) clippy --locked --workspace --all-targets -- -D warnings

doc: setup
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --locked --workspace --no-deps

deny:
	@command -v cargo-deny >/dev/null || $(CARGO) install --locked --quiet cargo-deny
	$(CARGO) deny --locked check bans licenses sources

pandas: setup ## compare profiles with pandas (DATA=DIR for tables of your own)
	$(CARGO) build --locked -p zkl-cli
	@scripts/compare_all.sh $(TARGET_DIR)/debug/zkl $(or $(DATA),examples/data)

stress: build ## 1,000 kill -9 trials of notarize and prove (TRIALS=N)
	ZKL_CRASH_TRIALS=$(or $(TRIALS),1000) $(CARGO) test --release --locked -p zkl-cli --test cli crash -- --nocapture

stress-postgres: setup ## 1,000 trials against PostgreSQL: killed servers, processes and connections, cut networks
	ZKL_PG_SERVER_KILLS=100 ZKL_PG_CONNECTION_KILLS=500 ZKL_PG_PROCESS_KILLS=100 ZKL_PG_CUT_TRIALS=300 \
	ZKL_PG_WRITER_ENTRIES=10000 $(CARGO) test --locked -p zkl-storage-pg --test suite -- --nocapture

bench: setup ## the end-to-end table and the store's latencies (DIR=a directory on the disk to measure)
	$(CARGO) build --release --locked -p zkl-benches --bins
	$(TARGET_DIR)/release/end_to_end --dir $(or $(DIR),$(TARGET_DIR))
	$(TARGET_DIR)/release/append_latency --dir $(or $(DIR),$(TARGET_DIR))

bench-kernels: setup ## criterion benchmarks of every crate (KERNEL=one of benches/benches)
	$(CARGO) bench --locked -p zkl-benches --bench '$(or $(KERNEL),*)'

clean:
	$(CARGO) clean
