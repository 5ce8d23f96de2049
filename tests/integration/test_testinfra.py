# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Instances as testinfra hosts: a busybox and a whole Debian, over the socket and over TLS."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import typing as t
from pathlib import Path

import pytest
import testinfra
import yaml
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.errors import FleetError, MissingReference, Refused
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.client import Client
from ansible_collections.nfvlab.fleet.plugins.plugin_utils.testinfra_incus import register
from testinfra.host import Host

from .conftest import ROOT, playbook, run_module, sweep
from .proxy import Proxy

PROJECT = "nfvt-a"
BUSYBOX, DEBIAN = "nfvt-busybox", "nfvt-debian"
PLUGIN = "ansible_collections.nfvlab.fleet.plugins.plugin_utils.testinfra_incus"
BUILD = [{"hosts": "localhost", "gather_facts": False, "roles": ["nfvlab.fleet.incus_images"]}]
SUDO = '#!/bin/sh\nif [ "$1" = -u ]; then shift 2; fi\nSUDO=yes exec "$@"\n'

register()


@pytest.fixture(scope="module")
def guests(client: Client, image: str, tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[None]:
    """Two running instances."""
    sweep(client)
    folder = tmp_path_factory.mktemp("build")
    (folder / "build.yml").write_text(yaml.safe_dump(BUILD))
    variables = {
        "ansible_python_interpreter": "{{ ansible_playbook_python }}",
        "incus_images_cache": str(folder / "cache"),
        "incus_images_project": PROJECT,
        "incus_images": [{"alias": "debian", "build": "debian"}, {"alias": "busybox", "path": image}],
        "incus_images_debian_packages": ["procps"],
    }
    for module, args in (
        ("incus_project", {"name": PROJECT, "config": {"features.images": True}}),
        ("incus_storage_pool", {"name": "nfvt-pool", "driver": "dir"}),
    ):
        made = run_module(module, args)
        assert not made.failed, made["msg"]
    playbook(str(folder / "build.yml"), "-e", json.dumps(variables))
    root = {"root": {"type": "disk", "path": "/", "pool": "nfvt-pool"}}
    for name, alias in ((BUSYBOX, "busybox"), (DEBIAN, "debian")):
        place = {"project": PROJECT, "name": name}
        made = run_module("incus_instance", {**place, "image": alias, "profiles": [], "devices": root})
        assert not made.failed, made["msg"]
        sudo = {"path": "/usr/local/bin/sudo", "content": SUDO, "mode": "0755", "parents": True}
        made = run_module("incus_file", {**place, **sudo})
        assert not made.failed, made["msg"]
    yield
    sweep(client)


def guest(name: str, **options: str) -> Host:
    """A new host, so that nothing is remembered from another test."""
    query = "".join(f"&{key}={value}" for key, value in options.items())
    Host._host_cache.clear()
    return testinfra.get_host(f"incus://{name}?namespace={PROJECT}{query}")


@pytest.fixture(params=["local", "address"])
def context(request: pytest.FixtureRequest, remote: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> str:
    """The daemon by its socket, and by its address with a client certificate."""
    if request.param == "local":
        return "local"
    for option in ("server_cert", "client_cert", "client_key"):
        monkeypatch.setenv(f"INCUS_{option.upper()}", remote[option])
    return remote["url"]


def recorded(client: Client, name: str) -> list[str]:
    """The outputs of commands that the daemon keeps."""
    path = f"/1.0/instances/{name}/logs" + ("/exec-output" if client.brand == "incus" else "")
    return [entry for entry in client.names(path, {"project": PROJECT}) or () if entry.startswith("exec_")]


@pytest.mark.parametrize("name", [BUSYBOX, DEBIAN])
def test_commands_and_their_output(guests: None, client: Client, context: str, name: str) -> None:
    host = guest(name, context=context)
    done = host.run("printf '\\377\\000out'; echo oops >&2; exit 3")
    assert (done.rc, done.stdout_bytes, done.stderr) == (3, b"\xff\0out", "oops\n")
    assert done.failed and not done.succeeded
    assert host.check_output("echo %s", "it's $HOME; ä €") == "it's $HOME; ä €"
    assert host.run("nope").rc == 127 and "not found" in host.run("nope").stderr
    assert host.run("/etc/passwd").rc == 126
    assert len(host.run("head -c 1000000 /dev/zero").stdout_bytes) == 1_000_000
    assert recorded(client, name) == []


@pytest.mark.parametrize("name", [BUSYBOX, DEBIAN])
def test_files(guests: None, context: str, name: str) -> None:
    host = guest(name, context=context)
    passwd = host.file("/etc/passwd")
    assert passwd.exists and passwd.is_file and passwd.mode == 0o644 and passwd.user == passwd.group == "root"
    assert passwd.contains("^root:") and passwd.content_string.startswith("root:")
    assert host.file("/etc").is_directory and not host.file("/nope").exists
    host.check_output("ln -sf /etc/passwd /tmp/link && printf '\\376\\000' >/tmp/binary")
    assert host.file("/tmp/link").linked_to == "/etc/passwd"
    assert host.file("/tmp/binary").content == b"\xfe\0" and host.file("/tmp/binary").size == 2


def test_a_whole_system(guests: None, context: str) -> None:
    host = guest(DEBIAN, context=context)
    host.run("systemctl is-system-running --wait")
    assert host.system_info.distribution == "debian"
    networkd = host.service("systemd-networkd")
    assert networkd.is_running and networkd.is_enabled
    assert not host.service("nope").is_running
    assert host.package("python3").is_installed and not host.package("nope").is_installed
    (init,) = host.process.filter(pid=1)
    assert init.comm == "systemd" and init.user == "root"
    assert host.user("root").home == "/root"
    assert "127.0.0.1" in host.interface("lo").addresses
    assert host.exists("python3") and not host.exists("nope")


@pytest.mark.parametrize("name", [BUSYBOX, DEBIAN])
def test_users_and_sudo(guests: None, name: str) -> None:
    assert guest(f"nobody@{name}").check_output("id -un") == "nobody"
    assert guest(f"nobody@{name}").run("exit 4").rc == 4
    assert guest(f"1234:567@{name}").check_output("echo $(id -u) $(id -g)") == "1234 567"
    assert guest(f"1234@{name}").check_output("echo $(id -u) $(id -g)") == "1234 0"
    assert guest(f"nope@{name}").run("true").rc != 0
    assert guest(name).check_output("echo $SUDO") == ""
    assert guest(name, sudo="true", sudo_user="root").check_output("echo $SUDO %s", "a b") == "yes a b"


def test_a_named_user_has_all_of_its_groups(guests: None) -> None:
    guest(DEBIAN).check_output("id nfvt || useradd --groups adm,games nfvt")
    assert {"adm", "games"} < set(guest(f"nfvt@{DEBIAN}").check_output("id -Gn").split())


def test_a_remote_of_the_client_is_a_context(
    guests: None, remote: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "servercerts").mkdir()
    shutil.copy(remote["server_cert"], tmp_path / "servercerts" / "lab.crt")
    shutil.copy(remote["client_cert"], tmp_path / "client.crt")
    shutil.copy(remote["client_key"], tmp_path / "client.key")
    remotes = {"lab": {"addr": remote["url"], "auth_type": "tls", "protocol": "incus", "project": PROJECT}}
    (tmp_path / "config.yml").write_text(yaml.safe_dump({"remotes": remotes}))
    monkeypatch.setenv("INCUS_CONF", str(tmp_path))
    host = testinfra.get_host(f"incus://{BUSYBOX}?context=lab")
    assert host.check_output("hostname") == BUSYBOX
    with pytest.raises(MissingReference, match="remote 'labb' does not exist; did you mean 'lab'"):
        guest(BUSYBOX, context="labb").run("true")


def test_a_command_is_six_requests_on_one_connection(guests: None, proxy: Proxy) -> None:
    host = guest(BUSYBOX, context=f"unix:{proxy.path}")
    proxy.clear()
    host.check_output("true")
    assert [request.method for request in proxy.seen] == ["POST", "GET", "GET", "DELETE", "GET", "DELETE"]


def test_a_command_whose_time_is_over_is_killed(guests: None, client: Client) -> None:
    with pytest.raises(FleetError, match="'sleep 4713' did not end within 1 s and was killed; give a longer 'timeout'"):
        guest(BUSYBOX, timeout="1").run("sleep 4713")
    assert "4713" not in guest(BUSYBOX).check_output("ps")
    assert recorded(client, BUSYBOX) == []


def test_what_is_missing_is_one_sentence(guests: None, context: str) -> None:
    with pytest.raises(MissingReference, match=f"instance 'nfvt-busybo' .* does not exist .*did you mean '{BUSYBOX}'"):
        guest("nfvt-busybo", context=context).run("true")
    with pytest.raises(MissingReference, match="project 'nfvt-none' does not exist"):
        testinfra.get_host(f"incus://{BUSYBOX}?namespace=nfvt-none&context={context}").run("true")


def test_it_is_a_plugin_of_pytest(guests: None, tmp_path: Path) -> None:
    (tmp_path / "test_guest.py").write_text(
        "def test_name(host):\n    assert host.check_output('hostname') == host.backend.get_hostname()\n"
    )
    hosts = ",".join(f"incus://{name}?namespace={PROJECT}" for name in (BUSYBOX, DEBIAN))
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-v", "-p", PLUGIN, f"--hosts={hosts}", str(tmp_path)],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT / "build" / "collections")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    for name in (BUSYBOX, DEBIAN):
        assert f"test_name[incus://{name}] PASSED" in run.stdout


def test_an_instance_that_does_not_run_says_so(guests: None, client: Client) -> None:
    place = {"project": PROJECT, "name": BUSYBOX}
    stopped = run_module("incus_instance", {**place, "state": "stopped", "force": True})
    assert not stopped.failed, stopped["msg"]
    with pytest.raises(Refused, match=f"instance '{BUSYBOX}' .*it is Stopped, and commands only run .*; start it with"):
        guest(BUSYBOX).run("true")
    started = run_module("incus_instance", {**place, "state": "started"})
    assert not started.failed, started["msg"]
    assert guest(BUSYBOX).run("true").rc == 0
