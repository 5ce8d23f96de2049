# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""incus_instance_metadata: templates and what they are made from."""

from __future__ import annotations

import pytest
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.errors import InvalidOption, UnknownKey
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.metadata import Metadata

from .helpers import task

PLACE = "/1.0/instances/c1/metadata"
MOTD = {"template": "motd.tpl", "when": ["start"], "create_only": False, "properties": {}, "content": "x"}


def plan(have, **given):
    made = Metadata()
    return made.plan(have, task(made, {"name": "c1", "project": "p", **given}))


def have(**templates):
    entries = {"/etc/motd": MOTD, **{f"/etc/{name}": entry for name, entry in templates.items()}}
    return {"architecture": "x86_64", "properties": {"os": "y"}, "templates": entries}


def sent(planned):
    return [(step.method, step.path, step.query.get("path"), step.content) for step in planned.steps]


def test_a_new_template_is_written_before_it_is_named():
    planned = plan(have(), templates={"/etc/issue": {"when": ["create"], "content": "hello"}})
    assert sent(planned) == [("POST", f"{PLACE}/templates", "issue.tpl", b"hello"), ("PUT", PLACE, None, None)]
    body = planned.steps[1].body
    assert body["templates"]["/etc/issue"] == {
        "template": "issue.tpl",
        "when": ["create"],
        "create_only": False,
        "properties": {},
    }
    assert set(body["templates"]) == {"/etc/motd", "/etc/issue"} and "content" not in body["templates"]["/etc/motd"]


def test_a_new_content_alone_leaves_the_metadata_alone():
    planned = plan(have(), templates={"/etc/motd": {"when": ["start"], "content": "new"}})
    assert sent(planned) == [("POST", f"{PLACE}/templates", "motd.tpl", b"new")]
    assert planned.before["templates"]["/etc/motd"]["content"] == "x"
    assert planned.after["templates"]["/etc/motd"]["content"] == "new"


def test_what_is_as_it_should_be_is_left_alone():
    assert plan(have(), templates={"/etc/motd": {"when": ["start"]}}, properties={"os": "y"}).steps == []


def test_a_removed_template_takes_its_file_along_unless_another_has_it():
    planned = plan(have(), templates={"/etc/motd": None})
    assert sent(planned) == [("PUT", PLACE, None, None), ("DELETE", f"{PLACE}/templates", "motd.tpl", None)]
    shared = plan(have(issue={**MOTD}), templates={"/etc/motd": None})
    assert sent(shared) == [("PUT", PLACE, None, None)]
    emptied = plan(have(issue={**MOTD, "template": "i.tpl"}), templates={}, templates_mode="replace")
    assert [entry[2] for entry in sent(emptied)] == [None, "i.tpl", "motd.tpl"]


@pytest.mark.parametrize("content", ["", None])
def test_a_template_may_be_empty(content):
    wanted = {"/etc/motd": {"when": ["start"], "content": content}}
    planned = plan(have(), templates=wanted)
    assert sent(planned) == [("POST", f"{PLACE}/templates", "motd.tpl", b"")]
    assert plan(planned.then, templates=wanted).steps == []


@pytest.mark.parametrize(
    ("path", "entry", "sort", "says"),
    [
        ("motd", {}, InvalidOption, "is no absolute path"),
        ("/etc/motd", "x", InvalidOption, "not a dictionary"),
        ("/etc/motd", {"wen": ["start"]}, InvalidOption, "did you mean 'when'"),
        ("/etc/motd", {"when": ["strat"]}, UnknownKey, "did you mean 'start'"),
        ("/etc/motd", {"when": ["always"]}, UnknownKey, "it is create, copy, start"),
        ("/etc/motd", {"template": "../motd.tpl"}, InvalidOption, "write 'NAME.tpl'"),
        ("/etc/motd", {"template": "motd"}, InvalidOption, "write 'NAME.tpl'"),
    ],
)
def test_wrong_templates_are_one_sentence(path, entry, sort, says):
    with pytest.raises(sort) as raised:
        plan(have(), templates={path: entry})
    assert says in str(raised.value)
