# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the tests of IOS sessions share: simulated routers (SIMULATOR), and the way to reach them."""

from __future__ import annotations

import asyncio
import contextlib
import pathlib
import typing as t

from ansible_collections.nfvlab.fleet.plugins.module_utils._ios.diff import plan
from ansible_collections.nfvlab.fleet.plugins.module_utils._ios.grammar import CLASSIC, XE
from ansible_collections.nfvlab.fleet.plugins.module_utils._ios.tree import parse
from ansible_collections.nfvlab.fleet.plugins.plugin_utils.ios import guarded
from ansible_collections.nfvlab.fleet.plugins.plugin_utils.ios.session import Session, Target

from tests.simulators.ios import Lab

USER, PASSWORD, ENABLE = "admin", "adm1n-Pass", "en4ble-Pass"
SECRETS = (PASSWORD, ENABLE)
PEER = "192.0.2.100"
PORTS = {"xe": "GigabitEthernet1", "classic": "FastEthernet0/0"}
DIALECTS = {"xe": XE, "classic": CLASSIC}
START = """hostname {name}
enable secret 0 {enable}
ip {domain} lab.example
username {user} privilege {level} secret 0 {password}
interface {port}
 ip address 192.0.2.1 255.255.255.0
line vty 0 4
 login local
 transport input ssh
"""
ARCHIVE = "archive\n path flash:archive\n"


def device(
    name: str = "r1", dialect: str = "xe", *, level: int = 15, more: str = "", **options: t.Any
) -> dict[str, t.Any]:
    """The arguments of a device that can be reached over SSH."""
    port = PORTS[dialect]
    domain = "domain name" if dialect == "xe" else "domain-name"
    text = START.format(name=name, enable=ENABLE, domain=domain, user=USER, password=PASSWORD, level=level, port=port)
    return {"name": name, "dialect": dialect, "startup": text + more, "management": (port, PEER), **options}


@contextlib.contextmanager
def one(**options: t.Any) -> t.Iterator[Lab]:
    """A lab of one device C(r1)."""
    with Lab([device(**options)]) as lab:
        yield lab


def target(lab: Lab, name: str = "r1", **options: t.Any) -> Target:
    """The way to a device."""
    known = {"host_key_checking": False} if "known_hosts" not in options else {}
    return Target(
        **{
            "host": "127.0.0.1",
            "port": lab.port(name),
            "user": USER,
            "password": PASSWORD,
            "timeout": 10.0,
            **known,
            **options,
        }
    )


def on(way: Target, work: t.Callable[[Session], t.Awaitable[t.Any]], **options: t.Any) -> t.Any:
    """Do something in a session and return what it returns."""

    async def run() -> t.Any:
        async with Session.open(way, **options) as session:
            return await work(session)

    return asyncio.run(run())


def push(way: Target, lines: t.Sequence[t.Any], **options: t.Any) -> t.Any:
    """Push lines, and return the outcome."""
    return on(way, lambda session: session.push(lines, **options))


def change(
    way: Target, intent: str, dialect: str = "xe", *, guard: str = "auto", minutes: int = 1, **how: t.Any
) -> t.Any:
    """Carry an intent out under a guard; returns the report, and the configurations before and as predicted."""

    async def work(session: Session) -> t.Any:
        before = parse(await session.command("show running-config"), DIALECTS[dialect])
        wanted = plan(before, parse(intent, DIALECTS[dialect]), **how)
        report = await guarded.apply(session, wanted, before, guard=guard, minutes=minutes)
        return report, before, wanted

    return on(way, work)


def running(lab: Lab, name: str = "r1") -> t.Any:
    """What a device has, read beside any session."""
    state = lab.export(name)
    return parse("\n".join(state["running"]), DIALECTS[state["dialect"]])


def known_hosts(lab: Lab, folder: pathlib.Path) -> str:
    file = folder / "known_hosts"
    file.write_text(lab.known_hosts())
    return str(file)
