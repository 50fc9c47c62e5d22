# Everything a newcomer needs: `make quickstart` and `make test`. `make help` lists the rest.
SHELL := /bin/bash
.DEFAULT_GOAL := help
CARGO ?= cargo
TARGET_DIR = $(shell $(CARGO) metadata --format-version 1 --no-deps | sed -n 's/.*"target_directory":"\([^"]*\)".*/\1/p')

# Everything that can be left out of a build; tests and lints see all of it.
ALL = zkl-cli/full,zkl-testkit/postgres,zkl-testkit/s3-servers

.PHONY: help setup setup-servers build quickstart quickstart-python demo-lineage serve test test-python test-engines ci lint fmt clippy doc deny features msrv fuzz delete-checks pandas relate-pandas real-tables differential test-second-verifier test-clients test-kernels wasm ceremony embed-smoke stress-kernel stress stress-relations stress-storage bench bench-kernels bench-python deploy-check dist reproducible images-test bench-wide bench-relations test-openapi browser-test graphiql stress-server bench-server clean test-node npm verify-page bench-node bench-read

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 22

setup: ## install what building needs (idempotent)
	@scripts/setup.sh

setup-servers: setup ## install the servers that tests start: PostgreSQL, Ceph RGW, moto, s3rver (idempotent)
	@scripts/setup_servers.sh

build: setup ## build the release binary `zkl`, with every store and source of tables
	$(CARGO) build --release --locked -p zkl-cli --features full

# STORE=rocks is the embedded store; postgres and s3 are tried in a server that is started for it.
STORE ?= rocks
ifeq ($(STORE),rocks)
quickstart: setup ## notarize a bundled table, prove two claims, verify them (STORE=rocks, postgres or s3)
	$(CARGO) build --release --locked -p zkl-cli
	@scripts/quickstart.sh $(TARGET_DIR)/release/zkl
else
quickstart: build setup-servers
	$(CARGO) build --locked -p zkl-testkit --features postgres,s3-servers --example with_store
	@$(TARGET_DIR)/debug/examples/with_store $(STORE) scripts/quickstart.sh $(TARGET_DIR)/release/zkl
endif

demo-lineage: setup ## clean, split and cut a bundled table with a proof of every step, and audit that offline (docs/lineage.md)
	$(CARGO) build --release --locked -p zkl-cli
	@scripts/demo_lineage.sh $(TARGET_DIR)/release/zkl

serve: setup ## serve a demo ledger over REST, gRPC and GraphQL, with a key and commands to try (ZKL_LISTEN=ADDRESS ZKL_GRPC_LISTEN=ADDRESS)
	$(CARGO) build --release --locked -p zkl-cli -p zkl-server
	@scripts/serve.sh $(TARGET_DIR)/release

test: setup-servers ## run every test
	@scripts/test.sh $(ALL)
	@# Without a number there is no jobserver, which would count the threads of Cargo and of the tests as jobs.
	@$(MAKE) --no-print-directory --jobs --output-sync=target test-python test-node SCREENSHOTS=$(SCREENSHOTS)

# With a test beside it the module is made of the very libraries that the tests were built with: test dependencies switch on features.
test-python: setup ## test the Python package (TESTS='-k receipts' and other arguments of pytest)
	$(CARGO) build --locked --workspace --features $(ALL) --lib --test cli
	@scripts/test_python.sh $(TARGET_DIR)/debug $(TESTS)

# As in `test-python`.
test-node: setup ## test the npm packages, what docs/node.md says, and the page that verifies without a server (SCREENSHOTS=DIR)
	$(CARGO) build --locked --workspace --features $(ALL) --lib --test cli
	@scripts/test_node.sh $(TARGET_DIR)/debug $(SCREENSHOTS)

npm: setup ## build the npm packages, with the native module for this system, into the target directory (SYSTEMS='linux-x64-gnu ...')
	$(CARGO) build --release --locked -p zkl-node --features pg,s3,cloud
	@scripts/npm_packages.sh $(TARGET_DIR)/npm $(TARGET_DIR)/release

verify-page: ## build verify.html into the target directory: one file that verifies dropped receipts offline
	@scripts/npm_packages.sh $(TARGET_DIR)/npm
	@cp $(TARGET_DIR)/npm/verify.html $(TARGET_DIR)/verify.html
	@echo "$(TARGET_DIR)/verify.html: $$(stat -c %s $(TARGET_DIR)/verify.html) bytes"

# Minutes of installing: kfp, Ray, Spark (which needs Java) and DVC, beside what `make test-python` has.
test-engines: setup ## test the Python package with Kubeflow Pipelines, Ray, Spark and DVC (TESTS='-k ray')
	$(CARGO) build --locked --workspace --features $(ALL) --lib --test cli
	@scripts/test_engines.sh $(TARGET_DIR)/debug $(TESTS)

quickstart-python: setup ## build the Python wheel, install it in a new environment and run docs/python.md
	@scripts/quickstart_python.sh $(TARGET_DIR)

ci: ## what a change must pass: lints, docs, licences, every set of features, tests, a little fuzzing
	@bash .ci/run

lint: fmt clippy doc deny msrv ## formatting, clippy, rustdoc, licences, oldest Rust

fmt:
	$(CARGO) fmt --all --check

clippy: setup
	$(CARGO) clippy --locked --workspace --all-targets --features $(ALL) -- -D warnings

doc: setup
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --locked --workspace --no-deps --features $(ALL)

deny:
	@command -v cargo-deny >/dev/null || $(CARGO) install --locked --quiet cargo-deny
	$(CARGO) deny --locked check bans licenses sources

# As a dependent builds it: `clippy` sees all features of everything at once, which can hide one that is missing.
features: setup ## check every set of stores: none, each, all; and a verifier without threads
	@for stores in "" rocks pg s3 pkcs11 cloud adbc serve full,serve; do \
		echo "features: $${stores:-none}"; \
		$(CARGO) check --quiet --locked -p zkl-cli --no-default-features --features "$$stores" || exit 1; \
	done
	@echo "features: a server without an embedded store, with each face, and with traces"
	@for faces in "" grpc graphql otlp; do \
		$(CARGO) check --quiet --locked -p zkl-server --no-default-features --features "pg,$$faces" || exit 1; \
	done
	@echo "features: a verifier without threads"
	@$(CARGO) check --quiet --locked -p zkl-receipt

# Clippy refuses what the declared version does not have (`incompatible_msrv`); with that version at hand all of it is built.
msrv: setup ## check with the oldest Rust that is supported, if rustup has it
	@version=$$(sed -n 's/^rust-version = "\(.*\)"/\1.0/p' Cargo.toml); \
	if rustc --version | grep -qF " $$version "; then echo "msrv: this is Rust $$version, the oldest that is supported"; \
	elif rustup toolchain list 2>/dev/null | grep -q "^$$version"; then \
		$(CARGO) +$$version check --quiet --locked --workspace --all-targets --features $(ALL); \
	else echo "msrv: Rust $$version is not installed here (rustup toolchain install $$version): not checked"; fi

fuzz: setup ## fuzz every decoder for a minute each (SECONDS=N, TARGETS='note receipt')
	@scripts/fuzz.sh $(or $(SECONDS),60) $(TARGETS)

# Hours: every check is a run of the tests that should notice.
delete-checks: setup ## delete each check of the verifiers in turn, and see which no test misses (PARTS='universal zkl-receipt')
	scripts/delete_checks.py $(PARTS)

# Two processes per table; the sample of the gate takes seconds.
real-tables: setup ## notarize over 1,000 public tables, fetched by package name, and compare them with pandas (SAMPLE=1, WRITE=1)
	$(CARGO) build --locked --workspace --features $(ALL) --bin zkl --test cli
	@scripts/real_tables.sh $(TARGET_DIR)/debug/zkl $(if $(SAMPLE),--sample) $(if $(WRITE),--write)

differential: setup ## compare what is read of random tables with what pyarrow, pandas, Polars, DuckDB and fastavro wrote (TABLES=N SEED=S, WRITE=1)
	$(CARGO) build --locked --workspace --features $(ALL) --test table --example profile
	@scripts/differential.sh $(TARGET_DIR)/debug/examples/profile --tables $(or $(TABLES),10000) --seed $(or $(SEED),1) $(if $(WRITE),--write)

pandas: setup ## compare profiles and a few relations with pandas (DATA=DIR for tables of your own)
	@# With a test beside it the binary is the very one that `make test` built: test dependencies switch on features that are not there otherwise.
	$(CARGO) build --locked --workspace --features $(ALL) --bin zkl --test cli
	@scripts/compare_all.sh $(TARGET_DIR)/debug/zkl $(or $(DATA),examples/data)
	@$$(scripts/python_env.sh) scripts/relate_with_pandas.py $(TARGET_DIR)/debug/zkl examples/data/penguins.csv --sample

# With DATA=DIR it takes tables of your own; PUBLIC tables are fetched by package name.
relate-pandas: setup ## make tables of others with pandas and prove how they are related; changed ones must be refused: minutes (DATA=DIR PUBLIC=N)
	$(CARGO) build --release --locked -p zkl-cli
	@$$(scripts/python_env.sh) scripts/relate_with_pandas.py $(TARGET_DIR)/release/zkl $(or $(DATA),examples/data)/*.csv \
		--public $(or $(PUBLIC),20) $${XDG_CACHE_HOME:-$$HOME/.cache}/zkl/tables

test-second-verifier: setup ## compare verdicts with a verifier in Python that was written from the pages (MUTATIONS=N of each receipt)
	$(CARGO) build --locked --workspace --features $(ALL) --bin zkl --test cli
	@scripts/second_verifier.sh $(TARGET_DIR)/debug/zkl $(or $(MUTATIONS),6)

test-clients: setup-servers ## call a server over gRPC and GraphQL through clients that others wrote, and by the commands of `make serve`
	@# With a test beside them the binaries are the very ones that `make test` built.
	$(CARGO) build --locked --workspace --features $(ALL) --bin zkl --bin zkl-server --test cli --test server
	@scripts/test_clients.sh $(TARGET_DIR)/debug

test-openapi: setup ## lint the OpenAPI document, and look for requests that the server answers in another way than it says (EXAMPLES=N an operation)
	@# As in `test-clients`.
	$(CARGO) build --locked --workspace --features $(ALL) --bin zkl --bin zkl-server --test cli --test server
	@scripts/test_openapi.sh $(TARGET_DIR)/debug $(or $(EXAMPLES),100)

browser-test: setup ## walk the explorer and GraphiQL in a real browser: light, dark, without scripts, receipts dropped, a key typed (SCREENSHOTS=DIR)
	$(CARGO) build --locked --workspace --features $(ALL) --bin zkl --bin zkl-server --test cli --test server
	@scripts/browser_test.sh $(TARGET_DIR)/debug $(SCREENSHOTS)

graphiql: ## compare what the server serves as GraphiQL with what its npm packages make (`scripts/graphiql.sh` bundles anew)
	@scripts/graphiql.sh --check

test-kernels: setup ## the tests of proofs once more, on the portable kernel
	@grep -qw avx512ifma /proc/cpuinfo 2>/dev/null || echo "no AVX-512 IFMA here: the vectorised field kernel was not tested"
	ZKL_KERNEL=portable $(CARGO) test --locked --workspace --features $(ALL) \
		--test scan --test relation --test kernels --test msm --test commit --test hyperkzg --test masked_opening
	@# Of the receipts one of everything that is proved.
	ZKL_KERNEL=portable $(CARGO) test --locked --workspace --features $(ALL) --test receipts -- proved:: relations:: universal::

wasm: setup ## verify stored receipts in Node, with the verifier compiled to WebAssembly (KIND=nodejs or web)
	@scripts/wasm_smoke.sh $(or $(KIND),nodejs)

ceremony: setup ## go through docs/ceremony.md with snarkjs: minutes
	$(CARGO) build --locked --workspace --features $(ALL) --bin zkl --test cli
	@scripts/ceremony.sh $(TARGET_DIR)/debug/zkl

embed-smoke: ## use the ledger from a new cargo project, in the default debug profile (ROWS=N)
	@scripts/embed_smoke.sh

stress-kernel: setup ## 2^30 products, half in each field, against arkworks (PRODUCTS=N)
	ZKL_KERNEL_PRODUCTS=$(or $(PRODUCTS),1073741824) $(CARGO) test --locked -p zkl-kernel --lib a_billion -- --ignored --nocapture

# A second verifier, from the text alone, on random small tables with honest and changed columns: 5,200 in every run of the tests.
stress-relations: ## 10,000 random tables of each group of relations, checked by a second verifier (TRIALS=N)
	ZKL_RELATION_TRIALS=$(or $(TRIALS),10000) $(CARGO) test --locked --workspace --features $(ALL) --test relation agrees_with -- --nocapture

stress: build ## 1,000 kill -9 trials of notarize and prove (TRIALS=N)
	ZKL_CRASH_TRIALS=$(or $(TRIALS),1000) $(CARGO) test --release --locked -p zkl-cli --test cli crash -- --nocapture

# Injected faults, real failing writes and networks, and kills; every trial ends with a check of the whole store from its stored bytes.
# Trials at servers wait for servers, so there are fewer of the slowest.
stress-storage: export ZKL_FAULT_TRIALS ?= $(or $(TRIALS),1000)
stress-storage: export ZKL_CRASH_TRIALS ?= $(ZKL_FAULT_TRIALS)
stress-storage: export ZKL_PG_CUT_TRIALS ?= $(ZKL_FAULT_TRIALS)
stress-storage: export ZKL_PG_CONNECTION_KILLS ?= $(ZKL_FAULT_TRIALS)
stress-storage: export ZKL_PG_PROCESS_KILLS ?= $(shell expr $(ZKL_FAULT_TRIALS) / 5)
stress-storage: export ZKL_PG_SERVER_KILLS ?= $(shell expr $(ZKL_FAULT_TRIALS) / 5)
stress-storage: export ZKL_PG_WRITER_ENTRIES ?= 10000
stress-storage: export ZKL_S3_TRIALS ?= $(ZKL_FAULT_TRIALS)
stress-storage: export ZKL_S3_SERVER_KILLS ?= $(shell expr $(ZKL_FAULT_TRIALS) / 20)
stress-storage: export ZKL_S3_ENTRIES ?= 10000
stress-storage: setup-servers ## 1,000 fault trials of every store, and kills of writers and servers (TRIALS=N)
	$(CARGO) test --locked --workspace --features $(ALL) \
		--test fault_trials --test appends --test trials --test crash -- --nocapture
	$(CARGO) test --locked --workspace --features $(ALL) --test suite -- --nocapture commit:: crash:: faults:: writers::
	ZKL_CRASH_TRIALS=$(shell expr $(ZKL_CRASH_TRIALS) / 5) \
		$(CARGO) test --locked --workspace --features $(ALL) --test s3 -- --nocapture faults:: crash:: writers::

# A sample of both is among the tests.
stress-server: setup ## 100,000 requests of mixed load with faults of the store, and 100 kills under load (REQUESTS=N KILLS=N)
	ZKL_SERVER_REQUESTS=$(or $(REQUESTS),100000) ZKL_SERVER_KILLS=$(or $(KILLS),100) \
		$(CARGO) test --locked --workspace --features $(ALL) --test server -- --nocapture --test-threads 1 stress::

bench: setup ## the tables of kernels, of proofs from end to end, and of the store's latencies (DIR=a directory on the disk to measure)
	$(CARGO) build --release --locked -p zkl-benches --bins
	$(TARGET_DIR)/release/kernels
	$(TARGET_DIR)/release/end_to_end --dir $(or $(DIR),$(TARGET_DIR))
	$(TARGET_DIR)/release/append_latency --dir $(or $(DIR),$(TARGET_DIR))

bench-read: setup ## what reading takes: digests, inference and encoding of CSV and Parquet of 1,000,000 x 4 and x 10 (ROWS=N)
	$(CARGO) run --release --locked -p zkl-benches --bin read_tables -- --rows $(or $(ROWS),1000000)

# STORE=postgres starts a server for the ledger. The machine should do nothing else.
bench-server: setup ## requests a second and their times over real sockets, uploads, memory (STORE=postgres ZKL_BENCH_SECONDS=N ZKL_BENCH_UPLOAD_MIB=N)
ifeq ($(STORE),rocks)
	$(CARGO) bench --locked -p zkl-server --features pg --bench server
else
	$(CARGO) build --locked -p zkl-testkit --features postgres,s3-servers --example with_store
	$(TARGET_DIR)/debug/examples/with_store $(STORE) $(CARGO) bench --locked -p zkl-server --features pg,s3 --bench server
endif

bench-kernels: setup ## criterion benchmarks of every crate (KERNEL=one of benches/benches)
	$(CARGO) bench --locked -p zkl-benches --bench '$(or $(KERNEL),*)'

bench-python: build ## time the Python package beside the command line, on a frame and a Parquet file (ROWS=N)
	$(CARGO) build --release --locked -p zkl-python --features pg,s3,cloud
	@PYTHONPATH=$$(scripts/python_package.sh $(TARGET_DIR)/release) "$$(scripts/python_env.sh)" scripts/bench_python.py $(TARGET_DIR)/release/zkl $(or $(ROWS),1000000)

bench-node: npm ## time verification from Node, natively and as WebAssembly, cold and warm, and sizes
	@node scripts/bench_node.mjs $(TARGET_DIR)/npm

# In the gate the programs are those of `make test`.
deploy-check: setup ## check the files of deploy/: schemas, what matters in them, and that what they say of the programs is true
	$(CARGO) build --locked --workspace --features $(ALL) --bin zkl --bin zkl-server --test cli --test server
	@tools=$$(scripts/setup_deploy.sh) && "$$tools/bin/python" scripts/deploy_check.py "$$tools" $(TARGET_DIR)/debug
	@scripts/package_check.sh

dist: setup ## archives of the verifier, and of zkl with the server, with sums and bills of materials (DIR=..., ZKL_SIGN_KEY=...): long builds
	@scripts/dist.sh $(or $(DIR),$(TARGET_DIR)/dist-archives) $(WHAT)

reproducible: ## build the verifier twice, in two directories, and compare the bytes (WHAT=server)
	@scripts/reproducible.sh $(or $(WHAT),verifier)

images-test: setup ## build both images with buildah; notarize, prove and verify inside: a long build, once
	@scripts/images.sh

bench-wide: build ## notarize and verify a table of 1,000 columns in groups of columns: minutes (COLUMNS=N ROWS=N)
	scripts/wide_table.sh $(TARGET_DIR)/release/zkl $(or $(COLUMNS),1000) $(or $(ROWS),10000)

bench-relations: build ## prove and verify every relation between tables of 1,000,000 x 10: minutes (ROWS=N)
	scripts/bench_relations.py $(TARGET_DIR)/release/zkl $(or $(ROWS),1000000)

clean:
	$(CARGO) clean
