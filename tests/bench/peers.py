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

COLLECTIONS = "ansible_collections/"
# A release for newer interpreters than this one: its collections still run here.
NEWEST = ("--python-version", "3.12", "--only-binary", ":all:")


def community_general() -> Path:
    """A collection path with C(community.general) out of PyPI's C(ansible), as a user would have it.

    :raises Skip: it cannot be had
    """
    return _collections("peer", ["community/general"])


def newest_cisco_ios() -> Path:
    """A collection path with the newest C(cisco.ios) that PyPI's C(ansible) has for any interpreter.

    :raises Skip: it cannot be had
    """
    return _collections("cisco-ios", ["cisco/ios", "ansible/netcommon", "ansible/utils"], NEWEST)


def _collections(name: str, wanted: t.Sequence[str], options: t.Sequence[str] = ()) -> Path:
    """A folder with some collections of the C(ansible) that C(pip) finds with these options."""
    whole = BUILD / "bench" / name
    if not (whole / COLLECTIONS / wanted[0]).is_dir():
        with tempfile.TemporaryDirectory() as folder:
            _fetch(["pip", "download", "--quiet", "--no-deps", *options, "--dest", folder, "ansible"], wanted[0])
            with zipfile.ZipFile(next(Path(folder).glob("*.whl"))) as wheel:
                kept = tuple(f"{COLLECTIONS}{collection}/" for collection in wanted)
                partial = whole.with_suffix(".part")
                wheel.extractall(partial, [inside for inside in wheel.namelist() if inside.startswith(kept)])
            partial.rename(whole)
    return whole


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
