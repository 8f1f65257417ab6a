# The developer's whole interface. Each target sets up what it needs; a second run is quick.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
export OPENBLAS_NUM_THREADS := 1

.DEFAULT_GOAL := help
.PHONY: help demo test check generate bench programs clean

help: ## list the targets
	@awk -F':.*## ' '/^[a-z]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(STAMP) programs ## run the whole stack on loopback and watch (ARGS="--speed 5 --duration 120"; genesis demo --help)
	@exec $(BIN)/genesis demo $(ARGS)

test: $(STAMP) ## all tests, with real Prometheus, Alertmanager and PostgreSQL (ARGS="-k ledger")
	@$(BIN)/genesis programs --install --tests
ifdef ARGS
	$(BIN)/pytest $(ARGS)
else # what keeps the processor busy would be in the way of what waits for real time, which uses a fifth of it
	$(BIN)/pytest -n 2 --dist worksteal -m "not real_time"
	$(BIN)/pytest -n 3 --dist loadfile -m real_time
endif

check: $(STAMP) programs ## format, lint, types; configuration and generated files, also by promtool and amtool; every alert rule on its cases
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/genesis check
	$(BIN)/pytest -q tests/rules

generate: $(STAMP) ## write the generated files again
	$(BIN)/genesis generate

bench: $(STAMP) ## benchmarks, as paired ratios
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev,bench]'
	@for file in bench/bench_*.py; do $(BIN)/python $$file || exit 1; done

programs: $(STAMP)
	@$(BIN)/genesis programs --install

clean: ## remove what make and the demo made
	rm -rf $(VENV) data .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage

# Debian keeps the venv module in a package of its own; where apt-get can be used, a missing one is no reason to stop.
define MAKE_VENV
test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) >/dev/null 2>&1 || { \
	rm -rf $(VENV); \
	advice="$(PYTHON) cannot make a virtual environment: as root, 'apt-get install python3.11-venv', then run make again"; \
	root="env DEBIAN_FRONTEND=noninteractive"; \
	test "$$(id -u)" = 0 || { sudo -n true 2>/dev/null && root="sudo -n $$root"; } || { echo "$$advice"; exit 1; }; \
	command -v apt-get >/dev/null || { echo "$$advice"; exit 1; }; \
	echo "installing the Debian package python3.11-venv ..."; \
	{ $$root apt-get update && $$root apt-get install -y --no-install-recommends python3.11-venv && $(PYTHON) -m venv $(VENV); } \
		|| { rm -rf $(VENV); echo "$$advice"; exit 1; }; }
endef

$(STAMP): pyproject.toml constraints.txt
	@command -v $(PYTHON) >/dev/null || { \
		echo "Python 3.11 is needed: install it, or name it with 'make PYTHON=/path/to/python3.11'"; exit 1; }
	@echo "setting up $(VENV) ..."
	@$(MAKE_VENV)
	@$(BIN)/python -m pip install --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $(STAMP)
