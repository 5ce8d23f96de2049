# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The first and only file system of the test agent's virtual machine: this host's Python and commands, our program."""

from __future__ import annotations

import os
import re
import shutil
import stat
import subprocess
import typing as t
from pathlib import Path

from tests.simulators.kata_agent.rootfs import rootfs

ROOT = Path(__file__).resolve().parents[2]
PYTHON = Path("/usr/bin/python3")
MODULES = ("vmw_vsock_virtio_transport", "virtio_pci")
UNNEEDED = ("test", "idlelib", "tkinter", "ensurepip", "lib2to3", "turtledemo", "distutils", "site-packages")
DEPENDS = re.compile(rb"\0depends=([^\0]*)\0")


def build(folder: Path, kernel: Path, target: Path) -> None:
    """Write the archive.

    :param kernel: the kernel's package, unpacked
    """
    shutil.rmtree(folder, ignore_errors=True)
    rootfs(folder)
    python(folder)
    program(folder / "program")
    modules(folder / "modules", kernel)
    rootfs(folder / "srv/rootfs")
    (folder / "init").write_text("#!/usr/bin/python3\n" + (ROOT / "tests/vm/init.py").read_text())
    (folder / "init").chmod(0o755)
    with target.open("wb") as archive:
        write(folder, archive)


def python(folder: Path) -> None:
    """This host's Python of the distribution, with its library and what that is linked with."""
    real = PYTHON.resolve()
    asked = [str(PYTHON), "-c", "import os; print(os.path.dirname(os.__file__))"]
    library = Path(subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip())
    target = folder / library.relative_to("/")
    shutil.copytree(library, target, ignore=shutil.ignore_patterns(*UNNEEDED, "config-*"), dirs_exist_ok=True)
    (folder / "usr/bin").mkdir(parents=True, exist_ok=True)
    shutil.copy(real, folder / "usr/bin/python3")
    linked = set(libraries(real))
    for extension in (library / "lib-dynload").glob("*.so"):
        linked |= set(libraries(extension))
    for path in linked:
        place = folder / path.relative_to("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path.resolve(), place)


def libraries(path: Path) -> t.Iterator[Path]:
    """The shared libraries that a file is linked with."""
    listed = subprocess.run(["ldd", path], capture_output=True, text=True, check=False).stdout
    for found in re.findall(r"(/\S+) \(0x", listed):
        yield Path(found)


def program(folder: Path) -> None:
    """The test agent and what it needs of the collection."""
    ours = folder / "ansible_collections/nfvlab/fleet/plugins/module_utils"
    unwanted = shutil.ignore_patterns("__pycache__")
    for name in ("_core", "_kata"):
        shutil.copytree(ROOT / "plugins/module_utils" / name, ours / name, ignore=unwanted)
    shutil.copytree(ROOT / "tests/simulators/kata_agent", folder / "tests/simulators/kata_agent", ignore=unwanted)


def modules(folder: Path, kernel: Path) -> None:
    """The kernel's modules that vsock needs, and the order in which they are loaded."""
    folder.mkdir()
    built = {path.stem.replace("-", "_"): path for path in kernel.glob("lib/modules/*/kernel/**/*.ko")}
    order: list[str] = []

    def need(name: str) -> None:
        path = built.get(name)
        if path is None or path.name in order:
            return  # built in, or there already
        found = DEPENDS.search(path.read_bytes())
        for other in found.group(1).decode().split(",") if found else ():
            need(other.replace("-", "_"))
        shutil.copy(path, folder / path.name)
        order.append(path.name)

    for name in MODULES:
        need(name)
    (folder / "order").write_text("\n".join(order) + "\n")


def write(folder: Path, archive: t.BinaryIO) -> None:
    """Write a folder in the format newc of cpio (the kernel's Documentation/driver-api/early-userspace)."""
    for number, path in enumerate([*sorted(folder.rglob("*")), None], 1):
        name = b"TRAILER!!!" if path is None else os.fsencode(path.relative_to(folder))
        mode, data = (0, b"") if path is None else content(path)
        fields = (number, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(name) + 1, 0)
        head = b"070701" + b"".join(b"%08x" % field for field in fields) + name + b"\0"
        archive.write(head + b"\0" * (-len(head) % 4) + data + b"\0" * (-len(data) % 4))


def content(path: Path) -> tuple[int, bytes]:
    """Mode and content of a file, a folder or a link."""
    mode = path.lstat().st_mode
    if stat.S_ISLNK(mode):
        return mode, os.fsencode(os.readlink(path))
    return mode, path.read_bytes() if stat.S_ISREG(mode) else b""
