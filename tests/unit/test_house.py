# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules of the house: what every module and every file of this collection must have."""

from __future__ import annotations

import ast
import collections
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

import pytest
import yaml

from tools import generate, py39

ROOT = pathlib.Path(__file__).resolve().parents[2]
MODULES = sorted(path.stem for path in ROOT.glob("plugins/modules/[!_]*.py"))
MODULE_CODE = sorted(
    str(path.relative_to(ROOT)) for part in ("modules", "module_utils") for path in ROOT.glob(f"plugins/{part}/**/*.py")
)
ATTRIBUTES = {"check_mode", "diff_mode", "idempotent", "action_group", "platform"}
FLEET = "ansible_collections.nfvlab.fleet.plugins.module_utils"

each_module = pytest.mark.parametrize("module", MODULES)


def run(*command):
    """A command's end, run in the checkout as the Makefile would."""
    variables = {**os.environ, "ANSIBLE_COLLECTIONS_PATH": str(ROOT / "build/collections")}
    return subprocess.run(command, cwd=ROOT, env=variables, capture_output=True, text=True, check=False)


@pytest.fixture(scope="session")
def docs():
    """The documentation of all modules as users get it, fragments merged."""
    names = [f"nfvlab.fleet.{module}" for module in MODULES]
    done = run(sys.executable, "-m", "ansible.cli.doc", "--type", "module", "--json", *names)
    assert done.returncode == 0, done.stderr
    return {name.rpartition(".")[2]: doc for name, doc in json.loads(done.stdout).items()}


def mention(name, paths):
    """Whether one of the files has the name as a word of its own."""
    word = re.compile(rf"\b{name}\b")
    return any(word.search(path.read_text()) for path in paths)


# Modules


@each_module
def test_module_says_how_it_behaves(module, docs):
    assert set(docs[module]["doc"].get("attributes", {})) >= ATTRIBUTES


@each_module
def test_module_describes_every_option(module, docs):
    def undescribed(options, path=()):
        for name, option in (options or {}).items():
            if not option.get("description"):
                yield ".".join([*path, name])
            yield from undescribed(option.get("suboptions"), (*path, name))

    assert list(undescribed(docs[module]["doc"]["options"])) == []


@each_module
def test_module_has_two_examples_with_its_full_name(module, docs):
    tasks = yaml.safe_load(docs[module]["examples"])
    assert sum(f"nfvlab.fleet.{module}" in task for task in tasks) >= 2


@each_module
def test_module_shows_a_sample_of_every_value_that_it_returns(module, docs):
    returned = docs[module]["return"]
    assert returned
    assert [name for name, value in returned.items() if "sample" not in value] == []


@each_module
def test_module_has_a_unit_test(module):
    tests = set(ROOT.glob("tests/unit/**/*.py")) - {pathlib.Path(__file__)}
    found = mention(module, tests)
    assert found, f"nothing in tests/unit mentions {module}"


@each_module
def test_module_has_an_integration_test(module):
    case = f"tests/integration/cases/{module}.yml"
    found = (ROOT / case).exists() or mention(module, ROOT.glob("tests/integration/**/test_*.py"))
    assert found, f"no {case}, and no test in tests/integration mentions {module}"


# Code that runs on managed hosts


@pytest.mark.parametrize("name", MODULE_CODE)
def test_module_code_needs_only_python39(name):
    tree = ast.parse((ROOT / name).read_text(), feature_version=(3, 9))
    roots = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            roots.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            roots.add(node.module)
    foreign = {
        root
        for root in roots
        if root.split(".")[0] not in sys.stdlib_module_names and not root.startswith(("ansible.module_utils.", FLEET))
    }
    assert foreign == set()


def test_module_code_passes_its_tests_on_python39():
    done = run(sys.executable, "tools/py39.py")
    if done.returncode == py39.SKIPPED:
        pytest.skip(done.stdout.strip())
    print(done.stdout, done.stderr)
    assert done.returncode == 0


# Errors


def test_error_kinds_are_unique():
    kinds = collections.Counter(cls.kind for cls in generate.error_classes())
    assert [kind for kind, count in kinds.items() if count > 1] == []


def test_every_error_has_its_heading():
    headings = re.findall(r"^## (\w+)$", (ROOT / "docs/errors.md").read_text(), re.MULTILINE)
    root, *others = generate.error_classes()
    assert headings == [cls.kind for cls in others]
    assert root.kind not in headings  # always one of the others


# Files


def test_generated_files_are_up_to_date():
    assert list(generate.stale()) == []


def test_sanity_has_no_ignore_file():
    assert list(ROOT.glob("tests/sanity/ignore*")) == []


def test_no_file_names_the_place_of_this_checkout():
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout: what is committed is not known")
    if len(ROOT.parts) < 3 or ROOT.is_relative_to(tempfile.gettempdir()):
        pytest.skip(f"{ROOT} is too common a path to look for")
    listed = run("git", "grep", "-lFI", "--untracked", f"{ROOT}/")
    assert listed.stdout.splitlines() == []
