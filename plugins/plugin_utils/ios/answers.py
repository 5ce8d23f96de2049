# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a device's answers mean. Pure.

A configuration line that is taken has no answer. So whatever is not known to be harmless is an error; a list of known
errors would miss some, and has in every tool that keeps one.
"""

from __future__ import annotations

import re
import typing as t

# Facts: answers on success, seen in published captures; those that a person should read are remarks.
HARMLESS = re.compile(
    r"Enter configuration commands, one per line|Enter TEXT message\.  End with|Building configuration\.\.\.$|\[OK\]"
    r"|Interface \S+ set to default configuration|The name for the keys will be: |% The key modulus size is "
    r"|Choose the size of the key modulus|  ?General Purpose Keys\.|  ?a few minutes\.|How many bits in the modulus"
    r"|% Generating \d+ bit RSA keys|% You already have RSA keys defined|% They will be replaced\."
    r"|% All (RSA keys|router certs) "
    r"|% Do you really want to |This operation will remove all username related|Compressed configuration from "
    r"|Rollback Confirmed Change: Backing up |\d+ bytes copied in "
)
REMARK = re.compile(
    r"% ?Warning|WARNING: |Warning: |INFO: |% Login disabled on line \d+, until 'password' is set"
    r"|Please create RSA keys to enable SSH|The enable secret you have chosen is the same as your enable password"
    r"|This is not recommended\.  Re-enter the enable secret"
)
REFUSED = re.compile(
    r"% ?(Invalid input detected|Ambiguous command|Incomplete command|Unknown command|Bad secrets|Bad passwords"
    r"|Authorization failed|Permission denied)|Command authorization failed|Command rejected"
)
LOCKED = re.compile(r"Configuration mode (is )?locked|Configuration mode locked exclusively|currently being locked by")
CARET = re.compile(r" *\^$")

# An asynchronous message: a time stamp or sequence number, then %FACILITY-SEVERITY-NAME; some have the stamp alone.
STAMP = r"(?:\d{6,}: )?[*.]?[A-Z][a-z]{2} +\d+ (?:\d{4} )?\d\d:\d\d:\d\d(?:\.\d+)?(?: [A-Z]{3,4})?: "
LOG = re.compile(
    rf"(?:{STAMP})?%[A-Z][A-Z0-9_]*(?:-[A-Z0-9_]+)*-[0-7]-[A-Z0-9_]+: |{STAMP}"
    r"|Rollback Confirmed Change: Rollback will begin in|Enter \"configure confirm\" if you wish to keep"
    r"|\*\*\*$|\*\*\* --- SHUTDOWN "
)
# A question that waits for an answer.
QUESTION = re.compile(
    r"(\[confirm\]|\[(?:yes|no|y|n|yes/no|no/yes|y/n)\] ?:|\? ?\[[^\]]*\] ?:?|\[[^\]]*\] ?[?:]"
    r"|[Pp]assword:|\(y/n\) ?[?:]?) *$"
)


class Answer(t.NamedTuple):
    """What a line was answered with.

    :param error: why it was not taken, or null
    :param remarks: what a person should read, though the line was taken
    """

    error: str | None
    remarks: tuple[str, ...]


def judge(lines: t.Sequence[str]) -> Answer:
    """Whether a configuration line was taken."""
    said = [line.rstrip() for line in lines if line.strip()]
    remarks = tuple(line for line in said if REMARK.match(line))
    errors = [line.strip() for line in said if not (REMARK.match(line) or HARMLESS.match(line) or CARET.match(line))]
    if not errors and any(CARET.match(line) for line in said):
        errors = ["not understood"]
    return Answer(" ".join(errors) or None, remarks)


def refusal(lines: t.Sequence[str]) -> str | None:
    """Why an exec command was refused, or null. A refusal comes at once; further down it is somebody's text."""
    return next((line.strip() for line in lines[:3] if REFUSED.match(line)), None)


def is_log(line: str) -> bool:
    """Whether a line came in between by itself."""
    return LOG.match(line) is not None
