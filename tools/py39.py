# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run the unit tests of module code on Python 3.9, the oldest that a managed host may have.

The controller needs a newer one, so only those tests are taken that import nothing but module code, and
C(ansible.module_utils) is lent from the virtual environment of this one. Exits with 77 where there is no Python 3.9.
"""

from __future__ import annotations

import ast
import os
import pathlib
import shutil
import subprocess
import sys

import ansible

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = ROOT / "build"
SKIPPED = 77
# Modules run on Ansible's own library and ours; their tests on pytest.
ALLOWED = (
    "ansible.module_utils",
    "ansible_collections.nfvlab.fleet.plugins.module_utils",
    "ansible_collections.nfvlab.fleet.plugins.modules",
    "pytest",
)


def interpreter() -> str | None:
    """A Python 3.9 that starts."""
    pyenv = sorted(pathlib.Path.home().glob(".pyenv/versions/3.9*/bin/python3.9"), reverse=True)
    for candidate in [shutil.which("python3.9"), *map(str, pyenv)]:
        # pyenv's shim is in PATH even where no such version is switched on
        if candidate and subprocess.run([candidate, "-c", ""], capture_output=True, check=False).returncode == 0:
            return candidate
    return None


def imported(path: pathlib.Path) -> set[str]:
    """The full names of the modules that a file imports, at any depth of the code."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            package = list(path.relative_to(ROOT).parent.parts)[: -node.level + 1 or None] if node.level else []
            base = ".".join([*package, *filter(None, [node.module])])
            # "from package import module" names the module last
            names.update(f"{base}.{alias.name}" for alias in node.names)
    return names


def portable(path: pathlib.Path, seen: frozenset[pathlib.Path] = frozenset()) -> bool:
    """Whether a test file, and what it imports from the tests, gets by with what a managed host has.

    :param seen: the files that led here: helpers may import each other for their types
    """
    for name in imported(path):
        if name.startswith("tests."):
            helpers = helpers_of(name)
            if not helpers or not all(one in seen or portable(one, seen | {path}) for one in helpers):
                return False
        elif name.split(".")[0] not in sys.stdlib_module_names and not name.startswith(ALLOWED):
            return False
    return True


def helpers_of(name: str) -> list[pathlib.Path]:
    """The file of a helper, and those of the packages around it; none where it cannot be found."""
    stem = ROOT.joinpath(*name.split("."))
    candidates = (stem.with_suffix(".py"), stem.parent.with_suffix(".py"), stem.parent / "__init__.py")
    helper = next((candidate for candidate in candidates if candidate.is_file()), None)
    if helper is None:
        return []
    packages = [folder / "__init__.py" for folder in helper.relative_to(ROOT).parents]
    return list(dict.fromkeys([helper, *(ROOT / package for package in packages if (ROOT / package).is_file())]))


def environment(python: str) -> pathlib.Path:
    """A virtual environment with pytest, made once."""
    venv = BUILD / "venv39"
    done = venv / ".done"
    if not done.exists():
        subprocess.run([python, "-m", "venv", "--clear", venv], check=True)
        pip = [venv / "bin/python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]
        subprocess.run([*pip, "pytest>=8.4,<9"], check=True)
        done.touch()
    return venv / "bin/python"


def lend_ansible() -> pathlib.Path:
    """A directory where C(ansible) holds what a module gets to see of it, and no more."""
    source = pathlib.Path(ansible.__file__).parent
    target = BUILD / "py39"
    (target / "ansible").mkdir(parents=True, exist_ok=True)
    for name in ("__init__.py", "release.py", "_vendor", "module_utils"):
        link = target / "ansible" / name
        link.unlink(missing_ok=True)
        link.symlink_to(source / name)
    return target


def main(args: list[str]) -> int:
    python = interpreter()
    if python is None:
        print("no Python 3.9 in PATH or in ~/.pyenv/versions: skipped")
        return SKIPPED
    tests = [str(path.relative_to(ROOT)) for path in sorted(ROOT.glob("tests/unit/**/test_*.py")) if portable(path)]
    command = [environment(python), "-m", "pytest", "-q", "-p", "no:cacheprovider", *tests, *args]
    # Both Pythons work on the same tree: the bytecode of one is of no use to the other.
    variables = {"PATH": os.environ["PATH"], "PYTHONPATH": str(lend_ansible()), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(command, cwd=ROOT, env=variables, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
