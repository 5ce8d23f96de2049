# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plan a fleet without a daemon, in a process of its own: prints its seconds and its peak memory as JSON.

What is there is made up first, one entry for each declared instance, as a daemon would tell it and as declared.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import time
import typing as t

import playbook

sys.path.insert(0, str(playbook.tree()))

from ansible_collections.nfvlab.fleet.plugins.module_utils._core.resource import Task
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus import fleet
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.instance import Instance

MARK = "lab/bench"
DEFAULTS: dict[str, t.Any] = {
    "image": "busybox",
    "profiles": ["default"],
    "state": "stopped",
    "config": {"limits.memory": "64MiB", "user.role": "edge"},
    "devices": {"eth0": {"type": "nic", "nictype": "p2p", "name": "eth0"}},
}


def present(name: str) -> dict[str, t.Any]:
    """An instance as the daemon tells it with C(recursion=1)."""
    own = {
        **DEFAULTS["config"],
        fleet.MARK: MARK,
        "volatile.apply_template": "create",
        "volatile.base_image": "90d60f01a4a2e22c" * 4,
        "volatile.cloud-init.instance-id": f"00000000-0000-4000-8000-{name:>012}",
        "volatile.idmap.base": "0",
        "volatile.idmap.next": '[{"Isuid":true,"Isgid":false,"Hostid":1000000,"Nsid":0,"Maprange":1000000000}]',
        "volatile.last_state.idmap": "[]",
        "volatile.uuid": f"00000000-0000-4000-8000-{name:>012}",
    }
    root = {"path": "/", "pool": "default", "type": "disk"}
    told = {
        "architecture": "x86_64",
        "config": own,
        "created_at": "2026-01-01T00:00:00.000000000Z",
        "description": "",
        "devices": DEFAULTS["devices"],
        "ephemeral": False,
        "expanded_config": own,
        "expanded_devices": {**DEFAULTS["devices"], "root": root},
        "last_used_at": "1970-01-01T00:00:00Z",
        "location": "none",
        "name": name,
        "profiles": DEFAULTS["profiles"],
        "project": "default",
        "stateful": False,
        "status": "Stopped",
        "status_code": 102,
        "type": "container",
    }
    return t.cast("dict[str, t.Any]", json.loads(json.dumps(told)))  # nothing shared, as if it had been received


def peak() -> int:
    """The most memory that this process has had so far, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("count", type=int, help="how many instances")
    count = parser.parse_args().count
    pattern = f"edge-[{1:06d}:{count:06d}]"
    have = {name: present(name) for name in fleet.expand(pattern)}
    before = peak()

    instance = Instance()
    params = {name: option.get("default") for name, option in instance.spec().items()}
    start = time.perf_counter()
    declared = fleet.definitions(DEFAULTS, [{"name": pattern}])
    members = fleet.plan(instance, have, declared, Task(params, {}), mark=MARK, adopt=False, state="present")
    seconds = time.perf_counter() - start

    odd = [member for member in members if member.error or member.changes]
    if odd or len(members) != count:
        raise SystemExit(f"{len(odd)} of {len(members)} instances have something to change: {odd[0].error}")
    print(json.dumps({"seconds": seconds, "before": before, "peak": peak()}))


if __name__ == "__main__":
    main()
