# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Instances as testinfra hosts, C(incus://NAME?namespace=PROJECT&context=REMOTE), over the daemon API.

A pytest plugin: C(-p ansible_collections.nfvlab.fleet.plugins.plugin_utils.testinfra_incus), or `register` in a
C(conftest.py). Commands run through C(/bin/sh) in the instance; neither a client nor an address is needed.
"""

from __future__ import annotations

import functools
import os
import re
import typing as t
import weakref

from ansible_collections.nfvlab.fleet.plugins.module_utils._core.errors import (
    FleetError,
    InvalidOption,
    OperationFailed,
    TimedOut,
)
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.http import path as join
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.resource import Task
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.client import Client
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.inside import Ended, Exec, Inside
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.options import endpoint_for
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.remotes import Remote, remote

try:
    from testinfra.backend import BACKENDS
    from testinfra.backend.base import BaseBackend
except ImportError:
    BACKENDS = None
    BaseBackend = object


def register() -> None:
    """Make testinfra know C(incus://) hosts.

    :raises ImportError: there is no testinfra
    """
    if BACKENDS is None:
        raise ImportError("incus:// hosts need testinfra: pip install pytest-testinfra")
    BACKENDS["incus"] = f"{__name__}.{IncusBackend.__name__}"


def pytest_configure(config: t.Any) -> None:
    """The hook of pytest that makes this module a plugin."""
    import pytest

    try:
        register()
    except ImportError as error:
        raise pytest.UsageError(str(error)) from None


def shell(line: str, user: str | None) -> tuple[list[str], dict[str, int]]:
    """The words that run a line as a user, and the options that the API needs beside them.

    :param user: a name, who then has all of its groups; numbers as C(UID) or C(UID:GID), of the group 0 without one;
        or null for root
    """
    words = ["/bin/sh", "-c", line]
    numbers = re.fullmatch(r"(\d+)(?::(\d+))?", user or "")
    if numbers:
        return words, {"user": int(numbers[1]), "group": int(numbers[2] or 0)}
    return (["su", "-s", "/bin/sh", "-c", line, user] if user else words), {}


class IncusBackend(BaseBackend):
    """An instance as a host. Its connection is kept.

    :param name: the instance, perhaps as C(USER@NAME)
    :param namespace: its project
    :param context: its daemon, see `remote`
    :param timeout: seconds that a command may take, as testinfra has it: text
    """

    NAME = "incus"

    def __init__(
        self,
        name: str,
        *args: t.Any,
        namespace: str | None = None,
        context: str | None = None,
        timeout: str | None = None,
        **kwargs: t.Any,
    ) -> None:
        self.name, self.user = self.parse_containerspec(name)
        self.namespace = namespace
        self.context = context or ""
        self.timeout = timeout
        super().__init__(self.name, *args, **kwargs)

    @functools.cached_property
    def remote(self) -> Remote:
        """The daemon that the instance is on."""
        return remote(self.context, os.environ)

    @functools.cached_property
    def client(self) -> Client:
        """The kept connection to it, closed when nobody needs this host any more."""
        client = Client(endpoint_for(self.remote.options, os.environ))
        weakref.finalize(self, client.transport.close)
        return client

    @property
    def project(self) -> str:
        """The instance's project."""
        return self.namespace or self.remote.project or "default"

    def run(self, command: str, *args: str, **kwargs: t.Any) -> t.Any:
        """Run a line and return testinfra's result.

        :raises FleetError: it could not be run, or its time was over
        """
        __tracebackhide__ = True
        line = self.get_command(command, *args)
        ended = self._run(line)
        return self.result(ended.rc, self.encode(line), ended.out, ended.err)

    def _run(self, line: str) -> Ended:
        __tracebackhide__ = True
        words, options = shell(line, self.user)
        step = Exec(
            join("1.0", "instances", self.name), {"project": self.project}, words, {}, options, True, self.limit
        )
        try:
            ended = step.perform(self.client)
        except FleetError as error:
            failed = error
        else:
            if not ended.overdue and ended.rc is not None:
                return ended
            failed = self._unknown(line, ended)
        # A missing or stopped instance is the likely cause, and says more.
        inside = Inside(self.client, Task({"name": self.name, "project": self.project}, {}))
        inside.require_running()
        raise failed.about(inside.label)

    def _unknown(self, line: str, ended: Ended) -> FleetError:
        """The error of a line whose end nobody saw."""
        if not ended.overdue:
            return OperationFailed(f"'{line}' ended, but the daemon had forgotten how", next_step="run it again")
        fate = "goes on, because nothing in the instance could kill it" if ended.rc is None else "was killed"
        return TimedOut(
            f"'{line}' did not end within {self.limit or self.client.operation_timeout:g} s and {fate}",
            next_step="give a longer 'timeout', or mend the command",
        )

    @property
    def limit(self) -> float | None:
        """Seconds that a command may take; null for those that the client allows."""
        if self.timeout is None:
            return None
        if not re.fullmatch(r"[1-9]\d*", str(self.timeout)):
            raise InvalidOption(f"'timeout' is '{self.timeout}'", next_step="give a number of whole seconds above 0")
        return float(self.timeout)
