# make run: the sample photos through the whole pipeline. make test: everything that is tested.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
OUT ?= out

.PHONY: run up test test-fast lint format bench web clean

run: $(VENV)/ready
	$(BIN)/packshot run samples --out $(OUT)

up: $(VENV)/ready
	$(BIN)/packshot up

test: $(VENV)/ready-dev lint
	$(BIN)/packshot models pull
	$(BIN)/python -m pytest

test-fast: $(VENV)/ready-dev
	$(BIN)/python -m pytest -m "not slow and not models"

lint: $(VENV)/ready-dev
	$(BIN)/ruff check .
	$(BIN)/mypy

format: $(VENV)/ready-dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(VENV)/ready-dev
	$(BIN)/python -m bench

clean:
	rm -rf $(VENV) $(OUT) build .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Exact versions from the lock files; the project itself is installed in place.
$(VENV)/ready: requirements.lock pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -e .
	touch $@

$(VENV)/ready-dev: $(VENV)/ready requirements-dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.lock
	touch $@
