# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Declarations become requests.

incus_profile, incus_project, incus_network, incus_storage_pool, incus_storage_volume, incus_server.
"""

from __future__ import annotations

import pytest
from ansible_collections.nfvlab.fleet.plugins.module_utils._core import errors
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.fields import Text
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.client import NoDaemon
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.profile import Profile
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.record import Record
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.volume import Volume
from ansible_collections.nfvlab.fleet.plugins.modules.incus_network import NETWORK
from ansible_collections.nfvlab.fleet.plugins.modules.incus_project import PROJECT
from ansible_collections.nfvlab.fleet.plugins.modules.incus_server import SERVER
from ansible_collections.nfvlab.fleet.plugins.modules.incus_storage_pool import STORAGE_POOL

from .helpers import sends, task


def test_creating_posts_to_the_collection_in_its_project():
    plan = Profile().plan(None, task(Profile(), {"name": "p", "project": "a", "config": {"limits.cpu": 1}}))
    assert sends(plan) == [("POST", "/1.0/profiles?project=a", {"name": "p", "config": {"limits.cpu": "1"}})]
    assert plan.steps[0].describe()["keys"] == ["name", "config.limits.cpu"]


def test_updating_puts_the_whole_object_and_keeps_what_it_does_not_know():
    have = {"name": "p", "description": "d", "config": {}, "devices": {}, "new_attribute": 1, "used_by": []}
    plan = Profile().plan(have, task(Profile(), {"name": "p", "config": {"a": "b"}}))
    assert sends(plan) == [("PUT", "/1.0/profiles/p?project=default", {**have, "config": {"a": "b"}})]
    assert plan.changed == ["config.a"]


def test_names_cannot_reach_outside_their_place():
    assert Profile().path({"name": "../projects/x"}) == "/1.0/profiles/..%2Fprojects%2Fx"


def test_volumes_live_in_a_pool():
    plan = Volume().plan(None, task(Volume(), {"name": "v", "pool": "p q", "project": "a"}))
    assert plan.label == "storage volume 'v' of pool 'p q' of project 'a'"
    assert sends(plan) == [
        ("POST", "/1.0/storage-pools/p%20q/volumes/custom?project=a", {"name": "v", "content_type": "filesystem"})
    ]


def test_a_new_network_is_a_bridge_and_an_existing_one_keeps_its_type():
    assert sends(NETWORK.plan(None, task(NETWORK, {"name": "n"})))[0][2] == {"name": "n", "type": "bridge"}
    assert NETWORK.plan({"type": "macvlan", "config": {}}, task(NETWORK, {"name": "n"})).steps == []
    with pytest.raises(errors.Immutable):
        NETWORK.plan({"type": "macvlan", "config": {}}, task(NETWORK, {"name": "n", "type": "bridge"}))


def test_a_new_pool_needs_a_driver():
    with pytest.raises(errors.InvalidOption, match="a new one needs 'driver'"):
        STORAGE_POOL.plan(None, task(STORAGE_POOL, {"name": "p"}))


def test_replacing_a_pools_configuration_keeps_its_source():
    have = {"driver": "dir", "config": {"source": "/x", "volatile.initial_source": "/x", "rsync.bwlimit": "1"}}
    plan = STORAGE_POOL.plan(have, task(STORAGE_POOL, {"name": "p", "config": {}, "config_mode": "replace"}))
    assert plan.changed == ["config.rsync.bwlimit"] and plan.before == {"config": {"rsync.bwlimit": "1"}}


def test_the_server_is_patched_with_the_changed_keys_only():
    have = {"config": {"core.trust_password": True, "a": "1", "b": "2"}}
    plan = SERVER.plan(have, task(SERVER, {"config": {"a": None, "b": 3}}))
    assert sends(plan) == [("PATCH", "/1.0", {"config": {"a": "", "b": "3"}})]
    assert SERVER.spec().keys() == {"config", "config_mode", "secret_keys"}


def test_a_value_that_the_daemon_hides_counts_as_set():
    have = {"config": {"core.trust_password": True}}
    assert SERVER.plan(have, task(SERVER, {"config": {"core.trust_password": "x"}})).steps == []
    assert SERVER.plan(have, task(SERVER, {"config": {"core.trust_password": None}})).changed == [
        "config.core.trust_password"
    ]


@pytest.mark.parametrize("given", [{"name": ""}, {"name": "p", "project": ""}])
def test_an_empty_name_is_never_another_place(given):
    with pytest.raises(errors.InvalidOption, match="is empty"):
        Profile().prepare(Daemon(), task(Profile(), {"state": "absent", **given}))


@pytest.mark.parametrize(
    ("record", "filled"),
    [
        (NETWORK, {"ipv4.address": "10.0.0.1/24", "ipv4.nat": "true"}),
        (PROJECT, {"features.images": "true"}),
        (STORAGE_POOL, {"source": "/x", "size": "5GiB", "lvm.vg_name": "x"}),
        (Volume(), {"block.filesystem": "ext4"}),
    ],
)
def test_replacing_keeps_what_the_daemon_fills_in_so_that_a_new_object_needs_one_request(record, filled):
    given = {"name": "n", "pool": "p", "config": {}, "config_mode": "replace"}
    assert record.plan({"config": filled}, task(record, given)).steps == []


def test_deleting_what_is_not_there_is_nothing():
    assert PROJECT.plan(None, task(PROJECT, {"name": "x", "state": "absent"})).steps == []


def test_the_default_profile_is_emptied_instead_of_deleted():
    given = {"name": "default", "state": "absent"}
    have = {"name": "default", "description": "", "config": {"a": "b"}, "devices": {}}
    plan = Profile().plan(have, task(Profile(), given))
    assert sends(plan) == [("PUT", "/1.0/profiles/default?project=default", {**have, "config": {}})]
    assert plan.steps[0].keys == ["config.a"] and plan.then["config"] == {}
    assert Profile().plan(None, task(Profile(), given)).steps == []
    assert Profile().plan({**have, "config": {}}, task(Profile(), given)).steps == []


class Daemon(NoDaemon):
    """A daemon that has names and nothing else."""

    def __init__(self, **names):
        super().__init__()
        self.present = names

    def names(self, collection, query=None):
        return self.present.get(collection.rsplit("/", 1)[-1], [])


def with_nic(**rest):
    given = {"name": "p", "project": "lab", "devices": {"eth0": {"type": "nic", "network": "labbr1"}}}
    return task(Profile(), given, **rest)


def test_a_daemon_without_the_extension_is_told_before_anything_is_sent():
    class Old(Daemon):
        def has(self, extension):
            return False

    bucket = Record("storage_bucket", "storage-buckets", fields=(Text("description"),), extension="storage_buckets")
    wanted = task(bucket, {"name": "b"})
    with pytest.raises(errors.Unsupported, match="cannot do storage buckets: it lacks .* 'storage_buckets'"):
        bucket.check(Old(), bucket.plan(None, wanted), wanted)


def test_a_missing_reference_is_an_error_with_the_near_name():
    wanted = with_nic()
    with pytest.raises(errors.MissingReference, match="network 'labbr1' does not exist .*; did you mean 'labbr0'?"):
        Profile().check(Daemon(projects=["lab"], networks=["labbr0"]), Profile().plan(None, wanted), wanted)


def test_who_may_not_list_something_may_use_it():
    class Restricted(Daemon):
        def names(self, collection, query=None):
            if collection == "/1.0/storage-pools":
                raise errors.Forbidden("Certificate is restricted")
            return super().names(collection, query)

    root = {"type": "disk", "path": "/", "pool": "lab"}
    wanted = task(Profile(), {"name": "p", "devices": {"root": root}})
    Profile().check(Restricted(projects=["default"]), Profile().plan(None, wanted), wanted)


def test_in_check_mode_a_missing_reference_is_a_warning():
    said = []
    wanted = with_nic(check_mode=True, warn=said.append)
    Profile().check(Daemon(networks=["labbr0"]), Profile().plan(None, wanted), wanted)
    assert [text for text in said if "project 'lab' does not exist" in text]
    assert [text for text in said if "network 'labbr1' does not exist" in text]


def test_in_check_mode_a_probable_slip_in_a_key_is_a_warning():
    said = []
    wanted = task(
        NETWORK, {"name": "n", "config": {"ipv4.adress": "x", "user.adress": "y"}}, check_mode=True, warn=said.append
    )
    NETWORK.check(Daemon(projects=["default"]), NETWORK.plan(None, wanted), wanted)
    assert said == [
        "check mode: network 'n' of project 'default': "
        "the daemon may refuse 'config.ipv4.adress'; did you mean 'ipv4.address'?"
    ]


def test_a_refused_key_gets_the_near_one_that_the_daemon_has():
    wanted = task(NETWORK, {"name": "n", "config": {"ipv4.adress": "x"}})
    refused = errors.Refused("no", text='Invalid option for network "n" option "ipv4.adress"')
    explained = NETWORK.explain(Daemon(), refused, NETWORK.plan(None, wanted), wanted)
    assert isinstance(explained, errors.UnknownKey) and explained.next_step == "did you mean 'ipv4.address'?"


def test_what_is_in_use_says_who_uses_it():
    wanted = task(PROJECT, {"name": "x", "state": "absent"})
    have = {"config": {}, "used_by": ["/1.0/profiles/default?project=x", "/1.0/instances/i?project=x"]}
    explained = PROJECT.explain(Daemon(), errors.InUse("no"), PROJECT.plan(have, wanted), wanted)
    assert explained.next_step == "it is used by /1.0/instances/i?project=x; remove those first"


def test_what_a_refused_change_made_the_daemon_forget_is_put_back():
    class Daemon:
        def __init__(self):
            self.sent = []

        def get(self, path, query):
            return {"config": {"user.a": "1"}}

        def perform(self, step):
            self.sent.append((step.method, step.path, step.body))

    wanted = task(SERVER, {"config": {"user.b": "2"}})
    have = {"config": {"core.https_address": ":8443", "user.a": "1", "core.trust_password": True}}
    plan = SERVER.plan(have, wanted)
    for error, sent in (
        (errors.Refused("no"), [("PATCH", "/1.0", {"config": {"core.https_address": ":8443"}})]),
        (errors.Unreachable("gone"), []),
    ):
        daemon = Daemon()
        assert SERVER.explain(daemon, error, plan, wanted).what == error.what
        assert daemon.sent == sent
