# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The way into the instances of the scenario."""

from __future__ import annotations

import pytest
import testinfra
from ansible_collections.nfvlab.fleet.plugins.plugin_utils.testinfra_incus import register

register()


@pytest.fixture
def guest():
    """A function that gives an instance, by its name, as a host of testinfra."""
    return lambda name: testinfra.get_host(f"incus://{name}?namespace=nfvt-molfleet")
