# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""incus_image with images from servers: plans, and what a failed download means."""

from __future__ import annotations

import types

import pytest
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.errors import (
    Busy,
    Conflict,
    InvalidOption,
    NotFound,
    OperationFailed,
    Unreachable,
)
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.http import Request
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.resource import converge
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus import image_pull
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.answers import Envelope
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.image import Image

from .helpers import task

OLD, NEW, OTHER = "a" * 64, "b" * 64, "c" * 64
SERVER = {"url": "https://x:8443", "protocol": "incus"}
GIVEN = {"alias": "mine", "image": "theirs", "image_server": SERVER}


class Daemon:
    """A daemon with images and aliases in memory, which gets images from a server.

    :param gives: the fingerprint that the server gives it
    """

    brand = "incus"
    transport = types.SimpleNamespace(timeout=1)

    def __init__(self, gives=NEW, aliases=None, **images):
        self.gives = gives
        self.aliases = dict(aliases or {})
        self.images = {fingerprint: {"fingerprint": fingerprint, **image} for fingerprint, image in images.items()}
        self.sent = []

    def find(self, path, query=None):
        kind, name = path.split("/")[-2:]
        if kind == "operations":
            return {"metadata": {"fingerprint": self.gives}}
        if kind == "aliases":
            return {"target": self.aliases[name]} if name in self.aliases else None
        named = [{"name": alias} for alias, target in self.aliases.items() if target == name]
        return {"properties": {}, **self.images[name], "aliases": named} if name in self.images else None

    def where(self, request):
        return request.path

    def perform(self, step):
        request = step if isinstance(step, Request) else step.request
        self.sent.append((request.method, request.path))
        if request.method == "PUT":
            if request.body["target"] not in self.images:
                raise NotFound("Image not found")
            self.aliases[request.path.rsplit("/", 1)[-1]] = request.body["target"]
        elif request.method == "DELETE":
            del self.images[request.path.rsplit("/", 1)[-1]]
        elif request is step:
            self.aliases[request.body["name"]] = request.body["target"]
        else:
            step.perform(self)

    def start(self, client, request):
        """Stands for C(operations.start)."""
        body = request.body
        present = self.find(f"/1.0/images/{self.gives}")
        taken = [alias["name"] for alias in present["aliases"]] if present else []
        self.taken = taken if "aliases" not in body else []
        kept = {name: body[name] for name in ("public", "auto_update", "properties") if name in body}
        self.images.setdefault(self.gives, {**image(self.gives, body["source"]["alias"]), **kept})
        for alias in body.get("aliases", ()):
            self.aliases[alias["name"]] = self.gives
        return Envelope(None, "/1.0/operations/1?project=x")

    def wait(self, client, operation, where):
        """Stands for C(operations.wait). An image that is there already cannot be got without giving it a name."""
        if self.taken:
            raise Conflict(f"Alias already exists: {self.taken[0]}")
        return {"fingerprint": self.gives}


def image(fingerprint, alias="theirs", server="https://x:8443", protocol="incus", public=False):
    """An image as the daemon keeps it."""
    source = {"alias": alias, "server": server, "protocol": protocol}
    return {"fingerprint": fingerprint, "type": "container", "public": public, "update_source": source}


@pytest.fixture
def run(monkeypatch):
    """Brings a daemon to what a task wants; the server offers NEW, and its being asked is counted."""
    asked = []

    def act(daemon, *, check_mode=False, offers=NEW, **given):
        resource, said = Image(), []
        monkeypatch.setattr(Image, "check", lambda *_: None)
        monkeypatch.setattr(Image, "explain", lambda self, session, error, *_: error)
        monkeypatch.setattr(
            image_pull, "offered", lambda sources, *_: (asked.append(1), image_pull.Offer(sources[0], offers))[1]
        )
        monkeypatch.setattr(image_pull.operations, "start", daemon.start)
        monkeypatch.setattr(image_pull.operations, "wait", daemon.wait)
        wanted = task(resource, {**GIVEN, **given}, check_mode=check_mode, warn=said.append)
        outcome = converge(resource, daemon, wanted, pause=lambda seconds: None)
        outcome.said = said
        return outcome

    act.asked = asked
    return act


def test_a_new_image_is_got_and_named_in_one_request(run):
    daemon = Daemon()
    outcome = run(daemon, public=True, auto_update=True, properties={"os": 1})
    assert daemon.sent == [("POST", "/1.0/images")] and daemon.aliases == {"mine": NEW}
    body = outcome.sent[0].request.body
    assert body["source"] == {
        "type": "image",
        "mode": "pull",
        "server": "https://x:8443",
        "protocol": "incus",
        "alias": "theirs",
    }
    assert (body["public"], body["auto_update"], body["properties"]) == (True, True, {"os": "1"})
    assert outcome.sent[0].describe()["keys"] == ["source", "public", "auto_update", "aliases", "properties.os"]
    assert outcome.plan.before == {"state": "absent"} and outcome.plan.after["fingerprint"] == NEW


def test_an_image_of_the_same_source_is_left_alone_without_asking(run):
    daemon = Daemon(aliases={"mine": OLD}, **{OLD: image(OLD, server="https://x:8443/")})
    outcome = run(daemon)
    assert daemon.sent == run.asked == [] and outcome.plan.after == {}
    run(daemon, image=OLD[:12])
    assert daemon.sent == run.asked == []


@pytest.mark.parametrize(
    ("origin", "given"),
    [
        ({"alias": "other"}, {}),
        ({"server": "https://y:8443"}, {}),
        ({"protocol": "simplestreams"}, {}),
        ({}, {"image_type": "virtual-machine"}),
        ({}, {"refresh": True}),
    ],
)
def test_what_is_not_from_the_source_or_shall_be_new_is_replaced(run, origin, given):
    daemon = Daemon(aliases={"mine": OLD}, **{OLD: image(OLD, public=True, **origin)})
    checked = run(daemon, check_mode=True, prune=True, **given)
    assert daemon.sent == []
    outcome = run(daemon, prune=True, **given)
    expected = [("POST", "/1.0/images"), ("PUT", "/1.0/images/aliases/mine"), ("DELETE", f"/1.0/images/{OLD}")]
    assert daemon.sent == expected and daemon.aliases == {"mine": NEW}
    assert checked.plan.before == outcome.plan.before == {"fingerprint": OLD}
    assert checked.plan.after == outcome.plan.after == {"fingerprint": NEW}
    # A successor is as public as the image before it; another image is not.
    assert outcome.sent[0].request.body["public"] is ("refresh" in given)


def test_nothing_newer_changes_nothing(run):
    daemon = Daemon(aliases={"mine": NEW}, **{NEW: image(NEW)})
    outcome = run(daemon, refresh=True)
    assert daemon.sent == [] and run.asked and outcome.plan.before == outcome.plan.after


def test_what_the_daemon_has_under_another_name_is_only_named(run):
    daemon = Daemon(aliases={"second": NEW}, **{NEW: image(NEW)})
    run(daemon)
    assert daemon.sent == [("POST", "/1.0/images/aliases")]


def test_a_daemon_with_an_old_list_keeps_what_it_has(run):
    daemon = Daemon(gives=OLD, aliases={"mine": OLD}, **{OLD: image(OLD)})
    outcome = run(daemon, refresh=True, prune=True)
    assert outcome.sent == [] and outcome.plan.steps == [] and outcome.plan.before == outcome.plan.after
    assert daemon.sent == [("POST", "/1.0/images")] and OLD in daemon.images
    assert len(outcome.said) == 1 and NEW[:12] in outcome.said[0] and "changed while" in outcome.said[0]


def test_a_daemon_with_an_old_list_gives_a_new_alias_what_it_knows(run):
    daemon = Daemon(gives=OLD)
    outcome = run(daemon)
    assert daemon.sent == [("POST", "/1.0/images")] and outcome.object["fingerprint"] == OLD and len(outcome.said) == 1


class Contended(Daemon):
    """A daemon where somebody else gets the same image under the same alias at the same moment."""

    def wait(self, client, operation, where):
        raise Conflict("Alias already exists: mine")


def test_a_daemon_with_an_old_list_is_pruned_of_what_its_image_replaces(run):
    daemon = Daemon(gives=OLD, aliases={"mine": OTHER}, **{OTHER: image(OTHER, alias="other")})
    run(daemon, prune=True)
    assert daemon.aliases == {"mine": OLD} and set(daemon.images) == {OLD}


def test_somebody_elses_alias_is_taken_as_it_is(run):
    daemon = Contended()
    outcome = run(daemon)
    assert daemon.sent == [("POST", "/1.0/images")]
    assert outcome.sent == [] and outcome.plan.steps == [] and outcome.object["fingerprint"] == NEW


def test_a_server_that_cannot_be_asked_is_a_warning_in_check_mode_only(run, monkeypatch):
    def silent(*_):
        raise Unreachable("cannot reach the image server")

    def act(**rest):
        resource = Image()
        monkeypatch.setattr(image_pull, "offered", silent)
        wanted = task(resource, GIVEN, **rest)
        resource.prepare(Daemon(), wanted)
        return resource.plan(resource.read(Daemon(), wanted), wanted)

    said = []
    planned = act(check_mode=True, warn=said.append)
    assert planned.changed[0] == "state" and "content is not compared" in said[0]
    with pytest.raises(Unreachable, match="cannot reach") as failed:
        act()
    assert "image 'mine'" in failed.value.obj


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"path": "/x"}, "both 'path' and 'image' are given"),
        ({"image": None}, "'image_server' is given without 'image'"),
        ({"image": None, "image_server": None, "refresh": True}, "'refresh' is given without 'image'"),
        ({"image": None, "image_server": None, "image_type": "container"}, "'image_type' is given without"),
        ({"image_server": None}, "'image' is 'theirs', which names no server"),
        ({"image_server": None, "image": "imges:x"}, "there is no remote 'imges'"),
        ({"image": OLD, "auto_update": True}, "what the image is made of never changes"),
        ({"image": None, "image_server": None, "path": "/x", "auto_update": True}, "never changes"),
    ],
)
def test_options_that_do_not_go_together(given, says):
    resource = Image()
    with pytest.raises(InvalidOption, match=says):
        resource.prepare(Daemon(), task(resource, {**GIVEN, **given}))


@pytest.mark.parametrize(
    ("text", "kind", "says"),
    [
        ("Failed getting remote image info: Failed getting image: The requested image couldn't be found",
         "missing_reference", "does not have the image"),
        ('Image "0efc" not found', "missing_reference", "does not have the image"),
        ("Unable to fetch http://x/img.tar.gz: resource not found", "missing_reference", "does not have the image"),
        ("unexpected EOF", "unreachable", "the download broke off"),
        ("read tcp 127.0.0.1:1->127.0.0.1:2: read: connection reset by peer", "unreachable", "the download broke off"),
        ("Hash mismatch for http://x/img.tar.gz: eeba != 6931", "malformed", "not the image that its list names"),
        ('Failed decoding stream JSON from "http://x": invalid character \'<\'', "malformed", "no list of images"),
        ("tls: failed to verify certificate: x509: certificate signed by unknown authority", "untrusted", "not trust"),
        ('Get "https://x/1.0": Unable to connect ([dial tcp: connection refused])', "unreachable", "cannot reach"),
        ("dial tcp: lookup nowhere.invalid: no such host", "unreachable", "cannot reach"),
        ("UNIQUE constraint failed: images.project_id, images.fingerprint", "stale", "at the same moment"),
        ("Unsupported protocol: incus", "unsupported", "does not speak the protocol"),
        ("write /var/lib/incus/images/x: no space left on device", "refused", "does not fit"),
        ("something else", "operation_failed", "something else"),
    ],
)  # fmt: skip
def test_what_the_daemon_says_of_a_download_becomes_a_sentence(text, kind, says):
    error = image_pull.fault(OperationFailed(f"the daemon's operation failed: {text}", text=text), "https://x")
    assert error.kind == kind and says in str(error) and error.text == text
    assert "\n" not in str(error)


def test_other_failures_stay_what_they_are():
    for error in (Conflict("certificate", text="certificate"), Busy("EOF", text="EOF")):
        assert image_pull.fault(error, "https://x") is error


def test_a_secret_is_left_to_the_daemon():
    source = {"server": "https://x", "protocol": "incus", "fingerprint": OLD, "secret": "s"}
    assert image_pull.offered([source], None, Daemon()).fingerprint == OLD


def test_a_certificate_that_is_none_is_told():
    source = {"server": "https://x", "protocol": "incus", "alias": "y", "certificate": "-----BEGIN CERTIFICATE-----?"}
    with pytest.raises(InvalidOption, match=r"'image_server.certificate' is no certificate"):
        image_pull.offered([source], None, Daemon())


def test_all_addresses_of_a_server_are_asked_and_what_each_says_is_told():
    sources = [{"server": f"https://{host}", "protocol": "incus", "alias": "y", "certificate": "?"} for host in "ab"]
    with pytest.raises(InvalidOption) as failed:
        image_pull.offered(sources, None, Daemon())
    assert "at https://a: 'image_server.certificate' is no" in str(failed.value) and "; at https://b: " in str(
        failed.value
    )
    right = {"server": "https://c", "fingerprint": OLD, "secret": "s"}
    assert image_pull.offered([*sources, right], None, Daemon()) == (right, OLD)


class Refusing:
    """Cannot get an image but from C(https://b)."""

    def __init__(self, text):
        self.text = text
        self.tried = []

    def perform(self, step):
        self.tried.append(step.body["source"]["server"])
        if self.tried[-1] != "https://b":
            raise OperationFailed("no", text=self.text, endpoint="unix:/s POST")


def launch():
    sources = [{"server": f"https://{host}"} for host in "abc"]
    return image_pull.Launch(Request("POST", "/1.0/instances", body={"name": "i"}), sources, "container", None)


def test_an_instance_is_made_from_the_first_address_where_its_image_can_be_got():
    daemon = Refusing("Failed getting remote image info: dial tcp: connection refused")
    launch().perform(daemon)
    assert daemon.tried == ["https://a", "https://b"]


def test_but_what_has_nothing_to_do_with_the_image_fails_at_once():
    daemon = Refusing("Failed to start device 'eth0'")
    with pytest.raises(OperationFailed):
        launch().perform(daemon)
    assert daemon.tried == ["https://a"]
