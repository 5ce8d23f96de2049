# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The IOS modules against simulated routers (SIMULATOR): what a check run predicts is what the real one does, and the
second run sends no configuration line."""

from __future__ import annotations

import json
import typing as t

import pytest
from ansible_collections.nfvlab.fleet.plugins.module_utils._ios import shows

from tests.integration.ios_actions import PASSWORD, PORT, SECOND, act, router, variables
from tests.simulators.ios import Lab

DIALECTS = ("classic", "xe")
Run = t.Callable[..., dict[str, t.Any]]


@pytest.fixture(params=DIALECTS)
def dialect(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def lab(dialect: str) -> t.Iterator[Lab]:
    with Lab([router("r1", dialect)]) as made:
        yield made


@pytest.fixture
def run(lab: Lab) -> Run:
    """Runs a module on the router."""
    hosts = {"r1": variables(lab, "r1")}
    return lambda module, options, **rest: act(module, "r1", hosts, options, **rest)


def lines(result: dict[str, t.Any]) -> list[str]:
    return [action["line"] for action in result["actions"]]


# What each declarative module does to a router, one step after the other.
STEPS = (
    (
        "ios_config",
        {"section": ["int {port}"], "lines": ["desc for test", "ip addr 10.9.0.1 255.255.255.0", "no shut"]},
    ),
    (
        "ios_config",
        {
            "block": "interface Loopback0\n ip address 192.0.2.1 255.255.255.255\n"
            "ip route 198.51.100.0 255.255.255.0 Null0\n"
        },
    ),
    (
        "ios_config",
        {"section": ["interface Loopback0"], "intended": "ip address 192.0.2.2 255.255.255.255\n", "state": "replaced"},
    ),
    (
        "ios_system",
        {"hostname": "edge1", "domain_lookup": False, "password_encryption": True, "enable_secret": "nfvt-other"},
    ),
    ("ios_banner", {"banner": "motd", "text": "Hello\n # not here\nno shutdown"}),
    ("ios_banner", {"banner": "motd", "state": "absent"}),
    (
        "ios_line",
        {"name": "con 0", "logging_synchronous": True, "exec_timeout": 0, "password": "nfvt-con", "login": "line"},
    ),
    ("ios_line", {"name": "vty 0 15", "login": "local", "exec_timeout": 605, "transport_input": ["ssh"]}),
    ("ios_user", {"name": "bob", "privilege": 15, "secret": "nfvt-bob-1"}),
    ("ios_user", {"name": "bob", "privilege": 15, "secret": "nfvt-bob-2"}),
    ("ios_user", {"name": "bob", "state": "absent"}),
    (
        "ios_interface",
        {
            "name": "{port}",
            "description": "x y",
            "address": "10.9.0.2/24",
            "secondary_addresses": ["10.10.0.1/24"],
            "helper_addresses": ["10.0.0.9"],
            "cdp": False,
            "enabled": True,
        },
    ),
    (
        "ios_interface",
        {"name": "{port}", "description": None, "secondary_addresses": [], "helper_addresses": [], "cdp": True},
    ),
    ("ios_interface", {"name": "Loopback0", "state": "absent"}),
    ("ios_interface", {"name": "{port}", "state": "absent"}),
    (
        "ios_dhcp",
        {
            "excluded": ["192.168.10.1-192.168.10.10"],
            "pools": [
                {
                    "name": "LAN",
                    "network": "192.168.10.0/24",
                    "default_router": ["192.168.10.1"],
                    "dns_server": ["8.8.8.8"],
                    "lease": "3 12 15",
                }
            ],
        },
    ),
    ("ios_dhcp", {"excluded": [], "pools": [{"name": "LAN", "lease": None, "dns_server": None}]}),
    ("ios_dhcp", {"pools": [{"name": "LAN", "state": "absent"}]}),
    ("ios_ntp", {"servers": [{"address": "172.16.10.1", "version": 4}], "master": 8}),
    ("ios_ntp", {"servers": [], "master": None}),
    ("ios_cdp", {"timer": 10, "holdtime": 30, "interfaces": [{"name": "{port}", "enabled": False}]}),
    ("ios_cdp", {"enabled": False}),
    ("ios_cdp", {"enabled": True, "timer": None, "holdtime": None}),
    ("ios_ssh", {"version": 2, "authentication_timeout": 60, "retries": 2}),
    ("ios_static_route", {"routes": [{"prefix": "0.0.0.0/0", "next_hop": "172.16.0.254"}], "purge": True}),
    ("ios_static_route", {"routes": [{"prefix": "0.0.0.0/0", "next_hop": "172.16.0.254"}], "state": "absent"}),
    ("ios_acl", {"name": "MGMT", "kind": "standard", "entries": ["remark ops", "permit 172.16.0.0 0.0.255.255"]}),
    (
        "ios_acl",
        {
            "name": "MGMT",
            "kind": "standard",
            "entries": ["permit 10.0.0.0 0.255.255.255", "permit 172.16.0.0 0.0.255.255"],
        },
    ),
    ("ios_acl", {"name": "MGMT", "kind": "standard", "state": "absent"}),
    ("ios_rsa_key", {"modulus": 3072, "replace": True}),
    ("ios_save", {}),
)


def filled(value: t.Any, port: str) -> t.Any:
    """The value with the name of the router's second port."""
    if isinstance(value, dict):
        return {key: filled(inner, port) for key, inner in value.items()}
    if isinstance(value, list):
        return [filled(inner, port) for inner in value]
    return value.replace("{port}", port) if isinstance(value, str) else value


def test_a_check_run_is_exact_and_the_second_run_sends_nothing(run: Run, lab: Lab, dialect: str) -> None:
    for module, options in STEPS:
        given = filled(options, SECOND[dialect])
        before = lab.export("r1")["running"]
        predicted = run(module, given, check=True)
        assert lab.export("r1")["running"] == before, f"{module} changed something in a check run"
        done = run(module, given)
        assert not done.get("failed"), done["msg"]
        assert done["changed"] is predicted["changed"] is True
        assert done["diff"] == predicted["diff"]
        assert lines(done) == lines(predicted)
        assert {action["sent"] for action in predicted["actions"]} == {False}
        assert {action["sent"] for action in done["actions"]} == {True}
        again = run(module, given)
        assert again["changed"] is False and again["actions"] == [], f"{module} {given} again: {again}"
        assert "nfvt-" not in json.dumps([predicted, done, again]), f"{module} shows a secret"


def test_without_a_difference_one_show_running_config_is_all(run: Run, lab: Lab) -> None:
    options = {"lines": ["hostname r1"]}
    lab["r1"].commands.clear()
    assert run("ios_config", options)["changed"] is False
    typed = [line for line in lab["r1"].commands if line.strip() and not line.startswith(("terminal ", "!", "exit"))]
    assert typed == ["show running-config"]


def test_every_show_that_the_simulator_prints_is_parsed(run: Run) -> None:
    commands = [name.replace(" [name]", "").replace("<name>", "*") for name in shows.PARSERS]
    result = run("ios_command", {"commands": commands})
    assert not result.get("failed"), result["msg"]
    found = dict(zip(commands, result["structured"], strict=True))
    assert all(value is not None for value in found.values())
    assert found["show version"]["hostname"] == "r1"
    assert found["show ip ssh"] == {**found["show ip ssh"], "enabled": True, "version": "2.0"}
    assert found["show crypto key mypubkey rsa"][0]["modulus"] == 2048
    addresses = {one["interface"]: one["address"] for one in found["show ip interface brief"]}
    assert "172.16.0.1" in addresses.values()


def test_facts_are_asked_one_by_one_and_queried(run: Run, dialect: str) -> None:
    result = run("ios_facts", {"gather": ["version", "addresses", "config"], "query": "version.dialect"})
    assert result["result"] == dialect
    assert set(result["facts"]) == {"version", "addresses", "config"}
    assert "<secret>" in result["facts"]["config"] and "$" not in result["facts"]["config"]


def test_a_condition_that_never_holds_is_said(run: Run) -> None:
    options = {
        "commands": ["show ntp status"],
        "wait_for": ["structured[0].synchronized"],
        "retries": 2,
        "interval": 0.01,
    }
    result = run("ios_command", options)
    assert result["failed"] and result["failure"]["kind"] == "timed_out"
    assert "structured[0].synchronized" in result["msg"] and len(result["stdout"]) == 1


def test_what_is_destructive_needs_a_word(run: Run) -> None:
    for module, options in (("ios_erase", {}), ("ios_reload", {}), ("ios_rsa_key", {"state": "absent"})):
        result = run(module, options)
        assert result["failed"] and result["failure"]["kind"] == "refused" and "confirm: true" in result["msg"]


def test_a_weak_key_is_refused_unless_it_is_meant(run: Run) -> None:
    assert "weak" in run("ios_rsa_key", {"modulus": 512})["msg"]
    assert run("ios_rsa_key", {"modulus": 512, "allow_weak": True})["changed"] is False  # the key is longer


def test_version_2_of_ssh_without_a_key_is_an_error(dialect: str) -> None:
    with Lab([router("r1", dialect, key_bits=512)]) as lab:
        # SSH does not let anybody in with such a key, but the console does.
        console = {"ios_transport": "console", "ansible_become_password": "nfvt-enable"}
        hosts = {"r1": variables(lab, "r1", **console, ansible_port=lab.console("r1"))}
        for check in (True, False):
            result = act("ios_ssh", "r1", hosts, {"version": 2}, check=check)
            assert result["failed"] and result["failure"]["kind"] == "unsupported" and "ios_rsa_key" in result["msg"]


def test_counters_are_cleared_and_seen_to_be(run: Run, dialect: str) -> None:
    options = {"interfaces": [PORT[dialect].replace("Ethernet", "")]}
    assert run("ios_clear", options, check=True)["actions"][0]["sent"] is False
    result = run("ios_clear", options)
    assert lines(result) == [f"clear counters {PORT[dialect]}"] and list(result["counters"]) == [PORT[dialect]]
    unknown = run("ios_clear", {"interfaces": ["Loopback77"]})
    assert unknown["failed"] and "Loopback77" in unknown["msg"]


def test_a_backup_is_restored_and_a_redacted_one_is_not(run: Run, lab: Lab, tmp_path: t.Any) -> None:
    whole, stars = {"path": str(tmp_path / "a" / "r1.cfg"), "redact": False}, {"path": str(tmp_path / "stars.cfg")}
    assert run("ios_backup", whole, check=True)["changed"] and not (tmp_path / "a").exists()
    assert run("ios_backup", whole)["changed"] and not run("ios_backup", whole)["changed"]
    assert (tmp_path / "a" / "r1.cfg").stat().st_mode & 0o777 == 0o600
    assert run("ios_backup", stars)["changed"] and "$" not in (tmp_path / "stars.cfg").read_text()
    before = lab.export("r1")["running"]
    assert run("ios_config", {"lines": ["hostname other", "no ip domain name lab.example", "ntp master"]})["changed"]
    dry = run("ios_backup", {**whole, "state": "restored"}, check=True)
    done = run("ios_backup", {**whole, "state": "restored"})
    assert not done.get("failed"), done["msg"]
    assert done["diff"] == dry["diff"] and lines(done) == lines(dry)
    assert lab.export("r1")["running"] == before
    refused = run("ios_backup", {**stars, "state": "restored"})
    assert refused["failed"] and "stars" in refused["msg"]


def test_an_erased_and_restarted_router_is_as_new(run: Run, lab: Lab) -> None:
    assert run("ios_erase", {"confirm": True})["changed"] and not run("ios_erase", {"confirm": True})["changed"]
    refused = run("ios_reload", {"confirm": True})
    assert refused["failed"] and "would be lost" in refused["msg"]
    assert run("ios_save", {})["changed"]
    done = run("ios_reload", {"confirm": True, "wait_timeout": 60})
    assert not done.get("failed"), done["msg"]
    assert "minute" in done["uptime"]


@pytest.mark.parametrize(
    ("module", "options", "kind", "words"),
    [
        ("ios_config", {"lines": ["hostnmae r2"]}, "invalid_option", "hostname"),
        ("ios_config", {"lines": ["ip subset-zero"]}, "invalid_option", "subnet-zero"),
        ("ios_config", {"lines": ["interface"]}, "invalid_option", "incomplete"),
        ("ios_config", {"lines": ["hostname r2"], "block": "x"}, "invalid_option", "'block'"),
        ("ios_config", {}, "invalid_option", "nothing is given"),
        ("ios_config", {"intended": "hostname r2"}, "invalid_option", "replaced"),
        ("ios_config", {"lines": ["hostname r2"], "guard_minutes": 500}, "invalid_option", "guard_minutes"),
        ("ios_config", {"line": ["hostname r2"]}, "invalid_option", "did you mean 'lines'"),
        ("ios_config", {"lines": ["hostname r2"], "guard": "relaod"}, "invalid_option", "reload"),
        ("ios_cdp", {"timer": 3}, "invalid_option", "3"),
        ("ios_interface", {"name": "f0/0", "address": "10.0.0.1"}, "invalid_option", "prefix length"),
        ("ios_line", {"name": "vty 0 4", "login": "lokal"}, "invalid_option", "local"),
        ("ios_command", {"commands": ["show version"], "wait_for": ["]"]}, "invalid_option", "JMESPath"),
        ("ios_command", {"commands": ["reload"]}, "refused", "ios_reload"),
        ("ios_backup", {"path": "/nonexistent/nfvt.cfg", "state": "restored"}, "not_found", "nfvt.cfg"),
    ],
)
def test_wrong_input_is_one_sentence_and_sends_nothing(
    run: Run, lab: Lab, module: str, options: t.Any, kind: str, words: str
) -> None:
    before = lab.export("r1")["running"]
    for check in (True, False):
        result = run(module, options, check=check)
        assert result["failed"] and result["changed"] is False
        assert result["failure"]["kind"] == kind, result["msg"]
        assert words in result["msg"], result["msg"]
    assert lab.export("r1")["running"] == before


def test_what_would_lock_this_session_out_is_refused(run: Run, lab: Lab, dialect: str) -> None:
    before = lab.export("r1")["running"]
    for module, options in (
        ("ios_interface", {"name": PORT[dialect], "enabled": False}),
        ("ios_interface", {"name": PORT[dialect], "address": "10.99.0.1/24"}),
        ("ios_line", {"name": "vty 0 15", "transport_input": ["none"]}),
    ):
        for check in (True, False):
            result = run(module, options, check=check)
            assert result["failed"] and result["failure"]["kind"] == "forbidden", result
            assert "allow_lockout" in result["msg"]
    assert lab.export("r1")["running"] == before


def test_a_refused_line_is_named_and_the_others_are_taken_back(run: Run, lab: Lab) -> None:
    before = lab.export("r1")["running"]
    lab["r1"].faults.refuse = {"ntp master": "% NTP is not for you"}
    result = run("ios_config", {"lines": ["ip route 198.51.100.0 255.255.255.0 Null0", "ntp master", "cdp timer 10"]})
    assert result["failed"] and result["changed"] is False and result["rolled_back"] is True
    assert result["rejected"][0]["line"] == "ntp master" and "not for you" in result["rejected"][0]["answer"]
    assert result["guard"] in result["msg"] or result["guard"] in ("replace", "inverse")
    lab["r1"].faults.refuse = {}
    assert lab.export("r1")["running"] == before


def test_a_cut_session_is_taken_back(run: Run, lab: Lab) -> None:
    before = lab.export("r1")["running"]
    lab["r1"].faults.cut_after = 2
    result = run("ios_config", {"lines": [f"ip route 198.51.{n}.0 255.255.255.0 Null0" for n in range(6)]})
    lab["r1"].faults.cut_after = None
    assert result["failed"] and result["failure"]["kind"] in ("interrupted", "operation_failed", "unreachable")
    assert result["rolled_back"] is True and lab.export("r1")["running"] == before
    assert run("ios_config", {"lines": ["ntp master"]})["changed"]


def test_a_wrong_password_is_said_without_it(lab: Lab) -> None:
    hosts = {"r1": variables(lab, "r1", ansible_password="nfvt-wrong")}
    result = act("ios_config", "r1", hosts, {"lines": ["ntp master"]})
    assert result["failed"] and "nfvt-wrong" not in json.dumps(result)


def test_configuration_without_a_device() -> None:
    hosts = {"r1": {}}
    running = "version 12.4\nhostname r1\nenable secret 0 nfvt-open\ninterface FastEthernet0/0\n description old\nend\n"
    parsed = act("ios_config", "r1", hosts, {"state": "parsed", "running_config": running})
    assert {"line": "hostname r1", "children": []} in parsed["config"] and "nfvt-open" not in json.dumps(parsed)
    rendered = act(
        "ios_config", "r1", hosts, {"state": "rendered", "lines": ["int f0/0", "desc x"], "dialect": "classic"}
    )
    assert "interface FastEthernet0/0\n description x" in rendered["config"]
    options = {"state": "replaced", "running_config": running, "intended": running.replace("old", "new")}
    planned = act("ios_config", "r1", hosts, options)
    assert lines(planned) == ["interface FastEthernet0/0", "description new"] and planned["changed"]
    assert act("ios_config", "r1", hosts, {**options, "intended": running})["changed"] is False


def test_saving_after_the_change(run: Run) -> None:
    result = run("ios_config", {"lines": ["ntp master"], "save": True})
    assert result["saved"] is True
    assert run("ios_save", {})["changed"] is False


def test_the_inventory_may_name_a_wrong_value(lab: Lab) -> None:
    hosts = {"r1": variables(lab, "r1", ios_legacy_algorithms="sha2")}
    result = act("ios_facts", "r1", hosts, {})
    assert result["failed"] and "sha1" in result["msg"]
    assert PASSWORD not in json.dumps(result)


# Many devices in one task


@pytest.fixture(scope="module")
def many() -> t.Iterator[Lab]:
    with Lab([router(f"r{number}", DIALECTS[number % 2], number) for number in range(1, 9)]) as made:
        yield made


def fleet(lab: Lab, **own: t.Any) -> dict[str, dict[str, t.Any]]:
    """The hosts of a fleet, with what each has of its own."""
    return {name: {**variables(lab, name), **own.get(name, {})} for name in lab.served}


def test_a_fleet_is_configured_with_a_result_for_each(many: Lab) -> None:
    hosts = fleet(many, r2={"ios_config": {"lines": ["ntp master 5"]}})
    options = {"lines": ["ntp master 3"], "concurrency": 4, "progress": False}
    predicted = act("ios_fleet", "r1", hosts, options, check=True)
    done = act("ios_fleet", "r1", hosts, options)
    assert not done.get("failed"), done["msg"]
    assert [one["host"] for one in done["results"]] == list(hosts)
    assert done["counts"] == {"devices": 8, "changed": 8, "failed": 0, "not_begun": 0}
    assert done["diff"] == predicted["diff"] and len(done["diff"]) == 8
    found = {one["host"]: lines(one) for one in done["results"]}
    assert found == {name: ["ntp master 5" if name == "r2" else "ntp master 3"] for name in hosts}
    again = act("ios_fleet", "r1", hosts, options)
    assert again["changed"] is False and again["counts"]["changed"] == 0 and again["diff"] == []


def test_one_broken_device_stops_no_other(many: Lab) -> None:
    hosts = fleet(many, r3={"ansible_password": "nfvt-wrong"}, r5={"ios_config": {"linez": []}}, r7={"ansible_port": 1})
    result = act("ios_fleet", "r1", hosts, {"lines": ["cdp timer 20"], "progress": False})
    assert (
        result["failed"]
        and result["changed"]
        and result["counts"]
        == {
            "devices": 8,
            "changed": 5,
            "failed": 3,
            "not_begun": 0,
        }
    )
    kinds = {one["host"]: one["failure"]["kind"] for one in result["results"] if one["failed"]}
    assert kinds == {"r3": kinds["r3"], "r5": "invalid_option", "r7": "unreachable"}
    assert all(name in result["msg"] for name in kinds) and "nfvt-wrong" not in json.dumps(result)


def test_too_many_failures_end_a_fleet(many: Lab) -> None:
    hosts = fleet(many, r1={"ansible_port": 1}, r2={"ansible_port": 1})
    options = {"lines": ["cdp timer 30"], "concurrency": 1, "max_failed": 2, "progress": False}
    result = act("ios_fleet", "r1", hosts, options)
    assert result["counts"] == {"devices": 8, "changed": 0, "failed": 2, "not_begun": 6}
    assert "6 were not begun" in result["msg"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"hosts": ["nobody"], "lines": ["cdp run"]}, "nobody"),
        ({"lines": ["cdp run"], "concurrency": 0}, "concurrency"),
        ({"lines": ["cdp run"], "max_failed": -1}, "max_failed"),
    ],
)
def test_a_fleet_that_cannot_be_meant_is_refused(many: Lab, options: t.Any, words: str) -> None:
    result = act("ios_fleet", "r1", fleet(many), options)
    assert result["failed"] and words in result["msg"] and "results" not in result


def test_what_is_said_is_written_down_without_secrets(lab: Lab, tmp_path: t.Any) -> None:
    hosts = {"r1": variables(lab, "r1", ios_transcript=str(tmp_path / "said"))}
    assert act("ios_user", "r1", hosts, {"name": "bob", "secret": "nfvt-bob"})["changed"]
    said = (tmp_path / "said" / "r1.txt").read_text()
    assert "> show running-config" in said and "> username bob" in said and "nfvt-" not in said
