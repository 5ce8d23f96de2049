# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.

"""Which EXEC commands only read: those may be run freely, the others have a module each. Pure."""

from __future__ import annotations

from .._core.errors import InvalidOption, Refused, did_you_mean
from .grammar import CLASSIC, choices

# What is harmless, and what is not and has a module for it.
READING = ("show", "ping", "traceroute", "dir", "more", "where", "systat")
FILTERS = ("begin", "count", "exclude", "format", "include", "section")
WRITING_FILTERS = ("append", "redirect", "tee")
MODULES = {
    "archive": "ios_backup",
    "clear": "ios_clear",
    "configure": "ios_config",
    "copy": "ios_save or ios_backup",
    "crypto": "ios_rsa_key",
    "erase": "ios_erase",
    "reload": "ios_reload",
    "write": "ios_save",
}
_WORDS = frozenset((*READING, *MODULES, *(choices(CLASSIC, "exec", "") or ())))


def only_reads(command: str) -> None:
    """Whether a command changes nothing and writes nothing.

    :raises InvalidOption: it is empty, has a line end, or nobody knows what it is
    :raises Refused: it changes something; the next step names the module for it
    """
    if not command.strip() or any(ord(character) < 32 or ord(character) == 127 for character in command):
        raise InvalidOption(f"the command {command!r} is empty or has a control character")
    shown, pipe, piped = command.partition("|")
    word = _whole(shown.split()[0] if shown.split() else "", _WORDS, command)
    if word not in READING:
        module = MODULES.get(word)
        raise Refused(
            f"'{command}' changes the device",
            next_step=f"use nfvlab.fleet.{module}"
            if module
            else "ios_command runs what only reads, such as show commands",
        )
    if pipe:
        _pipe(piped.split(), command)


def _pipe(words: list[str], command: str) -> None:
    filter_ = _whole(words[0] if words else "", (*FILTERS, *WRITING_FILTERS), command)
    if filter_ in WRITING_FILTERS:
        raise Refused(
            f"'{command}' writes a file",
            next_step="leave the pipe out and use the result; nfvlab.fleet.ios_backup writes files",
        )


def _whole(word: str, known: tuple[str, ...] | frozenset[str], command: str) -> str:
    """The known word that this one, which may be abbreviated, stands for."""
    found = sorted({name for name in known if name.startswith(word.lower())}) if word else []
    if word.lower() in found:
        return word.lower()
    if len(found) != 1:
        raise InvalidOption(
            f"'{command}': '{word}' is {'ambiguous: ' + ', '.join(found[:8]) if found else 'no command'}",
            next_step=did_you_mean(word, known),
        )
    return found[0]
