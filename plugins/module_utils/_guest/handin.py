# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""A service in a guest: keeps files as the host's configuration keys say, and reloads what reads them.

The role nfvlab.fleet.incus_guest_config installs it. A file's text has the keys in it, as C(${user.motd}); C($$) is
a dollar sign. It is written again as soon as the daemon tells that a key has changed.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import signal
import subprocess
import sys
import types
import typing as t

from .._core.errors import FleetError, MissingReference
from .client import Guest
from .events import Follower
from .localfile import Replacement, Write, access, look, wanted
from .readiness import connected

REPORT = "/run/nfvlab-fleet/config.json"
# Seconds between two looks without any event. Keys of cloud-init change without one.
QUIET, QUIET_WITHOUT_EVENTS = 300.0, 10.0
RELOADING = 60.0  # seconds that a reload may take
FOREVER = float("inf")

_PLACE = re.compile(r"\$(?:\$|\{([^{}]+)\})")


class File(t.NamedTuple):
    """A file that follows the configuration.

    :param content: its text, with the keys in it
    :param given: its mode and owner as numbers
    :param reload: a command for the shell that makes its readers read it again
    """

    path: str
    content: str
    given: dict[str, t.Any]
    reload: str


def files(configuration: t.Mapping[str, t.Any]) -> list[File]:
    """The files that a configuration has."""
    return [
        File(entry["path"], entry["content"], access(entry), entry.get("reload") or "")
        for entry in configuration["files"]
    ]


def keys(content: str) -> list[str]:
    """The keys that a text has in it, each once."""
    return list(dict.fromkeys(key for key in _PLACE.findall(content) if key))


def render(content: str, values: t.Mapping[str, str | None]) -> str:
    """A text with the values in place of their keys.

    :raises MissingReference: a key has no value
    """
    missing = [key for key in keys(content) if values.get(key) is None]
    if missing:
        raise MissingReference(
            f"the host has set no {' and no '.join(missing)}",
            next_step="set it in the instance's config on the host, or give it a default",
        )
    return _PLACE.sub(lambda place: str(values[place.group(1)]) if place.group(1) else "$", content)


def differs(file: File, content: bytes) -> bool:
    """Whether a file is not as it is to be."""
    have = look(file.path)
    want = {"sha256": hashlib.sha256(content).hexdigest(), **wanted(file.given)}
    return have is None or any(have[name] != value for name, value in want.items())


class HandIn:
    """Keeps the files.

    :param defaults: values of keys that the host has not set
    """

    def __init__(self, guest: Guest, wanted: t.Sequence[File], defaults: t.Mapping[str, str]) -> None:
        self._guest = guest
        self._files = list(wanted)
        self._defaults = dict(defaults)
        self._reloading: set[str] = set()  # what has failed and is tried again
        self.keys = list(dict.fromkeys(key for file in self._files for key in keys(file.content)))

    def sync(self) -> dict[str, str]:
        """Write what differs, reload its readers, and tell for each file what is wrong, if anything is."""
        values = {key: self._value(key) for key in self.keys}
        told = {}
        for file in self._files:
            try:
                self._keep(file, render(file.content, values).encode())
                told[file.path] = ""
            except FleetError as error:
                told[file.path] = str(error)
        return told

    def _value(self, key: str) -> str | None:
        value = self._guest.value(key)
        return self._defaults.get(key) if value is None else value.decode(errors="replace")

    def _keep(self, file: File, content: bytes) -> None:
        if differs(file, content):
            Write(file.path, content, file.given, 0o644).perform(None)
            self._reloading.add(file.path)
            _log(f"{file.path} written")
        if file.path in self._reloading:
            if file.reload:
                self._reload(file)
            self._reloading.discard(file.path)

    def _reload(self, file: File) -> None:
        """Run its command.

        :raises FleetError: it failed
        """
        try:
            done = subprocess.run(
                ["/bin/sh", "-c", file.reload],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                timeout=RELOADING,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise FleetError(f"'{file.reload}' did not end within {RELOADING:g} s") from None
        if done.returncode:
            said = done.stdout.decode(errors="replace").strip().splitlines()
            raise FleetError(f"'{file.reload}' ended with {done.returncode}" + (f": {said[-1]}" if said else ""))


def serve(configuration: t.Mapping[str, t.Any], path: str = REPORT) -> t.NoReturn:
    """Keep the files until the process is ended.

    :raises FleetError: there is no guest API to ask
    """
    os.makedirs(os.path.dirname(path), exist_ok=True)
    told: dict[str, str] | None = None
    with connected(configuration) as guest:
        handin = HandIn(guest, files(configuration), configuration.get("defaults") or {})
        quiet = QUIET if all(key.startswith("user.") for key in handin.keys) else QUIET_WITHOUT_EVENTS
        # A new connection may have missed something, and so may a quiet one.
        for sign in Follower(guest, ("config",), FOREVER, tick=quiet):
            if not isinstance(sign, str) and sign["metadata"].get("key") not in handin.keys:
                continue
            now = handin.sync()
            if now != told:
                with Replacement(path) as replacement:
                    replacement.write((json.dumps(now, indent=1) + "\n").encode())
                    replacement.keep({}, 0o644)
                for name, error in now.items():
                    if error and (told or {}).get(name) != error:
                        _log(f"{name}: {error}")
                told = now
    raise FleetError("the events came to an end")


def _log(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _stop(number: int, frame: types.FrameType | None) -> None:
    raise SystemExit(0)


def main(arguments: t.Sequence[str]) -> int:
    """The service's main function: the path of its configuration is its only argument."""
    signal.signal(signal.SIGTERM, _stop)
    try:
        with open(arguments[0], encoding="utf-8") as file:
            serve(json.load(file))
    except FleetError as error:
        _log(str(error))
    return 1


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
