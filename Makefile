# Everything starts here: `make help` lists the targets. Works as root on a plain Debian 12, from a clone in any place.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PYTHON := /usr/bin/python3
VENV := .venv
LINK := build/collections/ansible_collections/nfvlab/fleet

export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)
export ANSIBLE_COLLECTIONS_PATH := $(CURDIR)/build/collections
export DEBIAN_FRONTEND := noninteractive

# A stamp's name holds a digest of what the step depends on, so a second `make` costs nothing and an edit is noticed.
# The place is part of it: the scripts in a virtual environment name the interpreter by its full path.
digest = $(shell { echo '$(CURDIR)'; cat $(1); } | sha256sum | cut -c1-12)
BASE := $(VENV)/.base-$(call digest,/dev/null)
RUN := $(VENV)/.run-$(call digest,requirements.txt)
DEV := $(VENV)/.dev-$(call digest,requirements.txt requirements-dev.txt)
# The package lists of a fresh machine may be missing or stale.
install = { apt-get install -qy --no-install-recommends $(1) || { apt-get update -q && apt-get install -qy --no-install-recommends $(1); }; }
PIP := python -m pip install --quiet --disable-pip-version-check --no-input

##@ The lab

.PHONY: site verify destroy
site: $(RUN) ## build the default lab, or bring it back to what is declared (ARGS="-e ... --tags ...")
	cd inventories/lab && ansible-playbook site.yml $(ARGS)

verify: $(RUN) ## prove that the lab does what it should, changing nothing
	cd inventories/lab && ansible-playbook nfvlab.fleet.verify $(ARGS)

destroy: $(RUN) ## take the lab away and leave the machine as it was
	cd inventories/lab && ansible-playbook nfvlab.fleet.destroy $(ARGS)

##@ Development

.PHONY: test test-unit test-py39 test-vm faults
test: $(DEV) ## run every test (ARGS="-k ... -x")
	python tools/tests.py $(ARGS)

test-unit: $(DEV) ## run the tests that need no daemon, in seconds
	python -m pytest tests/unit $(ARGS)

faults: $(DEV) ## kill a fleet of 200 and its daemon at many points (some minutes)
	python -m pytest tests/integration/long_*.py $(ARGS)

test-py39: $(DEV) ## run the unit tests of module code on Python 3.9, where there is one
	python tools/py39.py $(ARGS) || [ $$? -eq 77 ]

test-vm: $(DEV) ## boot the Kata test agent in a virtual machine, without KVM, and test it over hybrid vsock
	command -v qemu-system-x86_64 >/dev/null || $(call install,qemu-system-x86)
	command -v cargo >/dev/null || command -v vhost-device-vsock >/dev/null || $(call install,cargo-web gcc libc6-dev)
	python -m pytest tests/vm $(ARGS)

.PHONY: lint lint-python lint-types lint-docs lint-changelog lint-ansible lint-sanity
lint: lint-python lint-types lint-docs lint-changelog lint-ansible lint-sanity ## run every linter (make -k lint: all, even after a failure)

lint-python: $(DEV)
	ruff check
	ruff format --check

lint-types: $(DEV)
	mypy

lint-docs: $(DEV)
	python tools/generate.py --check
	antsibull-docs lint-collection-docs --plugin-docs --validate-collection-refs all --skip-rstcheck .

lint-changelog: $(DEV)
	antsibull-changelog lint
	antsibull-changelog lint-changelog-yaml --strict changelogs/changelog.yaml

lint-ansible: $(DEV)
	ansible-lint --offline --strict

lint-sanity: $(DEV)
	command -v shellcheck >/dev/null || $(call install,shellcheck)
	tools/sanity.sh

.PHONY: format generate protocols docs bench oracles oracles-record clean help
format: $(DEV) ## let ruff format and sort what it can
	ruff check --fix
	ruff format

generate: $(DEV) ## write meta/runtime.yml, docs/errors.md and docs/modules.md anew
	python tools/generate.py

protocols: $(DEV) ## hold the Kata agent's message table against protocol files (PROTOS=directory)
	PYTHONPATH=build/collections python tools/protocols.py "$(PROTOS)"

docs: generate ## build the reference as HTML in build/docs/html
	tools/docs.sh

bench: $(DEV) ## run the benchmarks and print their tables (ONLY=name)
	python tests/bench/run.py $(if $(ONLY),--only $(ONLY)) $(ARGS)

oracles: $(DEV) ## the foreign IOS tools that tests and benchmarks compare with, in build/oracles-ios
	python -m venv build/oracles-ios
	build/oracles-ios/bin/pip install --quiet -r tests/integration/oracles-ios.txt ansible ansible-pylibssh

oracles-record: $(DEV) ## record anew what the resource modules of the newest cisco.ios read and render
	rm -rf build/oracles-wheel
	pip download --quiet --no-deps --python-version 3.12 --only-binary :all: --dest build/oracles-wheel ansible
	python tests/oracles/ios_resources.py build/oracles-wheel/ansible-*.whl tests/data/ios/resources.json

clean: ## remove everything that make has made, but for the lab
	rm -rf $(VENV) build tests/output .ansible .cache .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

help: ## this list
	@awk 'BEGIN {FS = ":.*## "} /^##@/ {print "\n" substr($$0, 5)} /^[a-z0-9-]+:.*## / {printf "  %-14s %s\n", $$1, $$2}' Makefile

# What the targets stand on.

$(LINK):
	mkdir -p $(@D)
	ln -sfn ../../../.. $@

# Debian keeps ensurepip in a package of its own.
$(BASE):
	$(PYTHON) -c 'import ensurepip' 2>/dev/null || $(call install,python3-venv)
	$(PYTHON) -m venv --clear $(VENV)
	touch $@

$(RUN): | $(BASE) $(LINK)
	$(PIP) -r requirements.txt
	rm -f $(VENV)/.run-*
	touch $@

$(DEV): | $(RUN)
	$(PIP) -r requirements-dev.txt
	rm -f $(VENV)/.dev-*
	touch $@
