# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filters and tests of device addresses, as a playbook uses them."""

from __future__ import annotations

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.nfvlab.fleet.plugins.filter.kata_devices import FilterModule
from ansible_collections.nfvlab.fleet.plugins.module_utils._kata.devices import FORMATS
from ansible_collections.nfvlab.fleet.plugins.test import kata_devices as plugin


def test_every_format_is_a_filter_and_a_test():
    assert set(FilterModule().filters()) == set(plugin.TestModule().tests()) == set(FORMATS)


def test_filters():
    write = FilterModule().filters()["ap_address"]
    assert write("a.1") == "0a.0001"
    for wrong in ("0x0a.1", 1.1, None):
        with pytest.raises(AnsibleFilterError, match="ap_address"):
            write(wrong)


def test_tests():
    holds = plugin.TestModule().tests()["pci_path"]
    assert holds("02/03") and not holds("99") and not holds(2)
