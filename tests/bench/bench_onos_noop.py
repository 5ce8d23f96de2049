# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""20 applications with their configuration, nothing to change: the whole C(ansible-playbook) from start to end.

Three tasks: the applications (twelve from archives, whose bits are compared), properties of four components, and the
network configuration of 20 switches. Budget: 2 s, and one request for each collection; more of them fail the benchmark.
The floor is a playbook with as many tasks of a module that does nothing. The controller is a SIMULATOR.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from pathlib import Path

from harness import REPOSITORY, AtMost, Row, benchmark
from playbook import play

RUNS = 5
READS = 5  # applications, processors and network configuration once; properties by the first two tasks
ORG = "org.onosproject."
SHIPPED = ("drivers", "optical-model", "openflow-base", "hostprovider", "lldpprovider", "openflow", "proxyarp", "fwd")
OWN = 12
COMPONENTS = {
    f"{ORG}fwd.ReactiveForwarding": {"flowTimeout": 30, "matchIpv4Address": True, "recordMetrics": True},
    f"{ORG}provider.lldp.impl.LldpLinkProvider": {"probeRate": 1000, "staleLinkAge": 5000},
    f"{ORG}openflow.controller.impl.OpenFlowControllerImpl": {"openflowPorts": "6653"},
    f"{ORG}provider.of.flow.impl.OpenFlowRuleProvider": {"flowPollFrequency": 2},
}
DEVICES = {f"of:{number:016x}": {"basic": {"name": f"s{number}"}} for number in range(1, 21)}


@benchmark
def onos_noop() -> Row:
    sys.path.insert(0, str(REPOSITORY))
    from tests.integration.onos import LOGIN, archive, simulator

    whole: list[float] = []
    floor: list[float] = []
    with tempfile.TemporaryDirectory(prefix="nfvlab-bench-") as folder:
        apps = [{"name": ORG + name} for name in SHIPPED]
        for number in range(OWN):
            oar = Path(folder) / f"{number}.oar"
            oar.write_bytes(archive(name=f"org.example.app{number}"))
            apps.append({"name": f"org.example.app{number}", "src": str(oar)})
        with simulator(Path(folder) / "onos") as controller:
            common = {"url": controller.url, **LOGIN}
            tasks = [
                {"name": "apps", "nfvlab.fleet.onos_app": {**common, "apps": apps}},
                {"name": "properties", "nfvlab.fleet.onos_component_config": {**common, "components": COMPONENTS}},
                {"name": "network", "nfvlab.fleet.onos_network_config": {**common, "config": {"devices": DEVICES}}},
            ]
            play(tasks)
            for _run in range(RUNS):
                before = len(controller.requests())
                start = time.perf_counter()
                if any(task.changed for task in play(tasks)):
                    raise RuntimeError("a task changed something; it must have nothing to change")
                whole.append(time.perf_counter() - start)
                collections = [
                    line for line in controller.requests()[before:] if not line.endswith(("/health", "/bits"))
                ]
                start = time.perf_counter()
                play([{"name": "nothing", "bench.floor.noop": {}}] * len(tasks))
                floor.append(time.perf_counter() - start)
    if len(collections) != READS:
        raise RuntimeError(f"more than one request of a task for a collection: {collections}")
    ratios = [own / least for own, least in zip(whole, floor)]
    quartiles = statistics.quantiles(ratios)
    row = Row("onos_noop", ours=statistics.median(whole), unit="s", budget=AtMost(2, of="ours"))
    row.floor, row.ratio, row.spread = statistics.median(floor), statistics.median(ratios), (quartiles[0], quartiles[2])
    row.note = f"whole playbook, {len(apps)} applications with configuration, {len(collections)} reads of collections"
    return row
