# Everything starts from `python3` (3.11 or newer, with venv) and make; nothing else has to be installed by hand.
# The pinned sets are in requirements/*.lock, with hashes; `make lock` makes them anew.
PYTHON ?= python3
ENV ?= prod
SCENARIO ?=
VENV := .venv
LAMBDA_VENV := .venv-lambda
PY := $(VENV)/bin/python
UV := $(VENV)/bin/uv
# The template says python3.13; where the machine has that interpreter the deployed functions run on it, else on the machine’s own.
PYTHON_3_13 := $(firstword $(foreach p,$(shell which -a python3.13 2>/dev/null) $(wildcard $(HOME)/.pyenv/versions/3.13*/bin/python3.13),$(shell $(p) -c "import sys; print(sys.executable)" 2>/dev/null)))
export PYTHONPATH := functions:.

.PHONY: help rehearse rehearse-controls test check synth docs bench lock clean

help:  ## what there is to run
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1|/' | column -t -s '|'

rehearse: setup  ## the main job on the embedded AWS: break a real worker, watch Nightshift repair it (SCENARIO=worker_stuck for one)
	@$(PY) -m rehearsal run $(if $(SCENARIO),--scenario $(SCENARIO)) $(if $(CASE),--case $(CASE))

rehearse-controls: setup  ## break Nightshift itself on purpose: every case must turn red
	@$(PY) -m rehearsal controls $(if $(SCENARIO),--scenario $(SCENARIO)) $(if $(CASE),--case $(CASE))

test: setup  ## every test, one rehearsed case among them
	@$(PY) -m pytest -n 2 --dist loadfile

check: setup  ## format, lint, types
	@$(VENV)/bin/ruff format --check .
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/mypy

synth: setup  ## write cdk.out/ for environments/$(ENV).toml; needs no credentials
	@$(PY) app.py --environment $(ENV)

docs: setup  ## write the tables of docs/runbook.md that repeat code
	@$(PY) -m infra.docs $(ENV)

bench: setup  ## speed as ratios, side by side in one run
	@$(PY) -m benchmarks

lock: setup  ## pin the dependencies anew
	$(UV) pip compile -q --universal --generate-hashes --python-version 3.11 pyproject.toml --extra infra --extra rehearsal --extra dev -o requirements/dev.lock
	$(UV) pip compile -q --universal --generate-hashes --python-version 3.11 requirements/lambda.in -o requirements/lambda.lock
	$(UV) pip compile -q --universal --generate-hashes --python-version 3.11 requirements/launcher.in -o requirements/launcher.lock

clean:  ## remove everything that was made here
	rm -rf $(VENV) $(LAMBDA_VENV) cdk.out .rehearsal .pytest_cache .mypy_cache .ruff_cache

.PHONY: setup
setup: $(VENV)/stamp $(LAMBDA_VENV)/stamp

# uv is itself installed by pip, from a hash; it then takes seconds where pip takes a minute.
$(VENV)/stamp: requirements/dev.lock requirements/uv.lock
	@echo "setting up $(VENV) (once; about half a minute)"
	@$(PYTHON) -c 'import sys; sys.exit(None if sys.version_info >= (3, 11) else "Nightshift needs Python 3.11 or newer, this is %d.%d: set PYTHON=/path/to/python3.11" % sys.version_info[:2])'
	@test -x $(PY) || $(PYTHON) -m venv $(VENV)
	@$(PY) -m pip install --quiet --require-hashes --disable-pip-version-check -r requirements/uv.lock
	@$(UV) pip sync --quiet --python $(PY) --require-hashes requirements/dev.lock requirements/uv.lock
	@touch $@

# What Lambda's own Python has, and nothing else: the deployed assets run on this in the rehearsal.
# The runtime's version where the machine has that interpreter, else the machine's own.
$(LAMBDA_VENV)/stamp: requirements/lambda.lock requirements/launcher.lock $(VENV)/stamp
	@$(UV) venv --quiet --clear --python "$(or $(PYTHON_3_13),$(PY))" $(LAMBDA_VENV)
	@$(UV) pip sync --quiet --python $(LAMBDA_VENV)/bin/python --require-hashes requirements/lambda.lock
	@$(UV) pip install --quiet --python $(LAMBDA_VENV)/bin/python --target $(LAMBDA_VENV)/launcher --require-hashes -r requirements/launcher.lock
	@touch $@
