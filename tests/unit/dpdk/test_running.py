# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the report of dpdk_traffic says of a running application: program, instruction set, page sizes, lcores."""

from __future__ import annotations

import os

import pytest
from ansible_collections.nfvlab.fleet.plugins.module_utils._dpdk import running, traffic
from ansible_collections.nfvlab.fleet.plugins.module_utils._dpdk.host import Host

NATIVE = """
#define RTE_ARCH_X86_64 1
#define RTE_COMPILE_TIME_CPUFLAGS RTE_CPUFLAG_SSE4_2,RTE_CPUFLAG_AVX2
#define RTE_MACHINE native
"""
BUILT = {"machine": "native", "flags": ["SSE4_2", "AVX2"]}
SMAPS = "7f00-7f10 rw-p\nKernelPageSize:        4 kB\n1000-2000 rw-s\nKernelPageSize:     2048 kB\n"


@pytest.fixture
def process(tmp_path):
    """A process 7 in a container; the returned function writes a file of it."""

    def write(name, text, folder="root"):
        path = tmp_path / "proc/7" / folder / name.lstrip("/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    (tmp_path / "proc/7/root").mkdir(parents=True)
    write("smaps", SMAPS, ".")
    return write


def run_as(tmp_path, program):
    os.symlink(program, tmp_path / "proc/7/exe")
    return running.program(Host(str(tmp_path)), 7)


def test_a_build_of_our_own_tells_by_its_header(tmp_path, process):
    process("/opt/dpdk-22.11/include/rte_build_config.h", NATIVE)
    assert run_as(tmp_path, "/opt/dpdk-22.11/bin/dpdk-testpmd") == {
        "program": "/opt/dpdk-22.11/bin/dpdk-testpmd",
        "instruction_set": {**BUILT, "source": "/opt/dpdk-22.11/include/rte_build_config.h"},
        "page_sizes_kb": [2048],
    }


def test_a_program_with_dpdks_libraries_tells_by_the_header_beside_them(tmp_path, process):
    process("maps", "7f00-7f10 r-xp 0 08:01 5 /opt/dpdk/lib/x86_64-linux-gnu/librte_eal.so.23.0\n", ".")
    process("/opt/dpdk/include/x86_64-linux-gnu/dpdk/rte_build_config.h", NATIVE)
    found = run_as(tmp_path, "/opt/pktgen/bin/pktgen")
    assert found["instruction_set"] == {
        **BUILT,
        "source": "/opt/dpdk/include/x86_64-linux-gnu/dpdk/rte_build_config.h",
    }


def test_the_classic_build_says_it_in_another_header(tmp_path, process):
    process("/opt/dpdk-19.08/include/dpdk/rte_config.h", '#define RTE_MACHINE "snb"\n')
    assert run_as(tmp_path, "/opt/dpdk-19.08/bin/testpmd")["instruction_set"]["machine"] == "snb"


def test_without_headers_only_a_distributions_program_is_known(tmp_path, process, monkeypatch):
    monkeypatch.setattr(os, "uname", lambda: os.uname_result(("Linux", "x", "6.1", "1", "x86_64")))
    assert run_as(tmp_path, "/usr/bin/dpdk-testpmd")["instruction_set"] == {
        "machine": "corei7",
        "flags": ["SSE", "SSE2", "SSE3", "SSSE3", "SSE4_1", "SSE4_2"],
        "source": "the distribution's packages",
    }
    os.unlink(tmp_path / "proc/7/exe")
    assert run_as(tmp_path, "/srv/bin/testpmd")["instruction_set"] is None


def test_what_a_container_puts_in_the_way_is_not_read(tmp_path, process):
    header = process("/opt/dpdk/include/rte_build_config.h", "")
    header.unlink()
    os.mkfifo(header)
    assert run_as(tmp_path, "/opt/dpdk/bin/testpmd")["instruction_set"] is None
    header.unlink()
    header.symlink_to(process("/elsewhere", NATIVE))
    os.unlink(tmp_path / "proc/7/exe")
    assert run_as(tmp_path, "/opt/dpdk/bin/testpmd")["instruction_set"] is None


@pytest.mark.parametrize("pid", [0, 8])
def test_a_process_that_is_not_visible(tmp_path, process, pid):
    nothing = {"program": None, "instruction_set": None, "page_sizes_kb": []}
    assert running.program(Host(str(tmp_path)), pid) == nothing


class Side:
    """The telemetry of an application whose process cannot be seen."""

    version = "DPDK 22.11"

    def __init__(self, *words):
        self.words = list(words)

    def arguments(self):
        return self.words, ["--forward-mode=io"]

    def peer(self):
        return 0


def test_the_circumstances_have_the_cpus_of_each_lcore(tmp_path):
    around = traffic.circumstances(Side("--lcores=0@2,1@3"), Side("--lcores=0@3,1@3"), Host(str(tmp_path)))
    assert around["generator"]["lcores"] == {"0": [2], "1": [3]}
    assert around["forwarder"]["lcores"] == {"0": [3], "1": [3]} and around["oversubscribed"]
