# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""Commands that run on the host, and files that are written there."""

from __future__ import annotations

import subprocess
import typing as t

from .._core.errors import OperationFailed


class Edit(t.NamedTuple):
    """A file that becomes another one, or a command that runs."""

    what: str
    target: str

    def describe(self) -> dict[str, t.Any]:
        """The step as C(actions) shows it."""
        return {self.what: self.target}


def run_command(command: t.Sequence[str]) -> str:
    """Run a command and return what it printed.

    :raises OperationFailed: it is not there, or ended with an error
    """
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    except OSError as error:
        raise OperationFailed(f"'{command[0]}' cannot be run: {error.strerror}", code=error.errno) from None
    if done.returncode:
        raise OperationFailed(
            f"'{' '.join(command)}' ended with {done.returncode}", code=done.returncode, text=done.stderr.strip()
        )
    return done.stdout
