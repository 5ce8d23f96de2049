# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The data plane by its behaviour: counters are read by DPDK's own client of telemetry, not by ours."""

from __future__ import annotations

import json

FORWARDER = "/var/lib/nfvlab-fleet/dpdk/nfvt/dpdk/forwarder/dpdk_telemetry.v2"
GENERATOR = "/run/nfvlab-fleet/dpdk/generator-nfvt/dpdk/generator-nfvt/dpdk_telemetry.v2"

# A client of a few lines: one packet asks, one answers.
ASK = (
    "import json, socket, sys; s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET); s.connect(sys.argv[1]); "
    "s.recv(16384); s.send(sys.argv[2].encode()); "
    "print(json.dumps(json.loads(s.recv(17408))[sys.argv[2].split(',')[0]]))"
)


def ask(host, path, request):
    return json.loads(host.check_output("python3 -c %s %s %s", ASK, path, request))


def config(host):
    found = json.loads(host.check_output("incus query /1.0/instances/nfvt-dpdk?project=nfvt-dpdk"))
    return found["expanded_config"]


def test_packets_went_through_and_none_is_missing(host):
    for port in (0, 1):
        sent, forwarded = (ask(host, path, f"/ethdev/stats,{port}") for path in (GENERATOR, FORWARDER))
        assert sent["opackets"] == forwarded["ipackets"] > 0
        assert forwarded["opackets"] == sent["ipackets"] > 0


def test_both_ends_of_each_port_are_up(host):
    for path in (GENERATOR, FORWARDER):
        assert [ask(host, path, f"/ethdev/link_status,{port}")["status"] for port in (0, 1)] == ["UP", "UP"]


def test_the_instance_has_no_privilege(host):
    keys = config(host)
    assert "security.privileged" not in keys and "raw.lxc" not in keys
    assert not [key for key in keys if key.startswith("security.syscalls")]
    assert '"Hostid":0' not in keys["volatile.idmap.current"]


def test_nothing_polls_when_nothing_is_measured(host):
    def busy():
        pid = host.file("/run/nfvlab-fleet/dpdk/generator-nfvt/pid").content_string.strip()
        return sum(
            int(field) for field in host.file(f"/proc/{pid}/stat").content_string.rsplit(")", 1)[1].split()[11:13]
        )

    before = busy()
    host.run("sleep 1")
    assert busy() - before < 50  # hundredths of a second; a core that polls takes 100


def test_the_run_is_kept_with_what_repeats_it(host):
    report = json.loads(host.file("/var/lib/nfvlab-fleet/dpdk/nfvt.json").content_string)
    assert [trial["unexplained"] for trial in report["trials"]] == [[], []]
    assert report["forwarder"]["version"].startswith("DPDK") and report["host"]["kernel_command_line"]


def test_the_folder_of_the_sockets_is_the_instances_and_nobody_elses(host):
    folder = host.file("/var/lib/nfvlab-fleet/dpdk/nfvt")
    assert folder.mode == 0o700 and folder.uid > 0
