# `make demo` and `make test` do all their own set-up: they need Python 3.11, pip and make, and nothing else.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
READY := $(VENV)/.installed
XRAY := $(VENV)/bin/xray

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help
.PHONY: help install demo test prove up lint format pictures clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(READY) ## Run the main job to a printed verdict; SCENARIO=better|worse|same|drift
	$(XRAY) demo $(if $(SCENARIO),--scenario $(SCENARIO))

# DuckDB has a process of its own: together with TensorFlow, PyTorch and pyarrow one run in seven crashed.
# So has the browser: all tests of pages share one, and its event loop is in nobody's way.
# The other files are shared out to two processes; WORKERS=0 runs them in one.
WORKERS ?= 2
APART := xray_assets_tests/sql xray_assets_tests/browser
test: lint ## Lint, types and every test
	$(VENV)/bin/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder $(addprefix --ignore=,$(APART))
	for part in $(APART); do $(VENV)/bin/python -m pytest -rs $$part; done

prove: $(READY) ## The long proofs: kills, crashes, stalls, simulations (about an hour)
	$(VENV)/bin/python -m benchmarks.promotion.prove
	$(VENV)/bin/python -m benchmarks.rollout.crash_points
	$(VENV)/bin/python -m benchmarks.monitoring.crash_points
	$(VENV)/bin/python -m benchmarks.rollout.beside_a_hung_run
	$(VENV)/bin/python -m benchmarks.stack.hard_kills
	$(VENV)/bin/python -m benchmarks.stack.kill_services
	$(VENV)/bin/python benchmarks/serving/kill_nine.py
	$(VENV)/bin/python benchmarks/serving/worst_request.py
	$(VENV)/bin/python -m benchmarks.reading.kill_room
	$(VENV)/bin/python -m benchmarks.reading.blind_scan
	$(VENV)/bin/python -m benchmarks.web.stalled
	$(VENV)/bin/python -m benchmarks.web.cross_site
	$(VENV)/bin/python -m benchmarks.web.login
	$(VENV)/bin/python -m benchmarks.room.dashboard --predictions 10000000
	$(VENV)/bin/python -m benchmarks.room.reading_speed
	$(VENV)/bin/python -m benchmarks.room.blindness
	$(VENV)/bin/python -m benchmarks.simulated_scenarios
	$(VENV)/bin/python -m benchmarks.monitoring.acceptance --rules
	$(VENV)/bin/python -m benchmarks.monitoring.acceptance --others
	$(VENV)/bin/python -m benchmarks.monitoring.false_alarms --years 2 --no-rules
	$(VENV)/bin/python -m benchmarks.monitoring.cost

lint: $(READY) ## Lint, rooms and types only
	$(VENV)/bin/ruff check
	$(VENV)/bin/lint-imports --no-logo --no-cache
	$(VENV)/bin/pyright --pythonpath $(VENV)/bin/python

up: $(READY) ## Start Dagster, endpoint, feedback API and reading room until Ctrl-C
	$(XRAY) up

format: $(READY) ## Fix what ruff can fix
	$(VENV)/bin/ruff check --fix
	$(VENV)/bin/ruff format

pictures: $(READY) ## Make the README's pictures from a real run; needs Debian's chromium
	$(VENV)/bin/python docs/make_pictures.py
	$(VENV)/bin/python -m docs.make_room_pictures

install: $(READY) ## Only set up the virtual environment

# pip says nothing for minutes when it is quiet and too much when it is not: one line a package is shown.
$(READY): pyproject.toml constraints.txt
	@test -n "$(PYTHON)" && "$(PYTHON)" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' \
		|| { echo "Python 3.11 is needed: install it, or name it with make PYTHON=/path/to/python3.11"; exit 1; }
	@test -x $(VENV)/bin/python || "$(PYTHON)" -m venv $(VENV)
	@echo "Installing the pinned packages into $(VENV) (some minutes, once) ..."
	@PIP_DISABLE_PIP_VERSION_CHECK=1 $(VENV)/bin/python -m pip install --progress-bar off \
		-c constraints.txt -e ".[dev]" | awk '/^Collecting /{printf "  %3d  %s\n", ++n, $$2; fflush()} /^Installing collected/{print "  writing the packages ..."; fflush()}'
	@touch $@

clean: ## Stop what runs; remove state and caches (the virtual environment stays)
	@if [ -x $(XRAY) ]; then $(XRAY) down --below .state; \
	elif ls .state/run/*.json .state/*/run/*.json >/dev/null 2>&1; then \
		echo "a stack may run from .state: \`make install\`, then \`make clean\` stops it"; exit 1; fi
	rm -rf .state .pytest_cache .ruff_cache .hypothesis
	find xray_assets xray_assets_tests -name __pycache__ -type d -prune -exec rm -rf {} +
