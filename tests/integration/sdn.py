# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the tests of fabrics share: Open vSwitch as the role brings it, and fabrics that go again."""

from __future__ import annotations

import subprocess
import typing as t
from pathlib import Path

import pytest

from .conftest import Result, playbook, run_module

NAME = "nfvt"
MARKER = Path("/var/lib/nfvlab-fleet/sdn_fabric.json")
ROW: dict[str, t.Any] = {"name": NAME, "prefix": "nfvt-", "topology": "linear", "size": 3, "subnet": "10.98.0.0/24"}
RING: dict[str, t.Any] = {**ROW, "topology": "ring"}


@pytest.fixture(scope="session")
def openvswitch() -> t.Iterator[None]:
    """Open vSwitch, installed and started by the role; it goes again if it was not here before."""
    had = MARKER.exists()
    playbook("tests/integration/sdn_prepare.yml")
    yield
    if not had:
        playbook("tests/integration/sdn_prepare.yml", "-e", "sdn_fabric_state=absent")


@pytest.fixture
def ground(openvswitch: None) -> t.Iterator[None]:
    """No fabric of ours before and after."""
    gone()
    yield
    gone()


def gone() -> None:
    """Take our fabrics away, also after a test that killed Open vSwitch."""
    ok(run_module("sdn_openvswitch", {}))
    for name in (NAME, f"{NAME}-2"):
        ok(run_module("sdn_fabric", {"name": name, "state": "absent"}))


def ok(result: Result) -> Result:
    """The result, which must not be a failure."""
    assert not result.failed, result["msg"]
    return result


def fabric(check: bool = False, **options: t.Any) -> Result:
    """Bring up the row, or what the options make of it."""
    return run_module("sdn_fabric", {**ROW, **options}, check=check)


def ping(expect: str, wait: float = 0.0, **options: t.Any) -> Result:
    """Ping between all hosts."""
    return run_module("sdn_ping", {"name": NAME, "expect": expect, "wait": wait, **options})


def switches() -> list[dict[str, t.Any]]:
    """The switches as they are."""
    found: list[dict[str, t.Any]] = ok(run_module("sdn_fabric_info", {"name": NAME}))["objects"][0]["switches"]
    return found


def connected() -> list[bool]:
    """For each switch, whether its controller answers."""
    return [all(entry["connected"] for entry in switch["controllers"]) for switch in switches()]


def shell(*argv: str) -> str:
    """What a command prints."""
    return subprocess.run(argv, capture_output=True, text=True, check=True).stdout


def flows(bridge: str) -> list[str]:
    """The flows of a switch, as it shows them itself."""
    lines = shell("ovs-ofctl", "--protocols=OpenFlow13", "dump-flows", bridge).splitlines()
    return [line for line in lines if "cookie=" in line]
