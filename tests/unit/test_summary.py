# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The summary at the end of a run."""

from __future__ import annotations

from ansible_collections.nfvlab.fleet.plugins.plugin_utils.summary import SHOWN, Seen, render


def result(label, before, after, **rest):
    diff = {"before_header": label, "before": before, "after": after}
    return {"changed": before != after, "diff": diff, "actions": [], **rest}


def instance(name, address=None, status="Running"):
    nic = {"addresses": [{"family": "inet", "scope": "global", "address": address}]}
    return {"name": name, "status": status, "state": {"network": {"eth0": nic}} if address else None}


def test_it_says_what_runs_where_what_changed_and_how_long():
    seen = Seen()
    seen.note("t", result("instance 'a'", {"state": "absent"}, {"x": 1}, instance=instance("a", "10.0.0.2")))
    seen.note("t", result("instance 'bb'", {"c": 1}, {"c": 1}, instance=instance("bb", status="Stopped")))
    seen.note("t", result("profile 'p'", {"config": {"a": 1}, "d": 1}, {"config": {"a": 2}, "d": 2}))
    seen.note("t", result("network 'n'", {"d": 1}, {"state": "absent"}))
    seen.note("Install packages", {"changed": True})
    seen.note("Look", {"changed": False})
    seen.note("Somebody else's", {"changed": True, "actions": [], "diff": {"before": "a", "before_header": "h"}})
    assert render({"host": seen}, took=12.34, check=False)[2:] == [
        "host",
        "  instance 'a'   Running  10.0.0.2",
        "  instance 'bb'  Stopped  -",
        "  5 changed:",
        "    + instance 'a'",
        "    ~ profile 'p': config.a, d",
        "    - network 'n'",
        "    Install packages",
        "    Somebody else's",
        "took 12.3 s",
    ]


def test_a_deleted_instance_no_longer_runs():
    seen = Seen()
    seen.note("t", result("instance 'a'", {"state": "absent"}, {"x": 1}, instance=instance("a", "10.0.0.2")))
    seen.note("t", result("instance 'a'", {"x": 1}, {"state": "absent"}, instance=None))
    assert seen.instances == {}


def test_check_mode_and_failures_are_said():
    seen = Seen()
    seen.note("t", {"failed": True, "msg": "it broke"})
    lines = render({"host": seen}, took=1, check=True)
    assert "  0 would change" in lines and "    it broke" in lines


def test_long_lists_are_cut_and_counted():
    seen = Seen()
    for number in range(SHOWN + 5):
        seen.note("t", result(f"instance '{number}'", {"state": "absent"}, {"x": 1}))
    lines = render({"host": seen}, took=1, check=False)
    assert f"  {SHOWN + 5} changed:" in lines and "    ... and 5 more" in lines


def test_a_module_and_a_role_say_what_else_is_to_be_shown():
    seen = Seen()
    seen.note("t", {"changed": False, "summary": [["router r1", "configured", "12 lines"]]})
    seen.note("t", {"changed": False, "ansible_stats": {"data": {"summary": [["ping with fwd", "reaches", ""]]}}})
    seen.note("t", {"changed": False, "ansible_stats": {"data": {"other": 1}}})
    assert render({"host": seen}, took=1, check=False)[3:5] == [
        "  router r1      configured  12 lines",
        "  ping with fwd  reaches",
    ]
