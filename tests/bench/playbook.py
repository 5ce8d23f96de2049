# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Playbooks as benchmarks run them: from a collection tree of their own, untouched by the user's configuration.

The tree under C(build/) links to this checkout as C(nfvlab.fleet) and to C(tests/bench/floor) as C(bench.floor), the
collection of modules that do nothing. Its callback writes down how long every task took.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import typing as t
from pathlib import Path

from harness import BUILD, REPOSITORY

TREE = BUILD / "bench" / "collections"
LINKS = {"nfvlab/fleet": REPOSITORY, "bench/floor": Path(__file__).with_name("floor")}

PATIENCE = 900  # seconds that one run may take


class Timed(t.NamedTuple):
    """One task of a finished run."""

    name: str
    seconds: float
    changed: bool


def tree() -> Path:
    """The collection tree, made where it is missing."""
    for name, target in LINKS.items():
        link = TREE / "ansible_collections" / name
        link.parent.mkdir(parents=True, exist_ok=True)
        if not link.is_symlink():
            link.symlink_to(os.path.relpath(target, link.parent))
    return TREE


def play(
    tasks: t.Sequence[dict[str, t.Any]],
    variables: t.Mapping[str, t.Any] | None = None,
    collections: t.Sequence[Path] = (),
) -> list[Timed]:
    """Run tasks on this machine and return what each took, from its start to its result.

    :param collections: further collection paths
    :raises RuntimeError: the run failed; the text is its output
    """
    folder = BUILD / "bench"
    playbook, record, configuration = folder / "playbook.json", folder / "tasks.jsonl", folder / "ansible.cfg"
    paths = [
        str(tree()),
        *map(str, collections),
        os.environ.get("ANSIBLE_COLLECTIONS_PATH", str(BUILD / "collections")),
    ]
    content = {
        "hosts": "localhost",
        "connection": "local",
        "gather_facts": False,
        "vars": {"ansible_python_interpreter": sys.executable, **(variables or {})},
        "tasks": list(tasks),
    }
    playbook.write_text(json.dumps([content], indent=1), encoding="utf-8")
    record.write_text("", encoding="utf-8")
    configuration.write_text("", encoding="utf-8")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")} | {
        "ANSIBLE_CONFIG": str(configuration),
        "ANSIBLE_COLLECTIONS_PATH": os.pathsep.join(paths),
        "ANSIBLE_CALLBACKS_ENABLED": "bench.floor.record",
        "ANSIBLE_LOCALHOST_WARNING": "false",
        "ANSIBLE_NOCOLOR": "true",
        "NFVLAB_BENCH_RECORD": str(record),
    }
    command = [sys.executable, "-m", "ansible", "playbook", "-i", "localhost,", str(playbook)]
    run = subprocess.run(
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    if run.returncode:
        raise RuntimeError(f"the playbook failed:\n{run.stdout[-4000:]}")
    return [Timed(**json.loads(line)) for line in record.read_text(encoding="utf-8").splitlines()]
