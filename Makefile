# Thin: each target says what it does and calls the script or tool that does it. `make help` lists them.
PRESET ?= release
PREFIX ?= /usr/local
LABEL ?=
NAME ?=
CUDA ?=
export PRESET LABEL

.DEFAULT_GOAL := help
.PHONY: help setup build models demo test check format bench figures fuzz train install clean
.NOTPARALLEL:

say = @printf '\n== %s\n' "$(1)"
python = build/venv/bin/python

help: ## Lists the targets
	@echo "Baton: serves many neural networks on many devices, one layer at a time."; echo
	@sed -n 's/^\([a-z]*\):[^#]*## \(.*\)/  make \1|\2/p' Makefile | awk -F'|' '{printf "%-16s %s\n", $$1, $$2}'
	@echo; echo "Variables: PRESET=release|dev|tsan (dev: ASan and UBSan), LABEL=x, NAME=x, CUDA=1, PREFIX=/usr/local"

setup: ## Installs what is missing (Debian 12, root), says what and why; CUDA=1: a CUDA toolkit too
	$(call say,setup: Debian and Python packages)
	@scripts/setup.sh $(if $(CUDA),cuda)

build: setup ## Builds the program: build/release/baton
	$(call say,build: the program (preset $(PRESET)))
	@scripts/build.sh $(PRESET) program
	@echo "build: build/$(PRESET)/baton"

build/demo/.models-made: demo/make_models.py demo/light_graphs.py scripts/requirements.txt $(wildcard demo/models/*/1/model.onnx demo/models/*/labels.txt) | setup
	$(call say,models: the repository that the demo serves)
	@$(python) demo/make_models.py
	@touch $@

models: build/demo/.models-made ## Makes the demo's models: build/models

demo: setup models ## Serves three models on two CPU devices under mixed traffic, 20 s
	$(call say,demo: build (preset $(PRESET)))
	@scripts/build.sh $(PRESET) baton
	$(call say,demo)
	@demo/run.sh

test: setup models ## Builds everything and runs the tests; LABEL=x: those of one label
	$(call say,test: build (preset $(PRESET)))
	@scripts/build.sh $(PRESET) all
	$(call say,test: run)
	@scripts/test.sh

check: ## Build without warnings, tests, format, clang-tidy, include rules
	@scripts/setup.sh check
	@$(MAKE) --no-print-directory test PRESET=check LABEL=
	$(call say,check: format)
	@scripts/format.sh --check
	$(call say,check: include rules)
	@python3 scripts/check_includes.py
	$(call say,check: clang-tidy)
	@python3 scripts/tidy.py build/check
	@echo "check: no warnings, tests pass, format, include rules and clang-tidy clean"

format: ## Formats the sources in place
	@scripts/setup.sh check
	@scripts/format.sh

bench: ## Lists the benchmarks; NAME=x: builds and runs one
	@$(if $(NAME),$(MAKE) --no-print-directory setup models PRESET=release)
	@scripts/bench.sh $(NAME)

figures: ## Runs the benchmarks of the README's tables and writes these; NAME=x: one of them
	@$(MAKE) --no-print-directory setup models PRESET=release
	@scripts/figures.sh $(NAME)

train: ## Trains the demo's small models anew (kept in demo/models)
	@scripts/setup.sh train
	$(call say,train: the models of the demo on the digits of scikit-learn)
	@$(python) demo/train.py

fuzz: ## Fuzzes the ways in with ASan: NAME=door, import, json or config; SECONDS=60
	@scripts/setup.sh fuzz
	$(call say,fuzz)
	@scripts/fuzz.sh $(or $(NAME),all) $(or $(SECONDS),60)

install: build ## Installs the program to PREFIX/bin
	$(call say,install: to $(PREFIX)/bin)
	@cmake --install build/$(PRESET) --prefix $(PREFIX)

clean: ## Removes build/
	rm -rf build
