# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The fault list: whatever happens during a change, the device ends in a state that we know, and without a timer.

Each row runs under each guard, against a simulated router (SIMULATOR). The counts are printed at the end.
"""

from __future__ import annotations

import collections
import dataclasses
import types
import typing as t

import pytest
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.errors import FleetError
from ansible_collections.nfvlab.fleet.plugins.module_utils._ios.tree import differences
from ansible_collections.nfvlab.fleet.plugins.plugin_utils.ios import push, session

from tests.simulators.ios import Lab

from . import ios, ios_actions

INTENT = """\
ntp server 192.0.2.53
interface Loopback0
 description the first r1(config)#
 ip address 10.0.0.1 255.255.255.255
interface Loopback1
 description the second
 ip address 10.0.0.2 255.255.255.255
ip dhcp pool lab
 network 10.9.0.0 255.255.255.0
 default-router 10.9.0.1
username bob privilege 15 secret 0 b0b-Pass
banner motd @
Authorised only: r1#
@
line vty 0 4
 exec-timeout 5 0
""" + "".join(f"ip route 10.{number}.0.0 255.255.0.0 192.0.2.254\n" for number in range(100, 140))

SYNCHRONOUS = "line vty 0 4\n logging synchronous\n"
GUARDS = {
    "revert_timer": {"more": ios.ARCHIVE, "filesystems": ("flash:", "nvram:")},
    "replace": {"filesystems": ("flash:", "nvram:")},
    "inverse": {"filesystems": ()},
}
OLD, NEW, REPORTED = "old", "new", "reported"
COUNTS: collections.Counter[tuple[str, str]] = collections.Counter()


@dataclasses.dataclass(frozen=True)
class Row:
    """One fault.

    :ivar faults: what is set before the change
    :ivar ends: how it may end
    :ivar intent: what is wanted; a text that is sent as it is begins with C(raw:)
    """

    name: str
    faults: dict[str, t.Any] = dataclasses.field(default_factory=dict)
    ends: tuple[str, ...] = (OLD,)
    intent: str = INTENT
    timeout: float = 10.0


DURING = [
    Row("nothing", ends=(NEW,)),
    Row("a slow device", {"per_line": 0.005}, ends=(NEW,)),
    Row("a slow link", {"rtt": 0.02}, ends=(NEW,)),
    Row("an answer split at every byte", {"split": True}, ends=(NEW,)),
    Row("log lines in between", {"noise_every": 3}, ends=(NEW,)),
    Row("log lines inside the echo", {"noise_every": 2, "noise_inside": True}, ends=(NEW,)),
    Row(
        "log lines inside the echo, reprinted",
        {"noise_every": 2, "noise_inside": True},
        (NEW,),
        f"{SYNCHRONOUS}{INTENT}",
    ),
    Row("a terminal that cannot be made wide", {"no_width": True}, ends=(NEW,)),
    Row("a small input buffer", {"input_buffer": 200}, ends=(NEW,)),
    Row("a tiny input buffer", {"input_buffer": 70}, ends=(NEW,)),
    *(Row(f"session cut after line {count}", {"cut_after": count}) for count in (0, 1, 7, 30)),
    *(Row(f"device hangs after line {count}", {"hang_after": count}, timeout=0.4) for count in (0, 9)),
    *(Row(f"reload after line {count}", {"reload_after": count}) for count in (0, 12)),
    Row(
        "a line refused in the middle",
        {"refuse": {"network 10.9.0.0 255.255.255.0": "% Something that nobody has seen"}},
    ),
    Row("the last line refused", {"refuse": {"exec-timeout 5 0": "%Error: no"}}),
    Row("a remark on a line", {"refuse": {"exec-timeout 5 0": "% Warning: taken, perhaps"}}, ends=(OLD,)),
]


@pytest.fixture(scope="module", autouse=True)
def table():
    yield
    total = collections.Counter(end for _name, end in COUNTS.elements())
    print("\nfaults (SIMULATOR): " + ", ".join(f"{count} ended {end}" for end, count in sorted(total.items())))
    for (name, end), count in sorted(COUNTS.items()):
        print(f"  {name:<45} {end:<9} {count}")


def ended(lab, before, predicted):
    """How the device ended: with the old configuration, the new one, or another."""
    now = ios.running(lab)
    if not differences(now, predicted):
        return NEW
    return OLD if not differences(now, before) else REPORTED


def assert_clean(lab):
    """Reachable, no timer, no session, nothing of ours left on the device."""
    state = lab.export("r1")
    assert state["timers"] == {}
    assert state["reachable"]
    assert not [url for url in lab["r1"].files if "nfvlab" in url]
    assert ios.on(ios.target(lab), lambda session: session.command("show privilege")).endswith("15")


def set_up(lab, faults):
    for name, value in faults.items():
        setattr(lab["r1"].faults, name, value)
    lab["r1"].lines_seen = 0


@pytest.mark.parametrize("guard", GUARDS)
@pytest.mark.parametrize("row", DURING, ids=lambda row: row.name)
def test_fault_during_a_change(row, guard, monkeypatch):
    monkeypatch.setattr(push, "STALLED", 0.3)
    with ios.one(minute=5.0, **GUARDS[guard]) as lab:
        set_up(lab, row.faults)
        report, before, wanted = ios.change(ios.target(lab, timeout=row.timeout), row.intent)
        assert report.guard == guard
        end = ended(lab, before, wanted.predicted)
        COUNTS[row.name, end] += 1
        assert end in row.ends, (report, differences(ios.running(lab), before))
        assert report.ok == (end == NEW)
        assert report.verified == (end == NEW)
        assert report.rolled_back == (None if end == NEW else True)
        if end == OLD:
            assert str(report.error).count("\n") == 0
            known = [*report.applied, *report.failed, *report.not_sent, *report.unknown]
            assert sorted(one.number for one in known) == list(range(1, len(wanted.lines) + 1)) or "buffer" in row.name
        set_up(lab, {"input_buffer": None, "split": False})
        assert_clean(lab)


def test_a_rollback_that_the_device_aborts_is_done_line_by_line():
    with ios.one(**GUARDS["replace"]) as lab:
        set_up(lab, {"replace_aborts": True, "refuse": {"exec-timeout 5 0": "%Error: no"}})
        report, before, _wanted = ios.change(ios.target(lab), INTENT)
        assert (report.guard, report.rolled_back) == ("replace", True)
        assert not differences(ios.running(lab), before)
        COUNTS["rollback aborted after 5 passes", OLD] += 1
        assert_clean(lab)


def test_the_way_in_is_open_after_every_line_of_a_rollback():
    """The list comes back entry by entry, and it is in force meanwhile: the entry that lets us in has to come first."""
    startup = ios_actions.router("r1")["startup"].replace(
        "line vty 0 4\n",
        "ip access-list standard ONLY\n permit 10.2.0.0 0.0.255.255\n permit 172.16.0.99\n"
        "line vty 0 4\n access-class ONLY in\n",
    )
    with Lab([ios_actions.router("r1", startup=startup, filesystems=())]) as lab:
        before = ios.running(lab)
        set_up(lab, {"refuse": {"ntp master": ""}})  # ignored without a word, which the comparison notices
        result = ios_actions.act(
            "ios_config",
            "r1",
            {"r1": ios_actions.variables(lab, "r1")},
            {"lines": ["no ip access-list standard ONLY", "ntp master"], "guard": "inverse"},
        )
        assert (result["failed"], result["rolled_back"]) == (True, True)
        assert "no ip access-list standard ONLY" in result["applied"]
        assert not differences(ios.running(lab), before)
        assert [event["line"] for event in lab.export("r1")["journal"] if not event["reachable"]] == []
        COUNTS["an access list of our way comes back", OLD] += 1


def test_a_rollback_that_fails_as_well_is_told_exactly():
    with ios.one(filesystems=()) as lab:
        set_up(lab, {"refuse": {"exec-timeout 5 0": "%Error: no", "no interface Loopback1": "%Error: never"}})
        report, before, _wanted = ios.change(ios.target(lab), INTENT)
        left = differences(before, ios.running(lab))
        assert report.rolled_back is False
        assert report.mismatch == left
        COUNTS["rollback refused", REPORTED] += 1


def test_a_change_that_cuts_the_way_in_comes_back_by_the_timer():
    more = ios.ARCHIVE + "interface GigabitEthernet2\n ip address 198.51.100.1 255.255.255.0\n"
    with ios.one(minute=0.5, more=more) as lab:
        report, before, _wanted = ios.change(
            ios.target(lab, timeout=1.0), "interface GigabitEthernet1\n shutdown\n", allow_lockout=True
        )
        assert (report.guard, report.rolled_back) == ("revert_timer", True)
        assert not differences(ios.running(lab), before)
        assert any(not event["reachable"] for event in lab.export("r1")["journal"])
        COUNTS["way in cut by the change", OLD] += 1
        assert_clean(lab)


def test_a_changed_prediction_is_noticed_over_the_new_session():
    with ios.one() as lab:
        set_up(lab, {"refuse": {"no ip http server": ""}})
        report, before, _wanted = ios.change(ios.target(lab), "no ip http server\nip domain name other.example\n")
        assert report.error.kind == "not_kept"
        assert report.mismatch
        assert report.rolled_back is True
        assert not differences(ios.running(lab), before)
        COUNTS["a line silently ignored", OLD] += 1
        assert_clean(lab)


def test_a_timer_that_fires_before_the_confirmation_is_noticed():
    with ios.one(minute=0.2, **GUARDS["revert_timer"]) as lab:
        set_up(lab, {"rtt": 0.06})
        report, before, _wanted = ios.change(ios.target(lab), INTENT)
        assert report.error.next_step == "raise guard_minutes"
        assert report.rolled_back is True
        assert not differences(ios.running(lab), before)
        COUNTS["timer too short", OLD] += 1
        assert_clean(lab)


def test_somebody_elses_timer_is_left_alone():
    with ios.one(**GUARDS["revert_timer"]) as lab:

        async def theirs(session):
            await session.configure("configure terminal revert timer 10")
            await session.leave()

        ios.on(ios.target(lab), theirs)
        report, *_rest = guarded(lab, "hostname r2\n")
        assert report is not None
        assert report.kind == "in_use"
        assert lab.export("r1")["timers"] == {"rollback": 10}
        assert lab.export("r1")["config"]["hostname"] == "r1"


def guarded(lab, intent, **how):
    try:
        ios.change(ios.target(lab), intent, **how)
    except FleetError as error:
        return (error,)
    return (None,)


def test_our_own_password_may_be_changed():
    with ios.one() as lab:
        report, _before, wanted = ios.change(ios.target(lab), "username admin privilege 15 secret 0 an0ther-Pass\n")
        assert report.ok, report
        assert report.verified
        way = ios.target(lab, password="an0ther-Pass")
        assert ios.on(way, lambda session: session.command("show privilege"))
        assert wanted.lines


def crowd(lab):
    """Take all vty lines but none of ours."""
    for number in range(5):
        lab["r1"].shells.append(
            types.SimpleNamespace(kind="vty", number=number, monitors=False, title="", end=lambda: None)
        )


# What keeps a session from beginning: the kind of the failure, how it is brought about, what the session tries with.
AT_THE_DOOR = {
    "a wrong password": ("forbidden", None, {"password": "wrong"}),
    "a wrong enable secret": ("forbidden", None, {"become": True, "become_password": "wrong"}),
    "a changed host key": ("untrusted", lambda lab: lab.change_host_key("r1"), {"known_hosts": True}),
    "vty lines exhausted": ("unreachable", lambda lab: lab.call(lambda: crowd(lab)), {}),
    "nobody answers": ("unreachable", None, {"port": 1}),
    "the configuration locked by another session": ("busy", lambda lab: setattr(lab["r1"], "lock", OTHER), {}),
}
OTHER = types.SimpleNamespace(user="other", number=1)


@pytest.mark.parametrize("name", AT_THE_DOOR)
def test_a_session_that_cannot_begin_changes_nothing(name, tmp_path, monkeypatch):
    monkeypatch.setattr(session, "LOCK_PAUSE", 0.01)
    kind, happens, options = AT_THE_DOOR[name]
    with ios.one(level=1 if "enable" in name else 15) as lab:
        before = ios.running(lab)
        if "known_hosts" in options:
            options = {"known_hosts": ios.known_hosts(lab, tmp_path)}
        if happens:
            happens(lab)
        with pytest.raises(FleetError) as caught:
            ios.push(ios.target(lab, **options), ["hostname r2"])
        assert caught.value.kind == kind
        assert caught.value.next_step
        assert not differences(before, ios.running(lab))
        lab.call(lab["r1"].shells.clear)
        lab["r1"].lock = None
        COUNTS[name, OLD] += 1


def test_a_full_file_system_on_save_leaves_both_configurations_as_they_are():
    with ios.one() as lab:
        report, *_rest = ios.change(ios.target(lab), INTENT)
        assert report.ok
        startup = lab.export("r1")["startup"]
        lab["r1"].faults.nvram_full = True
        with pytest.raises(FleetError, match="not saved"):
            ios.on(ios.target(lab), lambda session: session.save())
        assert lab.export("r1")["startup"] == startup
        COUNTS["a full file system on save", NEW] += 1
        assert_clean(lab)


def test_a_full_file_system_leaves_the_ladders_next_rung():
    with ios.one(**GUARDS["replace"]) as lab:
        lab["r1"].faults.nvram_full = True
        report, *_rest = ios.change(ios.target(lab), INTENT)
        assert (report.guard, report.ok) == ("inverse", True)
        COUNTS["no room for the guard's copy", NEW] += 1
        assert_clean(lab)


BAD = [
    Row("an unknown command", intent="raw:ip subset-zero"),
    Row("an ambiguous command", intent="raw:i"),
    Row("an incomplete command", intent="raw:interface"),
    Row("a value out of range", intent="raw:cdp timer 4"),
    Row("overlapping addresses", intent="raw:interface GigabitEthernet2|ip address 192.0.2.2 255.255.255.0"),
    Row(
        "a secondary without a primary",
        intent="raw:interface GigabitEthernet2|ip address 10.1.1.1 255.255.255.0 secondary",
    ),
    Row("a network address as an address", intent="raw:interface GigabitEthernet2|ip address 10.1.1.0 255.255.255.0"),
    Row("an interface that is not there", intent="raw:interface GigabitEthernet9|shutdown"),
    Row("a physical interface removed", intent="raw:no interface GigabitEthernet1"),
    Row("a vty line too many", intent="raw:line vty 0 99|login local"),
    Row("a line with a line feed", intent="raw:interface GigabitEthernet2|description a\nshutdown"),
    Row("a line with a control character", intent="raw:interface GigabitEthernet2|description a\x01b"),
    Row("text that is not ASCII", intent="raw:interface GigabitEthernet2|description caf\xe9"),
]


@pytest.mark.parametrize("row", BAD, ids=lambda row: row.name)
def test_bad_input_changes_nothing_and_names_the_line(row):
    lines = row.intent.removeprefix("raw:").split("|")
    with ios.one() as lab:
        before = ios.running(lab)
        try:
            outcome = ios.push(ios.target(lab), lines)
        except FleetError as error:
            assert error.kind == "invalid_option"
            assert repr(next(character for character in lines[-1] if not " " <= character <= "~")) in str(error)
        else:
            assert outcome.failed[0].text in lines
            assert outcome.failed[0].answer
        assert not differences(before, ios.running(lab))
        COUNTS[row.name, OLD] += 1
        assert_clean(lab)


@pytest.mark.parametrize("length", [80, 120, 249, 254])
def test_long_lines_arrive_whole(length):
    text = "d" * (length - len("description "))
    with ios.one() as lab:
        outcome = ios.push(ios.target(lab), ["interface GigabitEthernet2", f"description {text}"])
        assert outcome.ok or len(text) > 240
        if outcome.ok:
            assert lab.export("r1")["config"]["interfaces"]["GigabitEthernet2"]["description"] == text


def test_the_window_is_bounded_in_bytes_as_well():
    with ios.one() as lab:
        lab["r1"].faults.input_buffer = push.BYTES
        lines = [f"ip route 10.{number}.0.0 255.255.0.0 192.0.2.254 name {'n' * 60}" for number in range(200)]
        assert ios.push(ios.target(lab, window=200), lines).ok
