# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""incus_info: where it looks, and what it says where there is nothing."""

from __future__ import annotations

import pytest
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.errors import (
    InvalidOption,
    Malformed,
    MissingReference,
    NotFound,
)
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.http import UnixEndpoint
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.resource import Task
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus import info
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.client import Client


class Daemon(Client):
    """Has a project C(lab), and at each path what it is given; an error is raised."""

    def __init__(self, at):
        super().__init__(UnixEndpoint("/s"))
        self._server = {"environment": {"server": "incus"}, "api_extensions": ("metrics",)}
        self.at = {"/1.0/projects": ["/1.0/projects/default", "/1.0/projects/lab"], **at}
        self.asked = []

    def get(self, path, query=None):
        self.asked.append((path, dict(query or {})))
        found = self.at.get(path, NotFound("the daemon refused: not found"))
        if isinstance(found, Exception):
            raise found
        return found

    text = get


def read(at, check_mode=False, warned=None, **given):
    options = {"project": "lab", "collection": "", "all_projects": False, "recursion": 1, "filter": None, **given}
    daemon = Daemon(at)
    task = Task(options, given, check_mode=check_mode, warn=([] if warned is None else warned).append)
    return info.read(daemon, task), daemon


def test_a_path_may_be_the_one_that_the_api_itself_writes():
    found, daemon = read({"/1.0/instances/a%20b": {"name": "a b"}}, collection="/1.0/instances/a b")
    assert found == [{"name": "a b"}]
    assert daemon.asked == [("/1.0/instances/a%20b", {"project": "lab", "recursion": "1"})]


def test_an_empty_project_is_told_from_one_that_is_not_there():
    assert read({"/1.0/instances": []}, collection="instances")[0] == []
    for collection in ("instances", "profiles"):
        with pytest.raises(MissingReference, match="project 'leb' does not exist .*; did you mean 'lab'?"):
            read({"/1.0/instances": []}, collection=collection, project="leb")


def test_in_check_mode_an_earlier_task_may_make_the_project():
    warned = []
    assert read({}, collection="profiles", project="leb", check_mode=True, warned=warned)[0] == []
    assert "project 'leb' does not exist" in warned[0]


def test_operations_are_one_list_whatever_their_status():
    listed = {"running": [{"id": "a"}], "success": [{"id": "b"}]}
    assert read({"/1.0/operations": listed}, collection="operations")[0] == [{"id": "a"}, {"id": "b"}]
    assert read({"/1.0/operations": {}}, collection="operations")[0] == []


@pytest.mark.parametrize(
    ("given", "query"), [({}, {"project": "lab"}), ({"all_projects": True}, {}), ({"recursion": 0}, {"project": "lab"})]
)
def test_metrics_are_samples(given, query):
    found, daemon = read({"/1.0/metrics": 'incus_x{name="c"} 1\n# EOF\n'}, collection="metrics", **given)
    assert found == [{"name": "incus_x", "type": "unknown", "labels": {"name": "c"}, "value": 1}]
    assert daemon.asked == [("/1.0/metrics", query)]


@pytest.mark.parametrize(
    ("collection", "said"),
    [
        ("instance", "did you mean 'instances'?"),
        ("instances?recursion=2", "by the options 'project', 'recursion' and 'filter'"),
        ("instances/none", "such as 'instances'"),
    ],
)
def test_a_path_that_is_not_there_gets_the_nearest_hint(collection, said):
    with pytest.raises(NotFound) as caught:
        read({}, collection=collection)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("collection", "said"),
    [("events", "see nfvlab.fleet.incus_events"), ("instances/c/logs/lxc.log", "see nfvlab.fleet.incus_console_log")],
)
def test_what_is_no_object_is_read_by_another_module(collection, said):
    with pytest.raises(InvalidOption, match=f"'{collection}' is neither a collection nor an object; {said}"):
        read({f"/1.0/{collection}": Malformed("no JSON")}, collection=collection)
