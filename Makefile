# The commands of the house. `make run` and `make test` do all set-up themselves; later runs start at once.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
APT := $(shell [ "$$(id -u)" = 0 ] && echo apt-get || echo sudo apt-get)

.PHONY: help run test test-fast check bench bench-100m format clean
.DEFAULT_GOAL := help

help: ## Show the commands
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

run: $(VENV)/.run ## Set up what is missing, then serve the dashboard (PORT, default 8501)
	@$(BIN)/python -m lib serve

test: $(VENV)/.dev $(VENV)/.system ## Set up what is missing, then run all tests
	@$(BIN)/python -m pytest -n $(or $(JOBS),2) --dist loadgroup

test-fast: $(VENV)/.dev ## The tests without a browser
	@$(BIN)/python -m pytest -n $(or $(JOBS),2) --dist loadgroup -m "not browser"

check: $(VENV)/.dev ## Format, lint, types, import rules, dead code
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/vulture

bench: $(VENV)/.bench $(VENV)/.system ## Measure the speed (PARTS="reports growth", EVENTS=10000000); writes bench/results.md
	@$(BIN)/python -m bench $(or $(PARTS),all) --events $(or $(EVENTS),10000000)

bench-100m: $(VENV)/.bench ## The report out of 100 M events (PARTS, default: build and growth)
	@$(BIN)/python -m bench $(or $(PARTS),build growth) --events 100000000

format: $(VENV)/.dev ## Bring the code into the house's form
	$(BIN)/ruff check --fix --select I .
	$(BIN)/ruff format .

clean: ## Remove the virtual environment and caches, never the installation's data
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

# Debian's python3 may come without the venv module.
$(VENV)/bin/python:
	@test -n "$(PYTHON)" || { echo "Python 3.11 is needed: $(APT) install python3 python3-venv"; exit 1; }
	@$(PYTHON) -m venv $(VENV) 2>/dev/null || { rm -rf $(VENV); $(APT) update -qq && $(APT) install -y -qq python3-venv && $(PYTHON) -m venv $(VENV); }

$(VENV)/.run: requirements.txt | $(VENV)/bin/python
	@echo "Installing what Vitrine runs on (once, a minute or two) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

$(VENV)/.dev: requirements.txt requirements-dev.txt | $(VENV)/bin/python
	@echo "Installing what the checks and tests need (once) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $(VENV)/.run $@

$(VENV)/.bench: requirements.txt requirements-dev.txt requirements-bench.txt | $(VENV)/bin/python
	@echo "Installing what the bench compares with (once) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-bench.txt
	@touch $@

# Chromium and PostgreSQL for the tests; nothing of the product needs them.
$(VENV)/.system: | $(VENV)/bin/python
	@missing=""; \
	command -v chromium >/dev/null || missing="$$missing chromium"; \
	ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || missing="$$missing postgresql"; \
	if [ -n "$$missing" ]; then echo "Installing$$missing for the tests ..."; \
	  $(APT) update -qq && DEBIAN_FRONTEND=noninteractive $(APT) install -y -qq --no-install-recommends $$missing fonts-dejavu-core >/dev/null; fi
	@touch $@
