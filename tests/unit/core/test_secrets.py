# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Secrets are known by their position, and their text stays out of foreign messages."""

from __future__ import annotations

import pytest
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.secrets import MASK, Secrets, mask_pair, scrub


@pytest.mark.parametrize(
    "key", ["core.trust_password", "openfga.api.token", "loki.auth.password", "client_secret", "privateKey"]
)
def test_telling_names_hold_secrets(key):
    assert Secrets().holds(key)


@pytest.mark.parametrize("key", ["limits.cpu", "security.nesting", "boot.autostart", "user.site"])
def test_other_names_do_not(key):
    assert not Secrets().holds(key)


def test_named_patterns_hold_secrets():
    secrets = Secrets(["user.pin*"])
    assert secrets.holds("user.pin2")
    assert not secrets.holds("user.site")
    assert (secrets + ["user.site"]).holds("user.site")


def test_masking_reaches_every_depth_and_leaves_the_original():
    value = {"config": {"a.password": "1", "limits.cpu": "1"}, "list": [{"token": 7}], "trust_password": True}
    masked = Secrets().mask(value)
    assert masked == {
        "config": {"a.password": MASK, "limits.cpu": "1"},
        "list": [{"token": MASK}],
        "trust_password": True,
    }
    assert value["config"]["a.password"] == "1"


def test_values_collects_the_secret_texts():
    assert Secrets(["pin"]).values({"config": {"pin": 12, "x": "y"}, "l": [{"password": "z"}], "token": ""}) == {
        "12",
        "z",
    }


def test_a_number_is_masked_a_list_too_and_a_whole_dictionary():
    assert Secrets().mask({"token": 1, "secret": ["a"], "credentials": {"user": "u"}, "password": 0}) == {
        "token": MASK,
        "secret": MASK,
        "credentials": MASK,
        "password": 0,
    }


def test_values_know_how_messages_quote():
    found = Secrets().values({"password": 'a"b', "token": "#cloud-config\nhunter2-line"})
    assert {'a\\"b', "hunter2-line"} <= found


def test_a_pair_shows_that_a_secret_changes_but_not_to_what():
    assert mask_pair("a", "a") == (MASK, MASK)
    assert mask_pair("a", "b")[0] == MASK and mask_pair("a", "b")[1] not in (MASK, "b")
    assert mask_pair(None, "b") == (None, MASK)
    assert mask_pair("a", None) == (MASK, None)


def test_scrub_takes_whole_words_only():
    assert scrub('Invalid value "1" for limit 10: 1', {"1"}) == f'Invalid value "{MASK}" for limit 10: {MASK}'
    assert scrub("nothing here", {"secret"}) == "nothing here"
