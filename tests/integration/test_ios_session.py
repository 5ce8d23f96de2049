# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sessions with a simulated router (SIMULATOR) over real SSH and TCP."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import threading

import asyncssh
import pytest
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.errors import (
    Busy,
    FleetError,
    Forbidden,
    Interrupted,
    InvalidOption,
    OperationFailed,
    Refused,
    TimedOut,
    Unreachable,
    Unsupported,
    Untrusted,
)
from ansible_collections.nfvlab.fleet.plugins.plugin_utils.ios.session import Session

from tests.simulators.ios import Lab

from . import ios

both = pytest.mark.parametrize("dialect", ["xe", "classic"])


@both
def test_show_commands_give_their_whole_output(dialect):
    with ios.one(dialect=dialect) as lab:

        async def work(session):
            assert (session.hostname, session.privileged) == ("r1", True)
            return await session.command("show running-config"), await session.command("show version")

        shown, version = ios.on(ios.target(lab), work)
        assert shown.splitlines() == [line for line in lab.call(lab["r1"].running) if line] or "end" in shown
        assert shown.startswith("Building configuration...")
        assert shown.endswith("\nend")
        assert version.startswith("Cisco IOS")
        assert version.endswith("0x2102")


def test_rows_that_look_like_the_prompt_do_not_end_an_answer():
    banner = "banner motd @\nr1#\nr1(config)#\nr1#show x\n--More--\n@\n"
    with ios.one(more=banner + "interface Loopback1\n description r1#\n") as lab:
        lab["r1"].faults.split = True
        shown = ios.on(ios.target(lab), lambda session: session.command("show running-config"))
        assert "r1#\nr1(config)#\nr1#show x\n--More--\n" in shown
        assert shown.endswith("\nend")


def test_a_command_that_the_device_does_not_know_is_refused_with_its_words():
    with ios.one() as lab:
        with pytest.raises(Refused, match="Invalid input") as caught:
            ios.on(ios.target(lab), lambda session: session.command("show nonsense"))
        assert caught.value.failure()["object"] == "r1"
        assert caught.value.endpoint == f"ssh://127.0.0.1:{lab.port('r1')}"


def test_enable_with_the_right_and_with_a_wrong_secret():
    with ios.one(level=1) as lab:
        way = ios.target(lab, become=True, become_password=ios.ENABLE)
        assert ios.on(way, lambda session: session.command("show privilege")) == "Current privilege level is 15"
        with pytest.raises(Forbidden, match="ansible_become_password"):
            ios.on(dataclasses.replace(way, become_password="wrong"), lambda session: session.command("show privilege"))
        with pytest.raises(Forbidden, match="ansible_become"):
            ios.push(ios.target(lab), ["hostname r2"])
        assert lab.export("r1")["sessions"] == []


def test_a_push_attributes_every_answer_to_its_line():
    lines = ["interface Loopback0", "description a", "ip address 10.0.0.1 255.255.255.0", "exit"]
    lines += [f"ip route 10.{number}.0.0 255.255.0.0 192.0.2.254" for number in range(100, 150)]
    lines.insert(30, "ip route 10.99.0.0 255.255.0.0")
    with ios.one() as lab:
        outcome = ios.push(ios.target(lab), lines)
        assert [(one.number, one.text) for one in outcome.failed] == [(31, "ip route 10.99.0.0 255.255.0.0")]
        assert "Incomplete command" in outcome.failed[0].answer
        numbers = sorted(one.number for one in [*outcome.applied, *outcome.failed, *outcome.not_sent])
        assert numbers == list(range(1, len(lines) + 1))
        taken = {one.text for one in outcome.applied if one.text.startswith("ip route")}
        assert len(taken) >= 29
        assert {line for line in lab.export("r1")["running"] if line.startswith("ip route")} == taken


def test_lines_behind_a_failure_are_not_sent_with_a_window_of_one():
    with ios.one() as lab:
        outcome = ios.push(ios.target(lab), ["hostname r2", "foo", "hostname r3"], window=1)
        assert [one.text for one in outcome.not_sent] == ["hostname r3"]
        assert lab.export("r1")["config"]["hostname"] == "r2"


def test_a_change_of_the_hostname_is_followed_also_where_the_prompt_is_cut():
    long = "router-with-a-very-long-hostname-in-a-lab"
    with ios.one() as lab:

        async def work(session):
            outcome = await session.push(
                [f"hostname {long}", "interface Loopback0", "description x", "no hostname", "hostname r9"]
            )
            return outcome, session.hostname, await session.command("show privilege")

        outcome, name, said = ios.on(ios.target(lab), work)
        assert outcome.ok
        assert (name, said) == ("r9", "Current privilege level is 15")


@pytest.mark.parametrize("text", ["one line", "\nfirst\n  second?\nr1(config)#\n! third\n", "#%~ ^C"])
def test_a_banner_arrives_as_it_is(text):
    with ios.one() as lab:
        outcome = ios.push(
            ios.target(lab),
            [
                "ip domain name before.example",
                f"banner login \x03{text}\x03".replace("\x03", "@"),
                "ip domain name a.example",
            ],
        )
        assert outcome.ok, outcome
        assert lab.export("r1")["config"]["banners"]["login"] == text
        assert lab.export("r1")["config"]["domain"] == "a.example"


def test_a_question_mark_is_text_and_not_a_request_for_help():
    with ios.one() as lab:
        assert ios.push(ios.target(lab), ["interface Loopback0", "description what? where?"]).ok
        assert lab.export("r1")["config"]["interfaces"]["Loopback0"]["description"] == "what? where?"


@pytest.mark.parametrize(
    "line", ["description a\nshutdown", "description a\tb", "description caf\xe9", "description \x1a", "hostname x\r"]
)
def test_a_line_that_cannot_be_typed_is_refused_before_anything_is_sent(line):
    with ios.one() as lab:
        with pytest.raises(InvalidOption):
            ios.push(ios.target(lab), ["interface Loopback0", line if not line.endswith("\r") else "hostname x\ry"])
        assert "Loopback0" not in lab.export("r1")["config"]["interfaces"]


def test_a_long_line_is_echoed_and_taken_whole():
    text = "x" * 236
    with ios.one() as lab:
        lab["r1"].faults.no_width = True
        assert ios.push(ios.target(lab), ["interface Loopback0", f"description {text}"]).ok
        assert lab.export("r1")["config"]["interfaces"]["Loopback0"]["description"] == text
        more = [
            line for number in range(5) for line in (f"interface Loopback{number}", f"description {number}{text[1:]}")
        ]
        assert ios.push(ios.target(lab), more).ok


def test_a_session_in_which_nobody_types_ends():
    with ios.one(minute=0.01, more="line vty 0 4\n exec-timeout 5 0\n") as lab:

        async def work(session):
            await asyncio.sleep(0.2)
            return await session.command("show clock")

        with pytest.raises(Interrupted, match="broke"):
            ios.on(ios.target(lab), work)


def test_questions_are_answered_only_where_the_caller_knows_them():
    with ios.one() as lab:
        with pytest.raises(OperationFailed, match="Erasing the nvram"):
            ios.on(ios.target(lab), lambda session: session.command("erase startup-config"))
        assert lab.export("r1")["startup"]
        said = ios.on(
            ios.target(lab), lambda session: session.command("erase startup-config", [(r"\[confirm\] *$", "")])
        )
        assert "Erase of nvram: complete" in said
        assert lab.export("r1")["startup"] is None


def test_an_unexpected_question_in_a_push_is_a_failure_and_changes_nothing():
    with ios.one() as lab:
        outcome = ios.push(ios.target(lab), ["username bob secret x", "no username bob", "hostname r2"])
        assert "asked" in str(outcome.error)
        assert set(lab.export("r1")["config"]["users"]) == {"admin", "bob"}
        assert lab.export("r1")["config"]["hostname"] == "r1"


def test_a_generated_key_is_another_host_key_for_the_next_session(tmp_path):
    with ios.one() as lab:
        way = ios.target(lab, known_hosts=ios.known_hosts(lab, tmp_path))
        questions = [(r"replace them\? \[yes/no\]: *$", "yes"), (r"modulus \[\d+\]: *$", "3072")]

        async def work(session):
            await session.configure()
            return await session._command("crypto key generate rsa", questions)

        said = ios.on(way, work)
        assert any("Generating 3072 bit" in row for row in said)
        assert lab.export("r1")["keys"] == {"r1.lab.example": 3072}
        with pytest.raises(Untrusted):
            ios.on(way, lambda session: session.command("show clock"))


def test_host_keys_are_checked_unless_told_otherwise(tmp_path):
    with ios.one() as lab:
        known = ios.known_hosts(lab, tmp_path)
        assert ios.on(ios.target(lab, known_hosts=known), lambda session: session.command("show clock"))
        lab.change_host_key("r1")
        with pytest.raises(Untrusted, match="host key"):
            ios.on(ios.target(lab, known_hosts=known), lambda session: session.command("show clock"))
        assert ios.on(ios.target(lab), lambda session: session.command("show clock"))
        with pytest.raises(InvalidOption, match="does not exist"):
            ios.on(ios.target(lab, known_hosts=str(tmp_path / "none")), lambda session: session.command("show clock"))


def test_legacy_algorithms_are_offered_only_on_request():
    with Lab([ios.device(dialect="classic")], legacy=["r1"]) as lab:
        for level in ("none", "sha1"):
            # Whichever side finds it out first closes the connection.
            with pytest.raises((Unsupported, Unreachable), match="ios_legacy_algorithms"):
                ios.on(ios.target(lab, legacy_algorithms=level), lambda session: session.command("show clock"))
        assert ios.on(ios.target(lab, legacy_algorithms="all"), lambda session: session.command("show clock"))


def test_a_wrong_password_a_dead_port_and_a_device_without_a_free_line():
    with ios.one() as lab:
        with pytest.raises(Forbidden, match="login"):
            ios.on(ios.target(lab, password="wrong"), lambda session: session.command("show clock"))
        with pytest.raises(Unreachable):
            ios.on(ios.target(lab, port=1), lambda session: session.command("show clock"))

        async def crowd():
            async with contextlib.AsyncExitStack() as stack:
                for _line in range(5):
                    await stack.enter_async_context(Session.open(ios.target(lab)))
                with pytest.raises(Unreachable, match="vty"):
                    await stack.enter_async_context(Session.open(ios.target(lab)))

        asyncio.run(crowd())
        assert ios.on(ios.target(lab), lambda session: session.command("show clock"))


def test_a_locked_configuration_is_waited_for_and_then_reported(monkeypatch):
    monkeypatch.setattr("ansible_collections.nfvlab.fleet.plugins.plugin_utils.ios.session.LOCK_PAUSE", 0.05)
    with ios.one() as lab:

        async def work(first):
            await first._command("configure terminal lock")
            async with Session.open(ios.target(lab)) as second:
                with pytest.raises(Busy, match="locked"):
                    await second.push(["hostname other"])

        ios.on(ios.target(lab), work)
        assert lab.export("r1")["config"]["hostname"] == "r1"
        assert ios.push(ios.target(lab), ["hostname r2"]).ok


def test_through_a_jump_host(tmp_path):
    with ios.one() as lab, Jump() as jump:
        way = ios.target(lab, jump=f"hopper@127.0.0.1:{jump.port}", jump_password="hop")
        assert ios.on(way, lambda session: session.command("show privilege")).endswith("15")
        assert jump.used == [lab.port("r1")]


class Jump:
    """An SSH server that lets connections through."""

    def __enter__(self):
        self.used = []
        ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve(ready)), daemon=True)
        self._thread.start()
        ready.wait()
        return self

    async def _serve(self, ready):
        used = self.used

        class Server(asyncssh.SSHServer):
            def begin_auth(self, username):
                return True

            def password_auth_supported(self):
                return True

            def validate_password(self, username, password):
                return (username, password) == ("hopper", "hop")

            def connection_requested(self, dest_host, dest_port, orig_host, orig_port):
                used.append(dest_port)
                return True

        self._stop = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        key = asyncssh.generate_private_key("ssh-ed25519")
        async with await asyncssh.listen("127.0.0.1", 0, server_factory=Server, server_host_keys=[key]) as listener:
            self.port = listener.sockets[0].getsockname()[1]
            ready.set()
            await self._stop.wait()

    def __exit__(self, *_error):
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()


def test_a_factory_fresh_device_over_its_console():
    with Lab([{"name": "r1", "dialect": "classic"}]) as lab:
        way = ios.target(lab, port=lab.console("r1"), transport="console", become=True)

        async def work(session):
            outcome = await session.push(
                ["hostname fresh", "enable secret x1", "interface FastEthernet0/0", "no shutdown"]
            )
            await session.save()
            return outcome

        assert ios.on(way, work).ok
        state = lab.export("r1")
        assert "hostname fresh" in state["startup"]
        assert state["config"]["hostname"] == "fresh"


def test_a_factory_fresh_device_that_wants_an_enable_secret_first():
    with Lab([{"name": "r1", "faults": {"first_secret": True}}]) as lab:
        way = ios.target(lab, port=lab.console("r1"), transport="console", become=True)
        with pytest.raises(Forbidden, match="ansible_become_password"):
            ios.push(way, ["hostname fresh"])
    with Lab([{"name": "r1", "faults": {"first_secret": True}}]) as lab:
        way = ios.target(lab, port=lab.console("r1"), transport="console", become=True, timeout=2.0)
        with pytest.raises(TimedOut, match="enable secret"):
            ios.push(dataclasses.replace(way, become_password="short"), ["hostname fresh"])
    with Lab([{"name": "r1", "faults": {"first_secret": True}}]) as lab:
        way = ios.target(lab, port=lab.console("r1"), transport="console", become=True, become_password=ios.ENABLE)
        assert ios.push(way, ["hostname fresh"]).ok
        assert lab.export("r1")["config"]["hostname"] == "fresh"


def test_telnet_with_a_username_and_log_messages_on_the_console():
    more = "line con 0\n login local\nline vty 0 4\n transport input ssh telnet\n"
    with ios.one(more=more) as lab:
        for port in (lab.telnet("r1"), lab.console("r1")):
            way = ios.target(lab, port=port, transport="console")
            lines = [
                line for number in range(20) for line in (f"interface Loopback{number}", "shutdown", "no shutdown")
            ]
            assert ios.push(way, lines).ok
            with pytest.raises(Forbidden, match="console"):
                ios.on(dataclasses.replace(way, password="wrong"), lambda session: session.command("show clock"))
        messages = ios.on(ios.target(lab, port=lab.console("r1"), transport="console"), _messages)
        assert any("%LINK-" in message for message in messages)


async def _messages(session):
    await session.push(["interface Loopback1", "shutdown"])
    return session.messages


def test_the_transcript_has_what_was_said_and_no_secret():
    with ios.one(level=1) as lab:

        async def work(session):
            await session.push(["username bob secret hunter2-Pw", "interface Loopback0", "description seen"])
            await session.command("show running-config")
            return "\n".join(session.transcript)

        way = ios.target(lab, become=True, become_password=ios.ENABLE)
        text = ios.on(way, work, transcript=True)
        assert "> description seen" in text
        assert "< interface Loopback0" in text
        for secret in (*ios.SECRETS, "hunter2-Pw", "$9$"):
            assert secret not in text


def test_transcripts_are_kept_where_the_inventory_says(tmp_path):
    with ios.one() as lab:
        lab["r1"].faults.noise_every, lab["r1"].faults.noise_inside = 1, True
        way = dataclasses.replace(ios.target(lab), transcript=str(tmp_path / "kept"), name="lab/r1")
        for _session in range(2):
            ios.push(way, ["username bob secret hunter2-hunter2-hunter2", "interface Loopback0"])
    file = tmp_path / "kept" / "lab_r1.txt"
    text = file.read_text()
    assert text.count(f"ssh://127.0.0.1:{way.port}") == 2
    assert "> interface Loopback0" in text
    assert "hunter2" not in text
    assert file.stat().st_mode & 0o777 == 0o600


def test_saving_and_its_failures():
    with ios.one() as lab:
        ios.push(ios.target(lab), ["hostname r2"])
        lab["r1"].faults.nvram_full = True
        with pytest.raises(OperationFailed, match="not saved"):
            ios.on(ios.target(lab), lambda session: session.save())
        assert "hostname r1" in lab.export("r1")["startup"]
        lab["r1"].faults.nvram_full = False
        lab["r1"].faults.nvram_busy = 1
        ios.on(ios.target(lab), lambda session: session.save())
        assert "hostname r2" in lab.export("r1")["startup"]
        assert not lab.export("r1")["dirty"]


def test_a_device_that_says_nothing_is_an_error_and_not_a_wait():
    with ios.one() as lab:
        lab["r1"].faults.hang_after = 3
        outcome = ios.push(ios.target(lab, timeout=0.5), [f"ntp server 192.0.2.{number}" for number in range(1, 9)])
        assert isinstance(outcome.error, TimedOut)
        assert len(outcome.applied) == 3
        assert [one.number for one in outcome.unknown] == [4, 5, 6, 7, 8]


def test_every_failure_has_a_kind_and_says_what_to_do():
    with ios.one() as lab, pytest.raises(FleetError) as caught:
        ios.on(ios.target(lab, password="wrong"), lambda session: session.command("show clock"))
    assert caught.value.next_step
    assert caught.value.failure()["kind"] == "forbidden"
