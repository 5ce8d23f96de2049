# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The device to reach, from the variables of an inventory."""

from __future__ import annotations

import pytest
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.errors import InvalidOption
from ansible_collections.nfvlab.fleet.plugins.plugin_utils.ios.target import (
    PROXY_COMMANDS,
    SSH_ARGUMENTS,
    VARIABLES,
    Target,
)

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
        ({"ansible_ssh_args": "-J hop@bastion", "ansible_ssh_common_args": "-o Compression=yes"}, "hop@bastion", None),
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


# The variables of network_cli, libssh and the become method enable (ansible.netcommon 8.7.1), as their documentation
# lists them, with the reason why one is not read.
NETWORK_CLI = {
    **dict.fromkeys(("inventory_hostname", "ansible_host", "ansible_ssh_host", "ansible_libssh_host", "ansible_port")),
    **dict.fromkeys(("ansible_user", "ansible_ssh_user", "ansible_libssh_user")),
    **dict.fromkeys(("ansible_password", "ansible_ssh_pass", "ansible_ssh_password")),
    **dict.fromkeys(("ansible_libssh_pass", "ansible_libssh_password", "ansible_private_key_file")),
    **dict.fromkeys(("ansible_become", "ansible_become_password", "ansible_become_pass", "ansible_enable_pass")),
    **dict.fromkeys(("ansible_host_key_checking", "ansible_ssh_host_key_checking", "ansible_libssh_host_key_checking")),
    **dict.fromkeys(("ansible_connect_timeout", "ansible_command_timeout")),
    **dict.fromkeys(("ansible_libssh_proxy_command", "ansible_paramiko_proxy_command")),
    **dict.fromkeys(("ansible_ssh_args", "ansible_ssh_common_args", "ansible_ssh_extra_args")),
    "ansible_network_os": "these modules are for one system",
    "ansible_become_method": "IOS has one, enable",
    "ansible_network_become_errors": "without the privilege that a change needs there is nothing to go on with",
    "ansible_network_terminal_errors": "none is passed over",
    "ansible_network_cli_retries": "a wrong login is not repeated",
    "ansible_network_cli_ssh_type": "there is one SSH client",
    "ansible_network_single_user_mode": "the configuration is read once anyway",
    "ansible_buffer_read_timeout": "a prompt is known by what was sent, and not by silence",
    **dict.fromkeys(
        ("ansible_terminal_stdout_re", "ansible_terminal_stderr_re"), "prompts and errors are those of the grammar"
    ),
    **dict.fromkeys(
        (
            "ansible_terminal_initial_prompt",
            "ansible_terminal_initial_answer",
            "ansible_terminal_initial_prompt_checkall",
            "ansible_terminal_initial_prompt_newline",
        ),
        "the questions of a login are known",
    ),
    "ansible_libssh_password_prompt": "the questions of a login are known",
    **dict.fromkeys(
        ("ansible_private_key_password", "ansible_private_key_passphrase"), "a key with a passphrase is for an agent"
    ),
    **dict.fromkeys(
        ("ansible_libssh_publickey_algorithms", "ansible_libssh_key_exchange_algorithms", "ansible_libssh_hostkeys"),
        "ios_legacy_algorithms says what old devices need",
    ),
    "ansible_libssh_config_file": "no configuration of a user's SSH is read, so that every controller does the same",
}


def test_every_variable_of_network_cli_is_read_or_there_is_a_reason():
    read = {*(name for names in VARIABLES.values() for name in names), *PROXY_COMMANDS, *SSH_ARGUMENTS}
    assert {name for name, reason in NETWORK_CLI.items() if reason is None} == read & NETWORK_CLI.keys()


@pytest.mark.parametrize(
    "name",
    [name for names in VARIABLES.values() for name in names if name in NETWORK_CLI and name.startswith("ansible")],
)
def test_each_variable_of_network_cli_arrives(name):
    field = next(field for field, names in VARIABLES.items() if name in names)
    value = {"port": "2222", "become": "yes", "host_key_checking": "no"}.get(field, "17")
    wanted = {"port": 2222, "become": True, "host_key_checking": False, "timeout": 17.0, "connect_timeout": 17.0}
    assert getattr(Target.from_vars({"inventory_hostname": "r1", name: value}), field) == wanted.get(field, "17")
