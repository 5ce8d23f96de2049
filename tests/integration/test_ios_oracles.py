# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Foreign tools work with the simulated router (SIMULATOR): it is not only our own clients that understand it.

netmiko, scrapli, NAPALM and ntc-templates live in an environment of their own, which is made here; cisco.ios, which
comes with the large C(ansible) package, is tried where C(make oracles) has put it there.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.simulators.ios import Lab

from . import ios

ROOT = Path(__file__).resolve().parents[2]
HOME = ROOT / "build" / "oracles-ios"
PYTHON = HOME / "bin" / "python"
PACKAGES = Path(__file__).with_name("oracles-ios.txt")


@pytest.fixture(scope="module")
def python():
    """The interpreter of the foreign tools."""
    if not PYTHON.exists():
        subprocess.run([sys.executable, "-m", "venv", str(HOME)], check=True, capture_output=True)
    modules = "import netmiko, scrapli, napalm, ntc_templates"
    if subprocess.run([PYTHON, "-c", modules], capture_output=True, check=False).returncode:
        command = [PYTHON, "-m", "pip", "install", "--quiet", "-r", str(PACKAGES)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.skip(f"the foreign tools cannot be installed here: {done.stderr.strip().splitlines()[-1]}")
    return PYTHON


def told(python, script, lab, *more):
    """What a script of a foreign tool prints, as JSON."""
    arguments = [str(lab.port("r1")), ios.USER, ios.PASSWORD, ios.ENABLE, *more]
    run = subprocess.run([python, "-c", script, *arguments], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr[-3000:]
    return json.loads(run.stdout)


NETMIKO = """
import json, sys
from netmiko import ConnectHandler
port, user, password, enable = sys.argv[1:]
lines = ["interface Loopback7", "description by netmiko", "ip address 10.7.7.7 255.255.255.255"]
with ConnectHandler(
    device_type="cisco_ios", host="127.0.0.1", port=int(port), username=user, password=password, secret=enable
) as device:
    device.enable()
    device.send_config_set(lines, error_pattern="%")
    try:
        device.send_config_set(["interface Nonsense0"], error_pattern="% Invalid")
        caught = None
    except Exception as error:
        caught = type(error).__name__
    device.exit_config_mode()
    print(json.dumps({
        "caught": caught,
        "save": device.save_config(),
        "prompt": device.find_prompt(),
        "brief": device.send_command("show ip interface brief", use_textfsm=True),
    }))
"""


def test_netmiko_enables_configures_and_saves(python):
    with ios.one(level=1) as lab:
        said = told(python, NETMIKO, lab)
        state = lab.export("r1")
        assert state["config"]["interfaces"]["Loopback7"]["description"] == "by netmiko"
        assert "description by netmiko" in state["startup"]
    assert said["caught"] == "ConfigInvalidException"
    assert "[OK]" in said["save"]
    assert {row["interface"]: row["ip_address"] for row in said["brief"]}["Loopback7"] == "10.7.7.7"


SCRAPLI = """
import json, sys
from scrapli import AuthOptions, Cli, LookupKeyValue, TransportSsh2Options
port, user, password, enable = sys.argv[1:]
auth = AuthOptions(username=user, password=password, lookups=[LookupKeyValue(key="enable", value=enable)])
device = Cli(
    "127.0.0.1", port=int(port), definition_file_or_name="cisco_iosxe", auth_options=auth,
    transport_options=TransportSsh2Options(),
)
device.open()
pushed = device.send_inputs(["interface Loopback8", "description by scrapli"], requested_mode="configuration")
shown = device.send_input("show version", requested_mode="privileged_exec")
print(json.dumps({"failed": pushed.failed, "version": shown.result}))
"""


def test_scrapli_enables_and_configures(python):
    with ios.one(level=1) as lab:
        said = told(python, SCRAPLI, lab)
        assert lab.export("r1")["config"]["interfaces"]["Loopback8"]["description"] == "by scrapli"
    assert said["failed"] is False
    assert "SIMULATOR of IOS XE" in said["version"]


NAPALM = """
import json, sys
from napalm import get_network_driver
port, user, password, enable = sys.argv[1:]
device = get_network_driver("ios")("127.0.0.1", user, password, optional_args={"port": int(port), "secret": enable})
device.open()
names = ("facts", "interfaces", "interfaces_ip", "users", "ntp_servers", "config", "arp_table")
print(json.dumps({name: getattr(device, f"get_{name}")() for name in names}))
device.close()
"""


@pytest.mark.parametrize("dialect", ["xe", "classic"])
def test_napalm_gets_what_the_device_has(python, dialect):
    more = "ntp server 192.0.2.53\ninterface Loopback0\n ip address 10.0.0.1 255.255.255.0\n"
    more += " ip address 10.1.0.1 255.255.0.0 secondary\n"
    with ios.one(dialect=dialect, more=more) as lab:
        said = told(python, NAPALM, lab)
        state = lab.export("r1")
    port = ios.PORTS[dialect]
    assert said["facts"]["hostname"] == "r1"
    assert said["facts"]["fqdn"] == "r1.lab.example"
    assert set(said["facts"]["interface_list"]) == set(state["config"]["interfaces"])
    assert said["interfaces"][port]["is_up"] is True
    assert said["interfaces_ip"]["Loopback0"]["ipv4"] == {
        "10.0.0.1": {"prefix_length": 24},
        "10.1.0.1": {"prefix_length": 16},
    }
    assert said["users"]["admin"]["level"] == 15
    assert list(said["ntp_servers"]) == ["192.0.2.53"]
    assert "hostname r1" in said["config"]["running"]


NTC = """
import json, sys
from ntc_templates.parse import parse_output
print(json.dumps({name: parse_output("cisco_ios", name, text) for name, text in json.load(open(sys.argv[5])).items()}))
"""
# By command, which rows of the template's result must say what.
SHOWS = {
    "show version": {"hostname": "r1"},
    "show interfaces": {"interface": "Loopback0", "ip_address": "10.0.0.1"},
    "show interfaces description": {"port": "Lo0", "description": "for test"},
    "show ip interface brief": {"interface": "Loopback0", "ip_address": "10.0.0.1"},
    "show ip interface": {"interface": "Loopback0"},
    "show ip route": {"network": "10.0.0.0", "prefix_length": "24"},
    "show cdp neighbors": {"neighbor_name": "r2.lab.example"},
    "show cdp neighbors detail": {"neighbor_name": "r2.lab.example"},
    "show users": {"user": "admin"},
    "show clock": {"timezone": "UTC"},
    "show inventory": {"name": "Chassis"},
    "show ip arp": {"ip_address": "192.0.2.1"},
    "show access-lists": {"name": "10", "action": "permit"},
    "show archive": {},
}


@pytest.mark.parametrize("dialect", ["xe", "classic"])
def test_what_is_shown_parses_with_ntc_templates(python, dialect, tmp_path):
    more = (
        "ip access-list standard 10\n permit 10.0.0.0 0.0.0.255\n"
        "interface Loopback0\n description for test\n ip address 10.0.0.1 255.255.255.0\n"
        "ip route 0.0.0.0 0.0.0.0 192.0.2.254\n" + ios.ARCHIVE
    )
    port = ios.PORTS[dialect]
    with Lab(
        [ios.device(dialect=dialect, more=more), ios.device("r2", dialect)], [(f"r1:{port}", f"r2:{port}")]
    ) as lab:

        async def work(session):
            await session.command("archive config")
            return {name: await session.command(name) for name in SHOWS}

        shown = ios.on(ios.target(lab), work)
        file = tmp_path / "shown.json"
        file.write_text(json.dumps(shown))
        parsed = told(python, NTC, lab, str(file))
    for name, wanted in SHOWS.items():
        rows = parsed[name]
        assert any(wanted.items() <= row.items() for row in rows), (name, rows, shown[name])


PLAY = """
- hosts: all
  gather_facts: false
  tasks:
    - cisco.ios.ios_facts:
        gather_subset: [min]
      register: facts
    - cisco.ios.ios_config:
        parents: interface Loopback9
        lines: [description by cisco.ios, ip address 10.9.9.9 255.255.255.255]
        save_when: modified
    - cisco.ios.ios_command:
        commands: [show ip interface brief]
      register: shown
    - ansible.builtin.assert:
        that:
          - facts.ansible_facts.ansible_net_hostname == 'r1'
          - "'10.9.9.9' in shown.stdout[0]"
"""


def test_cisco_ios_reads_configures_and_saves(python, tmp_path):
    if not (HOME / "bin" / "ansible-playbook").exists():
        pytest.skip("cisco.ios comes with the large ansible package: run 'make oracles'")
    with ios.one(level=1) as lab:
        variables = {
            "ansible_connection": "ansible.netcommon.network_cli",
            "ansible_network_os": "cisco.ios.ios",
            "ansible_host": "127.0.0.1",
            "ansible_port": lab.port("r1"),
            "ansible_user": ios.USER,
            "ansible_password": ios.PASSWORD,
            "ansible_become": True,
            "ansible_become_method": "enable",
            "ansible_become_password": ios.ENABLE,
            "ansible_python_interpreter": str(python),
        }
        (tmp_path / "hosts.json").write_text(json.dumps({"all": {"hosts": {"r1": variables}}}))
        (tmp_path / "play.yml").write_text(PLAY)
        run = subprocess.run(
            [HOME / "bin" / "ansible-playbook", "-i", "hosts.json", "play.yml"],
            cwd=tmp_path,
            env={
                "PATH": f"{HOME}/bin:/usr/bin:/bin",
                "HOME": str(tmp_path),
                "ANSIBLE_HOST_KEY_CHECKING": "false",
                "LC_ALL": "C.UTF-8",
            },
            capture_output=True,
            text=True,
            check=False,
        )
        assert run.returncode == 0, run.stdout[-3000:] + run.stderr[-1000:]
        state = lab.export("r1")
        assert state["config"]["interfaces"]["Loopback9"]["description"] == "by cisco.ios"
        assert "description by cisco.ios" in state["startup"]
