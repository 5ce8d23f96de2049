# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A virtual machine without KVM, reached over hybrid vsock: QEMU, Debian's kernel, vhost-device-vsock."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import subprocess
import time
import typing as t
from pathlib import Path

import pytest

from tests.vm import initrd

BUILD = initrd.ROOT / "build" / "vm"
DEVICE = "0.3.0"  # vhost-device-vsock on crates.io
MEMORY = 768  # MiB
PATIENCE = 180  # seconds until the agent answers; it takes 10 to 20 on an idle machine
SOURCES = ("tests/vm", "tests/simulators/kata_agent", "plugins/module_utils/_core", "plugins/module_utils/_kata")


def device() -> Path:
    """The vhost-user device: from the path, or built once."""
    found = shutil.which("vhost-device-vsock") or shutil.which("vhost-device-vsock", path=str(BUILD / "bin"))
    if found:
        return Path(found)
    if not shutil.which("cargo"):
        pytest.skip("no vhost-device-vsock, and no cargo to build it with (Debian 12: apt-get install cargo-web)")
    command = ["cargo", "install", "--locked", "--root", str(BUILD), "--version", DEVICE, "vhost-device-vsock"]
    subprocess.run(command, check=True)
    return BUILD / "bin" / "vhost-device-vsock"


def kernel() -> Path:
    """Debian's kernel for clouds, downloaded and unpacked, not installed."""
    command = ["apt-cache", "depends", "linux-image-cloud-amd64"]
    package = (
        subprocess.run(command, capture_output=True, text=True, check=True).stdout.split("Depends: ")[1].split()[0]
    )
    folder = BUILD / package
    if not (folder / "boot").exists():
        with contextlib.ExitStack() as stack:
            work = BUILD / f"{package}.part"
            stack.callback(shutil.rmtree, work, ignore_errors=True)
            work.mkdir(parents=True)
            subprocess.run(["apt-get", "download", "-q", package], cwd=work, check=True)
            subprocess.run(["dpkg-deb", "-x", next(work.glob("*.deb")), work / "unpacked"], check=True)
            (work / "unpacked").rename(folder)
    return folder


def archive(unpacked: Path) -> Path:
    """The machine's file system, made anew when what it is made of is another."""
    digest = hashlib.sha256(str(unpacked).encode())
    for source in SOURCES:
        for path in sorted((initrd.ROOT / source).rglob("*.py")):
            digest.update(path.read_bytes())
    target = BUILD / f"initrd-{digest.hexdigest()[:16]}"
    if not target.exists():
        for old in BUILD.glob("initrd-*"):
            old.unlink()
        part = BUILD / "part"
        initrd.build(BUILD / "root", unpacked, part)
        part.rename(target)
        shutil.rmtree(BUILD / "root")
    return target


class Machine(t.NamedTuple):
    """A running machine.

    :param address: its agent
    :param socket: the hypervisor's socket, on which ports are asked for
    :param process: QEMU
    :param serial: what the machine says on its serial line
    """

    address: str
    socket: Path
    process: subprocess.Popen
    serial: Path


@contextlib.contextmanager
def machine(folder: Path, cpus: int = 2) -> t.Iterator[Machine]:
    """A machine with the test agent, until the end of the block.

    :param folder: for its sockets; the path must be short
    """
    if not shutil.which("qemu-system-x86_64"):
        pytest.skip("no qemu-system-x86_64 (apt-get install qemu-system-x86)")
    BUILD.mkdir(parents=True, exist_ok=True)
    program, unpacked = device(), kernel()
    socket, vhost, serial = folder / "vm.sock", folder / "vhost.sock", folder / "serial"
    with contextlib.ExitStack() as stack:
        log = stack.enter_context((folder / "device.log").open("wb"))
        options = f"guest-cid=3,socket={vhost},uds-path={socket}"
        started = subprocess.Popen([program, "--vm", options], stdout=log, stderr=log)
        stack.callback(end, started)
        wait_for(vhost.exists, started, folder / "device.log", 20)
        (image,) = unpacked.glob("boot/vmlinuz-*")
        command = [
            "qemu-system-x86_64",
            *("-accel", "tcg,thread=multi", "-cpu", "max", "-smp", str(cpus), "-m", str(MEMORY)),
            *("-object", f"memory-backend-memfd,id=memory,size={MEMORY}M,share=on"),
            *("-machine", "q35,memory-backend=memory", "-nodefaults", "-no-user-config", "-no-reboot"),
            *("-display", "none", "-serial", f"file:{serial}"),
            *("-chardev", f"socket,id=vsock,path={vhost}", "-device", "vhost-user-vsock-pci,chardev=vsock"),
            *("-kernel", str(image), "-initrd", str(archive(unpacked))),
            *("-append", "console=ttyS0 quiet panic=-1 nfvlab.kata_test_agent"),
        ]
        running = subprocess.Popen(command, stdin=subprocess.DEVNULL)
        stack.callback(end, running)
        made = Machine(f"hvsock://{socket}:1024", socket, running, serial)
        wait_for(lambda: answers(made), running, serial, PATIENCE)
        yield made


def answers(made: Machine) -> bool:
    """Whether the agent answers."""
    from ansible_collections.nfvlab.fleet.plugins.module_utils._core.errors import FleetError
    from ansible_collections.nfvlab.fleet.plugins.module_utils._kata.address import parse
    from ansible_collections.nfvlab.fleet.plugins.module_utils._kata.agent import Agent

    with Agent(parse(made.address), timeout=10.0, connect_timeout=2.0) as agent:
        try:
            return agent.call("Check") == {"status": "SERVING"}
        except FleetError:
            return False


def wait_for(met: t.Callable[[], bool], process: subprocess.Popen, log: Path, limit: float) -> None:
    """Wait until something is so; fail with the end of a log."""
    deadline = time.monotonic() + limit
    while not met():
        said = log.read_text(errors="replace")[-2000:] if log.exists() else ""
        assert process.poll() is None, f"it ended: {said}"
        assert time.monotonic() < deadline, f"it did not come so far in {limit} s: {said}"
        time.sleep(0.1)


def end(process: subprocess.Popen) -> None:
    process.kill()
    process.wait()


if __name__ == "__main__":
    with machine(Path(os.environ.get("TMPDIR", "/tmp"))) as started:
        print(f"a SIMULATOR of the Kata agent: {started.address}")
        started.process.wait()
