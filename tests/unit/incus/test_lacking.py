# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a daemon lacks: keys that it does not list, collections that it cannot list for all projects."""

from __future__ import annotations

import pytest
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.errors import InvalidOption, NotFound, Unsupported
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.http import UnixEndpoint
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.resource import Task
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus import info
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.backup import Backup
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.client import Client
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.keys import known

from .helpers import task

LISTED = {"configs": {"instance": {"misc": {"keys": [{"limits.cpu": {}}]}}}}


class Daemon(Client):
    """Has the given extensions and answers every GET with the same."""

    def __init__(self, answer, *extensions):
        super().__init__(UnixEndpoint("/s"))
        self._server = {"environment": {"server": "lxd"}, "api_extensions": extensions}
        self.answer = answer
        self.asked = []

    def get(self, path, query=None):
        self.asked.append((path, query))
        return self.answer


@pytest.mark.parametrize(("entity", "key"), [("profile", "limits."), ("project", "restricted"), ("server", "images.")])
def test_a_daemon_that_lists_no_keys_has_those_of_the_shipped_table(entity, key):
    assert any(name.startswith(key) for name in known(entity, Daemon(None)))


def test_a_daemon_that_lists_its_keys_is_believed():
    found = known("instance", Daemon(LISTED))
    assert "limits.cpu" in found and "security.devlxd" not in found


def read(session, **given):
    options = {"project": "default", "collection": "", "all_projects": False, "recursion": 1, "filter": None, **given}
    return info.read(session, Task(options, given))


@pytest.mark.parametrize(
    ("collection", "extension"),
    [
        ("profiles", "profiles_all_projects"),
        ("storage-pools/lab/volumes", "storage_volumes_all_projects"),
        ("instances", "instance_all_projects"),
        ("network-allocations", "network_allocations"),
    ],
)
def test_all_projects_is_refused_where_the_daemon_would_take_no_notice_of_it(collection, extension):
    with pytest.raises(Unsupported, match=f"cannot do 'all_projects' for '{collection}': .*'{extension}'"):
        read(Daemon([]), collection=collection, all_projects=True)
    session = Daemon([], extension)
    assert read(session, collection=collection, all_projects=True) == []
    assert session.asked[0][1]["all-projects"] == "true"


@pytest.mark.parametrize(
    ("collection", "extension"),
    [("network-allocations", "network_allocations"), ("storage-pools/lab/buckets", "storage_buckets")],
)
def test_a_collection_that_the_daemon_does_not_know_is_told_from_one_that_nobody_knows(collection, extension):
    class Nothing(Daemon):
        def get(self, path, query=None):
            raise NotFound("not found")

        def names(self, collection, query=None):
            return ["default"]

    with pytest.raises(Unsupported, match=f"cannot do '{collection}': it lacks the API extension '{extension}'"):
        read(Nothing([]), collection=collection)
    with pytest.raises(NotFound, match="give the collection as in the API's own paths"):
        read(Nothing([], extension), collection=collection)


@pytest.mark.parametrize("collection", ["networks/br0/leases", "network-allocations"])
def test_a_filter_that_the_daemon_would_not_notice_is_refused(collection):
    with pytest.raises(InvalidOption, match="daemons take no notice of it"):
        read(Daemon([], "api_filtering_extended"), collection=collection, filter="type eq network")


def test_the_servers_own_collections_need_no_extension():
    assert read(Daemon([]), collection="projects", all_projects=True) == []


@pytest.mark.parametrize(
    ("owner", "extension"),
    [({"instance": "c"}, "container_backup"), ({"volume": "v", "pool": "p"}, "custom_volume_backup")],
)
def test_a_daemon_that_makes_no_backups_is_said_to_lack_them(owner, extension):
    made = Backup()
    wanted = task(made, {**owner, "project": "default", "path": "/nonexistent/b"})
    with pytest.raises(Unsupported, match=f"cannot do backups of .*s: .*'{extension}'"):
        made.check(Daemon([]), made.plan(None, wanted), wanted)
