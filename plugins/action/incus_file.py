# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
import tempfile
import typing as t

from ansible.errors import AnsibleActionFail, AnsibleFileNotFound
from ansible.module_utils.parsing.convert_bool import boolean
from ansible.plugins.action import ActionBase
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.fetch import CONTENT, seal
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.files import HANDED, SHOWN


class ActionModule(ActionBase):
    """Carries files between the controller and the managed host, on which the module runs."""

    TRANSFERS_FILES = False
    _supports_check_mode = True
    _supports_async = True

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        super().run(tmp, task_vars)
        args = {name: value for name, value in self._task.args.items() if name != HANDED}
        fetched = args.get("state") == "fetched"
        sent = not fetched and args.get("src") and not _true(args, "remote_src")
        if self._task.async_val and (fetched or sent):
            raise AnsibleActionFail(
                "a file cannot be carried between here and there in the background; leave 'async' out"
                + ("" if fetched else ", or give 'remote_src: true'")
            )
        if fetched:
            return self._fetch(args, task_vars or {})
        if sent:
            return self._send(args, task_vars)
        background = bool(self._task.async_val) and not self._connection.has_native_async
        return self._module(args, task_vars, wrap_async=background)

    def _module(self, args: dict[str, t.Any], task_vars: t.Any, **rest: t.Any) -> dict[str, t.Any]:
        result: dict[str, t.Any] = self._execute_module(module_args=args, task_vars=task_vars, **rest)
        return result

    # -- from the controller

    def _send(self, args: dict[str, t.Any], task_vars: t.Any) -> dict[str, t.Any]:
        """Run the module with a file of the controller; a long one is only carried over where it makes a difference."""
        try:
            found = self._find_needle("files", str(args["src"]))
        except AnsibleFileNotFound:
            return self._module(args, task_vars)  # it says so, or foretells it
        if os.path.isdir(found):
            raise AnsibleActionFail(f"'src' is the directory '{found}'; give a file")
        try:
            real = self._loader.get_real_file(found)  # a file of the vault is decrypted
            try:
                return self._carry(real, args, task_vars)
            finally:
                self._loader.cleanup_tmp_file(real)
        except OSError as error:
            raise AnsibleActionFail(f"cannot read '{found}' on the controller: {error.strerror}") from None

    def _carry(self, file: str, args: dict[str, t.Any], task_vars: t.Any) -> dict[str, t.Any]:
        if os.path.getsize(file) > SHOWN:
            looked = self._module({**args, HANDED: {"sha256": _digest(file)}}, task_vars)
            if self._task.check_mode or looked.get("failed") or not looked.get("changed"):
                return looked
        carried = self._connection._shell.join_path(self._folder(), CONTENT)
        self._transfer_file(file, carried)
        self._fixup_perms2((self._folder(), carried))
        return self._module({**args, "src": carried, "remote_src": True}, task_vars)

    # -- to the controller

    def _fetch(self, args: dict[str, t.Any], task_vars: dict[str, t.Any]) -> dict[str, t.Any]:
        """Run the module, which compares and prepares, and put in place what it has prepared."""
        dest = self._dest(args, str(task_vars.get("inventory_hostname", "localhost")))
        handed: dict[str, t.Any] = {}
        if dest:
            try:
                have = _have(dest)
            except OSError as error:
                raise AnsibleActionFail(f"cannot read '{dest}' on the controller: {error.strerror}") from None
            handed = {"dest": dest, "have": have, "mode": _new_mode(args), "nonce": secrets.token_hex(16)}
            handed["folder"] = None if self._task.check_mode else self._folder()
        result = self._module({**args, HANDED: handed}, task_vars)
        prepared = result.pop(HANDED, None)
        if result.get("failed") or not prepared:
            return result
        if os.path.isdir(dest):
            raise AnsibleActionFail(f"the file would be '{dest}', which is a directory; give another 'dest'")
        if self._task.check_mode or not result["changed"]:
            return result
        try:
            if "seal" in prepared:
                self._place(dest, prepared, handed)
            else:
                os.chmod(dest, int(prepared["mode"], 8))
        except OSError as error:
            raise AnsibleActionFail(f"cannot write '{dest}' on the controller: {error.strerror}") from None
        return result

    def _dest(self, args: dict[str, t.Any], host: str) -> str:
        """The path of the file on the controller, as `ansible.builtin.fetch` would choose it.

        Nothing where an option for it is missing or wrong, which is the module's to say.
        """
        dest, path, name = (str(args.get(option) or "") for option in ("dest", "path", "name"))
        if not (dest and name and path.startswith("/")):
            return ""
        whole = self._loader.path_dwim(dest)
        if not _true(args, "flat"):
            whole = os.path.join(whole, host, str(args.get("project") or "default"), name, os.path.normpath(path)[1:])
        elif dest.endswith("/"):
            whole = os.path.join(whole, os.path.basename(os.path.normpath(path)))
        elif os.path.isdir(whole):
            raise AnsibleActionFail(f"'dest' is the directory '{whole}'; end it with a slash to put the file into it")
        return os.path.realpath(whole)

    def _place(self, dest: str, prepared: dict[str, str], handed: dict[str, t.Any]) -> None:
        """Fetch the file beside its place, and give it its name when all of it is there."""
        os.makedirs(os.path.dirname(dest), exist_ok=True)
        number, beside = tempfile.mkstemp(dir=os.path.dirname(dest), prefix=f".{os.path.basename(dest)[:200]}.")
        os.close(number)
        try:
            self._connection.fetch_file(self._connection._shell.join_path(handed["folder"], CONTENT), beside)
            if seal(handed["nonce"], _digest(beside)) != prepared["seal"]:
                raise AnsibleActionFail(
                    f"'{dest}' did not arrive as it was sent, and was not touched; run the task again"
                )
            os.chmod(beside, int(prepared["mode"], 8))
            os.replace(beside, dest)
        finally:
            with contextlib.suppress(FileNotFoundError):  # it has its name
                os.unlink(beside)

    def _folder(self) -> str:
        """A folder of this task's own on the managed host."""
        if self._connection._shell.tmpdir is None:
            self._make_tmp_path()
        return str(self._connection._shell.tmpdir)


def _true(args: dict[str, t.Any], option: str) -> bool:
    return bool(boolean(args.get(option, False), strict=False))


def _have(dest: str) -> dict[str, str] | None:
    """Digest and mode of a file on the controller; null where there is none."""
    try:
        return {"sha256": _digest(dest), "mode": f"{os.stat(dest).st_mode & 0o777:04o}"}
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return None


def _new_mode(args: dict[str, t.Any]) -> str:
    """The mode of a new file: what this process gives to its files, and nothing for others where it is a secret."""
    mask = os.umask(0o077)
    os.umask(mask)
    return f"{(0o600 if _true(args, 'secret') else 0o666) & ~mask:04o}"


def _digest(path: str) -> str:
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        for block in iter(lambda: file.read(1 << 20), b""):
            digest.update(block)
    return digest.hexdigest()
