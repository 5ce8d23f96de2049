# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A second daemon beside the one that the tests are about."""

from __future__ import annotations

import json
import os
import shutil
import socket as sockets
import subprocess
import tempfile
import time
import typing as t
from pathlib import Path

import pytest
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.errors import FleetError
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.http import Request, UnixEndpoint
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.client import Client

from .conftest import run_module

INCUSD = (Path("/usr/libexec/incus/incusd"), Path("/usr/lib/incus/incusd"))


class Peer:
    """A second daemon on this host, with a folder of its own, that listens on loopback."""

    def __init__(self, binary: Path, folder: Path) -> None:
        folder.mkdir(mode=0o711)
        self.folder = folder
        self.log = folder.with_name("peer.log")
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [str(binary), f"--logfile={self.log}"],
                env={**os.environ, "INCUS_DIR": str(folder)},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.socket = str(folder / "unix.socket")
        self.client = Client(UnixEndpoint(self.socket))

    def start(self) -> None:
        """Wait until it answers, and have it listen."""
        deadline = time.monotonic() + 60
        while True:
            try:
                self.client.get("/1.0")
                break
            except FleetError as error:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    pytest.fail(f"the second daemon did not start: {error}\n{self.log.read_text()[-2000:]}")
                time.sleep(0.2)
        with sockets.create_server(("127.0.0.1", 0)) as free:
            self.address = f"127.0.0.1:{free.getsockname()[1]}"
        self.url = f"https://{self.address}"
        listening = run_module("incus_server", {"socket": self.socket, "config": {"core.https_address": self.address}})
        assert not listening.failed, listening["msg"]
        self.certificate = str(self.folder / "server.crt")

    def trust(self, certificate: str) -> None:
        """Let in whom a certificate is shown by."""
        pem = Path(certificate).read_text()
        body = {"name": Path(certificate).stem, "type": "client", "certificate": "".join(pem.splitlines()[1:-1])}
        self.client.perform(Request("POST", "/1.0/certificates", body=body))

    def publish(self, alias: str, content: bytes, *, public: bool = True) -> str:
        """Give it an image under an alias; its fingerprint."""
        path = self.folder.with_name("content.tar")
        path.write_bytes(content)
        done = run_module("incus_image", {"socket": self.socket, "alias": alias, "path": str(path), "public": public})
        assert not done.failed, done["msg"]
        return str(done["image"]["fingerprint"])

    def secret(self, fingerprint: str) -> str:
        """A secret that is good for one download of a private image."""
        token = self.client.send(Request("POST", f"/1.0/images/{fingerprint}/secret"), None, {}, 30)
        return str(json.loads(token.body)["metadata"]["metadata"]["secret"])

    def stop(self) -> None:
        """End it and take away everything that it made."""
        self.client.transport.close()
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        mounts = [line.split()[1] for line in Path("/proc/self/mounts").read_text().splitlines()]
        for mount in sorted((mount for mount in mounts if mount.startswith(f"{self.folder}/")), reverse=True):
            subprocess.run(["umount", "-l", mount], check=True)
        shutil.rmtree(self.folder)


@pytest.fixture(scope="module")
def peer(client: Client) -> t.Iterator[Peer]:
    # Looked for now: before the first test that needs a daemon, a bare host has none.
    binary = next(filter(Path.exists, INCUSD), None)
    if binary is None:
        pytest.skip("no incusd on this host to start a second one of")
    # The root of an unprivileged container has to get there, so it is not below pytest's own folder.
    with tempfile.TemporaryDirectory(prefix="nfvt-") as folder:
        os.chmod(folder, 0o711)
        peer = Peer(binary, Path(folder) / "d")
        try:
            peer.start()
            yield peer
        finally:
            peer.stop()
