# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Daemons by name: addresses, variables, and the command line client's own files."""

from __future__ import annotations

import pytest
import yaml
from ansible_collections.nfvlab.fleet.plugins.module_utils._core import errors
from ansible_collections.nfvlab.fleet.plugins.plugin_utils.remotes import Remote, remote

REMOTES = {
    "lab": {"addr": "https://lab:8443", "auth_type": "tls", "protocol": "incus", "project": "edge", "public": False},
    "here": {"addr": "unix:///x/unix.socket"},
    "this": {"addr": "unix://"},
    "images": {"addr": "https://images.example", "protocol": "simplestreams", "public": True},
    "oidc": {"addr": "https://o:8443", "auth_type": "oidc"},
}


@pytest.fixture
def environ(tmp_path):
    """Variables that name the client's files, its own and the system's."""
    own, system = tmp_path / "own", tmp_path / "system"
    for folder, remotes in ((own, REMOTES), (system, {"shared": {"addr": "https://s:8443"}})):
        folder.mkdir()
        (folder / "config.yml").write_text(yaml.safe_dump({"default-remote": "local", "remotes": remotes}))
    return {"INCUS_CONF": str(own), "INCUS_GLOBAL_CONF": str(system), "INCUS_SOCKET": "/s"}


def test_no_name_is_what_the_modules_find():
    assert remote("", {}) == Remote({})
    found = remote("", {"INCUS_URL": "https://h:1", "INCUS_SERVER_FINGERPRINT": "ab", "INCUS_CLIENT_CERT": ""})
    assert found == Remote({"url": "https://h:1", "server_fingerprint": "ab"})


def test_local_is_this_host_whatever_the_variables_say():
    assert remote("local", {"INCUS_URL": "https://h:1", "INCUS_SOCKET": "/s"}) == Remote({"socket": "/s"})


def test_an_address_takes_the_rest_from_variables():
    assert remote("unix:/x", {}).options == {"url": "unix:/x"}
    given = {"INCUS_URL": "https://other", "INCUS_CLIENT_CERT": "c", "INCUS_CLIENT_KEY": "k", "INCUS_SERVER_CERT": "s"}
    assert remote("https://h:1", given).options == {
        "url": "https://h:1",
        "client_cert": "c",
        "client_key": "k",
        "server_cert": "s",
    }
    with pytest.raises(errors.InvalidOption, match="set INCUS_SERVER_CERT or INCUS_SERVER_FINGERPRINT"):
        remote("https://h:1", {})


def test_a_remote_of_the_client_with_the_certificates_that_it_uses(environ):
    own, system = environ["INCUS_CONF"], environ["INCUS_GLOBAL_CONF"]
    common = {"client_cert": f"{own}/client.crt", "client_key": f"{own}/client.key"}
    found = remote("lab", environ)
    assert found == Remote(
        {"url": "https://lab:8443", **common, "server_cert": f"{own}/servercerts/lab.crt"}, project="edge"
    )
    assert remote("shared", environ).options == {
        "url": "https://s:8443",
        **common,
        "server_cert": f"{system}/servercerts/shared.crt",
    }
    assert remote("here", environ).options == {"socket": "/x/unix.socket"}
    assert remote("this", environ).options == {"socket": "/s"}


def test_a_remote_may_have_a_client_certificate_of_its_own(environ, tmp_path):
    (tmp_path / "own" / "clientcerts").mkdir()
    (tmp_path / "own" / "clientcerts" / "lab.crt").touch()
    options = remote("lab", environ).options
    assert options["client_cert"] == f"{tmp_path}/own/clientcerts/lab.crt"
    assert options["client_key"] == f"{tmp_path}/own/clientcerts/lab.key"


@pytest.mark.parametrize(
    ("name", "kind", "said"),
    [
        ("labb", errors.MissingReference, "remote 'labb' does not exist; did you mean 'lab'"),
        ("zzzz", errors.MissingReference, "add it with 'incus remote add'"),
        ("images", errors.InvalidOption, "none that a client certificate opens"),
        ("oidc", errors.InvalidOption, "none that a client certificate opens"),
    ],
)
def test_what_is_no_such_remote_is_said(environ, name, kind, said):
    with pytest.raises(kind, match=said):
        remote(name, environ)


def test_a_damaged_configuration_is_named(environ, tmp_path):
    (tmp_path / "own" / "config.yml").write_text("remotes: [}")
    with pytest.raises(errors.InvalidOption, match="config.yml': it is no YAML"):
        remote("lab", environ)
    with pytest.raises(errors.MissingReference, match="remote 'lab' does not exist"):
        remote("lab", {"INCUS_CONF": str(tmp_path / "none"), "INCUS_GLOBAL_CONF": str(tmp_path / "none")})
