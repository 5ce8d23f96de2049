# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Our ttRPC against containerd's own server in Go: nothing of ours is on the other side."""

from __future__ import annotations

import os
import random
import shutil
import socket
import subprocess
import time
from pathlib import Path

import pytest
from ansible_collections.nfvlab.fleet.plugins.module_utils._core import errors
from ansible_collections.nfvlab.fleet.plugins.module_utils._kata import codec, frames, status
from ansible_collections.nfvlab.fleet.plugins.module_utils._kata.connection import Connection
from ansible_collections.nfvlab.fleet.plugins.module_utils._kata.messages import AGENT, HEALTH

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "tests" / "simulators" / "ttrpc_server"
GO = shutil.which("go") or shutil.which("go", path="/usr/local/go/bin:/usr/lib/go/bin")


def go(*arguments):
    """A command of Go, its caches below build/."""
    caches = {
        "GOCACHE": str(ROOT / "build" / "go-cache"),
        "GOPATH": str(ROOT / "build" / "go"),
        "GOFLAGS": "-modcacherw",
    }
    return subprocess.run(
        [GO, *arguments], cwd=SOURCE, env={**os.environ, **caches}, capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """The socket of a running server."""
    if GO is None:
        pytest.skip("no Go: containerd's ttRPC server cannot be built")
    fetched = go("mod", "download")
    if fetched.returncode:
        pytest.skip(f"the sources of containerd's ttRPC cannot be fetched: {fetched.stderr.strip()[-200:]}")
    folder = tmp_path_factory.mktemp("ttrpc")
    built = go("build", "-o", str(folder / "server"), ".")
    assert built.returncode == 0, built.stderr
    path = folder / "socket"
    process = subprocess.Popen([folder / "server", path])
    try:
        deadline = time.monotonic() + 30
        while not path.exists() and time.monotonic() < deadline:
            time.sleep(0.02)
        yield str(path)
    finally:
        process.kill()
        process.wait()


@pytest.fixture
def kept(server):
    sock = socket.socket(socket.AF_UNIX)
    sock.connect(server)
    connection = Connection(sock, f"unix:{server}")
    yield connection
    connection.close()


def call(kept, service, method, payload=b"", timeout=10.0):
    return kept.result(kept.start(service, method, payload, timeout))


def test_a_call(kept):
    answer = call(kept, HEALTH, "Check", codec.encode("CheckRequest", {"service": "x"}))
    assert answer.code == 0
    assert codec.decode("HealthCheckResponse", answer.payload) == {"status": "SERVING"}


def test_a_refusal(kept):
    answer = call(kept, HEALTH, "Check", codec.encode("CheckRequest", {"service": "nobody"}))
    assert (answer.code, answer.message) == (status.NOT_FOUND, "no such service")


def test_a_call_and_a_service_that_are_not_there(kept):
    for service, method in ((AGENT, "NoSuch"), ("grpc.NoSuch", "Check")):
        answer = call(kept, service, method)
        assert answer.code == status.UNIMPLEMENTED
        assert isinstance(status.refusal(answer.code, answer.message, method, "x"), errors.Unsupported)


def test_the_server_keeps_the_deadline(kept):
    slow = kept.start(AGENT, "GetOOMEvent", b"", 0.2)
    assert call(kept, HEALTH, "Check").code == 0  # answered before the one that was asked first
    assert kept.result(slow).code == status.DEADLINE_EXCEEDED


def test_many_calls_in_flight(kept):
    calls = [
        kept.start(AGENT, "AddSwapPath", codec.encode("AddSwapPathRequest", {"path": str(number)}), 10)
        for number in range(256)
    ]
    for number, started in enumerate(calls):
        assert codec.decode("AddSwapPathRequest", kept.result(started).payload) == {"path": str(number)}


def test_sizes_up_to_the_limit(kept):
    chance = random.Random(3)
    for size in (0, 1, 4000, 65536, 1_000_000, frames.LIMIT - 100):
        payload = codec.encode("ReadStreamResponse", {"data": chance.randbytes(size)})
        assert bytes(call(kept, AGENT, "AddSwapPath", payload).payload) == payload


def test_a_frame_over_the_limit_is_refused_and_the_connection_stays(kept, monkeypatch):
    monkeypatch.setattr(frames, "LIMIT", frames.LIMIT + 1000)
    answer = call(kept, AGENT, "AddSwapPath", b"\x0a" * (4194304 - 20))
    assert answer.code == 8  # RESOURCE_EXHAUSTED
    assert call(kept, HEALTH, "Check").code == 0
