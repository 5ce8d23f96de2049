# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the tests of the IOS modules share: simulated routers, and an action that runs as Ansible runs it."""

from __future__ import annotations

import importlib
import types
import typing as t

from tests.simulators.ios import Lab

PASSWORD = "nfvt-pass-1"
PORT = {"classic": "FastEthernet0/0", "xe": "GigabitEthernet1"}
SECOND = {"classic": "FastEthernet0/1", "xe": "GigabitEthernet2"}

STARTUP = """\
hostname {name}
enable secret 0 nfvt-enable
username admin privilege 15 secret 0 nfvt-pass-1
ip domain name lab.example
interface {port}
 ip address 172.16.0.{number} 255.255.0.0
 no shutdown
ip ssh version 2
line vty 0 4
 login local
 transport input ssh
end
"""


def router(name: str, dialect: str = "xe", number: int = 1, **rest: t.Any) -> dict[str, t.Any]:
    """A simulated router that can be reached over SSH, as C(admin)."""
    startup = STARTUP.format(name=name, port=PORT[dialect], number=number)
    settings = {"management": (PORT[dialect], "172.16.0.99"), "startup": startup}
    return {"name": name, "dialect": dialect, **settings, **rest}


def variables(lab: Lab, name: str, **rest: t.Any) -> dict[str, t.Any]:
    """The inventory variables of such a router."""
    return {
        "ansible_connection": "local",
        "ansible_host": "127.0.0.1",
        "ansible_port": lab.port(name),
        "ansible_user": "admin",
        "ansible_password": PASSWORD,
        "ansible_host_key_checking": False,
        **rest,
    }


def act(
    module: str,
    host: str,
    hosts: t.Mapping[str, t.Mapping[str, t.Any]],
    options: t.Mapping[str, t.Any],
    *,
    check: bool = False,
) -> dict[str, t.Any]:
    """Run a module's action in this process, as Ansible does for a task of a host."""
    plugin = importlib.import_module(f"ansible_collections.nfvlab.fleet.plugins.action.{module}").ActionModule
    task = types.SimpleNamespace(
        args=dict(options), check_mode=check, async_val=0, action=f"nfvlab.fleet.{module}", vars={}
    )
    shell = types.SimpleNamespace(tmpdir="/tmp")
    action = plugin(
        task=task,
        connection=types.SimpleNamespace(_shell=shell, transport="local"),
        play_context=types.SimpleNamespace(remote_user=None, password=None, become_pass=None),
        loader=None,
        templar=types.SimpleNamespace(template=lambda value: value),
        shared_loader_obj=None,
    )
    facts = {"inventory_hostname": host, "hostvars": hosts, "ansible_play_hosts_all": list(hosts), **hosts[host]}
    result: dict[str, t.Any] = action.run(task_vars=facts)
    return result
