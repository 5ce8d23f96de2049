# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Buckets and their keys (incus_storage_bucket, incus_storage_bucket_key)."""

from __future__ import annotations

import pytest
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.errors import InvalidOption, MissingReference
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.resource import Outcome
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.secrets import CHANGED, MASK
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.bucket_key import BucketKey
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.client import NoDaemon
from ansible_collections.nfvlab.fleet.plugins.modules.incus_storage_bucket import STORAGE_BUCKET

from .helpers import sends, task

PLACE = {"name": "k", "pool": "p", "bucket": "b", "project": "a"}
KEYS = "/1.0/storage-pools/p/buckets/b/keys"
STORED = {"name": "k", "description": "", "role": "admin", "access-key": "access", "secret-key": "hidden-one"}


class Daemon(NoDaemon):
    """Has one pool, one bucket and one key."""

    def __init__(self, driver="dir"):
        super().__init__()
        self.driver = driver

    def find(self, path, query=None):
        return {"/1.0/storage-pools/p": {"driver": self.driver}, f"{KEYS}/k": STORED}.get(path)

    def names(self, collection, query=None):
        return {"storage-pools": ["p"], "projects": ["a"], "buckets": ["b"]}[collection.rsplit("/", 1)[-1]]


def looked(given, driver="dir"):
    """A key's plan, from a reading."""
    key, session = BucketKey(), Daemon(driver)
    wanted = task(key, {**PLACE, **given})
    plan = key.plan(key.read(session, wanted), wanted)
    key.check(session, plan, wanted)
    return plan


def test_a_bucket_keeps_the_size_that_it_has_in_replace():
    given = {"name": "b", "pool": "p", "config": {}, "config_mode": "replace"}
    assert STORAGE_BUCKET.plan({"config": {"size": "1GiB"}}, task(STORAGE_BUCKET, given)).steps == []
    plan = STORAGE_BUCKET.plan(None, task(STORAGE_BUCKET, {"name": "b", "pool": "p", "config": {"size": "1GiB"}}))
    assert sends(plan) == [
        ("POST", "/1.0/storage-pools/p/buckets?project=default", {"name": "b", "config": {"size": "1GiB"}})
    ]


def test_a_new_key_only_reads_and_its_attributes_are_spelled_as_the_api_does():
    given = {"name": "new", "access_key": "mine", "secret_key": "hidden-two"}
    plan = looked(given)
    body = {"name": "new", "role": "read-only", "access-key": "mine", "secret-key": "hidden-two"}
    assert sends(plan) == [("POST", f"{KEYS}?project=a", body)]
    assert plan.label == "storage bucket key 'new' of bucket 'b' of pool 'p' of project 'a'"
    assert plan.after["secret_key"] == MASK and plan.after["access_key"] == "mine"


def test_a_key_is_compared_with_what_the_daemon_keeps():
    assert looked({"access_key": "access", "secret_key": "hidden-one", "role": "admin"}).steps == []
    plan = looked({"secret_key": "hidden-two"})
    assert sends(plan) == [("PUT", f"{KEYS}/k?project=a", {**STORED, "secret-key": "hidden-two"})]
    assert (plan.before, plan.after) == ({"secret_key": MASK}, {"secret_key": CHANGED})


def test_a_key_that_minio_would_refuse_does_not_reach_it():
    with pytest.raises(InvalidOption, match="'secret_key' has 5 characters; give it 8 to 40"):
        looked({"secret_key": "short"})
    with pytest.raises(InvalidOption, match="'access_key' has 2 characters; give it 3 to 20"):
        looked({"access_key": "ab"})
    assert looked({"secret_key": "short"}, driver="cephobject").changed == ["secret_key"]


def test_the_bucket_must_be_there():
    with pytest.raises(MissingReference, match="storage bucket 'd' does not exist"):
        looked({"bucket": "d"})


@pytest.mark.parametrize("asked", [False, True])
def test_credentials_are_returned_only_where_they_are_asked_for(asked):
    key = BucketKey()
    wanted = task(key, {**PLACE, "return_credentials": asked})
    plan = key.plan(key.read(Daemon(), wanted), wanted)
    key.settle(Daemon(), Outcome(plan, plan.have), wanted)
    both = {"access_key": "access", "secret_key": "hidden-one"}
    assert plan.facts == ({"credentials": both} if asked else {})
