# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = """
name: incus
short_description: Run tasks in instances of Incus and LXD, through the daemon's API
version_added: 0.1.0
description:
  - Runs commands in containers, and in virtual machines that run the daemon's agent, and moves files in and out of
    them. The guest needs no network, no SSH server and, for M(ansible.builtin.raw), no Python.
  - Speaks the API of the daemon itself, over its unix socket or TLS 1.3. The controller needs no command line client.
author:
  - The nfvlab.fleet developers (@nfvlab)
extends_documentation_fragment:
  - ansible.builtin.connection_pipelining
options:
  remote_addr:
    description: Name of the instance.
    type: str
    default: inventory_hostname
    vars:
      - name: inventory_hostname
      - name: ansible_host
      - name: ansible_incus_host
  project:
    description: The project that the instance lives in.
    type: str
    default: default
    env:
      - name: INCUS_PROJECT
    vars:
      - name: ansible_incus_project
  remote:
    description:
      - Name of a remote of the command line client on the controller, which stands for its address, its certificates
        and its project. V(default) is the one that the client uses without a name.
      - A O(socket) or O(url) in variables of the inventory wins over one that E(INCUS_REMOTE) names, and any O(project)
        over that of the remote.
    type: str
    env:
      - name: INCUS_REMOTE
    vars:
      - name: ansible_incus_remote
  socket:
    description:
      - Path of the daemon's unix socket on the controller.
      - Without it and without O(url), E(INCUS_SOCKET), E(INCUS_DIR), E(LXD_SOCKET) and E(LXD_DIR) are looked at, then
        the places where Incus and LXD put their sockets, of which the first that exists is used.
    type: path
    vars:
      - name: ansible_incus_socket
  url:
    description:
      - Address of the daemon, V(https://HOST:8443) or V(unix:/path/to/unix.socket). O(socket) wins over it.
      - An https address needs TLS 1.3 and one of O(server_cert) and O(server_fingerprint).
    type: str
    env:
      - name: INCUS_URL
    vars:
      - name: ansible_incus_url
  client_cert:
    description: Path of the client certificate (PEM) on the controller, for an https O(url).
    type: path
    env:
      - name: INCUS_CLIENT_CERT
    vars:
      - name: ansible_incus_client_cert
  client_key:
    description: Path of the client certificate's key (PEM, not encrypted) on the controller.
    type: path
    env:
      - name: INCUS_CLIENT_KEY
    vars:
      - name: ansible_incus_client_key
  bearer_token:
    description: A signed JSON Web Token instead of a client certificate, for an https O(url), where none can pass. See
      M(nfvlab.fleet.incus_instance).
    type: str
    env:
      - name: INCUS_BEARER_TOKEN
    vars:
      - name: ansible_incus_bearer_token
  server_cert:
    description: Path of the server's certificate (PEM) on the controller. The server must present exactly this one.
    type: path
    env:
      - name: INCUS_SERVER_CERT
    vars:
      - name: ansible_incus_server_cert
  server_fingerprint:
    description: SHA-256 fingerprint of the server's certificate, instead of O(server_cert).
    type: str
    env:
      - name: INCUS_SERVER_FINGERPRINT
    vars:
      - name: ansible_incus_server_fingerprint
  remote_user:
    description:
      - Name or number of the user that commands run as and that new files belong to, with all its groups.
      - Files are read and written by the daemon, so that this user's rights do not limit the transfer itself.
    type: str
    default: root
    ini:
      - section: defaults
        key: remote_user
    env:
      - name: ANSIBLE_REMOTE_USER
    vars:
      - name: ansible_user
      - name: ansible_incus_user
    cli:
      - name: user
    keyword:
      - name: remote_user
  executable:
    description: Path of the shell in the instance.
    type: str
    default: /bin/sh
    ini:
      - section: defaults
        key: executable
    env:
      - name: ANSIBLE_EXECUTABLE
    vars:
      - name: ansible_executable
      - name: ansible_incus_executable
  timeout:
    description:
      - Seconds that the daemon may be silent, and that a password prompt of C(become) may take. A command itself may
        take as long as it likes.
    type: float
    default: 30.0
    ini:
      - section: defaults
        key: timeout
    env:
      - name: ANSIBLE_TIMEOUT
    vars:
      - name: ansible_timeout
      - name: ansible_incus_timeout
    cli:
      - name: timeout
  command_timeout:
    description: Seconds that one command may take. It is killed then and the task fails. 0 sets no limit.
    type: float
    default: 0.0
    env:
      - name: ANSIBLE_INCUS_COMMAND_TIMEOUT
    vars:
      - name: ansible_incus_command_timeout
notes:
  - A command whose connection breaks is never run again by itself, and the daemon kills it. The task is then
    C(unreachable).
  - An instance that is missing, stopped or frozen, or that goes down under a command, and an unknown project make a
    host C(unreachable) as well.
  - Commands have no terminal. Modes other than the nine permission bits are not transferred.
  - Works with Incus 6.0 and later and with LXD 5.0 and later.
seealso:
  - module: nfvlab.fleet.incus_exec
  - module: nfvlab.fleet.incus_file
"""

EXAMPLES = """
# An inventory
#
# all:
#   vars:
#     ansible_connection: nfvlab.fleet.incus
#     ansible_incus_project: lab
#     ansible_pipelining: true
#   hosts:
#     edge-01:
#     edge-02:
#     sensor:
#       ansible_incus_remote: edge-site    # as `incus remote list` has it
#     router:
#       ansible_incus_host: vyos-17      # the instance has another name
#       ansible_incus_url: https://edge-site.example:8443
#       ansible_incus_client_cert: /etc/lab/client.crt
#       ansible_incus_client_key: /etc/lab/client.key
#       ansible_incus_server_fingerprint: 8f4bc8ab...

- name: Two instances, without Python and without an inventory of their own
  hosts: edge-01,edge-02
  connection: nfvlab.fleet.incus
  gather_facts: false
  vars:
    ansible_incus_project: lab
  tasks:
    - name: Look at the addresses
      ansible.builtin.raw: ip address
      changed_when: false
"""

import contextlib
import os
import time
import typing as t

from ansible.errors import AnsibleConnectionFailure, AnsibleError, AnsibleFileNotFound
from ansible.plugins.connection import ConnectionBase
from ansible.utils.display import Display
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.errors import (
    FleetError,
    InvalidOption,
    Malformed,
    MissingReference,
    TimedOut,
    Unreachable,
)
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.client import Client
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.options import WHERE, endpoint_for, reached
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.session import Completed, Process
from ansible_collections.nfvlab.fleet.plugins.plugin_utils.connection import Guest

DAEMON = ("remote", *WHERE)

display = Display()


class Connection(ConnectionBase):
    """A connection to one instance."""

    transport = "nfvlab.fleet.incus"
    has_pipelining = True
    has_tty = False

    def __init__(self, *args: t.Any, **kwargs: t.Any) -> None:
        super().__init__(*args, **kwargs)
        self._guest: Guest | None = None

    # -- what Ansible calls

    def _connect(self) -> Connection:
        """Get ready. The first command shows whether the instance is there; its connection is kept until `close`."""
        if self._guest is None:
            with _told():
                self._guest = self._reach()
            self._connected = True
            self._show(f"USE {self._guest.label} as '{self.get_option('remote_user')}'")
        return self

    def exec_command(self, cmd: str, in_data: bytes | None = None, sudoable: bool = True) -> tuple[int, bytes, bytes]:
        """Run a command line in the shell: its exit code, its output and its errors."""
        super().exec_command(cmd, in_data=in_data, sudoable=sudoable)
        limit = self.get_option("command_timeout") or None
        begun = time.monotonic()
        # A command line may hold secrets, so not even the highest verbosity shows it.
        self._show(f"EXEC {len(cmd)} characters, {len(in_data or b'')} bytes of input")
        becomes = bool(sudoable and self.become and self.become.success and self.become.success in cmd)
        with _told(), self._reached.start(cmd) as process:
            asked = becomes and self.become.expect_prompt()
            if asked:
                self._answer(process)
            process.feed(in_data or b"")
            process.end_input()
            try:
                ended = process.finish(limit)
            except TimedOut as error:
                raise AnsibleError(f"{self._reached.label}: {error.what}") from None
            self._reached.explain(ended)
        if becomes:
            ended = self._judge(ended, asked)
        self._show(f"EXEC ended with {ended.rc} after {time.monotonic() - begun:.3f} s")
        return ended.rc, ended.stdout, ended.stderr

    def put_file(self, in_path: str, out_path: str) -> None:
        """Put a file of the controller into the instance."""
        super().put_file(in_path, out_path)
        self._show(f"PUT {in_path} TO {out_path}")
        if not os.path.isfile(in_path):
            raise AnsibleFileNotFound(file_name=in_path)
        with _told(files=True):
            self._reached.put(in_path, self._shell_path(out_path))

    def fetch_file(self, in_path: str, out_path: str) -> None:
        """Fetch a file of the instance to the controller."""
        super().fetch_file(in_path, out_path)
        self._show(f"FETCH {in_path} TO {out_path}")
        with _told(files=True):
            self._reached.fetch(self._shell_path(in_path), out_path)

    def reset(self) -> None:
        """Forget everything, so that the next command looks anew."""
        self.close()

    def close(self) -> None:
        """Close the connection to the daemon."""
        if self._guest is not None:
            self._guest.close()
            self._guest = None
        self._connected = False

    # -- inside

    @property
    def _reached(self) -> Guest:
        """The instance, once `_connect` has been there."""
        self._connect()
        if self._guest is None:
            raise AnsibleConnectionFailure("the connection was closed")
        return self._guest

    def _reach(self) -> Guest:
        timeout, limit = self.get_option("timeout"), self.get_option("command_timeout")
        if timeout <= 0 or limit < 0:
            raise InvalidOption(
                f"'timeout' is {timeout:g} and 'command_timeout' is {limit:g}",
                next_step="give a number of seconds above 0; only 'command_timeout' may be 0",
            )
        params, given = {}, {}
        for option in (*DAEMON, "project"):
            params[option], origin = self.get_option_and_origin(option)
            # A variable of the environment gives way to what the inventory says, but names the project as good as that.
            if origin != "default" and (option == "project" or not origin.startswith("env:")):
                given[option] = params[option]
        endpoint = endpoint_for(reached(params, given, os.environ), os.environ)
        return Guest(
            Client(endpoint, timeout=timeout, operation_timeout=timeout),
            self.get_option("remote_addr"),
            params["project"],
            self.get_option("remote_user") or "root",
            self.get_option("executable"),
        )

    def _shell_path(self, path: str) -> str:
        """A path as the API wants it: from the root, or from the user's home as a shell has it."""
        return path if path.startswith("/") else os.path.join(self._reached.user.home, path.removeprefix("~/"))

    def _answer(self, process: Process) -> None:
        """Give the password that C(become) asks for, and wait until it lets us in.

        The command's own input must not come before that, or it would be taken for the password.
        """
        deadline = time.monotonic() + self.get_option("timeout")
        given = False
        while not self.become.check_success(process.stdout.getvalue()):
            said = process.stdout.getvalue(), process.stderr.getvalue()
            if not given and any(self.become.check_password_prompt(text) for text in said):
                process.feed((self.become.get_option("become_pass") or "").encode() + b"\n")
                given = True
            if any(self.become.check_incorrect_password(text) for text in said) or not process.pump(1.0):
                return  # what it said is judged later
            if time.monotonic() > deadline:
                what = "did not take the password" if given else "did not ask for a password"
                raise AnsibleError(f"{self._reached.label}: {self.become.name} {what} within the 'timeout'")

    def _judge(self, ended: Completed, asked: bool) -> Completed:
        """The end of a command with C(become): without what was said at the door, or the error of not getting in."""
        become = self.become
        if not become.check_success(ended.stdout):
            for text in (ended.stderr, ended.stdout):
                if become.check_incorrect_password(text):
                    raise AnsibleError(f"{self._reached.label}: incorrect {become.name} password")
                if become.check_missing_password(text):
                    raise AnsibleError(f"{self._reached.label}: missing {become.name} password")
            return ended
        if not asked:
            return ended  # Ansible itself takes the mark of success away
        stdout = become.strip_become_success(become.strip_become_prompt(ended.stdout))
        return Completed(ended.rc, stdout, become.strip_become_prompt(ended.stderr))

    def _show(self, text: str) -> None:
        display.vvv(text, host=self.get_option("remote_addr"))


@contextlib.contextmanager
def _told(files: bool = False) -> t.Iterator[None]:
    """Errors as Ansible knows them.

    :param files: whether it is about files: then what is wrong with them does not make the host unreachable
    """
    try:
        yield
    except InvalidOption as error:
        raise AnsibleError(str(error)) from None
    except FleetError as error:
        lost = not files or isinstance(error, (Unreachable, TimedOut, Malformed, MissingReference))
        raise (AnsibleConnectionFailure if lost else AnsibleError)(str(error)) from None
