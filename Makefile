# make demo, make test: these two do all set-up on a machine with python3, make and a package registry.
# make check: what must be clean before a commit. make bench, make bench-engine: the figures of docs. make nightly: what
# takes too long for every change. make clean: back to a fresh clone.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help demo demo-cluster test check bench bench-engine nightly clean setup browser

BIN := .venv/bin
READY := .venv/ready
BROWSER := .venv/browser
BENCH := .venv/bench
UNDERSTUDY := $(BIN)/understudy

help: ## show this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile

demo: $(READY) $(BROWSER) ## supplier invoices from an inbox into a finance system, in a real browser
	@$(UNDERSTUDY) demo

demo-cluster: $(READY) $(BROWSER) ## the same on PostgreSQL with four workers, one of them killed half-way
	@$(UNDERSTUDY) demo-cluster

test: $(READY) $(BROWSER) ## run every test
	@$(BIN)/pytest --numprocesses 2 --dist loadfile --max-worker-restart 0

check: $(READY) ## style, types, floors, architecture
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/pytest tests/architecture

bench: $(READY) $(BROWSER) ## measure speed and reading, and print both
	@$(BIN)/python -m benchmarks

bench-engine: $(BENCH) ## measure the engine beside robocorp-workitems, on SQLite and PostgreSQL
	@$(BIN)/python -m benchmarks.engine

nightly: $(READY) ## a million items of the effect protocol, 20,000 through the store, ten minutes of `understudy up`, all under faults
	@$(BIN)/python -m tests.simulation
	@$(BIN)/python -m tests.unattended

clean: ## remove everything that make has made; var/ of an installation stays
	rm -rf .venv dist build .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

setup: $(READY) $(BROWSER) ## only set up: environment, dependencies, browser

# Made again when the project file or the pinned versions change.
$(READY): pyproject.toml constraints.txt
	@python="$$(for name in python3 python3.14 python3.13 python3.12 python3.11; do \
	  if "$$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then echo "$$name"; break; fi; \
	done)"; \
	if [ -z "$$python" ]; then \
	  echo "Understudy needs Python 3.11 or newer; python3 is $$(python3 --version 2>/dev/null || echo 'not there')." >&2; \
	  echo "Install one (on Debian and Ubuntu: apt-get install python3 python3-venv), then type make again." >&2; exit 1; \
	fi; \
	if ! { [ -x $(BIN)/python ] && $(BIN)/python -c 'import sys; sys.exit(sys.version_info < (3, 11))'; } 2>/dev/null; then \
	  echo "Making the environment .venv with $$("$$python" --version)"; \
	  rm -rf .venv; \
	  "$$python" -m venv .venv || { rm -rf .venv; \
	    echo "Python's venv is not complete; on Debian and Ubuntu type: apt-get install python3-venv" >&2; exit 1; }; \
	fi; \
	echo "Installing the dependencies, at the versions in constraints.txt"; \
	PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_CONSTRAINT="$(CURDIR)/constraints.txt" \
	  $(BIN)/python -m pip install --quiet --editable '.[dev]' || { \
	    echo "The dependencies could not be installed. Without a network, point pip at a folder of wheels" >&2; \
	    echo "(PIP_NO_INDEX=1 PIP_FIND_LINKS=FOLDER make test), or at your registry (PIP_INDEX_URL)." >&2; exit 1; }
	@touch $@

$(BROWSER): $(READY)
	@$(UNDERSTUDY) browser
	@touch $@

$(BENCH): $(READY)
	@echo "Installing what the engine is measured with, at the versions in constraints.txt"
	@PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_CONSTRAINT="$(CURDIR)/constraints.txt" \
	  $(BIN)/python -m pip install --quiet --editable '.[bench]'
	@touch $@
