# A fresh Linux machine needs Python 3.11 or newer (with venv), make, git and npm. Nothing is installed outside this folder.
PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
STAMP := $(VENV)/.requirements
NODE_STAMP := node_modules/.package-lock.json
# On all cores; what one file has made is made once.
AT_ONCE := --numprocesses auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder
# Two products at once, each with servers of its own: faults mostly wait. The files with the most tests begin.
FAULTS_AT_ONCE := --numprocesses 2 --dist loadfile
FAULTS := $(addprefix tests/faults/test_,workers.py servers.py whole.py)
LOCK := $(VENV)/bin/pip-compile --quiet --strip-extras --generate-hashes --no-emit-index-url --no-emit-find-links --no-emit-trusted-host

.PHONY: setup run run-gemini-fake test test-postgres smoke fuzz faults soak bench bench-ui bench-scale lock audit

setup: $(STAMP)
	@$(PY) manage.py fetch_weights

# Whether its ports are free is asked before all that takes long, and by manage.py run each time.
run:
	@test -e $(STAMP) || $(PYTHON) config/ports.py
	@$(MAKE) --no-print-directory setup
	@$(PY) manage.py run

# The whole product with a server of ours in Gemini's place: needs no key, and no photo leaves this machine.
run-gemini-fake: setup
	@$(PY) -m tests.gemini.product

# What is held against a clock has the machine to itself.
test: setup $(NODE_STAMP)
	npm run --silent lint
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports
	$(PY) -m pytest --ignore tests/faults $(AT_ONCE)
	$(PY) -m pytest tests/faults $(FAULTS_AT_ONCE)

# The deployment, without containers. Needs nginx, PostgreSQL, openssl, curl and chromium.
smoke: setup
	@deploy/smoke.sh

# Whatever touches rows once more, on a PostgreSQL that the tests start: the quick tests, and the faults. TESTS=tests/review
# for a part, with its slow ones.
test-postgres: export TEST_DATABASE := postgresql
test-postgres: setup
	$(PY) -m pytest $(or $(TESTS),-m "not slow" --ignore tests/browser --ignore tests/faults $(AT_ONCE))
	$(if $(TESTS),,$(PY) -m pytest $(FAULTS) $(FAULTS_AT_ONCE))

# Every address, as every role, by every method, with hostile values: never a 500. Then files and names. SECONDS=60 for less.
fuzz: setup
	@FUZZ_SECONDS=$(or $(SECONDS),600) $(PY) -m pytest -q tests/hostile/test_fuzz.py tests/hostile/test_files.py

# Processes killed and stopped, servers that fail, bad files: one table. TEST_DATABASE=postgresql for that database,
# BAD_INPUT=folder for more files.
faults: setup
	@$(PY) -m pytest -q $(FAULTS) tests/faults/test_bad_input.py $(FAULTS_AT_ONCE)

# Many photos at once, then a day's at ten times speed, before people and programs at work: one table, and whether its limits
# hold. PHOTOS=20 MINUTES=1 for less, MATTES=weights for real ones, TEST_DATABASE=postgresql for that database.
soak: setup
	@$(PY) -m tests.soak --photos $(or $(PHOTOS),500) --minutes $(or $(MINUTES),48) --mattes $(or $(MATTES),stand-in)

# ISA=avx512_core pretends that the CPU has no more than that (oneDNN's names).
bench: setup
	@$(PY) manage.py bench $(if $(ISA),--isa $(ISA))

# Needs chromium on the PATH.
bench-ui: setup
	@$(PY) -m pytest -q tests/browser/bench_ui.py tests/browser/bench_simulator.py

# A made-up history in a temporary database beside the one that DATABASE_URL names. FRAMES=20000 for less.
bench-scale: setup
	@$(PY) manage.py bench_scale --frames $(or $(FRAMES),1000000)

# Writes requirements.txt and requirements-dev.txt anew from the .in files.
lock: $(STAMP)
	$(PY) -m pip install --quiet pip-tools
	$(LOCK) --output-file requirements.txt requirements.in
	$(LOCK) --output-file requirements-dev.txt requirements-dev.in

# Fails for what was found, never because there was nobody to ask. Without --strict, an index that knows none of our
# packages would be taken for good news.
audit:
	@command -v pip-audit >/dev/null || { echo "Not audited: pip-audit isn't here (pipx install pip-audit)."; exit 0; }; \
	said=$$(pip-audit --strict --disable-pip --require-hashes --progress-spinner off -r requirements.txt 2>&1); \
	echo "$$said"; \
	case "$$said" in \
	  *"No known vulnerabilities found"*) ;; \
	  *Found*"known vulnerabilit"*) exit 1 ;; \
	  *) echo "Not audited: the index of vulnerabilities could not be asked." ;; \
	esac

$(STAMP): requirements.txt requirements-dev.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or newer is needed; this is $$($(PYTHON) --version 2>&1). Point make to one: make setup PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
	  { echo "This Python lacks venv. On Debian and Ubuntu: apt-get install python3-venv"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	@echo "Installing what the locks name; the first time downloads it …"
	$(PY) -m pip install --progress-bar on --require-hashes -r requirements.txt -r requirements-dev.txt
	@echo "Compiling rembg's kernels, once …"
	@$(PY) -c 'import pipeline.engines, rembg'
	@touch $@

# Only the tests need it: what is served is what is written.
$(NODE_STAMP): package-lock.json
	npm ci --ignore-scripts --no-audit --no-fund
	@touch $@
