# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.nfvlab.fleet.plugins.plugin_utils.ios.declared import DeclaredAction


class ActionModule(DeclaredAction, name="ios_banner"):
    """A table of `_ios.declared`."""
