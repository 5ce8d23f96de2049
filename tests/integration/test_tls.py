# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The door over TLS 1.3: pinned server, client certificate. What goes on behind it, others test through both doors."""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import socket as sockets
import ssl
import tarfile
from pathlib import Path

import pytest
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.tls import fingerprint_of
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.client import Client
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.options import endpoint_for
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.session import Command, Process

from .conftest import certificate, free_port, run_module
from .proxy import Door, bearer


def test_modules_work_over_tls_as_over_the_socket(remote: Door, house: Client) -> None:
    options = {"name": "nfvt-tls", "description": "over TLS", **remote}
    assert run_module("incus_profile", options, check=True)["changed"] is True
    done = run_module("incus_profile", options)
    assert not done.failed, done["msg"]
    assert done["profile"]["description"] == "over TLS"
    assert run_module("incus_profile", options)["changed"] is False
    assert house.get("/1.0/profiles/nfvt-tls")["description"] == "over TLS"


def test_a_fingerprint_pins_as_well_as_the_certificate(remote: Door) -> None:
    pin = fingerprint_of(remote["server_cert"])
    options = {key: value for key, value in remote.items() if key != "server_cert"}
    pin_as_shown = ":".join(pin[index : index + 2] for index in range(0, 64, 2)).upper()
    found = run_module("incus_info", {"collection": "", "server_fingerprint": pin_as_shown, **options})
    assert not found.failed and found["objects"][0]["auth"] == "trusted"


def test_a_wrong_fingerprint_is_said_and_nothing_is_sent(remote: Door, house: Client) -> None:
    options = {key: value for key, value in remote.items() if key != "server_cert"}
    refused = run_module("incus_profile", {"name": "nfvt-tls", "server_fingerprint": "0" * 64, **options})
    assert refused.failed and refused["failure"]["kind"] == "untrusted"
    assert fingerprint_of(remote["server_cert"]) in refused["msg"] and "0" * 64 in refused["msg"]
    assert house.find("/1.0/profiles/nfvt-tls") is None


def test_a_certificate_that_the_daemon_does_not_trust_is_told_so(remote: Door, tmp_path: Path) -> None:
    refused = run_module("incus_profile", {"name": "nfvt-tls", **remote, **certificate(tmp_path, "nfvt-stranger")})
    assert refused.failed and refused["failure"]["kind"] == "forbidden"
    assert "trusted" in refused["msg"]


def test_a_key_that_does_not_belong_to_the_certificate(remote: Door, tmp_path: Path) -> None:
    other = certificate(tmp_path, "nfvt-other")
    refused = run_module("incus_profile", {"name": "nfvt-tls", **remote, "client_key": other["client_key"]})
    assert refused.failed and refused["failure"]["kind"] == "invalid_option"
    assert "both must be readable PEM files that belong together" in refused["msg"]


def test_an_address_where_nobody_listens(remote: Door) -> None:
    refused = run_module("incus_profile", {"name": "nfvt-tls", **remote, "url": f"https://127.0.0.1:{free_port()}"})
    assert refused.failed and refused["failure"]["kind"] == "unreachable"
    assert "core.https_address" in refused["msg"]


def test_a_token_stands_for_the_certificate(
    remote: Door, house: Client, image: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine, token = {"project": "nfvt-a", "name": "nfvt-token"}, bearer(remote)
    door = {"url": remote["url"], "server_cert": remote["server_cert"], "bearer_token": token}
    for module, options in (
        ("incus_storage_pool", {"name": "nfvt", "driver": "dir"}),
        ("incus_project", {"name": "nfvt-a", "config": {"features.profiles": True}}),
        ("incus_image", {"project": "nfvt-a", "path": image, "alias": "plain"}),
        ("incus_instance", {**mine, "image": "plain", "storage_pool": "nfvt", "state": "started"}),
        ("incus_exec", {**mine, "command": ["true"]}),
        ("incus_events", {"wait_timeout": 0.1}),
    ):
        done = run_module(module, {**options, **door})
        assert not done.failed, done["msg"]
        assert token not in str(dict(done)), module
    command = Command("/1.0/instances/nfvt-token", {"project": "nfvt-a"}, ["cat"], {}, {})
    with Client(endpoint_for(door, {})) as client:
        assert client.server["auth_user_name"] == fingerprint_of(remote["client_cert"])
        with Process(client, command) as process:
            process.feed(b"over WebSockets")
            process.end_input()
            assert process.finish(30).stdout == b"over WebSockets"

    for option in ("url", "server_cert"):
        monkeypatch.setenv(f"INCUS_{option.upper()}", door[option])
    monkeypatch.setenv("INCUS_BEARER_TOKEN", token)
    assert run_module("incus_instance", {**mine, "state": "absent"})["changed"] is True
    assert house.names("/1.0/instances", {"project": "nfvt-a"}) == []


@pytest.mark.parametrize("why", ["expired", "a stranger's", "none at all"])
def test_a_token_that_does_not_count_is_said_to(remote: Door, house: Client, tmp_path: Path, why: str) -> None:
    tokens = {
        "expired": lambda: bearer(remote, -1800),
        "a stranger's": lambda: bearer(certificate(tmp_path, "nfvt-stranger")),
        "none at all": lambda: "nfvt",
    }
    door = {"url": remote["url"], "server_cert": remote["server_cert"], "bearer_token": tokens[why]()}
    refused = run_module("incus_profile", {"name": "nfvt-tls", **door})
    assert refused.failed and door["bearer_token"] not in str(dict(refused)).replace("nfvt-tls", "")
    assert refused["failure"]["kind"] == ("invalid_option" if why == "none at all" else "forbidden")
    assert "bearer_token" in refused["msg"]
    assert house.find("/1.0/profiles/nfvt-tls") is None


def test_only_tls_1_3_is_spoken(remote: Door) -> None:
    host, port = remote["url"].removeprefix("https://").split(":")
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with sockets.create_connection((host, int(port))) as raw, context.wrap_socket(raw) as secured:
        assert secured.version() == "TLSv1.3"
        presented = secured.getpeercert(binary_form=True)
    assert hashlib.sha256(presented).hexdigest() == fingerprint_of(remote["server_cert"])


def test_the_environment_names_the_daemon_too(remote: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    for option, value in remote.items():
        monkeypatch.setitem(os.environ, f"INCUS_{option.upper()}", value)
    found = run_module("incus_info", {"collection": ""})
    assert not found.failed
    assert found["objects"][0]["auth_user_name"] == fingerprint_of(remote["client_cert"])


def test_an_image_of_many_megabytes_arrives_whole(remote: Door, house: Client, image: str, tmp_path: Path) -> None:
    large = Path(shutil.copy(image, tmp_path / "large.tar"))
    with tarfile.open(large, "a") as archive:
        member = tarfile.TarInfo("rootfs/large")
        member.size = 32 << 20
        archive.addfile(member, io.BytesIO(os.urandom(member.size)))
    made = run_module("incus_project", {"name": "nfvt-a", "config": {"features.images": True}, **remote})
    assert not made.failed, made["msg"]
    done = run_module("incus_image", {"project": "nfvt-a", "alias": "nfvt-large", "path": str(large), **remote})
    assert not done.failed, done["msg"]
    assert house.names("/1.0/images", {"project": "nfvt-a"}) == [hashlib.sha256(large.read_bytes()).hexdigest()]
