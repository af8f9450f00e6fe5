# Works on a fresh machine with Python 3.11+ and make. Everything lands in .venv.
#   make            the list of targets
#   make PYTHON=/path/to/python3 test      (heeded when .venv is made; make clean first)

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

PYTHON  ?=
# One more than there are cores, for whoever waits for a process, a disk or a terminal.
WORKERS ?= $(shell expr $$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2) + 1)
ARGS    ?=
ONLY    ?=
PEERS   ?=

VENV    := .venv
BIN     := $(VENV)/bin
STAMP   := $(VENV)/.ready
# What has run out of tests takes over some of another worker's.
PYTEST  := $(BIN)/python -m pytest -q -n $(WORKERS) --dist worksteal
# What is promised of coverage is promised of the lifecycle's package, by its own tests: measuring takes
# as long again as testing. The others are measured by make coverage.
LIFECYCLE := src/offbook/services/paper_trading
MEASURED  := tests/unit/services/paper_trading tests/unit/services/market_hub
# With ARGS one of two runs may have nothing to do, which pytest ends with 5.
CHOSEN  := $(if $(ARGS),|| [ $$? -eq 5 ])
PIP     := $(BIN)/python -m pip --quiet --disable-pip-version-check
INSTALL := $(PIP) install --no-deps

# Where it is set, as containers like to do, every process that a test starts compiles the project anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help venv demo test coverage check format bench chaos campaign lock clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# Candidates are run, not merely looked up: a version manager may leave a shim that exists and fails.
$(BIN)/python:
	@fits='import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 15))'; \
	for candidate in $(or $(PYTHON),python3.13 python3.12 python3.11 python3.14 python3); do \
	    if "$$candidate" -c "$$fits" >/dev/null 2>&1; then python="$$candidate"; break; fi; \
	done; \
	if [ -z "$${python:-}" ]; then \
	    echo "$(or $(PYTHON),None of the Pythons here) is not a working Python 3.11 to 3.14." \
	        "Name one: make PYTHON=/path/to/python3" >&2; exit 1; \
	fi; \
	echo "Setting up $(VENV) with $$("$$python" --version) (once)"; \
	"$$python" -m venv --clear $(VENV) || { \
	    echo "Python's venv module does not work. On Debian: apt-get install python3-venv" >&2; exit 1; }

$(VENV)/.locked: requirements/dev.txt | $(BIN)/python
	@# The lock is complete; resolving again would let a newer release of a locked package fail it.
	@$(INSTALL) --no-compile --require-hashes -r requirements/dev.txt
	@# pip would compile on one core, and the packages' own tests too. A file that is not of this
	@# Python's language stops nothing.
	@$(BIN)/python -m compileall -qq -j 0 -x '/tests/' $(VENV)/lib || true
	@touch $@

$(STAMP): pyproject.toml $(VENV)/.locked
	@$(INSTALL) --no-build-isolation -e .
	@touch $@

venv: $(STAMP) ## Set up .venv and install the project into it

demo: $(STAMP) ## Run a whole session on real recorded data and print its report
	@$(BIN)/offbook demo $(ARGS)

test: $(STAMP) ## Run the tests; branch coverage of the lifecycle (ARGS="-k name" to choose)
	@rm -f .coverage .coverage.*
	@$(PYTEST) $(MEASURED) --cov=$(LIFECYCLE) --cov-branch --cov-report= $(ARGS) $(CHOSEN)
	@$(PYTEST) $(MEASURED:%=--ignore %) $(ARGS) $(CHOSEN)
	@$(BIN)/python scripts/branch_coverage.py $(LIFECYCLE)

coverage: $(STAMP) ## Run all tests but the killed sessions with branch coverage of everything
	@rm -f .coverage .coverage.*
	@$(PYTEST) --ignore tests/e2e --cov --cov-branch --cov-report= $(ARGS)
	@$(BIN)/python scripts/branch_coverage.py $(LIFECYCLE) src/offbook

check: $(STAMP) ## Lint, formatting, strict types, and who may import whom
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --quiet --check .
	@$(BIN)/mypy --strict --no-error-summary
	@$(BIN)/mypy --strict --no-error-summary --platform win32 --no-warn-unreachable --cache-dir .mypy_cache/windows
	@out=$$($(BIN)/lint-imports --no-cache --no-logo) || { echo "$$out"; exit 1; }
	@echo "check: clean"

format: $(STAMP) ## Put the code in the project's format, and mend what can be mended
	@$(BIN)/ruff check --quiet --fix . || true
	@$(BIN)/ruff format .

# Options differ from script to script, so ARGS are for one: make bench ONLY=bench_orders ARGS="--rounds 9"
bench: $(STAMP) ## Run benchmarks/: ratios, no asserted times (PEERS=1: other engines; ONLY=bench_NAME ARGS=...)
	@$(BIN)/python benchmarks/run_benches.py $(if $(ONLY),--only $(ONLY)) $(if $(filter-out 0,$(PEERS)),--peers) \
	    $(if $(ARGS),-- $(ARGS))

chaos: $(STAMP) ## The long kill test: sessions killed at random moments must recover
	@$(BIN)/python -m pytest tests/e2e -m chaos $(ARGS)

campaign: $(STAMP) ## Compare the engine with a plain reference (ARGS="--steps 1000000 --books 5000 --on-books 5000")
	@$(BIN)/python -m tests.properties.campaign $(ARGS)

# uv writes the locks, with one set of versions for every supported Python, and is no dependency of the
# project: any copy will do. Package sources of the machine at hand are kept out of the files.
UV         ?= uv
UV_COMPILE := $(UV) pip compile --quiet --universal --python-version 3.11 --fork-strategy fewest \
	--generate-hashes --no-emit-index-url --no-header
lock: ## Renew requirements/*.txt (needs uv; ARGS=--upgrade for newer versions)
	@command -v $(UV) >/dev/null || { echo "make lock needs uv: python3 -m pip install uv, or UV=/path/to/uv" >&2; exit 1; }
	@$(UV_COMPILE) $(ARGS) pyproject.toml -o requirements/runtime.txt
	@$(UV_COMPILE) $(ARGS) pyproject.toml --group dev -c requirements/runtime.txt -o requirements/dev.txt

clean: ## Remove .venv and everything that tools left behind
	@rm -rf $(VENV) build dist .coverage .coverage.* .hypothesis .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
	@find src tests scripts benchmarks -type d -name __pycache__ -prune -exec rm -rf {} + 2>/dev/null || true
