# Everything a newcomer types. Each target starts from a fresh clone and does only what is missing.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.ONESHELL:
.DELETE_ON_ERROR:
.SILENT:
MAKEFLAGS += --no-builtin-rules --no-print-directory

PYTHON ?= python3
BIN := .venv/bin
WORKERS ?= 2
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PATH := $(CURDIR)/$(BIN):$(PATH)

CATALOGUES := $(patsubst %.po,%.mo,$(wildcard app/translations/*/LC_MESSAGES/*.po))

# The environment must be there before the catalogues, also under -j.
.NOTPARALLEL:
.PHONY: environment development help run test coverage lint format bench lock translations

help:
	echo "make run           start everything on PORT (8000)"
	echo "make test          lint, types, architecture and all tests"
	echo "make coverage      the same tests, and which lines they reach"
	echo "make lint          only the checks that read the code"
	echo "make format        put the code in order"
	echo "make bench         measure, and print ratios"
	echo "make lock          renew the locked dependencies"
	echo "make translations  gather the sentences and compile the catalogues"

environment:
	scripts/install requirements.txt

development:
	scripts/install requirements-dev.txt

%.mo: %.po
	pybabel --quiet compile --input-file $< --output-file $@

run: environment $(CATALOGUES)
	exec parley up

test: lint $(CATALOGUES)
	scripts/ensure-chromium
	exec pytest -n $(WORKERS)

# The same, measured; that takes twice as long.
coverage: lint $(CATALOGUES)
	scripts/ensure-chromium
	exec pytest -n $(WORKERS) --cov --cov-report=term:skip-covered

lint: development
	exec scripts/lint

format: development
	ruff check --fix-only --quiet
	ruff format --quiet

bench: development
	exec python -m benchmarks

lock:
	exec scripts/lock

translations: development
	exec scripts/translations
