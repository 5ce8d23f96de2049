# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The collection as Ansible sees it: playbooks, other Pythons, groups of defaults, secrets at full verbosity."""

from __future__ import annotations

import glob
import json
import os
import shutil
import subprocess
import sys
import typing as t
from pathlib import Path

import pytest
import yaml
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.client import Client

from .conftest import ROOT, environment, playbook

PYTHON39 = next(
    iter(sorted(glob.glob(os.path.expanduser("~/.pyenv/versions/3.9*/bin/python")))), shutil.which("python3.9")
)


def run(
    folder: Path, tasks: list[dict[str, t.Any]], *arguments: str, check: bool = True, **play: t.Any
) -> subprocess.CompletedProcess[str]:
    """Run tasks on this host."""
    variables = {"ansible_python_interpreter": sys.executable, **play.pop("vars", {})}
    whole = {
        "hosts": "localhost",
        "connection": "local",
        "gather_facts": False,
        "vars": variables,
        "tasks": tasks,
        **play,
    }
    path = folder / "play.yml"
    path.write_text(yaml.safe_dump([whole]))
    return playbook(str(path), "-i", "localhost,", *arguments, check=check)


EVERY_MODULE: list[dict[str, t.Any]] = [
    {"nfvlab.fleet.incus_server": {"config": {"user.nfvt": None}}},
    {"nfvlab.fleet.incus_project": {"name": "nfvt-a", "config": {"features.images": True}}},
    {"nfvlab.fleet.incus_storage_pool": {"name": "nfvt-pool", "driver": "dir"}},
    {"nfvlab.fleet.incus_storage_volume": {"project": "nfvt-a", "pool": "nfvt-pool", "name": "nfvt-v"}},
    {
        "nfvlab.fleet.incus_network": {
            "name": "nfvt0",
            "config": {"ipv4.address": "10.117.0.1/24", "ipv6.address": "none"},
        }
    },
    {
        "nfvlab.fleet.incus_network_forward": {
            "network": "nfvt0",
            "listen_address": "192.0.2.10",
            "ports": [{"listen_port": 80, "target_address": "10.117.0.5"}],
        }
    },
    # These need OVN or MinIO, which few hosts have; none of them is there to be deleted.
    {"nfvlab.fleet.incus_storage_bucket": {"pool": "nfvt-pool", "name": "nfvt-b", "state": "absent"}},
    {
        "nfvlab.fleet.incus_storage_bucket_key": {
            "pool": "nfvt-pool",
            "bucket": "nfvt-b",
            "name": "nfvt-k",
            "state": "absent",
        }
    },
    {"nfvlab.fleet.incus_network_peer": {"network": "nfvt-x", "name": "nfvt-x", "state": "absent"}},
    {
        "nfvlab.fleet.incus_network_load_balancer": {
            "network": "nfvt-x",
            "listen_address": "192.0.2.20",
            "state": "absent",
        }
    },
    {
        "nfvlab.fleet.incus_network_acl": {
            "name": "nfvt-acl",
            "ingress": [{"action": "allow", "icmp_type": 8, "protocol": "icmp4"}],
        }
    },
    {"nfvlab.fleet.incus_network_zone": {"name": "nfvt.example.net"}},
    {
        "nfvlab.fleet.incus_network_zone_record": {
            "zone": "nfvt.example.net",
            "name": "x",
            "entries": [{"type": "TXT", "value": "x"}],
        }
    },
    {"nfvlab.fleet.incus_network_integration": {"name": "nfvt-i", "type": "ovn"}},
    {
        "nfvlab.fleet.incus_profile": {
            "project": "nfvt-a",
            "name": "nfvt-p",
            "devices": {"root": {"type": "disk", "path": "/", "pool": "nfvt-pool"}},
        }
    },
    {"nfvlab.fleet.incus_image": {"project": "nfvt-a", "alias": "nfvt-i", "path": "{{ image }}"}},
    {
        "nfvlab.fleet.incus_instance": {
            "project": "nfvt-a",
            "name": "nfvt-1",
            "image": "nfvt-i",
            "profiles": ["nfvt-p"],
            "wait_for": ["running"],
        }
    },
    {
        "nfvlab.fleet.incus_file": {
            "project": "nfvt-a",
            "name": "nfvt-1",
            "path": "/srv/app/conf",
            "content": "x",
            "mode": "0600",
            "parents": True,
        }
    },
    {
        "nfvlab.fleet.incus_exec": {
            "project": "nfvt-a",
            "name": "nfvt-1",
            "command": ["cp", "/srv/app/conf", "/srv/copy"],
            "creates": "/srv/copy",
        }
    },
    {
        "nfvlab.fleet.incus_snapshot": {
            "project": "nfvt-a",
            "pool": "nfvt-pool",
            "volume": "nfvt-v",
            "name": "nfvt-s",
            "expires_at": "7d",
        }
    },
    {
        "nfvlab.fleet.incus_backup": {
            "project": "nfvt-a",
            "pool": "nfvt-pool",
            "volume": "nfvt-v",
            "path": "{{ playbook_dir }}/nfvt.tar.gz",
        }
    },
    {
        "nfvlab.fleet.incus_instance_metadata": {
            "project": "nfvt-a",
            "name": "nfvt-1",
            "templates": {"/etc/issue": {"when": ["copy"], "content": "x"}},
        }
    },
    {"nfvlab.fleet.incus_console_log": {"project": "nfvt-a", "name": "nfvt-1"}},
    {
        "nfvlab.fleet.incus_fleet": {
            "project": "nfvt-a",
            "name": "edge",
            "defaults": {"image": "nfvt-i", "profiles": ["nfvt-p"]},
            "instances": [{"name": "nfvt-[2:3]"}],
        }
    },
    {"nfvlab.fleet.incus_certificate": {"name": "nfvt-nobody", "state": "absent"}},
    {"nfvlab.fleet.incus_trust_token": {"name": "nfvt-nobody", "state": "absent"}},
    {"nfvlab.fleet.incus_remote": {"name": "nfvt-site", "addr": "unix:///x", "conf": "{{ conf }}"}},
    {
        "nfvlab.fleet.incus_info": {"project": "nfvt-a", "collection": "instances", "query": "[].name"},
        "register": "found",
    },
    {"ansible.builtin.assert": {"that": "found.result == ['nfvt-1', 'nfvt-2', 'nfvt-3']"}},
    {"nfvlab.fleet.incus_events": {"project": "nfvt-a", "wait_timeout": 0.1}},
]


def test_every_module_is_in_the_list_below() -> None:
    used = {name for task in EVERY_MODULE for name in task if name.startswith("nfvlab.")}
    modules = {path.stem for path in (ROOT / "plugins" / "modules").glob("*.py")}
    # Those of the guest API run in a guest (test_guest.py), those of clusters in one (test_cluster.py); the other
    # systems have tests of their own.
    elsewhere = ("incus_guest_", "incus_cluster")
    ours = {name for name in modules if name.startswith("incus_") and not name.startswith(elsewhere)}
    assert used == {f"nfvlab.fleet.{name}" for name in ours}


@pytest.mark.skipif(not PYTHON39, reason="there is no Python 3.9 on this host")
def test_every_module_runs_on_python_3_9(house: Client, image: str, tmp_path: Path) -> None:
    variables = {"ansible_python_interpreter": PYTHON39, "image": image, "conf": str(tmp_path / "client")}
    first = run(tmp_path, EVERY_MODULE, vars=variables)
    assert "changed=19" in first.stdout, first.stdout
    assert "changed=0" in run(tmp_path, EVERY_MODULE, vars=variables).stdout


def test_every_module_has_documentation_that_ansible_shows() -> None:
    modules = sorted(f"nfvlab.fleet.{path.stem}" for path in (ROOT / "plugins" / "modules").glob("*.py"))
    command = ["ansible-doc", "--json", "-t", "module", *modules]
    shown = subprocess.run(command, env=environment(), capture_output=True, text=True, check=True)
    documents = json.loads(shown.stdout)
    assert sorted(documents) == modules
    for document in documents.values():
        assert document["doc"]["options"] and document["examples"] and document["return"]


def test_groups_of_defaults_reach_every_module(prepared: None, tmp_path: Path) -> None:
    tasks = [
        {"nfvlab.fleet.incus_profile": {"name": "nfvt-p"}},
        {"nfvlab.fleet.incus_info": {"collection": "profiles"}},
    ]
    for group in ("incus", "all"):
        defaults = {f"group/nfvlab.fleet.{group}": {"socket": "/nonexistent/nfvt"}}
        for task in tasks:
            refused = run(tmp_path, [task], module_defaults=defaults, check=False)
            assert refused.returncode and "/nonexistent/nfvt" in refused.stdout


@pytest.mark.parametrize("verbosity", ["-v", "-vvv", "-vvvv"])
def test_secrets_show_at_no_verbosity(house: Client, tmp_path: Path, verbosity: str) -> None:
    config = {"user.pin": "s3cr3t-one", "user.api-token": "s3cr3t-two", "cloud-init.user-data": "s3cr3t-three"}
    profile = {"name": "nfvt-p", "config": config, "secret_keys": ["user.pin"]}
    device = {"type": "disk", "path": "/x", "source": "/tmp", "ceph.user_password": "s3cr3t-four"}
    wrong = {
        "no option 'ceph.user_password'": {**profile, "devices": {"d": device}},  # refused by us
        "Unknown configuration key": {**profile, "config": {**config, "limits.cpuu": "1"}},  # and by the daemon
    }
    refused = []
    for said, options in wrong.items():
        refused.append(run(tmp_path, [{"nfvlab.fleet.incus_profile": options}], verbosity, "--diff", check=False))
        assert refused[-1].returncode and said in refused[-1].stdout
    task = {"nfvlab.fleet.incus_profile": profile}
    done = run(tmp_path, [task], verbosity, "--diff")
    again = run(tmp_path, [task], verbosity, "--diff", "--check")
    for output in (*refused, done, again):
        assert "s3cr3t" not in output.stdout + output.stderr
    assert "********" in done.stdout
    assert house.get("/1.0/profiles/nfvt-p")["config"] == config


@pytest.mark.parametrize(
    ("query", "said"),
    [("[?", "'query' is not a JMESPath expression"), ("sum([].name)", "'query' cannot be applied to the objects")],
)
def test_a_wrong_query_is_one_sentence(prepared: None, tmp_path: Path, query: str, said: str) -> None:
    refused = run(tmp_path, [{"nfvlab.fleet.incus_info": {"collection": "profiles", "query": query}}], check=False)
    assert refused.returncode and said in refused.stdout and "Traceback" not in refused.stdout


def test_a_failure_tells_programs_what_people_are_told(prepared: None, tmp_path: Path) -> None:
    tasks = [
        {
            "nfvlab.fleet.incus_profile": {"name": "nfvt-p", "project": "nfvt-none", "description": "x"},
            "register": "failed",
            "ignore_errors": True,
        },
        {
            "ansible.builtin.assert": {
                "that": [
                    "failed is failed",
                    "failed.failure.kind == 'missing_reference'",
                    "failed.failure.object == \"profile 'nfvt-p' of project 'nfvt-none'\"",
                    "'create it first' in failed.msg or 'did you mean' in failed.msg",
                ]
            }
        },
    ]
    run(tmp_path, tasks)
