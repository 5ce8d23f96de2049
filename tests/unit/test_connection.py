# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The connection plugin without an instance: users, options, and what Ansible is told."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from ansible import constants
from ansible.errors import AnsibleConnectionFailure, AnsibleError
from ansible.playbook.play_context import PlayContext
from ansible_collections.nfvlab.fleet.plugins.connection import incus
from ansible_collections.nfvlab.fleet.plugins.module_utils._core import errors
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.options import CONNECTION
from ansible_collections.nfvlab.fleet.plugins.plugin_utils.connection import User, parse_user

PASSWD = """\
root:x:0:0:root:/root:/bin/sh
# a comment
+::::::
bob:x:1000:1001:Bob,,,:/home/bob:/bin/bash
1000x:x:7:7::/:/bin/sh
short:x:8
homeless:x:9:9:::/bin/sh
"""
GROUP = """\
root:x:0:
bob:x:1001:bob
adm:x:4:syslog,bob
sudo:x:27:bob
bobby:x:28:bobby
broken:x:nan:bob
"""


@pytest.mark.parametrize("name", ["bob", "1000"])
def test_a_user_by_name_or_number_with_all_groups(name):
    assert parse_user(name, PASSWD, GROUP) == User("bob", 1000, 1001, "/home/bob", (1001, 4, 27))


def test_a_user_without_further_groups_and_home():
    assert parse_user("homeless", PASSWD, GROUP) == User("homeless", 9, 9, "/", ())


@pytest.mark.parametrize("name", ["alice", "", "short", "x", "100", "+"])
def test_nobody_of_that_name(name):
    assert parse_user(name, PASSWD, GROUP) is None


def test_options_of_the_daemon_are_those_of_the_modules():
    options = yaml.safe_load(incus.DOCUMENTATION)["options"]
    for name in incus.DAEMON:
        assert options[name]["type"] == CONNECTION[name]["type"]
        fallback = CONNECTION[name].get("fallback")
        assert [row["name"] for row in options[name].get("env", [])] == (fallback[1] if fallback else [])
        assert {"name": f"ansible_incus_{name}"} in options[name]["vars"]


def test_every_option_is_read():
    source = Path(incus.__file__).read_text()
    documented = set(yaml.safe_load(incus.DOCUMENTATION)["options"])
    assert {name for name in documented if f'get_option("{name}")' not in source} == {*incus.DAEMON, "project"}


@pytest.fixture
def reach(tmp_path, monkeypatch):
    """What a connection with variables of the inventory reaches, where there is a remote 'site'."""
    options = yaml.safe_load(incus.DOCUMENTATION)["options"]
    constants.config.initialize_plugin_configuration_definitions("connection", incus.Connection.transport, options)
    remotes = {"site": {"addr": "unix:///site", "project": "edge"}, "bare": {"addr": "unix:///bare"}}
    (tmp_path / "config.yml").write_text(yaml.safe_dump({"remotes": remotes}))
    for variable in ("INCUS_CONF", "LXD_CONF", "INCUS_GLOBAL_CONF", "LXD_GLOBAL_CONF"):
        monkeypatch.setenv(variable, str(tmp_path if variable == "INCUS_CONF" else tmp_path / "none"))

    def reached(**variables):
        connection = incus.Connection(PlayContext())
        connection._load_name = connection.transport
        named = {f"ansible_incus_{name}": value for name, value in variables.items()}
        connection.set_options(var_options={"inventory_hostname": "edge-01", **named})
        guest = connection._reach()
        return str(guest._client.transport.endpoint), guest.label

    return reached


@pytest.mark.parametrize(
    ("environ", "variables", "endpoint", "project"),
    [
        ({}, {"remote": "site"}, "unix:/site", "edge"),
        ({}, {"remote": "site", "project": "default"}, "unix:/site", "default"),
        ({"INCUS_PROJECT": "lab"}, {"remote": "site"}, "unix:/site", "lab"),
        ({"INCUS_REMOTE": "site"}, {}, "unix:/site", "edge"),
        ({"INCUS_REMOTE": "site"}, {"remote": "bare"}, "unix:/bare", "default"),
        ({"INCUS_REMOTE": "site"}, {"socket": "/own"}, "unix:/own", "default"),
        ({"INCUS_URL": "unix:/url"}, {"remote": "site"}, "unix:/site", "edge"),
        ({"INCUS_URL": "unix:/url"}, {}, "unix:/url", "default"),
    ],
)
def test_a_remote_stands_for_the_daemon_and_its_project(reach, monkeypatch, environ, variables, endpoint, project):
    for variable, value in environ.items():
        monkeypatch.setenv(variable, value)
    assert reach(**variables) == (endpoint, f"instance 'edge-01' of project '{project}'")


def test_two_ways_to_a_daemon_are_one_too_many(reach):
    with pytest.raises(errors.InvalidOption, match="leave one of the two out"):
        reach(remote="site", socket="/own")


@pytest.mark.parametrize(
    ("error", "files", "told"),
    [
        (errors.Unreachable("gone"), False, AnsibleConnectionFailure),
        (errors.Unreachable("gone"), True, AnsibleConnectionFailure),
        (errors.Interrupted("cut"), True, AnsibleConnectionFailure),
        (errors.Refused("read-only file system"), True, AnsibleError),
        (errors.NotFound("no such file"), True, AnsibleError),
        (errors.MissingReference("no such user"), True, AnsibleConnectionFailure),
        (errors.OperationFailed("no agent"), False, AnsibleConnectionFailure),
        (errors.InvalidOption("bad url"), False, AnsibleError),
    ],
)
def test_what_ansible_is_told(error, files, told):
    with pytest.raises(told, match=error.what) as caught, incus._told(files):
        raise error
    assert isinstance(caught.value, AnsibleConnectionFailure) == (told is AnsibleConnectionFailure)
