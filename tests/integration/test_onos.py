# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The ONOS modules against a controller: a SIMULATOR that has the lies of a real one."""

from __future__ import annotations

import signal
import threading
import urllib.request

import pytest

from .onos import archive, ok, paths, sha256, simulator

ORG = "org.onosproject."
FWD = ORG + "fwd.ReactiveForwarding"


@pytest.fixture(params=["sim"])
def onos(tmp_path):
    """A controller with openflow, proxyarp and fwd active."""
    with simulator(tmp_path / "onos", "--apps", "openflow,proxyarp,fwd") as controller:
        yield controller


def twice(onos, module, /, **options):
    """Predict, do, and do again: the same diff and actions, then nothing to do."""
    predicted = ok(onos.run(module, check=True, **options))
    done = ok(onos.run(module, **options))
    assert paths(predicted) == paths(done) and predicted["diff"] == done["diff"]
    assert predicted["changed"] == done["changed"]
    assert not any(action["sent"] for action in predicted["actions"]) and all(a["sent"] for a in done["actions"])
    for check in (True, False):
        again = ok(onos.run(module, check=check, **options))
        assert not again["changed"] and again["actions"] == []
    return done


# Applications


def test_app_is_activated_until_it_works(onos):
    done = twice(onos, "onos_app", name=ORG + "fwd", state="inactive")
    assert paths(done) == [f"DELETE /applications/{ORG}fwd/active"]
    assert done["diff"]["before"] == {ORG + "fwd": {"state": "ACTIVE", "version": "2.7.0"}}
    done = twice(onos, "onos_app", name=ORG + "fwd")
    assert paths(done) == [f"POST /applications/{ORG}fwd/active"]
    assert done["apps"][0]["state"] == "ACTIVE"
    assert FWD in ok(onos.run("onos_component_config", component=FWD, properties={}))["component_config"]


def test_app_from_an_archive(onos, tmp_path):
    oar = tmp_path / "app.oar"
    oar.write_bytes(archive())
    options = {"name": "org.example.app", "src": str(oar), "checksum": f"sha256:{sha256(oar.read_bytes())}"}
    done = twice(onos, "onos_app", **options)
    assert paths(done) == ["POST /applications", "POST /applications/org.example.app/active"]
    assert done["apps"][0]["version"] == "1.0.SNAPSHOT"
    oar.write_bytes(archive(text="other bytes of the same version"))
    options["checksum"] = sha256(oar.read_bytes())
    done = twice(onos, "onos_app", **options)
    assert paths(done)[0] == "DELETE /applications/org.example.app" and len(paths(done)) == 3
    assert done["diff"]["before"]["org.example.app"]["archive"] == "another"
    done = twice(onos, "onos_app", name="org.example.app", state="absent")
    assert done["diff"]["after"] == {"org.example.app": {"state": "absent"}} and done["apps"] == []
