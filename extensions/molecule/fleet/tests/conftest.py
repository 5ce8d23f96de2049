# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The way into the instances of the scenario."""

from __future__ import annotations

import pytest

PROJECT = "nfvt-molfleet"


@pytest.fixture
def guest(host):
    """A function that runs a command in an instance and returns its output, stripped."""

    def run(name, *command):
        words = ["incus", "exec", "--project", PROJECT, name, "--", *command]
        return host.check_output(" ".join(["%s"] * len(words)), *words)

    return run
