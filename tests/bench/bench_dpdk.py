# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Two testpmd over vhost-user: those that our roles started, one of them in an instance, against two started by hand.

All four are there at once and idle; in turns, one pair forwards for half a second, on the same two CPUs, unpaced. A
turn ends with a drain, and a packet that is not accounted for fails the benchmark. Compared is the time for a packet.

Budget: 0.98 of the packets per second. C(dpdk_setup) is the whole C(ansible-playbook) of the role dpdk_testpmd where
nothing is to change. Budget: 3 s.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import statistics
import subprocess
import sys
import time
import typing as t
from pathlib import Path

import yaml
from ansible_collections.nfvlab.fleet.plugins.module_utils._dpdk.control import Control
from ansible_collections.nfvlab.fleet.plugins.module_utils._dpdk.telemetry import Telemetry, path_of
from ansible_collections.nfvlab.fleet.plugins.module_utils._dpdk.traffic import Bench, Testpmd
from harness import BUILD, REPOSITORY, AtMost, Row, Skip, alternate, benchmark, compare
from playbook import tree

SCENARIO = REPOSITORY / "extensions" / "molecule" / "dpdk"
SAMPLES = 10
RUNS = 5
TRIAL = {"mode": "max", "duration": 0.5, "bursts": 1}
HAND = Path("/run/nfvt-hand")
SHARED = "/var/lib/nfvlab-fleet/dpdk/nfvt"
EAL = ["--in-memory", "--single-file-segments", "--iova-mode=va", "--no-pci"]


def scenario(name: str, **variables: t.Any) -> None:
    """Run a playbook of the molecule scenario, which describes the same data plane."""
    plain = yaml.safe_load((SCENARIO / "molecule.yml").read_text())["provisioner"]["inventory"]["group_vars"]["all"]
    plain.pop("ansible_python_interpreter")  # of the host only, not of the instance
    settings = BUILD / "bench" / "dpdk.yml"
    settings.parent.mkdir(parents=True, exist_ok=True)
    settings.write_text(yaml.safe_dump({**plain, "dpdk_experiment_trials": [], **variables}))
    inventory = BUILD / "bench" / "dpdk-hosts.yml"
    host = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
    inventory.write_text(yaml.safe_dump({"all": {"hosts": {"localhost": host}}}))
    path = SCENARIO / f"{name}.yml" if "/" not in name else Path(name)
    command = ["ansible-playbook", "-i", str(inventory), "-e", f"@{settings}", str(path)]
    environment = {**os.environ, "ANSIBLE_COLLECTIONS_PATH": str(tree()), "ANSIBLE_NOCOLOR": "1"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stdout[-3000:] + done.stderr[-1000:])


@contextlib.contextmanager
def data_plane() -> t.Iterator[None]:
    """What our roles make, taken away afterwards."""
    if os.geteuid() or shutil.which("incus") is None:
        raise Skip("needs root and an Incus daemon")
    scenario("create")
    try:
        scenario("converge")
        yield
    finally:
        scenario("destroy")


class ByHand:
    """One testpmd that was started as one does by hand."""

    def __init__(self, name: str, cpu: int, device: str) -> None:
        self.folder = HAND / name
        self.folder.mkdir(parents=True)
        fifo = self.folder / "control"
        os.mkfifo(fifo)
        vdevs = [word for port in (0, 1) for word in ("--vdev", device.format(port=port))]
        words = [
            f"--lcores=0@{cpu},1@{cpu}",
            *EAL,
            f"--file-prefix={name}",
            *vdevs,
            "--",
            "-i",
            "--total-num-mbufs=16384",
        ]
        with open(os.open(fifo, os.O_RDWR), "rb") as stdin, (self.folder / "log").open("wb") as log:
            self.process = subprocess.Popen(
                ["dpdk-testpmd", *words],
                stdin=stdin,
                stdout=log,
                stderr=log,
                env={**os.environ, "RUNTIME_DIRECTORY": str(self.folder)},
                pass_fds=[stdin.fileno()],
            )
        end = time.monotonic() + 60
        while "testpmd> " not in (self.folder / "log").read_text():
            if time.monotonic() > end or self.process.poll() is not None:
                raise RuntimeError((self.folder / "log").read_text())
            time.sleep(0.1)

    @property
    def telemetry(self) -> str:
        return path_of(str(self.folder), self.folder.name)


def inside(command: str) -> None:
    """Tell the forwarder in the instance a command."""
    words = ["incus", "exec", "nfvt-dpdk", "--project", "nfvt-dpdk", "--", "sh", "-c"]
    subprocess.run([*words, f"echo {command} >/run/nfvlab-fleet/dpdk/forwarder/control"], check=True)


def seconds(bench: Bench, forward: t.Callable[[str], t.Any], size: int) -> float:
    """Time for a packet through one pair; the forwarder polls only meanwhile."""
    forward("start")
    try:
        result = bench.run({**TRIAL, "size": size})
    finally:
        forward("stop")
    if result["unexplained"]:
        raise RuntimeError(f"not accounted for: {result['unexplained']}")
    return 1e-6 / float(result["mpps"])


@benchmark
def dpdk_floor() -> list[Row]:
    generator_cpu, forwarder_cpu = sorted(os.sched_getaffinity(0))[-2:]
    rows = []
    started: list[ByHand] = []
    with data_plane(), contextlib.ExitStack() as stack:
        shutil.rmtree(HAND, ignore_errors=True)
        try:
            started.append(ByHand("nfvt-hand-f", forwarder_cpu, f"net_vhost{{port}},iface={HAND}/{{port}}.sock"))
            device = f"net_virtio_user{{port}},path={HAND}/{{port}}.sock,speed=10000"
            started.append(ByHand("nfvt-hand-g", generator_cpu, device))
            hand_prompt = Control(str(started[0].folder))
            ours = Bench(
                Testpmd(Control("/run/nfvlab-fleet/dpdk/generator-nfvt")),
                stack.enter_context(
                    Telemetry("/run/nfvlab-fleet/dpdk/generator-nfvt/dpdk/generator-nfvt/dpdk_telemetry.v2")
                ),
                stack.enter_context(Telemetry(path_of(SHARED, "forwarder"))),
            )
            floor = Bench(
                Testpmd(Control(str(started[1].folder))),
                stack.enter_context(Telemetry(started[1].telemetry)),
                stack.enter_context(Telemetry(started[0].telemetry)),
            )
            for size in (64, 1518):
                times = alternate(
                    {
                        "ours": lambda size=size: seconds(ours, inside, size),
                        "floor": lambda size=size: seconds(floor, hand_prompt.send, size),
                    },
                    rounds=SAMPLES,
                )
                rows.append(_row(size, times))
        finally:
            for one in reversed(started):
                one.process.terminate()
                one.process.wait()
            shutil.rmtree(HAND, ignore_errors=True)
    return rows


def _row(size: int, times: dict[str, list[float]]) -> Row:
    spread = {name: statistics.stdev(values) / statistics.mean(values) for name, values in times.items()}
    rate = {name: 1e-6 / statistics.median(values) for name, values in times.items()}
    note = (
        f"{size} bytes, time for a packet: {rate['ours']:.2f} against {rate['floor']:.2f} Mpps, "
        f"coefficient of variation {spread['ours']:.1%} and {spread['floor']:.1%}"
    )
    return compare(f"dpdk_floor_{size}", times, unit="us", budget=AtMost(1 / 0.98), note=note)


@benchmark
def dpdk_setup() -> Row:
    book = BUILD / "bench" / "dpdk-setup.yml"
    book.parent.mkdir(parents=True, exist_ok=True)
    cpu = sorted(os.sched_getaffinity(0))[-1]
    variables = {
        "dpdk_testpmd_instance": "nfvt-dpdk",
        "dpdk_testpmd_project": "nfvt-dpdk",
        "dpdk_testpmd_profiles": ["base"],
        "dpdk_testpmd_folder": SHARED,
        "dpdk_testpmd_cpu": cpu,
    }
    task = {"name": "The role", "ansible.builtin.import_role": {"name": "nfvlab.fleet.dpdk_testpmd"}, "vars": variables}
    book.write_text(yaml.safe_dump([{"name": "Again", "hosts": "localhost", "gather_facts": False, "tasks": [task]}]))
    taken = []
    with data_plane():
        for _run in range(RUNS):
            begin = time.perf_counter()
            scenario(str(book))
            taken.append(time.perf_counter() - begin)
    note = "whole playbook of the role dpdk_testpmd, nothing to change"
    return Row("dpdk_setup", ours=statistics.median(taken), unit="s", budget=AtMost(3.0, of="ours"), note=note)
