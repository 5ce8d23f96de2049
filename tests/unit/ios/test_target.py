# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The device to reach, from the variables of an inventory."""

from __future__ import annotations

import pytest
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.errors import InvalidOption
from ansible_collections.nfvlab.fleet.plugins.plugin_utils.ios.target import Target

HOST = {"inventory_hostname": "r1", "ansible_host": "192.0.2.1"}


def test_an_inventory_for_network_cli_works_unchanged(monkeypatch):
    monkeypatch.delenv("ANSIBLE_HOST_KEY_CHECKING", raising=False)
    made = Target.from_vars(
        {
            **HOST,
            "ansible_connection": "ansible.netcommon.network_cli",
            "ansible_network_os": "cisco.ios.ios",
            "ansible_port": "2222",
            "ansible_user": "admin",
            "ansible_password": "secret1",
            "ansible_become": "yes",
            "ansible_become_method": "enable",
            "ansible_become_password": "secret2",
            "ansible_command_timeout": 60,
            "ansible_private_key_file": "/keys/id",
        }
    )
    assert (made.host, made.port, made.user, made.password) == ("192.0.2.1", 2222, "admin", "secret1")
    assert (made.become, made.become_password, made.timeout) == (True, "secret2", 60.0)
    assert (made.private_key_file, made.host_key_checking, made.legacy_algorithms) == ("/keys/id", True, "none")
    assert "secret" not in repr(made)


def test_aliases_and_defaults():
    made = Target.from_vars(
        {"inventory_hostname": "r1", "ansible_ssh_user": "a", "ansible_ssh_pass": "b", "ansible_user": ""}
    )
    assert (made.host, made.port, made.user, made.password, made.endpoint) == ("r1", 22, "a", "b", "ssh://r1:22")


@pytest.mark.parametrize(
    ("variables", "jump", "command"),
    [
        ({"ansible_ssh_common_args": "-J hop@bastion:2022"}, "hop@bastion:2022", None),
        ({"ansible_ssh_common_args": "-o ProxyJump=bastion"}, "bastion", None),
        ({"ansible_ssh_common_args": "-oProxyJump=bastion"}, "bastion", None),
        ({"ansible_ssh_common_args": '-o ProxyCommand="ssh -W %h:%p hop"'}, None, "ssh -W 192.0.2.1:22 hop"),
        ({"ansible_libssh_proxy_command": "nc %h %p"}, None, "nc 192.0.2.1 22"),
        ({"ios_jump": "a@b", "ansible_ssh_common_args": "-J c"}, "a@b", None),
        ({"ansible_ssh_common_args": "-o ControlMaster=auto"}, None, None),
    ],
)
def test_the_way_through_another_host(variables, jump, command):
    made = Target.from_vars({**HOST, **variables})
    assert (made.jump, made.proxy_command) == (jump, command)


@pytest.mark.parametrize("value", ["false", "no", False, "0", "Off"])
def test_host_keys_unchecked_only_where_somebody_says_so(value, monkeypatch):
    assert Target.from_vars({**HOST, "ansible_host_key_checking": value}).host_key_checking is False
    monkeypatch.setenv("ANSIBLE_HOST_KEY_CHECKING", str(value))
    assert Target.from_vars(HOST).host_key_checking is False
    assert Target.from_vars({**HOST, "ansible_host_key_checking": True}).host_key_checking is True


def test_a_console_has_telnets_port():
    assert Target.from_vars({**HOST, "ios_transport": "console"}).port == 23


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"ios_transport": "consle"}, "did you mean 'console'"),
        ({"ios_legacy_algorithms": "sha"}, "did you mean 'sha1'"),
        ({"ansible_port": "ssh"}, "ansible_port is 'ssh'"),
    ],
)
def test_a_wrong_value_is_named(variables, said):
    with pytest.raises(InvalidOption, match=said):
        Target.from_vars({**HOST, **variables})


def test_no_address():
    with pytest.raises(InvalidOption, match="ansible_host"):
        Target.from_vars({})
