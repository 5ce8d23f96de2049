# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Metrics as daemons and agents write them."""

from __future__ import annotations

import pytest
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.metrics import families

TEXT = r"""# HELP incus_cpu_seconds_total The total number of "CPU" time used in seconds.
# TYPE incus_cpu_seconds_total counter
incus_cpu_seconds_total{cpu="0",mode="system",name="c1",project="default"} 0.056
incus_cpu_seconds_total{cpu="1",mode="system"} 3 1700000000
# TYPE incus_memory_RSS_bytes gauge
incus_memory_RSS_bytes{name="c1"} 1.55648e+05
incus_uptime_seconds 7

incus_filesystem_size_bytes{mountpoint="/a }\"b\\\n"} NaN 1767225600
# EOF
"""


def test_samples_have_their_labels_and_values_and_belong_to_a_family():
    found = families(TEXT)
    assert found["incus_cpu_seconds_total"] == {
        "help": 'The total number of "CPU" time used in seconds.',
        "type": "counter",
        "samples": [
            {"labels": {"cpu": "0", "mode": "system", "name": "c1", "project": "default"}, "value": 0.056},
            {"labels": {"cpu": "1", "mode": "system"}, "value": 3},
        ],
    }
    assert found["incus_memory_RSS_bytes"]["samples"] == [{"labels": {"name": "c1"}, "value": 155648}]
    assert found["incus_uptime_seconds"] == {"help": "", "type": "unknown", "samples": [{"labels": {}, "value": 7}]}
    odd = found["incus_filesystem_size_bytes"]["samples"]
    assert odd == [{"labels": {"mountpoint": '/a }"b\\\n'}, "value": "NaN"}]
    assert families("# EOF\n") == {}


@pytest.mark.parametrize("line", ["<html>", "incus_a", "incus_a{b=c} 1", "incus_a many", "broken{ 1", "#", "# comment"])
def test_what_is_no_sample_is_left_out(line):
    assert [*families(f"{line}\nb 1\n")] == ["b"]
