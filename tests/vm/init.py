# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Process 1 of the test agent's virtual machine: loads what vsock needs, runs the agent, powers off when it ends."""

from __future__ import annotations

import ctypes
import os
import platform
import subprocess
import sys

MOUNTS = (("proc", "/proc"), ("sysfs", "/sys"), ("devtmpfs", "/dev"), ("tmpfs", "/run"), ("devpts", "/dev/pts"))
FINIT_MODULE = {"x86_64": 313, "aarch64": 273}
POWER_OFF = 0x4321FEDC
VARIABLES = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "PYTHONPATH": "/program", "LANG": "C.UTF-8"}

libc = ctypes.CDLL(None, use_errno=True)


def main() -> None:
    for kind, place in MOUNTS:
        os.makedirs(place, exist_ok=True)
        if libc.mount(kind.encode(), place.encode(), kind.encode(), 0, None):
            print(f"init: cannot mount {place}: {os.strerror(ctypes.get_errno())}")
    with open("/modules/order", encoding="ascii") as order:
        for name in order.read().split():
            descriptor = os.open(f"/modules/{name}", os.O_RDONLY)
            if libc.syscall(FINIT_MODULE[platform.machine()], descriptor, b"", 0):
                print(f"init: cannot load {name}: {os.strerror(ctypes.get_errno())}")
            os.close(descriptor)
    command = ["python3", "-m", "tests.simulators.kata_agent", "--vsock", "--log", "--console", "--root", "/"]
    code = subprocess.call(command, env=VARIABLES)
    print(f"init: the agent ended with {code}")
    sys.stdout.flush()
    os.sync()
    libc.reboot(ctypes.c_int(POWER_OFF))


if __name__ == "__main__":
    main()
