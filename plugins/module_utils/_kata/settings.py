# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""The two modules that write configuration: files on the managed host, without an agent."""

from __future__ import annotations

import os
import typing as t

from .._core.errors import FleetError, Forbidden, InvalidOption, NotFound, did_you_mean
from .._core.fields import Spec
from .._core.files import replace
from .._core.module import FleetModule
from .._core.resource import Task
from . import config, runtime_config

AGENT: Spec = {
    "options": {"type": "dict", "default": {}},
    "path": {"type": "path"},
    "mode": {"type": "str", "default": "0644"},
    "agent_version": {"type": "str"},
    "cmdline": {"type": "str"},
}
RUNTIME: Spec = {
    "path": {"type": "path", "required": True},
    "options": {"type": "dict", "required": True},
}


def run(options: Spec, work: t.Callable[[Task], dict[str, t.Any]]) -> t.NoReturn:
    """The main function of a module that needs no agent."""
    module = FleetModule(options)
    module.run(lambda: work(module.task()))


def read(path: str) -> str | None:
    """A file's text, or null where there is none."""
    try:
        with open(path, encoding="utf-8") as stream:
            return stream.read()
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise _cannot("read", path, error) from None


def write(path: str, text: str, mode: int | None = None) -> None:
    """Replace a file at once; it keeps its owner and, without another, its permissions."""
    try:
        replace(path, text, mode)
    except OSError as error:
        raise _cannot("write", path, error) from None


def _cannot(what: str, path: str, error: Exception) -> FleetError:
    kind = NotFound if isinstance(error, FileNotFoundError) else Forbidden
    reason = getattr(error, "strerror", None) or "it is no UTF-8 text"
    return kind(f"cannot {what} '{path}': {reason}", obj=path, next_step="check the path, or use 'become: true'")


def agent(task: Task) -> dict[str, t.Any]:
    """Render, check and compare the options of an agent; write them where a path is given."""
    params = task.params
    version = config.version(params["agent_version"]) if params["agent_version"] else None
    options = config.check(params["options"] or {}, version)
    text = config.render_toml(options)
    try:
        words: list[str] | None = config.render_cmdline(options)
    except InvalidOption as error:
        words = None
        if not params["path"]:
            raise
        task.warn(f"the options have no kernel parameters: {error}")
    result: dict[str, t.Any] = {"changed": False, "toml": text, "kernel_parameters": words, "options": options}
    if params["cmdline"] is not None:
        have, unknown = config.parse_cmdline(params["cmdline"])
        for word in unknown:
            parameters = [key.cmdline for key in config.KEYS.values() if key.cmdline]
            hint = did_you_mean(word.split("=")[0], parameters)
            task.warn(f"no agent knows the kernel parameter '{word}'" + (f": {hint}" if hint else ""))
        found = config.differences(have, options)
        result["differs"] = {name: {"is": now, "wanted": then} for name, (now, then) in found.items()}
    if params["path"]:
        before = read(params["path"])
        mode = _mode(params["mode"])
        same_mode = before is not None and os.stat(params["path"]).st_mode & 0o7777 == mode
        result["changed"] = before != text or not same_mode
        result["diff"] = {
            "before_header": params["path"],
            "after_header": params["path"],
            "before": before or "",
            "after": text,
        }
        if result["changed"] and not task.check_mode:
            write(params["path"], text, mode)
        result["actions"] = [{"file": params["path"], "keys": sorted(options), "sent": not task.check_mode}] * int(
            result["changed"]
        )
    return result


def _mode(text: str) -> int:
    try:
        number = int(text, 8)
    except ValueError:
        number = -1
    if not 0 <= number <= 0o777:
        raise InvalidOption(f"'mode' is '{text}'", next_step="write it quoted and octal: '0644'")
    return number


def runtime(task: Task) -> dict[str, t.Any]:
    """Set options of the agent's section of a runtime's configuration."""
    path = task.params["path"]
    options = runtime_config.check(task.params["options"])
    if not options:
        raise InvalidOption("'options' is empty", next_step="give at least one option")
    before = read(path)
    if before is None:
        raise NotFound(
            f"there is no '{path}'", next_step="copy the runtime's own configuration there first, it holds much more"
        )
    text = runtime_config.change(before, options)
    if text != before and not task.check_mode:
        write(path, text)
    changed = text != before
    names = sorted(name for name in options if runtime_config.read(before).get(name) != options[name])
    return {
        "changed": changed,
        "options": runtime_config.read(text),
        "actions": [{"file": path, "keys": names, "sent": not task.check_mode}] if changed else [],
        "diff": {"before_header": path, "after_header": path, "before": before, "after": text},
    }
