# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs one module in a process of its own: C(python -m tests.integration.one_module NAME JSON)."""

from __future__ import annotations

import json
import sys

from .conftest import run_module

if __name__ == "__main__":
    result = run_module(sys.argv[1], json.loads(sys.argv[2]))
    print(json.dumps(result))
    sys.exit(result.failed)
