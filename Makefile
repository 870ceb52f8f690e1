# Short, no logic. On Windows see README.md for the plain commands.
PYTHON ?= python3
BIN = .venv/bin
SIZE ?= 100000

.PHONY: run test check bench translations

run: .venv/run
	$(BIN)/python seed.py --demo --if-empty
	$(BIN)/flask --app console serve --with-worker

test: .venv/test
	$(BIN)/python -m pytest

check: .venv/test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: .venv/test
	$(BIN)/python -m tests.bench $(SIZE:%=--size %)

translations: .venv/test
	$(BIN)/pybabel -q extract -F console/translations/babel.cfg --no-location -o messages.pot .
	$(BIN)/pybabel -q update -i messages.pot -d console/translations -D messages --no-fuzzy-matching --ignore-obsolete --ignore-pot-creation-date --no-wrap
	for domain in messages admin flask_security wtforms; do $(BIN)/pybabel -q compile -d console/translations -D $$domain; done

.venv/run: requirements.txt
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements.txt
	touch $@

.venv/test: requirements.txt tests/requirements.txt | .venv/run
	$(BIN)/pip install --quiet --disable-pip-version-check -r tests/requirements.txt
	touch $@
