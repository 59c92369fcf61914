# Everything here sets itself up first; a second run does not set up again.
BIN := .venv/bin
export OMP_NUM_THREADS ?= 1

.DEFAULT_GOAL := help
.PHONY: help setup demo test docs format clean

help: ## list what make can do
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1\t\2/' | expand -t 16

setup: ## make .venv with the pinned dependencies (the other targets do this by themselves)
	@scripts/setup.sh

demo: setup ## the whole chain from nothing: record, segment, train, plan, run, deploy on a twin
	@$(BIN)/robot-skills demo $(ARGS)

test: setup ## every check: style, types, layers, the built wheel, tests
	@scripts/check.sh

docs: setup ## write the tables of README.md and docs/ again from docs/results/
	@$(BIN)/python scripts/make_tables.py

format: setup ## put the code in order
	@$(BIN)/ruff check --fix --quiet . ; $(BIN)/ruff format --quiet .

clean: ## remove what was built, the environment as well; runs/ stays
	rm -rf .venv build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
