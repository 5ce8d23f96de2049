# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""testpmd and Pktgen as services: started, watched by their telemetry, stopped, and nothing of them left behind.

A launcher, which is a small shell script, prepares and starts the application; systemd runs it where it is the first
process, else the launcher watches by itself and starts again what died after it had run for a while.
"""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import socket
import subprocess
import time
import typing as t

from .._core import files
from .._core.errors import FleetError, InUse, InvalidOption, MissingReference, NoSocket, TimedOut, Unreachable
from . import causes, vdev
from .local import run_command
from .telemetry import Telemetry, path_of

LAUNCHERS = "/etc/nfvlab-fleet/dpdk"
UNITS = "/etc/systemd/system"
STATES = "/run/nfvlab-fleet/dpdk"
MARK = "# Written by nfvlab.fleet."

LAUNCHER = """#!/bin/sh
{mark} What it starts, and for which devices, is declared in the task that wrote it.
#
#   sh FILE run         start the application in this process
#   sh FILE supervise   start it, and again when it dies after it has run for five seconds, three times at most
set -eu
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
state={state}

run() {{
    umask 0007
    mkdir -p "$state"
    if [ ! -p "$state/control" ]; then
        rm -f "$state/control"
        mkfifo -m 0600 "$state/control"
    fi
    # What an application that was killed left would stop this one.
    rm -f {leftovers}
    mkdir -p {runtime}
    echo $$ >"$state/pid"
    RUNTIME_DIRECTORY={runtime}
    export RUNTIME_DIRECTORY
    # The application itself holds the FIFO open for writing, so it never reads an end of file.
    exec {command} <>"$state/control" >"$state/log" 2>&1
}}

supervise() {{
    mkdir -p "$state"
    echo $$ >"$state/supervisor"
    ended=
    child=
    trap 'ended=1; [ -z "$child" ] || kill -TERM "$child" 2>/dev/null || :' TERM INT HUP
    for _try in 1 2 3 4; do
        begin=$(date +%s)
        sh "$0" run &
        child=$!
        status=0
        wait "$child" || status=$?
        while kill -0 "$child" 2>/dev/null; do
            wait "$child" || status=$?
        done
        [ -z "$ended" ] && [ "$status" -ne 0 ] && [ $(($(date +%s) - begin)) -ge 5 ] || exit "$status"
        sleep 1
    done
}}

case ${{1-}} in
    run | supervise) "$1" ;;
    *) echo "usage: sh $0 run|supervise" >&2; exit 2 ;;
esac
"""

UNIT = """{mark}
[Unit]
Description=DPDK application {name}

[Service]
Type=exec
ExecStart=/bin/sh {launcher} run
Restart=on-failure
RestartSec=1
TimeoutStopSec=10
"""


class Application:
    """One application of a host.

    :param program: its command
    :param eal_words: the arguments before C(--)
    :param words: those after it
    :param prefix: its C(--file-prefix)
    :param vdevs: its devices, for the sockets that it makes
    :param ports: how many ports it has when it is ready
    :param runtime_dir: where its telemetry is to be; null for its own folder
    :param prompt: what it prints when it is ready for commands; null for an application that draws a screen
    """

    def __init__(
        self,
        name: str,
        program: t.Sequence[str] = (),
        *,
        eal_words: t.Sequence[str] = (),
        words: t.Sequence[str] = (),
        prefix: str | None = None,
        vdevs: t.Sequence[t.Any] = (),
        ports: int = 0,
        runtime_dir: str | None = None,
        prompt: str | None = None,
    ) -> None:
        if not name or not all(char.isalnum() or char in "-_" for char in name):
            raise InvalidOption(f"'{name}' is no name for an application", next_step="use letters, digits, - and _")
        self.name = name
        self.program = list(program)
        self.eal_words, self.words = list(eal_words), list(words)
        self.prefix = prefix or name
        self.vdevs = list(vdevs)
        self.port_count = ports
        self.prompt = prompt
        self.state = os.path.join(STATES, name)
        self.runtime = runtime_dir or self.state
        self.launcher = os.path.join(LAUNCHERS, f"{name}.sh")
        self.service = f"nfvlab-dpdk-{name}.service"
        self.unit = os.path.join(UNITS, self.service)
        self.systemd = os.path.isdir("/run/systemd/system")

    @property
    def telemetry(self) -> str:
        """The path of its telemetry socket."""
        return path_of(self.runtime, self.prefix)

    @property
    def command(self) -> list[str]:
        """All of its command line."""
        return [*self.program, *self.eal_words, "--", *self.words]

    @property
    def made(self) -> list[str]:
        """The sockets that it makes."""
        found = [vdev.socket_path(item) for item in self.vdevs if vdev.makes_socket(item)]
        return [path for path in found if path]

    def files(self) -> dict[str, str]:
        """What has to be on the host, by path: the launcher, and a unit where there is systemd."""
        quoted = shlex.quote
        leftovers = " ".join(quoted(path) for path in [*self.made, self.telemetry])
        found = {
            self.launcher: LAUNCHER.format(
                mark=MARK,
                state=quoted(self.state),
                runtime=quoted(self.runtime),
                leftovers=leftovers,
                command=" ".join(quoted(word) for word in self.command),
            )
        }
        if self.systemd:
            found[self.unit] = UNIT.format(mark=MARK, name=self.name, launcher=self.launcher)
        return found

    # What is there now.

    def present(self) -> bool:
        """Whether anything of it is on the host."""
        return any(os.path.exists(path) for path in (self.launcher, self.unit, self.state))

    def pid(self, name: str = "pid") -> int | None:
        """The process, or null where it does not run. Another one that got its number is not taken for it."""
        try:
            with open(os.path.join(self.state, name), encoding="ascii") as stream:
                pid = int(stream.read())
            with open(f"/proc/{pid}/cmdline", encoding="utf-8", errors="replace") as stream:
                words = stream.read().split("\0")
        except (OSError, ValueError):
            return None
        ours = f"--file-prefix={self.prefix}" in words or self.launcher in words
        return pid if ours else None

    def running(self) -> tuple[list[str], list[str]] | None:
        """The arguments that it runs with, or null where it does not run or does not answer."""
        if self.pid() is None:
            return None
        try:
            with Telemetry(self.telemetry) as telemetry:
                return telemetry.arguments()
        except Unreachable:
            return None

    def current(self) -> bool:
        """Whether the files on the host are those that it needs."""
        return all(content(path) == text for path, text in self.files().items())

    # What changes it.

    def write(self) -> None:
        """Write the launcher, and the unit where there is systemd."""
        for path, text in self.files().items():
            os.makedirs(os.path.dirname(path), mode=0o755, exist_ok=True)
            files.replace(path, text, 0o644)
        if self.systemd:
            run_command(["systemctl", "daemon-reload"])

    def start(self, timeout: float) -> None:
        """Start it and wait until it has all of its ports.

        :raises InUse: another process has its file prefix or one of its sockets
        :raises MissingReference: its command is not there
        """
        self._check_free()
        if self.systemd:
            if self._failed():
                run_command(["systemctl", "reset-failed", self.service])
            run_command(["systemctl", "start", self.service])
        else:
            subprocess.Popen(
                ["/bin/sh", self.launcher, "supervise"],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
                cwd="/",
            )
        try:
            self._await(timeout)
        except FleetError:
            self.stop()
            raise

    def _failed(self) -> bool:
        done = subprocess.run(["systemctl", "is-failed", "--quiet", self.service], check=False)
        return done.returncode == 0

    def _check_free(self) -> None:
        if shutil.which(self.program[0]) is None:
            raise MissingReference(
                f"there is no '{self.program[0]}'",
                next_step="install it (Debian: dpdk-dev), or name it in 'program'",
            )
        try:
            with Telemetry(self.telemetry) as other:
                raise InUse(
                    f"process {other.pid} runs with the file prefix '{self.prefix}'",
                    endpoint=self.telemetry,
                    next_step="stop it, or give another 'file_prefix'",
                )
        except Unreachable:
            self._check_sockets()

    def _check_sockets(self) -> None:
        for path in self.made:
            folder = os.path.dirname(path)
            if not os.path.isdir(folder):
                raise MissingReference(f"there is no folder {folder} for the socket {path}", next_step="make it first")
            if listens(path):
                raise InUse(
                    "another process listens at the socket", endpoint=path, next_step="stop it, or choose another path"
                )

    def _await(self, timeout: float) -> None:
        """Wait until telemetry shows all ports."""
        end = time.monotonic() + timeout
        begun = False
        while time.monotonic() < end:
            try:
                with Telemetry(self.telemetry) as telemetry:
                    if self._ready(telemetry):
                        return
            except (Unreachable, NoSocket):
                alive = self.pid() is not None
                if begun and not alive:
                    raise causes.explain(self.log(), " ".join(self.command)) from None
                begun = begun or alive or bool(self.log())
            time.sleep(0.1)
        raise TimedOut(
            f"it was not ready within {timeout:g} seconds",
            endpoint=self.telemetry,
            next_step=f"it waits for something; its words are in failure.text: {causes.tail(self.log(), 1)}",
            text=causes.tail(self.log()),
        )

    def _ready(self, telemetry: Telemetry) -> bool:
        """Whether it has all ports and its prompt. Telemetry answers long before that.

        Who asks 22.11 for the counters of a port that is not set up yet ends the application, so those come last.
        """
        if len(telemetry.ports()) < self.port_count or not telemetry.arguments()[1]:
            return False
        return self.prompt in self.log() if self.prompt else all(map(telemetry.is_started, telemetry.ports()))

    def log(self) -> str:
        """What it wrote since it was started last."""
        return content(os.path.join(self.state, "log")) or ""

    def stop(self, grace: float = 10.0) -> None:
        """End it, and take away what it leaves: sockets, FIFO, files of its runtime folder."""
        if self.systemd and os.path.exists(self.unit):
            run_command(["systemctl", "stop", self.service])
        self._end("supervisor", 0.5)
        self._end("pid", grace)
        for path in self.made:
            if not listens(path):
                remove(path)
        if self._abandoned():
            shutil.rmtree(os.path.join(self.runtime, "dpdk", self.prefix), ignore_errors=True)
        for name in ("control", "pid", "supervisor"):
            remove(os.path.join(self.state, name))

    def _abandoned(self) -> bool:
        """Whether nobody uses its runtime folder, as another application with the same prefix might."""
        try:
            with Telemetry(self.telemetry):
                return False
        except FleetError as error:
            return isinstance(error, Unreachable)

    def _end(self, name: str, grace: float) -> None:
        """End the process of a file with a signal, and then with one that cannot be refused."""
        pid = self.pid(name)
        for signal_number in (signal.SIGTERM, signal.SIGKILL):
            end = time.monotonic() + grace
            if pid is None:
                return
            try:
                os.kill(pid, signal_number)
            except ProcessLookupError:
                return
            while time.monotonic() < end and self.pid(name) is not None:
                time.sleep(0.02)
            pid = self.pid(name)

    def remove(self) -> None:
        """Take away what is on the host once it is stopped."""
        had_unit = os.path.exists(self.unit)
        for path in (self.launcher, self.unit):
            remove(path)
        shutil.rmtree(self.state, ignore_errors=True)
        for folder in (LAUNCHERS, os.path.dirname(LAUNCHERS), STATES, os.path.dirname(STATES)):
            if os.path.isdir(folder) and not os.listdir(folder):
                os.rmdir(folder)
        if had_unit and self.systemd:
            run_command(["systemctl", "daemon-reload"])


def content(path: str) -> str | None:
    """A file's text, or null where it is not there."""
    try:
        with open(path, encoding="utf-8", errors="replace") as stream:
            return stream.read()
    except OSError:
        return None


def remove(path: str) -> None:
    """Remove a file that may be gone already."""
    if os.path.lexists(path):
        os.unlink(path)


def listens(path: str) -> bool:
    """Whether a process listens at a stream socket."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        try:
            probe.connect(path)
        except OSError:
            return False
        return True
