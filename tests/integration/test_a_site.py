# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The default lab from nothing to nothing: predicted, built, built again, verified, changed, destroyed.

It runs under names of its own, and first of all, so that a fresh machine is met as it is. A daemon that was there
before stays.
"""

from __future__ import annotations

import json
import re
import subprocess
import typing as t
from pathlib import Path

import pytest
import yaml

from .conftest import MARKER, ROOT, playbook

LAB = ROOT / "inventories" / "lab"
NAMES = {
    "lab_name": "nfvt-lab",
    "lab_bridge": "nfvtlab0",
    "lab_subnet": "10.119.0.1/24",
    "lab_fabric": "nfvtl",
    "lab_north_link": "10.119.2.1/24",
    "lab_north_address": "10.119.2.2",
    "lab_north_subnet": "10.119.3.1/24",
}
CHANGED = re.compile(r"changed=(\d+)")


def run(name: str, *arguments: str, **extra: t.Any) -> str:
    """Run a playbook in the lab's folder, as its user does; its output."""
    return playbook(name, "-e", json.dumps({**NAMES, **extra}), *arguments, cwd=LAB).stdout


def changed(output: str) -> int:
    """How many tasks the recap counts as changed."""
    recap = output.split("PLAY RECAP")[1]
    assert "failed=0" in recap and "unreachable=0" in recap
    return sum(int(number) for number in CHANGED.findall(recap))


def lines(*command: str) -> set[str]:
    return set(subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines())


def machine() -> dict[str, set[str]]:
    """What a lab could leave behind on a host."""
    return {
        "packages": lines("dpkg-query", "--show", "--showformat", "${db:Status-Abbrev} ${Package}\n"),
        "interfaces": {path.name for path in Path("/sys/class/net").iterdir()},
        "mounts": {line.split()[1] for line in Path("/proc/self/mounts").read_text().splitlines()},
        "ranges": {line for name in ("subuid", "subgid") for line in lines("cat", f"/etc/{name}")},
        "sources": {path.name for path in Path("/etc/apt/sources.list.d").iterdir()},
        "state": {path.name for folder in ("/var/lib", "/var/cache", "/run") for path in Path(folder).iterdir()},
    }


@pytest.fixture(scope="module")
def host() -> t.Iterator[dict[str, t.Any]]:
    """The machine before the lab, and no lab afterwards, whatever happened."""
    ours = not MARKER.exists()
    remove = () if ours else ("--skip-tags", "incus_daemon")
    run("nfvlab.fleet.destroy", *remove)  # what an earlier run may have left
    before = machine()
    yield {"before": before, "ours": ours, "remove": remove}
    playbook("nfvlab.fleet.destroy", "-e", json.dumps(NAMES), *remove, cwd=LAB, check=False)


def test_a_check_run_on_the_bare_host_predicts_the_lab_and_changes_nothing(host: dict[str, t.Any]) -> None:
    output = run("site.yml", "--check", "--diff")
    for name in ("edge-01", "edge-20", "app-1", "app-3", "branch-1"):
        assert f"+++ after: instance '{name}' of project 'nfvt-lab'" in output
    assert machine() == host["before"]


def test_site_brings_up_what_is_declared(host: dict[str, t.Any]) -> None:
    output = run("site.yml")
    assert changed(output) > 0
    summary = output.split("SUMMARY")[1]
    for name in ("edge-01", "edge-10", "edge-20", "app-1", "app-2", "app-3"):
        assert re.search(rf"instance '{name}'\s+Running\s+10\.119\.0\.\d+", summary), summary
    for name in ("branch-1", "branch-2"):
        assert re.search(rf"instance '{name}'\s+Running\s+10\.119\.3\.\d+", summary), summary
    assert "+ remote 'nfvt-lab-north'" in summary and "+ certificate 'labhost'" in summary
    for name in ("app-1", "app-2", "app-3"):
        assert f"instance '{name}' of project 'nfvt-lab'  Ready  10.119.0." in summary, summary
    for shown in (
        r"traffic 64 bytes, closed_loop +accounted for +(\d+) sent, \1 forwarded, 0 lost",
        r"controller +SIMULATOR ",
        r"ping with fwd inactive +0 of 6 pairs",
        r"ping with fwd active +6 of 6 pairs",
        r"ping with fwd inactive again +0 of 6 pairs",
        r"router 'r1' \(SIMULATOR\) +IOS [\d.]+.* neighbours: r2",
        r"router 'r2' \(SIMULATOR\) +IOS [\d.]+.* neighbours: r1",
    ):
        assert re.search(shown, summary), (shown, summary)
    assert re.search(r"Kata agent 4\.0\.0 \(SIMULATOR\)\s+SERVING\s+web, probe; load \d", summary), summary
    assert "+ project 'nfvt-lab'" in summary and re.search(r"took \d+\.\d s", summary)


def test_a_second_run_changes_nothing(host: dict[str, t.Any]) -> None:
    output = run("site.yml")
    assert changed(output) == 0
    assert "0 changed" in output.split("SUMMARY")[1]


def test_verify_sends_packets_between_all_instances(host: dict[str, t.Any], tmp_path: Path) -> None:
    listing = yaml.safe_load((LAB / "instances.incus.yml").read_text())
    here, north = listing["daemons"]
    here["projects"] = ["nfvt-lab"]
    north.update(remote="nfvt-lab-north", conf=str(LAB / north["conf"]))
    inventory = tmp_path / "nfvt.incus.yml"
    inventory.write_text(yaml.safe_dump(listing))
    output = run("nfvlab.fleet.verify", verify_inventory=str(inventory))
    assert changed(output) == 0
    assert len(re.findall(r"item=edge-\d\d -> 10\.119\.", output)) == 20
    assert len(re.findall(r"item=app-\d -> 10\.119\.", output)) == 3
    assert "20 instances are as declared" in output and "3 instances are as declared" in output
    assert len(re.findall(r"item=branch-\d -> 10\.119\.3\.", output)) == 2
    assert len(re.findall(r"(?:app|kata)-\d is ready", output)) == 4
    assert "27 instances are hosts of nfvt.incus.yml" in output  # those of the fleets, and the forwarder
    assert len(re.findall(r"ok: \[kata-1\] => \(item=(?:web|probe): ", output)) == 2


def test_verify_fails_where_an_instance_does_not_run(host: dict[str, t.Any]) -> None:
    subprocess.run(["incus", "stop", "--force", "--project", "nfvt-lab", "edge-02"], check=True, capture_output=True)
    try:
        verified = playbook("nfvlab.fleet.verify", "-e", json.dumps(NAMES), cwd=LAB, check=False)
        assert verified.returncode and "are not as declared: edge-02" in verified.stdout
    finally:
        output = run("nfvlab.fleet.fleet")
    assert changed(output) == 1 and "~ instance 'edge-02' of project 'nfvt-lab': state" in output


def test_a_changed_declaration_is_predicted_exactly(host: dict[str, t.Any]) -> None:
    wanted = ("site.yml", "--diff", "--tags", "incus_platform")

    def diffs(output: str) -> list[str]:
        return [line for line in output.splitlines() if re.match(r"[-+]  ", line)]

    predicted = run(*wanted, "--check", lab_subnet="10.119.1.1/24")
    done = run(*wanted, lab_subnet="10.119.1.1/24")
    assert diffs(predicted) == diffs(done)
    assert [line.strip("-+ ,") for line in diffs(done)] == [
        '"ipv4.address": "10.119.0.1/24"',
        '"ipv4.address": "10.119.1.1/24"',
    ]
    assert changed(predicted) == changed(done) == 1


def test_a_changed_fleet_is_predicted_exactly(host: dict[str, t.Any]) -> None:
    fleets = yaml.safe_load((LAB / "group_vars" / "all" / "fleet.yml").read_text())["incus_fleet_fleets"]
    for fleet in fleets:
        fleet["defaults"]["config"] = {"user.release": 2}
    wanted = ("nfvlab.fleet.fleet", "--diff", "--tags", "incus_fleet")

    def diffs(output: str) -> list[str]:
        return re.findall(r"^(?:---|\+\+\+|[-+] ) .*", output, re.MULTILINE)

    predicted = run(*wanted, "--check", incus_fleet_fleets=fleets)
    done = run(*wanted, incus_fleet_fleets=fleets)
    assert diffs(predicted) == diffs(done)
    assert sum('"user.release": "2"' in line for line in diffs(done)) == 24
    assert changed(predicted) == changed(done) == 1


def test_a_task_that_was_misspelt_in_a_list_is_refused_by_the_role(host: dict[str, t.Any]) -> None:
    wrong = json.dumps({**NAMES, "incus_platform_projects": [{"name": "nfvt-lab", "descripton": "x"}]})
    refused = playbook("site.yml", "-e", wrong, "--tags", "incus_platform", cwd=LAB, check=False)
    assert refused.returncode and "descripton" in refused.stdout


def test_destroy_leaves_the_machine_as_it_was(host: dict[str, t.Any]) -> None:
    run("nfvlab.fleet.destroy", *host["remove"])
    after = machine()
    assert {kind: after[kind] ^ host["before"][kind] for kind in after} == {kind: set() for kind in after}
    again = run("nfvlab.fleet.destroy", *host["remove"])
    assert changed(again) == 0
