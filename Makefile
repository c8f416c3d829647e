# `make demo` and `make test` do all set-up by themselves; PYTHON=python3.13 chooses another interpreter.

PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.installed
PATHS := src tests bench scripts
MINUTES ?= 30
EXTRAS := aws console elasticsearch geo kafka opensearch report
# Tests start the command hundreds of times: without bytecode files each start would compile every module again.
unexport PYTHONDONTWRITEBYTECODE

PYTEST := $(BIN)/pytest -n auto --dist loadgroup

.DEFAULT_GOAL := help
.PHONY: help demo setup format lint types browser test test-all test-fast bench fuzz docs docs-check wheel-check lock check clean

help:  ## Show what can be made
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

demo: setup  ## Simulate an organization, collect its audit trail, open the console on it
	@$(BIN)/anthropic-audit demo

setup: $(STAMP)  ## Make .venv and install what is locked

$(STAMP): requirements-dev.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "error: $(PYTHON) is older than 3.11; try: make PYTHON=python3.13 $(MAKECMDGOALS)" >&2; exit 2; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@scripts/install.sh
	@touch $(STAMP)

format: setup  ## Format the code
	@$(BIN)/ruff format $(PATHS)
	@$(BIN)/ruff check --fix-only --quiet $(PATHS)

lint: setup  ## Check format and lint
	@$(BIN)/ruff format --check --quiet $(PATHS) || { echo "hint: make format" >&2; exit 1; }
	@$(BIN)/ruff check --quiet $(PATHS)

types: setup  ## Check types
	@$(BIN)/mypy

browser:
	@scripts/install_browser.sh

test: setup browser  ## Run every test, with a sample of the cases of long ones
	@$(PYTEST) --sample

test-all: setup browser  ## Run every case of every test, like CI
	@$(PYTEST)

test-fast: setup  ## Run the tests of what decides: no socket, no process
	@$(PYTEST) --sample -m "not slow" tests/plan tests/catalogue tests/ecs tests/test_*.py

bench: setup  ## Measure: simulator, normalizing, collecting
	@$(BIN)/python bench/simulator.py
	@$(BIN)/python bench/normalize.py
	@$(BIN)/python bench/collect.py

fuzz: setup  ## Fuzz what reads from outside, for MINUTES=30 in all; findings go to .fuzz/findings
	@$(BIN)/python -m tests.fuzz.engine --minutes $(MINUTES) --grown .fuzz/grown --seed $$(date +%s) $(TARGETS)

docs: setup  ## Generate the reference pages
	@$(BIN)/python scripts/generate_docs.py
	@$(BIN)/python scripts/generate_tables.py

docs-check: setup
	@$(BIN)/python scripts/generate_docs.py --check
	@$(BIN)/python scripts/generate_tables.py --check

wheel-check: setup
	@$(BIN)/python scripts/check_wheel.py

lock: setup  ## Lock the newest versions that fit
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --group dev $(foreach extra,$(EXTRAS),--extra $(extra)) pyproject.toml \
		--upgrade --generate-hashes --no-header --no-annotate -o requirements-dev.lock

check: lint types docs-check wheel-check test-all  ## All that CI runs

clean:  ## Remove what was made
	@rm -rf .venv dist .mypy_cache .pytest_cache .ruff_cache .hypothesis .coverage
