# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Applications: what they say when they do not start, what is written for them (dpdk_testpmd, dpdk_pktgen)."""

from __future__ import annotations

import subprocess

import pytest
from ansible_collections.nfvlab.fleet.plugins.module_utils._core import errors
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.resource import Task
from ansible_collections.nfvlab.fleet.plugins.module_utils._dpdk import applications, causes, process

WORDS = [
    (
        "EAL: Cannot create lock on '/run/dpdk/x/config'. Is another primary process running?",
        errors.InUse,
        "same file prefix",
    ),
    (
        "VHOST_CONFIG: failed to bind: Address already in use; remove it and try again",
        errors.InUse,
        "socket is there already",
    ),
    ("vhost_user_check: Too many memory regions", errors.InvalidOption, "single_file_segments"),
    ('EAL: failed to parse device "net_virtio_user0"', errors.MissingReference, "(net_virtio_user0)"),
    ("EAL: Not enough memory available on socket 1! Requested: 1024MB, available: 0MB", errors.NotFound, "(1)"),
    ("EAL: lcore 5 unavailable", errors.InvalidOption, "(5)"),
    ("EAL: pthread_setaffinity_np failed", errors.InvalidOption, "on its CPU"),
    ("EAL: Cannot use IOVA as 'PA' since physical addresses are not available", errors.Unsupported, "iova_mode: va"),
    (
        "EAL: 8 hugepages of size 2097152 reserved, but no mounted hugetlbfs found for that size",
        errors.MissingReference,
        "mount",
    ),
    ("EAL: Cannot get hugepage information.", errors.NotFound, "dpdk_budget"),
    ("EAL: Failed to lock hugepage directory!", errors.Forbidden, "folder of the hugepages"),
    (
        "EAL: Error - exiting with code: 1\n  Cause: No cores defined for forwarding",
        errors.InvalidOption,
        "no lcore to forward",
    ),
    ("Error can not use initial lcore 0 for port handling", errors.InvalidOption, "main lcore"),
    ("scrn_constructor: tcgetattr failed", errors.Unsupported, "23.03.0"),
    ("vrtio_user_dev: failed to connect", errors.Busy, "other end"),
    ("testpmd: unrecognized option '--rxx'", errors.InvalidOption, "--rxx"),
    ("EAL: /x/librte_net.so: cannot open shared object file", errors.MissingReference, "/x/librte_net.so"),
]


@pytest.mark.parametrize(("words", "kind", "says"), WORDS)
def test_words_of_a_failed_start_have_a_cause_and_a_next_step(words, kind, says):
    error = causes.explain(f"EAL: Detected CPU lcores: 2\n{words}\n", "dpdk-testpmd -l 0-1")
    assert error.__class__ is kind and says in str(error)
    assert error.next_step and error.text.endswith(words.splitlines()[-1])


def test_unknown_words_are_shown():
    error = causes.explain("\x1b[2J\x1b[1;1H\nodd\n", "x", 7)
    assert (
        isinstance(error, errors.OperationFailed)
        and error.code == 7
        and str(error).startswith("it ended before it was ready: odd")
    )


def application(**changes):
    options = {
        "eal_words": ["--file-prefix=nfvt", "--vdev", "net_vhost0,iface=/run/it's/0.sock"],
        "words": ["-i"],
        "vdevs": ["net_vhost0,iface=/run/it's/0.sock", "net_virtio_user1,path=/run/y"],
        "prefix": "nfvt",
    }
    return process.Application("nfvt", ["dpdk-testpmd"], **{**options, **changes})


def test_the_launcher_is_a_shell_script_that_clears_only_what_the_application_makes():
    [text] = [text for path, text in application().files().items() if path.endswith("/nfvt.sh")]
    assert subprocess.run(["sh", "-n"], input=text, text=True, check=False).returncode == 0
    [cleared] = [line for line in text.splitlines() if line.startswith("    rm -f ")]
    assert "0.sock" in cleared and "/run/y" not in cleared and "dpdk_telemetry.v2" in cleared
    assert text.count("""'net_vhost0,iface=/run/it'"'"'s/0.sock'""") == 1


def test_under_systemd_there_is_a_unit(monkeypatch):
    monkeypatch.setattr(process.os.path, "isdir", lambda path: path == "/run/systemd/system")
    files = application().files()
    assert files["/etc/systemd/system/nfvlab-dpdk-nfvt.service"].count("/etc/nfvlab-fleet/dpdk/nfvt.sh run") == 1


def test_names_are_for_files():
    with pytest.raises(errors.InvalidOption, match="no name"):
        process.Application("../x")


def params(**changes):
    names = (*applications.COMMON, "testpmd", "pktgen")
    given = {**dict.fromkeys(names), "name": "nfvt", "state": "started", "release": "22.11", "commands": [], **changes}
    return Task(given, given, check_mode=True, warn=lambda message: None)


class TwoCpus(applications.Host):
    """A host of two CPUs and one node, with a pool of no pages."""

    def allowed_cpus(self):
        return [0, 1]

    def nodes(self):
        return [0]

    def page_sizes(self):
        return [2048]


@pytest.fixture(autouse=True)
def two_cpus(monkeypatch):
    monkeypatch.setattr(applications, "Host", TwoCpus)


EAL = {"lcores": "0@0,1@0", "vdevs": ["net_vhost0,iface=/run/nfvt.sock"]}
PKTGEN_EAL = {"lcores": "0@0,1@1", "vdevs": ["net_virtio_user0,path=/run/nfvt.sock"]}


def test_check_mode_predicts_a_start():
    result = applications.testpmd(params(eal=EAL, testpmd={"auto_start": True}))
    assert result["changed"] and [action["sent"] for action in result["actions"]] == [False, False]
    assert result["diff"]["after"]["command"] == (
        "--lcores=0@0,1@0 --file-prefix=nfvt --vdev net_vhost0,iface=/run/nfvt.sock -- -i --auto-start"
    )
    assert not applications.testpmd(params(state="stopped"))["changed"]


def test_pktgen_is_written_for_its_release():
    task = params(eal=PKTGEN_EAL, pktgen_release="23.03.0", pktgen={"map": [{"port": 0, "lcores": [1]}]})
    assert applications.pktgen(task)["application"]["command"][-3:] == ["--", "-m", "1.0"]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"pktgen_release": "24.10.3", "pktgen": {"map": [{"port": 0, "lcores": [1]}]}}, "take Pktgen 23.03.0"),
        ({"pktgen_release": "23.03.0", "pktgen": {"map": [{"port": 0, "lcores": [0]}]}}, "main lcore"),
        ({"pktgen_release": "23.03.0", "pktgen": None}, "no map"),
        ({"pktgen_release": "23.03.0", "eal": None, "command_line": "testpmd -l 0-1 -- -i"}, "use dpdk_testpmd"),
    ],
)
def test_pktgen_that_cannot_be(changes, says):
    with pytest.raises(errors.FleetError, match=says):
        applications.pktgen(params(**{"eal": PKTGEN_EAL, **changes}))


def test_lcores_outside_of_a_containers_cpus_are_refused():
    with pytest.raises(errors.InvalidOption, match=r"lcore 1 is on CPU 7.*choose among the CPUs 0, 1"):
        applications.testpmd(params(eal={**EAL, "lcores": "0@0,1@7"}))


def test_no_pages_is_an_error_and_in_check_mode_a_warning(monkeypatch):
    warned = []
    task = params(eal=EAL, check_memory=True)
    task.warn = warned.append
    monkeypatch.setattr(TwoCpus, "pools", lambda self: [])
    applications.testpmd(task)
    assert "not enough hugepages yet: node 0 needs 368 MiB" in warned[0]
    task.check_mode = False
    with pytest.raises(errors.NotFound, match="reserve more with dpdk_hugepages"):
        applications.testpmd(task)
