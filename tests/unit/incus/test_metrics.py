# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The daemon's metrics: from text to samples."""

from __future__ import annotations

import pytest
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.errors import Malformed
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.metrics import parse

TEXT = r"""# HELP incus_cpu_seconds_total The total number of CPU time used in seconds.
# TYPE incus_cpu_seconds_total counter
incus_cpu_seconds_total{cpu="0",mode="system",name="c1",project="default"} 0.056
# TYPE incus_memory_RSS_bytes gauge
incus_memory_RSS_bytes{name="c1"} 1.55648e+05
incus_uptime_seconds 7

incus_filesystem_size_bytes{mountpoint="/a }\"b\\\n"} NaN 1767225600
# EOF
"""


def test_a_sample_has_its_name_type_labels_and_value():
    assert parse(TEXT) == [
        {
            "name": "incus_cpu_seconds_total",
            "type": "counter",
            "labels": {"cpu": "0", "mode": "system", "name": "c1", "project": "default"},
            "value": 0.056,
        },
        {"name": "incus_memory_RSS_bytes", "type": "gauge", "labels": {"name": "c1"}, "value": 155648},
        {"name": "incus_uptime_seconds", "type": "unknown", "labels": {}, "value": 7},
        {
            "name": "incus_filesystem_size_bytes",
            "type": "unknown",
            "labels": {"mountpoint": '/a }"b\\\n'},
            "value": "NaN",
        },
    ]


def test_nothing_is_counted_in_an_empty_project():
    assert parse("# EOF\n") == []


@pytest.mark.parametrize("line", ["<html>", "incus_a", "incus_a{b=c} 1", "incus_a many"])
def test_what_is_no_sample_is_named(line):
    with pytest.raises(Malformed, match="is no (sample|value) of a metric"):
        parse(line)
