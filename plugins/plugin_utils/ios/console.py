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
SECRET = re.compile(r"(?:Enter|Confirm) enable secret: ?$")
SELECTION = re.compile(r"Enter your selection \[2\]: ?$")
USER = re.compile(r"([Uu]sername|[Ll]ogin): ?$")
PASSWORD = re.compile(r"[Pp]assword: ?$")
# IOS XE 17 asks for an enable secret even so; 0 leaves its dialog without saving what it made of that.
ANSWERS = {DIALOG: "no", AUTOINSTALL: "yes", SELECTION: "0"}
QUESTIONS = (*ANSWERS, SECRET, USER, PASSWORD)


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
        await look(_other_than(tail), _after(tail), "")
    raise TimedOut(
        "the console keeps asking", obj=target.host, endpoint=target.endpoint, next_step="look at it by hand"
    )


def _other_than(before: str) -> t.Callable[[str], bool]:
    return lambda now: now != before


def _after(tail: str) -> str:
    """What is waited for after an answer, for the error."""
    return "the console to take ansible_become_password as its enable secret" if SECRET.search(tail) else "the console"


def _waiting(tail: str) -> bool:
    return bool(PROMPT.fullmatch(tail) or any(kind.search(tail) for kind in QUESTIONS))


def _reply(tail: str, target: Target, answered: set[str]) -> tuple[str, str]:
    """What to type, and what a transcript shows of it."""
    for question, reply in ANSWERS.items():
        if question.search(tail):
            return reply, reply
    if SECRET.search(tail):
        if target.become_password is None:
            raise Forbidden(
                "the console wants an enable secret before anything else, and there is none",
                obj=target.host,
                endpoint=target.endpoint,
                next_step="give ansible_become_password",
            )
        return target.become_password, "********"
    kind = "user" if USER.search(tail) else "password"
    value = target.user if kind == "user" else target.password
    if value is None or kind in answered:
        what = "refused the login" if kind in answered else f"asks for a {kind}, and there is none"
        raise Forbidden(
            f"the console {what}", obj=target.host, endpoint=target.endpoint, next_step=f"check ansible_{kind}"
        )
    answered.add(kind)
    return value, value if kind == "user" else "********"
