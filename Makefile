# Every target sets up what it needs: a Python environment in .venv from the locked, hashed dependencies.

PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test lint serve bench prove clean lock
.DEFAULT_GOAL := test

.venv/runtime: requirements.lock pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@

.venv/dev: requirements-dev.lock .venv/runtime
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	touch $@

.venv/bench: requirements-bench.lock .venv/dev
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-bench.lock
	touch $@

# Other programs' SFTP clients and servers: tests without theirs are skipped, `make prove` fails without.
.venv/clients: debian-packages.txt .venv/runtime
	if [ "$$(id -u)" = 0 ] && command -v apt-get > /dev/null; then \
	    apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends \
	        $$(cat debian-packages.txt) > /dev/null || echo "not installed: $$(cat debian-packages.txt | xargs)"; fi
	touch $@

demo: .venv/runtime  ## three made-up parties exchange files with a real gateway over real SFTP
	$(BIN)/gridpost demo

test: lint .venv/bench .venv/clients  ## lint, generated pages and the whole test suite
	$(BIN)/python -m pytest -n 3 --dist worksteal

lint: .venv/dev  ## style, types, layers, generated pages
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/gridpost rules --check

serve: .venv/runtime  ## a gateway in ./home
	$(BIN)/gridpost --home home serve

prove: .venv/bench .venv/clients  ## every case of every promise, with the table that README shows; takes hours
	$(BIN)/python -m tests.proofs -n 3 --dist worksteal

bench: .venv/bench  ## every benchmark, with the figures it prints
	for benchmark in benchmarks/*.py; do echo "== $$benchmark"; $(BIN)/python $$benchmark || exit 1; done

lock:  ## resolve the locked dependencies anew
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --extra build \
	    pyproject.toml --output-file requirements.lock
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --extra build --extra dev \
	    pyproject.toml --output-file requirements-dev.lock
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --extra build --extra bench \
	    pyproject.toml --output-file requirements-bench.lock

clean:
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis
