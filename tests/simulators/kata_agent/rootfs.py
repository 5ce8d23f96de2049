# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A root file system for containers of the test agent: python -m tests.simulators.kata_agent.rootfs DIRECTORY"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

COMMANDS = (
    *("sh", "cat", "sleep", "true", "false", "ls", "stat", "sha256sum", "dd", "tr", "head", "tail", "env", "id", "pwd"),
    *("mkdir", "rm", "ln", "chmod", "readlink", "stty", "seq", "wc", "hostname", "touch", "printf", "kill", "find"),
    "test",
)


def rootfs(folder: Path) -> Path:
    """A root file system with commands of this host and the libraries that they need."""
    (folder / "bin").mkdir(parents=True)
    for name in ("etc", "proc", "dev", "tmp", "data", "root"):
        (folder / name).mkdir()
    (folder / "etc" / "passwd").write_text("root:x:0:0:root:/root:/bin/sh\n")
    (folder / "dev" / "null").touch()
    libraries: set[str] = set()
    for name in COMMANDS:
        path = shutil.which(name)
        if path is None:
            continue
        shutil.copy(os.path.realpath(path), folder / "bin" / name)
        listed = subprocess.run(["ldd", path], capture_output=True, text=True, check=False).stdout
        libraries.update(re.findall(r"(/\S+) \(0x", listed))
    for library in libraries:
        target = folder / library.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(os.path.realpath(library), target)
    return folder


if __name__ == "__main__":
    rootfs(Path(sys.argv[1]))
