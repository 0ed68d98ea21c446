# Two commands matter: `make demo` and `make test`. `make help` lists the rest.

PYTHON ?= python3
VENV := .venv
EXTRAS_VENV := .venv-extras
CLIENTS_VENV := .venv-clients
EXTRA ?= torch
KAFKA := .kafka/jars.done
PYTEST := $(VENV)/bin/python -m pytest
# Workers of a run; what needs the same slow preparation goes to one of them.
SIDE_BY_SIDE := -n auto --maxprocesses 4 --dist loadgroup

# $(call install,ENVIRONMENT,LOCK): an environment with what the lock pins, and Wrapup itself.
# uv is taken where it is, fetched into the environment where it can be had, and else pip does the work.
define install
	$(call packages,$(1),$(2))
	@set -e; uv=$$(command -v uv || echo $(1)/bin/uv); \
	if test -x "$$uv"; then "$$uv" pip install --quiet --python $(1)/bin/python --no-deps -e .; \
	else $(1)/bin/python -m pip install --quiet --no-deps -e .; fi
	@touch $(1)/$(notdir $(2)).done
endef

# $(call packages,ENVIRONMENT,LOCK): the same without Wrapup.
define packages
	test -x $(1)/bin/python || $(PYTHON) -m venv $(1)
	@if ! command -v uv >/dev/null 2>&1 && ! test -x $(1)/bin/uv; then \
		$(1)/bin/python -m pip install --quiet uv || echo "uv cannot be had here: installing with pip"; fi
	@set -e; uv=$$(command -v uv || echo $(1)/bin/uv); \
	if test -x "$$uv"; then \
		"$$uv" pip install --quiet --python $(1)/bin/python --require-hashes -r $(2); \
	else \
		$(1)/bin/python -m pip install --quiet --require-hashes -r $(2); \
	fi
endef

.PHONY: help demo live test check test-extras test-clients test-services soak kafka fuzz install format lock sample-calls bench eval-proof clean

help: ## List the targets.
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(VENV)/base.txt.done ## Install the base package, run it on the sample calls, show one call; report on simulated reviews.
	$(VENV)/bin/wrapup run sample_calls --out calls
	$(VENV)/bin/wrapup show calls/01-overdraft-refund.json
	$(VENV)/bin/wrapup eval simulate model --associates 40 --days 75 --calls-per-day 3 --out history
	$(VENV)/bin/wrapup eval reviews history --panel all --by version --html history/report.html
	@echo
	@echo "Transcripts and notes of all sample calls are in calls/: a .json and a .md each."
	@echo "A simulated history of 60 days, as the harness reports on it: history/report.html"

live: $(VENV)/base.txt.done ## Play a sample call to a live server and show it being transcribed.
	$(VENV)/bin/wrapup stream sample_calls/01-overdraft-refund.flac

test: $(VENV)/dev.txt.done ## Install the development extra and run the tests.
	$(PYTEST) $(SIDE_BY_SIDE) -m "not extras and not clients and not services"

check: $(VENV)/dev.txt.done ## Format, lint, types, import layers, and the core's branch coverage.
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/ruff check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports
	$(PYTEST) $(SIDE_BY_SIDE) -q -m "not extras and not clients and not services" --cov --cov-fail-under=100 tests/pipeline/core

test-extras: $(EXTRAS_VENV)/torch.txt.done ## Tests of what needs torch, pyannote.audio, transformers and Presidio (5 GB).
	$(EXTRAS_VENV)/bin/python -m pytest -m extras

test-clients: $(VENV)/dev.txt.done $(CLIENTS_VENV)/clients.done ## Tests with real clients of other protocols (0.7 GB; needs npm).
	$(PYTEST) -m clients

test-services: $(VENV)/dev.txt.done ## Tests with real brokers and databases (needs Java; `make kafka` says what of Kafka is here).
	-@$(MAKE) --no-print-directory $(KAFKA) || echo "Kafka cannot be had here: its tests are left out"
	@# 5: there was nothing to run, as pytest's header has said.
	$(PYTEST) -m services -W ignore::pytest.PytestUnraisableExceptionWarning tests/services || test $$? -eq 5

soak: $(VENV)/dev.txt.done $(KAFKA) ## Kill parts of a site while calls go on, for an hour, and write docs/soak.md.
	$(VENV)/bin/python -m tests.services.soak worker=100 gateway=25 postgres=25 broker=25 rebalance=20 --out docs/soak.md
	$(VENV)/bin/python -m tests.simulation.run --seeds 10000
	$(VENV)/bin/python -m benchmarks.kafka --minutes 10

kafka: $(VENV)/dev.txt.done $(KAFKA) ## Fetch Apache Kafka with Maven, and run a broker on the loopback until Ctrl-C.
	$(VENV)/bin/python -m tests.services.brokers

$(KAFKA): tests/services/pom.xml
	rm -rf .kafka/lib
	mvn -q -B -f tests/services/pom.xml org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies \
		-DincludeScope=runtime -DoutputDirectory=$(CURDIR)/.kafka/lib
	@touch $@

FUZZ_S ?= 20
fuzz: $(VENV)/dev.txt.done ## Fuzz each door for FUZZ_S seconds.
	@set -e; for door in $$($(VENV)/bin/python -m tests.fuzz.doors 2>/dev/null); do \
		echo "fuzzing $$door"; \
		$(VENV)/bin/python -m tests.fuzz.doors $$door -max_total_time=$(FUZZ_S) -verbosity=0 -print_final_stats=1; done

install: $(VENV)/base.txt.done ## Install the base package; EXTRA=NAME (see README) adds that extra to it.
	$(if $(filter command line,$(origin EXTRA)),$(call install,$(VENV),requirements/$(EXTRA).txt))

format: $(VENV)/dev.txt.done ## Format the code and fix what the linter can.
	$(VENV)/bin/ruff format .
	$(VENV)/bin/ruff check --fix .

lock: ## Pin all dependencies anew, with hashes (needs uv).
	uv pip compile $(LOCK_OPTIONS) -c requirements/together.in -o requirements/base.txt pyproject.toml
	uv pip compile $(LOCK_OPTIONS) --extra dev -c requirements/base.txt -o requirements/dev.txt pyproject.toml
	uv pip compile $(LOCK_OPTIONS) --extra dev --extra torch --extra presidio -c requirements/base.txt -o requirements/torch.txt pyproject.toml
	uv pip compile $(LOCK_OPTIONS) --extra cpwer -c requirements/base.txt -o requirements/cpwer.txt pyproject.toml
	uv pip compile $(LOCK_OPTIONS) --extra kafka -c requirements/base.txt -o requirements/kafka.txt pyproject.toml
	uv pip compile $(LOCK_OPTIONS) --extra llm -c requirements/base.txt -o requirements/llm.txt pyproject.toml
	uv pip compile $(LOCK_OPTIONS) --extra postgres -c requirements/base.txt -o requirements/postgres.txt pyproject.toml
	uv pip compile $(LOCK_OPTIONS) --extra presidio -c requirements/base.txt -o requirements/presidio.txt pyproject.toml
	uv pip compile $(LOCK_OPTIONS) -o requirements/clients.txt requirements/clients.in
	uv pip compile $(LOCK_OPTIONS) -o deploy/build.txt deploy/build.in
	uv pip compile $(LOCK_OPTIONS) --extra kafka --extra postgres --extra llm --extra torch -c requirements/torch.txt -o deploy/cuda.txt pyproject.toml

LOCK_OPTIONS := --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	--no-emit-index-url --no-emit-find-links

sample-calls: $(VENV)/dev.txt.done ## Speak and build the sample calls again (needs Debian's flite).
	$(VENV)/bin/python sample_calls/build.py

bench: $(VENV)/dev.txt.done ## Run the benchmarks whose tables are in the README.
	$(VENV)/bin/python -m benchmarks.batch --rounds 5

eval-proof: $(VENV)/dev.txt.done ## Prove the harness on worlds whose truth is known, and write docs/eval-proof.md (minutes).
	$(VENV)/bin/python -m eval.worlds.proof --out docs/eval-proof.md

clean: ## Remove environments and caches.
	rm -rf $(VENV) $(EXTRAS_VENV) $(CLIENTS_VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .kafka

$(VENV)/base.txt.done: requirements/base.txt pyproject.toml
	$(call install,$(VENV),requirements/base.txt)

$(VENV)/dev.txt.done: requirements/dev.txt pyproject.toml
	$(call install,$(VENV),requirements/dev.txt)

$(EXTRAS_VENV)/torch.txt.done: requirements/torch.txt pyproject.toml
	$(call install,$(EXTRAS_VENV),requirements/torch.txt)

$(CLIENTS_VENV)/clients.done: requirements/clients.txt requirements/node/package-lock.json
	$(call packages,$(CLIENTS_VENV),requirements/clients.txt)
	cp requirements/node/package.json requirements/node/package-lock.json $(CLIENTS_VENV)/
	cd $(CLIENTS_VENV) && npm ci --silent
	@touch $@
