# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Instances that are hosts of the inventory: their definitions, out of their variables."""

from __future__ import annotations

import typing as t

from ansible.errors import AnsibleActionFail, AnsibleError

HOST_VARIABLE = "incus_instance"


def definitions(hosts: t.Any, hostvars: t.Mapping[str, t.Mapping[str, t.Any]]) -> list[dict[str, t.Any]]:
    """What the module gets for each host: its name, and its definition or the reason why it has none.

    A definition that cannot be had is that host's own error and stops no other.

    :raises AnsibleActionFail: it is no list of hosts of this inventory
    """
    if not isinstance(hosts, list) or not all(isinstance(host, str) for host in hosts):
        raise AnsibleActionFail(
            "'instances_from' is no list of names of hosts; write '{{ ansible_play_hosts_all }}' or '{{ groups.NAME }}'"
        )
    unknown = [host for host in hosts if host not in hostvars]
    if unknown:
        raise AnsibleActionFail(f"'instances_from' names {', '.join(unknown)}, not in the inventory")
    return [{"host": host, **_definition(hostvars[host])} for host in hosts]


def _definition(variables: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    if HOST_VARIABLE not in variables:
        return {"error": f"the host has no variable '{HOST_VARIABLE}'; an empty one stands for the defaults alone"}
    try:
        found = variables[HOST_VARIABLE]
    except AnsibleError as error:
        return {"error": f"its variable '{HOST_VARIABLE}' cannot be evaluated: {error}"}
    return {"definition": {} if found is None else found}
