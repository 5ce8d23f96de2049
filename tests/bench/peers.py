# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The tools of others that we are compared with, fetched once into C(build/bench) and nowhere else."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import typing as t
import zipfile
from pathlib import Path

from harness import BUILD, Skip

FOLDER = BUILD / "bench" / "peer"
GENERAL = "ansible_collections/community/general/"


def community_general() -> Path:
    """A collection path with C(community.general) out of PyPI's C(ansible), as a user would have it.

    :raises Skip: it cannot be had
    """
    if not (FOLDER / GENERAL).is_dir():
        with tempfile.TemporaryDirectory() as folder:
            _fetch(["pip", "download", "--quiet", "--no-deps", "--dest", folder, "ansible"], "community.general")
            with zipfile.ZipFile(next(Path(folder).glob("*.whl"))) as wheel:
                inside = [name for name in wheel.namelist() if name.startswith(GENERAL)]
                partial = FOLDER.with_suffix(".part")
                wheel.extractall(partial, inside)
            partial.rename(FOLDER)
    return FOLDER


def incus_benchmark() -> str:
    """The path of C(incus-benchmark): the installed one, or the one in the package of the installed daemon's version.

    :raises Skip: it cannot be had
    """
    installed = shutil.which("incus-benchmark")
    if installed:
        return installed
    unpacked = BUILD / "bench" / "incus-extra"
    program = unpacked / "usr" / "bin" / "incus-benchmark"
    if not program.exists():
        version = _fetch(["dpkg-query", "-W", "-f", "${Version}", "incus-base"], "incus-benchmark").strip()
        with tempfile.TemporaryDirectory() as folder:
            _fetch(["apt-get", "download", "-q", f"incus-extra={version}"], "incus-benchmark", cwd=folder)
            _fetch(["dpkg-deb", "-x", str(next(Path(folder).glob("*.deb"))), str(unpacked)], "incus-benchmark")
    return str(program)


def _fetch(command: t.Sequence[str], what: str, cwd: str | None = None) -> str:
    try:
        return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=120, check=True).stdout
    except (OSError, subprocess.SubprocessError) as error:
        told = (getattr(error, "stderr", None) or str(error)).strip().splitlines()[-1]
        raise Skip(f"{what} cannot be had: {told}") from None
