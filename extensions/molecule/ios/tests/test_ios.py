# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The routers' end state, as the SIMULATOR exports it and by their behaviour over SSH: not what our modules say."""

from __future__ import annotations

import json

import pytest

FOLDER = "/run/nfvt-ios"
ROUTERS = ("nfvt-r1", "nfvt-r2")


def state(host, name):
    """A router's state."""
    return json.loads(host.file(f"{FOLDER}/{name}.json").content_string)


def ask(host, port, command):
    """What a router prints, asked by a client that is not ours."""
    script = (
        "import asyncio, asyncssh, sys\n"
        "async def ask():\n"
        f"    async with asyncssh.connect('127.0.0.1', {port}, username='admin', password='nfvt-admin',"
        f" known_hosts='{FOLDER}/known_hosts', config=None) as link:\n"
        "        shell = await link.create_process(term_type='vt100')\n"
        f"        shell.stdin.write('terminal length 0\\n{command}\\nexit\\n')\n"
        "        print(await shell.stdout.read())\n"
        "asyncio.run(ask())\n"
    )
    return host.check_output("python -c %s", script)


def test_they_are_one_simulator(host):
    assert host.check_output("ps -ww -eo args").count(f"tests.simulators.ios {FOLDER}/lab.json") == 1
    assert all(state(host, name)["simulator"] for name in ROUTERS)


@pytest.mark.parametrize("name", ROUTERS)
def test_everything_is_saved_and_nothing_is_pending(host, name):
    found = state(host, name)
    assert found["dirty"] is False and found["startup"] is not None
    assert found["timers"] == {}
    assert list(found["keys"].values()) == [2048]


@pytest.mark.parametrize("name", ROUTERS)
def test_passwords_are_hashes(host, name):
    running = state(host, name)["running"]
    text = running if isinstance(running, str) else "\n".join(running)
    assert "nfvt-admin" not in text and "nfvt-enable" not in text
    assert f"hostname {name}" in text and "transport input ssh" in text


def test_services_are_configured(host):
    running = state(host, "nfvt-r1")["running"]
    text = running if isinstance(running, str) else "\n".join(running)
    assert "ip dhcp excluded-address 192.168.10.1 192.168.10.10" in text and " lease 3 12 15" in text
    assert "ntp master" in text and "cdp timer 10" in text


def test_one_sees_the_other(host):
    assert "nfvt-r2.lab.example" in ask(host, 2291, "show cdp neighbors detail")
    assert "nfvt-r1.lab.example" in ask(host, 2292, "show cdp neighbors detail")


def test_the_banner_greets_and_ssh_is_version_2(host):
    assert "SSH Enabled - version 2.0" in ask(host, 2292, "show ip ssh")
    assert "172.16.0.2" in ask(host, 2292, "show ip interface brief")
