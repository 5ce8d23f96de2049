# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""A service in a guest: runs checks and reports Ready while all of them succeed, Started while one does not.

The role nfvlab.fleet.incus_guest_ready installs it. What it found is in a file that the host can read, so that
whoever waits for the guest learns why it is not ready yet.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
import typing as t

from .._core.errors import FleetError, Unsupported
from .._core.http import Request
from .._core.report import REPORT, why
from .client import Guest, GuestEndpoint, discover_socket
from .localfile import Replacement

READY, STARTED = "Ready", "Started"
SAID = 200  # characters of a check's last words
IMPATIENT = 1.0  # seconds between two rounds at most, as long as it is not ready


class Check(t.NamedTuple):
    """A command that tells by its exit code whether something works.

    :param command: for the shell
    :param timeout: seconds that it may take
    """

    name: str
    command: str
    timeout: float


class Result(t.NamedTuple):
    """What a check found.

    :param said: why it failed
    """

    name: str
    ok: bool
    said: str


def checks(configuration: t.Mapping[str, t.Any]) -> list[Check]:
    """The checks that a configuration has."""
    return [
        Check(entry["name"], entry["command"], float(entry.get("timeout") or 10)) for entry in configuration["checks"]
    ]


def perform(check: Check) -> Result:
    """Run a check, and kill it with all that it has started when its time is over."""
    with subprocess.Popen(
        ["/bin/sh", "-c", check.command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    ) as process:
        try:
            output, _none = process.communicate(timeout=check.timeout)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            return Result(check.name, False, f"it did not end within {check.timeout:g} s")
    if process.returncode == 0:
        return Result(check.name, True, "")
    lines = [line.strip() for line in output.decode(errors="replace").splitlines() if line.strip()]
    last = f": {lines[-1][:SAID]}" if lines else ""
    return Result(check.name, False, f"it ended with {process.returncode}{last}")


class Judge:
    """Decides from round to round.

    :param patience: rounds in a row that have to fail before a guest that was ready is so no more
    """

    def __init__(self, patience: int = 1) -> None:
        self.state = STARTED
        self._patience = max(1, patience)
        self._failed = 0

    def decide(self, results: t.Sequence[Result]) -> str:
        """The state to report after a round."""
        self._failed = 0 if all(result.ok for result in results) else self._failed + 1
        if not self._failed:
            self.state = READY
        elif self._failed >= self._patience:
            self.state = STARTED
        return self.state


def report(guest: Guest, state: str) -> None:
    """Report a state, unless the daemon has it already.

    :raises Unsupported: the daemon keeps none
    """
    now = guest.server().get("state")
    if not now:
        raise Unsupported(
            "the daemon keeps no state for its guests",
            endpoint=str(guest.endpoint),
            next_step="use a daemon with the extension 'instance_ready_state'",
        )
    if now != state:
        guest.perform(Request("PATCH", "/1.0", body={"state": state}, keys=["state"]))


def written(state: str, results: t.Sequence[Result]) -> str:
    """The report's text."""
    return json.dumps({"state": state, "checks": [result._asdict() for result in results]}, indent=1) + "\n"


def connected(configuration: t.Mapping[str, t.Any]) -> Guest:
    """A client, as a service's configuration says."""
    endpoint = GuestEndpoint(configuration.get("socket") or discover_socket(os.environ))
    return Guest(endpoint, float(configuration.get("timeout") or 30))


def serve(configuration: t.Mapping[str, t.Any], over: threading.Event, path: str = REPORT) -> None:
    """Check and report until it is over; then take the word back."""
    judge = Judge(int(configuration.get("failures") or 1))
    interval = float(configuration.get("interval") or 5)
    told = said = ""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with connected(configuration) as guest:
        while not over.is_set():
            begun = time.monotonic()
            results = [perform(check) for check in checks(configuration)]
            state = judge.decide(results)
            text = written(state, results)
            if text != told:
                with Replacement(path) as replacement:
                    replacement.write(text.encode())
                    replacement.keep({}, 0o644)
                told = text
                _log(f"{state}: {why(text) or 'all checks succeed'}")
            try:
                report(guest, state)
                said = ""
            except FleetError as error:  # the daemon may be away for a moment; whatever else it is, it is told once
                if str(error) != said:
                    _log(str(error))
                said = str(error)
            pause = interval if state == READY and not said else min(interval, IMPATIENT)
            over.wait(max(0.0, pause - (time.monotonic() - begun)))
        report(guest, STARTED)


def _log(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main(arguments: t.Sequence[str]) -> int:
    """The service's main function: the path of its configuration is its only argument."""
    over = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *ignored: over.set())
    try:
        with open(arguments[0], encoding="utf-8") as file:
            serve(json.load(file), over)
    except FleetError as error:
        _log(str(error))
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
