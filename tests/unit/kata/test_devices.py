# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Addresses of devices, as the agent's own tests have them and beyond."""

from __future__ import annotations

import pytest
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.errors import InvalidOption
from ansible_collections.nfvlab.fleet.plugins.module_utils._kata import devices


@pytest.mark.parametrize(
    ("kind", "given", "written"),
    [
        ("ap_address", "a.1", "0a.0001"),
        ("ap_address", "0A.003F", "0a.003f"),
        ("ap_address", "000a.00000003f", "0a.003f"),
        ("ap_address", "ff.ffff", "ff.ffff"),
        ("ap_address", "+a.+1", "0a.0001"),
        ("ccw_address", "0.0.1", "0.0.0001"),
        ("ccw_address", "0.3.fFfF", "0.3.ffff"),
        ("pci_path", "2", "02"),
        ("pci_path", "02/03", "02/03"),
        ("pci_path", "1f.7/0.0", "1f.7/00"),
        ("pci_path", "20/02/03", "20/02/03"),
        ("pci_address", "0000:02:03.0", "0000:02:03.0"),
        ("pci_address", "2:1f.7", "0000:02:1f.7"),
        ("scsi_address", "0:1", "0:1"),
    ],
)
def test_written_as_the_agent_does(kind, given, written):
    assert devices.FORMATS[kind](given) == written
    assert devices.FORMATS[kind](written) == written


@pytest.mark.parametrize(
    ("kind", "given"),
    [
        *(
            ("ap_address", text)
            for text in ("", ".", "0.0.0", "0g.0000", "0a.10000", "100.0", " a.1", "a.1\n", "0x0a.1", "f_f.1", "-0.1")
        ),
        *(("ap_address", text) for text in ("+.1", "++a.1", "\u0661.1", "a", "a.")),
        *(("ccw_address", text) for text in ("", "0.0", "1.0.1", "0.4.1", "0.a.1", "0.0.10000", "0.0.1.2", "fe.0.1")),
        *(("pci_path", text) for text in ("", "/", "20", "20/02", "02/20", "02.8", "0x2", "02//03", "2_0", "100/1/1")),
        *(("pci_address", text) for text in ("", "02", "0:0:0:0.0", "10000:00:00.0", "00:20.0", "00:00.8", "zz:00.0")),
        *(("scsi_address", text) for text in ("", "0", "0:1:2", "a:1", "0: 1", "-1:0")),
    ],
)
def test_what_the_agent_refuses(kind, given):
    with pytest.raises(InvalidOption):
        devices.FORMATS[kind](given)


@pytest.mark.parametrize(
    "device",
    [
        {"type": "blk", "id": "02/03"},
        {"type": "blk-ccw", "id": "0.0.0001"},
        {"type": "scsi", "id": "0:1"},
        {"type": "mmioblk", "vm_path": "/dev/vda"},
        {"type": "nvdimm", "vm_path": "/dev/pmem0"},
        {"type": "vfio-pci", "id": "x", "options": ["0000:02:03.0=02/01", "0000:02:03.1="]},
        {"type": "vfio-ap", "id": "x", "options": ["0a.003f"]},
    ],
)
def test_devices_that_an_agent_takes(device):
    devices.check_device({"container_path": "/dev/x", **device}, "devices[0]")


@pytest.mark.parametrize(
    ("device", "says"),
    [
        ({"type": "blkk", "id": "02"}, "did you mean 'blk'?"),
        ({"type": "blk"}, "needs 'id' or 'vm_path'"),
        ({"type": "blk", "vm_path": "/dev/vda"}, "'devices[0].id' is missing"),
        ({"type": "blk", "id": "99"}, "'devices[0].id': '99' is no PCI path"),
        ({"type": "blk-ccw", "id": "0.0"}, "CCW address"),
        ({"type": "scsi", "id": "1"}, "SCSI address"),
        ({"type": "nvdimm", "vm_path": "pmem0"}, "below /dev"),
        ({"type": "vfio-pci", "id": "x", "options": ["02/03"]}, "VFIO option"),
        ({"type": "vfio-ap", "id": "x", "options": ["0a"]}, "AP address"),
        ({"type": "blk", "id": "02", "container_path": ""}, "'devices[0].container_path' is missing"),
    ],
)
def test_devices_that_it_does_not(device, says):
    with pytest.raises(InvalidOption) as caught:
        devices.check_device({"container_path": "/dev/x", **device}, "devices[0]")
    assert says in str(caught.value)
