# Needs Python 3.11 or newer with its venv module. Everything else goes into .venv, at the versions
# of constraints.txt, and is renewed when pyproject.toml or constraints.txt change.
#
#   make run ARGS="--port 8080"         more words for praxis-caldav demo
#   make test ARGS="-k union -x"        more words for pytest
#   make PYTHON=/opt/python/bin/python3 another Python (then `make clean` first)

PYTHONS := python3.13 python3.12 python3.11 python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check -qq
# One process more than there are cores, since many tests wait for a server; modules stay together.
PYTEST := $(BIN)/python -m pytest --dist worksteal \
	-n $$($(BIN)/python -c 'import os; print(min(4, 1 + (os.cpu_count() or 1)))')

# Whatever the environment says: tests start the program hundreds of times, and each start would
# compile it anew.
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help run test test-slow conformance screenshots lint format bench growth clean

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: $(VENV)/.run  ## serve a demo practice on 127.0.0.1:5232
	@$(BIN)/praxis-caldav demo $(ARGS)

test: $(VENV)/.dev $(VENV)/.browser  ## lint, then every test but the slow ones
	@# What each of several processes would compile is compiled meanwhile, by one that is not busy.
	@$(BIN)/python -m pytest -qq --collect-only > /dev/null 2>&1 & \
		$(MAKE) --no-print-directory lint; linted=$$?; wait; exit $$linted
	$(PYTEST) $(ARGS)

test-slow: $(VENV)/.dev $(VENV)/.browser  ## the slow tests
	$(PYTEST) -m slow -o faulthandler_timeout=5000 $(ARGS)

conformance: $(VENV)/.dev  ## public suites of others, fetched; see docs/conformance.md
	$(BIN)/python -m tests.conformance $(ARGS)

screenshots: $(VENV)/.dev $(VENV)/.browser  ## pictures of the pages, into docs/images
	@$(BIN)/python -m tests.screenshots

lint: $(VENV)/.dev  ## style, types and the import rules
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

format: $(VENV)/.dev  ## put the source into the common format
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/.bench  ## this server beside its peers, an hour; see benchmarks/README.md
	@$(BIN)/python -m benchmarks $(ARGS)

growth: $(VENV)/.bench  ## what requests cost from 1,000 to 1,000,000 objects
	@$(BIN)/python -m benchmarks.growth $(ARGS)

clean:  ## remove .venv, caches and build leftovers; data stays
	rm -rf $(VENV) .conformance build dist *.egg-info .hypothesis .import_linter_cache .mypy_cache \
		.pytest_cache .ruff_cache
	find . -name __pycache__ -type d -not -path './.git/*' -prune -exec rm -rf {} +

# A name on the path proves nothing (it may be a shim of an absent version), so each candidate is run.
# ensurepip is what Debian leaves out of venv.
$(VENV)/.made:
	@new_enough='import sys; sys.exit(sys.version_info < (3, 11))'; old=; lame=; \
	for python in $(or $(PYTHON),$(PYTHONS)); do \
		"$$python" -c '' >/dev/null 2>&1 || continue; \
		"$$python" -c "$$new_enough" || { old="$$python"; continue; }; \
		"$$python" -c 'import ensurepip, venv' >/dev/null 2>&1 || { lame="$$python"; continue; }; \
		echo "Making $(VENV) with $$("$$python" -V) ..."; \
		"$$python" -m venv --clear $(VENV) && touch $@; exit; \
	done; \
	if [ -n "$$lame" ]; then \
		echo "$$lame cannot make virtual environments: its venv or ensurepip module is missing." >&2; \
		echo "On Debian and Ubuntu: apt install python3-venv" >&2; \
	elif [ -n "$$old" ]; then \
		echo "$$old is $$("$$old" -V 2>&1): Python 3.11 or newer is needed." >&2; \
		echo "If you have one elsewhere: make PYTHON=/path/to/python3 ..." >&2; \
	else \
		echo "No working Python found (tried: $(or $(PYTHON),$(PYTHONS)))." >&2; \
		echo "If you have 3.11 or newer elsewhere: make PYTHON=/path/to/python3 ..." >&2; \
	fi; exit 1

LOCK := admin_api/pages/package-lock.json

$(VENV)/.run: pyproject.toml constraints.txt $(LOCK) | $(VENV)/.made
	@echo "Installing the server into $(VENV), a minute or two ..."
	@$(PIP) install -c constraints.txt -e '.[assets]'
	@$(BIN)/python -m admin_api.pages.fetching
	@touch $@

$(VENV)/.dev: pyproject.toml constraints.txt $(LOCK) | $(VENV)/.made
	@echo "Installing the server and the test tools into $(VENV), a minute or two ..."
	@$(PIP) install --no-compile -c constraints.txt -e '.[dev]'  # most of it is never loaded
	@$(BIN)/python -m admin_api.pages.fetching
	@touch $(VENV)/.run $@

$(VENV)/.browser: $(VENV)/.dev
	@$(BIN)/python -m tests.browser
	@touch $@

$(VENV)/.bench: $(VENV)/.dev
	@$(PIP) install -c constraints.txt -e '.[dev,bench]'
	@touch $@
