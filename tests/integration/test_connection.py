# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The connection plugin in real containers: BusyBox without Python, and a Debian with all that Ansible wants."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import random
import resource
import signal
import socket as sockets
import subprocess
import threading
import time
import typing as t
from pathlib import Path

import pytest
import yaml
from ansible import constants
from ansible.errors import AnsibleConnectionFailure, AnsibleError, AnsibleFileNotFound
from ansible.playbook.play_context import PlayContext
from ansible_collections.nfvlab.fleet.plugins.connection import incus
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.http import Request, UnixEndpoint
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.client import Client
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.session import Command, Completed

from .conftest import playbook, run_module, sweep
from .proxy import Proxy
from .test_images import PROJECT, Images

PLAIN, DEBIAN = "nfvt-plain", "nfvt-debian"
QUERY = {"project": PROJECT}
BIG = 20 << 20  # bytes

Connect = t.Callable[..., t.Any]


class Relay:
    """Passes bytes between a socket of its own and the daemon's, until it is told to cut them off."""

    def __init__(self, path: str, daemon: str) -> None:
        self.path = path
        self._daemon = daemon
        self._pairs: list[tuple[sockets.socket, sockets.socket]] = []
        self.listen()

    def listen(self) -> None:
        """Begin, also again."""
        self._listener = sockets.socket(sockets.AF_UNIX)
        self._listener.bind(self.path)
        self._listener.listen()
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def _accept(self, listener: sockets.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                client = listener.accept()[0]
                upstream = sockets.socket(sockets.AF_UNIX)
                upstream.connect(self._daemon)
                self._pairs.append((client, upstream))
                for pair in ((client, upstream), (upstream, client)):
                    threading.Thread(target=self._pass, args=pair, daemon=True).start()

    def _pass(self, source: sockets.socket, target: sockets.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                target.sendall(data)
        for end in (source, target):
            with contextlib.suppress(OSError):
                end.shutdown(sockets.SHUT_RDWR)

    def cut(self) -> None:
        """Break every connection, as a daemon that dies does."""
        for pair in self._pairs:
            for end in pair:
                with contextlib.suppress(OSError):
                    end.shutdown(sockets.SHUT_RDWR)
        self._pairs.clear()

    def stop(self) -> None:
        """Cut, and listen no more."""
        self._listener.shutdown(sockets.SHUT_RDWR)
        self._listener.close()
        os.unlink(self.path)
        self.cut()


@pytest.fixture(scope="module")
def guests(client: Client, image: str, tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[None]:
    """Both instances, running; in the Debian one bob, who is in further groups, and alice, who is not."""
    sweep(client)
    made = run_module("incus_project", {"name": PROJECT, "config": {"features.images": True}})
    assert not made.failed, made["msg"]
    images = Images(tmp_path_factory.mktemp("images"))
    images("-e", json.dumps({"incus_images_debian_packages": ["sudo"]}))
    disk = {"root": {"type": "disk", "path": "/", "pool": "nfvt-cpool"}}
    for module, args in (
        ("incus_storage_pool", {"name": "nfvt-cpool", "driver": "dir"}),
        ("incus_image", {"project": PROJECT, "alias": "plain", "path": image}),
        ("incus_instance", {"project": PROJECT, "name": PLAIN, "image": "plain", "profiles": [], "devices": disk}),
        ("incus_instance", {"project": PROJECT, "name": DEBIAN, "image": "debian", "profiles": [], "devices": disk}),
    ):
        made = run_module(module, args)
        assert not made.failed, made["msg"]
    users = """
        while ! systemctl is-system-running --wait >/dev/null 2>&1; do sleep 0.2; done
        useradd -m -s /bin/bash -G adm,sudo bob; useradd -m -s /bin/sh alice
        printf '%s\\n' root:s3cr3t-r00t bob:s3cr3t-b0b | chpasswd
    """
    assert inside(client, users, DEBIAN).rc == 0
    yield
    sweep(client)


def inside(client: Client, script: str, name: str = PLAIN) -> Completed:
    """Run a script in an instance, whatever the connection plugin does."""
    return Command(f"/1.0/instances/{name}", QUERY, ["sh", "-c", script]).run(client, limit=60)


@pytest.fixture
def connect(guests: None, socket: str) -> t.Iterator[Connect]:
    """Makes connections as Ansible makes them, but for its plugin loader, which wants Python's imports for itself."""
    options = yaml.safe_load(incus.DOCUMENTATION)["options"]
    constants.config.initialize_plugin_configuration_definitions("connection", incus.Connection.transport, options)
    made = []

    def make(name: str = PLAIN, **options: t.Any) -> t.Any:
        connection = incus.Connection(PlayContext())
        connection._load_name = connection.transport
        daemon = {} if "url" in options else {"socket": socket}
        connection.set_options(direct={"remote_addr": name, "project": PROJECT, **daemon, **options})
        made.append(connection)
        return connection

    yield make
    for connection in made:
        connection.close()


@pytest.fixture
def relay(socket: str, tmp_path: Path) -> t.Iterator[Relay]:
    relay = Relay(str(tmp_path / "relay"), socket)
    yield relay
    relay.stop()


def play(
    folder: Path,
    tasks: list[dict[str, t.Any]],
    *arguments: str,
    check: bool = True,
    host: str = DEBIAN,
    **more: t.Any,
) -> subprocess.CompletedProcess[str]:
    """Run tasks in an instance, as a user would."""
    variables = {
        "ansible_connection": "nfvlab.fleet.incus",
        "ansible_incus_project": PROJECT,
        "ansible_python_interpreter": "/usr/bin/python3",
        **more,
    }
    (folder / "hosts.yml").write_text(yaml.safe_dump({"all": {"hosts": {host: variables}}}))
    (folder / "play.yml").write_text(yaml.safe_dump([{"hosts": "all", "gather_facts": False, "tasks": tasks}]))
    return playbook(str(folder / "play.yml"), "-i", str(folder / "hosts.yml"), *arguments, check=check)


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


# -- playbooks


@pytest.mark.parametrize(("how", "pipelining"), [("unix", True), ("unix", False), ("https", True)])
def test_what_playbooks_do(
    guests: None, socket: str, tmp_path: Path, request: pytest.FixtureRequest, how: str, pipelining: bool
) -> None:
    big = tmp_path / "big"
    big.write_bytes(random.Random(how).randbytes(BIG))
    (tmp_path / "hello.j2").write_text("hello {{ inventory_hostname }}, grüße\n")
    (tmp_path / "tell.sh").write_text('#!/bin/sh\necho "$1 says $(id -un)"; echo why >&2\n')
    tasks: list[dict[str, t.Any]] = [
        {"ansible.builtin.wait_for_connection": {"timeout": 20}},
        {"ansible.builtin.setup": {"gather_subset": ["min"]}},
        {"ansible.builtin.command": {"cmd": "sh -c 'pwd; echo no >&2; exit 3'"}, "failed_when": False,
         "register": "code"},
        {"ansible.builtin.command": {"cmd": "cat", "stdin": "grüße"}, "register": "cat"},
        {"ansible.builtin.copy": {"src": str(big), "dest": "/srv/big", "mode": "0640", "owner": "bob"}},
        {"ansible.builtin.stat": {"path": "/srv/big", "checksum_algorithm": "sha256"}, "register": "big"},
        {"ansible.builtin.fetch": {"src": "/srv/big", "dest": str(tmp_path / "back"), "flat": True}},
        {"ansible.builtin.template": {"src": str(tmp_path / "hello.j2"), "dest": "/srv/hello", "mode": "0600"}},
        {"ansible.builtin.slurp": {"src": "/srv/hello"}, "register": "hello"},
        {"ansible.builtin.script": {"cmd": f"{tmp_path}/tell.sh it"}, "register": "told"},
        {"ansible.builtin.command": {"cmd": "sh -c 'sleep 1; echo late'"}, "async": 20, "poll": 1, "register": "late"},
        {"ansible.builtin.meta": "reset_connection"},
        {"ansible.builtin.command": {"cmd": "id -un"}, "become": True, "become_method": "ansible.builtin.su",
         "become_user": "bob", "register": "bob"},
        {"ansible.builtin.command": {"cmd": "id -un"}, "become": True, "become_user": "alice", "register": "alice"},
        {
            "ansible.builtin.assert": {
                "that": [
                    "ansible_facts.distribution == 'Debian' and ansible_facts.hostname == inventory_hostname",
                    "code.rc == 3 and code.stdout == '/root' and code.stderr == 'no'",
                    "cat.stdout == 'grüße'",
                    "big.stat.checksum == expected and big.stat.mode == '0640' and big.stat.pw_name == 'bob'",
                    "hello.content | b64decode == 'hello nfvt-debian, grüße\\n'",
                    "told.stdout == 'it says root\\n' and told.stderr == 'why\\n'",
                    "late.stdout == 'late'",
                    "bob.stdout == 'bob' and alice.stdout == 'alice'",
                ]
            }
        },
        {"ansible.builtin.file": {"path": "/srv/{{ item }}", "state": "absent"}, "loop": ["big", "hello"]},
    ]  # fmt: skip
    daemon = request.getfixturevalue("remote") if how == "https" else {"socket": socket}
    variables = {f"ansible_incus_{option}": value for option, value in daemon.items()}
    play(tmp_path, tasks, ansible_pipelining=pipelining, expected=digest(big), **variables)
    assert digest(tmp_path / "back") == digest(big)
    with Client(UnixEndpoint(socket)) as client:
        assert inside(client, "ls -A /srv", DEBIAN).stdout == b""


@pytest.mark.parametrize("pipelining", [True, False])
@pytest.mark.parametrize(("method", "password"), [("sudo", "s3cr3t-b0b"), ("su", "s3cr3t-r00t")])
def test_become_with_a_password(guests: None, tmp_path: Path, method: str, password: str, pipelining: bool) -> None:
    become = {"become": True, "become_method": f"ansible.builtin.{method}"}
    tasks: list[dict[str, t.Any]] = [
        {"ansible.builtin.command": {"cmd": "id -Gn"}, "register": "me"},
        {"ansible.builtin.command": {"cmd": "cat", "stdin": "in"}, **become, "register": "cat"},
        {"ansible.builtin.raw": "id -un; echo err >&2; echo $HOME", **become, "register": "raw"},
        {
            "ansible.builtin.command": {"cmd": "id"},
            **become,
            "vars": {"ansible_become_password": "wrong"},
            "ignore_errors": True,
            "register": "wrong",
        },
        {
            "ansible.builtin.assert": {
                "that": [
                    "me.stdout == 'bob adm sudo'",
                    "cat.stdout == 'in'",
                    "raw.stdout_lines[0] == 'root' and raw.stdout is not search('BECOME') and raw.stderr == 'err\\n'",
                    f"wrong is failed and wrong.msg is search('incorrect {method} password')",
                ]
            }
        },
    ]
    variables = {"ansible_user": "bob", "ansible_become_password": password, "ansible_pipelining": pipelining}
    shown = play(tmp_path, tasks, "-vvvv", **variables)
    assert "s3cr3t" not in shown.stdout + shown.stderr


def test_a_guest_without_python_is_enough_for_raw(guests: None, socket: str, tmp_path: Path) -> None:
    tasks: list[dict[str, t.Any]] = [
        {
            "ansible.builtin.raw": "id -u; hostname; echo oops >&2; exit 4",
            "register": "raw",
            "failed_when": "raw.rc != 4",
        },
        {"ansible.builtin.assert": {"that": ["raw.stdout_lines == ['0', 'nfvt-plain']", "raw.stderr == 'oops\\n'"]}},
    ]
    shown = play(tmp_path, tasks, host="router", ansible_incus_host=PLAIN, ansible_incus_socket=socket)
    assert "failed=0" in shown.stdout


def test_the_highest_verbosity_shows_no_secret(guests: None, tmp_path: Path) -> None:
    tasks: list[dict[str, t.Any]] = [
        {"ansible.builtin.raw": "test s3cr3t-1 = s3cr3t-1"},
        {"ansible.builtin.command": {"cmd": "true"}, "environment": {"API_TOKEN": "s3cr3t-2"}},
        {"ansible.builtin.copy": {"content": "s3cr3t-3", "dest": "/root/key", "mode": "0600"}, "no_log": True},
    ]
    shown = play(tmp_path, tasks, "-vvvv")
    assert "s3cr3t" not in shown.stdout + shown.stderr
    assert "EXEC" in shown.stdout


def test_a_task_that_takes_too_long_leaves_nothing_running(guests: None, client: Client, tmp_path: Path) -> None:
    tasks: list[dict[str, t.Any]] = [{"ansible.builtin.raw": "exec sleep 4713", "timeout": 2}]
    shown = play(tmp_path, tasks, check=False, host=PLAIN)
    assert shown.returncode == 2 and "failed=1" in shown.stdout
    assert gone(client, "sleep 4713")


def gone(client: Client, what: str) -> bool:
    """Whether no such process is left, which may take the daemon a moment."""
    for _time in range(50):
        if what.encode() not in inside(client, "ps").stdout:
            return True
        time.sleep(0.1)
    return False


def test_hosts_that_cannot_be_used_are_unreachable(guests: None, tmp_path: Path) -> None:
    tasks: list[dict[str, t.Any]] = [{"ansible.builtin.raw": "true"}]
    shown = play(tmp_path, tasks, check=False, host="nfvt-plian")
    assert shown.returncode == 4 and "unreachable=1" in shown.stdout
    assert "did you mean 'nfvt-plain'?" in shown.stdout + shown.stderr


# -- commands


@pytest.fixture(params=["unix", "https"])
def either(request: pytest.FixtureRequest) -> dict[str, str]:
    """Options of the daemon, over its socket and over TLS."""
    return request.getfixturevalue("remote") if request.param == "https" else {}


def test_input_and_output_are_bytes(connect: Connect, either: dict[str, str]) -> None:
    data = bytes(range(256)) * 4096
    connection = connect(**either)
    assert connection.exec_command("cat; printf 'a\\000b' >&2; exit 5", data) == (5, data, b"a\0b")
    assert connection.exec_command("cat") == (0, b"", b"")
    assert connection.exec_command("kill -9 $$") == (137, b"", b"")
    assert connection.exec_command("nope")[0] == 127


def test_much_output_on_both_streams(connect: Connect, either: dict[str, str]) -> None:
    script = f"head -c {BIG} /dev/zero; echo end; head -c 1000000 /dev/zero >&2; echo end >&2"
    code, out, err = connect(**either).exec_command(script, bytes(1 << 20))
    assert (code, len(out), len(err)) == (0, BIG + 4, 1000004)
    assert out.endswith(b"\0end\n") and err.endswith(b"\0end\n")


def test_what_runs_on_in_the_background_holds_nothing_up(connect: Connect, client: Client) -> None:
    begun = time.monotonic()
    assert connect().exec_command("sleep 4714 & echo begun") == (0, b"begun\n", b"")
    assert time.monotonic() - begun < 60
    assert inside(client, "killall sleep").rc == 0


@pytest.mark.parametrize(
    ("user", "groups", "home"),
    [("bob", "bob adm sudo", "/home/bob"), ("alice", "alice", "/home/alice"), ("root", "root", "/root")],
)
def test_the_user_has_all_groups_and_a_home(
    connect: Connect, client: Client, user: str, groups: str, home: str
) -> None:
    connection = connect(DEBIAN, remote_user=user)
    code, out, _err = connection.exec_command("id -un; id -Gn; echo $HOME; pwd; echo $USER; cat", b"in\0")
    assert (code, out.decode().split("\n")) == (0, [user, groups, home, home, user, "in\0"])
    number = inside(client, f"id -u {user}", DEBIAN).stdout.decode().strip()
    assert connect(DEBIAN, remote_user=number).exec_command("id -un")[1].decode().strip() == user


def test_a_user_with_groups_where_there_is_only_busybox(connect: Connect, client: Client) -> None:
    inside(
        client, "echo eve:x:1500:1500::/tmp:/bin/sh >>/etc/passwd; printf 'eve:x:1500:\nops:x:1600:eve\n' >>/etc/group"
    )
    assert connect(remote_user="eve").exec_command("id -Gn; cat", b"x") == (0, b"eve ops\nx", b"")


def test_a_command_has_a_limit_where_one_is_given(connect: Connect, client: Client) -> None:
    with pytest.raises(AnsibleError, match=r"did not end within 1 s and was killed") as caught:
        connect(command_timeout=1.0).exec_command("exec sleep 4715")
    assert not isinstance(caught.value, AnsibleConnectionFailure)
    assert gone(client, "sleep 4715")


# -- what goes wrong


def test_a_connection_that_is_cut_in_the_middle(connect: Connect, client: Client, relay: Relay) -> None:
    inside(client, "rm -f /tmp/begun")
    connection = connect(socket=relay.path)
    raised: list[BaseException] = []

    def run() -> None:
        try:
            connection.exec_command("echo x >>/tmp/begun; exec sleep 4716")
        except BaseException as error:
            raised.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    while b"x" not in inside(client, "cat /tmp/begun").stdout:
        time.sleep(0.05)
    relay.cut()
    thread.join(30)
    (error,) = raised
    assert isinstance(error, AnsibleConnectionFailure) and "the connection to the command broke" in str(error)
    assert "\n" not in str(error) and "secret" not in str(error)
    assert gone(client, "sleep 4716")
    assert connection.exec_command("cat /tmp/begun") == (0, b"x\n", b"")


def test_a_daemon_that_was_restarted_between_two_commands(connect: Connect, relay: Relay) -> None:
    connection = connect(socket=relay.path)
    assert connection.exec_command("rm -f /tmp/count; echo x >>/tmp/count")[0] == 0
    relay.stop()
    with pytest.raises(AnsibleConnectionFailure, match="there is no such socket"):
        connection.exec_command("echo never >>/tmp/count")
    relay.listen()
    assert connection.exec_command("echo x >>/tmp/count")[0] == 0
    relay.cut()
    assert connection.exec_command("echo x >>/tmp/count; cat /tmp/count") == (0, b"x\nx\nx\n", b"")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"name": "nfvt-plian"}, "it does not exist .* did you mean 'nfvt-plain'"),
        ({"project": "nfvt-j"}, "project 'nfvt-j' does not exist .* did you mean 'nfvt-i'"),
        ({"socket": "/nowhere"}, "there is no such socket"),
        ({"remote_user": "nobody-here"}, "there is no user 'nobody-here' in it"),
        ({"executable": "/bin/fish"}, "there is no shell '/bin/fish' in it"),
    ],
)
def test_what_cannot_be_used_is_told_in_a_sentence(connect: Connect, options: dict[str, str], said: str) -> None:
    with pytest.raises(AnsibleConnectionFailure, match=said) as caught:
        connect(**options).exec_command("true")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("options", "said"),
    [({"url": "ftp://x"}, "'url' is 'ftp://x'"), ({"timeout": 0.0}, "'timeout' is 0"), ({"project": ""}, "is empty")],
)
def test_options_that_cannot_be_right(connect: Connect, options: dict[str, t.Any], said: str) -> None:
    with pytest.raises(AnsibleError, match=said) as caught:
        connect(**options).exec_command("true")
    assert not isinstance(caught.value, AnsibleConnectionFailure)


def test_an_instance_that_is_frozen_or_stopped_meanwhile(connect: Connect, client: Client, tmp_path: Path) -> None:
    path = f"/1.0/instances/{PLAIN}/state"
    connection = connect()
    connection.exec_command("true")
    (tmp_path / "f").write_text("x")
    for do, state, undo in (("freeze", "Frozen", "unfreeze"), ("stop", "Stopped", "start")):
        client.perform(Request("PUT", path, QUERY, {"action": do, "force": True}))
        try:
            for attempt in (connection, connect()):
                with pytest.raises(AnsibleConnectionFailure, match=f"it is {state}, and commands only run"):
                    attempt.exec_command("true")
            if do == "stop":
                with pytest.raises(AnsibleConnectionFailure, match=f"it is {state}"):
                    connect().put_file(str(tmp_path / "f"), "/tmp/f")
        finally:
            client.perform(Request("PUT", path, QUERY, {"action": undo}))
        connection.reset()
        assert connection.exec_command("echo back") == (0, b"back\n", b"")


def test_an_instance_that_goes_down_under_a_command(connect: Connect, client: Client) -> None:
    path = f"/1.0/instances/{PLAIN}/state"
    stop = Request("PUT", path, QUERY, {"action": "stop", "force": True})
    timer = threading.Timer(1, lambda: client.perform(stop))
    timer.start()
    try:
        with pytest.raises(AnsibleConnectionFailure, match="it went down while the command ran"):
            connect().exec_command("exec sleep 4717")
    finally:
        timer.join(60)
        client.perform(Request("PUT", path, QUERY, {"action": "start"}))


def test_a_virtual_machine_without_an_agent_says_what_to_wait_for(connect: Connect, proxy: Proxy) -> None:
    proxy.clear()
    refusal = {"type": "error", "error": "VM agent isn't currently running", "error_code": 500}
    proxy.fault = lambda seen: (500, json.dumps(refusal).encode()) if "/exec" in seen.target else None
    with pytest.raises(AnsibleConnectionFailure, match=r"VM agent isn't currently running.*'wait_for: \[agent\]'"):
        connect(socket=proxy.path).exec_command("true")


# -- files


def test_big_files_there_and_back(connect: Connect, either: dict[str, str], tmp_path: Path, client: Client) -> None:
    there, back = tmp_path / "there", tmp_path / "back"
    there.write_bytes(random.Random(7).randbytes(BIG))
    there.chmod(0o640)
    connection = connect(**either)
    connection.put_file(str(there), "/tmp/big")
    assert digest(there).encode() in inside(client, "sha256sum /tmp/big").stdout
    connection.fetch_file("/tmp/big", str(back))
    assert digest(back) == digest(there)
    assert inside(client, "stat -c %a-%u-%g /tmp/big; rm /tmp/big").stdout == b"640-0-0\n"


def test_what_was_there_keeps_mode_and_owner_and_links_stay_links(
    connect: Connect, client: Client, tmp_path: Path
) -> None:
    new, empty = tmp_path / "new", tmp_path / "empty"
    new.write_bytes(b"new\0")
    empty.write_bytes(b"")
    inside(client, "mkdir /tmp/d; cd /tmp/d; echo old >f; chmod 711 f; chown 7:8 f; ln -s f link; ln -s link two")
    connection = connect(remote_user="root")
    connection.put_file(str(new), "/tmp/d/two")
    connection.put_file(str(empty), "/tmp/d/empty")
    assert inside(client, "cd /tmp/d; stat -c %a-%u-%g f; cat f; readlink link; ls -A").stdout == (
        b"711-7-8\nnew\0f\nempty\nf\nlink\ntwo\n"
    )
    connection.fetch_file("/tmp/d/two", str(tmp_path / "got"))
    assert (tmp_path / "got").read_bytes() == b"new\0"
    connection.put_file(str(new), "/tmp/d/empty")
    connection.put_file(str(empty), "/tmp/d/f")
    assert inside(client, "cd /tmp/d; wc -c <empty; wc -c <f; ls -A | wc -l; rm -r /tmp/d").stdout == b"4\n0\n4\n"


def test_files_belong_to_the_user(connect: Connect, client: Client, tmp_path: Path) -> None:
    (tmp_path / "f").write_text("x")
    connection = connect(DEBIAN, remote_user="bob")
    connection.put_file(str(tmp_path / "f"), "~/mine")
    assert inside(client, "stat -c %U-%G /home/bob/mine", DEBIAN).stdout == b"bob-bob\n"


def test_a_file_of_the_kernel_is_not_empty(connect: Connect, tmp_path: Path) -> None:
    connect().fetch_file("/proc/1/status", str(tmp_path / "status"))
    assert "Name:\tinit" in (tmp_path / "status").read_text()


@pytest.mark.parametrize("path", ["/tmp/none", "/none/f", "/etc/passwd/f"])
def test_a_file_that_is_not_there_cannot_be_fetched(connect: Connect, tmp_path: Path, path: str) -> None:
    (tmp_path / "kept").write_text("kept")
    with pytest.raises(AnsibleError, match=f"there is no file '{path}'"):
        connect().fetch_file(path, str(tmp_path / "kept"))
    assert (tmp_path / "kept").read_text() == "kept" and os.listdir(tmp_path) == ["kept"]


@pytest.mark.parametrize("path", ["/none/f", "/etc", "/etc/passwd/f"])
def test_a_file_cannot_be_put_there(connect: Connect, tmp_path: Path, path: str) -> None:
    (tmp_path / "f").write_text("x")
    with pytest.raises(AnsibleError) as caught:
        connect().put_file(str(tmp_path / "f"), path)
    assert not isinstance(caught.value, AnsibleConnectionFailure) and "\n" not in str(caught.value)


def test_a_file_that_the_controller_does_not_have(connect: Connect, tmp_path: Path) -> None:
    with pytest.raises(AnsibleFileNotFound, match="on the Ansible Controller"):
        connect().put_file(str(tmp_path / "none"), "/tmp/f")


@pytest.mark.parametrize("fault", ["refused", "hang up"])
def test_a_put_that_fails_is_told_and_leaves_what_was_there(
    connect: Connect, client: Client, proxy: Proxy, tmp_path: Path, fault: str
) -> None:
    inside(client, "mkdir -p /tmp/p; echo old >/tmp/p/f")
    (tmp_path / "f").write_bytes(b"new" * 100000)
    refusal = {"type": "error", "error": "no space left on device", "error_code": 500}
    answer = (500, json.dumps(refusal).encode()) if fault == "refused" else fault
    proxy.clear()
    proxy.fault = lambda seen: answer if seen.method == "POST" and seen.body else None
    connection = connect(socket=proxy.path)
    for path in ("/tmp/p/f", "/tmp/p/new"):
        with pytest.raises(AnsibleError) as caught:
            connection.put_file(str(tmp_path / "f"), path)
        assert isinstance(caught.value, AnsibleConnectionFailure) == (fault == "hang up")
        assert fault == "hang up" or "no space left on device" in str(caught.value)
    assert inside(client, "cat /tmp/p/f; ls -A /tmp/p; rm -r /tmp/p").stdout == b"old\nf\n"


def test_a_fetch_that_breaks_off_leaves_what_was_there(connect: Connect, proxy: Proxy, tmp_path: Path) -> None:
    (tmp_path / "f").write_text("old")
    proxy.clear()
    proxy.fault = lambda seen: "hang up after" if seen.method == "GET" and "/files" in seen.target else None
    with pytest.raises(AnsibleConnectionFailure, match="closed the connection"):
        connect(socket=proxy.path).fetch_file("/etc/passwd", str(tmp_path / "f"))
    assert (tmp_path / "f").read_text() == "old" and os.listdir(tmp_path) == ["f"]


@pytest.mark.parametrize("target", ["/dev/full/f", "/nowhere/f", "/dev"])
def test_a_fetch_to_where_nothing_can_be_written(connect: Connect, target: str) -> None:
    with pytest.raises(AnsibleError, match=f"cannot use '{target}' on the controller") as caught:
        connect().fetch_file("/etc/passwd", target)
    assert not isinstance(caught.value, AnsibleConnectionFailure)


def test_a_controller_without_room_is_told_apart_from_a_connection_that_broke(
    connect: Connect, client: Client, tmp_path: Path
) -> None:
    inside(client, "head -c 3000000 /dev/zero >/tmp/zero")
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, limit[1]))
    try:
        with pytest.raises(AnsibleError, match="cannot use .* on the controller: File too large"):
            connect().fetch_file("/tmp/zero", str(tmp_path / "f"))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
        signal.signal(signal.SIGXFSZ, handler)
    assert os.listdir(tmp_path) == []
