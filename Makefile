# The two commands are `make run` and `make test`; each does all of its own set-up.
# The first that is new enough; else whatever there is, and the set-up says what is wrong with it.
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; \
	done || command -v python3)
BIN := .venv/bin

.DEFAULT_GOAL := help
.PHONY: help run demo test test-long check bench bench-kernel bench-centre bench-photo docs messages clean set-up-run set-up-test

help: ## say what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

set-up-run:
	@test -n "$(PYTHON)" || { echo "demur: error: no python3 was found; install Python 3.11 or newer" >&2; exit 1; }
	@$(PYTHON) scripts/setup.py run

set-up-test:
	@test -n "$(PYTHON)" || { echo "demur: error: no python3 was found; install Python 3.11 or newer" >&2; exit 1; }
	@$(PYTHON) scripts/setup.py test
	@scripts/system-packages.sh

run: set-up-run ## start the sample platform, the privacy centre, the worker and the mail catcher, until Ctrl-C
	@$(BIN)/demur run

demo: set-up-run ## play the whole story in the terminal, in under a minute
	@$(BIN)/demur demo

check: set-up-test ## lint, types and import rules only
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/lint-imports
	@$(BIN)/mypy

test: check ## every check, and every test but those of test-long
	@PYTHON_BIN=$(BIN) scripts/test.sh

test-long: set-up-test ## the tests that take minutes each: fuzzing, and clusters that lose a worker
	@$(BIN)/pytest --numprocesses 2 -m long

bench: set-up-test ## measure the gate against its peers
	@$(BIN)/python bench/gate.py

bench-kernel: set-up-test ## measure the gate's look-up in a long list against the engines' own
	@POLARS_MAX_THREADS=1 $(BIN)/python bench/kernel.py
	@POLARS_MAX_THREADS=1 $(BIN)/python bench/kernel.py --ids 10000000

bench-centre: set-up-test ## measure the privacy centre with both databases
	@$(BIN)/python bench/centre.py

bench-photo: set-up-test ## measure hashing and matching of photos, and reading of reservations, against common programs
	@OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 $(BIN)/python bench/photo.py
	@$(BIN)/python bench/reservations.py

docs: set-up-test ## take the screenshots that the docs show
	@$(BIN)/python scripts/screenshots.py

messages: set-up-test ## bring the translations up to date; a new language: make messages ADD=nl
	@$(BIN)/python scripts/messages.py $(ADD)

clean: ## remove the virtual environment and caches (keys and cases in var/ stay)
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage*
