# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What more than one IOS action does on a device: read its configuration, change it, save it, run a command."""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass

from ansible_collections.nfvlab.fleet.plugins.module_utils._core.errors import (
    FleetError,
    Forbidden,
    InvalidOption,
    Malformed,
)
from ansible_collections.nfvlab.fleet.plugins.module_utils._ios import shows
from ansible_collections.nfvlab.fleet.plugins.module_utils._ios.diff import Plan, plan
from ansible_collections.nfvlab.fleet.plugins.module_utils._ios.grammar import (
    CLASSIC,
    XE,
    Dialect,
    Match,
    dialect_of,
    parse_line,
)
from ansible_collections.nfvlab.fleet.plugins.module_utils._ios.management import Management
from ansible_collections.nfvlab.fleet.plugins.module_utils._ios.secrets import mask_line
from ansible_collections.nfvlab.fleet.plugins.module_utils._ios.tree import Config, Entry, masked_line, ordered, parse
from ansible_collections.nfvlab.fleet.plugins.plugin_utils.ios import guarded
from ansible_collections.nfvlab.fleet.plugins.plugin_utils.ios.session import Session

Result = dict[str, t.Any]
SAVE = "copy running-config startup-config"
_DIALECTS = {"classic": CLASSIC, "xe": XE}
# What changes by itself in a configuration that is shown.
_VOLATILE = re.compile(
    r"(Building configuration|Current configuration|Using \d+ out of|! Last configuration change"
    r"|! NVRAM config last updated|! No configuration change|ntp clock-period)"
)
# Remarks on an intent that are errors for certain. What else is unknown may be a command that is not modelled.
_WRONG = ("ambiguous", "incomplete", "misplaced", "not_configuration")
_VALUE_EXPECTED = re.compile(r"possible here: (?:[<A-Z][^,]*(?:, |$))+$")


@dataclass(frozen=True)
class How:
    """How a change is made: the options of the documentation's fragment."""

    guard: str
    minutes: int
    allow_lockout: bool
    save: bool
    purge_unknown: bool

    @classmethod
    def of(cls, options: t.Mapping[str, t.Any]) -> How:
        """As the options of a module say."""
        if not 1 <= options["guard_minutes"] <= 120:
            raise InvalidOption(
                f"'guard_minutes' is {options['guard_minutes']}", next_step="IOS takes 1 to 120 minutes"
            )
        return cls(
            options["guard"],
            options["guard_minutes"],
            options["allow_lockout"],
            options["save"],
            options.get("purge_unknown", False),
        )


@dataclass(frozen=True)
class Wanted:
    """What the configuration is to be.

    :param text: the intent, given what is there
    :param mode: C(merged), or C(replaced) where it is the whole of its section
    :param section: the headers of the section, from the outside in; empty for the whole configuration
    """

    text: t.Callable[[Config], str]
    mode: str = "merged"
    section: tuple[str, ...] = ()


def wanted_of(options: t.Mapping[str, t.Any]) -> Wanted:
    """What the options of ios_config say.

    :raises InvalidOption: they say nothing, or two things
    """
    given = [name for name in ("lines", "block", "intended") if options.get(name) is not None]
    if len(given) != 1:
        said = f"both '{given[0]}' and '{given[1]}' are given" if given else "nothing is given to be configured"
        raise InvalidOption(said, next_step="give one of 'lines', 'block' and 'intended'")
    mode = options["state"] if options["state"] in ("merged", "replaced") else "merged"
    if (given[0] == "intended") != (mode == "replaced") and options["state"] != "rendered":
        raise InvalidOption(
            f"'{given[0]}' does not go with state: {mode}",
            next_step="'intended' is for state: replaced, 'lines' and 'block' are for state: merged",
        )
    section = tuple(options.get("section") or ())
    value = options[given[0]]
    if not isinstance(value, str):
        value = "\n".join(value)
    text = below(section, value)
    return Wanted(lambda _running: text, mode, section if mode == "replaced" else ())


def below(section: t.Sequence[str], text: str) -> str:
    """A text under the headers of its section, each level one blank deeper."""
    headers = [" " * depth + header for depth, header in enumerate(section)]
    lines = [" " * len(section) + line if section and line else line for line in text.splitlines()]
    return "\n".join([*headers, *lines]) + "\n"


async def configure(
    opening: t.AsyncContextManager[Session], wanted: Wanted, how: How, check_mode: bool, warnings: list[str]
) -> Result:
    """Bring the configuration of a device into the wanted state; the result of a module that does so."""
    async with opening as session:
        return await configure_in(session, wanted, how, check_mode, warnings)


async def configure_in(session: Session, wanted: Wanted, how: How, check_mode: bool, warnings: list[str]) -> Result:
    """The same in a session. Without a difference, one C(show running-config) is all that is sent."""
    running = await read(session)
    intent = understood(wanted.text(running), running.dialect, warnings)
    found = planned(running, intent, wanted, how, None)
    way = await guarded.management(session, running) if found.lines else None
    if way:
        found = planned(running, intent, wanted, how, way)
    refuse_problems(found, session.hostname)
    warnings += found.warnings
    result = {**told(found), "device": device(session, running)}
    if check_mode or not found.lines:
        return result
    report = await guarded.apply(session, found, running, way=way, guard=how.guard, minutes=how.minutes)
    warnings += report.remarks
    finished(report, result, session.hostname)
    if how.save:
        try:
            await session.save()
        except FleetError as error:
            error.outcome = result
            raise
    return {**result, "saved": how.save}


def finished(report: guarded.Report, result: Result, hostname: str) -> None:
    """Complete the result of a change by what became of its lines.

    :raises FleetError: not all was taken, or something else came of it; the result is in its C(outcome)
    """
    reached = {line.number for line in (*report.applied, *report.failed, *report.unknown)}
    for number, action in enumerate(result["actions"], 1):
        action["sent"] = number in reached
    result |= {
        "changed": bool(reached) and not report.rolled_back,
        "applied": [line.text for line in report.applied],
        "rejected": [{"number": one.number, "line": one.text, "answer": one.answer} for one in report.failed],
        "not_sent": [line.text for line in report.not_sent],
        "unknown": [line.text for line in report.unknown],
        "mismatch": report.mismatch,
        "rolled_back": bool(report.rolled_back),
        "guard": report.guard,
        "saved": False,
    }
    if report.error:
        report.error.outcome = result
        raise report.error.about(hostname)


def offline(options: t.Mapping[str, t.Any], how: How, warnings: list[str]) -> Result:
    """What ios_config does without a device: parse, render, or plan against a given running configuration.

    :raises InvalidOption: an option that this state needs is missing
    """
    text = options["running_config"]
    dialect = _DIALECTS[options["dialect"]] if options["dialect"] else dialect_of(text or "")
    about = {"hostname": None, "dialect": dialect.name}
    if options["state"] == "parsed":
        if text is None:
            raise InvalidOption("state: parsed needs 'running_config'", next_step="give the text to parse")
        return {"changed": False, "config": tree(parse(text, dialect)), "device": about}
    wanted = wanted_of(options)
    running = parse(text or "", dialect)
    intent = understood(wanted.text(running), dialect, warnings)
    if options["state"] == "rendered":
        return {"changed": False, "config": intent.masked(), "device": about}
    found = planned(running, intent, wanted, how, None)
    refuse_problems(found, None)
    warnings += found.warnings
    return {**told(found), "device": about}


def planned(running: Config, intent: Config, wanted: Wanted, how: How, way: Management | None) -> Plan:
    """The plan from what is there to what is wanted."""
    return plan(
        running,
        intent,
        mode=wanted.mode,
        section=wanted.section or None,
        purge_unknown=how.purge_unknown,
        management=way,
        allow_lockout=how.allow_lockout,
    )


def refuse_problems(found: Plan, hostname: str | None) -> None:
    """Nothing where nothing speaks against the plan.

    :raises Forbidden: it might lock somebody out
    :raises InvalidOption: the device would refuse it
    """
    if not found.problems:
        return
    said = "; ".join(problem.text for problem in found.problems)
    if any(problem.kind == "lockout" for problem in found.problems):
        raise Forbidden(said, obj=hostname, next_step="nothing was sent; give allow_lockout: true if this is meant")
    raise InvalidOption(said, obj=hostname, next_step="nothing was sent")


def told(found: Plan) -> Result:
    """What a plan alone says of the result."""
    return {
        "changed": bool(found.lines),
        "actions": [sent(line.masked, False, line.path) for line in found.lines],
        "diff": {"before_header": "running-config", "after_header": "running-config", **found.diff()},
        "unmanaged": list(found.unmanaged),
    }


def understood(text: str, dialect: Dialect, warnings: list[str]) -> Config:
    """The tree of an intent.

    :raises InvalidOption: it has lines that cannot be right
    """
    intent = parse(text, dialect)
    wrong = [
        remark
        for remark in intent.remarks
        if remark.kind in _WRONG or remark.near or _VALUE_EXPECTED.search(remark.message)
    ]
    if wrong:
        listed = "; ".join(f"line {one.line}: '{mask_line(one.text)}': {one.message}" for one in wrong[:5])
        more = f"; and {len(wrong) - 5} more" if len(wrong) > 5 else ""
        raise InvalidOption(f"the intent has errors: {listed}{more}", next_step="nothing was sent")
    for remark in intent.remarks:
        warnings.append(f"line {remark.line}: '{mask_line(remark.text)}': {remark.message}")
    return intent


def sent(line: str, done: bool, path: t.Sequence[str] = ()) -> Result:
    """One entry of C(actions)."""
    return {"line": line, "path": list(path), "sent": done}


def device(session: Session, running: Config) -> Result:
    """What a result says of the device."""
    return {"hostname": session.hostname, "dialect": running.dialect.name}


def named(running: Config, slot: str) -> str | None:
    """The name that a global line (C(hostname), C(ip domain name)) gives; null where there is none."""
    entry = running.root.children.get((slot,))
    return str(entry.values["name"]) if entry else None


def tree(config: Config) -> list[Result]:
    """A configuration as lists of lines with their children, secrets masked."""
    return [_branch(entry) for entry in ordered(config.root)]


def _branch(entry: Entry) -> Result:
    branch: Result = {"line": masked_line(entry), "children": [_branch(child) for child in ordered(entry)]}
    return branch if entry.body is None else {**branch, "text": entry.body}


async def read_text(session: Session) -> tuple[str, Config]:
    """The running configuration as it is printed, and its tree.

    :raises Malformed: what came is no configuration
    """
    text = await session.command("show running-config")
    if not re.search(r"^end\s*$", text, re.MULTILINE):
        raise Malformed(
            "the running configuration has no end", obj=session.hostname, next_step="does this user see it whole?"
        )
    return text, parse(text, dialect_of(text))


async def read(session: Session) -> Config:
    """The tree of the running configuration."""
    _text, running = await read_text(session)
    return running


async def saved(session: Session, dialect: Dialect) -> Config | None:
    """The tree of the saved configuration; null where there is none."""
    text = await session.command("show startup-config")
    return parse(text, dialect) if re.search(r"^end\s*$", text, re.MULTILINE) else None


def differs(running: Config, stored: Config | None) -> bool:
    """Whether the running configuration is not the saved one."""
    return stored is None or running != stored


async def exchange(session: Session, command: str, answers: t.Sequence[tuple[str, str]] | None = None) -> str:
    """Run a command, answering what the command table says, or these answers; what the device printed."""
    if answers is None:
        parsed = parse_line(CLASSIC, "exec", command)
        answers = parsed.command.dialogue if isinstance(parsed, Match) else ()
    return str(await session.command(command, dialogue=tuple(answers)))


async def version(session: Session) -> Result:
    """What C(show version) says."""
    found: Result = shows.parse("show version", await session.command("show version"))
    return found


def masked_text(text: str) -> str:
    """A text of the device with stars for the secrets of configuration lines."""
    return "\n".join(map(mask_line, text.split("\n")))


def steady(text: str) -> str:
    """A configuration without what changes by itself."""
    kept = [line.rstrip() for line in text.splitlines() if not _VOLATILE.match(line)]
    return "\n".join(kept).strip("\n") + "\n"
