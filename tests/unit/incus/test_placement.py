# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether a cluster member can take an instance, judged without a cluster."""

from __future__ import annotations

import pytest
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.errors import Forbidden, OperationFailed, Refused
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.http import UnixEndpoint
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus import placement
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.client import Client
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.instance import Instance

from .helpers import task

SHARED = {"type": "disk", "path": "/shared", "pool": "local", "source": "shared"}
OWN = {"type": "disk", "path": "/own", "pool": "local", "source": "own/folder"}
HAVE = {
    "name": "i",
    "status": "Stopped",
    "status_code": 102,
    "location": "n1",
    "project": "lab",
    "profiles": ["default"],
    "config": {},
    "devices": {"own": OWN},
    "expanded_devices": {"own": OWN, "shared": SHARED, "root": {"type": "disk", "path": "/", "pool": "local"}},
}


class Cluster(Client):
    """Has one member, with a status, and volumes."""

    def __init__(self, status, *volumes):
        super().__init__(UnixEndpoint("/s"))
        self._server = {"environment": {"server": "incus", "server_clustered": True}, "api_extensions": []}
        self.status, self.volumes = status, volumes

    def find(self, path, query=None):
        if path == "/1.0/cluster/members/n2":
            return {"status": self.status} if self.status else None
        assert query == {"project": "lab", "target": "n2"}
        return {} if path.rpartition("/")[2] in self.volumes else None


def move(**given):
    resource = Instance()
    wanted = task(resource, {"name": "i", "project": "lab", "target": "n2", "move": "if_needed", **given})
    return resource, resource.plan(HAVE, wanted), wanted


def test_a_member_that_is_in_service_takes_an_instance_whose_volumes_it_has():
    plan = move()[1]
    placement.check_possible(Cluster("Online", "own", "shared"), plan)
    placement.check_possible(Cluster(None), plan)  # an unknown member is a missing reference, said with a hint
    placement.check_possible(Cluster("Online", "shared"), move(devices={"own": None})[1])


@pytest.mark.parametrize(
    ("session", "says"),
    [
        (Cluster("Offline"), "cluster member 'n2' is offline; bring it back into service"),
        (Cluster("Evacuated"), "cluster member 'n2' is evacuated; bring it back into service"),
        (Cluster("Online", "own"), "its volume 'shared' of the pool 'local' is not on cluster member 'n2'"),
        (Cluster("Online", "shared"), "its volume 'own' of the pool 'local' is not on cluster member 'n2'"),
    ],
)
def test_a_member_that_cannot_take_it_is_refused_before_anything_is_stopped(session, says):
    with pytest.raises(Refused, match=says):
        placement.check_possible(session, move()[1])


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (Forbidden("no", text="Cluster member is evacuated", next_step="become"), "restore it with"),
        (OperationFailed("no", text="Missing event connection with target cluster member"), "'n2' does not answer"),
        (Refused("no", text="Target node is offline"), "'n2' does not answer"),
        (Refused("no", text="Target cluster member is offline"), "'n2' does not answer"),
    ],
)
def test_a_daemon_that_finds_out_later_is_explained(error, says):
    resource, plan, wanted = move()
    assert says in resource.explain(Cluster("Online"), error, plan, wanted).next_step
