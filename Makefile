# `make run` and `make test` do everything, set-up included, on a machine with Python 3.11 or newer, git and make.

PYTHON ?= python3
ASK ?= Zbuduj aplikację todo w Django
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
SOURCES := $(shell find src/luxos/locale -name '*.po') pyproject.toml requirements/luxos.in
JOBS ?= 2

.PHONY: run test quick check format bench faults attacks docs lock clean

run: $(VENV)/.product
	@$(BIN)/luxos do --yes "$(ASK)"

test: $(VENV)/.workshop
	$(BIN)/pytest -n $(JOBS) --dist loadgroup

quick: $(VENV)/.workshop
	$(BIN)/pytest -n $(JOBS) --dist loadgroup --hypothesis-profile quick -m "not slow"

check: $(VENV)/.workshop
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python tools/checks/messages.py
	$(BIN)/python tools/checks/docs.py
	$(BIN)/towncrier build --draft --version next >/dev/null

format: $(VENV)/.workshop
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

bench: $(VENV)/.workshop
	$(BIN)/python -m benchmarks

# Whatever `make test` takes a sample of imports `sampling`.
SAMPLED = $(shell grep -rl --include='test_*.py' plugins.sampling tests)
WHOLE = tests/faults tests/security $(filter-out tests/faults/% tests/security/%,$(SAMPLED))
faults: $(VENV)/.workshop
	LUXOS_ALL_FAULTS=1 $(BIN)/pytest -n $(JOBS) --dist loadgroup --timeout 3600 $(WHOLE)

attacks: $(VENV)/.workshop
	LUXOS_ALL_FAULTS=1 $(BIN)/pytest -n $(JOBS) --dist loadgroup --timeout 3600 tests/security

docs: $(VENV)/.workshop
	$(BIN)/python tools/checks/docs.py --write

# --no-strip-extras: pip before 23.3 pins `coverage[toml]` only where the lock names the extra too.
LOCKS := $(patsubst %.in,%,$(wildcard requirements/*.in src/luxos/programmer/locks/*.in))
lock: $(VENV)/.workshop
	for lock in $(LOCKS); do \
	  $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
	    --no-emit-index-url --no-annotate --no-strip-extras $$lock.in -o $$lock.txt || exit 1; done

clean:
	rm -rf $(VENV) dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis

# A stamp is written last, so that a set-up that was cut off is done again.
$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "LuxOS potrzebuje Pythona 3.11 lub nowszego: make run PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
	  echo "Brakuje modułu venv. Administrator instaluje go poleceniem: apt install python3-venv"; exit 1; }

$(VENV)/.product: $(BIN)/python requirements/build.txt requirements/luxos.txt $(SOURCES)
	@echo "Przygotowuję LuxOS (tylko za pierwszym razem)…"
	@$(PIP) install --require-hashes -r requirements/build.txt -r requirements/luxos.txt
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.workshop: $(VENV)/.product requirements/dev.txt
	@$(PIP) install --require-hashes -r requirements/dev.txt
	@touch $@
