# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""incus_console_log: what is read, and what is sent."""

from __future__ import annotations

import pytest
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.errors import (
    InvalidOption,
    MissingReference,
    NotFound,
    Refused,
)
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.http import UnixEndpoint
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.client import Client
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.console import ConsoleLog

from .helpers import sends, task


class Daemon(Client):
    """Has one instance, whose log it gives or refuses."""

    def __init__(self, answer):
        super().__init__(UnixEndpoint("/s"))
        self.answer = answer

    def text(self, path, query=None):
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    def names(self, collection, query=None):
        return ["p"] if collection == "/1.0/projects" else ["c1"]


def looked(answer, **given):
    made = ConsoleLog()
    wanted = task(made, {"name": "c1", "project": "p", **given})
    return made, wanted, made.read(Daemon(answer), wanted)


@pytest.mark.parametrize(("lines", "kept"), [(None, "a\nb\nc"), (2, "b\nc"), (9, "a\nb\nc"), (0, "")])
def test_the_end_is_read(lines, kept):
    assert looked("a\nb\nc", lines=lines)[2] == {"text": kept}


@pytest.mark.parametrize(
    "answer",
    [NotFound("none", text="no such file"), Refused("none", text="open /log: no such file or directory")],
)
def test_one_that_was_never_started_has_written_nothing(answer):
    assert looked(answer)[2] == {"text": ""}


def test_what_is_not_there_or_not_allowed_is_said():
    with pytest.raises(MissingReference, match="instance 'c2' does not exist"):
        looked(NotFound("none"), name="c2")
    with pytest.raises(MissingReference, match="project 'pp' does not exist .*; did you mean 'p'"):
        looked(NotFound("none"), name="c2", project="pp")
    with pytest.raises(InvalidOption, match="'lines' is -1; give how many"):
        looked("a", lines=-1)
    with pytest.raises(Refused, match="another"):
        looked(Refused("another reason"))


def test_it_is_cleared_once():
    made, wanted, have = looked("a\n", state="cleared")
    plan = made.plan(have, wanted)
    assert sends(plan) == [("DELETE", "/1.0/instances/c1/console?project=p", None)]
    assert (plan.before, plan.after) == ({"text": "a\n"}, {"text": ""})
    assert made.plan({"text": "more"}, made.repeated(wanted)).steps == []
    assert made.plan({"text": ""}, wanted).steps == []
    assert made.plan(have, wanted.but(state="read")).steps == []
