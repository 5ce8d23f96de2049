# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where incus_image and incus_instance take an image from: options and the API's source."""

from __future__ import annotations

import pytest
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.errors import InvalidOption
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.image_server import (
    IMAGE_SERVER,
    REMOTES,
    image_source,
    is_remote,
)

FULL = "0123456789abcdef" * 4
PEM = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
PULL = {"type": "image", "mode": "pull"}
COMMUNITY = {"server": "https://images.linuxcontainers.org", "protocol": "simplestreams"}


def source(image, brand="incus", **server):
    return image_source({"image": image, "image_server": server or None}, brand)


def at(image, **server):
    return source(image, **{"url": "https://x:8443", "protocol": "incus", **server})


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        ("busybox", {"type": "image", "alias": "busybox"}),
        ("local:busybox", {"type": "image", "alias": "busybox"}),
        (FULL[:12], {"type": "image", "fingerprint": FULL[:12]}),
        ("deadbeef", {"type": "image", "alias": "deadbeef"}),
        ("images:debian/12", {**PULL, **COMMUNITY, "alias": "debian/12"}),
        (f"images:{FULL}", {**PULL, **COMMUNITY, "fingerprint": FULL}),
    ],
)
def test_the_short_form_is_that_of_the_command_line(image, expected):
    assert source(image) == expected
    assert is_remote({"image": image}) is ("server" in expected)


@pytest.mark.parametrize("remote", REMOTES["lxd"])
def test_each_brand_has_its_own_remotes(remote):
    assert source(f"{remote}:x", brand="lxd")["server"] == REMOTES["lxd"][remote]
    if remote != "images":
        with pytest.raises(InvalidOption, match=f"there is no remote '{remote}'"):
            source(f"{remote}:x")


def test_a_remote_that_is_not_known_is_told_with_the_near_one():
    with pytest.raises(InvalidOption, match=r"no remote 'image'") as near:
        source("image:debian/12")
    assert near.value.next_step == "did you mean 'images'?"
    with pytest.raises(InvalidOption, match=r"no remote 'quay'") as far:
        source("quay:debian")
    assert far.value.next_step == "give 'image_server', or one of the remotes images and local"


def test_a_server_of_ones_own():
    assert source("a:b", url="https://x/y/") == {
        **PULL,
        "server": "https://x/y",
        "protocol": "simplestreams",
        "alias": "a:b",
    }
    assert at(FULL, certificate=PEM, secret="s") == {
        **PULL,
        "server": "https://x:8443",
        "protocol": "incus",
        "fingerprint": FULL,
        "certificate": PEM,
        "secret": "s",
    }
    assert is_remote({"image": "x", "image_server": {"url": "https://x"}}) and not is_remote({"image": None})


@pytest.mark.parametrize("brand", ["incus", "lxd"])
def test_the_protocol_that_both_daemons_speak_has_the_name_that_the_asked_one_knows(brand):
    for protocol in ("incus", "lxd"):
        assert source("x", brand=brand, url="https://x", protocol=protocol)["protocol"] == brand
    assert source("x", brand=brand, url="https://x", protocol="simplestreams")["protocol"] == "simplestreams"


def test_a_certificate_may_be_a_file(tmp_path):
    (tmp_path / "x.crt").write_text(PEM)
    assert at("x", certificate=str(tmp_path / "x.crt"))["certificate"] == PEM


@pytest.mark.parametrize(
    ("image", "server", "says"),
    [
        ("x", {"url": "x:8443"}, "'image_server.url' is 'x:8443'"),
        ("x", {"url": "http://x:8443"}, "'image_server.url' is 'http://x:8443'"),
        ("x", {"url": "https://user@x"}, "'image_server.url' is"),
        ("x", {"url": "http://x", "protocol": "simplestreams", "certificate": PEM}, "http address, which has none"),
        (FULL, {"protocol": "simplestreams", "secret": "s"}, "has no private images"),
        ("x", {"secret": "s"}, "known by its full fingerprint only"),
        (FULL[:20], {"secret": "s"}, "known by its full fingerprint only"),
        (FULL.upper(), {}, "which is no fingerprint"),
        (FULL + "0", {}, "which is no fingerprint"),
        ("", {}, "names a remote but no image"),
        ("x", {"certificate": "/nonexistent"}, "cannot read 'image_server.certificate' from '/nonexistent': No such"),
        ("x", {"certificate": "/dev/null"}, "there is no certificate in"),
    ],
)
def test_what_cannot_be_right_is_one_sentence(image, server, says):
    with pytest.raises(InvalidOption, match=says):
        at(image, **server)


def test_the_secret_is_kept_from_logs():
    assert IMAGE_SERVER["image_server"]["options"]["secret"]["no_log"] is True
