# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""incus_image: content by fingerprint, aliases, uploads."""

from __future__ import annotations

import hashlib

import pytest
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.errors import InvalidOption, MissingReference
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.image import Image
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.upload import multipart

from .helpers import task

OLD, NEW = "a" * 64, "b" * 64


def prepared(given, fingerprint=NEW, stored=None, leftover=None):
    made = Image()
    made.files = {"metadata": "/m"} if given.get("path") else {}
    made.fingerprint = fingerprint if made.files else None
    made.stored = stored
    made.leftover = leftover
    return made.plan, task(made, given)


def have(fingerprint=OLD, aliases=("x",), **rest):
    return {
        "fingerprint": fingerprint,
        "aliases": [{"name": name} for name in aliases],
        "properties": {},
        "public": False,
        **rest,
    }


def steps(plan):
    return [(step.method, step.path) for step in plan.steps]


GIVEN = {"alias": "x", "path": "/m"}


def test_a_new_image_is_uploaded_under_its_fingerprint_and_named():
    plan, wanted = prepared({**GIVEN, "properties": {"os": "a b"}, "public": True})
    planned = plan(None, wanted)
    assert steps(planned) == [("POST", "/1.0/images"), ("POST", "/1.0/images/aliases")]
    upload, alias = planned.steps
    assert upload.headers["X-Incus-fingerprint"] == upload.headers["X-LXD-fingerprint"] == NEW
    assert upload.headers["X-Incus-properties"] == "os=a+b" and upload.headers["X-Incus-public"] == "true"
    assert alias.body["target"] == NEW


def test_the_same_content_is_not_uploaded_again():
    plan, wanted = prepared(GIVEN, fingerprint=OLD, stored=have())
    assert plan(have(), wanted).steps == []
    assert steps(plan(None, wanted)) == [("POST", "/1.0/images/aliases")]


@pytest.mark.parametrize(
    ("aliases", "prune", "deleted"), [(("x",), True, True), (("x",), False, False), (("x", "y"), True, False)]
)
def test_new_content_moves_the_alias_and_prunes_only_what_nobody_names(aliases, prune, deleted):
    plan, wanted = prepared({**GIVEN, "prune": prune}, leftover=have(aliases=aliases) if prune else None)
    planned = plan(have(aliases=aliases), wanted)
    expected = [("POST", "/1.0/images"), ("PUT", "/1.0/images/aliases/x")]
    assert steps(planned) == expected + ([("DELETE", f"/1.0/images/{OLD}")] if deleted else [])
    assert planned.before["fingerprint"] == OLD and planned.after["fingerprint"] == NEW


def test_what_pruning_left_is_pruned_when_all_else_is_done():
    plan, wanted = prepared({**GIVEN, "prune": True}, stored=have(NEW), leftover=have(aliases=()))
    assert steps(plan(have(NEW), wanted)) == [("DELETE", f"/1.0/images/{OLD}")]


def test_new_content_takes_nothing_from_the_old_but_its_name():
    plan, wanted = prepared({**GIVEN, "properties": {"site": "n"}})
    planned = plan(have(properties={"serial": "1"}, public=True), wanted)
    upload, alias = planned.steps
    assert upload.headers["X-Incus-properties"] == "site=n" and "X-Incus-public" not in upload.headers
    assert alias.body == {"target": NEW, "description": ""}


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    (tmp_path / "loop").symlink_to("/proc/self/mem")
    image = Image()
    with pytest.raises(InvalidOption, match="cannot read '.*loop'"):
        image.prepare(None, task(image, {"alias": "x", "path": str(tmp_path / "loop")}))


def test_properties_alone_are_put():
    plan, wanted = prepared({"alias": "x", "properties": {"os": "y"}})
    planned = plan(have(properties={"arch": "z"}), wanted)
    assert steps(planned) == [("PUT", f"/1.0/images/{OLD}")]
    assert planned.steps[0].body["properties"] == {"arch": "z", "os": "y"}


def test_an_image_that_is_nowhere_is_missed():
    plan, wanted = prepared({"alias": "x"})
    with pytest.raises(MissingReference):
        plan(None, wanted)


@pytest.mark.parametrize(("aliases", "step"), [(("x",), f"/1.0/images/{OLD}"), (("x", "y"), "/1.0/images/aliases/x")])
def test_absent_takes_the_image_unless_it_has_another_name(aliases, step):
    plan, wanted = prepared({"alias": "x", "state": "absent"})
    assert steps(plan(have(aliases=aliases), wanted)) == [("DELETE", step)]


def test_the_fingerprint_is_that_of_both_files_in_order(tmp_path):
    (tmp_path / "m").write_bytes(b"meta")
    (tmp_path / "r").write_bytes(b"root")
    image = Image()
    image.prepare(None, task(image, {"alias": "x", "path": str(tmp_path / "m"), "rootfs_path": str(tmp_path / "r")}))
    assert image.fingerprint == hashlib.sha256(b"metaroot").hexdigest()


def test_a_file_that_an_earlier_task_would_have_made_is_a_warning_in_check_mode():
    said = []
    image = Image()
    image.prepare(None, task(image, {"alias": "x", "path": "/nonexistent"}, check_mode=True, warn=said.append))
    assert image.fingerprint is None and "there is no file '/nonexistent' yet" in said[0]
    with pytest.raises(InvalidOption, match="there is no file '/nonexistent'"):
        image.prepare(None, task(image, {"alias": "x", "path": "/nonexistent"}))


def test_uploads_are_streamed_with_their_exact_length(tmp_path):
    (tmp_path / "m").write_bytes(b"m" * 100_000)
    (tmp_path / "r").write_bytes(b"r" * 70_000)
    raw, headers = multipart({"metadata": str(tmp_path / "m")})
    assert len(b"".join(raw)) == int(headers["Content-Length"]) == 100_000
    form, headers = multipart({"metadata": str(tmp_path / "m"), "rootfs": str(tmp_path / "r")})
    sent = b"".join(form)
    assert len(sent) == int(headers["Content-Length"])
    boundary = headers["Content-Type"].split("boundary=")[1].encode()
    parts = sent.split(b"--" + boundary)
    assert parts[1].endswith(b"\r\n\r\n" + b"m" * 100_000 + b"\r\n") and b'name="metadata"' in parts[1]
    assert parts[2].endswith(b"\r\n\r\n" + b"r" * 70_000 + b"\r\n") and parts[3] == b"--\r\n"
