# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An instance as a connection plugin needs it: a shell for one user, files that are put and fetched."""

from __future__ import annotations

import contextlib
import os
import posixpath
import signal
import stat
import typing as t

from ansible_collections.nfvlab.fleet.plugins.module_utils._core.errors import (
    Conflict,
    FleetError,
    InvalidOption,
    MissingReference,
    NotFound,
    OperationFailed,
    Refused,
    Unreachable,
)
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.http import path as join
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.client import Client
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.session import Command, Completed, Process

if t.TYPE_CHECKING:
    from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.inside import Entry, Inside

ROOT = "root"
NO_SHELL = 127  # the exit code of a command that is not there
LOST = ("obj", "endpoint", "next_step", "code", "text")  # what is known of an instance that cannot be used
LINKS = 40  # that are followed before it is called a loop, as Linux does
# Exit codes of commands that were killed, perhaps because their instance was.
FELLED = (128 + signal.SIGHUP, 128 + signal.SIGKILL)
# Their files have no size before they are read, so the daemon shows them as empty.
KERNEL = ("/proc/", "/sys/")

# A command as a user with all the groups of that user, which the daemon's own numbers cannot say. `su` is everywhere,
# but stays beside the command as a process of its own.
AS_USER = """\
if setpriv --groups 0 true 2>/dev/null; then exec setpriv --reuid "$2" --regid "$3" --groups "$4" "$5" -c "$6"; fi
exec su -s "$5" -c "$6" "$1"
"""


class User(t.NamedTuple):
    """A user of the instance.

    :param groups: the numbers of all groups, where there are more than the first
    """

    name: str
    uid: int
    gid: int
    home: str
    groups: tuple[int, ...] = ()


def parse_user(name: str, passwd: str, group: str) -> User | None:
    """A user, by name or number, from the two files of every Unix; null where there is none."""
    for line in passwd.splitlines():
        entry = line.split(":")
        if len(entry) < 7 or not (entry[2].isdigit() and entry[3].isdigit()) or name not in (entry[0], entry[2]):
            continue
        gid = int(entry[3])
        others = [row.split(":") for row in group.splitlines()]
        more = {int(row[2]) for row in others if len(row) > 3 and row[2].isdigit() and entry[0] in row[3].split(",")}
        groups = (gid, *sorted(more - {gid})) if more - {gid} else ()
        return User(entry[0], int(entry[2]), gid, entry[5] or "/", groups)
    return None


class Guest:
    """One running instance. It is looked at only when something is wrong, or when a file is moved.

    :param user: name or number of the user in it that commands run as and files belong to
    :param shell: path of the shell in it
    """

    def __init__(self, client: Client, name: str, project: str, user: str = ROOT, shell: str = "/bin/sh") -> None:
        if not project:
            raise InvalidOption("'project' is empty", next_step="give a name")
        self.label = f"instance '{name}' of project '{project}'"
        self._client = client
        self._place = {"name": name, "project": project}
        self._path = join("1.0", "instances", name)
        self._name = user
        self._user: User | None = None
        self._shell = shell
        self._looked: Inside | None = None

    @property
    def _inside(self) -> Inside:
        """The instance, looked at once."""
        if self._looked is None:
            self._looked = self.look()
        return self._looked

    def look(self) -> Inside:
        """The instance as it is now.

        :raises Unreachable: it is not there or does not run
        """
        # Every task of a playbook imports anew, and most need none of it.
        from ansible_collections.nfvlab.fleet.plugins.module_utils._core.resource import Task
        from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.inside import Inside

        try:
            inside = Inside(self._client, Task(self._place, {}))
            inside.require_running()
        except (NotFound, Refused) as error:
            known = {key: value for key, value in vars(error).items() if key in LOST}
            raise Unreachable(error.what, **known) from None
        return inside

    def close(self) -> None:
        """Close the connection that is kept."""
        self._client.transport.close()

    # -- commands

    @property
    def user(self) -> User:
        """The user, looked up once."""
        if self._user is None:
            self._user = User(ROOT, 0, 0, "/root") if self._name in (ROOT, "0") else self._find_user()
        return self._user

    def start(self, line: str) -> Process:
        """Start a command line in the shell, as the user.

        :raises FleetError: it did not start
        """
        user = self.user
        words: tuple[str, ...] = (self._shell, "-c", line)
        environment: dict[str, str] = {}
        options: dict[str, t.Any] = {}
        if user.uid:
            environment = {"HOME": user.home, "USER": user.name, "LOGNAME": user.name}
            options = {"cwd": user.home}
            if user.groups:
                numbers = str(user.uid), str(user.gid), ",".join(map(str, user.groups))
                words = ("/bin/sh", "-c", AS_USER, "sh", user.name, *numbers, self._shell, line)
            else:
                options.update(user=user.uid, group=user.gid)
        return self._begin(words, environment, options)

    def explain(self, ended: Completed) -> None:
        """Raise where a command failed because the instance went down under it, or has no shell to run it."""
        if ended.rc in FELLED and not self._lives():
            raise Unreachable(
                "it went down while the command ran",
                obj=self.label,
                endpoint=str(self._client.transport.endpoint),
                next_step="what the command had done by then is not known; start it with nfvlab.fleet.incus_instance",
            )
        if ended.rc == NO_SHELL and not ended.stdout and not ended.stderr and self._entry(self._shell)[1] is None:
            raise MissingReference(
                f"there is no shell '{self._shell}' in it",
                obj=self.label,
                next_step="set 'ansible_executable', or use nfvlab.fleet.incus_exec, which needs no shell",
            )

    def _lives(self) -> bool:
        """Whether commands still run. An instance that goes down counts as running for a while longer."""
        try:
            return self._run(self._shell, "-c", ":").rc == 0
        except FleetError:
            return False

    def _begin(
        self, words: t.Sequence[str], environment: t.Mapping[str, str], options: t.Mapping[str, t.Any]
    ) -> Process:
        command = Command(self._path, {"project": self._place["project"]}, words, environment, options)
        try:
            return Process(self._client, command)
        except FleetError as error:
            raise self._explain(error) from None

    def _explain(self, error: FleetError) -> FleetError:
        """The error, or a better one: the instance may have gone or stopped since it was looked at."""
        try:
            self.look()
        except FleetError as better:
            return better
        if "agent" in (error.text or ""):
            error.next_step = "wait until its agent runs: nfvlab.fleet.incus_instance with 'wait_for: [agent]'"
        return error.about(self.label)

    def _find_user(self) -> User:
        passwd = self._read("/etc/passwd")
        found = parse_user(self._name, passwd, self._read("/etc/group") if passwd else "")
        if found is None:  # a directory service may know more than the files
            with contextlib.suppress(FleetError):
                asked = self._run("getent", "passwd", self._name).stdout.decode(errors="replace")
                groups = self._run("id", "-G", self._name).stdout.decode(errors="replace").split()
                found = parse_user(self._name, asked, "")
                if found is not None and len(groups) > 1:
                    found = found._replace(groups=tuple(int(number) for number in groups if number.isdigit()))
        if found is None:
            raise MissingReference(
                f"there is no user '{self._name}' in it",
                obj=self.label,
                next_step="correct 'remote_user' (ansible_user), or create the user as root first",
            )
        return found

    def _run(self, *words: str) -> Completed:
        with self._begin(words, {}, {}) as process:
            process.end_input()
            return process.finish(self._client.transport.timeout)

    # -- files

    def put(self, source: str, path: str) -> None:
        """Put a file of this host into the instance, with its mode, as the user's.

        What is there already keeps mode and owner, is replaced in one step, and stays as it was when that fails.

        :raises FleetError: it is not there
        """
        from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.inside import Entry, Exec

        with _local(source), open(source, "rb") as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode) & 0o777
        path, entry = self._entry(path)
        if entry is not None and entry.kind != "file":
            raise Conflict(f"'{path}' is a {entry.kind}, not a file", obj=self.label)
        if entry is None:
            self._write(source, path, Entry("file", mode, self.user.uid, self.user.gid))
            return
        folder, name = posixpath.split(path)
        temporary = posixpath.join(folder, f".{name[:200]}.{os.urandom(6).hex()}")
        self._write(source, temporary, entry)
        inside = self._inside
        rename = Exec(inside.path, inside.query, ("mv", "-f", temporary, path), record=False, must=True)
        try:
            rename.perform(self._client)
        except FleetError as error:
            self._remove(temporary)
            raise self._explain(error) from None

    def fetch(self, path: str, target: str) -> None:
        """Fetch a file of the instance to this host, where it appears in one step.

        :raises NotFound: there is no such file
        :raises FleetError: it could not be read to its end
        """
        found, entry = self._entry(path)
        if entry is None:
            raise NotFound(f"there is no file '{path}'", obj=self.label)
        if entry.kind != "file":
            raise Conflict(f"'{path}' is a {entry.kind}, not a file", obj=self.label)
        target = os.path.realpath(target)
        partial = f"{target}.{os.urandom(6).hex()}"

        def write(block: bytes) -> None:
            with _local(target):  # else it would pass for an error of the connection
                file.write(block)

        try:
            with _local(target), open(partial, "wb") as file:
                self._copy(found, write)
            with _local(target):
                os.replace(partial, target)
        finally:
            with contextlib.suppress(OSError):
                os.unlink(partial)

    def _copy(self, path: str, sink: t.Callable[[bytes], t.Any]) -> None:
        """Read a file, block by block."""
        if path.startswith(KERNEL):
            ended = self._run("cat", path)
            if ended.rc:
                said = ended.stderr.decode(errors="replace").strip()
                raise OperationFailed(f"cannot read '{path}': {said or ended.rc}", obj=self.label, code=ended.rc)
            sink(ended.stdout)
            return
        request = self._inside.files("GET", path)
        try:
            response = self._client.transport.request("GET", request.target, sink=sink)
            if response.status != 200:
                self._client.judge(response, request)
        except FleetError as error:
            raise self._explain(error) from None

    def _write(self, source: str, path: str, entry: Entry) -> None:
        """Create a file. The daemon gives it its mode last, so one that not everybody may read is made empty first."""
        about = {"type": "file", "mode": f"{entry.mode:04o}", "uid": str(entry.uid), "gid": str(entry.gid)}
        headers = {f"X-{brand}-{name}": value for brand in ("Incus", "LXD") for name, value in about.items()}
        try:
            if not entry.mode & 0o004:
                self._client.perform(self._inside.files("POST", path, headers=headers, content=b""))
            if os.path.getsize(source):
                upload = {"content": source}
                self._client.perform(self._inside.files("POST", path, headers=headers, upload=upload))
            elif entry.mode & 0o004:
                self._client.perform(self._inside.files("POST", path, headers=headers, content=b""))
        except NotFound:
            self.look()
            raise NotFound(f"there is no directory for '{path}'", obj=self.label, next_step="create it first") from None
        except FleetError as error:
            self._remove(path)
            raise self._explain(error) from None

    def _remove(self, path: str) -> None:
        """Take away what is not complete, as far as that can be done."""
        with contextlib.suppress(FleetError):
            self._client.perform(self._inside.files("DELETE", path))

    def _entry(self, path: str) -> tuple[str, Entry | None]:
        """What is at a path and where that is, links followed."""
        for _link in range(LINKS):
            try:
                entry = self._inside.look(path)
                if entry is None or entry.kind != "symlink":
                    return path, entry
                path = self._inside.read(path).decode(errors="surrogateescape")
            except FleetError as error:
                raise self._explain(error) from None
        raise Conflict(f"'{path}' is a link that leads nowhere", obj=self.label)

    def _read(self, path: str) -> str:
        """The text of a small file; nothing where there is none."""
        found, entry = self._entry(path)
        return "" if entry is None else self._inside.read(found).decode(errors="replace")


@contextlib.contextmanager
def _local(path: str) -> t.Iterator[None]:
    """What is done with a file of the controller."""
    try:
        yield
    except OSError as error:
        raise Refused(f"cannot use '{path}' on the controller: {error.strerror or error}", code=error.errno) from None
