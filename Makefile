# Every target makes its own environment if there is none: Python 3.11, make and a package index are enough.
PYTHON ?= python3
VENV := .venv
UV := $(shell command -v uv 2>/dev/null || echo $(VENV)/bin/python -m uv)
RUN := $(VENV)/bin
STAMP := $(VENV)/.installed
export UV_PROJECT_ENVIRONMENT := $(VENV)

# Where Python writes no bytecode beside the sources, it goes where `omotenashi up` puts it: compiling all modules takes
# each of the processes of `make test` longer than collecting the tests.
ifneq ($(PYTHONDONTWRITEBYTECODE),)
unexport PYTHONDONTWRITEBYTECODE
export PYTHONPYCACHEPREFIX ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/omotenashi/bytecode
endif

.DEFAULT_GOAL := help
.PHONY: help install up demo test test-all browser-test check bench chaos upgrade mutation clean

help: ## Show what can be made
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*##/\t/' | expand -t 12

install: $(STAMP) ## Make the virtual environment from uv.lock

$(STAMP): pyproject.toml uv.lock
	@test -x $(VENV)/bin/python || $(PYTHON) -m venv $(VENV)
	@command -v uv >/dev/null 2>&1 || $(VENV)/bin/python -m pip install --quiet uv
	@$(UV) sync --frozen --inexact --quiet --python $(VENV)/bin/python
	@touch $(STAMP)

up: $(STAMP) ## Start the whole platform on this machine
	@"$(RUN)/omotenashi" up

demo: $(STAMP) ## Run one booking's life, and what can go wrong, on a fresh temporary stack
	@"$(RUN)/omotenashi" demo

test: $(STAMP) ## Run the tests; AREA=bookings runs one area
	@"$(RUN)/python" -m pytest -n 2 --dist loadgroup --no-loadscope-reorder -m "not bench and not browser" $(if $(AREA),--area $(AREA))

test-all: $(STAMP) ## Run the tests with every cross-product whole: before a release
	@OMOTENASHI_TEST_WHOLE=1 "$(RUN)/python" -m pytest -n 2 --dist loadgroup --no-loadscope-reorder -m "not bench and not browser"

browser-test: $(STAMP) ## Run the tests of the pages in Chromium, which must be on the PATH
	@"$(RUN)/python" -m pytest -m browser tests/browser

check: $(STAMP) ## Format, lint, types and import contracts
	@"$(RUN)/ruff" format --check .
	@"$(RUN)/ruff" check .
	@"$(RUN)/mypy"
	@"$(RUN)/lint-imports" --no-cache

bench: $(STAMP) ## Measure; prints tables and writes JSON under .omotenashi/bench
	@"$(RUN)/python" -m tests.bench

chaos: $(STAMP) ## Kill things under load, the long form
	@"$(RUN)/python" -m tests.chaos

upgrade: $(STAMP) ## Upgrade a stack that has open runs; FROM=<commit> is the one before
	@"$(RUN)/python" -m tests.chaos.upgrade --from $(or $(FROM),HEAD~1)

mutation: $(STAMP) ## Change the rules about money a little, and see that a test fails each time
	@"$(RUN)/python" -m tests.mutation

clean: ## Remove the virtual environment and the data folder
	rm -rf $(VENV) .omotenashi
