# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""SIMULATOR of Cisco IOS routers, for tests: see `Lab`."""

from .device import Device
from .faults import Faults
from .lab import Lab

__all__ = ["Device", "Faults", "Lab"]
