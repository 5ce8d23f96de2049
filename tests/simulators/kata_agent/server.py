# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""SIMULATOR: the server's half of ttRPC."""

from __future__ import annotations

import asyncio
import typing as t

from ansible_collections.nfvlab.fleet.plugins.module_utils._core.errors import Malformed
from ansible_collections.nfvlab.fleet.plugins.module_utils._kata.codec import decode, encode
from ansible_collections.nfvlab.fleet.plugins.module_utils._kata.frames import DATA, HEADER, LIMIT, REQUEST, RESPONSE
from ansible_collections.nfvlab.fleet.plugins.module_utils._kata.messages import CALLS

SERVICES = {service for service, _takes, _gives in CALLS.values()}


class Refusal(Exception):
    """A status that is not OK, with the agent's text."""

    def __init__(self, message: str, code: int = 13, *, trace: bool | None = None) -> None:
        super().__init__(message)
        self.code = code
        trace = code == 13 if trace is None else trace
        self.message = message + "\n\nStack backtrace:\n   0: <unknown>\n   1: <unknown>" if trace else message


class Panic(Exception):
    """The handler dies: no answer ever comes."""


Handler = t.Callable[[str, dict], t.Awaitable[dict]]


class Server:
    """Serves any number of connections; a request's handler is cancelled when its client leaves.

    :param handle: carries out a call: its name and request to its answer
    :param blocks: whether a call does not watch its deadline
    """

    def __init__(self, handle: Handler, blocks: t.Callable[[str, dict], bool]) -> None:
        self.handle = handle
        self.blocks = blocks
        self.writers: set[asyncio.StreamWriter] = set()

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One client, until it leaves."""
        tasks: set[asyncio.Task] = set()
        self.writers.add(writer)
        try:
            while True:
                size, stream, kind, _flags = HEADER.unpack(await reader.readexactly(HEADER.size))
                if size > LIMIT:
                    await self._skip(reader, size)
                    text = f"message length {size} exceed maximum message size of {LIMIT}"
                    self._answer(writer, stream, 3, text)
                    continue
                body = await reader.readexactly(size)
                if kind == DATA:
                    self._answer(writer, stream, 3, "Stream is no longer active")
                elif kind == REQUEST and stream % 2 == 0:
                    self._answer(writer, stream, 3, "stream id must be odd")
                elif kind == REQUEST:
                    task = asyncio.ensure_future(self._serve(writer, stream, body))
                    tasks.add(task)
                    task.add_done_callback(tasks.discard)
        except (asyncio.IncompleteReadError, ConnectionError):
            """The client has left."""
        finally:
            for task in tasks:
                task.cancel()
            self.writers.discard(writer)
            writer.close()

    async def _skip(self, reader: asyncio.StreamReader, size: int) -> None:
        while size:
            piece = await reader.read(min(size, 65536))
            if not piece:
                raise asyncio.IncompleteReadError(b"", size)
            size -= len(piece)

    async def _serve(self, writer: asyncio.StreamWriter, stream: int, body: bytes) -> None:
        payload = b""
        try:
            try:
                envelope = decode("ttrpc.Request", body)
            except Malformed:
                raise Refusal("Unexpected EOF", 3) from None
            payload = await self._call(envelope)
            self._answer(writer, stream, 0, "", payload)
        except Refusal as refusal:
            self._answer(writer, stream, refusal.code, refusal.message)
        except Panic:
            """No answer, as with the real agent."""

    async def _call(self, envelope: dict) -> bytes:
        service, method = envelope.get("service", ""), envelope.get("method", "")
        if service not in SERVICES:
            raise Refusal(f"{service} service does not exist", 3)
        if method not in CALLS or CALLS[method][0] != service:
            raise Refusal(f"{method} method", 12)
        _service, takes, gives = CALLS[method]
        try:
            request = decode(takes, envelope.get("payload", b""))
        except Malformed as error:
            what = "Invalid UTF-8 sequence" if "UTF-8" in str(error) else "Unexpected EOF"
            raise Refusal(f"ttrpc err: {what}", 2) from None
        timeout = envelope.get("timeout_nano", 0)
        work = self.handle(method, request)
        if timeout <= 0 or self.blocks(method, request):
            return encode(gives, await work)
        try:
            return encode(gives, await asyncio.wait_for(work, max(timeout / 1e9, 0.001)))
        except TimeoutError:
            raise Refusal("timeout", 4) from None

    def _answer(self, writer: asyncio.StreamWriter, stream: int, code: int, message: str, payload: bytes = b"") -> None:
        status = {"code": code, "message": message}
        body = encode("ttrpc.Response", {"status": status, "payload": payload})
        if len(body) > LIMIT:
            body = encode("ttrpc.Response", {"status": {"code": 3, "message": "message is too long"}})
        if not writer.is_closing():
            writer.write(HEADER.pack(len(body), stream, RESPONSE, 0) + body)
