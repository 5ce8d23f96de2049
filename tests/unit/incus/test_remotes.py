# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Daemons by name: addresses, variables, and the command line client's own files."""

from __future__ import annotations

import pytest
import yaml
from ansible_collections.nfvlab.fleet.plugins.module_utils._core import errors
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.resource import Task
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.client import NoDaemon
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.image_server import image_source
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.options import connect, reached
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.remotes import Remote, names, remote

REMOTES = {
    "lab": {"addr": "https://lab:8443", "auth_type": "tls", "protocol": "incus", "project": "edge", "public": False},
    "here": {"addr": "unix:///x/unix.socket"},
    "this": {"addr": "unix://"},
    "images": {"addr": "https://images.example", "protocol": "simplestreams", "public": True},
    "oidc": {"addr": "https://o:8443", "auth_type": "oidc"},
    "unpinned": {"addr": "https://u:8443"},
    "mirror": {"addr": "https://m:8443", "protocol": "incus", "public": True},
}


@pytest.fixture
def environ(tmp_path):
    """Variables that name the clients' files, the users' own and the system's."""
    own, system, lxc = tmp_path / "own", tmp_path / "system", tmp_path / "lxc"
    shared = {"shared": {"addr": "https://s:8443"}}
    foreign = {"lab": {"addr": "https://other:8443"}, "old": {"addr": "https://l:8443", "protocol": "lxd"}}
    for folder, remotes in ((own, REMOTES), (system, shared), (lxc, foreign)):
        (folder / "servercerts").mkdir(parents=True)
        (folder / "config.yml").write_text(yaml.safe_dump({"default-remote": "lab", "remotes": remotes}))
        for name in {*remotes} - {"unpinned"}:
            (folder / "servercerts" / f"{name}.crt").touch()
        (folder / "client.crt").touch()
    return {
        "INCUS_CONF": str(own),
        "INCUS_GLOBAL_CONF": str(system),
        "LXD_CONF": str(lxc),
        "LXD_GLOBAL_CONF": str(tmp_path / "none"),
        "INCUS_SOCKET": "/s",
    }


def test_no_name_is_what_the_modules_find():
    assert remote("", {}) == Remote({})
    found = remote("", {"INCUS_URL": "https://h:1", "INCUS_SERVER_FINGERPRINT": "ab", "INCUS_CLIENT_CERT": ""})
    assert found == Remote({"url": "https://h:1", "server_fingerprint": "ab"})


def test_local_is_this_host_whatever_the_variables_say(environ):
    assert remote("local", {**environ, "INCUS_URL": "https://h:1"}) == Remote({"socket": "/s"})


def test_a_variable_names_a_remote_too(environ):
    assert remote("", {**environ, "INCUS_REMOTE": "lab", "INCUS_URL": "https://h:1"}) == remote("lab", environ)


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
    lxc = environ["LXD_CONF"]
    assert remote("old", environ).options == {
        "url": "https://l:8443",
        "client_cert": f"{lxc}/client.crt",
        "client_key": f"{lxc}/client.key",
        "server_cert": f"{lxc}/servercerts/old.crt",
    }
    assert remote("default", environ) == found
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
        ("zzzz", errors.MissingReference, "add it with nfvlab.fleet.incus_remote"),
        ("images", errors.InvalidOption, "'images' is a server of images, no daemon"),
        ("mirror", errors.InvalidOption, "none that a client certificate opens"),
        ("unpinned", errors.InvalidOption, "'unpinned' cannot be used: its server is not pinned"),
        ("oidc", errors.InvalidOption, "none that a client certificate opens"),
    ],
)
def test_what_is_no_such_remote_is_said(environ, name, kind, said):
    with pytest.raises(kind, match=said):
        remote(name, environ)


def test_a_damaged_configuration_is_named(environ, tmp_path):
    (tmp_path / "own" / "config.yml").write_text("remotes:\n  lab: {addr: x}\n")
    with pytest.raises(errors.InvalidOption, match="own/config.yml': line 2: .* beyond what the clients write"):
        remote("lab", environ)
    (tmp_path / "own" / "config.yml").write_text("remotes:\n- lab\n")
    with pytest.raises(errors.InvalidOption, match="no dictionary of dictionaries"):
        remote("lab", environ)
    (tmp_path / "own" / "config.yml").write_bytes(b"remotes: \xff")
    with pytest.raises(errors.InvalidOption, match="it is no text"):
        remote("lab", environ)


def test_without_any_files_there_is_this_host_only(tmp_path):
    nothing = str(tmp_path / "none")
    environ = dict.fromkeys(("INCUS_CONF", "INCUS_GLOBAL_CONF", "LXD_CONF", "LXD_GLOBAL_CONF"), nothing)
    assert names(environ) == ["local"]
    assert remote("default", {**environ, "INCUS_SOCKET": "/s"}) == Remote({"socket": "/s"})
    with pytest.raises(errors.MissingReference, match="remote 'lab' does not exist"):
        remote("lab", environ)


def options(given, environ):
    """What the connection options become, and the project."""
    params = {"remote": environ.get("INCUS_REMOTE"), "url": None, "project": "default", "timeout": 30.0, **given}
    return reached(params, given, environ), params["project"]


def test_a_task_gets_the_options_and_the_project_of_its_remote(environ):
    found, project = options({"remote": "lab"}, environ)
    assert found["url"] == "https://lab:8443" and found["timeout"] == 30.0 and project == "edge"
    assert options({"remote": "lab", "project": "default"}, environ)[1] == "default"
    assert options({"remote": "here"}, environ)[1] == "default"
    found, _project = options({"remote": "lab", "client_cert": "/other.crt"}, environ)
    assert found["client_cert"] == "/other.crt" and found["client_key"].endswith("/client.key")


def test_a_token_takes_the_place_of_the_remotes_certificate(environ):
    found = reached({"remote": "lab", "client_cert": None}, {"remote": "lab", "bearer_token": "a.b.c"}, environ)
    assert (found["client_cert"], found["client_key"], found["bearer_token"]) == (None, None, "a.b.c")
    assert found["url"] == "https://lab:8443"
    found = reached({"remote": "lab", "bearer_token": "a.b.c"}, {"remote": "lab"}, environ)
    assert found["client_cert"] and not found["bearer_token"], "a variable of the environment knows nothing of remotes"


def test_a_socket_or_an_address_wins_over_the_variable_and_excludes_the_option(environ):
    named = {**environ, "INCUS_REMOTE": "lab"}
    assert options({}, named)[0]["url"] == "https://lab:8443"
    assert options({"url": "unix:/x"}, named) == (
        {**options({"url": "unix:/x"}, environ)[0], "remote": "lab"},
        "default",
    )
    with pytest.raises(errors.InvalidOption, match="the remote 'lab' and 'url'; leave one of the two out"):
        options({"remote": "lab", "url": "unix:/x"}, environ)


def test_in_check_mode_a_remote_that_is_not_there_yet_is_an_empty_daemon(environ, monkeypatch):
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    warned: list[str] = []
    params = {"remote": "labb", "timeout": 1.0, "operation_timeout": 1.0}
    task = Task(params, {"remote": "labb"}, check_mode=True, warn=warned.append)
    assert isinstance(connect(task), NoDaemon)
    (said,) = warned
    assert said.endswith("counts as new and empty, because remote 'labb' does not exist; did you mean 'lab'?")
    with pytest.raises(errors.MissingReference, match="remote 'labb' does not exist; did you mean 'lab'"):
        connect(Task(params, {"remote": "labb"}))


def test_an_image_comes_from_a_remote_of_the_client(environ, monkeypatch, tmp_path):
    for variable, value in environ.items():
        monkeypatch.setenv(variable, value)
    (tmp_path / "own" / "servercerts" / "mirror.crt").write_text("-----BEGIN CERTIFICATE-----")
    assert image_source({"image": "mirror:debian/12"}, "incus") == {
        "type": "image",
        "mode": "pull",
        "server": "https://m:8443",
        "protocol": "incus",
        "certificate": "-----BEGIN CERTIFICATE-----",
        "alias": "debian/12",
    }
    with pytest.raises(errors.InvalidOption, match="'lab' is no server of public images"):
        image_source({"image": "lab:debian/12"}, "incus")
    with pytest.raises(errors.InvalidOption, match="no remote 'mirrro'; did you mean 'mirror'"):
        image_source({"image": "mirrro:debian/12"}, "incus")
