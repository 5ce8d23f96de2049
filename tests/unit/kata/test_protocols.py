# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The tool that holds the table of messages against protocol files."""

from __future__ import annotations

import pytest
from ansible_collections.nfvlab.fleet.plugins.module_utils._kata.codec import layout
from ansible_collections.nfvlab.fleet.plugins.module_utils._kata.messages import CALLS, ENUMS, MESSAGES

from tools import protocols


def rendered(package):
    """Protocol files from the table, with everything that real ones have beside it."""
    lines = ['syntax = "proto3";', "/* two", "   lines */", f"package {package};", 'option go_package = "x;y";']
    prefix = "" if package == "grpc" else package + "."
    for name in MESSAGES:
        if name.startswith(("ttrpc.", "google.")) or ("." in name) != bool(prefix):
            continue
        lines.append(f"message {name.removeprefix(prefix)} {{ // fields")
        for enum in [enum for enum in ENUMS if enum.startswith(name + ".")]:
            values = " ".join(f"{value} = {number};" for number, value in enumerate(ENUMS[enum]))
            lines.append(f"enum {enum.rpartition('.')[2]} {{ {values} }}")
        for field in layout(name).fields:
            kind = field.type.removeprefix(prefix) if package != "grpc" else field.type
            label = "repeated " if field.repeated else "optional " if field.optional else ""
            kind = f"map<{field.key_type}, {kind}>" if field.key_type else kind
            lines.append(f'  {label}{kind} {field.name} = {field.number} [json_name="a;b"];')
        lines.append("}")
    for enum in ENUMS:
        if prefix and enum.startswith(prefix):
            values = " ".join(f"{value} = {number};" for number, value in enumerate(ENUMS[enum]))
            lines.append(f"enum {enum.removeprefix(prefix)} {{ {values} }}")
    if package == "grpc":
        for service in ("grpc.AgentService", "grpc.Health"):
            lines.append(f"service {service.removeprefix('grpc.')} {{")
            for name, (owner, takes, gives) in CALLS.items():
                if owner == service:
                    lines.append(f"  rpc {name}({takes}) returns ({gives});")
            lines.append("}")
    return "\n".join(lines)


@pytest.fixture
def folder(tmp_path):
    for package in ("grpc", "types"):
        (tmp_path / f"{package}.proto").write_text(rendered(package))
    (tmp_path / "other.proto").write_text('syntax = "proto3"; package api; message Secret { string x = 1; }')
    return tmp_path


def test_the_same_table(folder, capsys):
    assert protocols.main([str(folder)]) == 0
    assert "44 calls" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("uint32 signal = 3", "uint32 signal = 4", "SignalProcessRequest: field signal is (3, 'uint32') in the table"),
        ("string lladdr = 3", "bytes lladdr = 3", "types.ARPNeighbor: field lladdr"),
        ("repeated string Env", "string Env", "Process: field Env"),
        (
            "uint32 timeout = 2",
            "uint32 timeout = 2; string why = 3",
            "RemoveContainerRequest: field why is not in the t",
        ),
        ("rpc AddSwap(", "rpc AddSwaps(", "call AddSwaps is not in the table"),
        ("rpc AddSwap(", "rpc AddSwaps(", "call AddSwap is not in the files"),
        ("SERVING = 1", "SERVING = 3", "enumeration HealthCheckResponse.ServingStatus"),
        ("message OOMEvent", "message Oom {} message OOMEvent", "message Oom is not in the table"),
        ("map<string, uint64>", "map<string, int64>", "MemoryStats: field stats"),
    ],
)
def test_differences_are_named(folder, capsys, old, new, says):
    for path in folder.glob("*.proto"):
        path.write_text(path.read_text().replace(old, new, 1))
    assert protocols.main([str(folder)]) == 1
    assert says in capsys.readouterr().out


def test_nothing_to_compare(tmp_path, capsys):
    assert protocols.main([str(tmp_path)]) == 2
    assert "no protocol files" in capsys.readouterr().out
    assert protocols.main([]) == 2
