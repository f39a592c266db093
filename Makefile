# Everything starts here: `make run` and `make test` set themselves up on a machine that has Python 3.11 or newer.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

# Tests and benchmarks need no screen; QT_QPA_PLATFORM=xcb make test shows the windows.

.PHONY: help run test test-long lint bench screenshots clean system-packages offscreen-packages
.DEFAULT_GOAL := help

help: ## show this list
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | awk -F '\t' '{printf "  make %-12s %s\n", $$1, $$2}'

run: $(READY) system-packages ## open the window; make run ARGS="--theme dark" passes options on
	$(BIN)/python main.py $(ARGS)

test: $(READY) offscreen-packages ## run every test (under ten minutes on two cores)
	$(BIN)/python -m pytest -n 2 --dist worksteal $(ARGS)

test-long: $(READY) offscreen-packages ## run the long ones too: 500 kills
	$(BIN)/python -m pytest -m 'long or not long' --timeout 7200 $(ARGS)

lint: $(READY) ## style (ruff) and types (mypy)
	$(BIN)/ruff check .
	$(BIN)/mypy

bench: $(READY) offscreen-packages ## measure and print what docs/benchmarks.md records
	$(BIN)/python -m tests.benchmarks $(ARGS)

screenshots: $(READY) offscreen-packages ## draw every tab, light and dark, into screenshots/
	$(BIN)/python -m tests.screenshots $(ARGS)

clean: ## remove the virtual environment and everything that tools left
	rm -rf $(VENV) build dist .pytest_cache .ruff_cache .mypy_cache .hypothesis screenshots

test test-long bench screenshots offscreen-packages: export QT_QPA_PLATFORM ?= offscreen

# What Qt needs from the system: installed where that is permitted, else named as the one command to type.
system-packages offscreen-packages: $(READY)
	@$(BIN)/python -m engine.preflight --install

# Once, and again when the dependencies change. The last line finds a torch and torchvision that do not fit together.
$(READY): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.12")'
	@$(PYTHON) -c 'import venv, ensurepip' || { echo 'Run: sudo apt install python3-venv' >&2; exit 3; }
	$(PYTHON) -m venv $(VENV)
	@echo 'Installing the packages; this takes a minute or more…'
	$(BIN)/python -m pip install --quiet --editable '.[test,lint]'
	$(BIN)/python -m engine.preflight --pair
	@touch $@
