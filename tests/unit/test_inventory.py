# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Instances that are hosts of the inventory."""

from __future__ import annotations

import pytest
from ansible.errors import AnsibleActionFail, AnsibleUndefinedVariable
from ansible_collections.nfvlab.fleet.plugins.plugin_utils.inventory import definitions


class Broken(dict):
    """Variables of which one cannot be evaluated."""

    def __getitem__(self, key):
        raise AnsibleUndefinedVariable("'nowhere' is undefined")


def test_every_host_has_its_definition_or_its_error():
    hostvars = {
        "a": {"incus_instance": {"config": {"user.x": "1"}}},
        "b": {},
        "c": Broken(incus_instance={}),
        "d": {"incus_instance": None},
    }
    a, b, c, d = definitions(["a", "b", "c", "d"], hostvars)
    assert a == {"host": "a", "definition": {"config": {"user.x": "1"}}}
    assert b["host"] == "b" and "has no variable 'incus_instance'" in b["error"]
    assert c["host"] == "c" and "cannot be evaluated: 'nowhere' is undefined" in c["error"]
    assert d == {"host": "d", "definition": {}}


@pytest.mark.parametrize("hosts", ["a", [1], {"a": 1}, [["a"]]])
def test_only_a_list_of_names_will_do(hosts):
    with pytest.raises(AnsibleActionFail, match="'instances_from' is no list"):
        definitions(hosts, {"a": {}})


def test_a_host_that_is_not_in_the_inventory_is_an_error_of_the_task():
    with pytest.raises(AnsibleActionFail, match="names b, c, not in the inventory"):
        definitions(["a", "b", "c"], {"a": {}})
