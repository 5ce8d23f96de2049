# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The guests after somebody has meddled with them, from outside and from inside."""

from __future__ import annotations

import json
import time

import pytest
import testinfra
from ansible_collections.nfvlab.fleet.plugins.plugin_utils.testinfra_incus import register

register()


def inside(name):
    """A guest as a host of testinfra."""
    return testinfra.get_host(f"incus://{name}?namespace=nfvt-molguest")


def until(look, wanted):
    """Look until what is wanted is seen, and return what was seen last."""
    deadline = time.monotonic() + 30
    while (seen := look()) != wanted and time.monotonic() < deadline:
        time.sleep(0.2)
    return seen


@pytest.mark.parametrize(("name", "status"), [("nfvt-ready", "Ready"), ("nfvt-broken", "Running")])
def test_the_host_sees_what_the_guest_says(host, name, status):
    def seen():
        listed = json.loads(host.check_output("incus list --project nfvt-molguest --format json %s", name))
        return listed[0]["status"]

    assert until(seen, status) == status


def test_a_file_has_followed_the_host_without_a_task():
    guest = inside("nfvt-ready")
    assert until(lambda: guest.file("/etc/site.conf").content_string, "site south\n") == "site south\n"
    assert guest.file("/etc/site.conf").mode == 0o640
    assert inside("nfvt-broken").file("/etc/site.conf").content_string == "site north\n"


def test_the_guest_says_why_it_is_not_ready():
    guest = inside("nfvt-broken")
    report = until(lambda: json.loads(guest.file("/run/nfvlab-fleet/ready.json").content_string)["state"], "Started")
    assert report == "Started"
    found = json.loads(guest.file("/run/nfvlab-fleet/ready.json").content_string)["checks"]
    assert found == [{"name": "flag", "ok": False, "said": "it ended with 1"}]


@pytest.mark.parametrize("service", ["nfvlab-guest-ready", "nfvlab-guest-config"])
def test_the_services_run_and_come_back(service):
    unit = inside("nfvt-ready").service(service)
    assert unit.is_running and unit.is_enabled
