# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The way from a console's first byte to a prompt: dialogs and messages of a device that nobody has configured."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.nfvlab.fleet.plugins.module_utils._core.errors import Forbidden, TimedOut

from .target import Target

END = "\r"
TURNS = 40  # rows of questions after which somebody else must look
PROMPT = re.compile(r"[^\s#>()]+(\([^()\s]+\))?[#>] ?$")

Look = t.Callable[[t.Callable[[str], bool], str, str], t.Awaitable[str]]

# What a console may show, and what to type then.
DIALOG = re.compile(r"(initial configuration dialog|basic management setup)\?? ?\[yes/no\]: ?$")
AUTOINSTALL = re.compile(r"terminate autoinstall\? ?\[yes\]: ?$")
USER = re.compile(r"([Uu]sername|[Ll]ogin): ?$")
PASSWORD = re.compile(r"[Pp]assword: ?$")


async def log_in(write: t.Callable[..., None], look: Look, target: Target) -> None:
    """Bring a console to its prompt.

    :raises Forbidden: the device asks for what the inventory does not have, or refuses it
    """
    write(END)
    answered: set[str] = set()
    for _turn in range(TURNS):
        tail = await look(_waiting, "the console's prompt", END)
        if PROMPT.fullmatch(tail):
            return
        reply, shown = _reply(tail, target, answered)
        write(reply + END, shown + END)
        await look(_other_than(tail), "the console", "")
    raise TimedOut(
        "the console keeps asking", obj=target.host, endpoint=target.endpoint, next_step="look at it by hand"
    )


def _other_than(before: str) -> t.Callable[[str], bool]:
    return lambda now: now != before


def _waiting(tail: str) -> bool:
    return bool(PROMPT.fullmatch(tail) or any(kind.search(tail) for kind in (DIALOG, AUTOINSTALL, USER, PASSWORD)))


def _reply(tail: str, target: Target, answered: set[str]) -> tuple[str, str]:
    """What to type, and what a transcript shows of it."""
    if DIALOG.search(tail):
        return "no" + END, "no"  # the second one for whatever comes between the dialog and the prompt
    if AUTOINSTALL.search(tail):
        return "yes", "yes"
    kind = "user" if USER.search(tail) else "password"
    value = target.user if kind == "user" else target.password
    if value is None or kind in answered:
        what = "refused the login" if kind in answered else f"asks for a {kind}, and there is none"
        raise Forbidden(
            f"the console {what}", obj=target.host, endpoint=target.endpoint, next_step=f"check ansible_{kind}"
        )
    answered.add(kind)
    return value, value if kind == "user" else "********"
