# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A stranger becomes a client: a token is issued, redeemed and worth nothing afterwards; a remote stands for it all.

The daemon's own client, where there is one, has to read what we write, and to find what it wrote itself.
"""

from __future__ import annotations

import os
import shutil
import ssl
import subprocess
import time
import typing as t
from pathlib import Path

import pytest
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.errors import FleetError, Forbidden
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.http import Request
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.tls import (
    TLSEndpoint,
    fingerprint_of,
    fingerprint_of_pem,
)
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus import trust_token
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.client import Client
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.operations import start
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.options import host_and_port
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.plainyaml import load
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.trust_token import encode, redemption, token_of

from .conftest import Result, certificate, free_port, listen, run_module, sweep

CLIENTS = {"incus": "incus", "lxd": "lxc"}
FOREIGN = """\
# mine
default-remote: images
remotes:
  images: {}
  nfvt-other:
    addr: https://192.0.2.1:8443
    keepalive: 30
    protocol: incus
    public: false
aliases:
  sh: 'exec @ARGS@ -- su -'
"""


def ok(module: str, **options: t.Any) -> Result:
    """Run a module in check mode, for real and again: predicted, done, and then nothing left to do."""
    predicted = run_module(module, options, check=True)
    done = run_module(module, options)
    assert not done.failed, done["msg"]
    assert not predicted.failed and predicted["changed"] == done["changed"] and predicted["diff"] == done["diff"]
    assert [{**action, "sent": True} for action in predicted["actions"]] == done["actions"]
    again = run_module(module, options)
    assert not again.failed and again["changed"] is False and again["actions"] == [], again
    return done


def refused(module: str, kind: str, said: str, **options: t.Any) -> None:
    """Run a module that fails in one sentence."""
    failed = run_module(module, options)
    assert failed.failed and failed["failure"]["kind"] == kind, failed
    assert said in failed["msg"] and "\n" not in failed["msg"], failed["msg"]


class Place(t.NamedTuple):
    """A daemon that listens, and the folder of a client that nobody knows."""

    client: Client
    folder: Path
    environ: dict[str, str]

    def remote(self, **options: t.Any) -> dict[str, t.Any]:
        """Options of a remote."""
        return {"conf": str(self.folder), "client": self.client.brand, **options}

    def run(self, *words: str) -> str:
        """What the client says."""
        done = subprocess.run(words, env=self.environ, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout


@pytest.fixture
def place(client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> t.Iterator[Place]:
    sweep(client)
    listen(client)
    made = run_module("incus_project", {"name": "nfvt-a", "config": {"features.images": False}})
    assert not made.failed, made["msg"]
    folder = tmp_path / "client"
    folder.mkdir()
    (folder / "config.yml").write_text(FOREIGN.replace("images: {}", "images:\n    addr: https://images.example"))
    for variable in ("INCUS_CONF", "LXD_CONF", "INCUS_GLOBAL_CONF", "LXD_GLOBAL_CONF"):
        monkeypatch.setenv(variable, str(tmp_path / "none"))
    monkeypatch.setenv("LXD_CONF" if client.brand == "lxd" else "INCUS_CONF", str(folder))
    yield Place(client, folder, dict(os.environ))
    sweep(client)


def test_a_stranger_becomes_a_client_by_a_token_and_uses_the_remote(place: Place, tmp_path: Path) -> None:
    rights = {"name": "nfvt-operator", "restricted": True, "projects": ["nfvt-a"]}
    knows = place.client.has("auth_tls_jwt")
    path = tmp_path / "token"
    assert ok("incus_trust_token", path=str(path), **rights)["token"] is None
    token = path.read_text().strip()
    assert path.stat().st_mode & 0o777 == 0o600
    path.chmod(0o644)  # and is put right again, with the same token
    assert [action["method"] for action in ok("incus_trust_token", path=str(path), **rights)["actions"]] == ["write"]
    assert run_module("incus_trust_token", {**rights, "reveal": True})["token"] == token == path.read_text().strip()

    # The remote, in one task: a certificate of the client's own, its trust, the pinned server, the entry.
    address = "https://" + place.client.get("/1.0")["config"]["core.https_address"]
    done = ok("incus_remote", **place.remote(name="nfvt-site", project="nfvt-a", token=token))
    assert [action["path"] for action in done["actions"]] == [
        "client.crt",
        f"{address}/1.0/certificates",
        "servercerts/nfvt-site.crt",
        "config.yml",
    ]
    assert token not in str(done)
    assert done["remote"]["addr"] == address and done["remote"]["server_fingerprint"] == fingerprint_of_pem(
        place.client.get("/1.0")["environment"]["certificate"]
    )
    assert (place.folder / "client.key").stat().st_mode & 0o777 == 0o600
    trusted = place.client.get(f"/1.0/certificates/{done['remote']['client_fingerprint']}")
    assert (trusted["name"], trusted["restricted"], trusted["projects"]) == ("nfvt-operator", True, ["nfvt-a"])
    written = load((place.folder / "config.yml").read_text())
    before = load(FOREIGN)
    assert written["aliases"] == before["aliases"] and written["default-remote"] == "images"
    assert written["remotes"]["nfvt-other"] == before["remotes"]["nfvt-other"]

    # A name that is trusted gets no second token; the used one opens nothing for anybody else.
    issued = ok("incus_trust_token", **rights)
    assert issued["changed"] is False and issued["trusted"] is True and issued["trust_token"] is None
    other = tmp_path / "other"
    options = {**place.remote(name="nfvt-second", token=token), "conf": str(other)}
    refused("incus_remote", "forbidden", "the daemon does not take the token", **options)
    assert not (other / "config.yml").exists()

    # Modules by its name: in its project, in a given one, through the variable, and never beyond its rights.
    ok("incus_profile", remote="nfvt-site", name="nfvt-p", description="by a remote")
    assert place.client.get("/1.0/profiles/nfvt-p", {"project": "nfvt-a"})["description"] == "by a remote"
    reaching = {"remote": "nfvt-site", "name": "nfvt-p", "project": "default", "description": "x"}
    refused("incus_profile", "forbidden", "'become: true', or have this certificate trusted", **reaching)
    # It may use a storage pool that it may not list, and see no configuration that says where the daemon listens.
    made = run_module("incus_storage_pool", {"name": "nfvt-pool", "driver": "dir"})
    assert not made.failed, made["msg"]
    ok("incus_instance", remote="nfvt-site", name="nfvt-i", empty=True, storage_pool="nfvt-pool", state="stopped")
    refused("incus_trust_token", "forbidden", "the daemon refused", remote="nfvt-site", name="nfvt-x")
    # A token of the task's own takes the place of the remote's certificate, and counts for nothing here.
    kind, said = ("forbidden", "give another 'bearer_token'") if knows else ("unsupported", "'auth_tls_jwt'")
    refused("incus_profile", kind, said, remote="nfvt-site", name="nfvt-p", bearer_token="x.y.z")
    refused("incus_profile", "missing_reference", "did you mean 'nfvt-site'?", remote="nfvt-sit", name="nfvt-p")
    refused("incus_profile", "invalid_option", "leave one of the two out", remote="nfvt-site", url=address, name="x")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("INCUS_REMOTE", "nfvt-site")
        found = run_module("incus_info", {"collection": "profiles"})
        assert {entry["name"] for entry in found["objects"]} == {"default", "nfvt-p"}
    ok("incus_remote", **place.remote(name="nfvt-site", default=True))
    assert run_module("incus_profile", {"remote": "default", "name": "nfvt-p"})["changed"] is False

    # The client itself reads all that, uses it, and what it writes is read in turn.
    program = shutil.which(CLIENTS[place.client.brand])
    if program:
        assert "nfvt-p" in place.run(program, "profile", "list", "nfvt-site:", "--format", "csv")
        assert "nfvt-site (current)" in place.run(program, "remote", "list", "--format", "csv")
        place.run(program, "remote", "switch", "local")
        place.run(
            program,
            "alias",
            "add",
            "nfvt-long",
            "exec @ARGS@ -- sh -c 'echo one; echo two; echo three; echo four: five # six'",
        )
        assert "echo four: five # six" in load((place.folder / "config.yml").read_text())["aliases"]["nfvt-long"]
    assert run_module("incus_remote", place.remote(name="nfvt-site", project="nfvt-a", token=token))["changed"] is False

    # A server with another certificate than the pinned one gets nothing.
    pinned = place.folder / "servercerts" / "nfvt-site.crt"
    strange = certificate(tmp_path, "nfvt-strange")["client_cert"]
    shutil.copy(strange, pinned)
    refused("incus_profile", "untrusted", "nothing was sent", remote="nfvt-site", name="nfvt-p", state="absent")
    kept = place.remote(name="nfvt-site", server_fingerprint=fingerprint_of(strange))
    assert run_module("incus_remote", kept)["changed"] is False  # it is what the task says, so nobody is asked
    ok("incus_remote", **place.remote(name="nfvt-site", token=token))

    ok("incus_remote", **place.remote(name="nfvt-site", state="absent"))
    assert not pinned.exists() and (place.folder / "client.crt").exists()
    (place.folder / "config.yml").write_text("remotes:\n  lab: [1]\n")
    refused("incus_profile", "invalid_option", "line 2", remote="lab", name="nfvt-p")
    refused("incus_remote", "invalid_option", "line 2", **place.remote(name="lab", addr="unix:/x"))


def redeemed(place: Place, mine: dict[str, str], token: str) -> None:
    """Send a token to the daemon, whatever it says itself."""
    environment = place.client.get("/1.0")["environment"]
    host, port = host_and_port("url", "https://" + place.client.get("/1.0")["config"]["core.https_address"])
    endpoint = TLSEndpoint(host, port, environment["certificate_fingerprint"], mine["client_cert"], mine["client_key"])
    with Client(endpoint) as stranger:
        try:
            stranger.perform(redemption(stranger, token))
        except FleetError as error:
            raise trust_token.refused(error) from None


def test_a_server_is_trusted_by_what_the_task_says_and_else_not_at_all(place: Place, tmp_path: Path) -> None:
    address = place.client.get("/1.0")["config"]["core.https_address"]
    own = place.client.get("/1.0")["environment"]["certificate"]
    remote = place.remote(name="nfvt-site", addr=f"https://{address}", public=True)
    refused("incus_remote", "untrusted", fingerprint_of_pem(own), **remote)
    refused("incus_remote", "untrusted", "nothing was written", server_fingerprint="0" * 64, **remote)
    wrong = {**remote, "server_cert": certificate(tmp_path, "nfvt-other")["client_cert"]}
    ok("incus_remote", **wrong)  # nobody is asked; the next one is
    refused("incus_remote", "invalid_option", "'token' is no trust token", token="x", **{**remote, "public": False})
    assert ok("incus_remote", server_cert=own, **remote)["diff"]["after"] == {
        "addr": remote["addr"],
        "public": True,
        "server_fingerprint": fingerprint_of_pem(own),
    }
    elsewhere = {**remote, "addr": f"https://127.0.0.1:{free_port()}"}
    refused("incus_remote", "unreachable", "core.https_address", accept_certificate=True, **elsewhere)
    ok("incus_remote", **{**remote, "name": "nfvt-accepted"}, accept_certificate=True)
    pem = (place.folder / "servercerts" / "nfvt-accepted.crt").read_text()
    assert ssl.PEM_cert_to_DER_cert(pem) == ssl.PEM_cert_to_DER_cert(own)

    # A token has its time, which the daemon tells in it. Here it is over before anybody can use it.
    configured = run_module("incus_server", {"config": {"core.remote_token_expiry": "1S"}})
    assert not configured.failed, configured["msg"]
    body = {"name": "nfvt-late", "type": "client", "token": True}
    issued = token_of(start(place.client, Request("POST", "/1.0/certificates", body=body)).metadata)
    while not issued.expired:
        time.sleep(0.1)
    late = {**remote, "public": False, "token": encode(issued)}
    refused("incus_remote", "forbidden", "the token has expired", **late)
    with pytest.raises(Forbidden, match="the token has expired|was used, revoked or expired"):
        redeemed(place, certificate(tmp_path, "nfvt-late"), encode(issued))
    assert not run_module("incus_server", {"config": {"core.remote_token_expiry": None}}).failed
    assert ok("incus_trust_token", name="nfvt-late")["actions"][-1]["method"] == "POST"

    mirror = ok("incus_remote", **place.remote(name="nfvt-images", addr="https://x.example", protocol="simplestreams"))
    assert mirror["remote"]["public"] is True
    assert not (place.folder / "client.crt").exists()
