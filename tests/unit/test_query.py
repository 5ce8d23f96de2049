# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""incus_info: JMESPath on the controller."""

from __future__ import annotations

import pytest
from ansible.errors import AnsibleActionFail
from ansible_collections.nfvlab.fleet.plugins.plugin_utils.query import QueryAction, plain


class Tagged(str):
    """Text as Ansible tags it."""


def test_values_lose_their_tags_at_every_depth():
    value = plain({Tagged("a"): [Tagged("b"), 1, True, None]})
    assert value == {"a": ["b", 1, True, None]}
    assert not isinstance(value["a"][0], Tagged) and value["a"][2] is True


def test_a_wrong_expression_is_said_before_anything_is_read():
    with pytest.raises(AnsibleActionFail, match="'query' is not a JMESPath expression"):
        QueryAction._compile("[?")
    with pytest.raises(AnsibleActionFail, match="'query' is not a JMESPath expression"):
        QueryAction._compile("")
    assert QueryAction._compile("[].name").search([{"name": "x"}]) == ["x"]
