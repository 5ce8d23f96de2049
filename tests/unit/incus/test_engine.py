# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""incus_fleet: runs against a daemon that is made up and only read."""

from __future__ import annotations

import os
import re
import types

import pytest
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.errors import Forbidden, InvalidOption
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.http import UnixEndpoint
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.resource import Plan, Task
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.secrets import Secrets
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus import engine, fleet

HERE = UnixEndpoint("/run/incus/unix.socket")
NETWORK = {"eth0": {"type": "nic", "network": "br", "hwaddr": "m1"}}


class Daemon:
    """What a daemon answers, by path."""

    brand = "incus"

    def __init__(self, endpoint=HERE, **answers):
        self.transport = types.SimpleNamespace(endpoint=endpoint)
        self.answers = answers
        self.asked = []

    def has(self, extension):
        return True

    def remember_names(self):
        self.asked.append("names")

    def find(self, path, query=None):
        self.asked.append(path)
        answer = self.answers.get(path.removeprefix("/1.0/").replace("/", "_").replace("-", "_"))
        if isinstance(answer, Exception):
            raise answer
        return answer


def there(name, devices=None):
    return {
        "name": name,
        "status": "Running",
        "status_code": 103,
        "config": {fleet.MARK: "lab/edge"},
        "devices": {},
        "expanded_devices": devices or {},
        "profiles": [],
    }


def run(daemon, **options):
    """A check run over a fleet."""
    params = {name: option.get("default") for name, option in engine.fleet_spec().items()}
    given = {"name": "edge", "defaults": {"image": "busybox"}, **options}
    task = Task({**params, **given}, given, check_mode=True, secrets=Secrets())
    return engine.Fleet(daemon, task, lambda error: error)


# Hosts of the inventory


def hosts(**definitions):
    return [{"host": host, "definition": definition} for host, definition in definitions.items()]


def test_hosts_are_instances_of_the_fleet():
    daemon = Daemon(instances=[there("a", NETWORK), there("own"), there("c")])
    daemon.answers["networks_br_leases"] = [{"hwaddr": "m1", "address": "10.0.0.7"}]
    done = run(daemon, instances=[{"name": "c"}], instances_from=hosts(a={}, b={"name": "own"})).converge()
    assert daemon.asked.count("/1.0/instances") == 1  # nothing has happened since they were read
    assert done["counts"] == {"declared": 3, "changed": 0, "unchanged": 3, "failed": 0, "skipped": 0}
    assert done["hosts"] == [
        {"name": "c", "instance": "c", "status": "Running", "addresses": []},
        {"name": "a", "instance": "a", "status": "Running", "addresses": ["10.0.0.7"], "ansible_host": "10.0.0.7"},
        {"name": "b", "instance": "own", "status": "Running", "addresses": []},
    ]


@pytest.mark.parametrize(
    ("definition", "said"),
    [
        ({"confg": {}}, "host 'b': unknown option 'confg': did you mean 'config'?"),
        ({"state": "runing"}, "host 'b': value of state must be one of: started, .* got: runing"),
        (["image"], "host 'b': it is of type list, not a dictionary of options"),
        ({"name": "b-[1:3]"}, r"host 'b': its name 'b-\[1:3\]' is a pattern, but a host is one instance"),
        ({"wait_for": ["ipv5"]}, "instance 'b' of project 'default': 'wait_for' has"),
    ],
)
def test_a_broken_definition_is_an_error_of_its_host_alone(definition, said):
    daemon = Daemon(instances=[there("a"), there("b"), there("c")])
    done = run(daemon, instances_from=hosts(a={}, b=definition, c={})).converge()
    assert [result["failed"] for result in done["results"]] == [False, True, False]
    assert done["failed"] and done["failure"]["kind"] == "invalid_option"
    assert re.match(said, done["results"][1]["msg"])


def test_what_the_action_plugin_could_not_evaluate_is_told():
    told = [{"host": "b", "error": "its variable cannot be evaluated"}]
    done = run(Daemon(instances=[there("b")]), instances_from=told).converge()
    assert done["results"][0]["msg"] == "host 'b': its variable cannot be evaluated"
    assert done["results"][0].get("actions") is None


def test_nothing_is_purged_while_a_definition_is_not_known():
    daemon = Daemon(instances=[there("a"), there("perhaps-b")])
    told = [*hosts(a={}), {"host": "b", "error": "it cannot be evaluated"}]
    with pytest.raises(InvalidOption, match="'purge' is refused while a definition is not known: host 'b': it cannot"):
        run(daemon, instances_from=told, purge=True, purge_force=True).converge()


def test_two_hosts_cannot_be_the_same_instance():
    with pytest.raises(InvalidOption, match="'a' is declared twice"):
        run(Daemon(), instances_from=hosts(a={}, b={"name": "a"})).converge()


def test_names_alone_are_not_enough():
    with pytest.raises(InvalidOption, match="evaluated by an action plugin"):
        run(Daemon(), instances_from=["a"]).converge()


def test_null_empties_and_what_is_not_given_stays():
    entry, error = fleet.host_entry({"host": "a", "definition": {"description": None}}, engine.member_spec())
    assert error is None and entry == {"name": "a", "description": None}


# How many at a time


def members(*kinds):
    plans = {"create": (None, {}), "change": ({}, {}), "delete": ({}, None)}
    return [fleet.Member(str(number), Task({}, {}), Plan("x", *plans[kind])) for number, kind in enumerate(kinds)]


class Elsewhere:
    """An endpoint on another host."""


def bounds(fleet_run, *kinds):
    pace = fleet_run._pace(members(*kinds))
    return pace._least, pace.limit, pace._most


def test_it_begins_with_the_cpus_of_the_daemons_host():
    cpus = os.cpu_count()
    assert bounds(run(Daemon()), "create", "delete") == (cpus, 2 * cpus, 8 * cpus)
    assert bounds(run(Daemon()), "delete", "delete") == (cpus, 8 * cpus, 8 * cpus)
    remote = Daemon(Elsewhere(), resources={"cpu": {"total": 32}})
    assert bounds(run(remote), "change") == (32, 64, 256)


@pytest.mark.parametrize("answer", [Forbidden("no"), None, {"cpu": {"total": 0}}])
def test_a_daemon_that_does_not_tell_is_taken_for_one_like_this(answer):
    cpus = os.cpu_count()
    assert bounds(run(Daemon(Elsewhere(), resources=answer)), "create") == (cpus, 2 * cpus, 8 * cpus)


def test_given_workers_are_kept_to():
    assert bounds(run(Daemon(), workers=3), "delete") == (3, 3, 3)


def test_nothing_is_asked_where_nothing_changes():
    daemon = Daemon(Elsewhere())
    run(daemon)._pace([])
    assert daemon.asked == []
