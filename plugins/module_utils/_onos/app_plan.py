# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""Which calls bring applications into their wanted states. Pure.

What a call drags along (measured on 2.7.0): uninstalling an app uninstalls all that require it; deactivating one
deactivates all that require it, and also what only it had required. An archive is replaced by DELETE and POST.
"""

from __future__ import annotations

import typing as t

from .._core.errors import InUse, InvalidOption, MissingReference, NotFound, did_you_mean, near
from .archive import Archive
from .working import Apps, closure, dependents

Call = tuple[str, str]  # "remove", "install", "deactivate" or "activate", and the app's name


class Wish(t.NamedTuple):
    """What is wanted of one app.

    :param state: C(present), C(active), C(inactive) or C(absent)
    :param archive: what it is installed from, if that is needed
    :param force: whether others may be taken along
    :param repair: whether a dead one is started anew
    """

    name: str
    state: str
    archive: Archive | None = None
    force: bool = False
    repair: bool = True


class Now(t.NamedTuple):
    """What there is.

    :param apps: the installed apps, by name
    :param other_bits: names of installed apps whose bits are not those of the wanted archive
    :param dead: for apps that should be working, those of them and of their required ones that do not
    """

    apps: Apps
    other_bits: t.Collection[str] = ()
    dead: t.Collection[str] = ()

    def active(self, name: str) -> bool:
        """Whether an app's state is ACTIVE."""
        return self.apps.get(name, {}).get("state") == "ACTIVE"


def calls(wishes: t.Sequence[Wish], now: Now) -> list[Call]:
    """The calls, in order.

    :raises FleetError: what cannot work, before anything is sent
    """
    by_name = {wish.name: wish for wish in wishes}
    if len(by_name) < len(wishes):
        raise InvalidOption("an app is named twice", next_step="name each once")
    for wish in wishes:
        _possible(wish, by_name, now)
    gone = [wish.name for wish in wishes if wish.state == "absent" and wish.name in now.apps]
    replaced = [wish.name for wish in wishes if wish.state != "absent" and wish.name in now.other_bits]
    new = [wish.name for wish in wishes if wish.state != "absent" and wish.name not in now.apps]
    stopped = [wish.name for wish in wishes if wish.state == "inactive" and now.active(wish.name)]
    _refuse(wishes, by_name, now)

    made: list[Call] = [("remove", name) for name in _tops(gone, now.apps)]
    lost = {*gone, *dependents(gone, now.apps)}
    made += [("remove", name) for name in _tops(replaced, now.apps)]
    falling = dependents(replaced, now.apps)
    back = [name for name in closure([*replaced, *falling], now.apps) if name in now.apps]
    back = [name for name in back if (name in replaced or name in falling) and name not in lost]
    made += [("install", name) for name in [*back, *_ordered(new, by_name)]]

    dead = [name for name in now.dead if now.active(name) and name not in back and name not in lost]
    down = [*stopped, *dead]
    made += [("deactivate", name) for name in _tops(down, now.apps) if name not in back]
    fallen = {*down, *dependents([*down, *replaced, *gone], now.apps), *replaced}
    loose = {name for top in {*fallen, *gone} for name in closure([top], now.apps)}
    for name in closure([*now.apps, *_ordered(new, by_name)], _then(now, by_name)):
        if name not in lost and _starts(name, by_name, now, fallen, loose):
            made.append(("activate", name))
    return made


def _starts(name: str, by_name: t.Mapping[str, Wish], now: Now, fallen: set[str], loose: set[str]) -> bool:
    """Whether an app has to be activated: it is not, or what goes before stops it (or may stop it)."""
    wish = by_name.get(name)
    state = wish.state if wish else "present"
    if state in ("inactive", "absent"):
        return False
    if state == "active" and (not now.active(name) or name in now.dead or name in loose):
        return True
    # Others are brought back as they were, unless what they require is wanted inactive or absent.
    held = any(
        by_name[other].state in ("inactive", "absent") for other in closure([name], now.apps) if other in by_name
    )
    return now.active(name) and name in fallen and not held


def _possible(wish: Wish, by_name: t.Mapping[str, Wish], now: Now) -> None:
    """Raise where an app cannot be brought into its state at all."""
    if wish.state == "absent":
        return
    if wish.name not in now.apps and wish.archive is None:
        short = [name for name in now.apps if name.rsplit(".", 1)[-1] == wish.name]
        hint = short or [name for name in [near(wish.name, now.apps)] if name]
        raise NotFound(
            f"the application '{wish.name}' is not installed",
            next_step=f"did you mean '{hint[0]}'?" if hint else "give 'src' to install it from",
        )
    for name in wish.archive.required if wish.archive else ():
        if name not in now.apps and (name not in by_name or by_name[name].state == "absent"):
            raise MissingReference(
                f"the application '{wish.name}' requires '{name}', which is not installed",
                next_step=did_you_mean(name, now.apps) or f"install '{name}' first, or name it in the same task",
            )


def _refuse(wishes: t.Sequence[Wish], by_name: t.Mapping[str, Wish], now: Now) -> None:
    """Raise where an app that others need would go, although nobody wants these to go."""
    for wish in wishes:
        if wish.force or wish.name not in now.apps or wish.state not in ("absent", "inactive"):
            continue
        needing = [
            name
            for name in dependents([wish.name], now.apps)
            if (wish.state == "absent" or now.active(name))
            and (name not in by_name or by_name[name].state not in (wish.state, "absent"))
        ]
        if needing and (wish.state == "absent" or now.active(wish.name)):
            verb = "uninstalling" if wish.state == "absent" else "deactivating"
            raise InUse(
                f"{verb} '{wish.name}' would take along {', '.join(needing)}, which need it",
                next_step="name them with the same state, or set 'force' if they may go",
            )


def _tops(names: t.Sequence[str], apps: Apps) -> list[str]:
    """The same, those that require others first, so that no call takes along what has a call of its own."""
    order = closure(names, apps)
    return [name for name in reversed(order) if name in set(names)]


def _ordered(names: t.Sequence[str], by_name: t.Mapping[str, Wish]) -> list[str]:
    """New apps, the required first."""
    shown = {name: {"requiredApps": _required(by_name[name])} for name in names}
    return [name for name in closure(names, shown) if name in shown]


def _required(wish: Wish) -> tuple[str, ...]:
    return wish.archive.required if wish.archive else ()


def _then(now: Now, by_name: t.Mapping[str, Wish]) -> dict[str, t.Any]:
    """All apps with what they require, the new ones too."""
    wanted = {name: {"requiredApps": _required(wish)} for name, wish in by_name.items() if wish.archive}
    return {**now.apps, **wanted}


def outcome(made: t.Sequence[Call], wishes: t.Sequence[Wish], now: Now) -> dict[str, tuple[t.Any, t.Any]]:
    """Of each app that is named or touched: what it is and what it will be, as the diff shows it."""
    by_name = {wish.name: wish for wish in wishes}
    state = {name: str(app["state"]) for name, app in now.apps.items()}
    version = {name: str(app["version"]) for name, app in now.apps.items()}
    for what, name in made:
        if what == "remove":
            for gone in [name, *dependents([name], now.apps)]:
                state.pop(gone, None)
        elif what == "install":
            archive = by_name[name].archive if name in by_name else None
            state[name], version[name] = "INSTALLED", archive.version if archive else version[name]
        elif what == "deactivate":
            state.update({down: "INSTALLED" for down in [name, *dependents([name], now.apps)] if down in state})
        else:
            state.update({up: "ACTIVE" for up in closure([name], _then(now, by_name)) if up in state})
    shown = {}
    for name in sorted({*by_name, *state, *now.apps}):
        before = _shown(name, now.apps[name]["state"], now.apps[name]["version"], now) if name in now.apps else None
        after = {"state": state[name], "version": version[name]} if name in state else None
        if name in now.other_bits and before:
            before, after = {**before, "archive": "another"}, {**(after or {}), "archive": "the wanted"}
        if name in by_name or before != after:
            shown[name] = (before or {"state": "absent"}, after or {"state": "absent"})
    return shown


def _shown(name: str, state: str, version: str, now: Now) -> dict[str, str]:
    return {"state": "ACTIVE, but dead" if name in now.dead and state == "ACTIVE" else state, "version": version}
