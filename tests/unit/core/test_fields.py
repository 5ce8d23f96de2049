# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Fields: given, null and absent; merge and replace; auto; what a diff may show."""

from __future__ import annotations

import pytest
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.errors import Immutable, InvalidOption
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.fields import (
    Choice,
    Devices,
    Flag,
    KeyValues,
    Text,
    Texts,
    scalar,
)
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.secrets import CHANGED, MASK, Secrets

NONE = Secrets()
MERGE = {"config_mode": "merge", "devices_mode": "merge"}
REPLACE = {"config_mode": "replace", "devices_mode": "replace"}


@pytest.mark.parametrize(
    ("value", "text"),
    [(True, "true"), (False, "false"), (2, "2"), (1.5, "1.5"), ("x", "x"), (None, ""), ("", "")],
)
def test_scalars_are_spelled_as_daemons_store_them(value, text):
    assert scalar("config.k", value) == text


@pytest.mark.parametrize("value", [[1], {"a": 1}])
def test_a_list_or_dictionary_is_no_scalar_and_the_key_is_named(value):
    with pytest.raises(InvalidOption, match=r"'config\.k' must be a text"):
        scalar("config.k", value)


@pytest.mark.parametrize(
    ("field", "empty"), [(Text("f"), ""), (Flag("f"), False), (Texts("f"), []), (KeyValues("f"), {})]
)
def test_null_empties_a_field_and_equals_an_attribute_that_is_not_there(field, empty):
    assert field.merge(field.read({}), None, MERGE) == empty
    assert field.differs(field.read({"f": None}), field.merge(field.read({}), None, MERGE)) == []


def test_merge_touches_only_the_given_keys_and_null_removes_one():
    config = KeyValues("config")
    now = {"a": "1", "b": "2", "user.foreign": "x"}
    then = config.merge(now, {"a": 5, "b": None, "c": True, "gone": None}, MERGE)
    assert then == {"a": "5", "user.foreign": "x", "c": "true"}
    assert config.differs(now, then) == ["config.a", "config.b", "config.c"]


def test_replace_removes_all_others_but_those_of_the_system():
    config = KeyValues("config", protected=("volatile.", "image."))
    now = {"a": "1", "volatile.uuid": "u", "image.os": "x", "user.foreign": "x"}
    assert config.merge(now, {"b": 1}, REPLACE) == {"volatile.uuid": "u", "image.os": "x", "b": "1"}


def test_replace_without_protected_keys_removes_everything_else():
    assert KeyValues("config").merge({"a": "1"}, {}, REPLACE) == {}


def test_a_diff_shows_only_what_is_owned():
    config = KeyValues("config", protected=("volatile.",))
    now = {"a": "1", "b": "2", "volatile.x": "v"}
    want = {"a": 2, "z": None}
    assert config.owned(now, config.merge(now, want, MERGE), want, MERGE, NONE) == ({"a": "1"}, {"a": "2"})
    assert config.owned(now, config.merge(now, want, REPLACE), want, REPLACE, NONE) == (
        {"a": "1", "b": "2"},
        {"a": "2"},
    )


@pytest.mark.parametrize(("stored", "satisfied"), [("10.0.0.1/24", True), ("none", False), (None, False)])
def test_auto_is_a_command_that_any_value_but_none_satisfies(stored, satisfied):
    config = KeyValues("config", auto=("ipv4.address",))
    now = {"ipv4.address": stored} if stored else {}
    want = {"ipv4.address": "auto"}
    then = config.merge(now, want, MERGE)
    assert (config.differs(now, then) == []) is satisfied
    assert then["ipv4.address"] == (stored if satisfied else "auto")
    before, after = config.owned(now, then, want, MERGE, NONE)
    assert after == {"ipv4.address": "auto"}
    assert (before == after) is satisfied


def test_auto_means_nothing_for_other_keys():
    config = KeyValues("config", auto=("ipv4.address",))
    assert config.differs({"mode": "x"}, config.merge({"mode": "x"}, {"mode": "auto"}, MERGE)) == ["config.mode"]


def test_a_source_that_the_system_rewrote_is_recognised_by_what_was_asked_for():
    config = KeyValues("config", origin={"source": "volatile.initial_source"}, fixed=("source",))
    now = {"source": "vg0", "volatile.initial_source": "/dev/sdb"}
    assert config.merge(now, {"source": "/dev/sdb"}, MERGE) == now
    changed = config.differs(now, config.merge(now, {"source": "/dev/sdc"}, MERGE))
    with pytest.raises(Immutable, match="key 'source' of 'config' is 'vg0' and cannot be changed"):
        config.check_mutable(now, changed, "storage pool 'p'")


def test_a_device_is_replaced_as_a_whole_and_null_removes_it():
    devices = Devices("devices")
    now = {"eth0": {"type": "nic", "network": "a", "mtu": "9000"}, "root": {"type": "disk"}, "x": {"type": "unix-char"}}
    then = devices.merge(now, {"eth0": {"type": "nic", "network": "b", "hwaddr": None}, "x": None}, MERGE)
    assert then == {"eth0": {"type": "nic", "network": "b"}, "root": {"type": "disk"}}
    assert devices.differs(now, then) == ["devices.eth0", "devices.x"]


def test_a_device_must_be_a_dictionary():
    with pytest.raises(InvalidOption, match="device 'eth0' in 'devices' must be a dictionary"):
        Devices("devices").merge({}, {"eth0": "br0"}, MERGE)


def test_secrets_are_masked_by_their_key_and_a_change_still_shows():
    config = KeyValues("config")
    secrets = Secrets(["user.pin"])
    now = {"user.pin": "1", "limits.cpu": "1", "bgp.password": "x"}
    want = {"user.pin": "2", "limits.cpu": "1", "bgp.password": "x"}
    before, after = config.owned(now, config.merge(now, want, MERGE), want, MERGE, secrets)
    assert before == {"user.pin": MASK, "limits.cpu": "1", "bgp.password": MASK}
    assert after == {"user.pin": CHANGED, "limits.cpu": "1", "bgp.password": MASK}


def test_secrets_inside_devices_are_masked_too():
    devices = Devices("devices")
    now = {"d": {"type": "disk", "ceph.secret": "a"}}
    want = {"d": {"type": "disk", "ceph.secret": "b"}}
    before, after = devices.owned(now, devices.merge(now, want, MERGE), want, MERGE, NONE)
    assert before == {"d": {"type": "disk", "ceph.secret": MASK}}
    assert after == {"d": {"type": "disk", "ceph.secret": CHANGED}}


def test_an_immutable_field_is_named():
    field = Choice("type", ["bridge", "macvlan"], immutable=True)
    field.check_mutable("bridge", [], "network 'n'")
    with pytest.raises(Immutable, match=r"network 'n': field 'type' is 'bridge' and cannot be changed"):
        field.check_mutable("bridge", ["type"], "network 'n'")
