# Every target works from a fresh clone; the tools it needs beside Go, a C compiler and Python are installed into .venv.

PYTHON ?= /usr/bin/python3.11
GO ?= go
VENV := .venv
PY := $(VENV)/bin/python
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2

# Options of single targets.
N ?= 2000
FIRST ?=
SCRIPT ?=
BENCH ?=
SUITE ?=
LEAKS ?=
MEMCHECK ?=
NOMEMORY ?=
SMOKE ?=
TESTS ?=
TIME ?= 60s

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help

.PHONY: help
help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

# One line for what is missing, with the Debian package to install.
.PHONY: prerequisites
prerequisites:
	@command -v "$(PYTHON)" > /dev/null || { echo "$(PYTHON) not found: install the Debian package python3.11, or set PYTHON=path" >&2; exit 1; }
	@"$(PYTHON)" -c 'import ensurepip, venv' 2> /dev/null || { echo "$(PYTHON) has no venv module: install the Debian package python3.11-venv" >&2; exit 1; }
	@command -v "$(GO)" > /dev/null || { echo "$(GO) not found: install the Debian package golang-go (Go 1.24 or newer)" >&2; exit 1; }
	@command -v gcc > /dev/null || { echo "gcc not found: install the Debian package gcc" >&2; exit 1; }

$(VENV)/.test: requirements/test.txt requirements/build.txt | prerequisites
	@"$(PYTHON)" -m venv $(VENV)
	@$(PY) -m pip install --quiet --disable-pip-version-check -r requirements/test.txt
	@touch $@

$(VENV)/.bench: requirements/bench.txt | $(VENV)/.test
	@$(PY) -m pip install --quiet --disable-pip-version-check -r requirements/bench.txt
	@touch $@

.PHONY: build
build: $(VENV)/.test ## build the package and install it into .venv
	@GO="$$(command -v $(GO))" $(PY) -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps --force-reinstall .
	@$(PY) -I -m pyston_lite status

.PHONY: test
test: build check-go test-go check-python test-python ## everything below, in the order that fails soonest

.PHONY: check-go
check-go: prerequisites ## gofmt, go vet, staticcheck
	@out="$$(gofmt -l codecache ext files hooks specializer)"; [ -z "$$out" ] || { echo "not formatted by gofmt:"; echo "$$out"; exit 1; }
	@$(GO) vet ./...
	@$(GO) run $(STATICCHECK) ./...
	@echo "gofmt, go vet and staticcheck: clean"

.PHONY: test-go
test-go: $(VENV)/.test ## the Go tests
	@$(PY) tests/tools/gotest.py ./...

.PHONY: check-python
check-python: build ## ruff, mypy, and the stubs against the built module
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/mypy
	@$(PY) -m mypy.stubtest --mypy-config-file pyproject.toml pyston_lite._pyston_lite

.PHONY: test-python
test-python: build ## the Python tests; TESTS="paths and options of pytest" for some of them
	@$(PY) -m pytest $(TESTS)

.PHONY: record
record: build ## record the snapshots of tests/golden anew, and accept what the compiler makes of them
	@$(PY) -m tests.tools.record
	@$(GO) test ./specializer -update
	@git --no-pager diff --stat -- specializer/testcases specializer/testdata docs/hit-paths.md

.PHONY: fuzz
fuzz: build ## N=20000 generated programs, stock against accelerated; FIRST=seed to repeat
	@$(PY) -m tests.differential.fuzz --programs $(N) $(if $(FIRST),--first $(FIRST))

.PHONY: fuzz-go
fuzz-go: ## the fuzz tests of the compiler, TIME=60s each
	@$(GO) test ./specializer -run '^$$' -fuzz FuzzCompile -fuzztime $(TIME) -fuzzminimizetime 1x
	@$(GO) test ./specializer/pyabi -run '^$$' -fuzz FuzzDecode -fuzztime $(TIME) -fuzzminimizetime 1x

.PHONY: cpython-suite
cpython-suite: build ## CPython's own tests, stock against accelerated; SUITE="test_dict test_os --mode profiled"
	@$(PY) -m tests.cpython $(SUITE)

.PHONY: refleaks
refleaks: build ## programs and CPython's tests leave as many references as they find; PYTHON=python3.11-dbg, LEAKS="--mode profiled"
	@$(PY) -m tests.tools.refleaks $(LEAKS)

.PHONY: valgrind
valgrind: build ## programs under valgrind: no memory is used that was freed or not written; MEMCHECK="closures --mode stress"
	@command -v valgrind > /dev/null || { echo "valgrind not found: install the Debian package valgrind" >&2; exit 1; }
	@$(PY) -m tests.tools.memcheck $(MEMCHECK)

.PHONY: no-memory
no-memory: build ## programs whose allocations fail at random places end as programs do; NOMEMORY="closures --seed 7"
	@$(PY) -m tests.tools.nomemory $(NOMEMORY)

.PHONY: smoke
smoke: build ## the tests of well-known projects, stock against accelerated; SMOKE="django flask"
	@$(PY) -m tests.smoke $(SMOKE)

.PHONY: demo
demo: build $(VENV)/.bench ## a table of well-known programs, or of SCRIPT=path, stock against accelerated
	@$(PY) -m tests.tools.demo $(SCRIPT)

.PHONY: bench
bench: build $(VENV)/.bench ## benchmarks; BENCH="--programs all --rounds 5 --json file"
	@$(PY) -m tests.bench $(BENCH)

.PHONY: bench-features
bench-features: build ## one construct of the language a row, slowest ratios first; BENCH="attribute call"
	@$(PY) -m tests.bench.features $(BENCH)

.PHONY: bench-outputs
bench-outputs: build $(VENV)/.bench ## whether the programs of the benchmarks show the same stock and accelerated
	@$(PY) -m tests.bench.outputs $(BENCH)

.PHONY: bench-compile
bench-compile: prerequisites ## speed of the compiler; PYSTON_LITE_SNAPSHOTS=folder for the snapshots of a PYSTON_LITE_DUMP
	@GOGC=200 GOMAXPROCS=1 $(GO) test ./specializer -run '^$$' -bench Compile -benchtime 3s

.PHONY: compiler-profile
compiler-profile: prerequisites ## the profile that Go optimises the compiler with, from the same snapshots
	@binary=$$(mktemp) && \
	GOGC=200 GOMAXPROCS=1 $(GO) test -trimpath ./specializer -run '^$$' -bench Compile -benchtime 10s \
		-cpuprofile "$(CURDIR)/ext/default.pgo" -o $$binary && \
	rm $$binary

.PHONY: wheel
wheel: $(VENV)/.test ## wheels of both distributions, in dist/
	@GO="$$(command -v $(GO))" $(PY) -m build --no-isolation --wheel --outdir dist .
	@$(PY) -m build --no-isolation --wheel --outdir dist python/pyston_lite_autoload

.PHONY: sdist
sdist: $(VENV)/.test ## source distributions of both, in dist/
	@$(PY) -m build --no-isolation --sdist --outdir dist .
	@$(PY) -m build --no-isolation --sdist --outdir dist python/pyston_lite_autoload

.PHONY: clean
clean: ## remove everything that was built
	@rm -rf build dist $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis
	@rm -rf python/*.egg-info python/pyston_lite_autoload/build python/pyston_lite_autoload/dist python/pyston_lite_autoload/*.egg-info
	@find python tests -name __pycache__ -prune -exec rm -rf {} +
