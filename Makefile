# Needs Python 3.11 and make; everything else is installed into .venv from the locks. `make` lists the targets.
VENV ?= .venv
PYTHON ?=
ARGS ?=

BIN := $(VENV)/bin
PY := $(BIN)/python
INSTALL := VENV="$(VENV)" PYTHON="$(PYTHON)" .ci/install
UV := $(shell command -v uv 2>/dev/null || echo $(BIN)/uv)
LOCK := $(UV) pip compile --quiet --no-header --generate-hashes --only-binary :all: --python-version 3.11 \
	--python-platform x86_64-manylinux_2_28

.DEFAULT_GOAL := help
.PHONY: help install install-dev demo run test bench shots fmt lint lock audit

help: ## List the targets
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 16

install: ## Create .venv and install what the product needs
	@$(INSTALL)

install-dev:
	@$(INSTALL) dev

demo: install ## The main job, start to finish, on a temporary database
	@$(PY) manage.py demo $(ARGS)

run: install ## The whole product on this machine: portal, sender, schedule and sandbox (ARGS="--port 8080")
	@$(PY) manage.py serve $(ARGS)

test: install-dev ## The suite on SQLite, then on PostgreSQL and Redis (ARGS="-k name")
	@$(PY) -m tests $(ARGS)

bench: install-dev ## What the sender does per second, beside the raw HTTP ceiling
	@$(PY) manage.py bench_sending $(ARGS)

shots: install-dev ## Screenshots of every page into docs/screenshots/
	@$(PY) -m tests.shots $(ARGS)

fmt: install-dev ## Format the code
	@$(BIN)/ruff check --quiet --fix-only .
	@$(BIN)/ruff format .

lint: install-dev ## Every static check
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(PY) manage.py makemigrations --check --dry-run
	.ci/check-deploy $(PY)
	.ci/secrets $(BIN)

lock: ## Resolve requirements*.in again and lock them with hashes (needs uv; ARGS="--upgrade")
	@test -x "$(UV)" || { echo "uv is needed to lock: pip install uv"; exit 1; }
	$(LOCK) $(ARGS) requirements.in -o requirements.txt
	$(LOCK) $(ARGS) requirements-dev.in -o requirements-dev.txt

audit: install-dev ## Known vulnerabilities of the locked packages, where an advisory source can be reached
	@.ci/audit $(BIN)
