#!/usr/bin/env bash
# `ansible-test sanity` on a copy: it wants a real directory of the collection's name, in a git repository of its own.
set -euo pipefail

copy=build/sanity/ansible_collections/nfvlab/fleet
rm -rf "$copy"
mkdir -p "$copy"
# A file that is deleted and not yet committed is still listed; leave it out.
git ls-files -z --cached --others --exclude-standard | tar -c --null --ignore-failed-read -T - 2>/dev/null | tar -x -C "$copy"

# It would download get-pip.py into its cache. Python's own ensurepip does the same without that download.
python - <<'PYTHON'
import pathlib
import types

from ansible_test._internal.python_requirements import get_venv_packages

version = get_venv_packages(types.SimpleNamespace(version="3.11"))["pip"].replace(".", "_")
script = pathlib.Path.home() / f".ansible/test/cache/get_pip_{version}.py"
if not script.exists():
    script.parent.mkdir(parents=True, exist_ok=True)
    script.write_text("import ensurepip\n\nensurepip.bootstrap(upgrade=False, default_pip=True)\n")
PYTHON

cd "$copy"
git init -q
git add -A
exec ansible-test sanity --venv --python "$(python -c 'import sys; print("%d.%d" % sys.version_info[:2])')" "$@"
