# The developer's whole interface. Each target sets up what it needs; a second run is quick.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
export OPENBLAS_NUM_THREADS := 1

.DEFAULT_GOAL := help
.PHONY: help demo test check generate bench clean programs

help: ## list the targets
	@awk -F':.*## ' '/^[a-z]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(STAMP) programs ## the whole stack on loopback: engine, monitor, Prometheus, Alertmanager (ARGS="--speed 5 --duration 120")
	@$(BIN)/genesis demo $(ARGS)

test: $(STAMP) programs ## all tests, the end-to-end ones with real Prometheus and Alertmanager included
	$(BIN)/pytest $(ARGS)

check: $(STAMP) programs ## format, lint, types, generated files up to date
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/genesis generate --check

generate: $(STAMP) ## write the generated files again
	$(BIN)/genesis generate

bench: $(STAMP) ## benchmarks, as paired ratios
	@for file in bench/bench_*.py; do $(BIN)/python $$file || exit 1; done

programs: $(STAMP)
	@$(BIN)/genesis programs --install

clean: ## remove what make made
	rm -rf $(VENV) data .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage

$(STAMP): pyproject.toml constraints.txt
	@command -v $(PYTHON) >/dev/null || { echo "Python 3.11 is needed: install it, or name it with 'make PYTHON=/path/to/python3.11'"; exit 1; }
	@echo "setting up $(VENV) ..."
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || { echo "venv failed: on Debian, 'apt-get install python3.11-venv' and run make again"; rm -rf $(VENV); exit 1; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $(STAMP)
