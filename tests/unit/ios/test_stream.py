# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From bytes to answers with their lines: whatever arrives, however it is split."""

from __future__ import annotations

import pytest
from ansible_collections.nfvlab.fleet.plugins.plugin_utils.ios.stream import Attribution, Screen, clean

LOG = "*Nov 21 18:00:00.123: %LINK-3-UPDOWN: Interface Loopback9, changed state to up"


def replay(text, echoes, *, name="r1", size=None, free=()):
    """What a session makes of these bytes, fed in pieces of a size."""
    screen, track = Screen(), Attribution(name)
    exchanges = [track.sent(echo, free=echo in free) for echo in echoes]
    data = text.replace("\n", "\r\n").encode("latin-1")
    size = size or len(data)
    for at in range(0, len(data), size):
        for row in screen.feed(data[at : at + size]):
            track.row(row)
        track.tail(screen.tail)
    return exchanges, track


SPLITS = pytest.mark.parametrize("size", [1, 2, 3, 7, 64, None])


@SPLITS
def test_every_answer_goes_to_its_line(size):
    text = "r1(config)#interface lo0\nr1(config-if)#foo\n              ^\n% Invalid input\n\n"
    text += "r1(config-if)#shutdown\nr1(config-if)#"
    (first, second, third), track = replay(text, ["interface lo0", "foo", "shutdown"], size=size)
    assert (first.answer, first.prompt.mode) == ([], "config-if")
    assert second.answer == ["              ^", "% Invalid input", ""]
    assert (third.answer, third.prompt.privileged) == ([], True)
    assert track.idle
    assert track.diverged is None


@SPLITS
@pytest.mark.parametrize("reprinted", [False, True])
@pytest.mark.parametrize("at", range(9))
def test_a_message_inside_an_echo_belongs_to_nothing(size, reprinted, at):
    echo = "shutdown"
    again = f"r1(config)#{echo[:at]}" if reprinted else ""
    text = f"r1(config)#{echo[:at]}\n{LOG}\n{again}{echo[at:]}\nr1(config)#"
    if at == len(echo) and not reprinted:
        text = f"r1(config)#{echo}\n{LOG}\nr1(config)#"
    if at == len(echo) and reprinted:
        return  # a whole echo, twice: no device does that
    (only,), track = replay(text, [echo], size=size)
    assert only.prompt is not None
    assert only.answer == []
    assert track.messages == [LOG]


@SPLITS
def test_a_prompt_in_free_text_ends_nothing(size):
    mark = "!end"
    text = f"r1#show run\nbanner motd ^C\nr1#\nr1#show run\nr1(config)#x\n^C\nend\n\nr1#{mark}\nr1#"
    (shown, end), track = replay(text, ["show run", mark], size=size, free=("show run",))
    assert shown.answer == ["banner motd ^C", "r1#", "r1#show run", "r1(config)#x", "^C", "end", ""]
    assert end.prompt is not None
    assert track.idle


@SPLITS
def test_a_message_before_the_mark_of_a_free_text(size):
    text = f"r1#show run\nend\nr1#!e\n{LOG}\nnd\nr1#"
    (shown, end), track = replay(text, ["show run", "!end"], size=size, free=("show run",))
    assert shown.answer == ["end"]
    assert end.prompt is not None
    assert track.messages == [LOG]


def test_another_echo_than_was_sent_is_seen():
    (first, second), track = replay("r1(config)#hostnme r2\n% Invalid\nr1(config)#", ["hostname r2", "end"])
    assert track.diverged == "hostnme r2"
    assert first.prompt is not None
    assert second.prompt is None


@pytest.mark.parametrize(
    ("name", "shown", "known"),
    [
        ("r1", "r1(config)#", True),
        ("r1", "r1#", True),
        ("r1", "r1>", True),
        ("r1", "r10(config)#", False),
        ("r1", "r(config)#", False),
        ("router-of-the-whole-lab", "router-of-th(config)#", True),
        ("router-of-the-whole-lab", "router-of-th#", False),
        ("r1", " r1#", False),
        ("r1", "r1(config", False),
        ("r1", "r1(dhcp-config)#", True),
        ("r1", "r1(config-subif)#", True),
    ],
)
def test_prompts(name, shown, known):
    assert (Attribution(name).prompt(shown) is not None) == known


def test_a_row_looks_as_on_a_screen():
    assert (
        clean(" --More-- \b\b\b\b\b\b\b\b\b\b          \b\b\b\b\b\b\b\b\b\bend".replace("          \b", "          \b"))
        == "end       "
    )
    assert clean("\x1b[2Kabc\x07\x1b[0m") == "abc"
    assert clean("abc\rX") == "Xbc"
