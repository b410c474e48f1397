# make demo   then open http://127.0.0.1:8000     PORT=8001 make demo   another port

SHELL := /bin/sh
# Compiled modules are kept, and kept in our own folder: without them every start is three times as long.
export PYTHONDONTWRITEBYTECODE :=
export PYTHONPYCACHEPREFIX := $(CURDIR)/.local/cache/pyc
PYTHON_IN_VENV := .local/venv/bin/python
UV := $(shell command -v uv || echo .local/tools/bin/uv)
MARKED := not browser
# One more than there are cores: many tests wait for a voice.
WORKERS := $(shell expr `getconf _NPROCESSORS_ONLN` + 1)
OURS := agentos agents calls telephony campaigns

# What a production process is told, for `check --deploy`; the values are made up.
PRODUCTION := DEBUG=false PUBLIC_URL=https://voice.example.com BEHIND_PROXY=true \
	SECRET_KEY=for-the-check-only-0123456789abcdefghijklmnopqrstuvwxyzABCDEFG \
	VAULT_KEY=for-the-check-only-0123456789abcdefghijklmnopqrstuvwxyz \
	TWILIO_ACCOUNT_SID=AC00000000000000000000000000000000 TWILIO_AUTH_TOKEN=for-the-check-only

.DEFAULT_GOAL := help
.PHONY: help demo compiled test test-fast test-browser check format lock bench faults drill clean

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1 | \2/p' $(MAKEFILE_LIST) | awk -F' [|] ' '{ printf "%-18s%s\n", $$1, $$2 }'

demo: ## everything in one command: servers, sample tenant, web, worker, practice carrier
	@bin/environment run
	@exec $(PYTHON_IN_VENV) manage.py demo

test: test-fast test-browser ## the whole suite on servers of its own

test-fast: ## the suite without the browser
	@bin/environment dev
	$(PYTHON_IN_VENV) -m pytest -n $(WORKERS) --dist worksteal -m "$(MARKED)" $(TESTS)

test-browser: ## the pages in Chromium; a call of its own, because Playwright keeps an event loop
	@bin/environment dev
	DJANGO_ALLOW_ASYNC_UNSAFE=true $(PYTHON_IN_VENV) -m pytest -n 2 -m browser tests/browser

compiled: ## what the tests import, compiled once for all of pytest's workers; speaks with no server
	@bin/environment dev
	@DATABASE_URL=postgres://nobody@/none REDIS_URL=redis://127.0.0.1:1 $(PYTHON_IN_VENV) -m pytest -q --collect-only >/dev/null

check: ## linters, types, migrations, deployment checks
	@bin/environment dev
	$(PYTHON_IN_VENV) -m ruff check .
	$(PYTHON_IN_VENV) -m ruff format --check .
	$(PYTHON_IN_VENV) -m mypy $(OURS)
	$(PYTHON_IN_VENV) -m djlint --quiet --lint templates
	$(PYTHON_IN_VENV) -W ignore::RuntimeWarning manage.py makemigrations --check --dry-run
	$(PRODUCTION) $(PYTHON_IN_VENV) manage.py check --deploy --fail-level WARNING

format: ## put code in order
	@bin/environment dev
	$(PYTHON_IN_VENV) -m ruff check --fix .
	$(PYTHON_IN_VENV) -m ruff format .

lock: ## requirements*.in -> requirements*.txt, with hashes
	@bin/environment dev
	@for name in requirements requirements-embedded requirements-offline requirements-dev; do \
		$(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes \
			--no-emit-index-url --no-header --no-annotate $$name.in -o $$name.txt || exit; \
	done

bench: ## the table of docs/performance.md
	@bin/environment dev
	$(PYTHON_IN_VENV) -m bench

faults: ## docs/faults.md: what a caller hears when a vendor breaks; six minutes
	@bin/environment dev
	$(PYTHON_IN_VENV) -W ignore -m tests.faults.table

drill: ## a campaign of 10,000 while workers are killed and frozen; under six minutes
	@bin/environment dev
	$(PYTHON_IN_VENV) -m bench.drill

clean: ## forget everything: data, logs, environment
	rm -rf .local
