# make run: the sample photos through the whole pipeline. make test: everything that is tested.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
OUT ?= out

.PHONY: run up test test-fast lint format bench validate audit sbom lock clean

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

# What needs tools whose own dependencies conflict with the project's: each set has an environment of its own, made of
# what its lock names and nothing else.
SAM := .venv-sam
AUDIT := .venv-audit
export SAM_CLI_TELEMETRY = 0
export AWS_DEFAULT_REGION ?= eu-central-1

# The deployment as SAM sees it, the Dockerfile, the workflows. Nothing is asked of the network.
validate: $(SAM)/ready
	$(SAM)/bin/sam validate --lint --template template.yaml
	$(SAM)/bin/hadolint functions/process/Dockerfile
	$(SAM)/bin/zizmor --offline --no-progress .github/workflows

# The above, checkov, the bill of materials, and known weaknesses of every package (asks PyPI).
audit: validate sbom $(AUDIT)/ready
	$(AUDIT)/bin/checkov --config-file .checkov.yaml --directory .
	@$(call weaknesses,--no-deps -r requirements.lock)
	@$(call weaknesses,--require-hashes -r functions/process/requirements.txt)

# pip-audit over a list of packages. Where the index has no record of weaknesses it says of the first package that it was
# not found: that is no finding, but nothing was looked at either.
define weaknesses
echo "pip-audit $(1)"; said=$$($(AUDIT)/bin/pip-audit --disable-pip --strict --progress-spinner off $(1) 2>&1); code=$$?; \
	echo "$$said"; case "$$said" in *"could not be audited"*|*"onnection"*) \
	echo "NOT AUDITED: the package index's record of known weaknesses cannot be reached from here." >&2;; esac; exit $$code
endef

# CycloneDX bills of materials: the image, and everything that runs on one machine.
sbom: $(AUDIT)/ready
	mkdir -p build
	$(AUDIT)/bin/cyclonedx-py requirements --output-reproducible -o build/sbom-image.json functions/process/requirements.txt
	$(AUDIT)/bin/cyclonedx-py requirements --output-reproducible -o build/sbom.json requirements.lock

# Exact versions from what pyproject.toml and the .in files ask for; what is locked stays where it may.
COMPILE := $(BIN)/pip-compile --quiet --strip-extras --no-header --no-emit-index-url --no-emit-find-links \
	--no-emit-trusted-host

lock: $(VENV)/ready-dev
	$(COMPILE) -o requirements.lock pyproject.toml
	$(COMPILE) --extra dev -c requirements.lock -o requirements-dev.lock pyproject.toml
	$(COMPILE) -c requirements.lock -o layers/packshot/requirements.txt layers/packshot/requirements.in
	$(COMPILE) --generate-hashes -c requirements.lock -o functions/process/requirements.txt functions/process/requirements.in
	$(COMPILE) --generate-hashes --allow-unsafe -o requirements-sam.lock requirements-sam.in
	$(COMPILE) --generate-hashes --allow-unsafe -o requirements-audit.lock requirements-audit.in

clean:
	rm -rf $(VENV) $(SAM) $(AUDIT) $(OUT) build .pytest_cache .mypy_cache .ruff_cache .hypothesis
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

$(SAM)/ready: requirements-sam.lock
	test -x $(SAM)/bin/python || $(PYTHON) -m venv $(SAM)
	$(SAM)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps -r requirements-sam.lock
	touch $@

$(AUDIT)/ready: requirements-audit.lock
	test -x $(AUDIT)/bin/python || $(PYTHON) -m venv $(AUDIT)
	$(AUDIT)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps -r requirements-audit.lock
	touch $@
