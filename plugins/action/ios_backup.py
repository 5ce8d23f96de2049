# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import pathlib
import tempfile

from ansible_collections.nfvlab.fleet.plugins.module_utils._core.errors import InvalidOption, NotFound
from ansible_collections.nfvlab.fleet.plugins.module_utils._ios.secrets import MASK, NEW_MASK
from ansible_collections.nfvlab.fleet.plugins.plugin_utils.ios.base import Call, IosAction, Result
from ansible_collections.nfvlab.fleet.plugins.plugin_utils.ios.options import SPECS
from ansible_collections.nfvlab.fleet.plugins.plugin_utils.ios.tasks import (
    How,
    Wanted,
    configure,
    device,
    masked_text,
    read_text,
    steady,
)


class ActionModule(IosAction):
    """Writes the running configuration to a file of the controller, or brings the device back to it."""

    SPEC = SPECS["ios_backup"]

    async def work(self, call: Call) -> Result:
        path = pathlib.Path(call.options["path"])
        if call.options["state"] == "restored":
            text = self._backup(path)
            wanted = Wanted(lambda _running: text, "replaced")
            done = await configure(call.session(), wanted, How.of(call.options), call.check_mode, call.warnings)
            return {**done, "path": str(path)}
        async with call.session() as session:
            text, running = await read_text(session)
        redact = bool(call.options["redact"])
        content = steady(masked_text(text) if redact else text)
        before = _read(path)
        changed = before != content
        if changed and not call.check_mode:
            _write(path, content, 0o644 if redact else 0o600)
        return {
            "changed": changed,
            "path": str(path),
            "diff": {
                "before_header": str(path),
                "after_header": str(path),
                "before": masked_text(before or ""),
                "after": masked_text(content),
            },
            "actions": [],
            "unmanaged": [],
            "device": device(session, running),
        }

    @staticmethod
    def _backup(path: pathlib.Path) -> str:
        text = _read(path)
        if text is None:
            raise NotFound(f"there is no backup '{path}'", next_step="write it with state: saved")
        if MASK in text or NEW_MASK in text:
            raise InvalidOption(
                f"the backup '{path}' has stars for secrets, so it cannot be restored",
                next_step="keep backups to restore with redact: false",
            )
        return text


def _read(path: pathlib.Path) -> str | None:
    """A file's text; null where there is none."""
    try:
        return path.read_text("utf-8")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidOption(f"the backup '{path}' cannot be read: {error}") from None


def _write(path: pathlib.Path, content: str, mode: int) -> None:
    """Put a file in place at once, readable for its owner only until then."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(content)
        os.chmod(name, mode)
        os.replace(name, path)
    except BaseException:
        os.unlink(name)
        raise
