# Everything from a fresh checkout: `make run` to use it, `make test` to check it.
PYTHON ?= python3
CLIPS ?= ../shared/audio/dev
VENV := .venv
PY := $(VENV)/bin/python
PIP := $(PY) -m pip --disable-pip-version-check --quiet
CLIENTS := .venv-clients
NODE_CLIENTS := tests/clients/npm

.PHONY: run models test check format bench compatibility lock clean browser sound clients

run: $(VENV)/.installed
	@exec $(PY) -m workers.launch

models: $(VENV)/.installed
	@$(PY) -m workers.model_store $(MODELS)

# ARGS goes to pytest: make test ARGS="tests/web -k chat"
test: $(VENV)/.installed-dev browser sound clients check
	@$(PY) -m workers.model_store all
	@$(PY) -m pytest $(ARGS)

check: $(VENV)/.installed-dev
	@$(PY) -m ruff check
	@$(PY) -m ruff format --check
	@$(PY) -m mypy

format: $(VENV)/.installed-dev
	@$(PY) -m ruff check --fix
	@$(PY) -m ruff format

# CLIPS is a folder of recordings with their words in a manifest.tsv. BENCH names some of the tables.
BENCH ?= recognition turn_taking live page latency speech_endpoint word_times checks cache memory \
  routing throughput context
bench: $(VENV)/.installed-dev
	@$(PY) -m workers.model_store all
	@for name in $(BENCH); do \
	  case $$name in recognition|turn_taking) set -- $(CLIPS);; *) set --;; esac; \
	  $(PY) -m bench.$$name "$$@" || exit 1; \
	done

# Writes docs/compatibility.md from what other people's clients can do here.
compatibility: $(VENV)/.installed-dev clients
	@$(PY) -m workers.model_store all
	@UPDATE_COMPATIBILITY=1 $(PY) -m pytest tests/clients

# Pins every package for every platform. What CUDA's libraries must be, torch says itself.
lock: $(VENV)/.installed-dev
	@$(PIP) install uv==0.13.9
	@for name in requirements requirements-dev requirements-clients; do \
	  { echo "# Written by \`make lock\` from $$name.in."; \
	    $(VENV)/bin/uv pip compile --quiet --universal --python-version 3.11 --upgrade --no-header \
	      --no-annotate --no-emit-index-url --no-emit-find-links $$name.in \
	      | grep -v -E '^(cuda|nvidia)-'; } > $$name.new \
	  && mv $$name.new $$name.txt || exit 1; \
	done

clean:
	rm -rf $(VENV) $(CLIENTS) $(NODE_CLIENTS)/node_modules .mypy_cache .pytest_cache .ruff_cache build

# The tests of the page need a Chromium, those of the terminal client a sound server; without, they
# are skipped.
browser:
	@$(call debian,chromium,chromium,the page)

sound:
	@$(call debian,pulseaudio,pulseaudio pulseaudio-utils libasound2-plugins libportaudio2,the \
	terminal client)

# The tests with other people's clients need these; without, they are skipped.
clients:
	@$(MAKE) --no-print-directory --silent $(CLIENTS)/.installed || \
	  echo "The tests of other people's clients are skipped: make $(CLIENTS)/.installed mends it"
	@$(MAKE) --no-print-directory --silent $(NODE_CLIENTS)/node_modules/.package-lock.json || \
	  echo "The test of the npm client is skipped: Node.js 20 with npm, and make clients, mend it"

# $(call debian,PROGRAM,PACKAGES,WHAT): installs PACKAGES where PROGRAM is missing and we may.
define debian
if ! command -v $(1) >/dev/null 2>&1; then \
  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then \
    echo "Installing $(1) for the tests"; \
    apt-get update -qq && apt-get install -y -qq --no-install-recommends $(2) >/dev/null; \
  fi || true; \
  command -v $(1) >/dev/null 2>&1 \
    || echo "The tests of $(3) are skipped: apt-get install $(2) mends it"; \
fi
endef

$(VENV)/.installed: requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is \
	needed; this is " + sys.version.split()[0] + ". Name another: make run PYTHON=python3.12")'
	@echo "Installing the packages of requirements.txt into $(VENV); this takes a few minutes"
	@$(PYTHON) -m venv $(VENV)
	@$(PIP) install -r requirements.txt
	@touch $@

$(VENV)/.installed-dev: requirements-dev.txt $(VENV)/.installed
	@$(PIP) install -r requirements-dev.txt
	@touch $@

$(CLIENTS)/.installed: requirements-clients.txt
	@echo "Installing other people's clients into $(CLIENTS) for the tests"
	@$(PYTHON) -m venv $(CLIENTS)
	@$(CLIENTS)/bin/python -m pip --disable-pip-version-check --quiet install -r $<
	@touch $@

# The file is npm's own, and newer than what it installed from.
$(NODE_CLIENTS)/node_modules/.package-lock.json: $(NODE_CLIENTS)/package-lock.json
	@npm ci --prefix $(NODE_CLIENTS) --no-audit --no-fund --loglevel=error >/dev/null
	@touch $@
