# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every module against the real daemon, as its case file says.

A case is a list of steps that build on each other. Each step that changes something is first run in check mode, through
a proxy that sees every request: nothing that changes anything may be sent, and C(changed), C(diff) and C(actions) must
be exactly those of the real run after it. The real run's C(actions) must be exactly what the proxy saw. Run once more,
it must change nothing.

All of that goes through the daemon's socket first, and then over TLS. The daemon is the one that the environment names
(C(LXD_SOCKET)), else Incus. A step that needs API C(extensions) which that daemon lacks has to be refused in one
sentence that says so.
"""

from __future__ import annotations

import subprocess
import typing as t
from pathlib import Path

import pytest
import yaml
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.client import Client

from .conftest import PARENT, Result, listen, run_module, sweep
from .proxy import Door, Proxy

CASES = sorted(Path(__file__).with_name("cases").glob("*.yml"))
PLACES = ("{image}", "{newer}", "{folder}")  # what an option of a step may begin with


def load(path: Path) -> dict[str, t.Any]:
    return t.cast("dict[str, t.Any]", yaml.safe_load(path.read_text()))


def steps(*names: str) -> t.Iterator[t.Any]:
    """The steps of all cases, or of those with these names."""
    for path in CASES:
        if names and path.stem not in names:
            continue
        for number, step in enumerate(load(path)["steps"], 1):
            yield pytest.param(path, step, id=f"{path.stem}-{number}-{step['name']}")


@pytest.fixture(scope="module")
def stage(
    client: Client, door: Door, image: str, newer: str, tmp_path_factory: pytest.TempPathFactory
) -> t.Iterator[dict[str, t.Any]]:
    """Where the steps of one case stand; a new case starts on a swept house."""
    yield {"image": image, "newer": newer, "folder": str(tmp_path_factory.mktemp("stage"))}
    sweep(client)


def options(step: t.Mapping[str, t.Any], case: t.Mapping[str, t.Any], stage: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """The options of a step, with what all steps of the case share."""
    args = {**case.get("common", {}), **step.get("args", {})}
    return {
        key: value.format_map(stage) if isinstance(value, str) and value.startswith(PLACES) else value
        for key, value in args.items()
    }


@pytest.mark.parametrize(("path", "step"), list(steps()))
def test_step(
    path: Path,
    step: dict[str, t.Any],
    stage: dict[str, t.Any],
    client: Client,
    doorman: Proxy,
    record_property: t.Callable[[str, str], None],
) -> None:
    """Run one step of a case against a daemon, and hold its results against what the proxy saw."""
    case = load(path)
    if stage.get("case") != path:
        sweep(client)
        stage["case"] = path
        if case.get("listens"):
            listen(client)
        if case.get("parent"):
            subprocess.run(["ip", "link", "add", PARENT, "type", "bridge"], check=True)
        for needed in case.get("needs", ()):
            made = run_module(needed["module"], options(needed, {}, stage))
            assert not made.failed, made["msg"]
    module = step.get("module", case["module"])
    args = {**options(step, {} if "module" in step else case, stage), **doorman.door}
    doorman.clear()
    missing = [extension for extension in step.get("extensions", ()) if not client.has(extension)]
    if missing:
        refused(run_module(module, args), {"fails": "unsupported", "says": f"lacks the API extension '{missing[0]}'"})
        record_property("not_offered", f"the API extension '{missing[0]}'")
        return
    if "fails" in step:
        refused(run_module(module, args), step)
        return
    predicted = run_module(module, args, check=True)
    assert not predicted.failed, predicted["msg"]
    assert doorman.changes() == []
    doorman.clear()
    done = run_module(module, args)
    assert not done.failed, done["msg"]
    assert done["changed"] is step.get("changed", True)
    for key, value in step.get("returns", {}).items():
        assert contains(done[key], value), f"{key} is {done[key]}"
    if module.endswith("_info"):
        assert doorman.changes() == []
        return
    assert predicted["changed"] == done["changed"]
    assert predicted["diff"] == done["diff"]
    assert sent(predicted, False) == sent(done, True)
    # Several workers at once keep no order among them.
    order = sorted if module == "incus_fleet" else list
    assert order(sent(done, True)) == order(doorman.changes())
    assert [action["keys"] for action in predicted["actions"]] == [action["keys"] for action in done["actions"]]
    assert differs(done) is done["changed"]
    doorman.clear()
    again = run_module(module, args)
    assert not again.failed, again["msg"]
    assert again["changed"] is False and again["actions"] == [] and doorman.changes() == []
    assert not differs(again)


def differs(result: Result) -> bool:
    """Whether a result's diff shows anything; that of a fleet is a list."""
    diff = result["diff"]
    return any(entry["before"] != entry["after"] for entry in (diff if isinstance(diff, list) else [diff]))


def sent(result: Result, sent: bool) -> list[tuple[str, str]]:
    assert all(action["sent"] is sent for action in result["actions"])
    return [(action["method"], action["path"]) for action in result["actions"]]


def refused(result: Result, step: t.Mapping[str, t.Any]) -> None:
    """A failure is one sentence of the expected kind."""
    assert result.failed, f"expected {step['fails']}, but it changed={result['changed']}"
    assert result["failure"]["kind"] == step["fails"], result["msg"]
    assert step["says"] in result["msg"], result["msg"]
    assert "\n" not in result["msg"] and "Traceback" not in result["msg"]
    # Instances change by operations, which are accepted before they fail; the rest is refused by the request itself.
    if "instance" not in (result["failure"]["object"] or ""):
        assert not any(action["sent"] for action in result.get("actions", ()))


def contains(whole: t.Any, part: t.Any) -> bool:
    """Whether a value has everything that the expectation names."""
    if isinstance(part, dict):
        return isinstance(whole, dict) and all(key in whole and contains(whole[key], part[key]) for key in part)
    if isinstance(part, list):
        return len(whole) == len(part) and all(contains(*pair) for pair in zip(whole, part, strict=True))
    return bool(whole == part)


def test_every_case_tests_the_module_that_it_is_named_after() -> None:
    assert CASES
    for path in CASES:
        case = load(path)
        assert case["module"] == path.stem
        assert any("fails" in step for step in case["steps"]) and any("fails" not in step for step in case["steps"])
