# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The sandbox by its behaviour, asked by a client that is not the modules': processes, files, states."""

from __future__ import annotations

import json

ADDRESS = "unix:///run/nfvt-kata/agent.sock"


def module(host, name, **options):
    """What a module of ours returns."""
    arguments = json.dumps({"address": ADDRESS, **options})
    done = host.run("ansible localhost -m nfvlab.fleet.%s -a %s", name, arguments)
    return done.rc, json.loads(done.stdout.split(" => ", 1)[1])


def test_the_agent_is_one_process_with_its_containers_below(host):
    listed = host.check_output("ps -ww -eo args")
    assert listed.count("tests.simulators.kata_agent --socket /run/nfvt-kata/agent.sock") >= 1
    assert listed.splitlines().count("sleep 10000") == 2


def test_one_container_runs_and_one_is_frozen(host):
    states = host.check_output("ps -ww -eo stat=,args=").splitlines()
    sleeping = sorted(line.split()[0][0] for line in states if line.endswith("sleep 10000"))
    assert sleeping == ["S", "T"]


def test_a_command_runs_in_the_container_and_its_file_is_in_the_guest(host):
    rc, result = module(host, "kata_exec", container_id="web", command=["sh", "-c", "echo made >/data/file; pwd"])
    assert rc == 0 and result["stdout"] == "/\n"
    assert host.file("/run/nfvt-kata/guest/srv/file").content_string == "made\n"


def test_the_agent_has_one_sandbox_and_the_address(host):
    rc, result = module(host, "kata_agent_info", gather=["sandbox", "interfaces"])
    assert rc == 0 and result["objects"][0]["sandbox_present"] is True
    addresses = [entry["address"] for link in result["objects"][0]["interfaces"] for entry in link["IPAddresses"]]
    assert "192.0.2.10" in addresses


def test_a_second_start_is_refused_and_the_agent_goes_on(host):
    rc, result = module(host, "kata_rpc", method="StartContainer", request={"container_id": "web"})
    assert rc != 0 and "would hang" in result["msg"]
    assert module(host, "kata_exec", container_id="web", command=["true"])[0] == 0
