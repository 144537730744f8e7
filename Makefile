# Two commands need nothing but python3, make and the package registries: `make demo` and `make test`.
VENV := .venv
BIN := $(VENV)/bin
# What pytest makes of the tests is kept: where it may not be, every process makes it anew, 10 s each.
test test-slow attack attack-brief: export PYTHONDONTWRITEBYTECODE :=
# Its own names, its own pages and its token only, whatever a configuration of this machine says.
JUPYTER := --ip=127.0.0.1 --ServerApp.allow_remote_access=False --ServerApp.allow_origin= --ServerApp.allow_origin_pat= \
    --ServerApp.disable_check_xsrf=False --ServerApp.allow_unauthenticated_access=False
READY := $(VENV)/.installed

.PHONY: demo test test-slow fleet-test attack attack-brief check map pictures format page up down notebooks bench lock audit bill
.DEFAULT_GOAL := demo

demo: $(READY) page  ## set everything up, ingest the sample course, ask a question
	@$(BIN)/studybuddy demo

test: $(READY) page  ## the test suite
	@$(BIN)/pytest -n auto --dist worksteal

test-slow: $(READY)  ## the tests that take long
	@$(BIN)/pytest -n auto --dist worksteal -m slow

fleet-test: $(READY)  ## several machines in namespaces, and what happens to them (as root); one line a fault
	@$(BIN)/pytest -m fleet -s tests/fleet

attack: $(READY)  ## the long attacks: hostile files, a machine without guards, ...; prints what came of them
	@$(BIN)/pytest -m attack -s

attack-brief: $(READY)  ## the part of them that takes a few minutes, before anything lands
	@$(BIN)/pytest -m 'attack and brief' -s

check: $(READY)  ## lint, format, types; those of the page, and its own tests
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/python web/build.py --check

map: $(READY)  ## docs/modules.md, from docstrings
	@$(BIN)/python -m tests.house.modules

pictures: $(READY)  ## README's pictures of the page, taken anew in chromium
	@$(BIN)/python -m tests.house.pictures

format: $(READY)  ## mend what can be mended
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

page: $(READY)  ## the page of web/, built where its sources have changed
	@$(BIN)/python web/build.py

up: $(READY) page  ## start database, Dagster and the API; print their addresses
	@$(BIN)/studybuddy up

down: $(READY)  ## stop them
	@$(BIN)/studybuddy down

notebooks: $(READY)  ## Jupyter against the running system
	@$(BIN)/jupyter lab notebooks $(JUPYTER)

bench: $(READY)  ## every figure of the README, measured again; `make bench fleet`: those of fleets alone
	@$(BIN)/python -m bench $(NAMED)

NAMED := $(if $(filter bench,$(firstword $(MAKECMDGOALS))),$(wordlist 2,99,$(MAKECMDGOALS)))
$(filter-out page,$(NAMED)): ; @:

audit: $(READY)  ## known advisories of the lock: make audit ADVISORIES=folder-or-zip in the OSV format
	@$(BIN)/python -m tests.house.audit $(ADVISORIES)

bill: $(READY)  ## a bill of materials of the lock, with licences and hashes, as CycloneDX
	@$(BIN)/python -m tests.house.bill

lock: $(READY)  ## pin every package by hash; names no host
	@$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header --all-extras \
	    pyproject.toml -o requirements.lock

# Bytecode is made here, once: where PYTHONDONTWRITEBYTECODE is set, as in many containers, every process would compile
# a thousand modules anew, 1.7 s each.
$(READY): requirements.lock pyproject.toml
	@echo "Setting up $(VENV) (a minute, once) ..."
	@test -x $(BIN)/python || python3 -m venv $(VENV)
	@awk '/^[a-z]/ {uv = /^uv==/} uv' requirements.lock > $(VENV)/uv.lock.txt # uv itself is pinned by hash like the rest
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $(VENV)/uv.lock.txt
	@$(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python --require-hashes -r requirements.lock
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@$(BIN)/python -m compileall -q pipelines serving
	@touch $@
